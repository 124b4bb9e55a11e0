"""A part of every queue is drawn at random: only against it can anybody say whether ranking helps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from labeltool.core.bootstrap import student_quantile
from labeltool.learning.pool import Floats

T = TypeVar("T")

SHARE = 0.1
_TAIL = 0.025


def drawn(candidates: int, count: int, rng: np.random.Generator) -> list[int]:
    """Which candidates are the control of a queue of ``count``: a tenth, every candidate as likely as every other."""
    wanted = round(min(count, candidates) * SHARE + 1e-9)
    return [int(number) for number in rng.choice(candidates, wanted, replace=False)]


def mixed(ranked: Sequence[T], control: Sequence[T], rng: np.random.Generator) -> list[T]:
    """The ranked in their order, the control at random places among them."""
    total = len(ranked) + len(control)
    places = set(rng.choice(total, len(control), replace=False).tolist())
    sources = iter(ranked), iter(control)
    return [next(sources[place in places]) for place in range(total)]


class Interval(NamedTuple):
    """An estimate and where it lies with 95 % confidence."""

    estimate: float
    low: float
    high: float


def difference(ranked: Floats, control: Floats) -> Interval | None:
    """By how much the mean of one sample is above that of another. None where one of them has fewer than two values.

    The variances may differ, and the degrees of freedom are those of the smaller sample: never too narrow (Hsu 1938). A
    bootstrap of means comes to the same error but for a factor, and its percentiles are too narrow for the few values
    that a control has (Hesterberg 2015, arXiv 1411.5279).
    """
    fewest = min(len(ranked), len(control))
    if fewest < 2:
        return None
    estimate = float(ranked.mean() - control.mean())
    error = math.sqrt(sum(float(sample.var(ddof=1)) / len(sample) for sample in (ranked, control)))
    half = student_quantile(_TAIL, fewest - 1) * error
    return Interval(estimate, estimate - half, estimate + half)
