"""Raster geometry: which pixels a dab, a stroke segment or a polygon covers.

A pixel belongs to a shape when its centre does (pixel (c, r) has its centre at x = c + 0.5, y = r + 0.5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, Size
from labeltool.core.shape import NOWHERE, Part, Shape, Spans

Point = tuple[float, float]
Disc = tuple[float, float, float]
"""x, y, radius."""

Bounds = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Left and right end of a convex figure at each row's height; +inf and -inf where it does not reach."""

SMALLEST_RADIUS = 0.5
"""A tip of this radius or below is one pixel wide: the pixel under the point is always covered."""


def capsule(start: Point, end: Point, radius_px: float, size: Size) -> Shape:
    """What a round brush covers on its straight way from ``start`` to ``end``, cut to the image."""
    return taper((*start, radius_px), (*end, radius_px), size)


def taper(start: Disc, end: Disc, size: Size) -> Shape:
    """What a round brush covers while its radius goes evenly from one to another on a straight way.

    It is the convex hull of the two discs, so every row is one run of pixels.
    """
    (ax, ay, ar), (bx, by, br) = start, end
    ar, br = max(ar, SMALLEST_RADIUS), max(br, SMALLEST_RADIUS)
    box = _around((ax - ar, ay - ar), (ax + ar, ay + ar), (bx - br, by - br), (bx + br, by + br)).intersect(
        size.box
    )
    if box.is_empty:
        return NOWHERE
    heights = _heights(box)
    left, right = _join(_disc(ax, ay, ar, heights), _disc(bx, by, br, heights))
    corners = _tangents((ax, ay, ar), (bx, by, br))
    if corners:
        left, right = _join((left, right), _convex(corners, heights))
    return _spans(box, left, right, (start[:2], end[:2]))


def swept_square(start: Point, end: Point, radius_px: float, size: Size) -> Shape:
    """What a square tip of side 2 x ``radius_px`` covers on its straight way, cut to the image."""
    reach = max(radius_px, SMALLEST_RADIUS)
    corners = [(x + dx, y + dy) for x, y in (start, end) for dx in (-reach, reach) for dy in (-reach, reach)]
    box = _around(*corners).intersect(size.box)
    if box.is_empty:
        return NOWHERE
    heights = _heights(box)
    hull = cv2.convexHull(np.asarray(corners, np.float32)).reshape(-1, 2).astype(np.float64)
    left, right = _convex([(x, y) for x, y in hull.tolist()], heights)
    return _spans(box, left, right, (start, end))


def _around(*points: Point) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)) + 1, math.ceil(max(ys)) + 1)


def _heights(box: Box) -> NDArray[np.float64]:
    return np.arange(box.y0, box.y1, dtype=np.float64) + 0.5


def _disc(x: float, y: float, radius: float, heights: NDArray[np.float64]) -> Bounds:
    half2 = radius * radius - (heights - y) ** 2
    half = np.sqrt(np.maximum(half2, 0))
    return np.where(half2 >= 0, x - half, np.inf), np.where(half2 >= 0, x + half, -np.inf)


def _join(a: Bounds, b: Bounds) -> Bounds:
    return np.minimum(a[0], b[0]), np.maximum(a[1], b[1])


def _tangents(a: Disc, b: Disc) -> list[Point]:
    """Where the outer tangents touch two discs, in the order of a polygon; none when one disc holds the other."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    distance = math.hypot(dx, dy)
    if distance <= abs(a[2] - b[2]) or distance < 1e-9:
        return []
    dx, dy = dx / distance, dy / distance
    along = (a[2] - b[2]) / distance
    across = math.sqrt(max(0.0, 1 - along * along))
    upper = dx * along - dy * across, dy * along + dx * across
    lower = dx * along + dy * across, dy * along - dx * across
    return [
        (d[0] + n[0] * d[2], d[1] + n[1] * d[2]) for d, n in ((a, upper), (b, upper), (b, lower), (a, lower))
    ]


def _convex(corners: Sequence[Point], heights: NDArray[np.float64]) -> Bounds:
    left, right = np.full(len(heights), np.inf), np.full(len(heights), -np.inf)
    for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0]), strict=True):
        reached = (heights >= min(ay, by)) & (heights <= max(ay, by))
        if not reached.any():
            continue
        low = high = (
            np.array([min(ax, bx)]) if ay == by else ax + (heights[reached] - ay) * ((bx - ax) / (by - ay))
        )
        if ay == by:
            high = np.array([max(ax, bx)])
        left[reached] = np.minimum(left[reached], low)
        right[reached] = np.maximum(right[reached], high)
    return left, right


def _spans(box: Box, left: NDArray[np.float64], right: NDArray[np.float64], sure: Sequence[Point]) -> Spans:
    """The pixels whose centres lie between two ends, and those under the points ``sure``."""
    first = np.ceil(np.clip(left, box.x0, box.x1 + 1) - 0.5).astype(np.int32)
    last = np.floor(np.clip(right, box.x0 - 1, box.x1) + 0.5).astype(np.int32)
    last = np.where((right > left - 1e-12) & (last > first), last, first)
    for x, y in sure:
        column, row = math.floor(x), math.floor(y) - box.y0
        if box.x0 <= column < box.x1 and 0 <= row < box.height:
            empty = last[row] <= first[row]
            first[row] = column if empty else min(first[row], column)
            last[row] = column + 1 if empty else max(last[row], column + 1)
    return Spans(box, np.maximum(first, box.x0), np.minimum(last, box.x1))


def polygon(rings: Sequence[Sequence[Point]] | Sequence[NDArray[np.generic]], size: Size) -> Shape:
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
    edges = np.concatenate([np.hstack([ring, np.roll(ring, -1, axis=0)]) for ring in points])
    downward = np.where((edges[:, 1] > edges[:, 3])[:, None], edges[:, [2, 3, 0, 1]], edges)
    return EvenOdd(box, downward[downward[:, 1] < downward[:, 3]])


STRIP = 256
"""Rows whose crossings are worked out together."""
MOST_EDGES = 4096
"""Edges whose crossings are worked out together; it bounds the memory."""
Crossings = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Row and column, in the order of reading, of the pixels at which inside and outside change; none occurs twice."""


class EvenOdd:
    """The pixels whose centre has an odd number of edges on its left.

    ``edges`` are x, y, x, y (float64 [n, 4]) and lead downward, so that two polygons round the same edge alike. Which
    rows and columns one crosses does not depend on the box that is asked for, so no border of a box can show.
    """

    def __init__(self, box: Box, edges: NDArray[np.float64]) -> None:
        self.box = box
        self._edges = edges
        self._first, self._last = np.ceil(edges[:, 1::2] - 0.5).clip(box.y0, box.y1).astype(np.int64).T
        self._known: tuple[tuple[int, int], Crossings] | None = None

    def part(self, box: Box) -> Part:
        """See :class:`~labeltool.core.shape.Shape`."""
        common = self.box.intersect(box)
        if common.is_empty:
            return False
        if common == box and common.height <= STRIP:
            return self._strip(common)
        whole = np.zeros((box.height, box.width), bool)
        for top in range(common.y0, common.y1, STRIP):
            strip = Box(common.x0, top, common.x1, min(top + STRIP, common.y1))
            whole[strip.slices(box)] = self._strip(strip)
        return whole

    def _strip(self, box: Box) -> Part:
        rows, columns = self._crossings(box.y0, box.y1)
        within = (columns > box.x0) & (columns < box.x1)
        starts = np.bincount(rows[columns <= box.x0] - box.y0, minlength=box.height) & 1
        if not within.any() and starts.min() == starts.max():
            return bool(starts[0])
        toggles = np.zeros((box.height, box.width), np.uint8)
        toggles[:, 0] = starts
        toggles[rows[within] - box.y0, columns[within] - box.x0] = 1
        return np.bitwise_xor.accumulate(toggles, axis=1, out=toggles).view(bool)

    def _crossings(self, y0: int, y1: int) -> Crossings:
        """Of a strip of rows; the last one is remembered, because a picture is read tile by tile."""
        known = self._known
        if known is None or known[0] != (y0, y1):
            known = self._known = (y0, y1), self._crossed(y0, y1)
        return known[1]

    def _crossed(self, y0: int, y1: int) -> Crossings:
        near = np.flatnonzero((self._first < y1) & (self._last > y0))
        width = self.box.width + 1
        found = [self._keys(near[i : i + MOST_EDGES], y0, y1, width) for i in range(0, len(near), MOST_EDGES)]
        keys = _odd(np.concatenate(found)) if found else np.zeros(0, np.int64)
        return keys // width + y0, keys % width + self.box.x0

    def _keys(self, edges: NDArray[np.int64], y0: int, y1: int, width: int) -> NDArray[np.int64]:
        first, last = np.maximum(self._first[edges], y0), np.minimum(self._last[edges], y1)
        count = last - first
        ax, ay, bx, by = np.repeat(self._edges[edges], count, axis=0).T
        rows = np.arange(len(ax)) + np.repeat(first - np.cumsum(count) + count, count)
        crossing = ax + (rows + 0.5 - ay) * (bx - ax) / (by - ay)
        columns = np.ceil(crossing - 0.5).clip(self.box.x0, self.box.x1).astype(np.int64)
        return _odd((rows - y0) * width + columns - self.box.x0)


def _odd(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those that occur an odd number of times, sorted."""
    unique, counts = np.unique(keys, return_counts=True)
    odd: NDArray[np.int64] = unique[counts & 1 == 1]
    return odd


def connected_regions(inside: NDArray[np.bool_]) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    """8-connected regions: their number n, an id raster (0 outside, 1..n), and [n, 5] rows x, y, w, h, area."""
    count, ids, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=8)
    return count - 1, ids.astype(np.int32, copy=False), stats[1:].astype(np.int32, copy=False)
