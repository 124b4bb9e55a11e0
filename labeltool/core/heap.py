"""What the C library keeps of memory that was freed.

Python and numpy free what they do not need, but glibc keeps it for the next time: after a while of tiles and decoded
parts more than half of what the program seems to take is nobody's. Other systems give it back by themselves.
"""

from __future__ import annotations

import ctypes
import math
import sys
import time
from functools import cache
from threading import Lock

from labeltool.core.memory import MIB

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # <malloc.h>
LARGE_BYTES = 1 * MIB
"""A block of this size is the system's own again as soon as it is freed."""
ARENAS = 2
"""Heaps; each thread would have one of its own, with holes of its own."""
WORTH_IT_BYTES = 64 * MIB
EVERY_SECONDS = 5.0

_lock = Lock()
_last = [-math.inf]


class _Usage(ctypes.Structure):
    """``struct mallinfo2``."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    )


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library where it is a glibc that can be asked (2.33 and newer), else None."""
    if sys.platform != "linux":
        return None
    try:
        library = ctypes.CDLL(None)
        library.mallinfo2.restype = _Usage
        library.malloc_trim, library.mallopt  # noqa: B018 - AttributeError where there is none
    except (AttributeError, OSError):
        return None
    return library


def keep_small() -> None:
    """Tell the C library, once, to keep less."""
    library = _glibc()
    if library is not None:
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        library.mallopt(M_ARENA_MAX, ARENAS)


def unused_bytes() -> int:
    """Bytes that were freed and are still kept; 0 where nobody can say."""
    library = _glibc()
    return 0 if library is None else int(library.mallinfo2().fordblks)


def give_back() -> bool:
    """Give the system what is free, where that is worth the 20 ms in which nobody can allocate; not too often.

    Returns whether it was done.
    """
    library = _glibc()
    if library is None or not _lock.acquire(blocking=False):
        return False
    try:
        now = time.monotonic()
        if now - _last[0] < EVERY_SECONDS or unused_bytes() < WORTH_IT_BYTES:
            return False
        _last[0] = now
        library.malloc_trim(0)
        return True
    finally:
        _lock.release()
