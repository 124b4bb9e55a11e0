"""The grid of levels: level 0 is the image, each further one half as wide and high, rounded up."""

from __future__ import annotations

import cv2
import numpy as np

from labeltool.core.geometry import TILE, Box, Size
from labeltool.imaging.reader import Pixels


def level_sizes(size: Size) -> list[Size]:
    """Sizes of all levels; the last one fits into a single tile."""
    sizes = [size]
    while max(sizes[-1]) > TILE:
        sizes.append(Size((sizes[-1].width + 1) // 2, (sizes[-1].height + 1) // 2))
    return sizes


def halve(pixels: Pixels, times: int = 1) -> Pixels:
    """The average of each 2 x 2 pixels; at odd sides the last row or column counts twice."""
    for _ in range(times):
        height, width = pixels.shape[:2]
        if height % 2 or width % 2:
            pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        half = ((width + 1) // 2, (height + 1) // 2)
        pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA), np.uint8)
    return pixels


def finer(box: Box, levels: int, size: Size) -> Box:
    """The pixels ``levels`` further down, on a level of this size, that a box averages."""
    return Box(
        box.x0 << levels,
        box.y0 << levels,
        min(box.x1 << levels, size.width),
        min(box.y1 << levels, size.height),
    )


def coarser(box: Box, levels: int) -> Box:
    """The pixels ``levels`` further up that average a pixel of a box."""
    return Box(box.x0 >> levels, box.y0 >> levels, -(-box.x1 >> levels), -(-box.y1 >> levels))
