"""A project of two images of 300 x 60 pixels, and hands to draw with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore

Draw = Callable[..., int]


@pytest.fixture
def draw(store: ProjectStore) -> Draw:
    """Paints a box of an image and saves it; returns the revision."""

    def paint(record: ImageRecord, box: Box, label: int = 1, origin: Origin = Origin.HUMAN) -> int:
        mask = store.load_mask(record.id)
        patch = write(mask, box, title="brush stroke", kind="brush", label=label, origin=origin)
        now = store.image(record.id).revision
        return store.commit(record.id, patch, expected=now, status=Status.IN_WORK)

    return paint


def label_of(store: ProjectStore, record: ImageRecord) -> NDArray[np.generic]:
    return store.load_mask(record.id).read("label")
