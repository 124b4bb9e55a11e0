"""Brush and eraser: a round tip dragged over the image, gap-free at any speed of the pointer."""

from __future__ import annotations

from labeltool.core.draw import Point, capsule
from labeltool.core.patch import Patch
from labeltool.tools.painting import painted
from labeltool.tools.tool import NO_PREVIEW, Gesture, Pointer, Tool, ToolContext


def _dab(context: ToolContext, start: Point, end: Point, value: int) -> Patch:
    return painted(context, capsule(start, end, context.radius_px, context.size), value)


def _stroke(context: ToolContext, first: Pointer, *, erase: bool) -> Gesture:
    value = context.erase_value if erase else context.paint_value
    title, kind = ("eraser stroke", "eraser") if erase else ("brush stroke", "brush")
    with context.stroke(title, kind) as stroke:
        at = first.point
        stroke.add(_dab(context, at, at, value))
        while True:
            event = yield NO_PREVIEW
            if event.kind in ("move", "release") and event.point != at:
                stroke.add(_dab(context, at, event.point, value))
                at = event.point
            if event.kind == "release":
                return


def _brush(context: ToolContext, first: Pointer) -> Gesture:
    return _stroke(context, first, erase=first.button == "right")


def _eraser(context: ToolContext, first: Pointer) -> Gesture:
    return _stroke(context, first, erase=True)


BRUSH = Tool("brush", "Brush", "B", "ph.paint-brush", "brush", _brush)
ERASER = Tool("eraser", "Eraser", "E", "ph.eraser", "brush", _eraser)
