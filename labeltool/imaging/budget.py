"""How much memory the program takes, and how large an image may be: decided before a pixel is decoded."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size

DECODE_BYTES_PER_PIXEL = 7
"""What a pixel costs while an image is decoded: 4 bytes inside Pillow and 3 in our array."""

WHOLE_PIXELS = 40_000_000
"""Images of more pixels are shown, labelled and pre-labelled by parts."""

MIB = 1 << 20
GIB = 1 << 30
MEMORY_VARIABLE = "LABELTOOL_MEMORY_MB"

Use = Literal["pyramid", "image layer", "mask layer", "undo"]
_SHARES = MappingProxyType({"pyramid": 0.25, "image layer": 0.10, "mask layer": 0.10, "undo": 0.25})


def physical_memory() -> int:
    """Bytes of memory in this machine; 8 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * GIB


def memory_limit() -> int:
    """Bytes that images, masks and undo may take together: what the environment variable LABELTOOL_MEMORY_MB
    says, else a quarter of the machine's memory and at most 1 GiB."""
    try:
        return max(64, int(os.environ[MEMORY_VARIABLE])) * MIB
    except (KeyError, ValueError):
        return min(GIB, physical_memory() // 4)


def share(use: Use) -> int:
    """Bytes of the memory limit that one use may take."""
    return int(memory_limit() * _SHARES[use])


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
