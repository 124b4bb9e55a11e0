"""Outlines of sets of pixels, as rings along the edges of pixels, and back: filling them by the even-odd rule with
:func:`labeltool.core.draw.polygon` gives the very same pixels.

Pixels that touch at a corner belong together, so a connected region has one outer ring, and one ring a hole. Outer
rings run clockwise on the screen, holes the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box
from labeltool.core.shape import Bools, Shape

Ring = NDArray[np.float64]
"""Corners x, y of a closed line, float64 [n, 2]; the last one is joined to the first."""
Ints = NDArray[np.int64]
Corners = tuple[Ints, Ints, Bools]
"""x and y of points where an outline turns, twice where two pixels touch only there, and whether the pixel to the right
and below is part of the shape."""

BLOCK = 1024
CORNERS = 3
"""Fewest corners of a ring that encloses something."""
NO_CORNERS: Corners = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, bool)


def rings(shape: Shape) -> list[Ring]:
    """The outline of a shape: rings with whole coordinates, in the order in which reading the image meets them."""
    x, y, filled = _corners(shape)
    return [np.column_stack((x[ring], y[ring])).astype(np.float64) for ring in _cycles(x, y, filled)]


def simplified(ring: Ring, tolerance_px: float) -> Ring:
    """Fewer corners, with no point of the ring farther than about ``tolerance_px`` from the new one (Douglas-Peucker).

    A ring too small for that keeps its corners: nothing that is there gets lost.
    """
    found = cv2.approxPolyDP(ring.astype(np.float32).reshape(-1, 1, 2), tolerance_px, True)
    return ring if len(found) < CORNERS else found.reshape(-1, 2).astype(np.float64)


def signed_area(ring: Ring) -> float:
    """Pixels enclosed; negative for holes as :func:`rings` gives them."""
    x, y = (ring - ring[0]).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _corners(shape: Shape) -> Corners:
    """All corners in reading order."""
    found = [_corners_in(shape, block) for block in _blocks(shape.box)] or [NO_CORNERS]
    x, y, filled = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((x, y))
    return x[order], y[order], filled[order]


def _blocks(box: Box) -> Iterator[Box]:
    """The lattice points of a box, in pieces."""
    if box.is_empty:
        return
    for y in range(box.y0, box.y1 + 1, BLOCK):
        for x in range(box.x0, box.x1 + 1, BLOCK):
            yield Box(x, y, min(x + BLOCK, box.x1 + 1), min(y + BLOCK, box.y1 + 1))


def _corners_in(shape: Shape, block: Box) -> Corners:
    around = shape.part(Box(block.x0 - 1, block.y0 - 1, block.x1, block.y1))
    if not isinstance(around, np.ndarray):
        return NO_CORNERS
    a, b, c, d = around[:-1, :-1], around[:-1, 1:], around[1:, :-1], around[1:, 1:]
    touching = (a == d) & (b == c) & (a != b)
    at = np.flatnonzero((a ^ b ^ c ^ d) | touching)
    at = np.repeat(at, 1 + touching.ravel()[at])
    y, x = np.divmod(at, block.width)
    return x + block.x0, y + block.y0, d[y, x]


def _cycles(x: Ints, y: Ints, filled: Bools) -> Iterator[list[int]]:
    """The corners along each ring.

    Along a row the first corner is joined to the second, the third to the fourth, and so down each column: no pixel
    need be looked at again. Of a corner that is there twice the first has the edge to the left; which of the two has
    the upper edge decides that the two pixels are held together.
    """
    if not len(x):
        return
    number = np.arange(len(x))
    is_second = np.r_[False, (x[1:] == x[:-1]) & (y[1:] == y[:-1])]
    has_lower_edge = filled ^ is_second
    down = np.lexsort((has_lower_edge, y, x))
    vertical = np.empty_like(down)
    vertical[down] = down[number ^ 1]
    beside, above, is_outer = (number ^ 1).tolist(), vertical.tolist(), filled.tolist()
    done = bytearray(len(x))
    for start in range(len(x)):
        ring, at = [], start  # the topmost, leftmost corner of its ring: the way leads right
        while not done[at]:
            end = beside[at]
            done[at] = done[end] = 1
            ring += [at, end]
            at = above[end]
        if ring:
            yield ring if is_outer[start] else ring[::-1]
