"""Taking a lock, one process at a time. On a network share the system's own lock may hold on one computer only, so that
two of them could find the file blank and write their names into it in the same moment."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labeltool.core.atomic import TEMPORARY

STALE_S = 5.0
"""Taking a lock takes milliseconds: who is at it for longer, and unchanged, has died of it."""
_AGAIN_S = 0.02
_REFUSALS = 5
"""So often the file cannot be made and yet is not there, for the one before may have gone in between; or it stays."""
_MADE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_MOST_BYTES = 4096


@contextmanager
def alone(lock: Path, mine: bytes, is_dead: Callable[[bytes], bool]) -> Iterator[None]:
    """Nobody else is in this block with the same lock, on any computer: who is in it has made a file that only one can
    make, which says ``mine`` (not empty, and nobody else's). ``is_dead`` tells of what one says whether its process is
    gone for certain.

    Where no such file can be made (a full disk, a folder that may not be written) the block is entered without.
    """
    name = lock.with_name(f".{lock.name}.taking{TEMPORARY}")
    made = _made(name, mine, is_dead)
    try:
        yield
    finally:
        if made is not None and _said(name) == made:
            with suppress(OSError):  # a leftover, which says that its process is gone
                name.unlink()


def _made(name: Path, mine: bytes, is_dead: Callable[[bytes], bool]) -> bytes | None:
    """What the file says that was made here; None where none was."""
    began_s = seen_s = time.monotonic()
    seen: bytes | None = None
    refused = 0
    while time.monotonic() - began_s < 2 * STALE_S:
        try:
            handle = os.open(name, _MADE, 0o666)
        except OSError:  # sftp, for one, has no word for "is there already"
            there = _said(name)
            refused += there is None
            if refused > _REFUSALS:
                return None
            if there != seen:
                seen, seen_s = there, time.monotonic()
            if there is not None and (is_dead(there) or time.monotonic() - seen_s >= STALE_S):
                _clear(name, there)
                if _said(name) != there:
                    continue
                refused += 1  # somebody else's, perhaps, which only they may remove
            time.sleep(_AGAIN_S)
        else:
            return _written(handle, mine)
    return None


def _written(handle: int, mine: bytes) -> bytes:
    """As much of it as there is room for. Where there is none others wait for a while and go on."""
    try:
        return mine[: os.write(handle, mine)]
    except OSError:
        return b""
    finally:
        with suppress(OSError):
            os.close(handle)


def _said(name: Path) -> bytes | None:
    """What a file says; None where there is none, or nobody can say."""
    try:
        handle = os.open(name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            return os.read(handle, _MOST_BYTES)
        finally:
            os.close(handle)
    except OSError:
        return None


def _clear(name: Path, there: bytes) -> None:
    """Remove what a process left that died, unless somebody else has done so, and made the next one, meanwhile."""
    if _said(name) == there:
        with suppress(OSError):
            name.unlink()
