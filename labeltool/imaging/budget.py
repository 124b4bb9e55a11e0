"""How large an image may be: decided from its header, before a pixel is decoded."""

from __future__ import annotations

import os
from pathlib import Path

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size

DECODE_BYTES_PER_PIXEL = 7
"""What a pixel costs while an image is decoded: 4 bytes inside Pillow and 3 in our array."""

GIB = 1 << 30


def physical_memory() -> int:
    """Bytes of memory in this machine; 8 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * GIB


DECODE_BUDGET = min(2 * GIB, physical_memory() // 4)
"""Bytes that decoding one image may take."""


def check_budget(size: Size, path: Path) -> None:
    """BadInputError when an image of this size does not fit the budget."""
    if size.pixels * DECODE_BYTES_PER_PIXEL <= DECODE_BUDGET:
        return
    fits = DECODE_BUDGET // DECODE_BYTES_PER_PIXEL
    raise BadInputError(
        f"the image claims {size.width:,} x {size.height:,} pixels, more than is read here",
        file=path,
        hint=f"At most {fits // 1_000_000} million pixels fit the memory budget: cut the image into parts",
    )
