"""Ruler: drag measures. The line stays until the next press or Esc; Shift keeps to 0, 45 and 90 degrees."""

from __future__ import annotations

import math

from labeltool.core.draw import Point
from labeltool.tools.tool import Gesture, Pointer, Preview, Tool, ToolContext, dragged, line


def snapped(start: Point, end: Point) -> Point:
    """The point nearest to ``end`` on the lines through ``start`` at multiples of 45 degrees."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    angle = round(math.atan2(dy, dx) / (math.pi / 4)) * (math.pi / 4)
    along = dx * math.cos(angle) + dy * math.sin(angle)
    return start[0] + along * math.cos(angle), start[1] + along * math.sin(angle)


def measure_text(context: ToolContext, start: Point, end: Point) -> str:
    """The length of a line: in pixels, and in the world's unit where the image knows it."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    pixels = f"{math.hypot(dx, dy):.1f} px"
    scale = context.pixel_size
    return pixels if scale is None else f"{pixels} · {scale.text(scale.length(dx, dy))}"


def _ruler(context: ToolContext, first: Pointer) -> Gesture:
    start = end = first.point
    held = True
    while True:
        shown = line([start, end], handles=True)
        text = measure_text(context, start, end)
        event = yield from dragged(Preview((shown,), text=text, text_at=end, idle=not held))
        if event.kind in ("press", "double"):
            start = end = event.point
            held = True
        elif held and event.kind in ("move", "release"):
            end = snapped(start, event.point) if event.shift else event.point
            held = event.kind == "move"
        if event.kind == "release" and start == end:
            return


RULER = Tool(
    "ruler",
    "Ruler",
    "U",
    "ph.ruler",
    "cross",
    _ruler,
    help="Drag from one end to the other; Shift keeps the line level, upright or at 45 degrees",
)
