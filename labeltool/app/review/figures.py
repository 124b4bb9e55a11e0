"""Figures over the images of a listing, from what was counted when they were compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from labeltool.app.review.listing import Listing
from labeltool.core.calibration import Calibration
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.compare import ConfusionMatrix
from labeltool.core.thresholds import ThresholdCurve, threshold_curve
from labeltool.store.comparisons import Comparisons


@dataclass(frozen=True)
class Figures:
    """What images come to: ``images`` of them have truth. ``boundary_iou`` is a mean over these, by class value."""

    catalog: ClassCatalog
    images: int
    counted: ConfusionMatrix
    calibration: Calibration
    boundary_iou: dict[int, float | None]

    def curve(self, value: int) -> ThresholdCurve:
        """Precision and recall of a class at each threshold of confidence."""
        return threshold_curve(self.calibration, self.counted, value)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values. ``confusion`` has the cells that are not empty; a class that the project lacks goes by its
        value, and null stands for pixels of which the other layer says nothing."""
        figures = self.counted.report(self.catalog)
        for each in self.catalog.classes:
            best = self.curve(each.value).best
            figures["per_class"][each.name] |= {
                "boundary_iou": self.boundary_iou[each.value],
                "best_threshold": None if best is None else best / 255,
            }
        return {
            **figures,
            "confusion": [
                {
                    "truth": name_of(self.catalog, truth),
                    "predicted": name_of(self.catalog, predicted),
                    "pixels": int(self.counted.counts[truth, predicted]),
                }
                for truth, predicted in np.argwhere(self.counted.counts).tolist()
            ],
            "ece": self.calibration.error,
            "reliability": [each._asdict() for each in self.calibration.bins()],
            "images": self.images,
        }


def name_of(catalog: ClassCatalog, value: int) -> str | None:
    """What people call a pixel value; None for 255, which is no class."""
    known = catalog.by_value(value)
    return known.name if known is not None else None if value == IGNORE else str(value)


def figures(
    listing: Listing, cache: Comparisons, image: str | None = None, split: str | None = None
) -> Figures:
    """The figures of all images, of one, or of a split. Reads the cache: for a job."""
    chosen = [listing.images[number] for number in listing.chosen(image, split)]
    calibration = Calibration()
    cache.add_calibration(listing.layer, [record.id for record, _ in chosen], calibration.counts)
    return Figures(
        listing.catalog,
        sum(len(found.counted.places) > 0 for _, found in chosen),
        listing.counted(image, split),
        calibration,
        listing.boundary_ious(image, split),
    )
