"""Holding the annotation of a project's images against another layer; what has not changed is not looked at again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from labeltool.app.evaluate import measured
from labeltool.app.project import reason
from labeltool.app.review.listing import Listing
from labeltool.app.truth import truth, truth_origins
from labeltool.core.disagreement import TABLE, disagreement_table
from labeltool.core.errors import StoreError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped, Status
from labeltool.core.provenance import Origin
from labeltool.core.shape import Bools
from labeltool.store.comparisons import Comparisons, ImageComparison, Sparse, State
from labeltool.store.layout import mask_path
from labeltool.store.project import ProjectStore
from labeltool.store.scope import is_of_one_image

_TICK_S: Final = 2.0
"""A file that was written so lately may be written again without a change of its time."""


def review(
    store: ProjectStore,
    cache: Comparisons,
    records: Sequence[ImageRecord],
    layer: str,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Listing:
    """The disagreements of these images with the layer of the key ``layer``. Call it again after changes: only images
    whose annotation or layer has changed are compared again. What was compared before a cancel is kept.

    An image whose mask file is damaged or cannot be read is skipped. StoreError for what is wrong with the project.
    """
    cancel = cancel or CancelToken()
    known = cache.of_layer(layer)
    images: list[tuple[ImageRecord, ImageComparison]] = []
    missing, skipped, renewed, made = [], [], [], 0
    for number, record in enumerate(records):
        cancel.check()
        before = known.get(record.id)
        stamp = _stamp(mask_path(store.root, record.id))
        if before is not None and stamp and stamp == before.state.stamp:
            images.append((record, before))
            continue
        try:
            state = _state(store, record, layer, stamp)
            if not state.answer:
                missing.append(record)
            elif before is not None and before.state[:2] == state[:2]:
                images.append((record, before))
                renewed.append((record.id, stamp))
            else:
                progress(number, len(records), record.name)
                found, calibration = _compared(store, record, layer, state, cancel)
                cache.put(layer, record.id, found, calibration)
                images.append((record, found))
                made += 1
        except StoreError as error:
            if not is_of_one_image(error):
                raise
            skipped.append(Skipped(error.file or str(record.path), reason(error)))
    cache.still_holds(layer, renewed)
    cache.forget(layer, known.keys() & {record.id for record in missing})
    cache.forget(layer, known.keys() - {record.id for record in store.images()})
    return Listing(layer, store.catalog, images, missing, skipped, made, _taken(cache))


def _compared(
    store: ProjectStore, record: ImageRecord, layer: str, state: State, cancel: CancelToken
) -> tuple[ImageComparison, Sparse]:
    kept = store.prediction(record.id, layer)
    mask = store.load_mask(record.id)
    none = Sparse.of(np.zeros(0, np.int64))
    if kept is None:
        return ImageComparison(state, none, {}, np.zeros(0, TABLE)), none
    origins, catalog = truth_origins(record), store.catalog  # which somebody may add classes to meanwhile
    found = measured(record.name, kept, mask, catalog, cancel=cancel, origins=origins)
    if found is None:
        return ImageComparison(state, none, {}, np.zeros(0, TABLE)), none

    def answered(box: Box) -> Bools:
        return np.asarray(mask.read("origin", box) == Origin.REVIEWER)

    regions = disagreement_table(
        lambda box: truth(mask, box, origins),
        lambda box: kept.label.read(box).astype(np.uint8, copy=False),
        lambda box: kept.confidence.read(box).astype(np.uint8, copy=False),
        mask.size,
        answered=answered,
        unsaid=True,
        cancel=cancel,
    )
    boundary = {c.value: found.row["boundary_iou"][c.name] for c in catalog.classes}
    comparison = ImageComparison(state, Sparse.of(found.counted.counts), boundary, regions)
    return comparison, Sparse.of(found.calibration.counts)


def _state(store: ProjectStore, record: ImageRecord, layer: str, stamp: str) -> State:
    """What a comparison would be worked out of; without an answer where the layer is not kept."""
    revision, answer = store.states(record.id, layer)
    approved = record.status is Status.APPROVED  # which says whose pixels count
    return State(revision, f"{answer} {record.status}" if answer and approved else answer, stamp)


def _stamp(path: Path) -> str:
    """What changes when somebody writes a file; empty where that cannot be relied upon."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size}" if time.time() - found.st_mtime > _TICK_S else ""


def _taken(cache: Comparisons) -> list[str]:
    notices, cache.notices = cache.notices, []
    return notices
