"""Who is writing a project, and what was being written when it died."""

from __future__ import annotations

import json
import os
import platform
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from labeltool.core.errors import StoreError
from labeltool.core.system_lock import try_lock

OWNER_BYTES = 512
RECORD = "{:<32} {:>12} {:>12} {:>12}\n"
RECORD_BYTES = len(RECORD.format("", 0, 0, 0))


class ProjectLockedError(StoreError):
    """Somebody who is alive, or may be, is writing the project."""


@dataclass(frozen=True)
class Owner:
    """The process that holds a lock."""

    pid: int
    host: str
    since_utc: str


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

    def __init__(self, handle: int, stale: Owner | None, left: StrokeRecord | None) -> None:
        self._handle = handle
        self._mutex = threading.Lock()
        self._record = StrokeRecord()
        self.stale = stale
        self.left = left

    @classmethod
    def acquire(cls, path: Path) -> Lock:
        """Take the lock; ProjectLockedError while its holder may be alive. OSError where it cannot be written.

        ``stale`` is the dead process it was taken from, if any, and ``left`` what that was doing.
        """
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        try:
            free = try_lock(handle)
            owner, left = _read(handle)
            if free is False or (owner and (free is None or owner.host != platform.node())):
                raise _locked(path, owner)
            lock = cls(handle, owner, left)
            lock._write_owner()
        except BaseException:
            os.close(handle)
            raise
        return lock

    def stroke_began(self, image_id: str, revision: int) -> None:
        """Note that a stroke is being drawn on an image that is at ``revision``. Takes microseconds."""
        with self._mutex:
            old = self._record
            self._write_record(StrokeRecord(image_id, revision, old.begun + 1, old.saved))

    def committing(self, image_id: str, revision: int) -> None:
        """Note which image's file is about to get ahead of the index."""
        with self._mutex:
            if self._record.image_id != image_id:
                self._write_record(self._record._replace(image_id=image_id, revision=revision))

    def stroke_saved(self, image_id: str, revision: int) -> None:
        """Note that a stroke has become ``revision`` of an image."""
        with self._mutex:
            old = self._record
            self._write_record(StrokeRecord(image_id, revision, old.begun, min(old.saved + 1, old.begun)))

    def stroke_dropped(self) -> None:
        """Note that the stroke being drawn was taken back: nothing of it is to be saved."""
        with self._mutex:
            old = self._record
            self._write_record(old._replace(begun=max(old.saved, old.begun - 1)))

    def release(self) -> None:
        """Let others write. A second call does nothing."""
        if self._handle >= 0:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1

    def _write_owner(self) -> None:
        owner = Owner(os.getpid(), platform.node(), datetime.now(UTC).isoformat(timespec="seconds"))
        line = json.dumps(asdict(owner)).encode().ljust(OWNER_BYTES - 1) + b"\n"
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, line + RECORD.format(*self._record).encode())

    def _write_record(self, record: StrokeRecord) -> None:
        self._record = record
        os.lseek(self._handle, OWNER_BYTES, os.SEEK_SET)
        os.write(self._handle, RECORD.format(*record).encode())


def _read(handle: int) -> tuple[Owner | None, StrokeRecord | None]:
    os.lseek(handle, 0, os.SEEK_SET)
    data = os.read(handle, OWNER_BYTES + RECORD_BYTES)
    try:
        owner = Owner(**json.loads(data[:OWNER_BYTES]))
    except (ValueError, TypeError):  # empty after a clean end, garbage after a power cut
        return None, None
    try:
        image_id, revision, begun, saved = data[OWNER_BYTES:].decode().rstrip("\n").rsplit(maxsplit=3)
        return owner, StrokeRecord(image_id, int(revision), int(begun), int(saved))
    except ValueError:  # no stroke was begun
        return owner, None


def _locked(path: Path, owner: Owner | None) -> ProjectLockedError:
    if owner is None:
        who, hint = "another process", "Close the other window"
    else:
        who = f"process {owner.pid} on {owner.host} since {owner.since_utc}"
        hint = "Close it there"
        if owner.host != platform.node():
            hint += f"; if it is gone for good, delete {path.name}"
    return ProjectLockedError(
        f"the project is being edited by {who}",
        file=path.parent,
        hint=f"{hint}, or open the project to view it",
    )
