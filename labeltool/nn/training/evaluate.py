"""Figures of a network on labelled images, through the same windows as a pre-label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.boundary import boundary_ious
from labeltool.core.calibration import Calibration
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.compare import ConfusionMatrix, mean
from labeltool.core.geometry import Box, Size
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.inference.feeding import open_fed
from labeltool.inference.segmenter import Segmenter
from labeltool.inference.tiled import segment
from labeltool.inference.training import TrainingImage
from labeltool.nn.training.data import label_of
from labeltool.nn.training.samples import is_sample


class Evaluated(NamedTuple):
    """``figures`` over all images, a row for each of them, and class values uint8 [h, w] of those that people are
    shown, by number."""

    figures: dict[str, Any]
    per_image: list[dict[str, Any]]
    samples: dict[int, NDArray[np.uint8]]


class _Counted(NamedTuple):
    """One image: pixels by truth and prediction, by confidence and whether it is right, and boundary IoU by value."""

    matrix: ConfusionMatrix
    calibration: Calibration
    boundaries: dict[int, float | None]


def evaluate(
    images: Sequence[TrainingImage], segmenter: Segmenter, cancel: CancelToken, progress: Progress = silent
) -> Evaluated:
    """Scores pooled over all pixels, the IoU and the boundary IoU of each class as means over images, the expected
    calibration error, and the pooled IoU by group."""
    catalog = segmenter.card.catalog
    samples: dict[int, NDArray[np.uint8]] = {}
    counted = []
    for number, image in enumerate(images):
        progress(number, len(images))
        counted.append(_count(number, image, segmenter, cancel, samples))
    groups = sorted({image.group for image in images if image.group})
    matrices = [each.matrix for each in counted]
    calibration = Calibration()
    for each in counted:
        calibration += each.calibration
    figures = {
        "images": len(images),
        **_pooled(matrices).report(catalog),
        "mean_iou_over_images": {c.name: mean(m.of(c.value).iou for m in matrices) for c in catalog.classes},
        "boundary_iou": {c.name: mean(i.boundaries[c.value] for i in counted) for c in catalog.classes},
        "ece": calibration.error,
    }
    if groups:
        pairs = list(zip(images, matrices, strict=True))
        figures["groups"] = {g: _ious([m for i, m in pairs if i.group == g], segmenter) for g in groups}
    rows = [_row(image, each, catalog) for image, each in zip(images, counted, strict=True)]
    return Evaluated(figures, rows, samples)


def score(figures: dict[str, Any], foreground: Sequence[str]) -> float:
    """What checkpoints are chosen by: the pooled IoU, mean over the foreground classes that appear."""
    return mean(figures["per_class"][name]["iou"] for name in foreground) or 0.0


def _count(
    number: int,
    image: TrainingImage,
    segmenter: Segmenter,
    cancel: CancelToken,
    samples: dict[int, NDArray[np.uint8]],
) -> _Counted:
    matrix, calibration = ConfusionMatrix(), Calibration()
    truth = label_of(image)
    label = np.full(truth.shape, IGNORE, np.uint8)
    with open_fed(image.path, image.page, segmenter.card.values, segmenter.card.bands) as reader:
        if is_sample(number, reader.info.size):
            samples[number] = label
        for part in segment(reader, segmenter, cancel=cancel):
            label[part.box.slices()] = part.label
            matrix.add(truth[part.box.slices()], part.label)
            calibration.add(truth[part.box.slices()], part.label, part.confidence)
    boundaries = boundary_ious(
        _reader(truth), _reader(label), Size(*truth.shape[::-1]), segmenter.card.catalog.values
    )
    return _Counted(matrix, calibration, boundaries)


def _reader(plane: NDArray[np.uint8]) -> Callable[[Box], NDArray[np.uint8]]:
    return lambda box: plane[box.slices()]


def _row(image: TrainingImage, counted: _Counted, catalog: ClassCatalog) -> dict[str, Any]:
    return {
        "id": image.id,
        "pixels": counted.matrix.pixels,
        **counted.matrix.report(catalog),
        "boundary_iou": {c.name: counted.boundaries[c.value] for c in catalog.classes},
        "ece": counted.calibration.error,
    }


def _pooled(matrices: Sequence[ConfusionMatrix]) -> ConfusionMatrix:
    total = ConfusionMatrix()
    for matrix in matrices:
        total += matrix
    return total


def _ious(matrices: Sequence[ConfusionMatrix], segmenter: Segmenter) -> dict[str, float | None]:
    pooled = _pooled(matrices)
    return {c.name: pooled.of(c.value).iou for c in segmenter.card.catalog.classes}
