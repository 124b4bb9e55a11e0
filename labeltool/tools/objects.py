"""Objects: fresh ids, merging by a drag, splitting those that touch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labeltool.core.algebra import Alike, Either
from labeltool.core.components import region_at
from labeltool.core.draw import Point
from labeltool.core.geometry import Box, TileIndex
from labeltool.core.mask import LabelMask, constant_value
from labeltool.core.morphology import squared_distance
from labeltool.core.patch import paint
from labeltool.core.shape import Bools, Shape, is_nowhere
from labeltool.tools.tool import Gesture, Pointer, Preview, Tool, ToolContext

Pixel = tuple[int, int]


def fresh_object(mask: LabelMask) -> int:
    """An object id that no pixel carries."""
    plane = mask.planes["object"]

    def highest(index: TileIndex) -> int:
        known = constant_value(plane, index)
        return int(plane.tile(index).max()) if known is None else known

    return 1 + max((highest(index) for index in plane.tiles), default=0)


def split(inside: Bools, least_distance_px: int) -> NDArray[np.int32]:
    """Touching objects of one region told apart: 1..n inside, 0 outside, every pixel in one of them.

    The watershed of the distance to the outside, from peaks at least ``least_distance_px`` apart.
    """
    from skimage.feature import peak_local_max  # noqa: PLC0415  # takes long to import
    from skimage.segmentation import watershed  # noqa: PLC0415

    padded = np.pad(inside, 1)
    height = squared_distance(padded)
    peaks = peak_local_max(  # type: ignore[no-untyped-call]
        height, min_distance=least_distance_px, exclude_border=False
    )
    markers = np.zeros(padded.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    found: NDArray[np.int32] = watershed(  # type: ignore[no-untyped-call]
        -height, markers, mask=padded, connectivity=2
    )
    return found[1:-1, 1:-1]


@dataclass
class _Touched:
    """The objects of one class that a drag has met: whole ids, and regions that have none."""

    mask: LabelMask
    value: int
    shapes: dict[int | Pixel, Shape] = field(default_factory=dict)

    def meet(self, pixel: Pixel) -> None:
        """Take the object at a pixel up, if it is of the class and not among them yet."""
        x, y = pixel
        box = Box(x, y, x + 1, y + 1)
        if (
            box.intersect(self.mask.size.box).is_empty
            or int(self.mask.read("label", box)[0, 0]) != self.value
        ):
            return
        number = int(self.mask.read("object", box)[0, 0])
        if number:
            planes = self.mask.planes["label"], self.mask.planes["object"]
            self.shapes.setdefault(number, Alike(planes, (self.value, number), self.mask.size.box))
        elif all(is_nowhere(shape.part(box)) for shape in self.shapes.values()):
            self.shapes[pixel] = region_at(self.mask, pixel)

    def joined(self) -> int:
        """The id they get: the lowest that one of them has, or a fresh one."""
        known = [key for key in self.shapes if isinstance(key, int)]
        return min(known) if known else fresh_object(self.mask)


def _way(start: Point, end: Point) -> list[Pixel]:
    """The pixels under a straight way."""
    steps = max(1, math.ceil(2 * max(abs(end[0] - start[0]), abs(end[1] - start[1]))))
    points = np.linspace(start, end, steps + 1)
    return list(dict.fromkeys((math.floor(x), math.floor(y)) for x, y in points.tolist()))


def _merge(context: ToolContext, first: Pointer) -> Gesture:
    pixel = math.floor(first.x), math.floor(first.y)
    box = Box(*pixel, pixel[0] + 1, pixel[1] + 1)
    if box.intersect(context.size.box).is_empty:
        return
    value = int(context.mask.read("label", box)[0, 0])
    if value == context.erase_value:
        return
    touched = _Touched(context.mask, value)
    touched.meet(pixel)
    at, event = first.point, first
    while event.kind != "release":
        event = yield Preview(area=Either(tuple(touched.shapes.values())))
        if event.kind in ("move", "release"):
            for each in _way(at, event.point):
                touched.meet(each)
            at = event.point
    if len(touched.shapes) > 1:
        number = touched.joined()
        with context.stroke("merge objects", "merge") as stroke:
            for shape in tuple(touched.shapes.values()):
                stroke.add(paint(context.mask, shape, title="merge objects", kind="merge", object_id=number))


MERGE = Tool(
    "merge",
    "Merge objects",
    "Shift+M",
    "ph.arrows-in",
    "cross",
    _merge,
    help="Drag across objects of one class to make one of them",
)
