"""Predictions against what people have labelled: only pixels that a human, an import or a reviewer has set count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.app.models import Model
from labeltool.app.prelabel import predict
from labeltool.app.truth import truth, with_truth
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.compare import ConfusionMatrix, mean
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size, tile_box, tiles_in
from labeltool.core.mask import LabelMask, Plane
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.store.project import ProjectStore

BOUNDARY_SHARE = 0.02
"""Width of the boundary that counts, as a share of the image's diagonal (Cheng et al. 2021, arXiv 2103.16562)."""

BAND_ROWS = 1024


@dataclass
class Evaluation:
    """Sums over images, and a row for each; memory does not grow with an image's size."""

    catalog: ClassCatalog
    pooled: ConfusionMatrix = field(default_factory=ConfusionMatrix)
    per_image: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, predicted: Plane, mask: LabelMask) -> None:
        """Count an image. ``predicted`` holds the project's class values. A mask without truth adds nothing."""
        own = ConfusionMatrix()
        for index in tiles_in(mask.size.box, mask.size):
            box = tile_box(index, mask.size)
            own.add(truth(mask, box), predicted.read(box).astype(np.uint8, copy=False))
        if own.pixels:
            self.pooled += own
            classes = self.catalog.classes
            row = {
                "name": name,
                "iou": {c.name: own.of(c.value).iou for c in classes},
                "boundary_iou": {c.name: boundary_iou(predicted, mask, c.value) for c in classes},
                "pixels": {c.name: _pixels(own, c.value) for c in classes},
            }
            self.per_image.append(row)

    def to_json(self) -> dict[str, Any]:
        """The figures; null where a class neither occurs nor was predicted."""
        return {
            **self.pooled.report(self.catalog),
            "mean_iou_over_images": self._means("iou"),
            "boundary_iou": self._means("boundary_iou"),
            "images": len(self.per_image),
            "per_image": self.per_image,
        }

    def _means(self, figure: str) -> dict[str, float | None]:
        return {c.name: mean(row[figure][c.name] for row in self.per_image) for c in self.catalog.classes}


def _pixels(counted: ConfusionMatrix, value: int) -> dict[str, int]:
    """What is needed to pool images in other groups than all of them."""
    counts = counted.counts
    return {
        "both": int(counts[value, value]),
        "truth": int(counts[value].sum()),
        "predicted": int(counts[:, value].sum()),
    }


def evaluate(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    model: Model,
    device: str = "auto",
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> tuple[Evaluation, list[Skipped]]:
    """Compare images that have truth with the model's predictions, which are made and kept where they are missing.

    BadInputError when no image has a pixel that counts.
    """
    labelled, skipped = with_truth(store, records)
    if not labelled:
        raise BadInputError(
            "nobody has labelled a pixel of these images",
            file=store.root,
            hint="Evaluation counts what was painted, imported or reviewed, never a pre-label",
        )
    result = Evaluation(store.catalog)

    def count(record: ImageRecord) -> None:
        kept = store.prediction(record.id, model.key)
        if kept is not None:
            result.add(record.name, kept.label, store.load_mask(record.id))

    report = predict(store, labelled, model, device, progress=progress, cancel=cancel, done=count)
    return result, skipped + report.skipped


def boundary_iou(predicted: Plane, mask: LabelMask, value: int) -> float | None:
    """IoU of the two bands along the outlines of a class, inside its pixels; None where neither has one.

    Pixels that do not count belong to neither. Reads a band of rows at a time.
    """
    size = mask.size
    reach = max(1, round(BOUNDARY_SHARE * float(np.hypot(size.width, size.height))))
    both = either = 0
    for top in range(0, size.height, BAND_ROWS):
        band = Box(0, top, size.width, min(top + BAND_ROWS, size.height))
        wide = band.grow(reach + 1).intersect(size.box)
        label = truth(mask, wide)
        there = band.slices(wide)
        a = _boundary(label == value, wide, size, reach)[there]
        b = _boundary((predicted.read(wide) == value) & (label != IGNORE), wide, size, reach)[there]
        both += int(np.count_nonzero(a & b))
        either += int(np.count_nonzero(a | b))
    return both / either if either else None


def _boundary(inside: NDArray[np.bool_], box: Box, size: Size, reach: int) -> NDArray[np.bool_]:
    """The pixels of ``inside`` within ``reach`` of a pixel outside; beyond the image all is outside."""
    edges = [(int(box.y0 == 0), int(box.y1 == size.height)), (int(box.x0 == 0), int(box.x1 == size.width))]
    padded = np.pad(inside, edges).view(np.uint8)
    away = cv2.distanceTransform(padded, cv2.DIST_C, 3)
    (top, _), (left, _) = edges
    rows, columns = inside.shape
    near = away[top : top + rows, left : left + columns] <= reach
    return np.asarray(inside & near, np.bool_)
