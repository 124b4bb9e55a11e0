"""Tools that are given a box and find the pixels inside it: press, drag, let go."""

from __future__ import annotations

import math
from collections.abc import Callable

from labeltool.core.draw import Point
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.shape import Shape
from labeltool.tools.painting import painted
from labeltool.tools.tool import Gesture, Outline, Pointer, Preview, ToolContext, line

Find = Callable[[ToolContext, Box], Shape]
"""Which pixels of a box, inside the image and not empty, are meant."""


def pixel_box(a: Point, b: Point, size: Size) -> Box:
    """The pixels of the image that the rectangle between two points touches; may be empty."""
    (left, right), (top, bottom) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    box = Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    return box.intersect(size.box)


def rectangle(box: Box) -> Outline:
    """The outline of a box."""
    return line([(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)], closed=True)


def select_in_box(
    title: str, kind: str, find: Find, *, most_px: int, live_px: int = 0
) -> Callable[..., Gesture]:
    """The gesture of such a tool: what ``find`` answers gets the class when the button is let go.

    Boxes of up to ``live_px`` pixels are searched while they are dragged; larger ones than ``most_px`` are refused.
    """

    def gesture(context: ToolContext, first: Pointer) -> Gesture:
        value = context.erase_value if first.button == "right" else context.paint_value
        event, box = first, Box(0, 0, 0, 0)
        while event.kind != "release":
            event = yield _preview(context, box, find, live_px)
            if event.kind in ("move", "release"):
                box = pixel_box(first.point, event.point, context.size)
        if box.is_empty:
            return
        if box.width * box.height > most_px:
            raise LabeltoolError(
                f"The box has {box.width} × {box.height} pixels, more than {most_px / 1e6:.0f} million",
                hint="Draw smaller boxes",
            )
        with context.stroke(title, kind) as stroke:
            stroke.add(painted(context, find(context, box), value))

    return gesture


def _preview(context: ToolContext, box: Box, find: Find, live_px: int) -> Preview:
    if box.is_empty:
        return Preview()
    live = box.width * box.height <= live_px
    text = f"{box.width} × {box.height}"
    return Preview((rectangle(box),), area=find(context, box) if live else None, text=text)
