"""An image at halved sizes, for a canvas that shows any zoom."""

from __future__ import annotations

import cv2
import numpy as np

from labeltool.core.geometry import TILE, Size
from labeltool.imaging.reader import Pixels


class Pyramid:
    """Levels of an image: level 0 is the image, each further one half as wide and high (rounded up).

    Pixel (x, y) of level k averages the pixels (x * 2**k, y * 2**k) and on of the image; at odd sizes the last row and
    column count twice, so that levels lie exactly on each other. A level is made when it is first asked for.
    """

    def __init__(self, pixels: Pixels) -> None:
        self._levels = [pixels]
        height, width = pixels.shape[:2]
        self.sizes = [Size(width, height)]
        while max(self.sizes[-1]) > TILE:
            last = self.sizes[-1]
            self.sizes.append(Size((last.width + 1) // 2, (last.height + 1) // 2))

    @property
    def level_count(self) -> int:
        """Number of levels; the last one fits into a single tile."""
        return len(self.sizes)

    def build(self) -> None:
        """Make every level now, so that nobody who paints has to wait for one."""
        self.level(self.level_count - 1)

    def level(self, level: int) -> Pixels:
        """All pixels of a level."""
        while len(self._levels) <= level:
            self._levels.append(_halve(self._levels[-1]))
        return self._levels[level]


def _halve(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    half = ((width + 1) // 2, (height + 1) // 2)
    smaller = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA), np.uint8)
    smaller.flags.writeable = False
    return smaller
