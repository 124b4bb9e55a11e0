"""Which journals of mask files were found sound, so that the same is not worked out again for every step of undo."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_Signature = tuple[int, int, int, int]


class Sound(NamedTuple):
    """Up to ``revision`` every operation of a file vouches for all before it; ``chain`` is the hash they lead to."""

    revision: int
    chain: bytes


_known: dict[Path, tuple[_Signature, Sound]] = {}


def known(path: Path) -> Sound | None:
    """What was found of a file that nobody but this process has written since; None where nobody has looked."""
    found = _known.get(path)
    return found[1] if found is not None and found[0] == _signature(path) else None


def keep(path: Path, sound: Sound) -> None:
    """Remember what was found of a file as it is now."""
    _known[path] = (_signature(path), sound)


def _signature(path: Path) -> _Signature:
    """Changes when the file is written, whoever does it."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
