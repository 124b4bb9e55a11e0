"""Which mask files and journals were found sound, so that the same is not worked out again for every step."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_Signature = tuple[int, int, int, int]


class Sound(NamedTuple):
    """Up to ``revision`` every operation of a file vouches for all before it; ``chain`` is the hash they lead to."""

    revision: int
    chain: bytes


_known: dict[Path, tuple[_Signature, Sound]] = {}
_whole: dict[Path, _Signature] = {}


def known(path: Path) -> Sound | None:
    """What was found of a file that nobody but this process has written since; None where nobody has looked."""
    found = _known.get(path)
    return found[1] if found is not None and found[0] == _signature(path) else None


def keep(path: Path, sound: Sound) -> None:
    """Remember what was found of a file as it is now."""
    _known[path] = (_signature(path), sound)


def is_whole(path: Path) -> bool:
    """True where the pages of a file were found whole, and nobody but this process has written it since."""
    return path in _whole and _whole[path] == _signature(path)


def keep_whole(path: Path) -> None:
    """Remember that the pages of a file are whole, as it is now."""
    _whole[path] = _signature(path)


def _signature(path: Path) -> _Signature:
    """Changes when the file is written, whoever does it."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
