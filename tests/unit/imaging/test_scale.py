"""A ruler is only worth as much as what it knows of a pixel's size."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from labeltool.imaging.scale import PixelSize, length_text, pixel_size

UTM, WEB_MERCATOR, METRE, FOOT = 32618, 3857, 9001, 9002
DATA = Path("../shared/data/geotiff")


def tiff(path: Path, tags: dict[int, object], **options: object) -> Path:
    directory = ImageFileDirectory_v2()
    for tag, value in tags.items():
        if tag in (33550, 34264):
            directory.tagtype[tag] = 12
        directory[tag] = value
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(path, tiffinfo=directory, **options)
    return path


def geo(model: int, *keys: tuple[int, int]) -> tuple[int, ...]:
    entries = [(1024, model), *keys]
    return (1, 1, 0, len(entries), *(v for key, value in entries for v in (key, 0, 1, value)))


def test_a_projected_geotiff_knows_metres(tmp_path):
    tags = {33550: (0.5, 0.25, 0.0), 34735: geo(1, (3072, UTM), (3076, METRE))}
    assert pixel_size(tiff(tmp_path / "a.tif", tags)) == PixelSize(0.5, 0.25)


def test_a_map_in_feet_is_told_in_metres(tmp_path):
    tags = {33550: (2.0, 2.0, 0.0), 34735: geo(1, (3072, 2263), (3076, FOOT))}
    assert pixel_size(tiff(tmp_path / "a.tif", tags)).x == pytest.approx(0.6096)


def test_a_geographic_map_is_told_in_degrees(tmp_path):
    tags = {33550: (0.001, 0.001, 0.0), 34735: geo(2, (2054, 9102))}
    assert pixel_size(tiff(tmp_path / "a.tif", tags)) == PixelSize(0.001, 0.001, "°")


def test_a_turned_map_has_the_length_of_its_axes(tmp_path):
    turn = (3.0, -4.0, 0, 0, 4.0, 3.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.0)
    size = pixel_size(tiff(tmp_path / "a.tif", {34264: turn, 34735: geo(1, (3076, METRE))}))
    assert (size.x, size.y) == (5, 5)


@pytest.mark.parametrize("keys", [((3072, WEB_MERCATOR), (3076, METRE)), ((3072, 2263),), ()])
def test_what_is_not_sure_to_be_metres_is_not_told(tmp_path, keys):
    tags = {33550: (2.0, 2.0, 0.0), 34735: geo(1, *keys)}
    assert pixel_size(tiff(tmp_path / "a.tif", tags)) is None


@pytest.mark.parametrize(
    ("unit", "metres"), [("micron", 1e-6), ("\\u00B5m", 1e-6), ("mm", 1e-3), ("nm", 1e-9)]
)
def test_imagej_knows_pixels_a_unit(tmp_path, unit, metres):
    tags = {270: f"ImageJ=1.53\nunit={unit}\n", 282: 4.0, 283: 2.0}
    size = pixel_size(tiff(tmp_path / "a.tif", tags))
    assert size.x == pytest.approx(metres / 4)
    assert size.y == pytest.approx(metres / 2)


def test_ome_knows_physical_sizes(tmp_path):
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" PhysicalSizeX="0.65" PhysicalSizeY="650" PhysicalSizeYUnit="nm"/></Image></OME>'
    )
    size = pixel_size(tiff(tmp_path / "a.ome.tif", {270: xml}))
    assert size.x == pytest.approx(0.65e-6)
    assert size.y == pytest.approx(0.65e-6)


@pytest.mark.parametrize("suffix", ["tif", "jpg", "png"])
def test_the_dots_an_inch_of_a_photograph_are_no_truth(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(path, dpi=(300, 300))
    assert pixel_size(path) is None


@pytest.mark.parametrize("data", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"no tiff at all"])
def test_a_broken_header_says_nothing(tmp_path, data):
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    assert pixel_size(path) is None


def test_a_line_is_measured_along_both_sides_of_a_pixel():
    assert PixelSize(2, 1).length(3, 8) == 10
    assert math.isclose(PixelSize(0.5, 0.5).length(3, 4), 2.5)


@pytest.mark.parametrize(
    ("metres", "text"),
    [(0, "0 m"), (4567, "4.57 km"), (456, "456 m"), (0.5, "0.50 m"), (0.045, "45.0 mm"), (12.34e-6, "12.3 µm"),
     (5e-9, "5.00 nm")],
)  # fmt: skip
def test_lengths_have_the_unit_of_their_size(metres, text):
    assert length_text(metres) == text


def test_degrees_stay_degrees():
    assert length_text(0.00125, "°") == "0.00125°"


@pytest.mark.skipif(not DATA.exists(), reason="the real images are not here")
def test_a_real_map_of_30_cm_a_pixel_is_read():
    assert pixel_size(DATA / "quebec_30cm_image.tif").x == pytest.approx(0.3)


def test_where_pixels_are_fine_metres_begin_at_one() -> None:
    scan, map_ = PixelSize(0.0008, 0.0008), PixelSize(0.5, 0.5)
    assert scan.text(0.23) == "230 mm"
    assert map_.text(0.5) == "0.50 m"
    assert scan.text(1.5) == "1.50 m"
    assert scan.text(1e-12) == "0.00 nm"
