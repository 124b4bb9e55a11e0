"""Polygons that COCO's own rasteriser turns into exactly an object's pixels."""

from __future__ import annotations

import numpy as np

from labeltool.core import rle
from labeltool.core.contour import Ring
from labeltool.core.geometry import Size
from labeltool.core.regions import Region
from labeltool.formats.outlines import MOST_POINTS, outlines_of


def exact_polygons(region: Region, counts: rle.Counts, size: Size) -> list[list[int]] | None:
    """The outlines of an object as COCO writes them (x, y, x, y, ...), or None where they do not hold its pixels.

    COCO's polygons have no holes: several of them mean all that lies in any. pycocotools samples at the centres of
    pixels, so that outlines along their edges are exact as a rule; whether they are is tried, never taken for granted.
    """
    from pycocotools import mask as coco  # noqa: PLC0415 - only who wants polygons waits for it

    outlines = outlines_of(region)
    if sum(map(len, outlines)) > MOST_POINTS or any(_is_hole(ring) for ring in outlines):
        return None
    polygons = [[int(n) for n in ring.ravel()] for ring in outlines]
    drawn = coco.merge(coco.frPyObjects(polygons, size.height, size.width))
    return polygons if drawn["counts"].decode("ascii") == rle.to_string(counts) else None


def _is_hole(ring: Ring) -> bool:
    """Holes go the other way round than outlines, so that their area is negative."""
    x, y = ring[:, 0], ring[:, 1]
    return bool(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)) < 0)
