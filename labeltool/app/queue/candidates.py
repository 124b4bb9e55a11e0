"""What can be suggested, and what a model has said of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from labeltool.app.leaving_out import left_out
from labeltool.app.queue.measuring import features, regions
from labeltool.app.queue.queue import is_labelled
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.project import ImageRecord, Skipped, Status
from labeltool.learning.features import Features
from labeltool.learning.pool import Floats, Pool, Vectors
from labeltool.store.predictions import PredictionPlanes
from labeltool.store.project import ProjectStore

WAITING = (Status.NEW, Status.PRELABELLED)
"""Nobody has begun to label such an image."""


class Candidate(NamedTuple):
    """An image, or a region of it."""

    record: ImageRecord
    box: Box | None = None

    @property
    def area(self) -> Box:
        """The pixels that are meant."""
        return self.record.size.box if self.box is None else self.box


def waiting_images(records: Sequence[ImageRecord], *, regions: bool, test: bool) -> list[ImageRecord]:
    """The images in which there is something to suggest: those that nobody has begun with, and where ``regions`` are
    suggested those in work too. Without ``test`` that split is left alone."""
    wanted = (*WAITING, Status.IN_WORK) if regions else WAITING
    return [record for record in records if record.status in wanted and (test or record.split != "test")]


def candidates(
    store: ProjectStore, records: Sequence[ImageRecord], *, cut: bool, skipped: list[Skipped] | None = None
) -> list[Candidate]:
    """Whole images, or where they are to be ``cut`` the regions of large ones that are not labelled yet. ``skipped``
    gets the images whose labels cannot be read."""
    if not cut:
        return [Candidate(record) for record in records]
    found = []
    for record in records:
        boxes = regions(record.size)
        with left_out(skipped, record):
            mask = store.load_mask(record.id) if record.status is Status.IN_WORK else None
            if len(boxes) > 1:
                found += [Candidate(record, b) for b in boxes if mask is None or not is_labelled(mask, b)]
            elif mask is None:
                found.append(Candidate(record))
    return found


class Shown:
    """What a model's kept predictions, under one key, show of candidates. Those of one image are best asked for
    together."""

    def __init__(self, store: ProjectStore, key: str) -> None:
        self._store, self._key = store, key
        self._last: tuple[str, PredictionPlanes | None] = "", None
        self._features: dict[tuple[str, Box], Features | None] = {}

    def of(self, candidate: Candidate) -> Features | None:
        """None where no prediction is kept, or none with its entropy."""
        place = candidate.record.id, candidate.area
        if place not in self._features:
            kept = self._kept(candidate.record.id)
            self._features[place] = kept and features(kept, candidate.area, self._store.catalog)
        return self._features[place]

    def _kept(self, image_id: str) -> PredictionPlanes | None:
        if self._last[0] != image_id:
            there = self._key and "entropy" in self._store.prediction_planes(image_id, self._key)
            self._last = image_id, self._store.prediction(image_id, self._key) if there else None
        return self._last[1]


def pool(
    catalog: ClassCatalog,
    found: Sequence[Features],
    costs: Floats,
    embeddings: Vectors,
    labelled: Vectors,
    place: str,
) -> Pool:
    """The candidates as strategies see them; ``found`` is empty where none of them looks at predictions."""
    width = len(catalog.classes)
    names = found[0].doubts if found else {}
    background = None if catalog.background is None else catalog.values.index(catalog.background)
    return Pool(
        costs,
        tuple(c.name for c in catalog.classes),
        background,
        np.array([each.counts for each in found], np.int64).reshape(-1, width),
        np.array([each.doubtful for each in found], np.int64).reshape(-1, width),
        {name: np.array([each.doubts[name] for each in found]) for name in names},
        embeddings,
        labelled,
        place,
    )
