"""Tables of measures: columns with units, in one unit each, sorted, and written for other people's programs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.app.choices import Unit
from labeltool.core.atomic import replacing, writable
from labeltool.core.errors import BadInputError
from labeltool.core.project import Skipped
from labeltool.store.layout import MASKS

Numbers = NDArray[np.float64]
Kind = Literal["text", "count", "number", "length", "area", "volume", "value"]
"""What a column holds; ``value`` is something of the image itself, and comes last."""

METRES: Final = {"px": 1.0, "um": 1e-6, "mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3}
SQUARE_METRES: Final = {
    "px": 1.0, "um2": 1e-12, "mm2": 1e-6, "cm2": 1e-4, "m2": 1.0, "ha": 1e4, "km2": 1e6,
}  # fmt: skip
CUBIC_METRES: Final = {"mm3": 1e-9, "ml": 1e-6}
_LENGTH_STEPS: Final = ((1e4, "km"), (1.0, "m"), (1e-4, "mm"), (0.0, "um"))
_AREA_STEPS: Final = ((1e6, "km2"), (1e4, "ha"), (1e-2, "m2"), (1e-8, "mm2"), (0.0, "um2"))
"""From which typical size in m or m² a unit is taken."""

FORMULA: Final = "=+-@＝＋－＠\t\r\n"
"""What a cell begins with that a spreadsheet runs, and the wide forms that some take for the same."""


class Column(NamedTuple):
    """A column: its name, what it holds, and in which unit."""

    name: str
    kind: Kind
    unit: str = ""

    @property
    def header(self) -> str:
        """The name with the unit."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True)
class Table:
    """Rows by column: texts as a list, everything else as float64 [rows], NaN where there is nothing to say.

    ``images`` holds the image of each row by id and ``boxes`` where in it (int64 [rows, 4]); both are empty where rows
    are of several images.
    """

    columns: list[Column]
    data: list[list[str] | Numbers]
    images: list[str]
    boxes: NDArray[np.int64]
    notices: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.data[0]) if self.data else 0

    def text(self, row: int, column: int, digits: int = 10) -> str:
        """A cell in words, with a dot for decimals and at least so many digits of it; empty where there is nothing to
        say."""
        value = self.value(row, column)
        if isinstance(value, float):
            return f"{value:.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"
        return "" if value is None else str(value)

    def value(self, row: int, column: int) -> str | int | float | None:
        """A cell as JSON takes it."""
        found = self.data[column][row]
        if isinstance(found, str):
            return found
        if not np.isfinite(found):
            return None
        return int(found) if self.columns[column].kind == "count" else float(found)

    def records(self) -> list[dict[str, str | int | float | None]]:
        """The rows as JSON takes them."""
        heads = [column.header for column in self.columns]
        return [{head: self.value(row, k) for k, head in enumerate(heads)} for row in range(len(self))]

    def order(self, column: int, descending: bool = False) -> NDArray[np.int64]:
        """The rows sorted by a column; those with nothing to say come last, equal ones stay in their order."""
        cells = self.data[column]
        if isinstance(cells, list):
            return np.array(
                sorted(range(len(cells)), key=lambda r: cells[r].casefold(), reverse=descending), int
            )
        return np.argsort(-cells if descending else cells, kind="stable")


class Rows:
    """A table that grows by blocks of rows which need not have the same columns."""

    def __init__(self) -> None:
        self._blocks: list[tuple[int, dict[Column, Any]]] = []

    def add(self, count: int, cells: dict[Column, Any]) -> None:
        """Some rows, or none that tell of columns; a cell that is the same for all of them is given once."""
        self._blocks.append((count, cells))

    def columns(self) -> list[Column]:
        """All columns in the order in which they came, values last."""
        found = dict.fromkeys(column for _, cells in self._blocks for column in cells)
        return sorted(found, key=lambda column: column.kind == "value")

    def cells(self, column: Column) -> list[str] | Numbers:
        """All cells of a column, in the unit in which they came."""
        if column.kind == "text":
            return [text for count, cells in self._blocks for text in _texts(cells.get(column, ""), count)]
        parts = [np.broadcast_to(cells.get(column, np.nan), count) for count, cells in self._blocks]
        return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)


def _texts(given: str | Sequence[str], count: int) -> Sequence[str]:
    return [given] * count if isinstance(given, str) else given


def in_one_unit(rows: Rows, unit: Unit) -> tuple[list[Column], list[list[str] | Numbers]]:
    """The columns and their cells: lengths, areas and volumes from m, m² and m³ to a unit that the headers name."""
    columns = rows.columns()
    data = [rows.cells(column) for column in columns]
    units = _units(unit, columns, data)
    for k, (column, cells) in enumerate(zip(columns, data, strict=True)):
        if column.kind in units and not isinstance(cells, list):
            name, worth = units[column.kind]
            columns[k], data[k] = column._replace(unit=name), cells / worth
    return columns, data


def _units(
    unit: Unit, columns: Sequence[Column], data: Sequence[list[str] | Numbers]
) -> dict[str, tuple[str, float]]:
    """The unit of lengths, areas and volumes, and what it is worth in m, m² and m³."""
    if unit == "auto":
        length = _suitable(_LENGTH_STEPS, _typical("length", columns, data))
        area = _suitable(_AREA_STEPS, _typical("area", columns, data))
    elif unit == "ha":
        length, area = "m", "ha"
    else:
        length, area = unit, unit if unit == "px" else f"{unit}2"
    volumes = _typical("volume", columns, data)
    small = unit in ("um", "mm") or (unit == "auto" and volumes < CUBIC_METRES["ml"])
    volume = "mm3" if small else "ml"
    return {
        "length": (length, METRES[length]),
        "area": (area, SQUARE_METRES[area]),
        "volume": (volume, CUBIC_METRES[volume]),
    }


def _typical(kind: Kind, columns: Sequence[Column], data: Sequence[list[str] | Numbers]) -> float:
    """The median of what is not 0, in m, m² or m³."""
    parts = [cells for column, cells in zip(columns, data, strict=True) if column.kind == kind]
    numbers = np.concatenate([np.asarray(part, np.float64) for part in parts] or [np.zeros(0)])
    numbers = numbers[np.isfinite(numbers) & (numbers > 0)]
    return float(np.median(numbers)) if len(numbers) else 1.0


def _suitable(steps: Sequence[tuple[float, str]], size: float) -> str:
    return next(unit for least, unit in steps if size >= least)


def refuse_csv(path: Path, project: Path) -> None:
    """BadInputError for a path that is not meant for a table."""
    if path.suffix.lower() != ".csv" or path.is_dir():
        raise BadInputError("the table needs the name of a file that ends in .csv", file=path)
    if not path.absolute().parent.is_dir():
        raise BadInputError(
            "there is no such folder", file=path.parent, hint="Make it first, or choose another"
        )
    if not writable(path.absolute().parent):
        raise BadInputError("nothing can be written to this folder", file=path.parent, hint="Choose another")
    if path.resolve().is_relative_to((project / MASKS).resolve()):
        raise BadInputError("this folder is for the project's masks", file=path, hint="Choose another")


def write_csv(table: Table, path: Path) -> list[str]:
    """Write a table as UTF-8 with commas, dots for decimals and units in the header; whole or not at all.

    What a spreadsheet would take for a formula gets ' in front; the sentences that come back say so. OSError where it
    cannot be written.
    """
    guarded: set[str] = set()

    def cell(row: int, column: int) -> str:
        found = table.text(row, column)
        if table.columns[column].kind != "text":
            return found
        safe = harmless(found)
        if safe != found:
            guarded.add(found)
        return safe

    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(harmless(column.header) for column in table.columns)
        columns = range(len(table.columns))
        writer.writerows([cell(row, column) for column in columns] for row in range(len(table)))
    if not guarded:
        return []
    return [f"names that a spreadsheet would take for formulas begin with ' in the file: {len(guarded)}"]


def harmless(text: str) -> str:
    """A text that no spreadsheet runs and every file of UTF-8 can hold."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return f"'{text}" if text.lstrip(" ")[:1] in tuple(FORMULA) else text
