"""Whether a model is right as often as it says: confidence against accuracy, a part of an image at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE

BINS = 15
"""Bins of confidence, as Guo et al. 2017 (arXiv 1706.04599) and most others have them."""

Counts = NDArray[np.int64]


class Bin(NamedTuple):
    """The pixels whose confidence lies in ``low`` <= c < ``high``: their mean confidence and the share that is right,
    both None where there is no pixel."""

    low: float
    high: float
    pixels: int
    confidence: float | None
    accuracy: float | None


class Calibration:
    """Pixels by (predicted class, confidence 0..255, right or wrong): ``counts`` is int64 [256, 256, 2].

    A confidence has 256 values, so nothing is lost by counting, and any bins can be made of the counts later. Pixels
    whose truth is 255 count nowhere, nor do those of which the model has said nothing (it predicts 255).
    """

    def __init__(self) -> None:
        self.counts: Counts = np.zeros((256, 256, 2), np.int64)

    def add(
        self, truth: NDArray[np.uint8], prediction: NDArray[np.uint8], confidence: NDArray[np.uint8]
    ) -> None:
        """Count three planes of one shape."""
        if not truth.shape == prediction.shape == confidence.shape:
            raise ValueError(
                f"truth is {truth.shape}, prediction {prediction.shape}, confidence {confidence.shape}"
            )
        places = (prediction.astype(np.int32) * 256 + confidence) * 2 + (truth == prediction)
        counted = (truth != IGNORE) & (prediction != IGNORE)
        self.counts += np.bincount(places[counted], minlength=self.counts.size).reshape(self.counts.shape)

    def __iadd__(self, other: Calibration) -> Calibration:
        """Add the counts of another part."""
        self.counts += other.counts
        return self

    @property
    def error(self) -> float | None:
        """The expected calibration error (ECE): the mean distance of confidence and accuracy, bin by bin; None where
        nothing was counted."""
        return _error(self.bins())

    def error_of(self, value: int) -> float | None:
        """The same over the pixels that were predicted to be of one class."""
        return _error(_bins(self.counts[value], BINS))

    def bins(self, count: int = BINS) -> list[Bin]:
        """The bins of a reliability diagram. Certainty, a confidence of 255, has a bin of its own at the end."""
        return _bins(self.counts.sum(0), count)


def _bins(counts: Counts, count: int) -> list[Bin]:
    """``counts`` is [256, 2] by confidence, wrong or right."""
    values = np.arange(256)
    number = values * count // 255
    pixels = counts.sum(1)
    found = []
    for i in range(count + 1):
        here = number == i
        total = int(pixels[here].sum())
        mean = float((values * pixels)[here].sum()) / (255 * total) if total else None
        accuracy = float(counts[here, 1].sum()) / total if total else None
        found.append(Bin(i / count, min(1.0, (i + 1) / count), total, mean, accuracy))
    return found


def _error(bins: list[Bin]) -> float | None:
    total = sum(each.pixels for each in bins)
    if not total:
        return None
    return sum(abs((b.confidence or 0.0) - (b.accuracy or 0.0)) * b.pixels for b in bins) / total
