"""Which sessions of the window ended as they should. One that did not has left its mark, and what the C libraries'
last words were.

A mark is a file that exists, locked, while a window runs. The system lets go of the lock however the process ends, so
whoever finds a mark that is not locked has found a session that was cut short.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from labeltool import __version__
from labeltool.app.diagnosis.log import folder
from labeltool.core.system_lock import try_lock

KEPT: Final = 5
"""Marks of sessions cut short that are kept, for whoever looks into them later."""
_MOST_CHARACTERS: Final = 100_000


@dataclass(frozen=True)
class CutShort:
    """A session that did not end as it should. ``trace`` says where the program was when it crashed; it is empty where
    it was ended from outside: killed, or the power went."""

    begun: str
    """As the log writes times."""
    process: int
    version: str
    trace: str

    @property
    def crashed(self) -> bool:
        """True when the process died of a fault of its own."""
        return bool(self.trace)


@contextlib.contextmanager
def marked(at: Path | None = None) -> Iterator[None]:
    """Mark this session while the block runs, and have the C libraries' crashes written into the mark.

    Where no mark can be written they are written to the standard error, and the next start will not know.
    """
    try:
        path, file = _begin(at or folder())
    except OSError:
        _enable(sys.stderr)
        yield
        return
    _enable(file)
    try:
        yield
    finally:
        faulthandler.disable()
        file.close()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def cut_short(at: Path | None = None) -> list[CutShort]:
    """The sessions on this machine that were cut short, the newest first. Each is told of once: its mark is renamed."""
    where = at or folder()
    found = [told for path in sorted(where.glob("session-*.mark")) if (told := _look(path)) is not None]
    old = sorted(where.glob("crash-*.txt"))[:-KEPT]
    for path in old:
        with contextlib.suppress(OSError):
            path.unlink()
    return sorted(found, key=lambda each: each.begun, reverse=True)


def _begin(where: Path) -> tuple[Path, IO[str]]:
    where.mkdir(parents=True, exist_ok=True)
    begun = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    path = where / f"session-{begun.replace(':', '')}-{os.getpid()}.mark"
    file = path.open("x+", encoding="utf-8")
    try:
        try_lock(file.fileno())
        head = {"begun": begun, "process": os.getpid(), "host": platform.node(), "version": __version__}
        file.write(json.dumps(head) + "\n")
        file.flush()
    except OSError:
        file.close()
        path.unlink(missing_ok=True)
        raise
    return path, file


def _enable(file: IO[str] | None) -> None:
    with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):
        faulthandler.enable(file if file is not None else sys.stderr)


def _look(path: Path) -> CutShort | None:
    try:
        with path.open("r+", encoding="utf-8", errors="replace") as file:
            free = try_lock(file.fileno())
            if free is False:
                return None  # its window is open
            text = file.read(_MOST_CHARACTERS)
        head = _head(text)
        if head["host"] != platform.node() or (free is None and _runs(int(head["process"]))):
            return None
        path.replace(path.with_name(f"crash-{path.stem.removeprefix('session-')}.txt"))
    except (OSError, KeyError, TypeError, ValueError):
        return None
    trace = text.partition("\n")[2].strip()
    return CutShort(str(head["begun"]), int(head["process"]), str(head["version"]), trace)


def _head(text: str) -> dict[str, str | int]:
    head = json.loads(text.partition("\n")[0])
    return head if isinstance(head, dict) else {}


def _runs(process: int) -> bool:
    """On file systems without locks the process itself is asked for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
