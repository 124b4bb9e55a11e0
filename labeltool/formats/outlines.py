"""Polygons of other people's files to pixels, and pixels to polygons, with nothing believed that was not checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.contour import Ring, rings
from labeltool.core.draw import Point, polygon
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.regions import Region
from labeltool.core.shape import Dense, dense

FARTHEST: Final = 1e7
MOST_POINTS: Final = 100_000
_MOST_CROSSINGS: Final = 1_000_000
"""Edges and rows of an outline that are looked at for whether it crosses itself."""


class Outlined(Dense):
    """The pixels of outlines: ``cut`` of them reach out of the image, ``crossed`` cross themselves."""

    cut: int = 0
    crossed: int = 0

    @classmethod
    def of(cls, pixels: Dense, *, cut: int, crossed: int) -> Outlined:
        """Pixels, and what became of the outlines that they are of."""
        found = cls(*pixels)
        found.cut, found.crossed = cut, crossed
        return found


def ring_of_numbers(numbers: Any) -> list[Point]:
    """The points of x, y, x, y, ...; BadInputError says what is wrong with them."""
    if not isinstance(numbers, list) or not all(type(n) in (int, float) for n in numbers):
        raise BadInputError("a polygon is not a list of numbers")
    if len(numbers) % 2 or len(numbers) < 6:
        raise BadInputError(f"a polygon has {len(numbers)} numbers, and three points or more are needed")
    return ring(list(zip(numbers[0::2], numbers[1::2], strict=True)))


def ring_of_pairs(points: Any) -> list[Point]:
    """The points of [[x, y], [x, y], ...]; BadInputError says what is wrong with them."""
    if not isinstance(points, list) or not all(
        isinstance(p, list | tuple) and len(p) == 2 and all(type(n) in (int, float) for n in p)
        for p in points
    ):
        raise BadInputError("a polygon is not a list of points [x, y]")
    return ring([(p[0], p[1]) for p in points])


def ring(points: Sequence[Point]) -> list[Point]:
    """The points themselves; BadInputError when they are too few, too many, no numbers, or beyond any image."""
    if len(points) < 3:
        raise BadInputError(f"a polygon has {len(points)} points, and three or more are needed")
    if len(points) > MOST_POINTS:
        raise BadInputError(f"a polygon has more than {MOST_POINTS:,} points")
    return [(coordinate(x), coordinate(y)) for x, y in points]


def coordinate(number: Any) -> float:
    """A coordinate or a length in pixels; BadInputError when it is no number or lies beyond any image."""
    # an integer of a thousand digits is a number too, and no float; true is 1
    if type(number) not in (int, float) or not -FARTHEST <= number <= FARTHEST:
        raise BadInputError("a coordinate is no number or lies beyond any image")
    return float(number)


def filled(polygons: Sequence[Sequence[Point]], size: Size) -> Dense:
    """The pixels that lie in any of the polygons; a self-crossing one counts by the even-odd rule.

    BadInputError when they cover no pixel of the image.
    """
    parts = [dense(polygon([points], size)) for points in polygons]
    crossed = sum(_crosses_itself(points, part) for points, part in zip(polygons, parts, strict=True))
    found = _union(parts)
    return Outlined.of(found, cut=sum(_is_cut(points, size) for points in polygons), crossed=crossed)


def with_holes(polygons: Sequence[Sequence[Point]], size: Size) -> Dense:
    """The pixels in an odd number of the polygons: a ring inside another is a hole. BadInputError when none is."""
    return _some(dense(polygon(polygons, size)))


def rectangle(x0: float, y0: float, x1: float, y1: float, size: Size) -> Dense:
    """The pixels of an upright rectangle, given by two opposite corners; BadInputError when there is none."""
    return filled([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]], size)


def ellipse(center: Point, radii: tuple[float, float], size: Size, angle_rad: float = 0.0) -> Dense:
    """The pixels whose centres lie in an ellipse; the angle turns the first radius from right to down.

    BadInputError when there is none, or a radius is not positive.
    """
    (cx, cy), (rx, ry) = center, radii
    if rx <= 0 or ry <= 0:
        raise BadInputError("a radius is not positive")
    reach = max(rx, ry)
    around = Box(
        math.floor(cx - reach), math.floor(cy - reach), math.ceil(cx + reach) + 1, math.ceil(cy + reach) + 1
    ).intersect(size.box)
    x = np.arange(around.x0, around.x1) + 0.5 - cx
    y = np.arange(around.y0, around.y1)[:, None] + 0.5 - cy
    along, across = math.cos(angle_rad), math.sin(angle_rad)
    inside = ((x * along + y * across) / rx) ** 2 + ((y * along - x * across) / ry) ** 2 <= 1
    return _some(Dense(around, inside))


def with_border(points: Sequence[Point], size: Size) -> Dense:
    """The pixels of a polygon whose corners are pixels, not points between them: those that lie inside or on the
    outline. Coordinates are cut to whole numbers. BadInputError when it covers no pixel of the image."""
    corners = np.trunc(np.asarray(points, np.float64)).astype(np.int64)
    (x0, y0), (x1, y1) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    around = Box(x0, y0, x1 + 1, y1 + 1).intersect(size.box)
    if around.is_empty:
        raise BadInputError("the polygon covers no pixel of the image")
    within = dense(polygon([corners + 0.5], size), around)
    inside = within.inside.copy()
    for start, end in zip(corners.tolist(), np.roll(corners, -1, axis=0).tolist(), strict=True):
        x, y = _pixels_on(start, end, around)
        inside[y - around.y0, x - around.x0] = True
    found = _some(Dense(around, inside))
    crossed = _crosses_itself((corners + 0.5).tolist(), within)
    return Outlined.of(found, cut=int(around != Box(x0, y0, x1 + 1, y1 + 1)), crossed=int(crossed))


def _pixels_on(start: list[int], end: list[int], box: Box) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """x and y of the pixels of a box whose centres lie exactly on the way between those of two pixels."""
    (x, y), dx, dy = start, end[0] - start[0], end[1] - start[1]
    steps = max(math.gcd(dx, dy), 1)
    dx, dy = dx // steps, dy // steps
    first, last = 0, steps
    for at, step, low, high in ((x, dx, box.x0, box.x1 - 1), (y, dy, box.y0, box.y1 - 1)):
        if step == 0 and not low <= at <= high:
            last = -1
        elif step:
            ends = sorted(((low - at) / step, (high - at) / step))
            first, last = max(first, math.ceil(ends[0])), min(last, math.floor(ends[1]))
    along = np.arange(first, last + 1)
    return x + along * dx, y + along * dy


def outlines_of(region: Region) -> list[Ring]:
    """Rings along the edges of an object's pixels, in pixels of the image: outer ones clockwise on the screen, holes
    the other way round. :func:`with_holes` gives the very same pixels back."""
    corner = np.array((region.box.x0, region.box.y0), np.float64)
    own = Dense(region.box._replace(x0=0, y0=0, x1=region.box.width, y1=region.box.height), region.inside)
    return [each + corner for each in rings(own)]


def _is_cut(points: Sequence[Point], size: Size) -> bool:
    """True where an outline could hold a pixel beyond the edge, which is one whose centre lies in it."""
    x, y = np.asarray(points, np.float64).T
    return bool(min(x.min(), y.min()) < -0.5 or x.max() > size.width + 0.5 or y.max() > size.height + 0.5)


def _crosses_itself(points: Sequence[Point], pixels: Dense) -> bool:
    """True where an outline goes round a pixel more than once, or round some one way and round others the other way:
    what then counts as inside is a matter of the rule. False for what would take long to tell.

    ``pixels`` are those inside by the even-odd rule. Round how often it goes is summed up by rows: each edge counts
    as many pixels as lie left of it, one way upward and the other way downward.
    """
    box = pixels.box
    if box.is_empty or len(points) < 4:
        return False
    start = np.asarray(points, np.float64)
    edges = np.hstack([start, np.roll(start, -1, axis=0)])
    way = np.sign(edges[:, 3] - edges[:, 1]).astype(np.int64)
    edges = np.where((way < 0)[:, None], edges[:, [2, 3, 0, 1]], edges)
    first, last = np.ceil(edges[:, 1::2] - 0.5).clip(box.y0, box.y1).astype(np.int64).T
    count = np.where(way == 0, 0, last - first)
    if count.sum() > _MOST_CROSSINGS:
        return False
    ax, ay, bx, by = np.repeat(edges, count, axis=0).T
    rows = np.arange(len(ax)) + np.repeat(first - np.cumsum(count) + count, count)
    crossing = ax + (rows + 0.5 - ay) * (bx - ax) / (by - ay)
    columns = np.ceil(crossing - 0.5).clip(box.x0, box.x1) - box.x0
    round_ = np.bincount(rows - box.y0, np.repeat(way, count) * columns, box.height)
    held = np.count_nonzero(pixels.inside, axis=1)
    return not (np.array_equal(round_, held) or np.array_equal(-round_, held))


def _union(parts: Sequence[Dense]) -> Dense:
    if len(parts) == 1:
        return _some(parts[0])
    around = parts[0].box
    for each in parts[1:]:
        around = around.union(each.box)
    inside = np.zeros((around.height, around.width), bool)
    for each in parts:
        if not each.box.is_empty:
            inside[each.box.slices(around)] |= each.inside
    return _some(Dense(around, inside))


def _some(pixels: Dense) -> Dense:
    if not pixels.inside.any():
        raise BadInputError("the polygon covers no pixel of the image")
    return pixels
