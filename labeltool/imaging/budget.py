"""How large an image may be: decided before a pixel is decoded."""

from __future__ import annotations

from pathlib import Path

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.memory import GIB, physical_memory

DECODE_BYTES_PER_PIXEL = 7
"""What a pixel costs while an image is decoded: 4 bytes inside Pillow and 3 in our array."""

WHOLE_PIXELS = 40_000_000
"""Images of more pixels are shown, labelled and pre-labelled by parts."""

DECODE_BUDGET = min(2 * GIB, physical_memory() // 4)
"""Bytes that decoding one image whole may take, where somebody asks for it whole."""


def check_budget(size: Size, path: Path) -> None:
    """BadInputError when an image of this size cannot be decoded whole."""
    if size.pixels * DECODE_BYTES_PER_PIXEL <= DECODE_BUDGET:
        return
    fits = DECODE_BUDGET // DECODE_BYTES_PER_PIXEL
    raise BadInputError(
        f"the image has {size.width:,} x {size.height:,} pixels, more than is read whole",
        file=path,
        hint=f"At most {fits // 1_000_000} million pixels fit the memory budget; "
        "PNG, JPEG and tiled TIFF of any size are opened and labelled by parts",
    )
