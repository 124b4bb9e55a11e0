"""Projects in which a layer disagrees with the annotation, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord, Status
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore

SIZE = Size(620, 300)
MODEL = "m@1"
Labels = NDArray[np.uint8]


def project(root: Path, images: int, *classes: str) -> ProjectStore:
    """A project of images that nobody reads: a comparison looks at masks and predictions alone."""
    catalog = ClassCatalog.from_names(list(classes or ("nucleus", "cell")))
    store = ProjectStore.create(root, "test", catalog)
    store.add_images(
        ImageRecord(
            f"{number:032x}",
            Path(f"/images/{number}.png"),
            SIZE,
            "raster",
            "0" * 64,
            10,
            split=("train", "val")[number % 2],
        )
        for number in range(images)
    )
    return store


def plane(value: int = 0) -> Labels:
    return np.full((SIZE.height, SIZE.width), value, np.uint8)


def annotate(
    store: ProjectStore, record: ImageRecord, label: Labels, origin: int | Labels = Origin.HUMAN
) -> None:
    patch = write(store.load_mask(record.id), SIZE.box, title="", kind="brush", label=label, origin=origin)
    store.commit(record.id, patch, expected=store.image(record.id).revision, status=Status.IN_WORK)


def predict(
    store: ProjectStore, record: ImageRecord, label: Labels, confidence: int | Labels = 204, key: str = MODEL
) -> None:
    sure = np.broadcast_to(np.uint8(confidence), label.shape)
    store.save_prediction(record.id, key, [(SIZE.box, label, sure)])
