"""Every operation goes to disk as soon as it is done, in order, on a thread of its own."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Condition, Event, Lock
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from labeltool.app.session import Operation
from labeltool.app.watching import Watch
from labeltool.core.cold import Held, stored
from labeltool.core.errors import DiskFullError, LabeltoolError, StoreError
from labeltool.core.memory import MIB, share
from labeltool.core.patch import Patch
from labeltool.core.words import counted

T = TypeVar("T")
RETRY_S = 2.0
LATE_S = 5.0
"""A write that stands still for longer is told, and what waits is kept elsewhere meanwhile; a stroke takes
milliseconds."""
CLOSE_S, LATE_CLOSE_S = 10.0, 0.5
"""How long closing waits for a write that is under way: a network share may never answer. Less where it is late."""
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


class NoAnswerError(StoreError):
    """The disk has not refused what is to be saved, but is not done with it either."""


class Tried(NamedTuple):
    """The last attempt to save that did not work: its number, when it was, in local time, and why."""

    number: int
    at: datetime
    why: LabeltoolError


class Behind(NamedTuple):
    """What somebody did to an image that is written once the operations before it are; it is nowhere else."""

    kind: Literal["comment", "verdict", "reference"]
    image_id: str


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
    that image are set aside and those of the others go on. Where the disk does not answer at all, what waits is kept in
    the refuge until it does. ``tell`` is called from threads of the saver.
    """

    def __init__(
        self, journal: Journal, tell: Callable[[SaveState], None], refuge: Refuge | None = None
    ) -> None:
        self._journal = journal
        self._tell = tell
        self._refuge = refuge
        self._waiting: deque[_Unsaved] = deque()
        self._aside: dict[str, list[_Unsaved]] = {}
        self._behind: list[tuple[Behind, Future[Any]]] = []
        self._why_aside: LabeltoolError | None = None
        self._lock = Lock()
        self._wake = Event()
        self._idle = Event()
        self._idle.set()
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="labeltool-save")
        self._telling = Condition()
        """Held while it is settled what is saved and what is kept, by the writer's thread or by the watch's; who waits
        for that is woken."""
        self._watch = Watch(self._late, LATE_S, RETRY_S)
        self.tried: Tried | None = None
        """The last failure, also once saving works again."""
        self.error: LabeltoolError | None = None
        self.kept: Path | None = None
        """The folder where all that waits is kept on another disk; None where it is in memory only."""

    @property
    def waiting(self) -> int:
        """Operations that are not on disk."""
        return self.waiting_of(None)

    @property
    def is_late(self) -> bool:
        """True while the disk is asked for something, and has not answered for too long."""
        return self._watch.is_late

    def waiting_of(self, image_id: str | None) -> int:
        """Operations of one image, or of all, that are not on disk."""
        return sum(image_id in (None, each.image_id) for each in self._all())

    def unsaved(self) -> dict[str, list[Operation]]:
        """The operations that are not on disk, by image, oldest first."""
        found: dict[str, list[Operation]] = {}
        for each in self._all():
            found.setdefault(each.image_id, []).append(each.operation)
        return found

    def queued(self, image_id: str) -> list[Operation] | None:
        """The operations of an image that wait for their turn, oldest first; None where they were set aside, and nobody
        can go on from them."""
        with self._lock:
            if image_id in self._aside:
                return None
            return [each.operation for each in self._waiting if each.image_id == image_id]

    def patch_of(self, image_id: str, revision: int) -> Patch | None:
        """The patch that led to a revision, of an operation that is not on disk; None where it is."""
        with self._lock:
            found = (each.operation for each in self._waiting if each.image_id == image_id)
            return next((each.patch for each in found if each.revision == revision), None)

    def save(self, image_id: str, *operations: Operation) -> None:
        """Take operations of an image over, oldest first; returns at once."""
        with self._lock:
            aside = self._aside.get(image_id)
            (self._waiting if aside is None else aside).extend(
                _Unsaved(image_id, each) for each in operations
            )
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

    def after(self, work: Callable[[], T], behind: Behind | None = None) -> Future[T]:
        """Run ``work`` between operations, once those that are queued now are on disk; meanwhile it is in
        :attr:`behind` where it is given a name."""
        future = self._run(lambda: self._drained(work))
        if behind is not None:
            self._behind = [each for each in self._behind if not each[1].done()] + [(behind, future)]
        return future

    @property
    def behind(self) -> list[Behind]:
        """What waits to be written behind operations, in memory only, oldest first."""
        return [behind for behind, future in self._behind if not future.done()]

    def insist(self, work: Callable[[], T]) -> Future[T]:
        """As :meth:`after`, for work that must be done: while the disk fails it is tried again, and said so."""
        return self._run(lambda: self._insisted(work))

    def settle(self, image_id: str) -> None:
        """The operations of an image that were set aside are kept elsewhere for good."""
        with self._telling:
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

    def wait(self, image_id: str, timeout_s: float) -> None:
        """Wait until all of an image is on disk, or it is known that saving fails."""
        with self._telling:
            self._telling.wait_for(lambda: self.error is not None or not self.waiting_of(image_id), timeout_s)

    def close(self) -> bool:
        """Stop the writer. Call ``flush`` first: what is still waiting is dropped. False where the disk does not
        answer; the writer ends when it does."""
        self._closing = True
        self._wake.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
        ended = self._idle.wait(LATE_CLOSE_S if self._watch.is_late else CLOSE_S)
        self._watch.end()
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
        with self._watch.over():
            return work()

    def _insisted(self, work: Callable[[], T]) -> T:
        while True:
            self._drain()
            try:
                with self._watch.over():
                    done = work()
                self._no_error()
                return done
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
                with self._watch.over():
                    self._journal.commit_operation(first.image_id, first.operation)
            except Exception as error:  # whatever it is: the stroke must not get lost
                self._failed(first, error)
                continue
            self._saved(first)

    def _saved(self, done: _Unsaved) -> None:
        with self._telling:
            with self._lock:
                self._waiting.popleft()
                left = len(self._waiting)
            self._no_error()
            if not self.waiting_of(done.image_id):
                self._forget(done.image_id)
            self._tell(SaveState(done.image_id, done.operation.revision, left))
            self._telling.notify_all()

    def _failed(self, first: _Unsaved, error: Exception) -> None:
        if not isinstance(error, LabeltoolError):
            log.error("saving failed unexpectedly", exc_info=error)
            error = StoreError(f"not saved: {error!r}")
        may_pass = not isinstance(error, StoreError) or error.may_pass
        if not may_pass:
            self._set_aside(first.image_id, error)
        for each in self._all():
            each.rest()
        if isinstance(error, DiskFullError):
            error.needs_bytes = sum(room(each.operation.patch) for each in self._all())
        self._say(first.image_id, first.operation.revision - 1, error)
        if may_pass:
            self._pause()

    def _say(self, image_id: str, saved: int, error: LabeltoolError) -> None:
        with self._telling:
            self.error = error
            self._keep()
            number = 1 if self.tried is None else self.tried.number + 1
            self.tried = Tried(number, datetime.now(), error)
            self._tell(SaveState(image_id, saved, self.waiting, error, self.kept))
            self._telling.notify_all()

    def _late(self) -> None:
        """On the watch's thread: the disk is asked, and does not answer. Nothing of this is so any more once it has."""
        with self._telling:
            waiting = self._all()
            if not waiting or not self._watch.is_late:
                return
            first = waiting[0]
            for each in waiting:
                each.rest()
            self._say(
                first.image_id,
                first.operation.revision - 1,
                NoAnswerError(
                    "the disk does not answer",
                    hint="Saving goes on by itself when it does. Look after the drive or the network share",
                ),
            )

    def _pause(self) -> None:
        if not self._closing:
            self._wake.wait(RETRY_S)
        self._wake.clear()

    def _set_aside(self, image_id: str, why: LabeltoolError) -> None:
        with self._lock:
            self._why_aside = why
            self._aside[image_id] = [each for each in self._waiting if each.image_id == image_id]
            self._waiting = deque(each for each in self._waiting if each.image_id != image_id)

    def _keep(self) -> None:
        """Whatever waits is put on another disk as well."""
        if self._refuge is None:
            return
        with self._telling:
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
            if self._aside:
                self.error = self._why_aside
            else:
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
