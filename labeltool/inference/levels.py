"""Stretching an image's grey levels, for images of which many use only a few of their 256."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box
from labeltool.imaging.reader import Pixels, Reader
from labeltool.imaging.windows import sampled_boxes

Levels = NDArray[np.uint8]
"""uint8 [256]: the new value of each value, the same for the three channels, so that hues stay."""

IDENTITY: Levels = np.arange(256, dtype=np.uint8)

_SMALLEST_SPAN = 8
_MEAN = 0.25
_LOWEST_GAMMA = 0.5
_BLOCK = 512
_MOST_BLOCKS = 64


def image_levels(reader: Reader, percentiles: tuple[float, float] | None) -> Levels:
    """Maps the two percentiles of all the image's values to 0 and 255; None changes nothing.

    They are the whole image's, so that its tiles fit together; of a large image every n-th block is looked at, and
    none that has no values.
    """
    if percentiles is None:
        return IDENTITY
    counts = np.zeros(256, np.int64)
    for box in sampled_boxes(reader, _blocks(reader), _MOST_BLOCKS):
        counts += np.bincount(reader.read(box).reshape(-1), minlength=256)
    return stretched(counts, percentiles) if counts.any() else IDENTITY


def stretched(counts: NDArray[np.int64], percentiles: tuple[float, float]) -> Levels:
    """The levels of an image with this histogram (int64 [256]).

    A dark image is brightened as well (its mean goes towards a quarter of the range), because beside a few
    bright objects the dim ones would have almost the background's value.
    """
    share = np.cumsum(counts) / counts.sum()
    low = int(np.searchsorted(share, percentiles[0] / 100, side="right"))
    high = int(np.searchsorted(share, percentiles[1] / 100, side="left"))
    high = max(high, low + _SMALLEST_SPAN)
    scaled = np.clip((np.arange(256) - low) / (high - low), 0, 1)
    mean = max(float(scaled @ counts / counts.sum()), 1e-6)
    gamma = np.clip(np.log(_MEAN) / np.log(min(mean, 0.999)), _LOWEST_GAMMA, 1)
    return np.asarray(np.round(255 * scaled**gamma), np.uint8)


def apply(levels: Levels, pixels: Pixels) -> Pixels:
    """The pixels with their new values, a new array."""
    return levels[pixels]


def _blocks(reader: Reader) -> list[Box]:
    size = reader.info.size
    return [
        Box(x, y, x + _BLOCK, y + _BLOCK).intersect(size.box)
        for y in range(0, size.height, _BLOCK)
        for x in range(0, size.width, _BLOCK)
    ]
