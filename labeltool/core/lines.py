"""A file of JSON lines that only grows: each is written at once, so that a kill leaves it whole or cut off."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from labeltool.core.atomic import make_folder, sync_folder


def append(path: Path, values: Mapping[str, Any]) -> None:
    """Add a line; it is on the disk when this returns. OSError, and a file as it was, when it cannot be written."""
    make_folder(path.parent)
    line = json.dumps(values).encode() + b"\n"
    with path.open("ab+", buffering=0) as file:  # a buffer would be written once more when the file is closed
        end = file.seek(0, os.SEEK_END)
        try:
            _write_whole(file, line if _ends(file, end) else b"\n" + line)
            os.fsync(file.fileno())
            sync_folder(path.parent)
        except OSError:
            with suppress(OSError):
                file.truncate(end)
            raise


def _ends(file: FileIO, end: int) -> bool:
    """True where a line can begin: nothing was cut off before."""
    file.seek(max(0, end - 1))
    return end == 0 or file.read(1) == b"\n"


def _write_whole(file: FileIO, data: bytes) -> None:
    """A full disk may take the beginning, and say so only when it is asked for the rest."""
    while data:
        data = data[file.write(data) :]


def read(path: Path) -> list[Any]:
    """The values of all lines, oldest first; None for one that is damaged. What a kill has cut off, or a power cut has
    left zeros of, has not happened.

    OSError when there is a file that cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = [_arrived(line) for line in data.splitlines()]
    return [_value(line) for line in lines if line.strip() and not _cut_off(line)]


def _arrived(line: bytes) -> bytes:
    """A line without what never reached the disk: there it has zeros, and no line of ours holds one. Behind them may be
    a whole line that was added later, or the end of the same one."""
    _, hole, rest = line.rpartition(b"\0")
    return rest if not hole or rest.startswith(b"{") else b""


def _value(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _cut_off(line: bytes) -> bool:
    """True of what a kill leaves of a line: its beginning."""
    return line.startswith(b"{") and not line.endswith(b"}")
