"""Tools that are given a box and find the pixels inside it: press, drag, let go."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing

from labeltool.core.draw import Point
from labeltool.core.geometry import Box, Size
from labeltool.core.guard import Admitted
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Shape
from labeltool.tools.painting import painted_ahead
from labeltool.tools.tool import (
    Gesture,
    Outline,
    Pending,
    Pointer,
    Preview,
    Scene,
    ToolContext,
    dragged,
    line,
)
from labeltool.tools.working import worked

Find = Callable[[Scene, Box, CancelToken], Shape]
"""Which pixels of a box, inside the image and not empty, are meant."""


def pixel_box(a: Point, b: Point, size: Size) -> Box:
    """The pixels of the image that the rectangle between two points touches; may be empty."""
    (left, right), (top, bottom) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    box = Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    return box.intersect(size.box)


def rectangle(box: Box) -> Outline:
    """The outline of a box."""
    return line([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)], closed=True)


class _Look:
    """What is found in the box that is being dragged: one box is searched at a time, and the newest one next."""

    def __init__(self, context: ToolContext, find: Find) -> None:
        self._context, self._find = context, find
        self._pending: Pending[Shape] | None = None
        self._asked: Box | None = None
        self._found: Shape | None = None

    def at(self, box: Box) -> Shape | None:
        """What is found in this box, or was in the last one that has been searched."""
        self._take()
        if self._pending is None and box != self._asked:
            self._asked = box
            self._pending = self._context.begin(lambda scene, cancel: self._find(scene, box, cancel))
            self._take()
        return self._found

    def _take(self) -> None:
        if self._pending is not None and self._pending.done:
            self._found, self._pending = self._pending.result(), None

    def close(self) -> None:
        """Look no further."""
        if self._pending is not None:
            self._pending.cancel()


def select_in_box(
    title: str, kind: str, find: Find, *, most_px: int, live_px: int = 0
) -> Callable[..., Gesture]:
    """The gesture of such a tool: what ``find`` answers gets the class when the button is let go.

    Boxes of up to ``live_px`` pixels are searched while they are dragged. Of one with more than ``most_px`` it is said
    beside the pointer that it is too large; letting it go does nothing.
    """

    def gesture(context: ToolContext, first: Pointer) -> Gesture:
        value = context.erase_value if first.button == "right" else context.paint_value
        event, box = first, Box(0, 0, 0, 0)
        with closing(_Look(context, find)) as look:
            while event.kind != "release":
                shown = _preview(box, look if box.width * box.height <= live_px else None, most_px)
                event = yield from dragged(shown)
                if event.kind in ("move", "release"):
                    box = pixel_box(first.point, event.point, context.size)
        if box.is_empty or box.width * box.height > most_px:
            return

        def selected(scene: Scene, cancel: CancelToken) -> Admitted:
            return painted_ahead(scene, find(scene, box, cancel), value, cancel)

        with context.stroke(title, kind) as stroke:
            stroke.add((yield from worked(context, selected, Preview((rectangle(box),)))))

    return gesture


def _preview(box: Box, look: _Look | None, most_px: int) -> Preview:
    if box.is_empty:
        return Preview()
    text = f"{box.width:,} × {box.height:,}"
    if box.width * box.height > most_px:
        text += f": too large, at most {most_px / 1e6:.0f} million pixels"
    area = None if look is None else look.at(box)
    return Preview((rectangle(box),), area=area, text=text)
