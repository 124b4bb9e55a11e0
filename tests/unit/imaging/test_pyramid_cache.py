from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size, TileIndex
from labeltool.imaging import pyramid_cache
from labeltool.imaging.halving import level_sizes
from labeltool.imaging.pyramid_cache import PyramidCache
from labeltool.imaging.pyramid_file import PyramidFile, length
from tests.unit.imaging.conftest import noise

SIZE = Size(600, 300)


def image(tmp_path: Path, name: str = "a.tif") -> Path:
    (tmp_path / name).write_bytes(b"some bytes")
    return tmp_path / name


def filled(cache: PyramidCache, path: Path, seed: int = 0) -> PyramidFile:
    made = cache.begin(path, SIZE, 1)
    for level, size in enumerate(level_sizes(SIZE)):
        if level >= 1:
            made.write(level, noise(size.height, size.width, seed=seed), size.box)
    cache.finish(made, path)
    return made


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    cache, path = PyramidCache(tmp_path / "cache"), image(tmp_path)
    assert cache.find(path, SIZE) is None
    filled(cache, path).close()
    found = cache.find(path, SIZE)
    assert found is not None
    for level, size in enumerate(level_sizes(SIZE)):
        if level >= 1:
            assert np.array_equal(found.read_box(size.box, level), noise(size.height, size.width))
    assert not found.has(0, TileIndex(0, 0))
    found.close()


def test_nobody_finds_a_pyramid_that_is_not_finished(tmp_path: Path) -> None:
    cache, path = PyramidCache(tmp_path / "cache"), image(tmp_path)
    made = cache.begin(path, SIZE, 0)
    assert not made.has(0, TileIndex(1, 2))
    made.write(0, noise(44, 88), Box(512, 256, 600, 300))
    assert made.has(0, TileIndex(1, 2))
    assert np.array_equal(made.read(0, TileIndex(1, 2)), noise(44, 88))
    assert cache.find(path, SIZE) is None
    cache.abandon(made)
    assert not list(cache.folder.iterdir())


def test_the_rows_of_tiles_may_come_one_after_the_other_and_all_have_to_come(tmp_path: Path) -> None:
    cache, pixels = PyramidCache(tmp_path / "cache"), noise(300, 600)
    made = cache.begin(image(tmp_path), SIZE, 0)
    for top, bottom in ((0, 100), (100, 256), (256, 299), (299, 300)):
        box = Box(0, top, 600, bottom)
        assert not made.has(0, TileIndex(top // 256, 2))
        made.write(0, pixels[box.slices()], box)
        if top == 0:  # here the last column lacks some rows
            made.write(0, pixels[110:150, 512:], Box(512, 110, 600, 150))
    assert np.array_equal(made.read_box(Box(0, 0, 512, 300), 0), pixels[:, :512])
    assert not made.has(0, TileIndex(0, 2))
    assert np.array_equal(made.read(0, TileIndex(1, 2)), pixels[256:, 512:])
    cache.abandon(made)


def test_a_changed_image_has_no_pyramid(tmp_path: Path) -> None:
    cache, path = PyramidCache(tmp_path / "cache"), image(tmp_path)
    filled(cache, path).close()
    os.utime(path, ns=(5, 5))
    assert cache.find(path, SIZE) is None


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_cut_off_pyramid_is_deleted(tmp_path: Path, share: float) -> None:
    cache, path = PyramidCache(tmp_path / "cache"), image(tmp_path)
    made = filled(cache, path)
    made.close()
    os.truncate(made.path, int(length(SIZE, 1) * share))
    assert cache.find(path, SIZE) is None
    assert not made.path.exists()


def test_a_flipped_bit_is_noticed_and_the_pyramid_deleted(tmp_path: Path) -> None:
    cache, path = PyramidCache(tmp_path / "cache"), image(tmp_path)
    made = filled(cache, path)
    made.close()
    data = bytearray(made.path.read_bytes())
    data[5000] ^= 1
    made.path.write_bytes(data)
    found = cache.find(path, SIZE)
    assert found is not None
    with pytest.raises(BadInputError, match="tile 0, 0 of level 1 is damaged"):
        found.read(1, TileIndex(0, 0))
    found.close()
    assert cache.find(path, SIZE) is None


def test_the_longest_unused_goes_when_the_limit_is_reached(tmp_path: Path) -> None:
    cache = PyramidCache(tmp_path / "cache", limit=int(length(SIZE, 1) * 2.5))
    paths = [image(tmp_path, name) for name in ("a.tif", "b.tif", "c.tif")]
    for age, path in enumerate(paths[:2]):
        made = filled(cache, path)
        made.close()
        os.utime(made.path, ns=(age, age))
    used = cache.find(paths[0], SIZE)  # used just now: the other is the oldest
    assert used is not None
    used.close()
    filled(cache, paths[2]).close()
    kept = [cache.find(path, SIZE) for path in paths]
    assert [each is not None for each in kept] == [True, False, True]
    for each in kept:
        if each is not None:
            each.close()


def test_remains_of_a_crash_are_deleted_after_a_day(tmp_path: Path) -> None:
    cache = PyramidCache(tmp_path)
    (tmp_path / "x.1-1.partial").touch()
    (tmp_path / "y.1-1.partial").touch()
    os.utime(tmp_path / "x.1-1.partial", (1, 1))
    cache.prune()
    assert [path.name for path in tmp_path.iterdir()] == ["y.1-1.partial"]


def test_no_room_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = image(tmp_path)
    with pytest.raises(BadInputError, match=r"needs 2 MB in .*, and the cache may take 1 MB") as caught:
        PyramidCache(tmp_path / "cache", limit=1_000_000).begin(path, SIZE, 0)
    assert caught.value.file == str(path)
    assert "LABELTOOL_CACHE_MB" in (caught.value.hint or "")
    monkeypatch.setattr(pyramid_cache.shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    with pytest.raises(BadInputError, match="5 MB are free"):
        PyramidCache(tmp_path / "cache").begin(path, SIZE, 0)
    assert not list((tmp_path / "cache").iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match="cannot be written"):
        PyramidCache(tmp_path / "file" / "cache").begin(image(tmp_path), SIZE, 0)
