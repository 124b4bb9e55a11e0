"""Every operation goes to disk as soon as it is done, in order, on a thread of its own."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock
from typing import Protocol, TypeVar

from labeltool.app.session import Operation
from labeltool.core.cold import Held, stored
from labeltool.core.errors import DiskFullError, LabeltoolError, StoreError
from labeltool.core.memory import MIB, share
from labeltool.core.patch import Patch
from labeltool.core.words import counted

T = TypeVar("T")
RETRY_S = 2.0
CLOSE_S = 10.0
"""How long closing waits for a write that is under way: a network share may never answer."""
UNSAVED_BYTES = share("deflated")
"""What operations that cannot be saved may take: they are kept deflated, as tiles at rest are."""
PAGE_BYTES, PAGES_OF_A_FILE = 4096, 48
"""SQLite writes whole pages. A new mask file with its tables, and what any commit touches besides tiles, takes less."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SaveState:
    """What the status bar says. ``saved`` is the newest revision of the image that survives anything; ``kept`` is the
    folder where all that waits is kept meanwhile, None where it is in memory only."""

    image_id: str
    saved: int
    waiting: int
    error: LabeltoolError | None = None
    kept: Path | None = None


class Journal(Protocol):
    """The part of the store that a saver needs."""

    def commit_operation(self, image_id: str, operation: Operation) -> None:
        """Write one operation durably, or raise and leave everything as it was."""
        ...


class Refuge(Protocol):
    """Where operations go that cannot be saved."""

    @property
    def folder(self) -> Path:
        """For people."""
        ...

    def keep(self, image_id: str, operations: Sequence[Operation]) -> None:
        """Have all these operations of an image on another disk; LabeltoolError where that fails, too."""
        ...

    def forget(self, image_id: str) -> None:
        """They are saved."""
        ...


@dataclass
class _Unsaved:
    """An operation that is not on disk. At rest its patch is deflated."""

    image_id: str
    operation: Operation
    resting: bool = field(default=False)

    def rest(self) -> None:
        """Take the least memory."""
        if not self.resting:
            self.operation = replace(self.operation, patch=self.operation.patch.at_rest())
            self.resting = True

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, on a scratch disk or in memory."""
        return sum(stored(tile) for delta in self.operation.patch.deltas.values() for tile in delta)


class Saver:
    """Writes operations in order. A failure keeps them in memory and in a refuge, says so, and tries again until it
    works.

    Where trying again cannot help (somebody else changed the annotation, its file is gone) the operations of
    that image are set aside and those of the others go on. ``tell`` is called from the writer's thread.
    """

    def __init__(
        self, journal: Journal, tell: Callable[[SaveState], None], refuge: Refuge | None = None
    ) -> None:
        self._journal = journal
        self._tell = tell
        self._refuge = refuge
        self._waiting: deque[_Unsaved] = deque()
        self._aside: dict[str, list[_Unsaved]] = {}
        self._lock = Lock()
        self._wake = Event()
        self._idle = Event()
        self._idle.set()
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="labeltool-save")
        self.error: LabeltoolError | None = None
        self.kept: Path | None = None
        """The folder where all that waits is kept on another disk; None where it is in memory only."""

    @property
    def waiting(self) -> int:
        """Operations that are not on disk."""
        return self.waiting_of(None)

    def waiting_of(self, image_id: str | None) -> int:
        """Operations of one image, or of all, that are not on disk."""
        return sum(image_id in (None, each.image_id) for each in self._all())

    def unsaved(self) -> dict[str, list[Operation]]:
        """The operations that are not on disk, by image, oldest first."""
        found: dict[str, list[Operation]] = {}
        for each in self._all():
            found.setdefault(each.image_id, []).append(each.operation)
        return found

    def save(self, image_id: str, operation: Operation) -> None:
        """Take an operation over; returns at once."""
        with self._lock:
            aside = self._aside.get(image_id)
            (self._waiting if aside is None else aside).append(_Unsaved(image_id, operation))
        if self.error is not None:
            self._wake.set()  # it goes to the refuge at once, and who knows, the disk may work again
        self._run(self._drain if aside is None else self._keep)

    def check_room(self) -> None:
        """LabeltoolError while saving fails and so much waits already that more might not fit in memory."""
        if self.error is None:
            return
        taken = sum(each.nbytes for each in self._all())
        if taken > UNSAVED_BYTES:
            raise LabeltoolError(
                f"no more can be painted until something is saved: {counted(self.waiting, 'change')} wait already"
                f" ({megabytes(taken)})",
                hint=f"Saving fails: {self.error.message}. {self.error.hint or 'It is tried again all the time'}."
                " Nothing is lost",
            )

    def retry(self) -> None:
        """Try again now to write what could not be written, also what was set aside: somebody may have put it right."""
        with self._lock:
            for aside in self._aside.values():
                self._waiting.extend(aside)
            self._aside.clear()
        self._wake.set()
        self._run(self._drain)

    def after(self, work: Callable[[], T]) -> Future[T]:
        """Run ``work`` between operations, once those that are queued now are on disk."""
        return self._run(lambda: self._drained(work))

    def insist(self, work: Callable[[], T]) -> Future[T]:
        """As :meth:`after`, for work that must be done: while the disk fails it is tried again, and said so."""
        return self._run(lambda: self._insisted(work))

    def settle(self, image_id: str) -> None:
        """The operations of an image that were set aside are kept elsewhere for good."""
        with self._lock:
            self._aside.pop(image_id, None)
        self._no_error()
        self._forget(image_id)

    def flush(self, timeout_s: float = 10.0, image_id: str | None = None) -> bool:
        """Wait until everything, or all of one image, is on disk; False when that did not work in time."""
        if not self.waiting_of(image_id):
            return True
        try:
            self._run(self._drain).result(timeout_s)
        except TimeoutError:
            return False
        return self.waiting_of(image_id) == 0

    def close(self) -> bool:
        """Stop the writer. Call ``flush`` first: what is still waiting is dropped. False where the disk does not
        answer; the writer ends when it does."""
        self._closing = True
        self._wake.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
        ended = self._idle.wait(CLOSE_S)
        if ended:
            self._thread.shutdown(wait=True)
        return ended

    # ---- on the writer's thread

    def _run(self, work: Callable[[], T]) -> Future[T]:
        """Do this on the writer's thread, after what was given to it before."""

        def run() -> T:
            self._idle.clear()
            try:
                return work()
            finally:
                self._idle.set()

        return self._thread.submit(run)

    def _drained(self, work: Callable[[], T]) -> T:
        self._drain()
        return work()

    def _insisted(self, work: Callable[[], T]) -> T:
        while True:
            self._drain()
            try:
                return work()
            except StoreError as error:
                if not error.may_pass or self._closing:
                    raise
                self._say("", 0, error)
                self._pause()

    def _drain(self) -> None:
        while not self._closing:
            with self._lock:
                if not self._waiting:
                    return
                first = self._waiting[0]
            try:
                self._journal.commit_operation(first.image_id, first.operation)
            except Exception as error:  # whatever it is: the stroke must not get lost
                self._failed(first, error)
                continue
            self._saved(first)

    def _saved(self, done: _Unsaved) -> None:
        with self._lock:
            self._waiting.popleft()
            left = len(self._waiting)
        self._no_error()
        if not self.waiting_of(done.image_id):
            self._forget(done.image_id)
        self._tell(SaveState(done.image_id, done.operation.revision, left))

    def _failed(self, first: _Unsaved, error: Exception) -> None:
        if not isinstance(error, LabeltoolError):
            log.error("saving failed unexpectedly", exc_info=error)
            error = StoreError(f"not saved: {error!r}")
        may_pass = not isinstance(error, StoreError) or error.may_pass
        if not may_pass:
            self._set_aside(first.image_id)
        for each in self._all():
            each.rest()
        if isinstance(error, DiskFullError):
            error.needs_bytes = sum(room(each.operation.patch) for each in self._all())
        self._say(first.image_id, first.operation.revision - 1, error)
        if may_pass:
            self._pause()

    def _say(self, image_id: str, saved: int, error: LabeltoolError) -> None:
        self.error = error
        self._keep()
        self._tell(SaveState(image_id, saved, self.waiting, error, self.kept))

    def _pause(self) -> None:
        if not self._closing:
            self._wake.wait(RETRY_S)
        self._wake.clear()

    def _set_aside(self, image_id: str) -> None:
        with self._lock:
            self._aside[image_id] = [each for each in self._waiting if each.image_id == image_id]
            self._waiting = deque(each for each in self._waiting if each.image_id != image_id)

    def _keep(self) -> None:
        """Whatever waits is put on another disk as well."""
        if self._refuge is None:
            return
        kept: Path | None = self._refuge.folder
        for image_id, operations in self.unsaved().items():
            try:
                self._refuge.keep(image_id, operations)
            except (LabeltoolError, OSError) as error:
                log.warning("what could not be saved could not be kept elsewhere either: %s", error)
                kept = None
        self.kept = kept

    def _forget(self, image_id: str) -> None:
        if self._refuge is not None:
            with suppress(
                LabeltoolError
            ):  # a file too many: its operations are known to be saved when it is read
                self._refuge.forget(image_id)

    def _no_error(self) -> None:
        with self._lock:
            if not self._aside:
                self.error = self.kept = None

    def _all(self) -> list[_Unsaved]:
        with self._lock:
            return [*self._waiting, *(each for aside in self._aside.values() for each in aside)]


def room(patch: Patch) -> int:
    """Bytes of disk that saving a patch may take at most. A tile is written twice, as it is and in the journal, and
    the pages of the tile before go into SQLite's own journal meanwhile."""

    def pages(tile: Held | None) -> int:
        return 2 + stored(tile) // (PAGE_BYTES - 100)

    tiles = sum(2 * pages(delta.held_after) + pages(delta.held_before) for delta in patch.deltas.values())
    return (PAGES_OF_A_FILE + tiles) * PAGE_BYTES


def megabytes(size: int) -> str:
    """Bytes as people read them, rather more than less: ``0.3 MB``, ``12 MB``."""
    tenths = -(-size * 10 // MIB)
    return f"{tenths / 10:.1f} MB" if tenths < 100 else f"{-(-size // MIB):,} MB"
