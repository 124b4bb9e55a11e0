"""Verdicts said on the image at hand, one after the other, however quickly somebody presses the keys."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from labeltool.app.regions import change_mask
from labeltool.app.review.listing import Entry
from labeltool.app.review.verdict import EVENT, TITLES, StaleError, Verdict, event_of, verdict_patch
from labeltool.app.saving import Behind
from labeltool.app.truth import truth_origins
from labeltool.core.errors import LabeltoolError
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch
from labeltool.core.progress import CancelToken, Progress

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench


class Answering:
    """Works each verdict out on a lane, applies it as one step of undo, and writes it down as an event once that is on
    disk.

    ``said`` is called with what was applied, ``failed`` with a LabeltoolError where nothing was; both on the thread
    that owns the image at hand. ``layer`` is the key that the list was made with.
    """

    def __init__(
        self,
        bench: Workbench,
        layer: str,
        said: Callable[[Entry, Verdict, Patch], None],
        failed: Callable[[Entry, BaseException], None],
    ) -> None:
        self._bench, self._layer, self._said, self._failed = bench, layer, said, failed
        self._waiting: deque[tuple[Entry, Verdict]] = deque()
        self._at_work = False

    @property
    def busy(self) -> bool:
        """True until the last verdict is applied; another image should not be opened before that."""
        return self._at_work

    def say(self, entry: Entry, verdict: Verdict) -> None:
        """Say a verdict on a disagreement of the image at hand."""
        self._waiting.append((entry, verdict))
        if not self._at_work:
            self._go_on()

    def _go_on(self) -> None:
        self._at_work = bool(self._waiting)
        if not self._waiting:
            return
        entry, verdict = self._waiting.popleft()

        def failed(error: BaseException) -> None:
            self._failed(entry, error)
            self._go_on()

        image = self._bench.open
        if image is None or image.record.id != entry.record.id:
            failed(LabeltoolError("the image is not open any more", file=entry.record.path))
            return
        guard, session = image.session.guard, image.session

        def work(mask: LabelMask, cancel: CancelToken, report: Progress) -> Patch:
            kept = self._bench.store.prediction(entry.record.id, self._layer)
            if kept is None:
                raise StaleError(f"{self._layer} is not kept any more", file=entry.record.path)
            origins = truth_origins(entry.record)
            return verdict_patch(mask, kept.label, entry.found, verdict, guard, cancel, origins)

        def done(patch: Patch) -> None:
            self._write_down(entry, verdict, session.revision)
            self._said(entry, verdict, patch)
            self._go_on()

        try:
            change_mask(self._bench, TITLES[verdict], work, done=done, failed=failed, key=EVENT)
        except LabeltoolError as error:
            failed(error)

    def _write_down(self, entry: Entry, verdict: Verdict, revision: int) -> None:
        """Once what was painted before is on disk."""
        event = event_of(self._layer, entry.found, verdict, revision)

        def written(future: Future[None]) -> None:
            error = None if future.cancelled() else future.exception()
            if error is not None:
                self._bench.lanes.deliver(lambda: self._failed(entry, error))

        image_id, store = entry.record.id, self._bench.store
        work = self._bench.saver.after(
            lambda: store.add_event(image_id, EVENT, event), Behind("verdict", image_id)
        )
        work.add_done_callback(written)
