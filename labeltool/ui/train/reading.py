"""The rows of a run as they are written, each read once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from labeltool.inference.run import METRICS

KNOWN_BYTES = 256


class News(NamedTuple):
    """``rows`` that have been written since; ``anew`` says that they are all there are, and what was read before is
    not so any more."""

    rows: list[dict[str, Any]]
    anew: bool


class RowReader:
    """Reads on where it stopped. A run that goes on cuts off what it does again: then all is read anew."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS
        self._place = 0
        self._last = b""  # what stood before the place, by which it is known again

    def news(self) -> News:
        """What has been written since; a row that is not written to its end is left for later."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._place - len(self._last))
                anew = file.read(len(self._last)) != self._last
                if anew:
                    self._place, self._last = 0, b""
                    file.seek(0)
                whole, newline, _ = file.read().rpartition(b"\n")
        except OSError:
            return News([], anew=False)
        self._place += len(whole) + len(newline)
        self._last = (self._last + whole + newline)[-KNOWN_BYTES:]
        return News([row for row in map(_row, whole.split(b"\n")) if row], anew)


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}
