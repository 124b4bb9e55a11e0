"""A model's predictions as layers of their own, and the patch that fills in what nobody has labelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labeltool.app.models import Model, class_mapping
from labeltool.app.project import reason, source_problem
from labeltool.core.catalog import IGNORE
from labeltool.core.errors import BadInputError, ModelError
from labeltool.core.geometry import TileIndex, tiles_in
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask, Plane, PlaneName
from labeltool.core.patch import Patch, Place, TileDelta, replace_tile
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped, Status
from labeltool.core.provenance import TRUTH, Origin
from labeltool.inference.options import InferenceOptions
from labeltool.inference.process import ModelProcess
from labeltool.inference.segmenter import Prediction
from labeltool.store.database import DamagedError
from labeltool.store.project import ProjectStore


@dataclass
class PrelabelReport:
    """What became of a run. ``images`` have a prediction now, ``kept`` of them had it before."""

    model: str
    device: str = ""
    engine: str = ""
    images: int = 0
    kept: int = 0
    tiles: int = 0
    seconds: float = 0.0
    skipped: list[Skipped] = field(default_factory=list)


def predict(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    model: Model,
    device: str = "auto",
    *,
    again: bool = False,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    done: Callable[[ImageRecord], object] = lambda record: None,
) -> PrelabelReport:
    """Keep the prediction of every image as a layer, in the project's class values.

    What is kept already is not run again unless ``again``. An image that is missing, changed or broken is
    reported and the others go on. ``done`` is called after each image that has a prediction.
    """
    cancel = cancel or CancelToken()
    report = PrelabelReport(model.key)
    started_s = time.monotonic()
    mapping = _lookup(class_mapping(model.card, store.catalog))
    with ModelProcess(model.path, InferenceOptions(device)) as process:
        run = _Run(store, process, model.key, mapping, report, cancel)
        for number, record in enumerate(records):
            cancel.check()
            try:
                run.image(record, again, _part(progress, number, len(records), record.name))
                done(record)
                report.images += 1
            except (BadInputError, ModelError, DamagedError) as error:
                cancel.check()
                if isinstance(error, ModelError) and not report.device:
                    raise  # what has never loaded will not load for the next image either
                report.skipped.append(Skipped(str(record.path), reason(error)))
    report.seconds = time.monotonic() - started_s
    return report


def fill_annotation(store: ProjectStore, record: ImageRecord, model_key: str) -> bool:
    """Copy a kept prediction into the annotation of an image that nobody has open; False if nothing changed.

    An approved image stays as it was approved, and a locked class as it is.
    """
    if store.image(record.id).status is Status.APPROVED:
        return False
    kept = store.prediction(record.id, model_key)
    if kept is None:
        raise ModelError(f"no prediction of {model_key} is kept", file=record.path)
    mask = store.load_mask(record.id)
    patch = Guard(store.catalog.locked).admit(mask, fill_patch(mask, kept.label, model_key=model_key))
    if not patch:
        return False
    now = store.image(record.id)
    untouched = now.status in (Status.NEW, Status.PRELABELLED)
    status = Status.PRELABELLED if untouched else Status.IN_WORK
    store.commit(record.id, patch, expected=now.revision, status=status)
    return True


def fill_patch(mask: LabelMask, label: Plane, *, model_key: str) -> Patch:
    """The patch that copies a prediction to where nobody but a model has labelled.

    ``label`` holds the project's class values; where it says ignore the model has said nothing. What a human,
    an import or a reviewer has set never changes. Objects are a person's: where the model writes they end.
    """
    deltas: dict[Place, TileDelta] = {}
    for index in tiles_in(mask.size.box, mask.size):
        deltas.update(_fill_tile(mask, label, index))
    return Patch("pre-label", "prelabel", deltas, {"model": model_key})


def _fill_tile(mask: LabelMask, label: Plane, index: TileIndex) -> Iterator[tuple[Place, TileDelta]]:
    predicted = label.tile(index)
    free = (predicted != IGNORE) & ~np.isin(mask.planes["origin"].tile(index), TRUTH)
    new: dict[PlaneName, NDArray[np.generic] | int] = {
        "label": predicted,
        "origin": Origin.MODEL,
        "object": 0,
    }
    for name, values in new.items():
        plane = mask.planes[name]
        tile = np.array(plane.tile(index))
        np.copyto(tile, values, where=free, casting="unsafe")
        delta = replace_tile(plane, index, tile)
        if delta is not None:
            yield (name, index), delta


@dataclass
class _Run:
    """One model at work on one image after the other."""

    store: ProjectStore
    process: ModelProcess
    key: str
    mapping: NDArray[np.uint8]
    report: PrelabelReport
    cancel: CancelToken

    def image(self, record: ImageRecord, again: bool, progress: Progress) -> None:
        """See to it that the prediction of an image is kept."""
        problem = source_problem(record)
        if problem:
            raise BadInputError(problem, file=record.path)
        if not again and self.key in self.store.prediction_keys(record.id):
            self.report.kept += 1
            return
        self.report.device, self.report.engine, _ = self.process.ready(self.cancel)
        found = self.process.segment(record.path, self.cancel, progress, page=record.page)
        self.store.save_prediction(record.id, self.key, self._mapped(found))

    def _mapped(self, found: Iterable[Prediction]) -> Iterator[Prediction]:
        for window in found:
            self.report.tiles += 1
            yield window._replace(label=self.mapping[window.label])


def _lookup(mapping: Mapping[int, int]) -> NDArray[np.uint8]:
    table = np.full(256, IGNORE, np.uint8)
    for source, target in mapping.items():
        table[source] = target
    return table


def _part(progress: Progress, number: int, images: int, name: str) -> Progress:
    """The progress of one image of many."""

    def report(done: float, total: float, text: str = "") -> None:
        progress(number + done / max(total, 1), images, name)

    return report
