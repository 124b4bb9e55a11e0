"""Raster geometry: which pixels a dab, a stroke segment or a polygon covers.

A pixel belongs to a shape when its centre does (pixel (c, r) has its centre at x = c + 0.5, y = r + 0.5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, Size

Point = tuple[float, float]


class Shape(NamedTuple):
    """Pixels: ``inside`` is bool [box.height, box.width]."""

    box: Box
    inside: NDArray[np.bool_]


NOWHERE = Shape(Box(0, 0, 0, 0), np.zeros((0, 0), bool))


def capsule(start: Point, end: Point, radius_px: float, size: Size) -> Shape:
    """What a round brush covers on its straight way from ``start`` to ``end``, cut to the image.

    At radius 0.5 and below it is one pixel wide: the pixel under the point is always covered.
    """
    (ax, ay), (bx, by) = start, end
    reach = max(radius_px, 0.5)
    box = Box(
        math.floor(min(ax, bx) - reach),
        math.floor(min(ay, by) - reach),
        math.ceil(max(ax, bx) + reach) + 1,
        math.ceil(max(ay, by) + reach) + 1,
    ).intersect(size.box)
    if box.is_empty:
        return NOWHERE
    x = (np.arange(box.x0, box.x1, dtype=np.float32) + np.float32(0.5 - ax))[None, :]
    y = (np.arange(box.y0, box.y1, dtype=np.float32) + np.float32(0.5 - ay))[:, None]
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    if length2 > 1e-12:
        along = np.clip((x * np.float32(dx) + y * np.float32(dy)) * np.float32(1 / length2), 0, 1)
        distance2 = (x - along * np.float32(dx)) ** 2 + (y - along * np.float32(dy)) ** 2
    else:
        distance2 = x * x + y * y
    inside = distance2 <= np.float32(reach * reach)
    for px, py in (start, end):
        col, row = math.floor(px) - box.x0, math.floor(py) - box.y0
        if 0 <= col < box.width and 0 <= row < box.height:
            inside[row, col] = True
    return Shape(box, inside)


def polygon(rings: Sequence[Sequence[Point]], size: Size) -> Shape:
    """The pixels inside closed rings by the even-odd rule (a ring inside another is a hole), cut to the image."""
    points = [np.asarray(ring, np.float64) for ring in rings if len(ring) >= 3]
    if not points:
        return NOWHERE
    everything = np.concatenate(points)
    low, high = everything.min(axis=0), everything.max(axis=0)
    box = Box(
        math.floor(low[0]), math.floor(low[1]), math.ceil(high[0]) + 1, math.ceil(high[1]) + 1
    ).intersect(size.box)
    if box.is_empty:
        return NOWHERE
    return Shape(box, _scanline(points, box))


def _scanline(rings: list[NDArray[np.float64]], box: Box) -> NDArray[np.bool_]:
    """Even-odd fill at pixel centres: count the edges crossed to the left of each centre."""
    toggles = np.zeros((box.height, box.width + 1), np.int32)
    for ring in rings:
        start, end = ring, np.roll(ring, -1, axis=0)
        for (ax, ay), (bx, by) in zip(start.tolist(), end.tolist(), strict=True):
            if ay == by:
                continue
            top, bottom = (ay, by) if ay < by else (by, ay)
            first = max(math.ceil(top - 0.5), box.y0)
            last = min(math.ceil(bottom - 0.5), box.y1)
            if first >= last:
                continue
            rows = np.arange(first, last)
            crossing = ax + (rows + 0.5 - ay) * (bx - ax) / (by - ay)
            cols = np.clip(np.ceil(crossing - 0.5).astype(np.int64) - box.x0, 0, box.width)
            np.add.at(toggles, (rows - box.y0, cols), 1)
    inside: NDArray[np.bool_] = (np.cumsum(toggles[:, :-1], axis=1) & 1).astype(bool)
    return inside


def connected_regions(inside: NDArray[np.bool_]) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    """8-connected regions: their number n, an id raster (0 outside, 1..n), and [n, 5] rows x, y, w, h, area."""
    count, ids, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=8)
    return count - 1, ids.astype(np.int32, copy=False), stats[1:].astype(np.int32, copy=False)
