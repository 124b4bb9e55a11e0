"""From what an annotation says of its pixels to the pixels, with nothing believed that was not checked."""

from __future__ import annotations

from typing import Any

from labeltool.core import rle
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.shape import Dense
from labeltool.formats.outlines import MOST_POINTS, filled, ring_of_numbers


def pixels_of(segmentation: Any, size: Size) -> Dense:
    """The pixels of a segmentation: run lengths, packed or as a list, or polygons, whose union counts.

    BadInputError says what is wrong with it.
    """
    if isinstance(segmentation, dict):
        return rle.decode_box(counts_of(segmentation, size), size)
    if isinstance(segmentation, list) and segmentation:
        return _polygons(segmentation, size)
    raise BadInputError("the annotation has no mask")


def counts_of(segmentation: dict[str, Any], size: Size) -> rle.Counts:
    """Checked run lengths; BadInputError says what is wrong with them."""
    if segmentation.get("size") != [size.height, size.width]:
        raise BadInputError(
            f"the run lengths are for the size {str(segmentation.get('size'))[:40]}, "
            f"and the image is [{size.height}, {size.width}]"
        )
    counts = segmentation.get("counts")
    return rle.from_string(counts, size) if isinstance(counts, str) else rle.from_list(counts, size)


def _polygons(rings: list[Any], size: Size) -> Dense:
    if sum(len(ring) for ring in rings if isinstance(ring, list)) > 2 * MOST_POINTS:
        raise BadInputError(f"the polygons have more than {MOST_POINTS:,} points")
    return filled([ring_of_numbers(ring) for ring in rings], size)
