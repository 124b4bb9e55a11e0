"""The grid of levels: level 0 is the image, each further one half as wide and high, rounded up."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import TILE, Box, Size
from labeltool.imaging.reader import Raw


def level_sizes(size: Size) -> list[Size]:
    """Sizes of all levels; the last one fits into a single tile."""
    sizes = [size]
    while max(sizes[-1]) > TILE:
        sizes.append(Size((sizes[-1].width + 1) // 2, (sizes[-1].height + 1) // 2))
    return sizes


def halve(pixels: Raw, times: int = 1, nodata: float | None = None) -> Raw:
    """The average of each 2 x 2 values; at odd sides the last row or column counts twice.

    Values that are NaN or ``nodata`` do not count; where all four are, there is none in the outcome either.
    """
    for _ in range(times):
        height, width = pixels.shape[:2]
        if height % 2 or width % 2:
            pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        pixels = _halved(pixels, nodata)
    return pixels


_BY_OPENCV = frozenset("uint8 uint16 int16 float32 float64".split())


def _halved(pixels: Raw, nodata: float | None) -> Raw:
    height, width, channels = pixels.shape
    missing = _missing(pixels, nodata)
    if missing is None and channels <= 4 and pixels.dtype.name in _BY_OPENCV:
        small = cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        return small.reshape(height // 2, width // 2, channels)
    four = pixels.reshape(height // 2, 2, width // 2, 2, channels).astype(np.float64)
    with np.errstate(invalid="ignore"):  # infinities of either sign have no average
        if missing is None:
            return _as_before(four.mean((1, 3)), pixels.dtype)
        counts = ~missing.reshape(four.shape)
        number = counts.sum((1, 3))
        total = np.where(counts, four, 0).sum((1, 3))
        mean = np.where(number > 0, total / np.maximum(number, 1), np.nan if nodata is None else nodata)
        return _as_before(mean, pixels.dtype)


def _missing(pixels: Raw, nodata: float | None) -> NDArray[np.bool_] | None:
    """Where there is no value; None when there is one everywhere."""
    missing = None
    if nodata is not None and not np.isnan(nodata):
        missing = pixels == nodata
    if pixels.dtype.kind == "f":
        nowhere = np.isnan(pixels)
        missing = nowhere if missing is None else missing | nowhere
    return missing if missing is not None and missing.any() else None


def _as_before(mean: NDArray[np.float64], dtype: np.dtype[Any]) -> Raw:
    if dtype.kind == "f":
        return mean.astype(dtype)
    if dtype.itemsize == 8:  # floating point rounds the largest numbers up, out of the type
        limits = np.iinfo(dtype)
        mean = np.clip(mean, limits.min, np.nextafter(float(limits.max), 0))
    return np.rint(mean).astype(dtype)


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
