"""The picture of what is offered: dashed outlines and a hatching, in pixels of the screen, so that they look the same
at any zoom; specks, which are taken with all but not alone, are merely tinted. It is kept in tiles of the zoomed image:
a stroke beside it costs nothing, and a pan paints what comes into sight."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage, QPainter

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.geometry import TILE, Box
from labeltool.core.shape import NO_BOX, Bools
from labeltool.ui.canvas.colours import Argb, looked_up, premultiplied
from labeltool.ui.canvas.layers import Place, places_in
from labeltool.ui.canvas.viewport import Viewport

Plane8 = NDArray[np.uint8]

LINE_PX, DASH_PX = 2, 5
"""How thick an outline is inside the region, and how long its dashes are. A thin dark line runs along it outside."""
HATCH_EVERY_PX, HATCH_PX = 7, 2
REACH_PX = LINE_PX + 1
"""How far around a pixel the picture depends on it."""
MOST_TILES = 256

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
DARK = 190
"""Classes darker than this are dashed with white, the others with black."""

_LINE = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * LINE_PX + 1, 2 * LINE_PX + 1))
_BESIDE = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))


class Inks(NamedTuple):
    """Colours by the class that is offered, uint32 [256] premultiplied: the ground and the lines of the hatching, and
    the two of the dashes."""

    ground: Argb
    hatch: Argb
    dash: Argb
    other: Argb


def inks(catalog: ClassCatalog) -> Inks:
    """Of an offer: in the colour of the class that the pixels would become."""
    made = Inks(*np.zeros((4, 256), np.uint32))
    for each in catalog.classes:
        dark = each.color[0] * 0.3 + each.color[1] * 0.59 + each.color[2] * 0.11 < DARK
        made.ground[each.value] = premultiplied(each.color, 0.2)
        made.hatch[each.value] = premultiplied(each.color, 0.6)
        made.dash[each.value] = premultiplied(each.color, 1.0)
        made.other[each.value] = premultiplied(WHITE if dark else BLACK, 1.0)
    return made


def strong_inks(catalog: ClassCatalog) -> Inks:
    """Of the region that a key would take: filled, with a white outline."""
    made = Inks(*np.zeros((4, 256), np.uint32))
    for each in catalog.classes:
        made.ground[each.value] = made.hatch[each.value] = premultiplied(each.color, 0.55)
        made.dash[each.value] = made.other[each.value] = premultiplied(WHITE, 1.0)
    return made


def drawn(values: Plane8, regions: Bools, corner: tuple[int, int], with_inks: Inks) -> Argb:
    """Pixels of a plane of offered classes (ignore where none is), ``REACH_PX`` less on every side; ``regions`` have
    outlines. ``corner`` (x, y) is where the plane begins in the whole picture, so that lines go on from tile to tile.
    """
    (x, y), (height, width) = corner, values.shape
    outlined = np.where(regions, values, np.uint8(IGNORE))
    offered = outlined != IGNORE
    line = (cv2.morphologyEx(outlined, cv2.MORPH_GRADIENT, _LINE) != 0) & offered
    beside = (cv2.erode(outlined, _BESIDE) != IGNORE) & ~offered
    across = np.arange(x + y, x + y + width + height - 1) % HATCH_EVERY_PX < HATCH_PX
    hatched = offered & np.lib.stride_tricks.sliding_window_view(across, width)
    odd_rows, odd_cols = (
        np.arange(start, start + n) // DASH_PX % 2 for start, n in ((y, height), (x, width))
    )
    first = odd_rows[:, None] == odd_cols
    pixels = looked_up(with_inks.ground, values)
    for where, table in (
        (hatched, with_inks.hatch),
        (line & first, with_inks.dash),
        (line & ~first, with_inks.other),
    ):
        pixels[where] = table[values[where]]
    pixels[beside] = premultiplied(BLACK, 0.55)
    return pixels[REACH_PX:-REACH_PX, REACH_PX:-REACH_PX]


class _Tile(NamedTuple):
    """``image`` looks into ``pixels``, which may be written again."""

    pixels: Argb
    image: QImage


class Picture:
    """Paints a plane of offered classes, uint8 with ignore where none is offered, that lies in ``box`` of the image;
    ``regions`` (bool) says which of its pixels belong to a region that can be taken alone."""

    def __init__(self, box: Box, values: Plane8, regions: Bools, with_inks: Inks) -> None:
        self.box, self._inks = box, with_inks
        self._padded = np.pad(values, 1, constant_values=IGNORE)
        self._regions = np.pad(regions, 1)
        self._scale = 0.0
        self._tiles: OrderedDict[Place, _Tile | None] = OrderedDict()

    def replace(self, values: Plane8, regions: Bools) -> Box:
        """Something else is offered; the box in which it differs."""
        inner = self._regions[1:-1, 1:-1]
        other = (self._padded[1:-1, 1:-1] != values) | (inner != regions)
        rows, cols = np.flatnonzero(other.any(1)).tolist(), np.flatnonzero(other.any(0)).tolist()
        if not rows:
            return NO_BOX
        x, y = self.box.x0, self.box.y0
        part = Box(x + cols[0], y + rows[0], x + cols[-1] + 1, y + rows[-1] + 1)
        inner[...] = regions
        self._padded[1:-1, 1:-1][...] = values
        self._draw_again(part)
        return part

    def changed(self, part: Box, values: Plane8) -> bool:
        """Other classes are offered in a part of the box now; False where they are the same as before."""
        now = self._padded[1:-1, 1:-1][part.slices(self.box)]
        if np.array_equal(now, values):
            return False
        now[...] = values
        self._draw_again(part)
        return True

    def _draw_again(self, part: Box) -> None:
        dirty = self._on_screen(part).grow(REACH_PX)
        for place, tile in list(self._tiles.items()):
            common = _box_of(place).intersect(dirty)
            if common.is_empty:
                continue
            pixels = None if tile is None else self._pixels(common)
            if tile is None or pixels is None:
                del self._tiles[place]
            else:
                tile.pixels[common.slices(_box_of(place))] = pixels

    def paint(self, painter: QPainter, view: Viewport, dirty: QRect) -> None:
        """Paint what lies in a rectangle of the widget."""
        ratio = painter.device().devicePixelRatioF()
        if self._scale != view.zoom * ratio:
            self._scale = view.zoom * ratio
            self._tiles.clear()
        left, top = round(view.left * ratio), round(view.top * ratio)
        seen = Box(
            math.floor(dirty.left() * ratio) - left,
            math.floor(dirty.top() * ratio) - top,
            math.ceil((dirty.right() + 1) * ratio) - left,
            math.ceil((dirty.bottom() + 1) * ratio) - top,
        )
        for place in places_in(seen.intersect(self._on_screen(self.box).grow(REACH_PX)), 0):
            tile = self._tile(place, ratio)
            if tile is not None:
                x, y = left + place.col * TILE, top + place.row * TILE
                painter.drawImage(QPointF(x / ratio, y / ratio), tile.image)

    def _on_screen(self, box: Box) -> Box:
        """A box of the image in pixels of the zoomed image."""
        scale = self._scale
        return Box(
            math.floor(box.x0 * scale),
            math.floor(box.y0 * scale),
            math.ceil(box.x1 * scale),
            math.ceil(box.y1 * scale),
        )

    def _tile(self, place: Place, ratio: float) -> _Tile | None:
        if place in self._tiles:
            self._tiles.move_to_end(place)
            return self._tiles[place]
        pixels, tile = self._pixels(_box_of(place)), None
        if pixels is not None:
            pixels = np.ascontiguousarray(pixels)
            image = QImage(pixels.data, TILE, TILE, TILE * 4, QImage.Format.Format_ARGB32_Premultiplied)
            image.setDevicePixelRatio(ratio)
            tile = _Tile(pixels, image)
        self._tiles[place] = tile
        while len(self._tiles) > MOST_TILES:
            self._tiles.popitem(last=False)
        return tile

    def _pixels(self, box: Box) -> Argb | None:
        """A box of the zoomed image; None where nothing is offered in it or beside it."""
        wide = box.grow(REACH_PX)
        rows = self._places(wide.y0, wide.y1, self.box.y0, self.box.height)
        cols = self._places(wide.x0, wide.x1, self.box.x0, self.box.width)
        source = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
        if (self._padded[source] == IGNORE).all():
            return None
        values, regions = (
            plane[source].take(rows - rows[0], 0).take(cols - cols[0], 1)
            for plane in (self._padded, self._regions)
        )
        return drawn(values, regions, (wide.x0, wide.y0), self._inks)

    def _places(self, start: int, stop: int, first: int, count: int) -> NDArray[np.intp]:
        """Along one side, which row or column of the padded plane is seen at each pixel of the screen."""
        found = np.floor((np.arange(start, stop) + 0.5) / self._scale).astype(np.intp)
        return np.asarray(np.clip(found - first, -1, count) + 1)


def _box_of(place: Place) -> Box:
    return Box(place.col * TILE, place.row * TILE, (place.col + 1) * TILE, (place.row + 1) * TILE)
