"""Regions that are being edited by their outlines: how one is picked up, and what lies near a point.

An outline is simpler than the pixels it stands for. So it is never filled as a whole: an edit sets the pixels that the
new outline holds and the old one did not, and erases those of the region that only the old one held. The pixels beside
an edge that is gone, which it ran past, go by the new outline too; what lies along the other edges stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from labeltool.core.algebra import Alike, Either
from labeltool.core.bits import BitParts, kept_part
from labeltool.core.components import region_at
from labeltool.core.contour import rings, simplified
from labeltool.core.draw import Point, capsule, connected_regions, polygon
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import TILE, Box, Size, tile_box, tiles_in
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.core.regions import extents
from labeltool.core.shape import NO_BOX, Dense, Part, Shape, Tiles, dense, is_nowhere
from labeltool.tools.tool import Outline

Pixel = tuple[int, int]
"""Column, row."""
Edge = tuple[Point, Point]
MOST_PX = 64_000_000
"""Pixels of the screen looked through for regions."""
MOST_REGIONS = 50_000
STRIP = 4 * TILE
"""Rows that are looked through at once."""
SEEDS = 8
FARTHEST = 1.5
"""How far a simplified outline may run from the region's border, in tolerances."""


@dataclass(frozen=True, eq=False)
class Contour:
    """A region with its outline: ``rings`` by the even-odd rule, simplified by ``tolerance_px``. ``seeds`` are pixels
    it holds or held, newest last."""

    value: int
    object_id: int
    region: Tiles
    rings: tuple[Outline, ...]
    tolerance_px: float
    seeds: tuple[Pixel, ...] = ()

    def filled(self) -> Shape:
        """What the outline holds; not quite the region."""
        return polygon([ring.points for ring in self.rings], self.region.size)

    @property
    def beside_px(self) -> float:
        """How far from an edge the pixels may be that it ran past."""
        return FARTHEST * self.tolerance_px + 1

    def beside_edges_gone(self, after: Contour) -> Shape:
        """The pixels that may lie between the region's border and those edges that ``after`` has no more."""
        gone: set[Edge] = set()
        for old, new in zip(self.rings, after.rings, strict=True):
            if old.points is not new.points:
                gone |= _edges(old) - _edges(new)
        return Either([capsule(*edge, self.beside_px, self.region.size) for edge in sorted(gone)])

    def holds(self, pixel: Pixel) -> bool:
        """True when a pixel belongs to the region."""
        col, row = pixel
        return not is_nowhere(self.region.part(Box(col, row, col + 1, row + 1)))

    def with_ring(self, number: int, ring: Outline) -> Contour:
        """One ring replaced, the others shared."""
        return replace(self, rings=(*self.rings[:number], ring, *self.rings[number + 1 :]))


@dataclass(frozen=True)
class Moved:
    """A shape moved to the right and down by whole pixels."""

    shape: Shape
    dx: int
    dy: int

    @property
    def box(self) -> Box:
        """Around the shape where it is now."""
        return _moved(self.shape.box, self.dx, self.dy)

    def part(self, box: Box) -> Part:
        """See :class:`~labeltool.core.shape.Shape`."""
        return self.shape.part(_moved(box, -self.dx, -self.dy))


def _edges(ring: Outline) -> set[Edge]:
    points = list(map(tuple, ring.points.tolist()))
    return set(zip(points, (*points[1:], points[0]), strict=True))


def _moved(box: Box, dx: int, dy: int) -> Box:
    return Box(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)


def tiled(shape: Shape, size: Size) -> Tiles:
    """The same pixels by tile, for keeping."""
    if isinstance(shape, Tiles):
        return shape
    parts = {index: kept_part(shape.part(tile_box(index, size))) for index in tiles_in(shape.box, size)}
    return Tiles(size, BitParts({index: part for index, part in parts.items() if part is not None}))


def carrying(mask: LabelMask, value: int, object_id: int) -> Alike:
    """The pixels that have this class and this object."""
    return Alike((mask.planes["label"], mask.planes["object"]), (value, object_id), mask.size.box)


def picked_up(
    region: Shape,
    mask: LabelMask,
    value: int,
    object_id: int,
    tolerance_px: float,
    seeds: tuple[Pixel, ...] = (),
) -> Contour:
    """A region as a contour."""
    tiles = tiled(region, mask.size)
    outlines = [Outline(simplified(ring, tolerance_px), handles=True) for ring in rings(tiles)]
    return Contour(
        value, object_id, tiles, tuple(outlines), tolerance_px, (*seeds, _pixel_of(tiles))[-SEEDS:]
    )


def _pixel_of(region: Tiles) -> Pixel:
    """One amid the pixels of a region."""
    box = region.box
    index = sorted(region.parts)[len(region.parts) // 2]
    box = Tiles(region.size, {index: True}).box
    part = np.broadcast_to(np.asarray(region.parts[index]), (box.height, box.width))
    rows, cols = np.nonzero(part)
    return box.x0 + int(cols[len(cols) // 2]), box.y0 + int(rows[len(rows) // 2])


def at(mask: LabelMask, pixel: Pixel) -> tuple[int, int]:
    """Class and object of a pixel."""
    col, row = pixel
    box = Box(col, row, col + 1, row + 1)
    return int(mask.read("label", box)[0, 0]), int(mask.read("object", box)[0, 0])


def _is_cut(part: Box, window: Box, mask: LabelMask) -> bool:
    """True when a region ends where the window does and the image does not."""
    near = part.grow(1).intersect(mask.size.box)
    return near.intersect(window) != near


def _extents_in(mask: LabelMask, window: Box, value: int, cancel: CancelToken) -> dict[int, Box]:
    """By object, the box around the pixels of a class in a window."""
    found: dict[int, Box] = {}
    for y0 in range(window.y0, window.y1, STRIP):
        cancel.check()
        strip = Box(window.x0, y0, window.x1, min(y0 + STRIP, window.y1))
        label, objects = mask.read("label", strip), mask.read("object", strip)
        for class_value, object_id, part in extents(
            label.astype(np.uint8, copy=False), objects.astype(np.uint32, copy=False)
        ):
            if class_value == value:
                found[object_id] = found.get(object_id, NO_BOX).union(_moved(part, strip.x0, strip.y0))
    return found


def regions_in(mask: LabelMask, window: Box, value: int, cancel: CancelToken) -> Iterator[tuple[int, Shape]]:
    """Object and pixels of every connected region of a class that has a pixel in a window; each as a whole.

    Raises CancelledError after a cancel, LabeltoolError where there are more than anybody could edit.
    """
    if window.width * window.height > MOST_PX:
        raise LabeltoolError("too much of the image is on the screen", hint="Zoom in")
    seen = 0
    for object_id, box in sorted(_extents_in(mask, window, value, cancel).items()):
        count, ids, stats = connected_regions(dense(carrying(mask, value, object_id), box).inside)
        seen += count
        if seen > MOST_REGIONS:
            raise LabeltoolError(f"more than {MOST_REGIONS:,} regions are on the screen", hint="Zoom in")
        for number in range(1, count + 1):
            cancel.check()
            x, y, width, height = stats[number - 1, :4].tolist()
            inside = ids[y : y + height, x : x + width] == number
            part = _moved(Box(x, y, x + width, y + height), box.x0, box.y0)
            if _is_cut(part, window, mask):
                seed = part.x0 + int(np.flatnonzero(inside[0])[0]), part.y0
                yield object_id, region_at(mask, seed, cancel)
            else:
                yield object_id, Dense(part, inside)


# ---- what lies near a point


@dataclass(frozen=True)
class Place:
    """A vertex, or the edge that follows it: numbers of contour, ring and vertex, and the point in question."""

    contour: int
    ring: int
    vertex: int
    point: Point


@dataclass(frozen=True, eq=False)
class Picked:
    """The contours that are picked up."""

    contours: tuple[Contour, ...] = ()

    @cached_property
    def outlines(self) -> tuple[Outline, ...]:
        """All rings."""
        return tuple(ring for contour in self.contours for ring in contour.rings)

    @cached_property
    def _vertices(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """All vertices and their followers, [n, 2], and where each belongs, [n, 3]."""
        all_rings = [
            (c, r, o.points) for c, each in enumerate(self.contours) for r, o in enumerate(each.rings)
        ]
        owners = [np.column_stack(np.broadcast_arrays(c, r, np.arange(len(p)))) for c, r, p in all_rings]
        points = np.concatenate([p for _, _, p in all_rings])
        return (
            points,
            np.concatenate([np.roll(p, -1, axis=0) for _, _, p in all_rings]),
            np.concatenate(owners),
        )

    def vertex(self, point: Point) -> Place | None:
        """The nearest vertex."""
        return self._nearest(self._vertices[0], point) if self.contours else None

    def edge(self, point: Point) -> Place | None:
        """The nearest point on an edge."""
        if not self.contours:
            return None
        start, end, _ = self._vertices
        way = end - start
        length2 = np.maximum((way**2).sum(axis=1), 1e-12)
        share = (((np.array(point) - start) * way).sum(axis=1) / length2).clip(0, 1)
        return self._nearest(start + share[:, None] * way, point)

    def _nearest(self, candidates: NDArray[np.float64], point: Point) -> Place:
        best = int(((candidates - point) ** 2).sum(axis=1).argmin())
        contour, ring, vertex = self._vertices[2][best].tolist()
        x, y = candidates[best].tolist()
        return Place(contour, ring, vertex, (x, y))

    def holding(self, pixel: Pixel) -> int | None:
        """Number of the contour whose region holds a pixel."""
        return next((i for i, contour in enumerate(self.contours) if contour.holds(pixel)), None)

    def with_contour(self, number: int, *contours: Contour) -> Picked:
        """One contour replaced by others."""
        return Picked((*self.contours[:number], *contours, *self.contours[number + 1 :]))


def around(points: NDArray[np.float64]) -> Box:
    """A box around points, with a pixel to spare."""
    low, high = points.min(axis=0), points.max(axis=0)
    return Box(math.floor(low[0]) - 1, math.floor(low[1]) - 1, math.ceil(high[0]) + 1, math.ceil(high[1]) + 1)
