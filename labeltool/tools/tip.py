"""The tip of brush and eraser: which pixels a dab covers."""

from __future__ import annotations

from labeltool.tools.tool import Option, ToolContext

ROUND, SQUARE = 0, 1
TIP = Option("tip", "Tip", ROUND, choices=("round", "square"))
SMALLEST_PRESSURE = 0.05


def is_square(context: ToolContext) -> bool:
    """True when the tip of the tool at hand is square."""
    return context.option(TIP.id) == SQUARE


def radius_at(context: ToolContext, pressure: float) -> float:
    """Radius of a round tip in pixels of the image, at a pen's pressure (0..1)."""
    return max(pressure, SMALLEST_PRESSURE) * context.radius_px
