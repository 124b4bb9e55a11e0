"""Sides of what a network sees. No torch here, so that a graph that is kept needs none."""

from __future__ import annotations

import math
from typing import Any, cast

MULTIPLE = 32
"""Networks take sides that are multiples of this."""


def scaled(side: int, factor: float) -> int:
    """A side times a factor, rounded, at least 1; also for a side of a graph that is being made, which is no number."""
    if isinstance(side, int):
        return max(1, math.floor(side * factor + 0.5))
    traced: Any = side * factor + 0.5
    return cast(int, traced.floor().long().clamp(min=1) if hasattr(traced, "floor") else math.floor(traced))
