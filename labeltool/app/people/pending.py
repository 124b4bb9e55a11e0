"""Decisions of people in a window: each is written down once what was painted before it is on disk."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labeltool.app.people.deciding import check, decide
from labeltool.core.change import Signal
from labeltool.core.project import ImageRecord, Status

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench


@dataclass(eq=False)
class Pending:
    """What somebody has decided, on its way to disk."""

    record: ImageRecord
    status: Status
    told: bool = field(default=False)


class Decisions:
    """Takes decisions on the image at hand, on the workbench's thread. While changes cannot be saved they wait behind
    those, in memory only."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._pending: list[Pending] = []
        self.delayed: Signal[Pending] = Signal()
        """Saving fails, so this one waits."""
        self.ended: Signal[Pending] = Signal()
        """One that was delayed waits no more, or another was made in its place."""

    @property
    def waiting(self) -> list[Pending]:
        """What is not on disk: the last decision on each image."""
        return list({each.record.id: each for each in self._pending}.values())

    def of(self, image_id: str) -> Status | None:
        """What was decided on an image and is not on disk."""
        return next((each.status for each in self.waiting if each.record.id == image_id), None)

    def take(self, status: Status, reason: str) -> None:
        """A decision on the image at hand as it is now. BadInputError as :func:`check`."""
        bench = self._bench
        if bench.open is None or not bench.editable:
            return
        check(status, reason)
        image_id, revision = bench.open.record.id, bench.open.session.revision
        pending = Pending(bench.open.record, status)
        for each in self._pending:
            if each.record.id == image_id:
                self._end(each)
        self._pending.append(pending)

        def work() -> None:
            if bench.store.image(image_id).revision == revision:  # else somebody went on drawing
                decide(bench.store, image_id, status, expected=revision, reason=reason)

        def ended(future: Future[None]) -> None:
            self._pending.remove(pending)
            self._end(pending)
            if not future.cancelled() and future.exception() is None:
                bench.renew_record(image_id)
            bench.report(future)

        done = bench.saver.after(work)
        done.add_done_callback(lambda future: bench.lanes.deliver(lambda: ended(future)))
        self.look()

    def _end(self, pending: Pending) -> None:
        if pending.told:
            pending.told = False
            self.ended.emit(pending)

    def look(self) -> None:
        """Tell what waits, once saving is known to fail."""
        if self._bench.saver.error is None or not self._bench.saver.waiting:
            return
        for each in self.waiting:
            if not each.told:
                each.told = True
                self.delayed.emit(each)
