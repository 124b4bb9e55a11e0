"""Fill: a click gives the connected region under the pointer the current class; the right button erases it."""

from __future__ import annotations

import math

from labeltool.core.components import region_at
from labeltool.core.guard import Admitted
from labeltool.core.progress import CancelToken
from labeltool.tools.painting import painted_ahead
from labeltool.tools.tool import Gesture, Pointer, Scene, Tool, ToolContext
from labeltool.tools.working import worked


def _fill(context: ToolContext, first: Pointer) -> Gesture:
    value = context.erase_value if first.button == "right" else context.paint_value
    pixel = math.floor(first.x), math.floor(first.y)

    def filled(scene: Scene, cancel: CancelToken) -> Admitted:
        return painted_ahead(scene, region_at(scene.mask, pixel, cancel), value, cancel)

    with context.stroke("fill", "fill") as stroke:
        stroke.add((yield from worked(context, filled)))


FILL = Tool(
    "fill",
    "Fill",
    "G",
    "ph.paint-bucket",
    "cross",
    _fill,
    help="Click a region to give it the current class; right-click to erase it",
)
