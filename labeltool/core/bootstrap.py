"""Whether a difference of two models is more than noise: a paired bootstrap over images.

Both models have answered the same images. These are drawn again with replacement, the same ones for both, and their
pixels pooled anew: how far the difference of IoU goes up and down with that is its standard error (Efron and Tibshirani
1993, chapters 6 and 14). The interval is that error times a quantile of Student's t: with few images the plain
percentiles of a bootstrap are too narrow (Hesterberg 2015, arXiv 1411.5279), and cannot reach beyond what was drawn.

With several classes one of them would look worse by chance more often than the level says. So the quantile is
Bonferroni's: the level holds for all intervals together. To find out whether *any* class is worse Holm's method would
ask for the same quantile, for the class that is worst.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
"""[units, classes, 3] pixels: where truth and answer are both of the class, of the truth, of the answer."""

LEVEL = 0.95
RESAMPLES = 2000
_NEARLY_NORMAL = 300


class Difference(NamedTuple):
    """Of one class: IoU before and after over all units (None where it is 0 divided by 0), the interval of their
    difference (None where a single unit, or none, has the class), and how many units have it."""

    before: float | None
    after: float | None
    low: float | None
    high: float | None
    units: int

    @property
    def value(self) -> float | None:
        """How much higher the IoU is after."""
        return None if self.before is None or self.after is None else self.after - self.before


def differences(
    before: Counts,
    after: Counts,
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> list[Difference]:
    """The difference of two models, class by class. Units are images, or what hangs together: the slices of a volume
    tell little more than one of them. The intervals of all classes together hold with probability ``level``."""
    if before.shape != after.shape:
        raise ValueError(f"before is {before.shape}, after {after.shape}")
    pixels = (before + after).sum(2)
    having = (pixels > 0).sum(0)
    drawn = _drawn(len(before), resamples, seed)
    spread = _spread(iou(_pooled(drawn, after)) - iou(_pooled(drawn, before)))
    tail = (1 - level) / 2 / max(1, int(np.count_nonzero(having)))
    whole = zip(iou(before.sum(0)), iou(after.sum(0)), spread, having, _effective(pixels), strict=True)
    return [_difference(a, b, error, int(units), effective, tail) for a, b, error, units, effective in whole]


def iou(counts: NDArray[np.generic]) -> NDArray[np.float64]:
    """IoU of counts [..., 3]; NaN where there is nothing to divide by."""
    right, truth, answer = np.moveaxis(counts.astype(np.float64), -1, 0)
    union = truth + answer - right
    return _ratio(right, union)


def _drawn(units: int, resamples: int, seed: int) -> NDArray[np.float64]:
    """How often each unit is in each resample: [resamples, units]."""
    chosen = np.random.default_rng(seed).integers(units or 1, size=(resamples, units))
    chosen += np.arange(resamples)[:, None] * units
    counted = np.bincount(chosen.ravel(), minlength=resamples * units)
    return counted.reshape(resamples, units).astype(np.float64)


def _pooled(drawn: NDArray[np.float64], counts: Counts) -> NDArray[np.float64]:
    """Counts of the resamples, [resamples, classes, 3]. Sums below 2**53 pixels are exact."""
    units, classes, _ = counts.shape
    pooled: NDArray[np.float64] = drawn @ counts.reshape(units, classes * 3).astype(np.float64)
    return pooled.reshape(len(drawn), classes, 3)


def _effective(pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """As how many units of one size those of each column count (Kish 1965): [units, classes] to [classes]. Where one
    large image has most of a class, the others say little of how far chance goes."""
    weights = pixels.astype(np.float64)
    return np.nan_to_num(_ratio(weights.sum(0) ** 2, (weights**2).sum(0)))


def _spread(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviation of each column over its rows that are numbers; NaN where fewer than two are."""
    known = np.isfinite(found)
    count = known.sum(0).astype(np.float64)
    mean = np.where(known, found, 0.0).sum(0) / np.maximum(count, 1)
    squares = np.where(known, (found - mean) ** 2, 0.0).sum(0)
    return np.sqrt(_ratio(squares, count - 1))


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """NaN where there is nothing to divide by."""
    found = np.full_like(whole, np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def _difference(
    before: float, after: float, error: float, units: int, effective: float, tail: float
) -> Difference:
    one, other = (None if math.isnan(value) else float(value) for value in (before, after))
    if one is None or other is None or units < 2 or math.isnan(error):
        return Difference(one, other, None, None, units)
    # A bootstrap of n units is of the spread with n in the denominator, not n - 1.
    freedom = max(1, round(effective) - 1)
    half = student_quantile(tail, freedom) * math.sqrt((freedom + 1) / freedom) * float(error)
    return Difference(one, other, other - one - half, other - one + half, units)


def student_quantile(tail: float, freedom: int) -> float:
    """Above which Student's t with so many degrees of freedom lies with probability ``tail``, below 0.5."""
    if freedom > _NEARLY_NORMAL:
        return NormalDist().inv_cdf(1 - tail)
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < 1 - 2 * tail else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    """The probability that t lies within tan(angle) * sqrt(freedom) of 0 (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    odd = freedom % 2
    term, total = (math.cos(angle), 0.0) if odd else (1.0, 0.0)
    for step in range(1 + odd, freedom, 2):
        total += term
        term *= math.cos(angle) ** 2 * step / (step + 1)
    total *= math.sin(angle)
    return (angle + total) * 2 / math.pi if odd else total
