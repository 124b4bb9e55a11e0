"""The model that is taught, in its process, and what it would have otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from labeltool.app.models import Model, class_mapping
from labeltool.app.offering import Offer, offer_of
from labeltool.app.truth import truth
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.inference.segmenter import Plane8, Prediction
from labeltool.inference.teaching import Painted
from labeltool.inference.teaching_process import TeachingProcess, View

Start = Callable[[Model], TeachingProcess]


class Answer(NamedTuple):
    """``new`` where something else was painted than at the last time."""

    offer: Offer | None
    new: bool


class Pupil:
    """The model that is taught, in its process, and what it said last. Works on one lane; only ``close`` may be called
    from another thread."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._process: TeachingProcess | None = None
        self._model = ""
        self._known: tuple[View, str] | None = None
        self._said: Prediction | None = None
        self._closed = False

    def answer(
        self, model: Model, view: View, mask: LabelMask, catalog: ClassCatalog, cancel: CancelToken
    ) -> Answer:
        """What a model, taught all truth of a mask, would have otherwise in a view. Where there is no truth it has only
        looked."""
        process = self._taught(model)
        try:
            return self._asked(process, model, view, mask, catalog, cancel)
        finally:
            if self._closed:  # and the process was perhaps begun after that
                process.close()

    def _asked(
        self,
        process: TeachingProcess,
        model: Model,
        view: View,
        mask: LabelMask,
        catalog: ClassCatalog,
        cancel: CancelToken,
    ) -> Answer:
        process.look(view, cancel)
        to_project, to_model = _tables(model, catalog)
        label = to_model[truth(mask, view.box)]
        known = (view, hashlib.sha256(label.tobytes()).hexdigest())
        new = known != self._known
        if new:
            self._known = None
            self._said = process.teach(view, _cut(label, view.box)) if (label != IGNORE).any() else None
            self._known = known
        if self._said is None:
            return Answer(None, new)
        said = self._said._replace(label=to_project[self._said.label])
        return Answer(offer_of(mask, said, model.key, catalog.locked), new)

    def open(self) -> None:
        """The next answer may begin a process."""
        self._closed = False

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._closed = True
        if self._process is not None:
            self._process.close()

    def _taught(self, model: Model) -> TeachingProcess:
        key = f"{model.key} {model.path}"
        if self._process is None or key != self._model:
            if self._process is not None:
                self._process.close()
            self._process, self._model, self._known = self._start(model), key, None
        return self._process


def _tables(model: Model, catalog: ClassCatalog) -> tuple[Plane8, Plane8]:
    """From a model's class values to the project's and back, uint8 [256]; ignore where the other has no such class."""
    to_project, to_model = np.full((2, 256), IGNORE, np.uint8)
    for of_model, of_project in class_mapping(model.card, catalog).items():
        to_project[of_model], to_model[of_project] = of_project, of_model
    return to_project, to_model


def _cut(label: Plane8, box: Box) -> list[Painted]:
    """The painted pixels of a plane of ``box``, without the empty margins."""
    rows, cols = np.flatnonzero((label != IGNORE).any(1)), np.flatnonzero((label != IGNORE).any(0))
    x, y = box.x0 + int(cols[0]), box.y0 + int(rows[0])
    inside = Box(x, y, box.x0 + int(cols[-1]) + 1, box.y0 + int(rows[-1]) + 1)
    return [Painted(inside, label[inside.slices(box)])]
