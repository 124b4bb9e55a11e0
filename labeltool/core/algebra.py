"""Sets of pixels made from others: those of a value, both, either, the rest. All of them answer lazily, box by box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labeltool.core.geometry import Box, TileIndex, tile_box, tiles_in
from labeltool.core.mask import Plane, constant_value
from labeltool.core.progress import CancelToken
from labeltool.core.shape import NO_BOX, Part, Shape


@dataclass(frozen=True)
class Alike:
    """The pixels of ``box`` in which every plane holds the value asked for; tiles of one value cost nothing."""

    planes: Sequence[Plane]
    values: Sequence[int]
    box: Box

    def part(self, box: Box) -> Part:
        """See :class:`~labeltool.core.shape.Shape`."""
        common = box.intersect(self.box)
        parts = {index: self._tile(index) for index in tiles_in(common, self.planes[0].size)}
        whole = parts.values()
        if all(part is False for part in whole):
            return False
        if common == box and all(part is True for part in whole):
            return True
        return _assembled(parts, common, box, self.planes[0])

    def _tile(self, index: TileIndex) -> Part:
        found: Part = True
        for plane, value in zip(self.planes, self.values, strict=True):
            known = constant_value(plane, index)
            if known is None:
                found = both(found, plane.tile(index) == value)
            elif known != value:
                return False
        return found


def _assembled(parts: Mapping[TileIndex, Part], common: Box, box: Box, plane: Plane) -> Part:
    whole = np.zeros((box.height, box.width), bool)
    for index, part in parts.items():
        place = tile_box(index, plane.size)
        cut = place.intersect(common)
        whole[cut.slices(box)] = part[cut.slices(place)] if isinstance(part, np.ndarray) else part
    return whole


@dataclass(frozen=True)
class Both:
    """The pixels of two shapes."""

    a: Shape
    b: Shape

    @property
    def box(self) -> Box:
        """Where both may be."""
        return self.a.box.intersect(self.b.box)

    def part(self, box: Box) -> Part:
        """See :class:`~labeltool.core.shape.Shape`."""
        found = self.a.part(box)
        return False if found is False else both(found, self.b.part(box))


@dataclass(frozen=True)
class Either:
    """The pixels of any of several shapes."""

    shapes: Sequence[Shape]

    @property
    def box(self) -> Box:
        """Around all of them."""
        found = NO_BOX
        for shape in self.shapes:
            found = found.union(shape.box)
        return found

    def part(self, box: Box) -> Part:
        """See :class:`~labeltool.core.shape.Shape`."""
        found: Part = False
        for shape in self.shapes:
            found = either(found, shape.part(box))
        return found


@dataclass(frozen=True)
class Outside:
    """The pixels of ``box`` that are not in a shape."""

    shape: Shape
    box: Box

    def part(self, box: Box) -> Part:
        """See :class:`~labeltool.core.shape.Shape`."""
        common = box.intersect(self.box)
        if common.is_empty:
            return False
        found = inverted(self.shape.part(common))
        if common == box or found is False:
            return found
        whole = np.zeros((box.height, box.width), bool)
        whole[common.slices(box)] = found
        return whole


@dataclass(frozen=True)
class Heeding:
    """The same pixels; whoever asks for them after a cancel gets a CancelledError."""

    shape: Shape
    cancel: CancelToken

    @property
    def box(self) -> Box:
        """That of the shape."""
        return self.shape.box

    def part(self, box: Box) -> Part:
        """See :class:`~labeltool.core.shape.Shape`."""
        self.cancel.check()
        return self.shape.part(box)


def without(a: Shape, b: Shape) -> Shape:
    """The pixels of ``a`` that are not in ``b``."""
    return Both(a, Outside(b, a.box))


def both(a: Part, b: Part) -> Part:
    """The pixels in two parts of one box."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a & b
    constant, other = (b, a) if isinstance(a, np.ndarray) else (a, b)
    return other if constant else False


def either(a: Part, b: Part) -> Part:
    """The pixels in any of two parts of one box."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a | b
    constant, other = (b, a) if isinstance(a, np.ndarray) else (a, b)
    return True if constant else other


def inverted(part: Part) -> Part:
    """The other pixels of the box."""
    return ~part if isinstance(part, np.ndarray) else not part
