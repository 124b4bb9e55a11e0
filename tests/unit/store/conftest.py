from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, write
from labeltool.core.project import ImageRecord
from labeltool.store.project import ProjectStore

CELL = "ab" * 16
OTHER = "cd" * 16
SIZE = Size(600, 300)


def record(image_id: str = CELL, name: str = "cell.png") -> ImageRecord:
    return ImageRecord(image_id, Path("/images") / name, SIZE, "raster", "0" * 64, 10)


def stroke(mask: LabelMask, x: int, label: int = 1) -> Patch:
    """Paint a square at column x, and on the mask itself."""
    patch = write(mask, Box(x, 20, x + 30, 50), title="brush stroke", kind="brush", label=label, origin=2)
    mask.apply(patch)
    return patch


def mask_file(root: Path, image_id: str = CELL) -> Path:
    return root / "masks" / image_id[:2] / f"{image_id}.ltm"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "project"


@pytest.fixture
def store(root: Path) -> Iterator[ProjectStore]:
    with ProjectStore.create(root, "demo", ClassCatalog.from_names(["cell", "nucleus"])) as made:
        made.add_images([record(), record(OTHER, "other.png")])
        yield made


@pytest.fixture
def painted(store: ProjectStore) -> LabelMask:
    """Three strokes on CELL; the mask as it must be on disk."""
    mask = store.load_mask(CELL)
    for revision in range(3):
        store.commit(CELL, stroke(mask, 10 + revision * 100), expected=revision)
    return mask
