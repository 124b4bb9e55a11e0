"""Which pixels count as truth: those that a human, an import or a reviewer has set, and not ignore."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labeltool.app.project import reason
from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.provenance import TRUTH
from labeltool.store.database import DamagedError
from labeltool.store.project import ProjectStore


def truth(mask: LabelMask, box: Box) -> NDArray[np.uint8]:
    """The labels that count in ``box``, uint8; ignore where nobody but a model has been."""
    label = mask.read("label", box).astype(np.uint8, copy=False)
    label[~np.isin(mask.read("origin", box), TRUTH)] = IGNORE
    return label


def has_truth(mask: LabelMask) -> bool:
    """True when somebody but a model has set a pixel."""
    return any(np.isin(tile, TRUTH).any() for tile in mask.planes["origin"].tiles.values())


def with_truth(
    store: ProjectStore, records: Sequence[ImageRecord]
) -> tuple[list[ImageRecord], list[Skipped]]:
    """The images that somebody but a model has labelled, and those whose mask is damaged."""
    found, skipped = [], []
    for record in records:
        try:
            if has_truth(store.load_mask(record.id)):
                found.append(record)
        except DamagedError as error:
            skipped.append(Skipped(error.file or str(record.path), reason(error)))
    return found, skipped
