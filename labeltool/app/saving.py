"""Every operation goes to disk as soon as it is done, in order, on a thread of its own."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock
from typing import Protocol, TypeVar

from labeltool.app.session import Operation
from labeltool.core.errors import LabeltoolError, StoreError

T = TypeVar("T")
RETRY_S = 2.0

log = logging.getLogger(__name__)


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

    Where trying again cannot help (somebody else changed the annotation, its file is gone) the operations of
    that image are set aside and those of the others go on. ``tell`` is called from the writer's thread.
    """

    def __init__(self, journal: Journal, tell: Callable[[SaveState], None]) -> None:
        self._journal = journal
        self._tell = tell
        self._waiting: deque[tuple[str, Operation]] = deque()
        self._aside: dict[str, list[Operation]] = {}
        self._lock = Lock()
        self._wake = Event()
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="labeltool-save")
        self.error: LabeltoolError | None = None

    @property
    def waiting(self) -> int:
        """Operations that are not on disk."""
        return self.waiting_of(None)

    def waiting_of(self, image_id: str | None) -> int:
        """Operations of one image, or of all, that are not on disk."""
        with self._lock:
            queued = sum(image_id in (None, each) for each, _ in self._waiting)
            return queued + sum(len(ops) for each, ops in self._aside.items() if image_id in (None, each))

    def save(self, image_id: str, operation: Operation) -> None:
        """Take an operation over; returns at once."""
        with self._lock:
            if image_id in self._aside:
                self._aside[image_id].append(operation)
                return
            self._waiting.append((image_id, operation))
        self._thread.submit(self._drain)

    def retry(self) -> None:
        """Try again now to write what could not be written."""
        self._wake.set()
        self._thread.submit(self._drain)

    def after(self, work: Callable[[], T]) -> Future[T]:
        """Run ``work`` between operations, once those that are queued now are on disk."""
        return self._thread.submit(self._drained, work)

    def flush(self, timeout_s: float = 10.0, image_id: str | None = None) -> bool:
        """Wait until everything, or all of one image, is on disk; False when that did not work in time."""
        if not self.waiting_of(image_id):
            return True
        try:
            self._thread.submit(self._drain).result(timeout_s)
        except TimeoutError:
            return False
        return self.waiting_of(image_id) == 0

    def close(self) -> None:
        """Stop the writer. Call ``flush`` first: what is still waiting is dropped."""
        self._closing = True
        self._wake.set()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _drained(self, work: Callable[[], T]) -> T:
        self._drain()
        return work()

    def _drain(self) -> None:
        while not self._closing:
            with self._lock:
                if not self._waiting:
                    return
                image_id, operation = self._waiting[0]
            try:
                self._journal.commit_operation(image_id, operation)
            except Exception as error:  # whatever it is: the stroke must not get lost
                self._failed(image_id, operation, error)
                continue
            with self._lock:
                self._waiting.popleft()
                left = len(self._waiting)
            self.error = None
            self._tell(SaveState(image_id, operation.revision, left))

    def _failed(self, image_id: str, operation: Operation, error: Exception) -> None:
        if not isinstance(error, LabeltoolError):
            log.error("saving failed unexpectedly", exc_info=error)
            error = StoreError(f"not saved: {error!r}")
        self.error = error
        may_pass = not isinstance(error, StoreError) or error.may_pass
        if not may_pass:
            self._set_aside(image_id)
        self._tell(SaveState(image_id, operation.revision - 1, self.waiting, error))
        if may_pass:
            self._wake.wait(RETRY_S)
            self._wake.clear()

    def _set_aside(self, image_id: str) -> None:
        with self._lock:
            mine = [operation for each, operation in self._waiting if each == image_id]
            self._aside[image_id] = mine
            self._waiting = deque(pair for pair in self._waiting if pair[0] != image_id)
