"""Fill: a click gives the connected region under the pointer the current class; the right button erases it."""

from __future__ import annotations

import math

from labeltool.core.components import region_at
from labeltool.tools.painting import painted
from labeltool.tools.tool import Gesture, Pointer, Tool, ToolContext


def _fill(context: ToolContext, first: Pointer) -> Gesture:
    value = context.erase_value if first.button == "right" else context.paint_value
    region = region_at(context.mask, (math.floor(first.x), math.floor(first.y)))
    with context.stroke("fill", "fill") as stroke:
        stroke.add(painted(context, region, value))
    yield from ()


FILL = Tool(
    "fill",
    "Fill",
    "G",
    "ph.paint-bucket",
    "cross",
    _fill,
    help="Click a region to give it the current class; right-click to erase it",
)
