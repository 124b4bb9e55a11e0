"""What a threshold of confidence does to a class: precision and recall at each of 256, from what was counted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeltool.core.calibration import Calibration
from labeltool.core.compare import ClassScores, ConfusionMatrix

Ratios = NDArray[np.float64]


@dataclass(frozen=True)
class ThresholdCurve:
    """A class at each threshold t of 0..255, where only pixels predicted with a confidence of at least t are found.

    ``predicted`` and ``right`` are int64 [256]: the pixels found, and those of them that are of the class. ``truth`` is
    the number of pixels of the class. Ratios are NaN where there is nothing to divide by.
    """

    predicted: NDArray[np.int64]
    right: NDArray[np.int64]
    truth: int

    @property
    def precision(self) -> Ratios:
        """The share of what is found that is right, float64 [256]."""
        return _ratio(self.right, self.predicted)

    @property
    def recall(self) -> Ratios:
        """The share of the class that is found, float64 [256]."""
        return _ratio(self.right, np.full_like(self.right, self.truth))

    @property
    def f1(self) -> Ratios:
        """2 right / (predicted + truth), float64 [256]."""
        return _ratio(2 * self.right, self.predicted + self.truth)

    @property
    def best(self) -> int | None:
        """The threshold of the best F1, the lowest of several; None where none finds anything right."""
        return int(np.nanargmax(self.f1)) if self.right.any() else None

    def at(self, threshold: int) -> ClassScores:
        """The scores at a threshold, 0..255."""
        right, predicted = int(self.right[threshold]), int(self.predicted[threshold])
        either = predicted + self.truth - right
        return ClassScores(
            iou=right / either if either else None,
            f1=2 * right / (predicted + self.truth) if predicted + self.truth else None,
            precision=right / predicted if predicted else None,
            recall=right / self.truth if self.truth else None,
        )


def threshold_curve(calibration: Calibration, counted: ConfusionMatrix, value: int) -> ThresholdCurve:
    """The curve of the class with this value; both counts are of the same pixels."""
    from_above = np.cumsum(calibration.counts[value, ::-1], axis=0)[::-1]
    return ThresholdCurve(from_above.sum(1), from_above[:, 1].copy(), int(counted.counts[value].sum()))


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Ratios:
    ratios: Ratios = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratios
