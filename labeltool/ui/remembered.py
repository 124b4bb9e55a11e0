"""The size of the brush and the options of tools, kept from one start of the program to the next."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QSettings

from labeltool.app.toolbox import MAX_RADIUS, MIN_RADIUS, Hand
from labeltool.tools.tool import Tool

RADIUS = "hand/radius_px"


def keep_radius(radius_px: float) -> None:
    """Remember the size of the brush, in pixels of the image."""
    QSettings().setValue(RADIUS, radius_px)


def keep_option(tool: Tool, id_: str, value: float) -> None:
    """Remember what an option is set to; not where it is a number among the values of some images only."""
    if not any(option.kind for option in tool.options if option.id == id_):
        QSettings().setValue(_key(tool, id_), value)


def restore(hand: Hand, tools: Iterable[Tool]) -> None:
    """Set a hand as it was left; what was never set, or cannot be, keeps its default."""
    hand.radius_px = _number(RADIUS, MIN_RADIUS, MAX_RADIUS, hand.radius_px)
    for tool in tools:
        for option in tool.options:
            low, high = (0, len(option.choices) - 1) if option.choices else (option.low, option.high)
            hand.set_option(tool, option.id, _number(_key(tool, option.id), low, high, option.default))


def _key(tool: Tool, id_: str) -> str:
    return f"tools/{tool.id}/{id_}"


def _number(key: str, low: float, high: float, default: float) -> float:
    try:
        value = float(str(QSettings().value(key, default)))
    except ValueError:
        return default
    return min(high, max(low, value)) if math.isfinite(value) else default
