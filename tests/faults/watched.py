"""What anybody on this computer does to the files of some folders, as Linux tells it: child processes and libraries
in C included."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHANGES = {
    0x002: "was written",
    0x004: "has other attributes",
    0x008: "was opened for writing",
    0x040: "was moved away",
    0x080: "was moved here",
    0x100: "was made",
    0x200: "was deleted",
}
"""The events of inotify that are no mere reading."""
_EVENT = struct.Struct("iIII")


@contextmanager
def changes(folders: list[Path]) -> Iterator[list[str]]:
    """A list of sentences, filled at the end: everything that was done to files in these folders but reading them."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells who opens files for writing")
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    if handle < 0:
        pytest.skip("the system gives no more watches")
    found: list[str] = []
    try:
        watched = {
            libc.inotify_add_watch(handle, os.fsencode(folder), sum(CHANGES)): folder for folder in folders
        }
        assert -1 not in watched
        yield found
        found += _read(handle, watched)
    finally:
        os.close(handle)


def _read(handle: int, watched: dict[int, Path]) -> list[str]:
    found, data = [], b""
    while True:
        try:
            data += os.read(handle, 1 << 16)
        except BlockingIOError:
            break
    while data:
        watch, mask, _, length = _EVENT.unpack_from(data)
        name = data[_EVENT.size : _EVENT.size + length].rstrip(b"\0")
        data = data[_EVENT.size + length :]
        what = ", ".join(text for bit, text in CHANGES.items() if mask & bit) or f"event {mask:#x}"
        found.append(f"{watched.get(watch, Path())}/{os.fsdecode(name)} {what}")
    return found
