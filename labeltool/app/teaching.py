"""Correction that teaches at once: what is painted on the image at hand changes what a model says of the rest of it.

What it then says otherwise than the annotation is offered, region by region; nothing is taken by itself, and nothing
that counts as truth is ever offered or changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from labeltool.app.models import Model, find_model
from labeltool.app.offering import Offer, Region, remaining, taken
from labeltool.app.pupil import Answer, Pupil, Start
from labeltool.core.catalog import IGNORE
from labeltool.core.change import Change, Signal
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Status
from labeltool.core.shape import NO_BOX
from labeltool.inference.segmenter import Plane8
from labeltool.inference.teaching_process import TeachingProcess, View

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench

State = Literal["off", "waiting", "looking", "ready", "approved", "failed"]
"""``waiting`` for an image, or for somebody to begin on one that is too large to be looked at whole; ``looking`` while
the network sees it. While an image is ``approved`` all of it is truth. After ``failed`` the next image is tried
again."""

SIDE_PX = 2048
"""An image of at most this side squared is looked at whole, of a larger one a part of this side."""


class Teaching:
    """Teaches a model what is painted on the image at hand, while it is switched on. Lives on the thread that owns the
    bench; close it before the bench.

    ``chosen`` gives the model that somebody has chosen; where that is None, it is the one in use. ``visible`` gives the
    box that is seen of an image too large to be looked at whole, an empty one where nobody works on it yet. ``offered``
    tells of every new offer, and of None where there is none any more.
    """

    def __init__(
        self, bench: Workbench, chosen: Callable[[], Model | None] | None = None, start: Start | None = None
    ) -> None:
        self._bench = bench
        self._chosen = chosen or (lambda: None)
        self.visible: Callable[[], Box] = lambda: NO_BOX
        self.offer: Offer | None = None
        self.offered: Signal[Offer | None] = Signal()
        self.state: State = "off"
        self.state_changed: Signal[State] = Signal()
        self.error: LabeltoolError | None = None
        """Why the state is ``failed``: no model knows the project's classes, the image cannot be read ..."""
        self._pupil = Pupil(start or (lambda model: TeachingProcess(model.path)))
        self._on = False
        self._image: OpenImage | None = None
        self._stop: Callable[[], None] = _nothing
        self._cancel: Callable[[], None] = _nothing
        self._view: View | None = None
        self._forget()
        self._ends = [
            bench.image_opening.connect(lambda _: self._leave()),
            bench.image_opened.connect(self._opened),
            bench.record_changed.connect(self._record_changed),
            bench.catalog_changed.connect(lambda _: self.renew()),
        ]

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
        if on:
            self._pupil.open()
        self.renew()
        if not on:
            self._pupil.close()

    def renew(self) -> None:
        """Begin anew with the image at hand: another model is chosen, or there are other classes."""
        self._opened(self._bench.open)

    def close(self) -> None:
        """Let go of the bench, and of the model for good."""
        self._on = False
        for end in self._ends:
            end()
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

    def remaining(self, box: Box) -> Plane8:
        """What still stands of the offer in a part of its box: see :func:`~labeltool.app.offering.remaining`."""
        if self._image is None or self.offer is None:
            return np.full((box.height, box.width), IGNORE, np.uint8)
        return remaining(self._image.session.mask, self.offer, box)

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
        if image.record.status is Status.APPROVED:
            self._set_state("approved")
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
        self._late: Answer | None = None
        self._busy = self._again = self._declined = False

    def _record_changed(self, record: ImageRecord) -> None:
        """An approval makes all of an image truth, until somebody changes it."""
        image, is_approved = self._bench.open, record.status is Status.APPROVED
        is_at_hand = image is not None and image.record.id == record.id
        if self._on and is_at_hand and is_approved != (self.state == "approved"):
            self.renew()

    def _changed(self, change: Change) -> None:
        """Something is being painted; when it is done, it teaches."""
        image, late = self._image, self._late
        self._touched = self._touched.union(change.box)
        if image is None or image.session.painting:
            return
        self._late = None
        if change.revision != self._revision:
            self._revision = change.revision
            self._place(image, self._touched)
            self._touched = NO_BOX
            self._go_on(image)
        elif late is not None:
            self._show(late)

    def look_there(self) -> None:
        """Somebody sees another part of a large image: look at it, unless another one is worked on."""
        if self._image is not None and self._view is None:
            self._place(self._image, NO_BOX)
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
        chosen, root = self._chosen(), self._bench.store.root

        def work(cancel: CancelToken, progress: Progress) -> Answer:
            model = find_model(None, catalog, root) if chosen is None else chosen
            return self._pupil.answer(model, view, snapshot, catalog, cancel)

        def done(answer: Answer) -> None:
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

    def _answered(self, image: OpenImage, answer: Answer) -> None:
        self._set_state("ready")
        if self._again:
            self._go_on(image)
        elif image.session.painting:
            self._late = answer  # nothing changes under a stroke; where it teaches, another answer comes
        else:
            self._show(answer)

    def _show(self, answer: Answer) -> None:
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


def part_around(box: Box, size: Size) -> Box:
    """A part of ``SIDE_PX`` a side, in the image as far as it can be, around the middle of a box."""

    def span(low: int, high: int, length: int) -> tuple[int, int]:
        start = max(0, min((low + high - SIDE_PX) // 2, length - SIDE_PX))
        return start, min(start + SIDE_PX, length)

    (x0, x1), (y0, y1) = span(box.x0, box.x1, size.width), span(box.y0, box.y1, size.height)
    return Box(x0, y0, x1, y1)
