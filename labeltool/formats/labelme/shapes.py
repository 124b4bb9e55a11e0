"""From a shape of a labelme file to its pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.shape import Dense
from labeltool.formats.drawings import NoAreaError
from labeltool.formats.outlines import coordinate, ellipse, filled, rectangle, ring_of_pairs
from labeltool.formats.png_mask import from_base64

Shape = Mapping[str, Any]


def pixels_of(shape: Shape, size: Size) -> Dense:
    """The pixels whose centres lie in a shape; BadInputError says what is wrong with it, NoAreaError that it is a line
    or a point."""
    kind = shape.get("shape_type") or "polygon"
    if isinstance(kind, str) and kind in _READERS:
        return _READERS[kind](shape, size)
    if isinstance(kind, str) and kind in _FLAT:
        raise NoAreaError(kind)
    raise BadInputError(f"shapes of the type {str(kind)[:40]!r} are not known")


def masked(shape: Shape, size: Size) -> Dense:
    """The pixels of a mask: a PNG in base64 for the box between two pixels, both of which belong to it."""
    (left, top), (right, bottom) = (tuple(math.trunc(n) for n in point) for point in _two_points(shape))
    box = Box(left, top, right + 1, bottom + 1)
    if box.is_empty or box.intersect(size.box) != box:
        raise BadInputError("the box of the mask does not lie in the image")
    inside = from_base64(shape.get("mask"), Size(box.width, box.height))
    if not inside.any():
        raise BadInputError("the mask covers no pixel")
    return Dense(box, inside)


def _polygon(shape: Shape, size: Size) -> Dense:
    return filled([ring_of_pairs(shape.get("points"))], size)


def _rectangle(shape: Shape, size: Size) -> Dense:
    """Two opposite corners, or all four, as X-AnyLabeling writes them."""
    points = shape.get("points")
    if isinstance(points, list) and len(points) == 4:
        return _polygon(shape, size)
    (x0, y0), (x1, y1) = _two_points(shape)
    return rectangle(x0, y0, x1, y1, size)


def _circle(shape: Shape, size: Size) -> Dense:
    """The centre and a point of the circle."""
    center, on_it = _two_points(shape)
    radius = math.dist(center, on_it)
    return ellipse(center, (radius, radius), size)


def _two_points(shape: Shape) -> list[tuple[float, float]]:
    points = shape.get("points")
    if not isinstance(points, list) or len(points) != 2:
        raise BadInputError("it needs two points")
    if not all(isinstance(point, list) and len(point) == 2 for point in points):
        raise BadInputError("a point is not [x, y]")
    return [(coordinate(x), coordinate(y)) for x, y in points]


_READERS: dict[str, Callable[[Shape, Size], Dense]] = {
    "polygon": _polygon,
    "rectangle": _rectangle,
    "circle": _circle,
    "mask": masked,
    "oriented_rectangle": _polygon,
    "rotation": _polygon,
    "quadrilateral": _polygon,
}
_FLAT = frozenset({"line", "linestrip", "point", "points"})
