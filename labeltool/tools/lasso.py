"""Lasso: a ring drawn by free hand, filled when the button is let go."""

from __future__ import annotations

import math

from labeltool.core.contour import CORNERS
from labeltool.core.draw import Point
from labeltool.tools.polygon import area_text, fill
from labeltool.tools.tool import Gesture, Pointer, Preview, Tool, ToolContext, line

LEAST_STEP_PX = 1.0
"""On the screen; finer steps than this show nothing."""
HELP = (
    "Draw around what belongs to the class; the right button erases\n"
    "With Ctrl held at the start the ring is cut out of the current class only."
)


def _lasso(context: ToolContext, first: Pointer) -> Gesture:
    points: list[Point] = [first.point]
    event = first
    while event.kind != "release":
        event = yield Preview((line(points, closed=True),), text=area_text(points))
        far = math.dist(points[-1], event.point) >= context.screen_px(LEAST_STEP_PX)
        if event.kind in ("move", "release") and far:
            points.append(event.point)
        elif event.kind == "key" and event.key == "back":
            return
    if len(points) >= CORNERS:
        yield from fill(context, points, first, "lasso")


LASSO = Tool("lasso", "Lasso", "L", "ph.scribble-loop", "cross", _lasso, help=HELP)
