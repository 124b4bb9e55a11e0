"""The connected component of one pixel, followed from tile to tile: a tile border is never seen in it.

Regions are 8-connected, as the project counts objects. What lies between them is 4-connected: or a diagonal line one
pixel wide, which is one region, would not keep apart what is on its two sides, and a fill would leak through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.algebra import Alike, Heeding
from labeltool.core.bits import BitParts, Bits
from labeltool.core.geometry import Box, Size, TileIndex, tile_box, tiles_in
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Bools, Part, Shape, Tiles

Connectivity = Literal[4, 8]
SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))
CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))

Ids = NDArray[np.uint16]


def labelled(part: Part, connectivity: Connectivity) -> Ids | bool:
    """Component numbers 1..n of the pixels of a tile, 0 outside; or what a tile of one value is."""
    if not isinstance(part, np.ndarray):
        return part
    inside = np.ascontiguousarray(part).view(np.uint8)
    return cv2.connectedComponents(inside, connectivity=connectivity, ltype=cv2.CV_16U)[1].astype(
        np.uint16, copy=False
    )


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
    flood = _Flood(shape if cancel is None else Heeding(shape, cancel), size, connectivity)
    flood.enter(seed)
    flood.go_on()
    return flood.reached()


def region_at(
    mask: LabelMask, seed: tuple[int, int], cancel: CancelToken | None = None, within: Box | None = None
) -> Tiles:
    """The pixels connected with ``seed`` (column, row) that have its class and its object id; ``within`` a box, where
    the way from pixel to pixel stays in it too.

    What is unlabelled or background is 4-connected, everything else 8-connected.
    """
    x, y = seed
    if not (0 <= x < mask.size.width and 0 <= y < mask.size.height):
        return Tiles(mask.size, {})
    planes = mask.planes["label"], mask.planes["object"]
    values = [int(plane.read(Box(x, y, x + 1, y + 1))[0, 0]) for plane in planes]
    connectivity: Connectivity = 4 if values[0] == mask.unlabelled_value else 8
    box = mask.size.box if within is None else within
    return component(Alike(planes, values, box), mask.size, seed, connectivity, cancel)


class _Seen(NamedTuple):
    """What is remembered of a tile with pixels inside and outside: how many components it has, their numbers along its
    borders, by the step to the neighbour, and which pixels are inside."""

    components: int
    borders: Mapping[tuple[int, int], Ids]
    inside: Bits

    @classmethod
    def of(cls, ids: Ids) -> _Seen:
        across = {-1: slice(0, 1), 0: slice(None), 1: slice(-1, None)}
        borders = {step: ids[across[step[0]], across[step[1]]].ravel().copy() for step in SIDES + CORNERS}
        return cls(int(ids.max()), borders, Bits.of(ids > 0))


class _Flood:
    """Which components of which tiles have been reached, and from which of them the way goes on."""

    def __init__(self, shape: Shape, size: Size, connectivity: Connectivity) -> None:
        self.size = size
        self._connectivity = connectivity
        self._shape = shape
        self._area = shape.box.intersect(size.box)
        self._steps = SIDES if connectivity == 4 else SIDES + CORNERS
        self._reached: dict[TileIndex, set[int]] = {}
        self._new: dict[TileIndex, set[int]] = {}
        self._seen: dict[TileIndex, _Seen | bool] = {}
        indices = list(tiles_in(self._area, size))
        self._last = indices[-1] if indices else TileIndex(-1, -1)
        self._first = indices[0] if indices else TileIndex(0, 0)

    def _ids(self, index: TileIndex) -> Ids | bool:
        return labelled(self._shape.part(tile_box(index, self.size)), self._connectivity)

    def _look(self, index: TileIndex) -> _Seen | bool:
        known = self._seen.get(index)
        if known is None:
            ids = self._ids(index)
            known = self._seen[index] = ids if isinstance(ids, bool) else _Seen.of(ids)
        return known

    def enter(self, seed: tuple[int, int]) -> None:
        """Begin at a pixel."""
        x, y = seed
        for index in tiles_in(Box(x, y, x + 1, y + 1).intersect(self._area), self.size):
            ids, box = self._ids(index), tile_box(index, self.size)
            self._reach(index, {int(ids)} if isinstance(ids, bool) else {int(ids[y - box.y0, x - box.x0])})

    def _reach(self, index: TileIndex, ids: set[int]) -> None:
        new = ids - self._reached.get(index, set()) - {0}
        if new:
            self._reached.setdefault(index, set()).update(new)
            self._new.setdefault(index, set()).update(new)

    def go_on(self) -> None:
        """Go on to the neighbours of a tile, until nothing new is reached."""
        (top, left), (bottom, right) = self._first, self._last
        while self._new:
            index, new = self._new.popitem()
            here = self._look(index)
            row, col = index
            for step in self._steps:
                there = TileIndex(row + step[0], col + step[1])
                if top <= there.row <= bottom and left <= there.col <= right:
                    self._cross(here, new, there, step)

    def _cross(self, here: _Seen | bool, new: set[int], there: TileIndex, step: tuple[int, int]) -> None:
        """Reach what touches the components ``new`` of a tile in the neighbour ``step`` (rows, columns) away."""
        other = self._look(there)
        if other is False or (other is True and there in self._reached):
            return
        facing = slice(None) if isinstance(here, bool) else self._facing(here, new, step)
        if isinstance(other, bool):
            if isinstance(facing, slice) or facing.any():
                self._reach(there, {1})
            return
        border = other.borders[-step[0], -step[1]]
        self._reach(there, set(border[facing].tolist()))

    def _facing(self, here: _Seen, new: set[int], step: tuple[int, int]) -> Bools:
        """Along the border to a neighbour: the pixels that touch the components ``new``."""
        own: Bools = _table(here.components, new)[here.borders[step]]
        return _widened(own) if self._connectivity == 8 else own

    def reached(self) -> Tiles:
        """All that was reached."""
        return Tiles(self.size, BitParts({index: self._part(index) for index in self._reached}))

    def _part(self, index: TileIndex) -> Bits | Literal[True]:
        seen, chosen = self._look(index), self._reached[index]
        if isinstance(seen, bool):
            return True
        if len(chosen) == seen.components:
            return seen.inside
        return Bits.of(_table(seen.components, chosen)[self._ids(index)])


def _table(count: int, chosen: set[int]) -> Bools:
    """By component number, 0..count: whether it is among the chosen."""
    table = np.zeros(count + 1, bool)
    table[list(chosen)] = True
    return table


def _widened(line: Bools) -> Bools:
    """A pixel more on each side: what an 8-connected line touches in the next one."""
    wide = line.copy()
    wide[1:] |= line[:-1]
    wide[:-1] |= line[1:]
    return wide
