"""Brush and eraser: a tip dragged over the image, gap-free and smooth at any speed of the pointer.

The way between two positions of the pointer is a cubic curve through both that goes on in the direction the last one
ended in, so a fast stroke is as round as a slow one and never lags behind the pointer. Shift draws straight lines: from
where the last stroke ended with a click, along the drag otherwise. A pen's pressure is the size of the tip.
"""

from __future__ import annotations

import math

import numpy as np

from labeltool.core.draw import Point, swept_square, taper
from labeltool.core.patch import Patch
from labeltool.tools.painting import painted
from labeltool.tools.tip import TIP, is_square, radius_at
from labeltool.tools.tool import NO_PREVIEW, Gesture, Pointer, Preview, Tool, ToolContext, line

SHARPEST_TURN = -0.2
"""Cosine of the angle between two pieces beyond which a corner is meant, and stays one."""
MOST_PIECES = 16


def _segment(context: ToolContext, start: Pointer, end: Pointer, value: int) -> Patch:
    if is_square(context):
        return painted(context, swept_square(start.point, end.point, context.radius_px, context.size), value)
    a, b = (radius_at(context, pointer.pressure) for pointer in (start, end))
    return painted(context, taper((*start.point, a), (*end.point, b), context.size), value)


def curve(start: Point, end: Point, direction: Point | None, finest_px: float) -> list[Point]:
    """Points on the way from ``start`` (left out) to ``end``, leaving in ``direction`` (a unit vector).

    It is a Hermite curve cut into straight pieces about ``finest_px`` from it; without a direction, for short ways and
    at corners it is straight.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if direction is None or length < 4 * finest_px:
        return [end]
    turn = (direction[0] * dx + direction[1] * dy) / length
    if turn < SHARPEST_TURN or turn > 0.9999:
        return [end]
    pieces = min(MOST_PIECES, max(2, math.ceil(math.sqrt(length * math.acos(turn) / (8 * finest_px)))))
    t = np.linspace(0, 1, pieces + 1)[1:, None]
    p0, p1 = np.array(start), np.array(end)
    m0, m1 = np.array(direction) * length, np.array((dx, dy))
    way = (
        (2 * t**3 - 3 * t**2 + 1) * p0
        + (t**3 - 2 * t**2 + t) * m0
        + (3 * t**2 - 2 * t**3) * p1
        + (t**3 - t**2) * m1
    )
    return [(x, y) for x, y in way[:-1].tolist()] + [end]


def _direction(a: Point, b: Point) -> Point | None:
    length = math.dist(a, b)
    return None if length < 1e-9 else ((b[0] - a[0]) / length, (b[1] - a[1]) / length)


def _stroke(context: ToolContext, first: Pointer, *, erase: bool) -> Gesture:
    value = context.erase_value if erase else context.paint_value
    title, kind = ("eraser stroke", "eraser") if erase else ("brush stroke", "brush")
    with context.stroke(title, kind) as stroke:
        at, direction = first, None
        start = first
        if first.shift and context.last_point is not None:
            start = Pointer("press", *context.last_point, pressure=first.pressure)
        stroke.add(_segment(context, start, first, value))
        while True:
            event = yield _straight(at, first.shift)
            if event.kind not in ("move", "release"):
                continue
            if first.shift and event.kind == "move":
                continue  # the line is drawn when the button is let go
            if event.point != at.point:
                before = at
                finest = max(0.35, 0.02 * context.radius_px)
                way = [event.point] if first.shift else curve(at.point, event.point, direction, finest)
                for step, point in enumerate(way, start=1):
                    share = step / len(way)
                    pressure = before.pressure + share * (event.pressure - before.pressure)
                    after = Pointer(
                        "move", *point, pressure=pressure if event.kind == "move" else before.pressure
                    )
                    stroke.add(_segment(context, at, after, value))
                    direction = _direction(at.point, point)
                    at = after
            if event.kind == "release":
                context.last_point = at.point
                return


def _straight(start: Pointer, straight: bool) -> Preview:
    return Preview((line([start.point]),), rubber=True) if straight else NO_PREVIEW


def _brush(context: ToolContext, first: Pointer) -> Gesture:
    return _stroke(context, first, erase=first.button == "right")


def _eraser(context: ToolContext, first: Pointer) -> Gesture:
    return _stroke(context, first, erase=True)


BRUSH = Tool("brush", "Brush", "B", "ph.paint-brush", "brush", _brush, (TIP,))
ERASER = Tool("eraser", "Eraser", "E", "ph.eraser", "brush", _eraser, (TIP,))
