"""One piece of long work at a time, with its progress, time left and cancel in the status bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from labeltool.app.jobs import Job, Lane, Lanes
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.progress import CancelToken, Progress, TimeLeft
from labeltool.ui.statusbar import StatusBar

T = TypeVar("T")
Start = Callable[[Progress, Callable[[Any], None], Callable[[BaseException], None]], Job[Any]]
"""Begins a job that calls back with its progress, its answer or its error."""


class LongWork(QObject):
    """What the window is busy with."""

    ended = Signal()
    failed = Signal(Exception)

    def __init__(self, status: StatusBar, parent: QObject) -> None:
        super().__init__(parent)
        self._status = status
        self._job: Job[Any] | None = None
        self._number = 0
        status.cancel_asked.connect(self.cancel)

    def run(
        self,
        lanes: Lanes,
        lane: Lane,
        title: str,
        work: Callable[[CancelToken, Progress], T],
        done: Callable[[T], None],
    ) -> None:
        """Do something on a lane."""

        def start(
            progress: Progress, finished: Callable[[T], None], failed: Callable[[BaseException], None]
        ) -> Job[T]:
            return lanes.submit(
                lane, "work", work, done=finished, failed=failed, progress=progress, title=title
            )

        self.watch(title, start, done)

    def watch(self, title: str, start: Start, then: Callable[[T], None]) -> None:
        """Begin a job and follow it to its end."""
        if self._job is not None:
            self.failed.emit(
                LabeltoolError(
                    self.tr("something else is at work"), hint=self.tr("Wait for it, or cancel it first")
                )
            )
            return

        left = TimeLeft()

        def progress(done: float, total: float, text: str = "") -> None:
            self._status.show_progress(title, done, total, left.seconds(done, total))

        def finished(value: T) -> None:
            if self._is_at_hand(number):
                self._end()
                then(value)

        def failed(error: BaseException) -> None:
            if self._is_at_hand(number):
                self._end()
                if not isinstance(error, CancelledError):
                    self.failed.emit(error)

        self._number = number = self._number + 1
        self._status.show_work(title)
        self._job = start(progress, finished, failed)

    def _is_at_hand(self, number: int) -> bool:
        """False for the answer of work that was forgotten meanwhile."""
        return self._job is not None and number == self._number

    @property
    def busy(self) -> bool:
        """True until the work has answered."""
        return self._job is not None

    def cancel(self) -> None:
        """Ask the work to stop."""
        if self._job is not None:
            self._job.cancel.cancel()
            self._status.show_cancelling()

    def forget(self) -> None:
        """The project is closed; its answer will not come."""
        if self._job is not None:
            self._end()

    def _end(self) -> None:
        self._job = None
        self._status.show_work(None)
        self.ended.emit()
