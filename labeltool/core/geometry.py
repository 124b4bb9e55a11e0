"""Sizes, boxes and the tile grid.

Points are (x, y) with the origin at the top-left corner of the top-left pixel, arrays are [row, col],
boxes are half-open: a box holds x0 and not x1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

TILE = 256
"""Side of a mask tile in pixels; tiles at the right and bottom border are cut to the image."""


MOST_SIDE: Final = 1 << 24
"""Pixels; a mosaic of the whole Earth at 2.5 m is as wide. What is said to be larger is a damaged number."""


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def is_possible(self) -> bool:
        """Whether an image can be of this size."""
        return 1 <= self.width <= MOST_SIDE and 1 <= self.height <= MOST_SIDE

    @property
    def box(self) -> Box:
        """The whole image."""
        return Box(0, 0, self.width, self.height)


class Box(NamedTuple):
    """A half-open rectangle of pixels."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Columns in the box; zero when it is empty."""
        return max(0, self.x1 - self.x0)

    @property
    def height(self) -> int:
        """Rows in the box; zero when it is empty."""
        return max(0, self.y1 - self.y0)

    @property
    def is_empty(self) -> bool:
        """True when no pixel lies inside."""
        return self.x1 <= self.x0 or self.y1 <= self.y0

    def intersect(self, other: Box) -> Box:
        """The pixels in both boxes; may be empty."""
        return Box(
            max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1)
        )

    def union(self, other: Box) -> Box:
        """The smallest box around both; an empty box adds nothing."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        return Box(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )

    def grow(self, margin: int) -> Box:
        """The box with ``margin`` pixels more on every side."""
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def slices(self, origin: Box | None = None) -> tuple[slice, slice]:
        """Array index of this box inside an array whose first pixel is the corner of ``origin``."""
        ox, oy = (origin.x0, origin.y0) if origin is not None else (0, 0)
        return slice(self.y0 - oy, self.y1 - oy), slice(self.x0 - ox, self.x1 - ox)


class TileIndex(NamedTuple):
    """Place of a tile in the grid."""

    row: int
    col: int


def tile_box(index: TileIndex, size: Size) -> Box:
    """The pixels of a tile, cut to the image."""
    x0, y0 = index.col * TILE, index.row * TILE
    return Box(x0, y0, min(x0 + TILE, size.width), min(y0 + TILE, size.height))


def tiles_in(box: Box, size: Size) -> Iterator[TileIndex]:
    """The tiles that hold at least one pixel of ``box``, row by row."""
    inside = box.intersect(size.box)
    if inside.is_empty:
        return
    for row in range(inside.y0 // TILE, -(-inside.y1 // TILE)):
        for col in range(inside.x0 // TILE, -(-inside.x1 // TILE)):
            yield TileIndex(row, col)


def blocks(size: Size, side: int) -> Iterator[Box]:
    """An image in squares of ``side`` pixels, row by row, those at the right and bottom border cut to it."""
    for top in range(0, size.height, side):
        for left in range(0, size.width, side):
            yield Box(left, top, left + side, top + side).intersect(size.box)
