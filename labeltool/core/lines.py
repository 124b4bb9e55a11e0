"""A file of JSON lines that only grows: each is written at once, so that a kill leaves it whole or cut off."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeltool.core.atomic import sync_folder


def append(path: Path, values: Mapping[str, Any]) -> None:
    """Add a line; it is on the disk when this returns. OSError when it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(values).encode() + b"\n"
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read() == b"\n" else b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def read(path: Path) -> list[Any]:
    """The values of all lines, oldest first; None for one that is damaged. What a kill has cut off has not happened.

    OSError when there is a file that cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return [_value(line) for line in data.splitlines() if line.strip() and not _cut_off(line)]


def _value(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _cut_off(line: bytes) -> bool:
    """True of what a kill leaves of a line: its beginning."""
    return line.startswith(b"{") and not line.endswith(b"}")
