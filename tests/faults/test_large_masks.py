"""Masks of 50,000 x 50,000 pixels, and a thousand steps of undo: it costs what was done, not how large the image is."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.__main__ import main
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, paint, write
from labeltool.core.project import ImageRecord
from labeltool.core.provenance import Origin
from labeltool.core.pulse import felt
from labeltool.core.shape import Part
from labeltool.store.counts import count_mask
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.store.tiles import pack, tile_hash

IMAGE = "a" * 32
SIDE = 50_000
MB = 1 << 20


class Everywhere:
    """The shape that a fill of an untouched image has."""

    def __init__(self, side: int = SIDE) -> None:
        self.box = Box(0, 0, side, side)

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


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(16_385, 257), (1, 16_385)])
def test_a_mask_that_is_one_pixel_wider_than_tiles_comes_back_from_the_disk_and_from_a_format(
    tmp_path: Path, width: int, height: int
) -> None:
    label = np.kron(
        np.random.default_rng(5).integers(0, 3, (height // 20 + 1, width // 20 + 1), np.uint8),
        np.ones((20, 20), np.uint8),
    )[:height, :width]
    label[-1, -1] = 2
    for name, pixels in (("images", label * 100), ("masks", label)):
        (tmp_path / name).mkdir()
        Image.fromarray(pixels).save(tmp_path / name / "wide.png")
    root = tmp_path / "p"
    for words in (
        ["new", root, "--classes", "nucleus,cell"],
        ["add", root, tmp_path / "images"],
        ["import", root, tmp_path / "masks", "--format", "png"],
        ["export", root, tmp_path / "coco", "--format", "coco"],
        ["new", tmp_path / "again", "--classes", "nucleus,cell"],
        ["add", tmp_path / "again", tmp_path / "images"],
        [
            "import",
            tmp_path / "again",
            tmp_path / "coco/annotations/instances_default.json",
            "--format",
            "coco",
        ],
    ):
        assert main([str(word) for word in words]) == 0, words
    for project_ in (root, tmp_path / "again"):
        with ProjectStore.open(project_, write=False) as store:
            (record,) = store.images()
            assert record.size == Size(width, height)
            assert np.array_equal(store.load_mask(record.id).read("label"), label), project_.name
        assert check(project_) == []


@pytest.mark.parametrize("side", [3_000, pytest.param(SIDE, marks=pytest.mark.slow)])
def test_a_fill_that_is_saved_beats_for_every_tile_so_that_nobody_takes_the_disk_for_silent(
    tmp_path: Path, side: int
) -> None:
    """Between two beats lies the work of one tile, and the silence that is told of begins after the last."""
    mask, beats = LabelMask(Size(side, side)), [0]

    def count() -> None:
        beats[0] += 1

    with project(tmp_path / "p", mask.size) as store:
        fill = painted(mask, Everywhere(side), 1)
        for patch, how in ((fill, {}), (fill.inverse(), {"kind": "undo", "target": 1})):
            beats[0] = 0
            with felt(count):
                store.commit(IMAGE, patch, expected=len(how) // 2, **how)
            # packed, held against what is there, counted (two planes at a time), and in three turns written
            assert beats[0] >= (1 + 1 + 0.5 + 3) * len(fill.deltas)
        assert store.class_pixels(IMAGE) == {}


def test_constant_tiles_are_counted_packed_and_hashed_as_all_others(tmp_path: Path) -> None:
    """They are never spread out to their pixels; what comes of it is the same."""
    size = Size(700, 300)
    with project(tmp_path / "p", size) as store:
        mask = LabelMask(size)
        fill = painted(mask, Everywhere(300), 1)
        for revision, patch in enumerate((fill, painted(mask, Disc(290, 150, 100), 2))):
            store.commit(IMAGE, patch, expected=revision)
        assert store.class_pixels(IMAGE) == count_mask(mask)
        dense = LabelMask(size)
        for name, plane in mask.planes.items():
            for index, tile in plane.tiles.items():
                dense.planes[name].tiles[index] = np.array(tile)
                assert pack(tile) == pack(np.array(tile))
                assert tile_hash(tile) == hashlib.sha256(np.ascontiguousarray(tile).data).digest()
        assert count_mask(dense) == count_mask(mask) and len(count_mask(mask)) == 2


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
