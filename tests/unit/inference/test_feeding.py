"""What a network is given: the file's own values as its card says, whatever the eye is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box
from labeltool.inference.feeding import open_fed


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    values = np.linspace(1000, 3000, 60 * 50).astype(np.uint16).reshape(60, 50)
    tifffile.imwrite(tmp_path / "deep.tif", values)
    return tmp_path / "deep.tif"


def test_eight_bits_go_in_as_they_are(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with open_fed(tmp_path / "a.png") as reader:
        assert np.array_equal(reader.read(), pixels)


def test_values_are_scaled_by_the_range_of_the_card(deep: Path) -> None:
    with open_fed(deep, values=(1000, 5000)) as reader:
        found = reader.read()
    assert found.shape == (60, 50, 3)
    assert found.dtype == np.uint8
    assert found.min() == 0
    assert abs(int(found.max()) - 255 / 2) <= 1


def test_without_a_range_deep_values_are_scaled_by_their_percentiles(deep: Path) -> None:
    with open_fed(deep) as reader:
        found = reader.read()
        assert np.array_equal(reader.read(Box(10, 20, 40, 50)), found[20:50, 10:40])
    assert found.min() == 0
    assert found.max() == 255


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """A TIFF of five channels of 8 bits."""
    values = np.random.default_rng(2).integers(0, 256, (40, 50, 5), np.uint8)
    tifffile.imwrite(tmp_path / "five.tif", values, photometric="minisblack", planarconfig="contig")
    return tmp_path / "five.tif"


@pytest.mark.parametrize("bands", [(4,), (3, 1), (0, 1, 2), (4, 3, 2, 1, 0), (2, 2, 0, 1, 4, 3)])
def test_the_bands_of_the_card_are_read_in_its_order(five: Path, bands: tuple[int, ...]) -> None:
    with open_fed(five, bands=bands) as reader:
        found = reader.read()
        assert np.array_equal(found, tifffile.imread(five)[..., bands])
        assert np.array_equal(reader.read(Box(5, 6, 30, 20)), found[6:20, 5:30])
        assert len(reader.info.channels) == found.shape[2] == len(bands)


def test_one_range_of_values_is_for_all_bands(five: Path) -> None:
    with open_fed(five, values=(0, 510), bands=(4, 0)) as reader:
        assert np.abs(reader.read().astype(int) - tifffile.imread(five)[..., (4, 0)] / 2).max() <= 0.5


@pytest.mark.parametrize("bands", [(0, 5), (-1,)])
def test_a_file_that_lacks_a_band_is_named_with_the_channels_it_has(
    five: Path, bands: tuple[int, ...]
) -> None:
    with pytest.raises(BadInputError, match="the file has 5 channels") as caught:
        open_fed(five, bands=bands)
    assert caught.value.file == str(five) and caught.value.hint


def test_a_grey_image_lacks_a_second_band(deep: Path) -> None:
    with pytest.raises(BadInputError, match="the file has one channel"):
        open_fed(deep, bands=(0, 1))


@pytest.mark.parametrize("name", ["naip_2010_rgbn_cog.tif", "landsat_float64_4band_cog.tif"])
def test_the_fourth_band_of_a_map_is_fed_by_its_own_percentiles(shared_data: Path, name: str) -> None:
    rasterio = pytest.importorskip("rasterio")
    path = shared_data / "geotiff" / name
    with rasterio.open(path) as source:
        values = source.read().transpose(1, 2, 0)
        nodata = source.nodata
    with open_fed(path, bands=(3, 2, 1, 0)) as reader, open_fed(path, bands=(3,)) as alone:
        found = reader.read()
        assert np.array_equal(found[..., :1], alone.read())
    assert found.shape == (*values.shape[:2], 4) and found.dtype == np.uint8
    there = np.isfinite(values).all(-1) & ((values != nodata).all(-1) if nodata is not None else True)
    for place, band in enumerate((3, 2, 1, 0)):
        if values.dtype == np.uint8:
            assert np.array_equal(found[..., place][there], values[..., band][there])
        else:
            order = np.corrcoef(values[..., band][there], found[..., place][there])[0, 1]
            assert order > 0.9 and found[..., place].min() == 0 and found[..., place].max() == 255


def test_where_all_is_no_data_there_are_no_values(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    values = np.random.default_rng(4).integers(1, 200, (1, 60, 90)).astype(np.float32)
    values[:, :, :40] = -9999
    values[:, :10, :] = np.nan
    place = rasterio.Affine(0.5, 0, 300_000, 0, -0.5, 4_000_000)
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", width=90, height=60, count=1, dtype="float32", nodata=-9999,
        transform=place, crs="EPSG:32616",
    ) as file:  # fmt: skip
        file.write(values)
    with open_fed(tmp_path / "a.tif") as reader:
        assert not reader.has_values(Box(0, 0, 40, 60))
        assert not reader.has_values(Box(50, 0, 90, 10))
        assert reader.has_values(Box(0, 0, 41, 60))
        box = Box(30, 5, 60, 50)
        assert reader.has_values(box)
        kept = reader.read(box)
        assert np.array_equal(kept, reader.read(box)) and np.array_equal(kept, reader.read()[box.slices()])
