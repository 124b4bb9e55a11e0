"""The orientation tag of EXIF and TIFF: from stored pixels to displayed ones, and back."""

from __future__ import annotations

from labeltool.core.geometry import Box, Size
from labeltool.imaging.reader import Raw


def upright(values: Raw, orientation: int) -> Raw:
    """Values [h, w, channels] as the orientation of EXIF and TIFF (1 to 8) says they are displayed."""
    if orientation >= 5:
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values


def turned_back(box: Box, stored: Size, orientation: int) -> Box:
    """The stored pixels that a box of the displayed ones shows."""
    width, height = stored[::-1] if orientation >= 5 else stored
    if orientation in (2, 3, 6, 7):
        box = Box(width - box.x1, box.y0, width - box.x0, box.y1)
    if orientation in (3, 4, 7, 8):
        box = Box(box.x0, height - box.y1, box.x1, height - box.y0)
    return Box(box.y0, box.x0, box.y1, box.x1) if orientation >= 5 else box
