"""Every operation goes to disk as soon as it is done, in order, on the write lane."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock
from typing import Protocol

from labeltool.app.session import Operation
from labeltool.core.errors import LabeltoolError, StoreError

RETRY_S = 2.0


@dataclass(frozen=True)
class SaveState:
    """What the status bar says. ``saved`` is the newest revision of the image that survives anything."""

    image_id: str
    saved: int
    waiting: int
    error: LabeltoolError | None = None


class Journal(Protocol):
    """The part of the store that a saver needs."""

    def commit_operation(self, image_id: str, operation: Operation) -> None:
        """Write one operation durably, or raise and leave everything as it was."""
        ...


class Saver:
    """Writes operations in order. A failure keeps them in memory, says so, and tries again until it works.

    ``tell`` is called from the writer's thread after every change of state.
    """

    def __init__(self, journal: Journal, tell: Callable[[SaveState], None]) -> None:
        self._journal = journal
        self._tell = tell
        self._waiting: deque[tuple[str, Operation]] = deque()
        self._lock = Lock()
        self._closing = Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="labeltool-save")
        self.error: LabeltoolError | None = None

    @property
    def waiting(self) -> int:
        """Operations that are not on disk yet."""
        with self._lock:
            return len(self._waiting)

    def save(self, image_id: str, operation: Operation) -> None:
        """Take an operation over; returns at once."""
        with self._lock:
            self._waiting.append((image_id, operation))
        self._thread.submit(self._drain)

    def retry(self) -> None:
        """Try again now to write what could not be written."""
        self._thread.submit(self._drain)

    def _drain(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                image_id, operation = self._waiting[0]
            try:
                self._journal.commit_operation(image_id, operation)
            except (LabeltoolError, OSError) as error:
                self.error = error if isinstance(error, LabeltoolError) else StoreError(str(error))
                self._tell(SaveState(image_id, operation.revision - 1, self.waiting, self.error))
                if self._closing.wait(RETRY_S):
                    return
                continue
            with self._lock:
                self._waiting.popleft()
                left = len(self._waiting)
            self.error = None
            self._tell(SaveState(image_id, operation.revision, left))

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until everything is on disk; False when that did not work in time."""
        marker = self._thread.submit(lambda: None)
        try:
            marker.result(timeout_s)
        except TimeoutError:
            return False
        return self.waiting == 0

    def close(self) -> None:
        """Stop the writer. Call ``flush`` first: what is still waiting is dropped."""
        self._closing.set()
        self._thread.shutdown(wait=True, cancel_futures=True)
