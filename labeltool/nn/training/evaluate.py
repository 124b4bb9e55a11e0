"""Figures of a network on labelled images, through the same windows as a pre-label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labeltool.core.compare import ConfusionMatrix, mean
from labeltool.core.progress import CancelToken
from labeltool.inference.feeding import open_fed
from labeltool.inference.segmenter import Segmenter
from labeltool.inference.tiled import segment
from labeltool.inference.training import TrainingImage
from labeltool.nn.training.data import label_of


def evaluate(images: Sequence[TrainingImage], segmenter: Segmenter, cancel: CancelToken) -> dict[str, Any]:
    """Scores pooled over all pixels, the IoU of each class as a mean over images, and pooled by group."""
    catalog = segmenter.card.catalog
    counted = [(image.group, _count(image, segmenter, cancel)) for image in images]
    groups = sorted({group for group, _ in counted if group})
    return {
        "images": len(images),
        **_pooled([m for _, m in counted]).report(catalog),
        "iou_mean_over_images": {
            c.name: mean(m.of(c.value).iou for _, m in counted) for c in catalog.classes
        },
        **(
            {"groups": {g: _ious([m for h, m in counted if h == g], segmenter) for g in groups}}
            if groups
            else {}
        ),
    }


def score(figures: dict[str, Any], foreground: Sequence[str]) -> float:
    """What checkpoints are chosen by: the pooled IoU, mean over the foreground classes that appear."""
    return mean(figures["per_class"][name]["iou"] for name in foreground) or 0.0


def _count(image: TrainingImage, segmenter: Segmenter, cancel: CancelToken) -> ConfusionMatrix:
    matrix = ConfusionMatrix()
    truth = label_of(image)
    with open_fed(image.path, image.page, segmenter.card.values) as reader:
        for part in segment(reader, segmenter, cancel=cancel):
            matrix.add(truth[part.box.slices()], part.label)
    return matrix


def _pooled(matrices: Sequence[ConfusionMatrix]) -> ConfusionMatrix:
    total = ConfusionMatrix()
    for matrix in matrices:
        total += matrix
    return total


def _ious(matrices: Sequence[ConfusionMatrix], segmenter: Segmenter) -> dict[str, float | None]:
    pooled = _pooled(matrices)
    return {c.name: pooled.of(c.value).iou for c in segmenter.card.catalog.classes}
