"""How far two people agree on the class of every pixel, a part of an image at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.compare import ConfusionMatrix


@dataclass
class Agreement:
    """Two layers of labels compared. ``counted`` is indexed by (a's class, b's class); neither of the two is the truth.

    A pixel that one of them says to ignore, or says nothing of (255), counts in no figure. ``only_a`` and ``only_b``
    are pixels to which only one of them has given a class.
    """

    counted: ConfusionMatrix = field(default_factory=ConfusionMatrix)
    only_a: int = 0
    only_b: int = 0

    def add(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> None:
        """Count two planes of class values of one shape, uint8, 255 where there is no class."""
        nothing = b == IGNORE
        self.counted.add(np.where(nothing, np.uint8(IGNORE), a), b)
        self.only_a += int(np.count_nonzero(nothing & (a != IGNORE)))
        self.only_b += int(np.count_nonzero(~nothing & (a == IGNORE)))

    def __iadd__(self, other: Agreement) -> Agreement:
        """Add the counts of another part."""
        self.counted += other.counted
        self.only_a += other.only_a
        self.only_b += other.only_b
        return self

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa: the agreement beyond what chance would give two people who use the classes as often as these.

        1 is full agreement, 0 that of chance. None where nothing was counted, and where both know but one class, so
        that chance explains everything. J. Cohen, A coefficient of agreement for nominal scales, 1960,
        doi 10.1177/001316446002000104.
        """
        counts = self.counted.counts
        pixels = self.counted.pixels
        agreed = int(np.trace(counts))
        by_a, by_b = counts.sum(1).tolist(), counts.sum(0).tolist()
        # Whole numbers of Python: the squares of the pixels of a project do not fit into 64 bits.
        chance = sum(a * b for a, b in zip(by_a, by_b, strict=True))
        beyond = pixels * pixels - chance
        return (agreed * pixels - chance) / beyond if beyond else None

    def report(self, catalog: ClassCatalog) -> dict[str, Any]:
        """Plain values; ``per_class`` by name, None where neither has used a class. Dice is what others call F1."""
        scores = {c.name: self.counted.of(c.value) for c in catalog.classes}
        return {
            "kappa": self.kappa,
            "pixel_agreement": self.counted.pixel_accuracy,
            "miou": self.counted.miou(catalog.values),
            "per_class": {name: {"iou": each.iou, "dice": each.f1} for name, each in scores.items()},
            "pixels": {
                "counted": self.counted.pixels,
                "agreed": int(np.trace(self.counted.counts)),
                "only_a": self.only_a,
                "only_b": self.only_b,
            },
        }
