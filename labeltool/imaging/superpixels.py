"""Superpixels (SLIC) in fixed blocks of the image, so that they depend on neither the view nor the image's size.

A superpixel ends at the border of its block. It was computed with the block's surroundings, so that what it holds up to
there follows the image.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, Size

BLOCK = 512
HALO = 32
ITERATIONS = 5
KEPT_BLOCKS = 24
"""Blocks remembered, of about 1.5 MB each."""

Read = Callable[[Box], NDArray[np.uint8]]
"""Pixels RGB uint8 [h, w, 3] of a box inside the image."""


def block_at(x: int, y: int, size: Size) -> Box:
    """The block that holds a pixel, cut to the image."""
    x0, y0 = x - x % BLOCK, y - y % BLOCK
    return Box(x0, y0, x0 + BLOCK, y0 + BLOCK).intersect(size.box)


def superpixels(read: Read, block: Box, size: Size, segment_px: int, compactness: float) -> NDArray[np.int32]:
    """Numbers int32 [h, w] of the superpixels of a block, each about ``segment_px`` across; not to be written to.

    ``compactness`` weighs nearness against likeness: about 1 follows colours, 30 and more gives squares.
    """
    around = block.grow(HALO).intersect(size.box)
    # The pixels themselves are the key: an image that has changed can never be shown with old superpixels.
    pixels = np.ascontiguousarray(read(around)).tobytes()
    return _slic(pixels, around.width, segment_px, compactness)[block.slices(around)]


@lru_cache(maxsize=KEPT_BLOCKS)
def _slic(pixels: bytes, width: int, segment_px: int, compactness: float) -> NDArray[np.int32]:
    from skimage.segmentation import slic  # noqa: PLC0415  a third of a second that only this tool needs

    image = np.frombuffer(pixels, np.uint8).reshape(-1, width, 3)
    wanted = max(1, round(image.shape[0] * width / segment_px**2))
    found: NDArray[np.int32] = slic(
        image,
        n_segments=wanted,
        compactness=compactness,
        max_num_iter=ITERATIONS,
        start_label=0,
        channel_axis=-1,
    ).astype(np.int32)
    found.flags.writeable = False
    return found
