"""What was read last of files that hold many images, because their pages are opened one after the other."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import RLock
from typing import IO, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.memory import share
from labeltool.imaging.pyramid_cache import cache_limit

T = TypeVar("T")

_MOST_FILES = 8
_CHUNK = 1 << 20


class _State(NamedTuple):
    """A file as it is now: one that has changed is read again."""

    path: str
    modified_ns: int
    length: int


class LastRead(Generic[T]):
    """What was made of the files opened last: a few of them, and together at most ``bound`` bytes of memory (the share
    of decoding, unless told otherwise). Any thread may ask; one makes something, the others wait."""

    def __init__(self, bound: int | None = None) -> None:
        self._bound = share("decoding") if bound is None else bound
        self._kept: OrderedDict[_State, tuple[T, int]] = OrderedDict()
        self._lock = RLock()

    def get(self, path: Path, make: Callable[[], tuple[T, int]]) -> T:
        """What ``make`` gives for a file, with the bytes of memory that it takes; made once as long as it is kept."""
        status = path.stat()
        state = _State(str(path), status.st_mtime_ns, status.st_size)
        with self._lock:
            if state in self._kept:
                self._kept.move_to_end(state)
                return self._kept[state][0]
            made, bytes_ = make()
            if bytes_ <= self._bound:
                self._kept[state] = made, bytes_
            while len(self._kept) > _MOST_FILES or sum(each for _, each in self._kept.values()) > self._bound:
                self._kept.popitem(last=False)
            return made


def laid_out(stream: IO[bytes], count: int, path: Path) -> tuple[NDArray[np.uint8], int]:
    """The next ``count`` bytes of a stream, read-only, and how much memory they take: where they are too many for it
    they lie in a file without a name and take none. BadInputError when there are fewer, or no room for them."""
    chunks = _chunks(stream, count, path)
    if count <= share("decoding"):
        data = bytearray()
        for some in chunks:
            data += some
        found = np.frombuffer(data, np.uint8)
        found.flags.writeable = False
        return found, count
    if count > cache_limit():
        raise BadInputError(
            f"the volume takes {count / 1e9:,.1f} GB, more than the cache may",
            file=path,
            hint="Set LABELTOOL_CACHE_MB higher, or save the part that you need",
        )
    with tempfile.TemporaryFile(prefix="labeltool-", buffering=0) as scratch:
        for some in chunks:
            _write(scratch, some, path)
        return np.memmap(scratch, np.uint8, "r", shape=(count,)), 0


def _chunks(stream: IO[bytes], count: int, path: Path) -> Iterator[bytes]:
    left = count
    while left:
        some = stream.read(min(left, _CHUNK))
        if not some:
            raise BadInputError(
                f"the file is cut off: {left:,} of {count:,} bytes of its values are missing",
                file=path,
                hint="Copy or download the file again",
            )
        yield some
        left -= len(some)


def _write(scratch: IO[bytes], some: bytes, path: Path) -> None:
    """Write all of it: a memory map of a file that could not grow would end the program."""
    problem = ""
    try:
        if scratch.write(some) == len(some):
            return
    except OSError as error:
        problem = f": {error}"
    raise BadInputError(
        f"no room in the folder of temporary files{problem}",
        file=path,
        hint="Make room there, or set TMPDIR to another folder",
    )
