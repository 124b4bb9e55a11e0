from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from labeltool.core.errors import BadInputError, CancelledError
from labeltool.core.geometry import Box, Size
from labeltool.core.progress import CancelToken
from labeltool.imaging import budget, vips
from labeltool.imaging.building import overview
from labeltool.imaging.halving import halve
from labeltool.imaging.open import open_image, probe, verify
from labeltool.imaging.pyramid_cache import PyramidCache
from labeltool.imaging.reader import ImageInfo
from labeltool.imaging.readers import large
from labeltool.imaging.readers.large import LargeReader
from tests.unit.imaging.conftest import noise, tiled

pytestmark = pytest.mark.usefixtures("everything_is_large")


def large_reader(path: Path) -> LargeReader:
    reader = open_image(path)
    assert isinstance(reader, LargeReader)
    return reader


def on_white(pixels: np.ndarray) -> np.ndarray:
    alpha = pixels[..., 3:].astype(float) / 255
    return np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_box_is_what_another_reader_finds_there(tmp_path: Path, data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 400)), data.draw(st.integers(1, 400))
    path = tiled(tmp_path / "a.tif", noise(height, width), data.draw(st.sampled_from([16, 128, 240])))
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height)))
    with large_reader(path) as reader:
        assert np.array_equal(reader.read(box), tifffile.imread(path)[box.slices()])


@pytest.mark.parametrize("subifds", [False, True], ids=["pages", "subifds"])
def test_overviews_of_the_file_are_its_levels(tmp_path: Path, subifds: bool) -> None:
    pixels = noise(1001, 1203)
    with large_reader(tiled(tmp_path / "a.tif", pixels, overviews=2, subifds=subifds)) as reader:
        assert reader.levels == [0, 1, 2]
        assert np.array_equal(reader.read(Box(0, 0, 300, 250), 2), pixels[::4, ::4][:250, :300])
        assert reader.read(reader.sizes[2].box, 2).shape == (251, 301, 3)  # the file's own has 250 x 300
        last = reader.read(Box(300, 250, 301, 251), 2)
        assert np.array_equal(last, pixels[996:997, 1196:1197])
        assert np.array_equal(reader.read(Box(0, 0, 100, 100), 3), halve(pixels[::4, ::4][:200, :200]))


def test_a_small_file_with_overviews_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 1 << 30)
    pixels = noise(300, 300)
    with open_image(tiled(tmp_path / "a.tif", pixels, overviews=1)) as reader:
        assert not isinstance(reader, LargeReader)
        assert np.array_equal(reader.read(), pixels)


@pytest.mark.parametrize("bands", [1, 3, 4])
@pytest.mark.parametrize("name", ["a.png", "strips.tif", "tiles.tif"])
def test_grey_and_transparency_are_shown_as_those_of_small_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, bands: int
) -> None:
    path, pixels = tmp_path / name, noise(300, 280, bands).squeeze()
    if name == "tiles.tif":
        kind = "minisblack" if bands == 1 else "rgb"
        alpha = {"extrasamples": ["unassalpha"]} if bands == 4 else {}
        tifffile.imwrite(path, pixels, tile=(128, 128), photometric=kind, compression="zlib", **alpha)
    else:
        Image.fromarray(pixels).save(path)
    with large_reader(path) as reader:
        found = reader.read()
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 1 << 30)
    with open_image(path) as reader:
        assert np.array_equal(found, reader.read())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_turned_image_is_put_upright(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orientation: int, name: str
) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(noise(70, 50)).save(tmp_path / name, exif=exif)
    with large_reader(tmp_path / name) as reader:
        found = reader.read()
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 1 << 30)
    with open_image(tmp_path / name) as reader:
        assert np.array_equal(found, reader.read())


def test_names_with_brackets_are_no_options(tmp_path: Path) -> None:
    pixels = noise(100, 100)
    with large_reader(tiled(tmp_path / "a[page=3].tif", pixels)) as reader:
        assert np.array_equal(reader.read(), pixels)


@pytest.mark.parametrize("name", ["tiles.tif", "strips.tif", "a.png", "a.jpg"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.995])
def test_a_cut_off_file_is_refused_without_decoding_it(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    if name == "tiles.tif":
        tiled(path, noise(400, 400))
    else:
        Image.fromarray(noise(400, 400)).save(path)
    assert verify(path).size == (400, 400)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(BadInputError, match="cut off or damaged") as caught:
        verify(path)
    assert caught.value.file == str(path)


def test_a_damaged_tile_is_named_and_its_neighbours_are_read(tmp_path: Path) -> None:
    pixels = noise(512, 512)
    path = tiled(tmp_path / "a.tif", pixels)
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].dataoffsets[5]
    data = bytearray(path.read_bytes())
    data[at : at + 30] = b"\xff" * 30
    path.write_bytes(data)
    verify(path)
    with large_reader(path) as reader:
        with pytest.raises(BadInputError, match="x 128 to 256, y 128 to 256 cannot be read") as caught:
            reader.read(Box(128, 128, 256, 256))
        assert caught.value.file == str(path)
        assert np.array_equal(reader.read(Box(256, 0, 512, 128)), pixels[:128, 256:])


@pytest.mark.parametrize("taken_away", [False, True])
def test_decoded_tiles_are_thrown_away_when_they_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken_away: bool
) -> None:
    pixels = noise(500, 700)
    monkeypatch.setattr(vips, "share", lambda use: 6 * 128 * 128 * 3)
    with large_reader(tiled(tmp_path / "a.tif", pixels)) as reader:
        opened: list[object] = []
        open_ = vips.Page._open
        monkeypatch.setattr(vips.Page, "_open", lambda page: opened.append(page) or open_(page))
        for tile in (0, 1, 2, 0, 1, 2):
            reader.read(Box(tile * 128, 0, tile * 128 + 50, 200))
        assert opened == []  # six tiles
        if taken_away:
            (tmp_path / "a.tif").unlink()
        assert np.array_equal(reader.read(), pixels)
        assert len(opened) == 1
        assert np.array_equal(reader.read(Box(300, 0, 310, 20)), pixels[:20, 300:310])


def test_a_geotiff_with_overviews_opens(tmp_path: Path) -> None:
    keys = [(34735, 3, 8, (1, 1, 0, 1, 1024, 0, 1, 1), True), (33550, 12, 3, (1.0, 1.0, 0.0), True)]
    options = {"tile": (128, 128), "photometric": "rgb", "compression": "zlib"}
    pixels = noise(300, 300)
    with tifffile.TiffWriter(tmp_path / "cog.tif") as file:
        file.write(pixels, extratags=keys, **options)
        file.write(pixels[::2, ::2].copy(), subfiletype=1, **options)
        file.write(np.ones((300, 300), bool), subfiletype=4, photometric="mask")
    with LargeReader(tmp_path / "cog.tif", ImageInfo(Size(300, 300), "tiff", "RGB"), 1) as reader:
        assert reader.levels == [0, 1]
        assert np.array_equal(reader.read(), pixels)


def test_reading_all_of_what_exceeds_the_memory_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiled(tmp_path / "a.tif", noise(300, 300))
    monkeypatch.setattr("labeltool.imaging.budget.DECODE_BUDGET", 1000)
    with (
        large_reader(path) as reader,
        pytest.raises(BadInputError, match="more than is read whole") as caught,
    ):
        reader.read()
    assert "by parts" in (caught.value.hint or "")


def test_one_huge_strip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tifffile.imwrite(tmp_path / "a.tif", noise(400, 400), photometric="rgb", rowsperstrip=400)
    monkeypatch.setattr(large, "_BLOCK_BYTES", 100_000)
    with pytest.raises(BadInputError, match="pieces of 400 x 400 pixels") as caught:
        probe(tmp_path / "a.tif")
    assert "tiles" in (caught.value.hint or "")


@pytest.mark.parametrize("overviews", [0, 2])
def test_a_thumbnail_shows_the_whole_image_without_reading_all_of_it(tmp_path: Path, overviews: int) -> None:
    pixels = np.zeros((1000, 2000, 3), np.uint8)
    pixels[:, 1000:] = 200
    with large_reader(tiled(tmp_path / "a.tif", pixels, overviews=overviews)) as reader:
        small = overview(reader, 100, PyramidCache(tmp_path / "cache"))
    assert max(small.shape) < 600
    assert small[small.shape[0] // 2, 5].tolist() == [0, 0, 0]
    assert small[small.shape[0] // 2, -5].tolist() == [200, 200, 200]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_file_read_in_order_has_a_thumbnail_that_stands_as_the_image_does(
    tmp_path: Path, name: str, orientation: int
) -> None:
    pixels = np.zeros((1000, 2000, 3), np.uint8)
    pixels[:, 1000:] = (200, 100, 50)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / name, exif=exif)
    cache = PyramidCache()
    with large_reader(tmp_path / name) as reader:
        small = overview(reader, 100, cache)
        assert not list(cache.folder.glob("*.tiles"))
        last, size = len(reader.sizes) - 1, reader.sizes[-1]
        expected = reader.read(size.box, last)
    assert max(small.shape) == 100
    assert (small.shape[0] > small.shape[1]) == (size.height > size.width)
    for of_small, of_image in ((small[5, 5], expected[5, 5]), (small[-5, -5], expected[-5, -5])):
        assert np.abs(of_small.astype(int) - of_image).max() < 8


def test_a_thumbnail_of_a_large_image_can_be_cancelled(tmp_path: Path) -> None:
    Image.fromarray(noise(700, 700)).save(tmp_path / "a.png")
    cancel = CancelToken()
    cancel.cancel()
    with large_reader(tmp_path / "a.png") as reader, pytest.raises(CancelledError):
        overview(reader, 100, PyramidCache(), cancel)


@pytest.mark.parametrize(("name", "width"), [("a.png", 300), ("tiles.tif", 128)])
def test_the_blocks_of_a_file_are_all_of_it(tmp_path: Path, name: str, width: int) -> None:
    pixels, found = noise(700, 300), np.zeros((700, 300, 3), np.uint8)
    if name == "tiles.tif":
        tiled(tmp_path / name, pixels)
    else:
        Image.fromarray(pixels).save(tmp_path / name)
    with large_reader(tmp_path / name) as reader:
        for box, block in reader.blocks(width, 64):
            assert box.width <= width
            assert box.height <= 64
            found[box.slices()] = block()
    assert np.array_equal(found, pixels)
