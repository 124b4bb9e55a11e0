"""Counting how far two label planes agree, a part of an image at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class in 0..1; None where nothing is there to be scored (0 divided by 0)."""

    iou: float | None
    f1: float | None
    precision: float | None
    recall: float | None


class ConfusionMatrix:
    """Pixels by (truth, prediction): ``counts`` is int64 [256, 256], indexed by class values.

    Pixels whose truth is 255 count nowhere. A predicted 255 where the truth has a class is wrong.
    """

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros((256, 256), np.int64)

    def add(self, truth: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> None:
        """Count two planes of one shape."""
        if truth.shape != prediction.shape:
            raise ValueError(f"truth is {truth.shape}, prediction {prediction.shape}")
        pairs = truth.astype(np.int32) * 256 + prediction
        self.counts += np.bincount(pairs[truth != IGNORE], minlength=65536).reshape(256, 256)

    def __iadd__(self, other: ConfusionMatrix) -> ConfusionMatrix:
        """Add the counts of another part."""
        self.counts += other.counts
        return self

    @property
    def pixels(self) -> int:
        """Pixels counted."""
        return int(self.counts.sum())

    @property
    def pixel_accuracy(self) -> float | None:
        """Share of the counted pixels whose class is right."""
        return _ratio(np.trace(self.counts), self.counts.sum())

    def of(self, value: int) -> ClassScores:
        """The scores of the class with this value."""
        hit = int(self.counts[value, value])
        truth, predicted = int(self.counts[value].sum()), int(self.counts[:, value].sum())
        return ClassScores(
            iou=_ratio(hit, truth + predicted - hit),
            f1=_ratio(2 * hit, truth + predicted),
            precision=_ratio(hit, predicted),
            recall=_ratio(hit, truth),
        )

    def miou(self, values: Iterable[int]) -> float | None:
        """Mean IoU over those of ``values`` that appear in truth or prediction."""
        return mean(self.of(value).iou for value in values)

    def report(self, catalog: ClassCatalog) -> dict[str, Any]:
        """Plain values: ``miou``, ``pixel_accuracy``, and ``per_class`` by name."""
        return {
            "miou": self.miou(catalog.values),
            "pixel_accuracy": self.pixel_accuracy,
            "per_class": {c.name: vars(self.of(c.value)) for c in catalog.classes},
        }


def mean(scores: Iterable[float | None]) -> float | None:
    """The mean of the scores that exist, None where none does."""
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None


def _ratio(part: ArrayLike, whole: ArrayLike) -> float | None:
    return float(part) / float(whole) if whole else None  # type: ignore[arg-type]
