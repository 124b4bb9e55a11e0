"""Brush and eraser: a tip dragged over the image, gap-free and smooth at any speed of the pointer.

The way between two positions of the pointer is a cubic curve through both that goes on in the direction of the last
piece, so a fast stroke is as round as a slow one and never lags behind the pointer; a sharp turn stays a corner. Shift
draws straight lines: from where the last stroke ended with a click, along the drag otherwise. A pen's pressure is the
size of the tip.
"""

from __future__ import annotations

import math

import numpy as np

from labeltool.core.draw import Point, swept_square, taper
from labeltool.core.patch import Patch
from labeltool.tools.painting import painted
from labeltool.tools.tip import TIP, is_square, radius_at
from labeltool.tools.tool import NO_PREVIEW, Gesture, Pointer, Preview, Tool, ToolContext, dragged, line

SHARPEST_TURN = math.cos(math.radians(55))
"""Cosine of the angle between two pieces beyond which a corner is meant, and stays one. A circle of eight positions of
the pointer turns by 45 degrees."""
BULGE = 27 / 32
"""Length of the tangent at the start, in pieces: the curve leaves the straight way by 4/27 of that times the sine of
the turn, which is no more than the L/2 tan(turn/4) of an arc."""
MOST_PIECES = 16


def _segment(context: ToolContext, start: Pointer, end: Pointer, value: int) -> Patch:
    if is_square(context):
        return painted(context, swept_square(start.point, end.point, context.radius_px, context.size), value)
    a, b = (radius_at(context, pointer.pressure) for pointer in (start, end))
    return painted(context, taper((*start.point, a), (*end.point, b), context.size), value)


def curve(before: Point | None, start: Point, end: Point, finest_px: float) -> list[Point]:
    """Points on the way from ``start`` (left out) to ``end``, leaving as the piece from ``before`` came.

    It is a Hermite curve cut into straight pieces about ``finest_px`` from it; it is straight without a ``before``, for
    short ways and at corners. The shorter of the two pieces says how far it bulges.
    """
    length, came = math.dist(start, end), 0.0 if before is None else math.dist(before, start)
    if before is None or came < 1e-9 or length < 4 * finest_px:
        return [end]
    p0, p1 = np.array(start), np.array(end)
    way, direction = p1 - p0, (p0 - before) / came
    turn = float(direction @ way) / length
    if turn < SHARPEST_TURN or turn > 0.9999:
        return [end]
    pieces = min(MOST_PIECES, max(2, math.ceil(math.sqrt(length * math.acos(turn) / (8 * finest_px)))))
    t = np.linspace(0, 1, pieces + 1)[1:-1, None]
    tangent = direction * BULGE * min(length, came)
    points = p0 + (2 * t**2 - t**3) * way + (t**3 - 2 * t**2 + t) * tangent
    return [(x, y) for x, y in points.tolist()] + [end]


def _stroke(context: ToolContext, first: Pointer, *, erase: bool) -> Gesture:
    value = context.erase_value if erase else context.paint_value
    title, kind = ("eraser stroke", "eraser") if erase else ("brush stroke", "brush")
    with context.stroke(title, kind) as stroke:
        at = start = first
        before: Point | None = None
        if first.shift and context.last_point is not None:
            start = Pointer("press", *context.last_point, pressure=first.pressure)
        stroke.add(_segment(context, start, first, value))
        while True:
            event = yield from dragged(_straight(at, first.shift))
            if event.kind not in ("move", "release"):
                continue
            if first.shift and event.kind == "move":
                continue  # the line is drawn when the button is let go
            if event.point != at.point:
                begin = at
                finest = max(0.35, 0.02 * context.radius_px)
                way = [event.point] if first.shift else curve(before, at.point, event.point, finest)
                for step, point in enumerate(way, start=1):
                    pressure = begin.pressure
                    if event.kind == "move":
                        pressure += step / len(way) * (event.pressure - begin.pressure)
                    after = Pointer("move", *point, pressure=pressure)
                    stroke.add(_segment(context, at, after, value))
                    at = after
                before = begin.point
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
