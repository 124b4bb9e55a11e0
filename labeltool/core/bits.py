"""Which pixels of a tile belong to a region, in the memory that a region needs that is kept.

A region may have more tiles than there is room for as arrays, and a thousand small ones may lie in a single tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, TileIndex
from labeltool.core.shape import Bools, Part


class Bits(NamedTuple):
    """A bool array of ``shape`` [h, w]: a bit a pixel in ``box``, the smallest one around those that are True."""

    shape: tuple[int, int]
    box: Box
    bits: NDArray[np.uint8]

    @classmethod
    def of(cls, inside: Bools) -> Bits:
        """The same pixels."""
        inside = np.ascontiguousarray(inside)
        x, y, width, height = cv2.boundingRect(inside.view(np.uint8))
        box = Box(x, y, x + width, y + height)
        return cls((inside.shape[0], inside.shape[1]), box, np.packbits(inside[box.slices()]))

    def array(self) -> Bools:
        """As bool [h, w]."""
        box = self.box
        found = np.unpackbits(self.bits, count=box.height * box.width).view(np.bool_)
        whole = np.zeros(self.shape, bool)
        whole[box.slices()] = found.reshape(box.height, box.width)
        return whole


@dataclass(frozen=True)
class BitParts(Mapping[TileIndex, "Bools | bool"]):
    """The parts of :class:`~labeltool.core.shape.Tiles`, kept as bits."""

    kept: Mapping[TileIndex, Bits | Literal[True]]

    def __getitem__(self, index: TileIndex) -> Bools | bool:
        found = self.kept[index]
        return found.array() if isinstance(found, Bits) else found

    def __iter__(self) -> Iterator[TileIndex]:
        return iter(self.kept)

    def __len__(self) -> int:
        return len(self.kept)

    def __contains__(self, index: object) -> bool:
        return index in self.kept


def kept_part(part: Part) -> Bits | Literal[True] | None:
    """What is kept of a part; None where it holds no pixel."""
    if not isinstance(part, np.ndarray):
        return True if part else None
    return Bits.of(part) if part.any() else None
