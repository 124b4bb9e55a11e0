"""Polygon: click the corners, close with Enter, a double click or a click on the first corner."""

from __future__ import annotations

from labeltool.core.draw import Point, polygon
from labeltool.tools.painting import painted
from labeltool.tools.tool import Gesture, Pointer, Preview, Tool, ToolContext, line

CORNERS = 3


def _fill(context: ToolContext, points: list[Point], value: int) -> None:
    with context.stroke("polygon", "polygon") as stroke:
        stroke.add(painted(context, polygon([points], context.size), value))


def _polygon(context: ToolContext, first: Pointer) -> Gesture:
    value = context.erase_value if first.button == "right" else context.paint_value
    points = [first.point]
    while points:
        event = yield Preview((line(points, handles=True),), rubber=True)
        closing = event.kind == "double" or (event.kind == "key" and event.key == "accept")
        if event.kind == "press":
            closing = len(points) >= CORNERS and context.is_near(points[0], event.point)
            if not closing and event.point != points[-1]:
                points.append(event.point)
        elif event.kind == "key" and event.key == "back":
            points.pop()
        if closing:
            if len(points) >= CORNERS:
                _fill(context, points, value)
            return


POLYGON = Tool("polygon", "Polygon", "P", "ph.polygon", "cross", _polygon)
