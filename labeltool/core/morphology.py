"""Growing, shrinking, smoothing and cleaning a set of pixels of an image of any size.

Each takes a shape and gives another one that is worked out tile by tile when it is asked for, with a margin of its
neighbours' pixels. Beyond the image there is neither inside nor outside: nothing shrinks away from its border.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.algebra import Either, Outside, without
from labeltool.core.geometry import Box, Size
from labeltool.core.labelling import Components
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.shape import Bools, Part, Shape, is_nowhere


@dataclass(frozen=True)
class _Around(ABC):
    """A shape whose pixels depend on what of another lies within ``radius_px`` of them."""

    shape: Shape
    radius_px: int
    size: Size

    @property
    def box(self) -> Box:
        return self.shape.box.grow(self.radius_px).intersect(self.size.box)

    def part(self, box: Box) -> Part:
        wide = box.grow(self.radius_px).intersect(self.size.box)
        found = self.shape.part(wide)
        if is_nowhere(found):
            return False
        if not isinstance(found, np.ndarray):
            return True
        return self._decided(found)[box.slices(wide)]

    @abstractmethod
    def _decided(self, found: Bools) -> Bools:
        """From the other shape's pixels, some of which are inside, to this one's: bool [h, w] both."""


class _Grown(_Around):
    def _decided(self, found: Bools) -> Bools:
        return _near(found, self.radius_px)


def squared_distance(inside: Bools) -> NDArray[np.float32]:
    """The square of the distance of each pixel to the nearest one that is not inside: whole numbers, 0 outside.

    There must be a pixel outside. OpenCV's last bit is not the same from call to call; rounding makes it so.
    """
    distance = cv2.distanceTransform(inside.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    squares: NDArray[np.float32] = np.rint(distance * distance)
    return squares


def _near(inside: Bools, radius_px: int) -> Bools:
    """The pixels no further than a radius from one that is inside."""
    near: Bools = squared_distance(~inside) <= radius_px * radius_px
    return near


def grown(shape: Shape, radius_px: int, size: Size) -> Shape:
    """All pixels whose centre is at most ``radius_px`` from that of a pixel of the shape."""
    return _Grown(shape, radius_px, size)


def shrunk(shape: Shape, radius_px: int, size: Size) -> Shape:
    """The pixels of the shape that are further than ``radius_px`` from every pixel of the image outside it."""
    return without(shape, _Grown(Outside(shape, size.box), radius_px, size))


class _Smoothed(_Around):
    def _decided(self, found: Bools) -> Bools:
        votes = np.where(found, np.float32(1), np.float32(-1))
        total = cv2.filter2D(votes, cv2.CV_32F, _disc(self.radius_px), borderType=cv2.BORDER_CONSTANT)
        return np.asarray(total > 0.5)


@lru_cache(maxsize=8)
def _disc(radius_px: int) -> NDArray[np.float32]:
    across = np.arange(-radius_px, radius_px + 1)
    return (across[:, None] ** 2 + across**2 <= radius_px**2).astype(np.float32)


def smoothed(shape: Shape, radius_px: int, size: Size) -> Shape:
    """The pixels in whose disc of ``radius_px`` more pixels of the image lie inside the shape than outside."""
    return _Smoothed(shape, radius_px, size)


class Holes:
    """The holes of a shape: what it encloses, 4-connected, and does not touch the border of the image."""

    def __init__(
        self, shape: Shape, size: Size, cancel: CancelToken | None = None, progress: Progress = silent
    ) -> None:
        self._shape = shape
        area = shape.box.intersect(size.box)
        self._found = Components(Outside(shape, area), size, 4, cancel=cancel, progress=progress)
        boxes = self._found.boxes
        # Nothing of the shape lies beyond its box, so what reaches the edge of that is open.
        self._closed = (boxes[:, :2] > (area.x0, area.y0)).all(axis=1) & (
            boxes[:, 2:] < (area.x1, area.y1)
        ).all(axis=1)

    def filled(self, largest: int = 0) -> Shape:
        """The shape with its holes of at most ``largest`` pixels filled; 0 fills all."""
        chosen = self._closed & ((largest == 0) | (self._found.areas <= largest))
        return Either((self._shape, self._found.shape(chosen)))


class Islands:
    """The 8-connected parts of a shape."""

    def __init__(
        self, shape: Shape, size: Size, cancel: CancelToken | None = None, progress: Progress = silent
    ) -> None:
        self._found = Components(shape, size, 8, cancel=cancel, progress=progress)

    def larger_than(self, area: int) -> Shape:
        """The parts of more than ``area`` pixels."""
        return self._found.shape(self._found.areas > area)

    def largest(self) -> Shape:
        """The largest part alone; of equal ones that whose box begins highest, then furthest left."""
        chosen = np.zeros(len(self._found), bool)
        if len(chosen):
            x0, y0 = self._found.boxes[:, 0], self._found.boxes[:, 1]
            chosen[np.lexsort((x0, y0, -self._found.areas))[0]] = True
        return self._found.shape(chosen)
