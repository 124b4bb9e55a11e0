"""Fill: a click gives the connected region under the pointer the current class; the right button erases it.

What is under the pointer is tinted as far as it is on the screen, but for ground that goes on beyond it on all sides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from labeltool.core.components import region_at
from labeltool.core.draw import Point
from labeltool.core.geometry import Box, Size, tiles_in
from labeltool.core.guard import Admitted
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Shape, is_nowhere
from labeltool.tools.painting import painted_ahead
from labeltool.tools.tool import NO_PREVIEW, Gesture, Pointer, Preview, Scene, Tool, ToolContext
from labeltool.tools.working import worked

MOST_SHOWN_PX = 64_000_000
"""On the screen; of more nothing is shown."""


@dataclass(frozen=True, eq=False)
class Seen:
    """The part of a mask that is on the screen. It is known again by its tiles, which are never written to."""

    size: Size
    unlabelled_value: int
    box: Box
    tiles: tuple[object, ...]

    @classmethod
    def of(cls, mask: LabelMask, box: Box) -> Seen:
        """What is seen now."""
        return cls(mask.size, mask.unlabelled_value, box, tuple(_held(mask, box)))

    def is_same(self, mask: LabelMask, box: Box) -> bool:
        """Whether nothing of it has changed."""
        return (
            (self.size, self.unlabelled_value, self.box) == (mask.size, mask.unlabelled_value, box)
            and all(mine is now for mine, now in zip(self.tiles, _held(mask, box), strict=True))
        )  # fmt: skip


def _held(mask: LabelMask, box: Box) -> Iterator[object]:
    for name in ("label", "object"):
        yield from (mask.planes[name].tiles.held(index) for index in tiles_in(box, mask.size))


@dataclass(frozen=True, eq=False)
class Region:
    """A region as far as it is on the screen, and how that is shown."""

    seen: Seen
    area: Shape
    preview: Preview


class Looking:
    """Keeps the region that was looked at last, for as long as the pointer stays in it; any thread may ask."""

    def __init__(self) -> None:
        self._last: Region | None = None

    def at_hand(self, context: Scene, pixel: tuple[int, int]) -> Region | None:
        """The region of a pixel if that is the last one; never waits."""
        last, (x, y) = self._last, pixel
        if last is None or is_nowhere(last.area.part(Box(x, y, x + 1, y + 1))):
            return None
        return last if last.seen.is_same(context.mask, context.visible) else None

    def look(self, scene: Scene, pixel: tuple[int, int], cancel: CancelToken) -> Region:
        """Find the region of a pixel. Raises CancelledError after a cancel."""
        seen = Seen.of(scene.mask, scene.visible)
        area = region_at(scene.mask, pixel, cancel, within=seen.box)
        preview = NO_PREVIEW if is_ground(area, seen.box) else Preview(area=area)
        self._last = Region(seen, area, preview)
        return self._last


LOOKING = Looking()


def is_ground(area: Shape, seen: Box) -> bool:
    """Whether an area reaches all four sides of what is seen."""
    x0, y0, x1, y1 = seen
    sides = (
        Box(x0, y0, x1, y0 + 1), Box(x0, y1 - 1, x1, y1), Box(x0, y0, x0 + 1, y1), Box(x1 - 1, y0, x1, y1),
    )  # fmt: skip
    return not any(is_nowhere(area.part(side)) for side in sides)


def _hover(context: ToolContext, point: Point) -> Preview:
    pixel, seen = (math.floor(point[0]), math.floor(point[1])), context.visible
    beside = seen.intersect(Box(*pixel, pixel[0] + 1, pixel[1] + 1)).is_empty
    if beside or seen.width * seen.height > MOST_SHOWN_PX:
        return NO_PREVIEW
    region = LOOKING.at_hand(context, pixel)
    if region is None:
        begun = context.begin(lambda scene, cancel: LOOKING.look(scene, pixel, cancel))
        if not begun.done:
            return NO_PREVIEW  # it is asked again
        region = begun.result()
    return region.preview


def _fill(context: ToolContext, first: Pointer) -> Gesture:
    value = context.erase_value if first.button == "right" else context.paint_value
    pixel = math.floor(first.x), math.floor(first.y)

    def filled(scene: Scene, cancel: CancelToken) -> Admitted:
        return painted_ahead(scene, region_at(scene.mask, pixel, cancel), value, cancel)

    with context.stroke("fill", "fill") as stroke:
        stroke.add((yield from worked(context, filled)))


FILL = Tool(
    "fill",
    "Fill",
    "G",
    "ph.paint-bucket",
    "cross",
    _fill,
    hover=_hover,
    help="Click a region to give it the current class; right-click to erase it",
)
