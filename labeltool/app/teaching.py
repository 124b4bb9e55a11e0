"""Correction that teaches at once: what is painted on the image at hand changes what a model says of the rest of it.

What it then says otherwise than the annotation is offered, region by region; nothing is taken by itself, and nothing
that counts as truth is ever offered or changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from labeltool.app.models import Model, class_mapping, find_model
from labeltool.app.offering import Offer, Region, offer_of, taken
from labeltool.app.truth import truth
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.change import Change, Signal
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.shape import NO_BOX
from labeltool.inference.segmenter import Plane8, Prediction
from labeltool.inference.teaching import Painted
from labeltool.inference.teaching_process import TeachingProcess, View

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench

State = Literal["off", "waiting", "looking", "ready", "failed"]
"""``waiting`` for an image, or for somebody to begin on one that is too large to be looked at whole; ``looking`` while
the network sees it. After ``failed`` the next image is tried again."""

SIDE_PX = 2048
"""An image of at most this side squared is looked at whole, of a larger one a part of this side."""

Start = Callable[[Model], TeachingProcess]


class Teaching:
    """Teaches a model what is painted on the image at hand, while it is switched on. Lives on the thread that owns the
    bench; close it before the bench.

    ``choose`` gives the model, or raises the LabeltoolError that says why there is none; it is called on a lane.
    ``visible`` gives the box that is seen of an image too large to be looked at whole. ``offered`` tells of every new
    offer, and of None where there is none any more.
    """

    def __init__(
        self, bench: Workbench, choose: Callable[[], Model] | None = None, start: Start | None = None
    ) -> None:
        self._bench = bench
        self._choose = choose or (lambda: find_model(None, bench.catalog, bench.store.root))
        self.visible: Callable[[], Box] = lambda: NO_BOX
        self.offer: Offer | None = None
        self.offered: Signal[Offer | None] = Signal()
        self.state: State = "off"
        self.state_changed: Signal[State] = Signal()
        self.error: LabeltoolError | None = None
        """Why the state is ``failed``: no model knows the project's classes, the image cannot be read ..."""
        self._pupil = _Pupil(start or (lambda model: TeachingProcess(model.path)))
        self._on = False
        self._image: OpenImage | None = None
        self._stop: Callable[[], None] = _nothing
        self._cancel: Callable[[], None] = _nothing
        self._view: View | None = None
        self._forget()
        bench.image_opening.connect(lambda _: self._leave())
        bench.image_opened.connect(self._opened)
        bench.catalog_changed.connect(lambda _: self._opened(bench.open))

    # ---- the switch

    @property
    def on(self) -> bool:
        """Whether what is painted teaches."""
        return self._on

    def switch(self, on: bool) -> None:
        """Teach from now on, or no more; a model that is not taught takes no memory."""
        if on == self._on:
            return
        self._on = on
        self._opened(self._bench.open)
        if not on:
            self._pupil.close()

    def close(self) -> None:
        """Let go of the model for good."""
        self._on = False
        self._leave()
        self._pupil.close()

    # ---- what is offered

    def take(self, region: Region) -> None:
        """Put one offered region into the mask, as one step of undo."""
        self._take(region)

    def take_all(self) -> None:
        """Put all that is offered into the mask, as one step of undo."""
        self._take(None)

    def decline(self) -> None:
        """Offer nothing more until something else is painted."""
        self._declined = True
        self._set_offer(None)

    def _take(self, region: Region | None) -> None:
        if self._image is None or self.offer is None:
            return
        session = self._image.session
        if not (session.painting or session.frozen):
            patch = taken(session.mask, self.offer, region)
            if patch:
                session.apply(patch)

    # ---- the image at hand

    def _opened(self, image: OpenImage | None) -> None:
        self._leave()
        self._set_state("waiting" if self._on else "off")
        if image is None or not self._on or not self._bench.editable:
            return
        self._image = image
        self._revision = image.session.revision
        self._stop = image.session.changed.connect(self._changed)
        self._place(image, NO_BOX)
        self._go_on(image)

    def _leave(self) -> None:
        self._stop()
        self._cancel()
        self._forget()
        self._set_offer(None)

    def _forget(self) -> None:
        self._image = self._view = None
        self._stop = self._cancel = _nothing
        self._revision = 0
        self._touched = NO_BOX
        self._busy = self._again = self._declined = False

    def _changed(self, change: Change) -> None:
        """Something is being painted; when it is done, it teaches."""
        self._touched = self._touched.union(change.box)
        if self._image is not None and change.revision != self._revision:
            self._revision = change.revision
            self._place(self._image, self._touched)
            self._touched = NO_BOX
            self._go_on(self._image)

    def _place(self, image: OpenImage, touched: Box) -> None:
        """Choose what is looked at: the whole image, or of a large one what is around the last stroke, else what is
        seen. It changes only when somebody paints elsewhere."""
        record = image.record
        if record.size.pixels <= SIDE_PX * SIDE_PX:
            self._view = View(record.path, record.page, record.size.box)
            return
        is_stroke = not touched.is_empty and max(touched.width, touched.height) <= SIDE_PX
        if self._view is not None and (not is_stroke or self._view.box.union(touched) == self._view.box):
            return
        centre = touched if is_stroke else self.visible().intersect(record.size.box)
        if not centre.is_empty:
            self._view = View(record.path, record.page, part_around(centre, record.size))

    def _go_on(self, image: OpenImage) -> None:
        """Have the newest mask taught, after what is being worked on. After a failure nothing more is tried."""
        view = self._view
        if view is None or self.state == "failed":
            return
        self._again = self._busy
        if self._busy:
            return
        snapshot, catalog = image.session.mask.snapshot(), self._bench.catalog

        def work(cancel: CancelToken, progress: Progress) -> _Answer:
            return self._pupil.answer(self._choose(), view, snapshot, catalog, cancel)

        def done(answer: _Answer) -> None:
            if image is self._image:
                self._busy = False
                self._answered(image, answer)

        def failed(error: BaseException) -> None:
            if image is self._image:
                self._fail(error)

        if self.state != "ready":
            self._set_state("looking")
        self._busy = True
        job = self._bench.lanes.submit("teaching", "teach", work, done=done, failed=failed, title="Teach")
        self._cancel = job.cancel.cancel

    def _answered(self, image: OpenImage, answer: _Answer) -> None:
        self._set_state("ready")
        if self._again:
            self._go_on(image)
            return
        self._declined = self._declined and not answer.new
        self._set_offer(None if self._declined else answer.offer)

    def _fail(self, error: BaseException) -> None:
        self._busy = False
        if isinstance(error, CancelledError):
            return
        self.error = error if isinstance(error, LabeltoolError) else LabeltoolError(f"unexpected: {error!r}")
        self._set_offer(None)
        self._set_state("failed")

    def _set_offer(self, offer: Offer | None) -> None:
        if offer is not None or self.offer is not None:
            self.offer = offer
            self.offered.emit(offer)

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def _nothing() -> None:
    pass


class _Answer(NamedTuple):
    """``new`` where something else was painted than at the last time."""

    offer: Offer | None
    new: bool


class _Pupil:
    """The model that is taught, in its process, and what it said last. Works on one lane; only ``close`` may be called
    from another thread."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._process: TeachingProcess | None = None
        self._model = ""
        self._known: tuple[View, str] | None = None
        self._said: Prediction | None = None

    def answer(
        self, model: Model, view: View, mask: LabelMask, catalog: ClassCatalog, cancel: CancelToken
    ) -> _Answer:
        """What a model, taught all truth of a mask, would have otherwise in a view. Where there is no truth it has only
        looked."""
        process = self._taught(model)
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
            return _Answer(None, new)
        said = self._said._replace(label=to_project[self._said.label])
        return _Answer(offer_of(mask, said, model.key, catalog.locked), new)

    def close(self) -> None:
        """End the process; the next answer begins a new one."""
        if self._process is not None:
            self._process.close()

    def _taught(self, model: Model) -> TeachingProcess:
        key = f"{model.key} {model.path}"
        if self._process is None or key != self._model:
            self.close()
            self._process, self._model, self._known = self._start(model), key, None
        return self._process


def part_around(box: Box, size: Size) -> Box:
    """A part of ``SIDE_PX`` a side, in the image as far as it can be, around the middle of a box."""

    def span(low: int, high: int, length: int) -> tuple[int, int]:
        start = max(0, min((low + high - SIDE_PX) // 2, length - SIDE_PX))
        return start, min(start + SIDE_PX, length)

    (x0, x1), (y0, y1) = span(box.x0, box.x1, size.width), span(box.y0, box.y1, size.height)
    return Box(x0, y0, x1, y1)


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
