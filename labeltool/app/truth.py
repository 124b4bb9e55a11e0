"""Which pixels count as truth: those that a human, an import or a reviewer has set, and all of an approved image, but
not ignore."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from labeltool.app.leaving_out import left_out
from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.project import ImageRecord, Skipped, Status
from labeltool.core.provenance import SET, TRUTH, Origin
from labeltool.store.project import ProjectStore

Origins = tuple[Origin, ...]
"""Whose pixels are meant."""


def truth_origins(record: ImageRecord) -> Origins:
    """Whose pixels count as truth in an image. Once it is approved a model's do, too; any change of it, which makes the
    approval stale, takes that back."""
    return SET if record.status is Status.APPROVED else TRUTH


def truth(mask: LabelMask, box: Box, origins: Origins = TRUTH) -> NDArray[np.uint8]:
    """The labels that count in ``box``, uint8; ignore where nobody but a model has been, or none of ``origins``."""
    label = mask.read("label", box).astype(np.uint8, copy=False)
    label[~np.isin(mask.read("origin", box), origins)] = IGNORE
    return label


def has_truth(mask: LabelMask, origins: Origins = TRUTH) -> bool:
    """True when somebody but a model, or one of ``origins``, has set a pixel."""
    return any(np.isin(tile, origins).any() for tile in mask.planes["origin"].tiles.values())


def with_truth(
    store: ProjectStore,
    records: Sequence[ImageRecord],
    origins: Callable[[ImageRecord], Origins] = truth_origins,
) -> tuple[list[ImageRecord], list[Skipped]]:
    """The images of which some pixels count as truth, and those whose mask is damaged or cannot be read. ``origins``
    says whose pixels count in an image."""
    found, skipped = list[ImageRecord](), list[Skipped]()
    for record in records:
        with left_out(skipped):
            if has_truth(store.load_mask(record.id), origins(record)):
                found.append(record)
    return found, skipped
