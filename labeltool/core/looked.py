"""For how long each part of an image has been looked at, on a coarse grid: what nobody has looked at can be shown."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.flate import zlib
from labeltool.core.geometry import Box, Size

CELL: Final = 64
"""Side of a cell in pixels of the image; cells at the right and bottom border are cut to the image."""

LEAST_ZOOM: Final = 0.5
"""Pixels of the screen that a pixel of the image has at least along a side. Outlines are told apart to within 2 pixels;
at half of full resolution these two are still one pixel of the screen, and from farther away they are not seen."""

LEAST_S: Final = 0.5
"""On the screen for less than this nothing was looked at: the eye rests a third of a second on what it sees."""

_TENTHS: Final = np.dtype("<u2")

Cells = NDArray[np.bool_]


@dataclass
class Looked:
    """``seconds``, float64 [rows, columns] of cells: for how long a pixel of each was on the screen, as a mean over its
    pixels. A cell of which half was seen for a second has half a second."""

    size: Size
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))

    def __post_init__(self) -> None:
        shape = -(-self.size.height // CELL), -(-self.size.width // CELL)
        if self.seconds.size == 0:
            self.seconds = np.zeros(shape)
        if self.seconds.shape != shape:
            raise ValueError(f"the grid has {self.seconds.shape} cells, and the image {shape}")

    def add(self, box: Box, zoom: float, seconds: float) -> None:
        """The pixels of ``box`` were on the screen, ``zoom`` pixels of it to one of theirs. From too far away to be
        judged that is not looking, and adds nothing."""
        seen = box.intersect(self.size.box)
        if zoom < LEAST_ZOOM or seen.is_empty or seconds <= 0:
            return
        rows, down = _covered(seen.y0, seen.y1, self.size.height)
        columns, across = _covered(seen.x0, seen.x1, self.size.width)
        self.seconds[rows, columns] += seconds * np.outer(down, across)

    def __iadd__(self, other: Looked) -> Looked:
        """Add another time at which the same image was looked at."""
        self.seconds += other.seconds
        return self

    @property
    def never(self) -> Cells:
        """The cells that nobody has looked at, bool [rows, columns]."""
        return self.seconds < LEAST_S

    @property
    def share(self) -> float:
        """The share of the image's pixels that lie in cells that somebody has looked at."""
        return float(self._pixels()[~self.never].sum()) / self.size.pixels

    def next_area(self, room: Size, after: Box | None = None) -> Box | None:
        """Where to look next: a box around cells that nobody has looked at, no larger than ``room`` (but for one cell);
        None where there are none. They come in reading order, going on behind the box ``after``, and from the top again
        at the end."""
        never = self.never
        if after is not None and (left := never & ~self._inside(after)).any():
            never = left
        rows, columns = np.nonzero(never)
        if not len(rows):
            return None
        start = (-1, -1) if after is None else (after.y0 // CELL, after.x0 // CELL)
        row, column = next(
            (each for each in zip(rows.tolist(), columns.tolist(), strict=True) if each > start),
            (int(rows[0]), int(columns[0])),
        )
        down, across = max(1, room.height // CELL), max(1, room.width // CELL)
        part = never[row : row + down, column : column + across]
        down, across = (int(np.flatnonzero(part.any(axis=axis))[-1]) + 1 for axis in (1, 0))
        cells = Box(column, row, column + across, row + down)
        return Box(*(edge * CELL for edge in cells)).intersect(self.size.box)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: tenths of seconds, those past 6,553 s cut off, deflated."""
        tenths = np.minimum(np.rint(self.seconds * 10), np.iinfo(_TENTHS).max).astype(_TENTHS)
        return {"cell": CELL, "tenths": base64.b64encode(zlib.compress(tenths.tobytes(), 6)).decode("ascii")}

    @classmethod
    def from_json(cls, data: dict[str, Any], size: Size) -> Looked:
        """What :meth:`to_json` gave of an image of this size; ValueError for anything else."""
        shape = -(-size.height // CELL), -(-size.width // CELL)
        wanted = shape[0] * shape[1] * _TENTHS.itemsize
        try:
            if data["cell"] != CELL:
                raise ValueError(f"cells of {data['cell']} pixels")
            inflater = zlib.decompressobj()
            raw = inflater.decompress(base64.b64decode(data["tenths"], validate=True), wanted + 1)
        except (KeyError, TypeError, binascii.Error, zlib.error) as error:
            raise ValueError(f"not what was looked at: {error!r}") from error
        if len(raw) != wanted:
            raise ValueError("what was looked at is of an image of another size")
        return cls(size, np.frombuffer(raw, _TENTHS).reshape(shape) / 10)

    def _inside(self, box: Box) -> Cells:
        """The cells that a box meets."""
        met = np.zeros(self.seconds.shape, bool)
        met[box.y0 // CELL : -(-box.y1 // CELL), box.x0 // CELL : -(-box.x1 // CELL)] = True
        return met

    def _pixels(self) -> NDArray[np.int64]:
        """How many pixels each cell has."""
        sides = [np.minimum(CELL, length - np.arange(0, length, CELL)) for length in self.size]
        return np.outer(sides[1], sides[0])


def _covered(start: int, stop: int, length: int) -> tuple[slice, NDArray[np.float64]]:
    """Along one side of ``length`` pixels the cells that start..stop meets, and which share of each it covers."""
    cells = slice(start // CELL, -(-stop // CELL))
    low = np.arange(cells.start, cells.stop) * CELL
    high = np.minimum(low + CELL, length)
    return cells, (np.minimum(high, stop) - np.maximum(low, start)) / (high - low)
