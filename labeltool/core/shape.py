"""Sets of pixels, in the form that suits where they come from; all answer which pixels of a box they hold.

Asking by box is what lets a brush of radius 1,000 or a fill of a gigapixel cost what their outline costs: a tile
that lies wholly inside is one ``True``, never an array.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, Size, TileIndex, tile_box, tiles_in

Bools = NDArray[np.bool_]
Part = Bools | bool
"""Which pixels of a box belong: all (True), none (False), or a bool array [h, w]."""

NO_BOX = Box(0, 0, 0, 0)


class Shape(Protocol):
    """A set of pixels of an image. ``box`` is around all of them; it may be larger than need be."""

    @property
    def box(self) -> Box:
        """Every pixel lies inside."""
        ...

    def part(self, box: Box) -> Part:
        """Which pixels of ``box`` belong; ``box`` is not empty. The caller must not write to the array."""
        ...


class Dense(NamedTuple):
    """Pixels as an array: ``inside`` is bool [box.height, box.width]."""

    box: Box
    inside: Bools

    def part(self, box: Box) -> Part:
        """See :class:`Shape`."""
        common = self.box.intersect(box)
        if common.is_empty:
            return False
        found = self.inside[common.slices(self.box)]
        if common == box:
            return found
        whole = np.zeros((box.height, box.width), bool)
        whole[common.slices(box)] = found
        return whole


class Spans(NamedTuple):
    """One run of columns a row: row ``box.y0 + i`` holds the columns ``first[i]`` to ``last[i]`` - 1 (int32 [h])."""

    box: Box
    first: NDArray[np.int32]
    last: NDArray[np.int32]

    def part(self, box: Box) -> Part:
        """See :class:`Shape`."""
        common = self.box.intersect(box)
        if common.is_empty:
            return False
        rows = slice(common.y0 - self.box.y0, common.y1 - self.box.y0)
        first, last = self.first[rows], self.last[rows]
        if common == box and int(first.max()) <= box.x0 and int(last.min()) >= box.x1:
            return True
        columns = np.arange(box.x0, box.x1, dtype=np.int32)
        inside = (columns >= first[:, None]) & (columns < last[:, None])
        if common.height == box.height:
            return inside if inside.any() else False
        whole = np.zeros((box.height, box.width), bool)
        whole[common.y0 - box.y0 : common.y1 - box.y0] = inside
        return whole


@dataclass(frozen=True)
class Tiles:
    """Pixels by tile: ``parts`` holds True or a bool array of the tile's cut size; a missing tile holds none."""

    size: Size
    parts: Mapping[TileIndex, Bools | bool]

    @property
    def box(self) -> Box:
        """A box around the tiles."""
        if not self.parts:
            return NO_BOX
        rows, cols = [i.row for i in self.parts], [i.col for i in self.parts]
        low = tile_box(TileIndex(min(rows), min(cols)), self.size)
        return low.union(tile_box(TileIndex(max(rows), max(cols)), self.size))

    def part(self, box: Box) -> Part:
        """See :class:`Shape`."""
        indices = [index for index in tiles_in(box, self.size) if index in self.parts]
        if len(indices) == 1 and tile_box(indices[0], self.size) == box:
            return self.parts[indices[0]]
        if not indices:
            return False
        whole = np.zeros((box.height, box.width), bool)
        for index in indices:
            place = tile_box(index, self.size)
            common, found = place.intersect(box), self.parts[index]
            whole[common.slices(box)] = True if found is True else _cut(found, common, place)
        return whole


def _cut(part: Part, common: Box, place: Box) -> Part:
    return part[common.slices(place)] if isinstance(part, np.ndarray) else part


NOWHERE = Dense(NO_BOX, np.zeros((0, 0), bool))


def everywhere(box: Box) -> Spans:
    """All pixels of a box."""
    return Spans(box, np.full(box.height, box.x0, np.int32), np.full(box.height, box.x1, np.int32))


def is_nowhere(part: Part) -> bool:
    """True when a part holds no pixel."""
    return not part.any() if isinstance(part, np.ndarray) else not part


def dense(shape: Shape, box: Box | None = None) -> Dense:
    """The shape as an array of its own box, or of another one."""
    box = shape.box if box is None else box
    if box.is_empty:
        return NOWHERE
    part = shape.part(box)
    return Dense(box, part if isinstance(part, np.ndarray) else np.full((box.height, box.width), part))


class Coarse(NamedTuple):
    """What is seen of a set of pixels from afar: ``inside`` (bool [h, w]) tells of every ``step``-th pixel of ``box``,
    in both directions, from its corner on."""

    box: Box
    step: int
    inside: Bools


def seen_from_afar(shape: Shape, box: Box, step: int) -> Coarse:
    """Every ``step``-th pixel of a shape in a box; asked tile by tile, so that no more than a tile is held."""
    inside = np.zeros((-(-box.height // step), -(-box.width // step)), bool)
    size = Size(box.x1, box.y1)
    for index in tiles_in(box.intersect(shape.box), size):
        place = tile_box(index, size).intersect(box)
        y, x = place.y0 + (box.y0 - place.y0) % step, place.x0 + (box.x0 - place.x0) % step
        if y >= place.y1 or x >= place.x1:
            continue
        part = shape.part(place)
        row, col = (y - box.y0) // step, (x - box.x0) // step
        height, width = -(-(place.y1 - y) // step), -(-(place.x1 - x) // step)
        found = part[y - place.y0 :: step, x - place.x0 :: step] if isinstance(part, np.ndarray) else part
        inside[row : row + height, col : col + width] = found
    return Coarse(box, step, inside)
