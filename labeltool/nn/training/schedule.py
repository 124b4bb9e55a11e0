"""How fast a network learns as a training goes on. ``share`` is how much of the schedule is over, 0..1."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

_FIRST = 0.01
_POWER = 0.9


def one_cycle(share: float, warm_up: float) -> float:
    """The learning rate relative to its peak: linear up while it warms up, then half a cosine down to 0."""
    return _rising(share, warm_up) or 0.5 * (1 + math.cos(math.pi * _after(share, warm_up)))


def poly(share: float, warm_up: float) -> float:
    """The learning rate relative to its peak: linear up, then down by the power 0.9 of what is left (DeepLab)."""
    return _rising(share, warm_up) or (1 - _after(share, warm_up)) ** _POWER


SCHEDULES: Mapping[str, Callable[[float, float], float]] = {"one_cycle": one_cycle, "poly": poly}
"""By the names that training options have for them."""


def ramp(share: float, until: float = 0.3) -> float:
    """A weight that grows from nearly 0 to 1 until that share (Laine and Aila 2016, arXiv 1610.02242)."""
    return math.exp(-5 * (1 - min(1.0, share / until)) ** 2)


def _rising(share: float, warm_up: float) -> float:
    """The rate while it warms up, never 0; 0 when that is over."""
    return (share + _FIRST) / (warm_up + _FIRST) if share < warm_up else 0.0


def _after(share: float, warm_up: float) -> float:
    return min(1.0, (share - warm_up) / (1 - warm_up)) if warm_up < 1 else 1.0
