"""Kept predictions in numbers: of images and regions, and how long people need for what they show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from labeltool.app.leaving_out import left_out
from labeltool.app.queue.queue import worked_seconds
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.project import ImageRecord, Status
from labeltool.inference.options import DOUBTS
from labeltool.learning.features import Features, measured
from labeltool.learning.seconds import Seconds, fitted
from labeltool.store.predictions import PredictionPlanes
from labeltool.store.project import ProjectStore

SIDE = 512
"""Side of a region in pixels, about: squares of it did best in CEREALS (Mackowiak et al. 2018)."""
_BLOCK = 1024


def regions(size: Size, side: int = SIDE) -> list[Box]:
    """An image cut evenly into regions of about that side, row by row; one where it is not larger."""
    rows, columns = (_cuts(length, side) for length in (size.height, size.width))
    return [Box(x0, y0, x1, y1) for y0, y1 in rows for x0, x1 in columns]


def _cuts(length: int, side: int) -> list[tuple[int, int]]:
    parts = max(1, round(length / side))
    edges = [length * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))


def features(kept: PredictionPlanes, box: Box, catalog: ClassCatalog) -> Features:
    """What a kept prediction shows in a box; an image of any size, a block at a time."""
    found = [
        measured(
            kept.label.read(block).astype(np.uint8, copy=False),
            {
                name: plane.read(block).astype(np.uint8, copy=False)
                for name in DOUBTS
                if (plane := getattr(kept, name))
            },
            catalog.values,
            catalog.background,
        )
        for block in _blocks(box)
    ]
    return sum(found[1:], found[0])


def _blocks(box: Box) -> Iterator[Box]:
    for y in range(box.y0, box.y1, _BLOCK):
        for x in range(box.x0, box.x1, _BLOCK):
            yield Box(x, y, min(x + _BLOCK, box.x1), min(y + _BLOCK, box.y1))


def learnt_seconds(store: ProjectStore, records: Iterable[ImageRecord]) -> Seconds:
    """How long people need, learnt from images of which it was measured how long they worked, and what the first
    prediction with its entropy had shown: that is nearest to what they had to put right."""
    rows, seconds = [], []
    for record in records:
        if record.status in (Status.NEW, Status.PRELABELLED):
            continue
        with left_out():
            worked = worked_seconds(store, record.id)
            kept = None if worked is None else first_with_entropy(store, record)
            if worked is not None and kept is not None:
                rows.append(features(kept, record.size.box, store.catalog).effort)
                seconds.append(worked)
    return fitted(np.array(rows).reshape(-1, 4), np.array(seconds))


def first_with_entropy(store: ProjectStore, record: ImageRecord) -> PredictionPlanes | None:
    """The oldest kept prediction of an image that came with its entropy."""
    for key in store.prediction_keys(record.id):
        if "entropy" in store.prediction_planes(record.id, key):
            return store.prediction(record.id, key)
    return None
