"""The connected component of one pixel, followed from tile to tile: a tile border is never seen in it.

Regions are 8-connected, as the project counts objects. What lies between them is 4-connected: or a diagonal line one
pixel wide, which is one region, would not keep apart what is on its two sides, and a fill would leak through it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.algebra import Alike
from labeltool.core.geometry import Box, Size, TileIndex, tile_box, tiles_in
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Bools, Part, Shape, Tiles

Connectivity = Literal[4, 8]
SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))
CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
KEPT_TILES = 256
"""Tiles whose components are remembered while a region is followed; 128 KiB each."""
CHECKED_EVERY = 64

Ids = NDArray[np.uint16]


def labelled(part: Part, connectivity: Connectivity) -> Ids | bool:
    """Component numbers 1..n of the pixels of a tile, 0 outside; or what a tile of one value is."""
    if not isinstance(part, np.ndarray):
        return part
    inside = np.ascontiguousarray(part).view(np.uint8)
    return cv2.connectedComponents(inside, connectivity=connectivity, ltype=cv2.CV_16U)[1].astype(
        np.uint16, copy=False
    )


def _strip(box: Box, step: tuple[int, int]) -> tuple[slice, slice]:
    """Index of the pixels of a tile that face the neighbour ``step`` (rows, columns) away."""

    def side(towards: int, length: int) -> slice:
        return {-1: slice(0, 1), 0: slice(0, length), 1: slice(length - 1, length)}[towards]

    return side(step[0], box.height), side(step[1], box.width)


def component(
    shape: Shape,
    size: Size,
    seed: tuple[int, int],
    connectivity: Connectivity = 8,
    cancel: CancelToken | None = None,
) -> Tiles:
    """The pixels of a shape connected with the pixel ``seed`` (column, row); none where it lies outside.

    Works from tile to tile: those wholly inside or outside cost nothing. Raises CancelledError after a cancel.
    """
    flood = _Flood(shape, size, connectivity)
    flood.enter(seed)
    for count, _ in enumerate(flood.steps()):
        if cancel is not None and count % CHECKED_EVERY == 0:
            cancel.check()
    return flood.reached()


def region_at(mask: LabelMask, seed: tuple[int, int], cancel: CancelToken | None = None) -> Tiles:
    """The pixels connected with ``seed`` (column, row) that have its class and its object id.

    What is unlabelled or background is 4-connected, everything else 8-connected.
    """
    x, y = seed
    if not (0 <= x < mask.size.width and 0 <= y < mask.size.height):
        return Tiles(mask.size, {})
    planes = mask.planes["label"], mask.planes["object"]
    values = [int(plane.read(Box(x, y, x + 1, y + 1))[0, 0]) for plane in planes]
    connectivity: Connectivity = 4 if values[0] == mask.unlabelled_value else 8
    return component(Alike(planes, values, mask.size.box), mask.size, seed, connectivity, cancel)


class _Flood:
    """Which components of which tiles have been reached, and from which of them the way goes on."""

    def __init__(self, shape: Shape, size: Size, connectivity: Connectivity) -> None:
        self.size = size
        self._connectivity = connectivity
        self._shape = shape
        self._area = shape.box.intersect(size.box)
        self._steps = SIDES if connectivity == 4 else SIDES + CORNERS
        self._inside: dict[TileIndex, set[int]] = {}
        self._new: dict[TileIndex, set[int]] = {}
        self._whole: dict[TileIndex, bool] = {}
        self._labelled = lru_cache(KEPT_TILES)(self._label)
        indices = list(tiles_in(self._area, size))
        self._last = indices[-1] if indices else TileIndex(-1, -1)
        self._first = indices[0] if indices else TileIndex(0, 0)

    def _label(self, index: TileIndex) -> Ids | bool:
        return labelled(self._shape.part(tile_box(index, self.size)), self._connectivity)

    def _ids(self, index: TileIndex) -> Ids | bool:
        known = self._whole.get(index)
        if known is not None:
            return known
        found = self._labelled(index)
        if isinstance(found, bool):
            self._whole[index] = found
        return found

    def enter(self, seed: tuple[int, int]) -> None:
        """Begin at a pixel."""
        x, y = seed
        for index in tiles_in(Box(x, y, x + 1, y + 1).intersect(self._area), self.size):
            ids, box = self._ids(index), tile_box(index, self.size)
            self._reach(index, {int(ids)} if isinstance(ids, bool) else {int(ids[y - box.y0, x - box.x0])})

    def _reach(self, index: TileIndex, ids: set[int]) -> None:
        new = ids - self._inside.setdefault(index, set()) - {0}
        if new:
            self._inside[index] |= new
            self._new.setdefault(index, set()).update(new)

    def steps(self) -> Iterator[TileIndex]:
        """Go on to the neighbours of a tile, until nothing new is reached."""
        while self._new:
            index, new = self._new.popitem()
            ids = self._ids(index)
            for step in self._steps:
                there = TileIndex(index.row + step[0], index.col + step[1])
                if (
                    self._first.row <= there.row <= self._last.row
                    and self._first.col <= there.col <= self._last.col
                ):
                    self._cross(index, ids, new, there, step)
            yield index

    def _cross(
        self, index: TileIndex, ids: Ids | bool, new: set[int], there: TileIndex, step: tuple[int, int]
    ) -> None:
        other = self._ids(there)
        if isinstance(other, bool) and (not other or self._inside.get(there)):
            return
        if isinstance(ids, bool) and isinstance(other, bool):
            self._reach(there, {1})
            return
        facing = self._facing(index, ids, new, step)
        if not facing.any():
            return
        if isinstance(other, bool):
            self._reach(there, {1})
            return
        edge = other[_strip(tile_box(there, self.size), (-step[0], -step[1]))].ravel()
        self._reach(there, set(np.unique(edge[facing]).tolist()))

    def _facing(self, index: TileIndex, ids: Ids | bool, new: set[int], step: tuple[int, int]) -> Bools:
        """Along the border to a neighbour: the pixels of it that touch what has just been reached."""
        box = tile_box(index, self.size)
        rows, cols = _strip(box, step)
        if isinstance(ids, bool):
            return np.ones((rows.stop - rows.start) * (cols.stop - cols.start), bool)
        own = np.isin(ids[rows, cols].ravel(), list(new))
        return _widened(own) if self._connectivity == 8 else own

    def reached(self) -> Tiles:
        """All that was reached."""
        parts: dict[TileIndex, Bools | bool] = {}
        for index, chosen in self._inside.items():
            if chosen:
                ids = self._ids(index)
                parts[index] = True if isinstance(ids, bool) else np.isin(ids, list(chosen))
        return Tiles(self.size, parts)


def _widened(line: Bools) -> Bools:
    """A pixel more on each side: what an 8-connected line touches in the next one."""
    wide = line.copy()
    wide[1:] |= line[:-1]
    wide[:-1] |= line[1:]
    return wide
