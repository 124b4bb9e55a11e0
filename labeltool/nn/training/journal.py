"""The rows of metrics.jsonl: what happened in a run, in order."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labeltool.inference.run import METRICS
from labeltool.inference.training_process import Log

_DIGITS = 6


class Journal:
    """Appends rows, and passes each on to ``heard`` once it is written. ``place`` is where the next one begins."""

    def __init__(self, folder: Path, heard: Log) -> None:
        self._file = (folder / METRICS).open("ab")
        self._heard = heard

    @property
    def place(self) -> int:
        """Bytes written, and on the disk from now on."""
        os.fsync(self._file.fileno())
        return self._file.tell()

    def cut(self, place: int) -> None:
        """Forget what was written from there on: what has been undone."""
        self._file.truncate(min(place, self._file.seek(0, os.SEEK_END)))
        self._file.seek(0, os.SEEK_END)

    def add(self, **values: Any) -> None:
        """Write a row; numbers are rounded, and what is not a number is null, as JSON has it."""
        row = {name: _plain(value) for name, value in values.items()}
        self._file.write(json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        self._file.flush()
        self._heard(row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError:  # a full disk: what could not be written is tried once more
            if error is None:
                raise


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    return value
