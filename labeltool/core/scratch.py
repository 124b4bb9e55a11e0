"""Bytes that wait to be wanted again: in memory up to a bound, past it in a file that has no name."""

from __future__ import annotations

import os
import tempfile
from threading import RLock
from typing import IO, NamedTuple

from labeltool.core.errors import LabeltoolError

SCRATCH_BYTES = 256 * 2**20
"""When a file has grown to this, the next one is begun; a file goes when nothing in it is wanted any more."""


class Scratch:
    """An append-only file that the system forgets with the last reference to it."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="labeltool-", buffering=0)  # noqa: SIM115 - lives on
        self._lock = RLock()
        self.end = 0

    def append(self, data: bytes) -> int:
        """Write at the end and return where that was; OSError where the disk is full."""
        with self._lock:
            offset = self.end
            self._file.seek(offset)
            if self._file.write(data) != len(data):
                raise OSError("no space left in the folder of temporary files")
            self.end += len(data)
            return offset

    def read(self, offset: int, length: int) -> bytes:
        """What was written there; any thread may ask."""
        if hasattr(os, "pread"):
            data = os.pread(self._file.fileno(), length, offset)
        else:
            with self._lock:
                self._file.seek(offset)
                data = self._file.read(length)
        if len(data) != length:
            raise LabeltoolError("a temporary file has become shorter", hint="Open the image again")
        return data

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


class Spilled(NamedTuple):
    """Where bytes lie in a file."""

    scratch: Scratch
    offset: int
    length: int


class Shelf:
    """Holds up to ``bound`` bytes in memory and what comes after that in files.

    A full disk costs memory then, never work.
    """

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.held = 0
        self._scratch: Scratch | None = None
        self._lock = RLock()  # a collection of garbage may take bytes off while this thread puts some on

    def put(self, data: bytes) -> bytes | Spilled:
        """What to keep in place of the bytes; hand it back to :meth:`take_off` when it is not wanted any more."""
        with self._lock:
            if self.held + len(data) > self.bound:
                try:
                    return self._spill(data)
                except OSError:
                    pass  # memory is what is left
            self.held += len(data)
            return data

    def take_off(self, place: bytes | Spilled) -> None:
        """These bytes are not wanted any more."""
        if isinstance(place, bytes):
            with self._lock:
                self.held -= len(place)

    def _spill(self, data: bytes) -> Spilled:
        if self._scratch is None or self._scratch.end >= SCRATCH_BYTES:
            self._scratch = Scratch()
        return Spilled(self._scratch, self._scratch.append(data), len(data))


def fetch(place: bytes | Spilled) -> bytes:
    """The bytes."""
    return place if isinstance(place, bytes) else place.scratch.read(place.offset, place.length)
