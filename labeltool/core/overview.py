"""The overview levels of a plane: every 4th, 8th, 32nd pixel, kept, and brought up to date where it changed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labeltool.core.change import Change
from labeltool.core.geometry import Box, Size, TileIndex, tile_box, tiles_in
from labeltool.core.mask import Plane, Tile
from labeltool.core.memory import share

LEVEL_BYTES = share("overview") // 4
"""Pixels of one level kept as arrays; more are kept deflated."""
FEW_PIXELS = 512 * 512
"""A box of no more pixels is read from the plane itself, which is as quick."""
FIRST = 2
LAST_OF_PLANE = 3
"""Levels up to here come from the plane, whose cold tiles have every 8th pixel at hand; the others from below. Of those
every second one is kept: between them, every other pixel of the one below is as quick, and there is less to renew."""

Source = Callable[[Box], Tile]
"""A level's pixels in a box of the level, from what lies below it; a new array [h, w]."""


class Level:
    """A plane of every so-manyth pixel, made tile by tile when somebody looks there."""

    def __init__(self, size: Size, like: Plane, source: Source) -> None:
        self.plane = Plane(size, like.dtype, like.fill)
        self._source = source
        self._stale: dict[TileIndex, Box] = {}

    def changed(self, box: Box) -> None:
        """These pixels of the level may differ now."""
        for index in tiles_in(box, self.plane.size):
            if index in self.plane.tiles:
                part = box.intersect(tile_box(index, self.plane.size))
                self._stale[index] = self._stale.get(index, part).union(part)

    def read(self, box: Box, step: int = 1) -> Tile:
        """Every ``step``-th pixel of a box of the level."""
        for index in tiles_in(box, self.plane.size):
            self._refresh(index)
        self.plane.tiles.cool(LEVEL_BYTES)
        return self.plane.read(box, step)

    def _refresh(self, index: TileIndex) -> None:
        place, stale = tile_box(index, self.plane.size), self._stale.pop(index, None)
        if index not in self.plane.tiles:
            self.plane.tiles[index] = _light(self._source(place))
        elif stale is not None:
            tile = np.array(self.plane.tiles[index])
            tile[stale.slices(place)] = self._source(stale)
            self.plane.tiles[index] = _light(tile)


class Overview:
    """Reads every ``step``-th pixel of a plane without looking at all of it twice. Lives on one thread.

    Whoever changes the plane says so with :meth:`changed`.
    """

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._levels: dict[int, Level] = {}

    @property
    def size(self) -> Size:
        """Of the plane."""
        return self._plane.size

    def changed(self, box: Box) -> None:
        """Pixels of ``box`` may differ now."""
        for number, level in self._levels.items():
            level.changed(_scaled(box, 1 << number))

    def read(self, box: Box, step: int) -> Tile:
        """``plane[::step, ::step]`` inside ``box`` as a new array; ``step`` is a power of two.

        The box lies inside the image, and its corner on the grid of ``step``.
        """
        number = step.bit_length() - 1
        if number < FIRST or box.width * box.height <= FEW_PIXELS:
            return self._plane.read(box, step)
        between = number > LAST_OF_PLANE and (number - LAST_OF_PLANE) % 2
        return self._level(number - between).read(_scaled(box, step >> between), 1 << between)

    def _level(self, number: int) -> Level:
        if number not in self._levels:
            width, height = self._plane.size
            size = Size(-(-width >> number), -(-height >> number))
            self._levels[number] = Level(size, self._plane, self._source(number))
        return self._levels[number]

    def _source(self, number: int) -> Source:
        if number <= LAST_OF_PLANE:
            return _every(self._plane.read, self._plane.size, 1 << number)
        below = self._level(number - 2)
        return _every(below.read, below.plane.size, 4)


class Overviews:
    """The overviews of the planes that somebody looks at."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[Plane, Overview]] = {}

    def read(self, plane: Plane, box: Box, step: int) -> Tile:
        """See :meth:`Overview.read`."""
        found = self._of.get(id(plane))
        if found is None:
            found = self._of[id(plane)] = plane, Overview(plane)
        return found[1].read(box, step)

    def changed(self, change: Change) -> None:
        """Pixels may differ now, in any of the planes."""
        for _, overview in self._of.values():
            for box in change.boxes(overview.size, LAST_OF_PLANE):
                overview.changed(box)

    def clear(self) -> None:
        """Nobody looks at these planes any more."""
        self._of.clear()


def _every(read: Callable[[Box, int], Tile], size: Size, step: int) -> Source:
    return lambda box: read(Box(*(edge * step for edge in box)).intersect(size.box), step)


def _scaled(box: Box, step: int) -> Box:
    """The pixels of a level that lie in a box of the plane: those at multiples of ``step``."""
    return Box(*(-(-edge // step) for edge in box))


def _light(tile: Tile) -> Tile:
    """The tile, made read-only; as one repeated pixel where all are equal."""
    if (tile == tile[0, 0]).all():
        return np.broadcast_to(np.array(tile[0, 0]), tile.shape)
    tile.setflags(write=False)
    return tile
