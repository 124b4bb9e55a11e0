"""Polygons of other people's files to pixels, and pixels to polygons, with nothing believed that was not checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from labeltool.core.contour import Ring, rings
from labeltool.core.draw import Point, polygon
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.regions import Region
from labeltool.core.shape import Dense, dense

FARTHEST: Final = 1e7
MOST_POINTS: Final = 100_000


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
    # an integer of a thousand digits is a number too, and no float
    if not all(isinstance(n, float | int) and -FARTHEST <= n <= FARTHEST for point in points for n in point):
        raise BadInputError("a polygon has coordinates that lie beyond any image")
    return [(float(x), float(y)) for x, y in points]


def filled(polygons: Sequence[Sequence[Point]], size: Size) -> Dense:
    """The pixels that lie in any of the polygons; a self-crossing one counts by the even-odd rule.

    BadInputError when they cover no pixel of the image.
    """
    return _union([dense(polygon([points], size)) for points in polygons])


def with_holes(polygons: Sequence[Sequence[Point]], size: Size) -> Dense:
    """The pixels in an odd number of the polygons: a ring inside another is a hole. BadInputError when none is."""
    return _some(dense(polygon(polygons, size)))


def outlines_of(region: Region) -> list[Ring]:
    """Rings along the edges of an object's pixels, in pixels of the image: outer ones clockwise on the screen, holes
    the other way round. :func:`with_holes` gives the very same pixels back."""
    corner = np.array((region.box.x0, region.box.y0), np.float64)
    own = Dense(region.box._replace(x0=0, y0=0, x1=region.box.width, y1=region.box.height), region.inside)
    return [each + corner for each in rings(own)]


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
