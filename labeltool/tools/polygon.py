"""Polygon: click the corners, close with Enter, a double click or a click on the first corner."""

from __future__ import annotations

import math

import numpy as np

from labeltool.core.algebra import Alike, Both
from labeltool.core.contour import CORNERS, signed_area
from labeltool.core.draw import Point, polygon
from labeltool.core.guard import Admitted
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Shape
from labeltool.tools.painting import painted_ahead
from labeltool.tools.tool import Gesture, Pointer, Preview, Scene, Tool, ToolContext, line
from labeltool.tools.working import worked

EIGHTH = math.pi / 4
HELP = (
    "Click the corners; Enter, a double click or a click on the first one closes; Backspace takes one off, a right "
    "click erases\nShift keeps an edge to 45 degrees. Begun with Ctrl it cuts a hole into the current class only."
)


def fill(context: ToolContext, points: list[Point], first: Pointer, kind: str) -> Gesture:
    """Fill a ring as its first press has meant it: painted, erased, or with Ctrl cut out of the current class."""

    def filled(scene: Scene, cancel: CancelToken) -> Admitted:
        shape: Shape = polygon([points], scene.size)
        if first.ctrl:
            own = Alike((scene.mask.planes["label"],), (scene.paint_value,), scene.size.box)
            shape = Both(shape, own)
        erases = first.ctrl or first.button == "right"
        return painted_ahead(scene, shape, scene.erase_value if erases else scene.paint_value, cancel)

    with context.stroke(kind, kind) as stroke:
        stroke.add((yield from worked(context, filled, Preview((line(points, closed=True),)))))


def area_text(points: list[Point]) -> str:
    """The area that a ring encloses, for the preview; nothing before there is one."""
    return f"{abs(signed_area(np.array(points))):,.0f} px" if len(points) >= CORNERS else ""


def _at_eighths(start: Point, end: Point) -> Point:
    """The end of an edge turned to the nearest multiple of 45 degrees."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    angle = round(math.atan2(dy, dx) / EIGHTH) * EIGHTH
    length = dx * math.cos(angle) + dy * math.sin(angle)
    return start[0] + length * math.cos(angle), start[1] + length * math.sin(angle)


def _polygon(context: ToolContext, first: Pointer) -> Gesture:
    points = [first.point]
    ahead: Point | None = None
    while points:
        shown = points if ahead is None else [*points, ahead]
        event = yield Preview((line(shown, handles=True),), rubber=ahead is None, text=area_text(shown))
        ahead = _at_eighths(points[-1], event.point) if event.shift and event.kind == "move" else None
        closing = event.kind == "double" or (event.kind == "key" and event.key == "accept")
        if event.kind == "press":
            closing = len(points) >= CORNERS and context.is_near(points[0], event.point)
            point = _at_eighths(points[-1], event.point) if event.shift else event.point
            if not closing and point != points[-1]:
                points.append(point)
        elif event.kind == "key" and event.key == "back":
            points.pop()
        if closing:
            if len(points) >= CORNERS:
                yield from fill(context, points, first, "polygon")
            return


POLYGON = Tool("polygon", "Polygon", "P", "ph.polygon", "cross", _polygon, help=HELP)
