"""Layers of the canvas as cached tile images; what changed is rendered again inside its box only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.memory import share

Argb = NDArray[np.uint32]
CACHE_BYTES = share("mask layer")


class Place(NamedTuple):
    """A tile of a level: level n halves the image n times, and a tile is 256x256 pixels of it."""

    level: int
    row: int
    col: int


class Tile(NamedTuple):
    """A rendered tile. ``image`` looks into ``pixels`` (uint32 premultiplied ARGB), which may be written again."""

    box: Box
    pixels: Argb
    image: QImage


def step_of(level: int) -> int:
    """Image pixels a pixel of the level, along one side."""
    return 1 << level


def box_of(place: Place, size: Size) -> Box:
    """The image pixels that a tile shows, cut to the image."""
    side = TILE * step_of(place.level)
    x0, y0 = place.col * side, place.row * side
    return Box(x0, y0, min(x0 + side, size.width), min(y0 + side, size.height))


def places_in(box: Box, level: int) -> Iterator[Place]:
    """The tiles of a level that show a pixel of ``box``."""
    side = TILE * step_of(level)
    if box.is_empty:
        return
    for row in range(box.y0 // side, -(-box.y1 // side)):
        for col in range(box.x0 // side, -(-box.x1 // side)):
            yield Place(level, row, col)


Render = Callable[[Box, int], Argb]
"""Premultiplied ARGB, uint32, of every ``step``-th pixel of a box whose corner lies on the step's grid."""


class Layer:
    """Tiles of one layer, rendered when first seen and kept up to a number of bytes."""

    def __init__(self, size: Size, render: Render, budget: int = CACHE_BYTES) -> None:
        self.size = size
        self._render = render
        self._budget = budget
        self._held = 0
        self.version = 0
        """Another number once everything looks different."""
        self._tiles: OrderedDict[Place, Tile] = OrderedDict()

    def tile(self, place: Place) -> Tile:
        """The tile, rendered now if it is not at hand."""
        found = self._tiles.get(place)
        if found is not None:
            self._tiles.move_to_end(place)
            return found
        box = box_of(place, self.size)
        pixels = np.ascontiguousarray(self._render(box, step_of(place.level)))
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
        tile = Tile(box, pixels, image)
        self._tiles[place] = tile
        self._held += pixels.nbytes
        while self._held > self._budget and len(self._tiles) > 1:
            self._held -= self._tiles.popitem(last=False)[1].pixels.nbytes
        return tile

    def changed(self, boxes: Sequence[Box], level: int, seen: Box) -> None:
        """Pixels of the boxes differ: render them again where they are ``seen`` at ``level``, drop them elsewhere."""
        around = reduce(Box.union, boxes)
        for place, tile in list(self._tiles.items()):
            at_hand = place.level == level and not tile.box.intersect(seen).is_empty
            if not at_hand and not tile.box.intersect(around).is_empty:
                self._held -= self._tiles.pop(place).pixels.nbytes
        parts: dict[Place, Box] = {}
        for box in boxes:
            wide = box.grow(step_of(level))  # a neighbour's outline depends on it
            for place in places_in(wide.intersect(seen), level):
                if place in self._tiles:
                    part = wide.intersect(self._tiles[place].box)
                    parts[place] = part.union(parts[place]) if place in parts else part
        for place, part in parts.items():
            self._render_part(place, part)

    def forget(self, box: Box, first: int, last: int) -> None:
        """The tiles of these levels that show a pixel of ``box`` are rendered again when they are next seen."""
        for place, tile in list(self._tiles.items()):
            if first <= place.level <= last and not tile.box.intersect(box).is_empty:
                self._held -= self._tiles.pop(place).pixels.nbytes

    def _render_part(self, place: Place, part: Box) -> None:
        tile, step = self._tiles[place], step_of(place.level)
        aligned = Box(part.x0 // step * step, part.y0 // step * step, part.x1, part.y1)
        new = self._render(aligned, step)
        row, col = (aligned.y0 - tile.box.y0) // step, (aligned.x0 - tile.box.x0) // step
        tile.pixels[row : row + new.shape[0], col : col + new.shape[1]] = new

    def clear(self) -> None:
        """Everything looks different now (opacity, colours, contrast)."""
        self._tiles.clear()
        self._held = 0
        self.version += 1
