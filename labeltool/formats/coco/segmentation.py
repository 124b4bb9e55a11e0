"""From what an annotation says of its pixels to run lengths, with nothing believed that was not checked."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from labeltool.core import rle
from labeltool.core.draw import polygon
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.shape import dense

_FARTHEST: Final = 1e7
_MOST_NUMBERS: Final = 200_000


def counts_of(segmentation: Any, size: Size) -> rle.Counts:
    """Checked run lengths of a segmentation: run lengths, packed or as a list, or polygons, whose union counts.

    BadInputError says what is wrong with it.
    """
    if isinstance(segmentation, dict):
        return _run_lengths(segmentation, size)
    if isinstance(segmentation, list) and segmentation:
        return _polygons(segmentation, size)
    raise BadInputError("the annotation has no mask")


def _run_lengths(segmentation: dict[str, Any], size: Size) -> rle.Counts:
    if segmentation.get("size") != [size.height, size.width]:
        raise BadInputError(
            f"the run lengths are for the size {str(segmentation.get('size'))[:40]}, "
            f"and the image is [{size.height}, {size.width}]"
        )
    counts = segmentation.get("counts")
    return rle.from_string(counts, size) if isinstance(counts, str) else rle.from_list(counts, size)


def _polygons(rings: list[Any], size: Size) -> rle.Counts:
    if sum(len(ring) for ring in rings if isinstance(ring, list)) > _MOST_NUMBERS:
        raise BadInputError(f"the polygons have more than {_MOST_NUMBERS // 2:,} points")
    shapes = [polygon([_ring(ring)], size) for ring in rings]
    around = shapes[0].box
    for shape in shapes[1:]:
        around = around.union(shape.box)
    inside = np.zeros((around.height, around.width), bool)
    for shape in shapes:
        if not shape.box.is_empty:
            inside[shape.box.slices(around)] |= dense(shape).inside
    if not inside.any():
        raise BadInputError("the polygon covers no pixel of the image")
    return rle.encode(inside, around, size)


def _ring(numbers: Any) -> list[tuple[float, float]]:
    if not isinstance(numbers, list) or not all(type(n) in (int, float) for n in numbers):
        raise BadInputError("a polygon is not a list of numbers")
    if len(numbers) % 2 or len(numbers) < 6:
        raise BadInputError(f"a polygon has {len(numbers)} numbers, and three points or more are needed")
    if not all(math.isfinite(n) and abs(n) <= _FARTHEST for n in numbers):
        raise BadInputError("a polygon has coordinates that lie beyond any image")
    return list(zip(numbers[0::2], numbers[1::2], strict=True))
