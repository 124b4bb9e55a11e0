"""The mask of one image: three sparse planes of read-only tiles.

A tile is never written in place: a patch replaces it. So a snapshot is a shallow copy, undo swaps
references, and a worker may read a snapshot while somebody paints, without a lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from labeltool.core import cold
from labeltool.core.cold import SPARSE, ColdTile, Held, TileMap
from labeltool.core.geometry import TILE, Box, Size, TileIndex, tile_box

if TYPE_CHECKING:
    from labeltool.core.patch import Patch

PlaneName = Literal["label", "object", "origin"]
Tile = cold.Tile

PLANES: Final[Mapping[PlaneName, np.dtype[np.generic]]] = {
    "label": np.dtype(np.uint8),
    "object": np.dtype(np.uint32),
    "origin": np.dtype(np.uint8),
}


def freeze(tile: Tile) -> Tile:
    """The array, made read-only."""
    tile.setflags(write=False)
    return tile


class Plane:
    """A raster of one value a pixel, kept as 256x256 tiles; a missing tile holds ``fill`` everywhere."""

    __slots__ = ("dtype", "fill", "size", "tiles")

    def __init__(
        self,
        size: Size,
        dtype: np.dtype[np.generic],
        fill: int = 0,
        tiles: Mapping[TileIndex, Held] | None = None,
    ) -> None:
        self.size = size
        self.dtype = dtype
        self.fill = fill
        self.tiles = tiles if isinstance(tiles, TileMap) else TileMap(tiles)

    def copy(self) -> Plane:
        """A snapshot; the tiles are shared, which is safe because they are read-only."""
        return Plane(self.size, self.dtype, self.fill, self.tiles.copy())

    def tile(self, index: TileIndex) -> Tile:
        """The tile as a read-only array of its cut size (at most 256x256)."""
        found = self.tiles.get(index)
        return self.empty_tile(index) if found is None else found

    def empty_tile(self, index: TileIndex) -> Tile:
        """A read-only tile of the fill value that takes the memory of one pixel."""
        return constant_tile(self, index, self.fill)

    def read(self, box: Box, step: int = 1) -> Tile:
        """A new array [h, w] of every ``step``-th pixel of ``box``, which must lie inside the image."""
        out = np.full((-(-box.height // step), -(-box.width // step)), self.fill, self.dtype)
        rows, cols = _spans(box.y0, box.y1, step), _spans(box.x0, box.x1, step)
        for row, at_rows, first_row, last_row in rows:
            for col, at_cols, first_col, last_col in cols:
                held = self.tiles.held(TileIndex(row, col))
                if held is not None:
                    out[at_rows, at_cols] = _every(held, (first_row, first_col), (last_row, last_col), step)
        return out

    def dense(self) -> Tile:
        """The whole plane as a new array [height, width]."""
        return self.read(self.size.box)


def constant_tile(plane: Plane, index: TileIndex, value: int) -> Tile:
    """A read-only tile of one value that takes the memory of one pixel."""
    box = tile_box(index, plane.size)
    return np.broadcast_to(np.array(value, plane.dtype), (box.height, box.width))


def constant_value(plane: Plane, index: TileIndex) -> int | None:
    """The value of a tile that is known to hold no other; None also where nobody has looked."""
    tile = plane.tiles.held(index)
    if tile is None:
        return plane.fill
    if isinstance(tile, ColdTile) or tile.strides != (0, 0):
        return None
    return int(tile[0, 0])


def _spans(start: int, stop: int, step: int) -> list[tuple[int, slice, int, int]]:
    """Along one side, every ``step``-th pixel of start..stop by the tiles they lie in: the tile's number, where they
    come to lie in the result, and the first and one past the last within the tile."""
    found = []
    for tile in range(start // TILE, -(-stop // TILE)):
        corner = tile * TILE
        first = max(start, corner)
        first += (start - first) % step
        last = min(stop, corner + TILE)
        if first < last:
            at = (first - start) // step
            found.append((tile, slice(at, at - (first - last) // step), first - corner, last - corner))
    return found


def _every(held: Held, start: tuple[int, int], stop: tuple[int, int], step: int) -> Tile:
    """Every ``step``-th pixel of a tile between two corners (row, column); not inflated where it need not be."""
    (y, x), (bottom, right) = start, stop
    if isinstance(held, ColdTile):
        if held.sparse is not None and step % SPARSE == y % SPARSE == x % SPARSE == 0:
            rows, cols = slice(y // SPARSE, -(-bottom // SPARSE)), slice(x // SPARSE, -(-right // SPARSE))
            return held.sparse[rows, cols][:: step // SPARSE, :: step // SPARSE]
        held = held.array()
    return held[y:bottom:step, x:right:step]


class LabelMask:
    """What is known of every pixel of an image: class (``label``), ``object`` and ``origin``.

    ``label`` is uint8, 255 = ignore. ``object`` is uint32, 0 where an object is simply a connected
    region. ``origin`` holds values of :class:`~labeltool.core.provenance.Origin`.
    Only a patch changes a mask, and only a session applies patches.
    """

    __slots__ = ("planes", "size")

    def __init__(
        self, size: Size, unlabelled_value: int = 0, planes: dict[PlaneName, Plane] | None = None
    ) -> None:
        self.size = size
        self.planes: dict[PlaneName, Plane] = planes or {
            name: Plane(size, dtype, unlabelled_value if name == "label" else 0)
            for name, dtype in PLANES.items()
        }

    @property
    def unlabelled_value(self) -> int:
        """Label value of pixels nobody has set."""
        return self.planes["label"].fill

    def snapshot(self) -> LabelMask:
        """A mask that later patches do not change; costs one dict copy a plane."""
        return LabelMask(self.size, planes={name: plane.copy() for name, plane in self.planes.items()})

    def read(self, plane: PlaneName, box: Box | None = None) -> Tile:
        """A new array of a plane's pixels: of ``box``, or of the whole image."""
        return self.planes[plane].read(self.size.box if box is None else box)

    def apply(self, patch: Patch) -> None:
        """Replace the tiles that ``patch`` names. Patches are made against this very mask."""
        for (name, index), delta in patch.deltas.items():
            plane = self.planes[name]
            if delta.held_after is None:
                plane.tiles.discard(index)
            else:
                plane.tiles.put(index, delta.held_after)

    def occupied(self) -> Iterator[TileIndex]:
        """Tiles that somebody has touched, in reading order."""
        yield from sorted({index for plane in self.planes.values() for index in plane.tiles})

    def same_pixels(self, other: LabelMask) -> bool:
        """True when all three planes hold the same values."""
        if self.size != other.size:
            return False
        return all(
            np.array_equal(self.planes[name].tile(index), other.planes[name].tile(index))
            for name in PLANES
            for index in {*self.planes[name].tiles, *other.planes[name].tiles}
        )

    def cool(self, bound: int) -> None:
        """Leave at most ``bound`` bytes of arrays in each plane; tiles written longest ago are deflated."""
        for plane in self.planes.values():
            plane.tiles.cool(bound)

    def nbytes(self) -> int:
        """Bytes of pixels kept in memory."""
        return sum(plane.tiles.memory() for plane in self.planes.values())
