from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.core.errors import BadInputError
from labeltool.imaging import building
from labeltool.imaging import thumbnail as module
from labeltool.imaging.file_pyramid import FilePyramid
from labeltool.imaging.open import open_image
from labeltool.imaging.pyramid_cache import PyramidCache
from labeltool.imaging.thumbnail import ThumbnailCache, shrink, thumbnail
from tests.unit.imaging.conftest import tiled


def image(path: Path, value: int = 50) -> Path:
    Image.fromarray(np.full((100, 300, 3), value, np.uint8)).save(path)
    return path


def test_a_thumbnail_keeps_the_shape_of_its_image(tmp_path: Path) -> None:
    small = thumbnail(image(tmp_path / "a.png"), 96, ThumbnailCache(tmp_path / "cache"))
    assert small.shape == (32, 96, 3)
    assert (small == 50).all()


def test_small_images_are_not_enlarged() -> None:
    assert shrink(np.zeros((3, 5, 3), np.uint8), 96).shape == (3, 5, 3)
    assert shrink(np.zeros((1, 5000, 3), np.uint8), 96).shape == (1, 96, 3)


def test_a_second_call_reads_the_cache_with_colours_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (200, 100), (250, 120, 10)).save(tmp_path / "a.png")
    cache = ThumbnailCache(tmp_path / "cache")
    first = thumbnail(tmp_path / "a.png", 64, cache)
    monkeypatch.setattr(module, "open_image", lambda _: pytest.fail("decoded twice"))
    assert np.array_equal(thumbnail(tmp_path / "a.png", 64, cache), first)
    assert first[0, 0].tolist() == [250, 120, 10]


def test_a_changed_image_gets_a_new_thumbnail(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path / "cache")
    thumbnail(image(tmp_path / "a.png", 50), 64, cache)
    image(tmp_path / "a.png", 80)
    os.utime(tmp_path / "a.png", ns=(1, 1))
    assert (thumbnail(tmp_path / "a.png", 64, cache) == 80).all()


def test_a_damaged_thumbnail_is_made_again(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path / "cache")
    thumbnail(image(tmp_path / "a.png"), 64, cache)
    for content in (b"", b"nonsense"):
        next((tmp_path / "cache").glob("*.png")).write_bytes(content)
        assert (thumbnail(tmp_path / "a.png", 64, cache) == 50).all()


def test_the_oldest_thumbnails_are_deleted_beyond_the_limit(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path, limit=2500)
    for age, name in enumerate(("old", "mid", "new")):
        (tmp_path / f"{name}.png").write_bytes(b"x" * 1000)
        os.utime(tmp_path / f"{name}.png", ns=(age, age))
    cache.prune()
    assert {path.stem for path in tmp_path.iterdir()} == {"mid", "new"}


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    small = thumbnail(image(tmp_path / "a.png"), 64, ThumbnailCache(tmp_path / "file" / "cache"))
    assert small.shape == (21, 64, 3)


def test_a_broken_image_has_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(BadInputError):
        thumbnail(tmp_path / "a.png", 64, ThumbnailCache(tmp_path / "cache"))


def test_a_rough_thumbnail_gives_way_once_the_levels_have_been_made(
    tmp_path: Path, everything_is_large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_FIRST_SAMPLES", 2)
    monkeypatch.setattr(building, "_SAMPLE_PASSES", 1)
    ramp = np.broadcast_to((np.arange(2048) // 8).astype(np.uint8)[:, None], (2048, 2048, 3))
    path, cache = tiled(tmp_path / "a.tif", ramp), ThumbnailCache(tmp_path / "cache")
    whole = shrink(ramp, 96).astype(int)
    rough = thumbnail(path, 96, cache)
    assert abs(rough - whole).max() > 20
    pyramid = FilePyramid(open_image(path))
    deadline = time.monotonic() + 60
    while not pyramid.complete:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    pyramid.close()
    pyramid.join()
    fine = thumbnail(path, 96, cache)
    assert abs(fine - whole).max() <= 3
    for kept in PyramidCache().folder.glob("*.tiles"):
        kept.unlink()
    assert np.array_equal(thumbnail(path, 96, cache), fine)
