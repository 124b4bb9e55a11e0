"""Who is writing a project, and what was being written when it died."""

from __future__ import annotations

import json
import os
import platform
import shlex
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from labeltool.core.atomic import sync_folder
from labeltool.core.errors import StoreError
from labeltool.core.system_lock import machine, process_started, try_lock
from labeltool.store.account import account
from labeltool.store.taking import alone

OWNER_BYTES = 512
RECORD = "{:<32} {:>12} {:>12} {:>12}\n"
RECORD_BYTES = len(RECORD.format("", 0, 0, 0))
LIFE_BYTES = 1024
_BEAT_AT = OWNER_BYTES + RECORD_BYTES
_BEAT = "{:>16}\n"
_LIFE_AT = _BEAT_AT + len(_BEAT.format(0))
_AHEAD_AT = _LIFE_AT + LIFE_BYTES
_AHEAD = "{:<32}\n"
"""The file: who (which every version reads), the last stroke, how often the holder has given a sign of life, what else
is known of the holder, and the image whose file may be ahead of the index (within one sector: it is never torn). Where
nobody holds the lock it is as long, and blank: who takes it on a full disk needs no room."""
_BYTES = _AHEAD_AT + len(_AHEAD.format(""))
EVERY = "*"
"""In the place of that image: of any image the file may be ahead. It stays when the lock is released."""

BEAT_S = 10.0
"""A holder gives a sign of life this often: it counts up in the file. No clock is compared with another computer's."""

NOTE_S = 0.05
"""A hand that begins a stroke waits for no longer until that can be noted."""

_OPEN = os.O_RDWR | getattr(os, "O_BINARY", 0)
_PEEKS = 4
"""Who only looks whether a lock is free holds it for a moment, so a busy one is asked for again."""
_PEEK_S = 0.03


@dataclass(frozen=True)
class Owner:
    """The process that holds a lock. ``since_utc`` is for people; ``token`` tells it from all others."""

    pid: int
    host: str
    since_utc: str
    user: str = ""
    started: str = ""
    machine: str = ""
    token: str = ""

    @property
    def is_elsewhere(self) -> bool:
        """True when it runs on another computer, where this one cannot look."""
        known = bool(self.machine and machine())
        return self.host != platform.node() or (known and self.machine != machine())

    @property
    def is_dead(self) -> bool:
        """True when it ran here and is gone for certain; its number may be another process's by now."""
        if self.is_elsewhere:
            return False
        started = process_started(self.pid)
        return started is None or bool(started and self.started and started != self.started)

    def __str__(self) -> str:
        name = f"{self.user}, " if self.user else ""
        return f"{name}process {self.pid} on {self.host} since {self.since_utc}"


class Sign(NamedTuple):
    """A holder and its last sign of life."""

    owner: Owner
    beat: int


class ProjectLockedError(StoreError):
    """Somebody who is alive, or may be, is writing the project.

    ``sign`` is what the lock says. ``may_be_stale`` is true where the holder is on another computer and the system
    would give the lock away: :mod:`labeltool.store.silence` tells whether it still lives.
    """

    def __init__(self, path: Path, sign: Sign | None, *, may_be_stale: bool) -> None:
        self.sign, self.may_be_stale = sign, may_be_stale
        who, hint = "another process", "Close the other window"
        if sign is not None:
            who, hint = str(sign.owner), "Close it there"
            if sign.owner.is_elsewhere:
                take = f"`labeltool unlock {shlex.quote(str(path.parent))}`"
                hint += f"; if that computer is gone for good, {take} takes the project over"
        super().__init__(
            f"the project is being edited by {who}",
            file=path.parent,
            hint=f"{hint}, or open the project to view it",
        )


class LockLostError(StoreError):
    """Somebody else has taken the project over meanwhile, whom ``sign`` names; nothing more is written here."""

    may_pass = False

    def __init__(self, path: Path, sign: Sign | None) -> None:
        self.sign = sign
        who = "by somebody else" if sign is None else f"by {sign.owner}"
        super().__init__(
            f"the project was taken over {who}",
            file=path.parent,
            hint="What was saved before is safe; close the project here and open it to view it",
        )


class StrokeRecord(NamedTuple):
    """The last stroke of a session: its image, the last saved revision, strokes begun and saved so far."""

    image_id: str = ""
    revision: int = 0
    begun: int = 0
    saved: int = 0


class Lock:
    """A lock that dies with its process: the system holds it, the file only says whose it is.

    Worker processes must be spawned, not forked, or they keep it alive.
    """

    def __init__(self, path: Path, handle: int, stale: Owner | None, left: StrokeRecord | None) -> None:
        self._path, self._handle = path, handle
        self._mutex = threading.RLock()
        self._record = StrokeRecord()
        self._drawn = ("", 0)  # the image that the last stroke began on, and what is saved of it
        self._ahead = ""
        self._beat = 0
        self._before = b""  # what the file said of a holder who died
        self._ended = threading.Event()
        self._state = threading.Lock()
        """Held while the record is changed, and never while the drive is asked."""
        self._due, self._noted = threading.Event(), threading.Event()
        self.owner = _myself()
        self.stale = stale
        self.left = left
        self.left_ahead = ""

    @classmethod
    def acquire(cls, path: Path, *, take_over: Sign | None = None) -> Lock:
        """Take the lock; ProjectLockedError while its holder may be alive. OSError where it cannot be written.

        ``take_over`` is a sign of life that turned out to be the last one (:mod:`labeltool.store.silence`): its owner
        is taken for dead unless it has given another one. ``stale`` is the dead process it was taken from, if any,
        ``left`` what that was doing, and ``left_ahead`` the image whose file may be ahead of the index.
        """
        os.close(os.open(path, _OPEN | os.O_CREAT, 0o666))  # who may not write it need not wait for a turn
        with alone(path, json.dumps(asdict(_myself())).encode(), _died):
            lock = cls._taken(path, take_over)
        with suppress(OSError):
            sync_folder(path.parent)
        threading.Thread(target=lock._live, name="labeltool-lock", daemon=True).start()
        return lock

    @classmethod
    def _taken(cls, path: Path, take_over: Sign | None) -> Lock:
        handle = os.open(path, _OPEN | os.O_CREAT, 0o666)
        try:
            free = _patiently(handle)
            sign, left = _read(handle)
            if free is False or (sign is not None and _may_live(sign, free) and sign != take_over):
                raise ProjectLockedError(path, sign, may_be_stale=free is not False and _is_elsewhere(sign))
            lock = cls(path, handle, sign.owner if sign else None, left)
            lock.left_ahead = _read_ahead(handle)
            lock._ahead = EVERY if lock.left_ahead == EVERY else ""
            lock._before = _read_all(handle) if sign else b""
            lock._write_all()
            lock._flush()
        except BaseException:
            os.close(handle)
            raise
        return lock

    def hold(self) -> None:
        """See that the file still says that the lock is ours; ask before anything is written.

        LockLostError where somebody has taken it over. OSError where the file cannot be reached: the drive is gone. A
        drive that came back, or a file that somebody deleted, is held again.
        """
        with self._mutex:
            try:
                handle, new = os.open(self._path, _OPEN), False
            except FileNotFoundError:
                handle, new = os.open(self._path, _OPEN | os.O_CREAT | os.O_EXCL, 0o666), True
            try:
                sign = _read(handle)[0]
                if not new and (sign is None or sign.owner != self.owner):
                    raise LockLostError(self._path, sign)
                if not _same_file(handle, self._handle):
                    self._handle, handle = self._adopted(handle), self._handle
                    self._ahead = ""
            finally:
                _close(handle)

    def stroke_began(self, image_id: str, revision: int) -> None:
        """Note that a stroke is being drawn on an image that is at ``revision``. Takes microseconds, and no longer than
        ``NOTE_S`` where the drive does not answer."""
        with self._state:
            old, self._drawn = self._record, (image_id, revision)
            self._record = StrokeRecord(*self._drawn, old.begun + 1, old.saved)
        self._note()

    def committing(self, image_id: str, revision: int) -> None:
        """Note which image's file is about to get ahead of the index. After a power cut, too, this is known."""
        with self._mutex:
            if self._record.image_id != image_id:
                with self._state:
                    self._record = self._record._replace(image_id=image_id, revision=revision)
                self._write_record()
            if self._ahead not in (image_id, EVERY):
                self._ahead = image_id if self._noted_ahead(image_id) or self._noted_ahead(image_id) else ""

    def lagging(self, yes: bool) -> None:
        """Note that the index cannot be written, so that whoever opens the project next looks into every file; or that
        it has caught up. Never raises: where that cannot be noted it is tried again with the next step."""
        with self._mutex, suppress(OSError):
            if yes != (self._ahead == EVERY):
                ahead = EVERY if yes else ""
                self._ahead = ahead if self._noted_ahead(ahead) or self._noted_ahead(ahead) else ""

    def stroke_saved(self, image_id: str, revision: int) -> None:
        """Note that a stroke has become ``revision`` of an image. Where another one has begun on another image
        meanwhile, that is the image on which one is in progress."""
        with self._state:
            old = self._record
            saved = min(old.saved + 1, old.begun)
            if saved == old.begun or self._drawn[0] in ("", image_id):
                self._drawn = (image_id, revision)
            self._record = StrokeRecord(*self._drawn, old.begun, saved)
        self._note()

    def stroke_dropped(self) -> None:
        """Note that the stroke being drawn was taken back: nothing of it is to be saved."""
        with self._state:
            old = self._record
            self._record = old._replace(begun=max(old.saved, old.begun - 1))
        self._note()

    def release(self, *, lost: bool = False, undone: bool = False) -> None:
        """Let others write. What the file says is somebody else's where the lock was ``lost``; where it is ``undone``
        what the one before left, the next one finds it as it was. A second call does nothing."""
        with self._mutex:
            self._ended.set()
            self._due.set()
            if self._handle >= 0:
                with suppress(OSError):  # the drive is gone; a dead process's name keeps nobody out
                    if not lost and self._is_ours(unsure=False):
                        self._put(0, self._before) if undone and self._before else self._blank()
                _close(self._handle)
                self._handle = -1

    def _blank(self) -> None:
        """Say that nobody holds it, in the room that the file has. Some file systems need new room even for that."""
        left = _AHEAD.format(EVERY).encode() if self._ahead == EVERY else b""
        try:
            self._put(0, (b" " * _AHEAD_AT + left).ljust(_BYTES))
        except OSError:
            if left:  # our name stays with it, and tells the next one as well
                raise
            os.ftruncate(self._handle, 0)

    def _adopted(self, handle: int) -> int:
        """Hold another file of the same name in the place of ours."""
        if _patiently(handle) is False:
            raise LockLostError(self._path, _read(handle)[0])
        before, self._handle = self._handle, handle
        try:
            self._write_all()
        except BaseException:
            self._handle = before
            raise
        self._handle = before
        return handle

    def _live(self) -> None:
        """Write notes and give signs of life until the end, or until somebody else has the lock: theirs would seem to
        be alive."""
        beat_s = time.monotonic() + BEAT_S
        while True:
            self._due.wait(max(0.0, beat_s - time.monotonic()))
            beats = time.monotonic() >= beat_s
            if self._ended.is_set() or (beats and not self._is_ours(unsure=True)):
                return
            beat_s = time.monotonic() + BEAT_S if beats else beat_s
            with self._mutex, suppress(OSError):  # the drive is away; whoever saves says so
                self._write_due(beats)

    def _write_due(self, beats: bool) -> None:
        if self._handle >= 0 and beats:
            self._beat += 1
            self._put(_BEAT_AT, _BEAT.format(self._beat).encode())
        if self._handle >= 0 and self._due.is_set():
            self._due.clear()
            self._write_record()
            self._noted.set()

    def _is_ours(self, *, unsure: bool) -> bool:
        """Whether the file says that the lock is ours; ``unsure`` where it says nothing, or cannot be read."""
        try:
            sign = read_sign(self._path)
        except OSError:
            return unsure
        return unsure if sign is None else sign.owner == self.owner

    def _write_all(self) -> None:
        who = {"pid": self.owner.pid, "host": self.owner.host, "since_utc": self.owner.since_utc}
        life = {
            "user": self.owner.user[:64],
            "started": self.owner.started,
            "machine": self.owner.machine,
            "token": self.owner.token,
        }
        parts = (
            json.dumps(who).encode().ljust(OWNER_BYTES - 1) + b"\n",
            RECORD.format(*self._record).encode(),
            _BEAT.format(self._beat).encode(),
            json.dumps(life).encode().ljust(LIFE_BYTES - 1) + b"\n",
            _AHEAD.format(self._ahead).encode(),
        )
        self._put(0, b"".join(parts))

    def _note(self) -> None:
        """Have the record written by the thread that gives signs of life: a drive that does not answer stops no hand.

        A note that is missing costs no stroke, only the words about it after a kill.
        """
        self._noted.clear()
        self._due.set()
        self._noted.wait(NOTE_S)

    def _noted_ahead(self, image_id: str) -> bool:
        """Asked for twice: a sync that fails forgets what it was to bring to the disk, so it is written again."""
        self._put(_AHEAD_AT, _AHEAD.format(image_id).encode())
        return self._flush()

    def _flush(self) -> bool:
        """Bring the file to the disk. Where that fails no stroke is lost, only the words about it."""
        try:
            os.fsync(self._handle)
        except OSError:
            return False
        return True

    def _write_record(self) -> None:
        self._put(OWNER_BYTES, RECORD.format(*self._record).encode())

    def _put(self, at: int, data: bytes) -> None:
        os.lseek(self._handle, at, os.SEEK_SET)
        os.write(self._handle, data)


def holder(path: Path) -> ProjectLockedError | None:
    """Who would keep us from taking a lock now, without taking it; None where nobody would. OSError where nobody may
    look."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None
    try:
        free, sign = try_lock(handle), _read(handle)[0]
    finally:
        os.close(handle)
    if free is False or (sign is not None and _may_live(sign, free)):
        return ProjectLockedError(path, sign, may_be_stale=free is not False and _is_elsewhere(sign))
    return None


def read_sign(path: Path) -> Sign | None:
    """What a lock says; None where it says nothing. OSError where it cannot be read."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return _read(handle)[0]
    finally:
        os.close(handle)


def _patiently(handle: int) -> bool | None:
    for _ in range(_PEEKS):
        free = try_lock(handle)
        if free is not False:
            return free
        time.sleep(_PEEK_S)
    return False


def _may_live(sign: Sign, free: bool | None) -> bool:
    """Whether a holder that left its name may still be there. Where the system keeps no locks its process is looked
    for; on another computer nobody can look."""
    return sign.owner.is_elsewhere or (free is None and not sign.owner.is_dead)


def _is_elsewhere(sign: Sign | None) -> bool:
    return sign is not None and sign.owner.is_elsewhere


def _died(said: bytes) -> bool:
    """Whether the process is gone for certain that says this of itself while it takes a lock."""
    try:
        return Owner(**json.loads(said)).is_dead
    except (ValueError, TypeError, RecursionError):  # it died before it had said all, or is none of ours
        return False


def _myself() -> Owner:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    started = process_started(os.getpid()) or ""
    return Owner(os.getpid(), platform.node(), now, account()[:64], started, machine(), uuid.uuid4().hex)


def _read(handle: int) -> tuple[Sign | None, StrokeRecord | None]:
    os.lseek(handle, 0, os.SEEK_SET)
    data = os.read(handle, _LIFE_AT + LIFE_BYTES)
    try:
        who = json.loads(data[:OWNER_BYTES])
        owner = Owner(int(who["pid"]), str(who["host"]), str(who["since_utc"]))
    except (
        ValueError,
        TypeError,
        KeyError,
        OverflowError,
    ):  # blank after a clean end, garbage after a power cut
        return None, None
    sign = _signed(owner, data[_BEAT_AT:])
    try:
        words = data[OWNER_BYTES:_BEAT_AT].decode().rstrip("\n").rsplit(maxsplit=3)
        image_id, revision, begun, saved = words
        return sign, StrokeRecord(image_id, int(revision), int(begun), int(saved))
    except ValueError:  # no stroke was begun
        return sign, None


def _read_all(handle: int) -> bytes:
    """As long as what we write over it: older versions wrote less."""
    os.lseek(handle, 0, os.SEEK_SET)
    return os.read(handle, _BYTES).ljust(_BYTES)


def _read_ahead(handle: int) -> str:
    os.lseek(handle, _AHEAD_AT, os.SEEK_SET)
    return os.read(handle, len(_AHEAD.format(""))).decode("ascii", "replace").strip()


def _signed(owner: Owner, data: bytes) -> Sign:
    """The owner with what else is known of it; older versions wrote nothing more."""
    at = _LIFE_AT - _BEAT_AT
    try:
        beat, life = int(data[:at]), json.loads(data[at:])
        known = (str(life[key]) for key in ("user", "started", "machine", "token"))
        return Sign(Owner(owner.pid, owner.host, owner.since_utc, *known), beat)
    except (ValueError, TypeError, KeyError):
        return Sign(owner, 0)


def _same_file(one: int, other: int) -> bool:
    try:
        return os.path.samestat(os.fstat(one), os.fstat(other))
    except OSError:  # what it was on is gone
        return False


def _close(handle: int) -> None:
    with suppress(OSError):  # of a drive that is gone
        os.close(handle)
