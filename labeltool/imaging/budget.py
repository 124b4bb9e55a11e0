"""How large an image may be: decided before a pixel is decoded."""

from __future__ import annotations

from pathlib import Path

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.memory import GIB, physical_memory

_WORKING_BYTES = 4
"""What a pixel costs inside a decoder, beside its values in our array."""

WHOLE_PIXELS = 40_000_000
"""Images of more pixels, or of as many bytes as more RGB pixels, are shown, labelled and pre-labelled by parts."""

DECODE_BUDGET = min(2 * GIB, physical_memory() // 4)
"""Bytes that decoding one image whole may take, where somebody asks for it whole."""


def fits_whole(size: Size, pixel_bytes: int = 3) -> bool:
    """True for images that are kept in memory while they are open."""
    return size.pixels <= WHOLE_PIXELS and size.pixels * pixel_bytes <= 3 * WHOLE_PIXELS


def check_budget(size: Size, path: Path, pixel_bytes: int = 3) -> None:
    """BadInputError when an image of this size, whose values take so many bytes a pixel, cannot be decoded whole."""
    needed = pixel_bytes + _WORKING_BYTES
    if size.pixels * needed <= DECODE_BUDGET:
        return
    fits = DECODE_BUDGET // needed
    raise BadInputError(
        f"the image has {size.width:,} x {size.height:,} pixels, more than is read whole",
        file=path,
        hint=f"At most {fits // 1_000_000} million pixels fit the memory budget; "
        "PNG, JPEG and tiled TIFF of any size are opened and labelled by parts",
    )
