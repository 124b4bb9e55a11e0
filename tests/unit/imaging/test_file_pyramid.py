from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.memory import share
from labeltool.imaging import budget, building, file_pyramid
from labeltool.imaging.file_pyramid import FilePyramid, open_pyramid
from labeltool.imaging.halving import level_sizes
from labeltool.imaging.open import open_image
from labeltool.imaging.pyramid import ArrayPyramid, Arrival, seen
from labeltool.imaging.pyramid_cache import PyramidCache
from labeltool.imaging.readers.large import LargeReader
from tests.unit.imaging.conftest import noise, tiled

pytestmark = pytest.mark.usefixtures("everything_is_large")


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def opened(path: Path, cache: PyramidCache | None = None, budget: int | None = None) -> FilePyramid:
    reader = open_image(path)
    assert isinstance(reader, LargeReader)
    return FilePyramid(reader, cache, budget)


def ended(pyramid: FilePyramid) -> None:
    pyramid.close()
    pyramid.join()


def written(path: Path, pixels: np.ndarray) -> Path:
    if path.name == "tiles.tif":
        return tiled(path, pixels)
    Image.fromarray(pixels).save(path)
    return path


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    width=st.integers(1, 900),
    height=st.integers(1, 900),
    name=st.sampled_from(["tiles.tif", "strips.tif", "a.png"]),
    memory=st.integers(0, 1 << 22),
)
def test_every_level_is_the_area_average_of_the_image_however_few_rows_fit_the_memory(
    tmp_path: Path, width: int, height: int, name: str, memory: int
) -> None:
    pixels = noise(height, width)
    expected = ArrayPyramid(pixels)
    path = written(tmp_path / name, pixels)
    os.utime(path, ns=(1, time.time_ns()))
    with mock.patch.object(building, "share", lambda use: memory):
        pyramid = opened(path)
        until(lambda: pyramid.complete)
    for level, size in enumerate(pyramid.sizes):
        assert np.array_equal(pyramid.read(size.box, level), expected.level(level)), level
    ended(pyramid)
    again = opened(path)  # from the cache
    until(lambda: again.complete)
    for level, size in enumerate(again.sizes):
        assert np.array_equal(again.read(size.box, level), expected.level(level)), level
    ended(again)


def test_a_missing_tile_is_asked_for_and_arrives(tmp_path: Path) -> None:
    pixels = noise(600, 700)
    pyramid = opened(tiled(tmp_path / "a.tif", pixels))
    arrived: list[Arrival] = []
    pyramid.arrived.connect(arrived.append)
    assert pyramid.tile(0, 1, 2) is None
    until(lambda: pyramid.tile(0, 1, 2) is not None)
    assert np.array_equal(pyramid.tile(0, 1, 2), pixels[256:512, 512:])
    assert Arrival(0, 0, Box(512, 256, 700, 512)) in arrived
    ended(pyramid)


def test_tiles_in_memory_stay_below_the_budget(tmp_path: Path) -> None:
    pyramid = opened(tiled(tmp_path / "a.tif", noise(900, 900)), budget=300_000)
    until(lambda: pyramid.complete)
    pyramid.read(Box(0, 0, 900, 900))
    assert pyramid._held <= 300_000
    assert pyramid._held == sum(tile.nbytes for tile in pyramid._tiles.values()) > 0
    ended(pyramid)


def test_a_rough_picture_is_there_before_the_levels_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.zeros((2000, 2000, 3), np.uint8)
    pixels[:, :1000] = (200, 100, 50)
    reader = open_image(tiled(tmp_path / "a.tif", pixels))
    assert isinstance(reader, LargeReader)
    monkeypatch.setattr(building, "_FIRST_SAMPLES", 4)
    plan = building.Plan.of(reader)
    mosaic = building.Mosaic(reader, plan.top)
    read: list[Box] = []
    whole = reader.read
    monkeypatch.setattr(reader, "read", lambda box, level: read.append(box) or whole(box, level))
    building.sample(reader, plan, mosaic, lambda level, box: None, building.CancelToken())
    assert len(read) == len(set(read))  # what has been read is not read again
    picture = mosaic.levels[len(reader.sizes) - 1]
    assert picture[:, 10].tolist() == [[200, 100, 50]] * len(picture)
    assert picture[:, -10].tolist() == [[0, 0, 0]] * len(picture)


def test_a_file_read_in_order_fills_from_the_top_and_who_reads_waits(tmp_path: Path) -> None:
    pixels = noise(800, 600)
    pyramid = opened(written(tmp_path / "a.png", pixels))
    assert np.array_equal(pyramid.read(Box(10, 700, 300, 800)), pixels[700:800, 10:300])
    ended(pyramid)


@pytest.mark.parametrize("name", ["a.png", "tiles.tif"])
def test_what_is_read_at_once_fits_the_memory_however_large_the_image(tmp_path: Path, name: str) -> None:
    with open_image(written(tmp_path / name, noise(300, 300))) as reader:
        assert isinstance(reader, LargeReader)
        for size in (Size(100_000, 50_000), Size(1_000_000, 5_000), Size(5_000, 1_000_000)):
            reader.sizes = level_sizes(size)
            plan = building.Plan.of(reader)
            width, height = plan.block(reader)
            assert height & (height - 1) == 0
            least = max(1 << (plan.top - plan.base), 1 if reader.in_order else 128)
            assert height == least or least < height <= share("decoding") // (width * 3)


def test_a_damaged_tile_is_told_once_and_the_others_are_shown(tmp_path: Path) -> None:
    pixels = noise(800, 800)
    path = tiled(tmp_path / "a.tif", pixels)
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[at : at + 30] = b"\xff" * 30
    path.write_bytes(data)
    pyramid = opened(path)
    errors: list[LabeltoolError] = []
    pyramid.failed.connect(errors.append)
    pyramid.tile(0, 0, 0)
    until(lambda: pyramid.peek(0, 0, 0) is not None)
    assert len(set(pyramid.tile(0, 0, 0).reshape(-1).tolist())) == 1
    with pytest.raises(BadInputError, match="cannot be read"):
        pyramid.read(Box(0, 0, 10, 10))
    assert np.array_equal(pyramid.read(Box(300, 300, 400, 400)), pixels[300:400, 300:400])
    until(lambda: pyramid.complete)
    last = pyramid.level_count - 1
    coarsest = ArrayPyramid(pixels).level(last)
    assert np.array_equal(pyramid.read(pyramid.sizes[last].box, last)[-20:, -20:], coarsest[-20:, -20:])
    ended(pyramid)
    # The maker of the levels tells of its larger block as well, sooner or later.
    assert ["x 0 to 256, y 0 to 256" in each.message for each in errors].count(True) == 1
    assert not list((PyramidCache().folder).glob("*.tiles"))  # what is not whole is not kept


def test_a_png_damaged_at_its_end_shows_what_lies_before(tmp_path: Path) -> None:
    pixels = noise(1200, 500)
    path = written(tmp_path / "a.png", pixels)
    data = bytearray(path.read_bytes())
    at = int(len(data) * 0.8)
    data[at : at + 200] = b"\0" * 200
    path.write_bytes(data)
    pyramid = opened(path)
    until(lambda: pyramid.complete)
    assert np.array_equal(pyramid.read(Box(0, 0, 500, 200)), pixels[:200])
    with pytest.raises(BadInputError, match="damaged"):
        pyramid.read(Box(0, 1100, 10, 1200))
    assert seen(pyramid, 0, Box(0, 1100, 10, 1200)).shape == (100, 10, 3)
    ended(pyramid)


def test_closing_stops_the_making_of_levels_and_leaves_nothing_behind(tmp_path: Path) -> None:
    pyramid = opened(tiled(tmp_path / "a.tif", noise(2000, 2000)))
    pyramid.close()
    pyramid.join()
    assert not pyramid._builder.is_alive()
    with pytest.raises(LabeltoolError, match="closed"):
        pyramid.read(Box(0, 1900, 10, 1910))


ENDS_WHILE_UNPACKING = """
import sys, time
from pathlib import Path
from labeltool.imaging import building, file_pyramid
from labeltool.imaging import budget

budget.WHOLE_PIXELS = 0

def slowly(*args, **more):
    time.sleep(0.5)
    return building.build(*args, **more)

file_pyramid.build = slowly
pyramid = file_pyramid.open_pyramid(Path(sys.argv[1]))
print(len(list(pyramid._cache.folder.iterdir())))
pyramid.close()
"""


def test_a_program_that_ends_leaves_no_half_made_pyramid_on_the_disk(tmp_path: Path) -> None:
    image = written(tmp_path / "a.png", noise(700, 700))
    command = [sys.executable, "-c", ENDS_WHILE_UNPACKING, str(image)]
    assert subprocess.check_output(command, text=True, timeout=60) == "1\n"
    assert not list(PyramidCache().folder.iterdir())


@pytest.mark.parametrize("name", ["tiles.tif", "a.png"])
def test_levels_can_be_stopped_and_what_there_is_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pixels, gate = noise(1500, 700), threading.Event()

    def later(*args: object, **more: object) -> LabeltoolError | None:
        gate.wait()
        return building.build(*args, **more)

    monkeypatch.setattr(file_pyramid, "build", later)
    pyramid = opened(written(tmp_path / name, pixels))
    told: list[object] = []
    pyramid.progress.connect(told.append)
    pyramid.stop_levels()
    gate.set()
    until(lambda: told)
    assert told == [None]
    assert pyramid.complete
    place = Box(10, 1300, 300, 1400)
    if name == "a.png":
        with pytest.raises(LabeltoolError, match="that was cancelled"):
            pyramid.read(place)
    else:
        assert np.array_equal(pyramid.read(place), pixels[place.slices()])
    ended(pyramid)
    assert not list(PyramidCache().folder.iterdir())


def test_without_room_tiled_files_do_without_a_cache_and_others_say_how_much_they_need(
    tmp_path: Path,
) -> None:
    none = PyramidCache(tmp_path / "cache", limit=0)
    pixels = noise(1500, 1500)
    pyramid = opened(tiled(tmp_path / "a.tif", pixels), none)
    until(lambda: pyramid.complete)
    assert np.array_equal(pyramid.read(pyramid.sizes[1].box, 1), ArrayPyramid(pixels).level(1))
    ended(pyramid)
    with pytest.raises(BadInputError, match=r"needs \d+ MB"):
        opened(written(tmp_path / "a.png", pixels), none)


def test_images_that_fit_are_kept_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiled(tmp_path / "a.tif", noise(300, 300))
    large = open_pyramid(path)
    assert isinstance(large, FilePyramid)
    ended(large)
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 1 << 30)
    assert isinstance(open_pyramid(path), ArrayPyramid)


def test_a_damaged_cache_is_passed_over_where_the_file_can_be_asked(tmp_path: Path) -> None:
    pixels = noise(1500, 1500)
    path = tiled(tmp_path / "a.tif", pixels)
    pyramid = opened(path)
    until(lambda: pyramid.complete)
    ended(pyramid)
    kept = next(PyramidCache().folder.glob("*.tiles"))
    data = bytearray(kept.read_bytes())
    data[4096:5000] = b"\xff" * 904
    kept.write_bytes(data)
    again = opened(path)
    assert again.complete
    assert np.array_equal(again.read(Box(0, 0, 300, 300), 1), ArrayPyramid(pixels).level(1)[:300, :300])
    ended(again)
    assert not kept.exists()


def test_a_cache_that_can_neither_be_read_nor_deleted_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: object, **more: object) -> bytes:
        raise PermissionError(13, "refused")

    pixels = noise(1500, 1500)
    path = tiled(tmp_path / "a.tif", pixels)
    pyramid = opened(path)
    until(lambda: pyramid.complete)
    with monkeypatch.context() as disk:
        disk.setattr(pyramid._file._file, "read", refused)
        disk.setattr(Path, "unlink", refused)
        place = Box(0, 0, 300, 300)
        assert np.array_equal(pyramid.read(place, 1), ArrayPyramid(pixels).level(1)[place.slices()])
    ended(pyramid)
