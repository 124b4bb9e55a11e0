"""Images that are read by parts: windows of the levels that a file holds, the others averaged from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np

from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.progress import CancelToken
from labeltool.imaging.budget import check_budget
from labeltool.imaging.halving import finer, halve, level_sizes
from labeltool.imaging.pyramid_file import Form
from labeltool.imaging.reader import ImageInfo, Raw, ReaderBase

Block = tuple[Box, Callable[[], Raw]]


class WindowedReader(ReaderBase, ABC):
    """A file of which any window can be read. A kind of file says which levels it holds and how a box of one is read.

    ``sizes`` are those of all levels (:func:`~labeltool.imaging.halving.level_sizes`). ``in_order`` is true of files
    that can only be read from top to bottom: their pixels are unpacked into the pyramid cache first.
    """

    in_order: bool = False

    def __init__(self, path: Path, info: ImageInfo, page: str = "") -> None:
        self.path = path
        self.info = info
        self.page = page
        self.sizes = level_sizes(info.size)

    @property
    @abstractmethod
    def levels(self) -> list[int]:
        """The levels that windows are read from, in ascending order; the first is 0."""

    @abstractmethod
    def read_level(self, box: Box, level: int) -> Raw:
        """A box of one of ``levels``; it may come smaller than the box where the file's level was rounded down.
        BadInputError when it is damaged."""

    @abstractmethod
    def reopened(self) -> Self:
        """Another reader of the same file, for a thread that would keep the others waiting."""

    @property
    def base(self) -> int:
        """The coarsest level in the file; all above have to be made."""
        return max(self.levels, default=0)

    @property
    def form(self) -> Form:
        """Type and number of the values of a pixel."""
        return Form.of(self.info)

    @property
    def tile_side(self) -> int:
        """What is best read at once."""
        return TILE

    def read(self, box: Box | None = None, level: int = 0) -> Raw:
        """Values of a box of a level, read-only. BadInputError when they are damaged, or when a whole image does not
        fit the memory budget."""
        if box is None:
            check_budget(self.info.size, self.path, self.info.pixel_bytes)
            box = self.sizes[level].box
        source = max(each for each in self.levels if each <= level)
        wanted = finer(box, level - source, self.sizes[source])
        return halve(self._filled_up(wanted, source), level - source, self.info.nodata)

    def blocks(self, width: int, height: int) -> Iterator[Block]:
        """The base level in blocks, each with what reads it."""
        return self.cut(width, height, partial(self.read, level=self.base))

    def cut(self, width: int, height: int, read: Callable[[Box], Raw]) -> Iterator[Block]:
        """The base level in blocks that are read by ``read``."""
        size = self.sizes[self.base]
        for top in range(0, size.height, height):
            for left in range(0, size.width, width):
                box = Box(left, top, left + width, top + height).intersect(size.box)
                yield box, partial(read, box)

    def small(self, side: int, cancel: CancelToken) -> Raw:
        """All of the image at the first level with at most ``side`` pixels on its longer side."""
        fitting = (n for n, size in enumerate(self.sizes) if max(size) <= side)
        level = next(fitting, len(self.sizes) - 1)
        return self.read(self.sizes[level].box, level)

    def _filled_up(self, box: Box, level: int) -> Raw:
        """A box of one of the file's levels; what a level lacks at its right and bottom is its last column and row."""
        pixels = self.read_level(box, level)
        lack = (max(0, box.height - pixels.shape[0]), max(0, box.width - pixels.shape[1]))
        if any(lack):
            pixels = np.pad(pixels, ((0, lack[0]), (0, lack[1]), (0, 0)), mode="edge")
        return pixels[: box.height, : box.width]


def level_of(size: Size, sizes: list[Size]) -> int | None:
    """The level that an overview of this size is, one pixel more or less."""
    for level, each in enumerate(sizes):
        if abs(each.width - size.width) <= min(level, 1) and abs(each.height - size.height) <= min(level, 1):
            return level
    return None


def there(box: Box, size: Size) -> Box:
    """The part of a box that an overview of this size has; never empty."""
    return Box(
        min(box.x0, size.width - 1),
        min(box.y0, size.height - 1),
        min(box.x1, size.width),
        min(box.y1, size.height),
    )
