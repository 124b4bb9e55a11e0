"""Doubt from the window: the next spot where a model is unsure and nobody has verified anything, and how much of all
doubt is resolved. Both are worked out off this thread, on the mask as it was when somebody asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from labeltool.core.change import Change
from labeltool.core.geometry import TileIndex, tiles_in
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Status
from labeltool.core.spots import Mass, Spot, following, share_resolved
from labeltool.ui.annotate import Annotate
from labeltool.ui.dialogs.failure import as_failure
from labeltool.ui.part import Part

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.doubt import Doubt
    from labeltool.app.workbench import Workbench

Masses = dict[TileIndex, Mass]

SPOT_SHARE = 0.2
"""A spot takes at least this share of the canvas, so that nobody has to search for it among others."""


def doubt_at_hand(image: OpenImage | None) -> Doubt | None:
    """The doubt of an image as it is now; None where no model has been."""
    from labeltool.app.doubt import Doubt  # noqa: PLC0415

    if image is None or image.prediction is None:
        return None
    return Doubt(image.prediction, image.session.mask.snapshot(), image.record)


class Resolved(Part):
    """Follows the image at hand: after each stroke the tiles that it touched are looked at again."""

    share_changed = Signal()
    """Another share of the doubt is resolved, or nobody knows it any more."""

    def __init__(self, annotate: Annotate, parent: QObject) -> None:
        super().__init__(parent)
        self._annotate = annotate
        self._bench: Workbench | None = None
        self._disconnect: Callable[[], None] = lambda: None
        self._number = 0  # of what is followed; an answer to an older question is dropped
        self._masses: Masses | None = None
        self._stale: set[TileIndex] | None = None
        """Tiles to be looked at again; None stands for all."""
        self._at_work = False
        self._status: Status | None = None

    @property
    def share(self) -> float | None:
        """The share of the model's doubt that lies in pixels that people have verified; None where nobody knows."""
        return None if self._masses is None else share_resolved(self._masses.values())

    def attach(self, bench: Workbench | None) -> None:
        """The images of this workbench from now on; after whatever shows them is attached."""
        self._bench = bench
        self._follow(None)
        if bench is not None:
            bench.image_opened.connect(self._follow)
            bench.prediction_changed.connect(lambda _: self._begin())
            bench.record_changed.connect(self._record_changed)

    def _follow(self, image: OpenImage | None) -> None:
        self._disconnect()
        self._disconnect = lambda: None
        if image is not None:
            self._disconnect = image.session.changed.connect(self._pixels_changed)
        self._begin()

    def _begin(self) -> None:
        """Another image, or another answer of a model: nothing is known of it."""
        self._number += 1
        self._masses, self._stale, self._at_work = None, None, False
        self._renew()
        self.share_changed.emit()

    def _record_changed(self, record: ImageRecord) -> None:
        """An approval verifies what was imported."""
        image = self._annotate.image
        if image is not None and image.record.id == record.id and record.status is not self._status:
            self._stale = None
            self._renew()

    def _pixels_changed(self, change: Change) -> None:
        image = self._annotate.image
        if image is None:
            return
        if self._stale is not None:
            self._stale |= change.tiles or set(tiles_in(change.box, image.session.mask.size))
        if not image.session.painting:
            self._renew()

    def _renew(self) -> None:
        """Look at what is stale, unless that is being done."""
        bench, image, stale = self._bench, self._annotate.image, self._stale
        if bench is None or image is None or self._at_work or stale == set():
            return
        doubt = doubt_at_hand(image)
        if doubt is None:
            return
        number, self._stale, self._at_work, self._status = self._number, set(), True, image.record.status

        def work(cancel: CancelToken, progress: Progress) -> Masses:
            return doubt.masses(stale, cancel)

        def done(found: Masses) -> None:
            if number == self._number:
                self._at_work = False
                self._masses = {**(self._masses or {}), **found}
                self.share_changed.emit()
                self._renew()

        def failed(error: BaseException) -> None:
            if number == self._number:
                self._at_work = False

        bench.lanes.submit("ahead", "resolved", work, done=done, failed=failed, title="Resolved doubt")


class _Found(NamedTuple):
    """Spots, and what they were found in."""

    of: tuple[Any, ...]
    spots: list[Spot]


class Doubts(Part):
    """Goes from spot to spot. Where one counts from is the spot that was shown last, not its place in a list: edits
    change the list."""

    def __init__(self, annotate: Annotate, parent: QObject) -> None:
        super().__init__(parent)
        self._annotate = annotate
        self._bench: Workbench | None = None
        self._found: _Found | None = None
        self._last: Spot | None = None

    def attach(self, bench: Workbench | None) -> None:
        """The images of this workbench from now on."""
        self._bench = bench
        self._forget()
        if bench is not None:
            bench.image_opened.connect(lambda _: self._forget())

    def _forget(self) -> None:
        self._found = self._last = None

    def go_on(self, by: int) -> None:
        """Show the next (+1) or previous (-1) spot of the image at hand."""
        bench, image = self._bench, self._annotate.image
        doubt = doubt_at_hand(image)
        if bench is None or image is None or doubt is None:
            return
        below = self._annotate.shown.doubt_below / 100
        of = image.record.id, image.session.revision, image.record.status, image.prediction, below
        if self._found is not None and self._found.of == of:
            self._show(doubt, by)
            return

        def work(cancel: CancelToken, progress: Progress) -> list[Spot]:
            return doubt.spots(below, cancel)

        def done(found: list[Spot]) -> None:
            if self._annotate.image is image:
                self._found = _Found(of, found)
                self._show(doubt, by)

        bench.lanes.submit(
            "tools",
            "spots",
            work,
            done=done,
            failed=lambda error: self.failed.emit(as_failure(error)),
            title="Doubtful spots",
        )

    def _show(self, doubt: Doubt, by: int) -> None:
        assert self._found is not None
        spots = self._found.spots
        self._last = spot = following(spots, self._last, by)
        if spot is None:
            self.told.emit(self.tr("No doubt is left that nobody has looked into"))
            return
        if not self._annotate.shown.confidence:
            self._annotate.switch("confidence", True)  # or nobody would see what is meant
        self._annotate.mark(doubt.record.id, spot.box)
        self._annotate.go_to(doubt.record.id, spot.box, SPOT_SHARE)
        text = self.tr("Doubtful spot {n} of {count}, {area} px")
        if doubt.by_confidence:
            text = self.tr("Doubtful spot {n} of {count} by confidence (no entropy is kept), {area} px")
        self.told.emit(text.format(n=spots.index(spot) + 1, count=len(spots), area=f"{spot.area:,}"))
