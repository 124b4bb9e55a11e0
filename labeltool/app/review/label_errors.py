"""Where the annotation is probably wrong: disagreements with out-of-fold predictions, the likeliest first.

A model that has never seen an image says what it takes its pixels for (:mod:`labeltool.app.review.folds`). Where it is
sure of another class than the annotation has, and does not merely draw an outline otherwise, one of the two is wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labeltool.app.leaving_out import left_out
from labeltool.app.review.listing import Filter, Listing, View
from labeltool.app.truth import truth, truth_origins
from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box, tile_box, tiles_in
from labeltool.core.mask import Plane
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord
from labeltool.store.project import ProjectStore

USEFUL: Final = 0.5
"""Models that agree less with the labels (mean IoU of the classes but the background) are told of."""
TEMPERATURE: Final = 0.1
"""Of the soft minimum over an image's pixels: cleanlab's figure for segmentation."""


class Suspicion:
    """Orders the places of a listing that holds annotations against out-of-fold predictions, the likeliest label errors
    first.

    An image counts as many places as it had when it was first looked at: so the order of what is left stays as it is
    while somebody answers one place after the other.
    """

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def places(self, image_id: str) -> int:
        """How many places of an image may be wrong, those included that are answered."""
        return self._places.get(image_id, 0)

    def view(self, listing: Listing, wanted: Filter | None = None) -> View:
        """The disagreements with an interior that a filter lets through. The values of the view are their scores.

        A score is the odds that the model gives its class (a geometric mean over the region), times how many times its
        usual odds of that class in that image they are, times the root of the interior's pixels, divided among all such
        places of the image. So of two places the one is likelier to be wrong where the model is surer, in itself and
        compared with the rest of the image, which is larger, and in whose image model and annotation agree otherwise:
        where they do not, it is the model that does not understand the image, as a rule.
        """
        every = listing.view(Filter(interior=True, answered=True)).rows
        now = np.bincount(listing.of_image[every], minlength=len(listing.images))
        for (record, _), count in zip(listing.images, now.tolist(), strict=True):
            self._places[record.id] = max(count, self._places.get(record.id, 0))
        rows = np.sort(listing.view(replace(wanted or Filter(), interior=True)).rows)
        table, of_image = listing.table[rows], listing.of_image[rows]
        places = np.array([self._places[record.id] for record, _ in listing.images], np.int64)[of_image]
        values = np.exp(2 * table["logit"] - table["usual"]) * np.sqrt(table["interior"]) / places
        order = np.argsort(-values, kind="stable")
        return View(listing, rows[order], values[order])


def label_errors(listing: Listing) -> View:
    """The places of a listing where the annotation may be wrong, the likeliest first; what a reviewer has answered is
    left out."""
    return Suspicion().view(listing)


def useless_models(listing: Listing) -> str:
    """A sentence where the models have learnt too little for what they say against the labels to be trusted, else
    empty. The background, which any model gets right, does not count."""
    catalog = listing.catalog
    values = [value for value in catalog.values if value != catalog.background] or catalog.values
    iou = listing.counted().miou(values)
    if iou is None or iou >= USEFUL:
        return ""
    return (
        f"the models agree with the labels to an IoU of {iou:.2f} only: "
        "train longer (--again --minutes), or expect many false alarms"
    )


def image_scores(
    store: ProjectStore,
    key: str,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> dict[str, float]:
    """How well the labels of each image stand up to its out-of-fold prediction, 0..1 by id; the least come first.

    It is the soft minimum over the pixels of what the model gives the annotated class: cleanlab's score of an image
    (Lad and Mueller 2023, arXiv 2307.05080). Where the model prefers another class with p, that is taken for 1 - p.
    Images without truth, without the prediction or whose labels cannot be read, and those of the split test, have none.
    """
    found = {}
    records = [r for r in store.images() if r.split != "test"]
    for number, record in enumerate(records):
        if cancel is not None:
            cancel.check()
        progress(number, len(records), record.name)
        with left_out():
            score = _image_score(store, record, key)
            if score is not None:
                found[record.id] = score
    return found


def _image_score(store: ProjectStore, record: ImageRecord, key: str) -> float | None:
    kept = store.prediction(record.id, key)
    if kept is None:
        return None
    mask, counts = store.load_mask(record.id), np.zeros(256, np.int64)
    for index in tiles_in(mask.size.box, mask.size):
        box = tile_box(index, mask.size)
        true = truth(mask, box, truth_origins(record))
        counts += _self_confidences(true, _read(kept.label, box), _read(kept.confidence, box))
    return softmin(np.arange(256) / 255, counts) if counts.any() else None


def softmin(
    values: NDArray[np.float64], counts: NDArray[np.int64], temperature: float = TEMPERATURE
) -> float:
    """The mean of values that occur so often, each weighted by exp(-value / temperature)."""
    weights = counts * np.exp(-(values - values[counts > 0].min()) / temperature)
    return float((weights * values).sum() / weights.sum())


def _self_confidences(
    true: NDArray[np.uint8], found: NDArray[np.uint8], confidence: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """How many pixels have each probability, 0..255, of the class that they are annotated with."""
    counted = (true != IGNORE) & (found != IGNORE)
    own = np.where(true == found, confidence, 255 - confidence)
    return np.bincount(own[counted], minlength=256)


def _read(plane: Plane, box: Box) -> NDArray[np.uint8]:
    return plane.read(box).astype(np.uint8, copy=False)
