"""Objects: fresh ids, merging by a drag, splitting those that touch."""

from __future__ import annotations

import math
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from labeltool.core.algebra import Alike, Either, Heeding
from labeltool.core.cold import Held
from labeltool.core.components import region_at
from labeltool.core.draw import Point
from labeltool.core.geometry import Box, TileIndex, tiles_in
from labeltool.core.guard import Admitted
from labeltool.core.mask import LabelMask, constant_value
from labeltool.core.morphology import squared_distance
from labeltool.core.patch import paint
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Bools, Shape, Tiles, is_nowhere
from labeltool.tools.picked import at, carrying
from labeltool.tools.tool import NO_PREVIEW, Gesture, Pointer, Preview, Scene, Tool, ToolContext, dragged
from labeltool.tools.working import worked

Pixel = tuple[int, int]


def fresh_object(mask: LabelMask, cancel: CancelToken | None = None) -> int:
    """An object id that no pixel carries. Raises CancelledError after a cancel."""
    plane = mask.planes["object"]

    def highest(index: TileIndex) -> int:
        if cancel is not None:
            cancel.check()
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

    def meet(self, pixel: Pixel) -> bool:
        """Take the object at a pixel up, if it is of the class; True where it is a new region, to be found first."""
        if not _holds(self.mask.size.box, pixel):
            return False
        value, number = at(self.mask, pixel)
        if value != self.value:
            return False
        if number:
            self.shapes.setdefault(number, carrying(self.mask, value, number))
            return False
        regions = [shape for key, shape in self.shapes.items() if not isinstance(key, int)]
        return all(is_nowhere(region.part(_box(pixel))) for region in regions)

    @property
    def shown(self) -> Preview:
        """All of them tinted."""
        return Preview(area=Either(tuple(self.shapes.values())))

    def joined(self, scene: Scene, cancel: CancelToken) -> Admitted:
        """One object made of them, with the lowest id that one of them has, or a fresh one."""
        known = [key for key in self.shapes if isinstance(key, int)]
        number = min(known) if known else fresh_object(scene.mask, cancel)
        shape = Heeding(Either(tuple(self.shapes.values())), cancel)
        patch = paint(scene.mask, shape, title="merge objects", kind="merge", object_id=number)
        cancel.check()
        return scene.admitted(patch)


class _Way:
    """The pixels under a drag; those ``ahead`` have not been looked at yet."""

    def __init__(self, first: Pointer) -> None:
        self.ahead = deque([_pixel(first.point)])
        self.ended = False
        self._at = first.point

    def go_on(self, event: Pointer) -> None:
        """The pointer has moved, or the button was let go."""
        if self.ended or event.kind not in ("move", "release"):
            return
        steps = max(1, math.ceil(2 * max(abs(event.x - self._at[0]), abs(event.y - self._at[1]))))
        points = np.linspace(self._at, event.point, steps + 1)
        self.ahead.extend(dict.fromkeys(_pixel((x, y)) for x, y in points.tolist()))
        self._at, self.ended = event.point, event.kind == "release"


class _Under:
    """The object under the pointer: a region is found once, and a preview made once, for as long as it is the same."""

    def __init__(self) -> None:
        self._found: tuple[Tiles, list[Held | None]] | None = None
        self._preview: Callable[[], Preview | None] = lambda: None

    def at_hand(self, mask: LabelMask, pixel: Pixel) -> Tiles | None:
        """The region around a pixel, if it is the one found last and nobody has changed it."""
        if self._found is None:
            return None
        region, held = self._found
        if region.size != mask.size or is_nowhere(region.part(_box(pixel))):
            return None
        now = _held_near(mask, region)
        return region if all(one is other for one, other in zip(held, now, strict=True)) else None

    def find(self, mask: LabelMask, pixel: Pixel, cancel: CancelToken) -> Tiles:
        """The region around a pixel. Raises CancelledError after a cancel."""
        region = region_at(mask, pixel, cancel)
        self._found = region, _held_near(mask, region)
        return region

    def shown(self, area: Alike | Tiles) -> Preview:
        """The object tinted; where it is what is still shown, the same preview, so that nothing is painted."""
        known = self._preview()
        if known is not None and (known.area is area or (isinstance(area, Alike) and known.area == area)):
            return known
        preview = Preview(area=area)
        self._preview = weakref.ref(preview)  # or the mask of an image that is closed would be kept
        return preview


_UNDER = _Under()


def _held_near(mask: LabelMask, region: Tiles) -> list[Held | None]:
    """The tiles on which it depends how far a region goes."""
    near = list(tiles_in(region.box.grow(1).intersect(mask.size.box), mask.size))
    return [mask.planes[name].tiles.held(index) for name in ("label", "object") for index in near]


def _pixel(point: Point) -> Pixel:
    return math.floor(point[0]), math.floor(point[1])


def _box(pixel: Pixel) -> Box:
    x, y = pixel
    return Box(x, y, x + 1, y + 1)


def _holds(box: Box, pixel: Pixel) -> bool:
    return not _box(pixel).intersect(box).is_empty


def _hover(context: ToolContext, point: Point) -> Preview:
    """The object from which a drag would begin."""
    pixel, mask = _pixel(point), context.mask
    if not _holds(context.size.box, pixel):
        return NO_PREVIEW
    value, number = at(mask, pixel)
    if value == context.erase_value:
        return NO_PREVIEW
    if number:
        return _UNDER.shown(carrying(mask, value, number))
    region = _UNDER.at_hand(mask, pixel)
    if region is None:
        begun = context.begin(lambda scene, cancel: _UNDER.find(scene.mask, pixel, cancel))
        if not begun.done:
            return NO_PREVIEW  # it is asked again
        region = begun.result()
    return _UNDER.shown(region)


def _merge(context: ToolContext, first: Pointer) -> Gesture:
    start = _pixel(first.point)
    if not _holds(context.size.box, start):
        return
    value, _ = at(context.mask, start)
    if value == context.erase_value:
        return
    touched, way = _Touched(context.mask, value), _Way(first)
    with context.stroke("merge objects", "merge") as stroke:
        while way.ahead or not way.ended:
            while way.ahead:
                pixel = way.ahead.popleft()
                if touched.meet(pixel):
                    find = partial(_region, pixel)
                    touched.shapes[pixel] = yield from worked(context, find, touched.shown, way.go_on)
            if not way.ended:
                way.go_on((yield from dragged(touched.shown)))
        if len(touched.shapes) > 1:
            stroke.add((yield from worked(context, touched.joined, touched.shown)))


def _region(pixel: Pixel, scene: Scene, cancel: CancelToken) -> Tiles:
    return region_at(scene.mask, pixel, cancel)


MERGE = Tool(
    "merge",
    "Merge objects",
    "Shift+M",
    "ph.arrows-in",
    "cross",
    _merge,
    hover=_hover,
    help="Drag across objects of one class to make one of them",
)
