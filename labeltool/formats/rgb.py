"""Pictures whose colours are numbers: red + 256 green + 65,536 blue, as COCO panoptic counts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_NUMBER: Final = (1 << 24) - 1

Color = tuple[int, int, int]


def packed(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The numbers uint32 [h, w] of colours uint8 [h, w, 3]."""
    numbers = colors[..., 2].astype(np.uint32)
    for channel in (1, 0):
        numbers <<= 8
        numbers |= colors[..., channel]
    return numbers


def unpacked(numbers: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The colours uint8 [h, w, 3] of numbers up to 16,777,215."""
    return np.stack([numbers & 255, numbers >> 8 & 255, numbers >> 16 & 255], axis=-1).astype(np.uint8)


def number_of(color: Color) -> int:
    """The number of one colour."""
    return color[0] | color[1] << 8 | color[2] << 16


def color_of(number: int) -> Color:
    """The colour of one number."""
    return number & 255, number >> 8 & 255, number >> 16 & 255


def write_colors(path: Path, colors: NDArray[np.uint8]) -> None:
    """Write colours uint8 [h, w, 3] as PNG."""
    Image.fromarray(colors).save(path, format="PNG")
