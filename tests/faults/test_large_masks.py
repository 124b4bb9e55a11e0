"""Masks of 50,000 x 50,000 pixels, and a thousand steps of undo: it costs what was done, not how large the image is."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, paint, write
from labeltool.core.project import ImageRecord
from labeltool.core.provenance import Origin
from labeltool.core.shape import Part
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore

IMAGE = "a" * 32
SIDE = 50_000
MB = 1 << 20


class Everywhere:
    """The shape that a fill of an untouched image has."""

    box = Box(0, 0, SIDE, SIDE)

    def part(self, box: Box) -> Part:
        return True


class Disc:
    """A brush of radius 1,000 somewhere."""

    def __init__(self, x: int, y: int, radius: int = 1_000) -> None:
        self.x, self.y, self.radius = x, y, radius
        self.box = Box(x - radius, y - radius, x + radius, y + radius)

    def part(self, box: Box) -> Part:
        rows, columns = np.ogrid[box.y0 : box.y1, box.x0 : box.x1]
        inside = (rows - self.y) ** 2 + (columns - self.x) ** 2 < self.radius**2
        return bool(inside.all()) if inside.all() or not inside.any() else inside


def project(root: Path, size: Size) -> ProjectStore:
    store = ProjectStore.create(root, "p", ClassCatalog.from_names(["nucleus", "cell"]))
    store.add_images([ImageRecord(IMAGE, Path("/images/a.tif"), size, "raster", "0" * 64, 1)])
    return store


def painted(mask: LabelMask, shape: Everywhere | Disc, label: int) -> Patch:
    """The patch, applied."""
    patch = paint(mask, shape, title="Fill", kind="fill", label=label, object_id=0, origin=int(Origin.HUMAN))
    mask.apply(patch)
    return patch


@pytest.mark.slow
def test_a_fill_and_a_giant_brush_on_50000_squared_take_megabytes_and_come_back(tmp_path: Path) -> None:
    mask = LabelMask(Size(SIDE, SIDE))
    dense_mb = SIDE * SIDE // MB
    with project(tmp_path / "p", mask.size) as store:
        tracemalloc.start()
        fill = painted(mask, Everywhere(), 1)
        store.commit(IMAGE, fill, expected=0)
        disc = painted(mask, Disc(25_000, 25_000), 2)
        store.commit(IMAGE, disc, expected=1)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 300 * MB, f"one plane as an array would take {dense_mb} MB"
        (file,) = (tmp_path / "p" / "masks").rglob("*.ltm")
        assert file.stat().st_size < 100 * MB
        found = store.load_mask(IMAGE)
        assert found.same_pixels(mask)
        assert store.class_pixels(IMAGE)[1] + store.class_pixels(IMAGE)[2] == SIDE * SIDE
        store.commit(IMAGE, disc.inverse(), expected=2, kind="undo", target=2)
        mask.apply(disc.inverse())
        assert store.load_mask(IMAGE).same_pixels(mask)
        assert store.class_pixels(IMAGE) == {1: SIDE * SIDE}


@pytest.mark.parametrize("steps", [20, pytest.param(1_000, marks=pytest.mark.slow)])
def test_every_step_of_many_is_undone_across_a_restart_and_a_pre_label(tmp_path: Path, steps: int) -> None:
    rng = np.random.default_rng(7)
    size = Size(700, 500)
    mask, roots, patches = LabelMask(size), [], []
    store = project(tmp_path / "p", size)
    empty = LabelMask(size)
    for step in range(steps):
        x, y = int(rng.integers(0, 640)), int(rng.integers(0, 440))
        box = Box(x, y, x + int(rng.integers(2, 60)), y + int(rng.integers(2, 60)))
        model = step == steps // 2
        patch = write(
            mask,
            size.box if model else box,
            rng.random((500, 700)) < 0.5 if model else None,
            title="Pre-label" if model else "Brush",
            kind="prelabel" if model else "brush",
            label=int(rng.integers(0, 3)),
            object_id=int(rng.integers(0, 9)),
            origin=int(Origin.MODEL if model else Origin.HUMAN),
        )
        mask.apply(patch)
        patches.append(patch)
        store.commit(IMAGE, patch, expected=step)
        roots.append(store.root_hash(IMAGE))
        if step in (steps // 3, steps - 1):
            store.close()
            store = ProjectStore.open(tmp_path / "p")
    revision = steps
    for target in range(steps, 0, -1):
        undone = store.patch(IMAGE, target).inverse()
        revision = store.commit(IMAGE, undone, expected=revision, kind="undo", target=target)
        if target > 1:
            assert store.root_hash(IMAGE) == roots[target - 2], f"undoing step {target} left other pixels"
    assert store.load_mask(IMAGE).same_pixels(empty)
    store.close()
    assert [f for f in check(tmp_path / "p") if f.severity == "error"] == []
