"""What was measured, a JSON line each; what is there is not done again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Rows:
    """The rows of a file, and those that are added to it. ``setting`` is the file's first row: with other options its
    figures could not be compared, so ValueError says which differ."""

    def __init__(self, path: Path, setting: Row) -> None:
        self._path = path
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not text.endswith("\n") and text:
            self._write("")  # ends the line that its writer, killed, has not ended
        self._rows: list[Row] = [row for row in map(_parsed, text.splitlines()) if row is not None]
        if not self._rows:
            self.add(row="setting", **setting)
        kept = {name: value for name, value in self._rows[0].items() if name != "row"}
        wanted = json.loads(json.dumps(setting))
        if kept != wanted:
            other = [name for name in {**kept, **wanted} if kept.get(name) != wanted.get(name)]
            raise ValueError(f"{path} holds rows with another {', '.join(other)}; choose another --out")

    def add(self, **row: Any) -> None:
        """Write a row."""
        line = json.dumps(row)
        self._write(line)
        self._rows.append(json.loads(line))

    def _write(self, line: str) -> None:
        """In one piece at the end, so that several processes may share the file."""
        with self._path.open("ab", buffering=0) as file:
            file.write(line.encode() + b"\n")

    def all(self, **wanted: Any) -> list[Row]:
        """The rows that have these values, in the order in which they were written."""
        return [row for row in self._rows if all(row.get(name) == value for name, value in wanted.items())]

    def first(self, **wanted: Any) -> Row | None:
        """The first of them."""
        return next(iter(self.all(**wanted)), None)


def _parsed(line: str) -> Row | None:
    """None of a line that was cut off when its writer was killed."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
