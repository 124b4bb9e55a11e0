"""Maps are read as rasterio reads them, say what they are, and lead to no other file."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeltool.core.errors import BadInputError
from labeltool.core.extras import Extra
from labeltool.core.geometry import Box, Size
from labeltool.imaging.file_pyramid import FilePyramid, open_pyramid
from labeltool.imaging.open import open_image, pages, probe, verify
from labeltool.imaging.readers import geo
from labeltool.imaging.readers.gdal import GdalReader
from labeltool.imaging.view import open_view

rasterio = pytest.importorskip("rasterio", reason="the extra geo is not installed")
pytestmark = [
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
    # rasterio stumbles over messages of GDAL's that quote a broken file and are no UTF-8, and goes on
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PLACE = (0.5, 0.0, 300_000.0, 0.0, -0.5, 4_000_000.0)


def values_of(bands: int = 1, dtype: str = "uint16", width: int = 70, height: int = 50) -> np.ndarray:
    noise = np.random.default_rng(bands).integers(0, 200, (bands, height, width))
    return noise.astype(dtype)


def write(
    path: Path, values: np.ndarray, transform: Any = PLACE, crs: str | None = "EPSG:32616", **more: Any
) -> Path:
    options = {"driver": "GTiff", "crs": crs, **more}
    if transform is not None:
        options["transform"] = rasterio.Affine(*transform)
    count, height, width = values.shape
    with rasterio.open(
        path, "w", count=count, height=height, width=width, dtype=values.dtype, **options
    ) as file:
        file.write(values)
    return path


def shown_last(values: np.ndarray) -> np.ndarray:
    return np.moveaxis(values, 0, -1)


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]
)
@pytest.mark.parametrize("bands", [1, 2, 5])
def test_values_of_any_type_and_number_of_bands_are_those_of_the_file(
    tmp_path: Path, dtype: str, bands: int
) -> None:
    values = values_of(bands, dtype)
    with open_image(write(tmp_path / "a.tif", values)) as reader:
        assert isinstance(reader, GdalReader)
        assert np.array_equal(reader.read(), shown_last(values))
        assert reader.read().dtype == dtype == reader.info.dtype
        assert reader.info.georeference == ("EPSG:32616", PLACE)
        assert (reader.info.pixel_size.x, reader.info.pixel_size.y) == pytest.approx((0.5, 0.5))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_window_of_any_level_is_what_rasterio_reads_there(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "windows.tif"
    if not path.exists():
        write(path, values_of(3, "uint16", 700, 530), tiled=True, blockxsize=128, blockysize=128)
        with rasterio.open(path, "r+") as file:
            file.build_overviews([2, 3, 4])
    with open_image(path) as reader:
        assert isinstance(reader, GdalReader)
        assert reader.levels == [0, 1, 2], "a third is no level"
        level = data.draw(st.sampled_from(reader.levels))
        width, height = reader.sizes[level]
        x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
        box = Box(x0, y0, data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height)))
        more = {} if level == 0 else {"overview_level": {1: 0, 2: 2}[level]}
        with rasterio.open(path, **more) as file:
            theirs = file.read(window=((box.y0, box.y1), (box.x0, box.x1)))
        assert np.array_equal(reader.read_level(box, level), shown_last(theirs))
        with reader.reopened() as again:
            assert np.array_equal(again.read(box, level), reader.read(box, level))


def test_an_alpha_channel_is_nothing_to_show(tmp_path: Path) -> None:
    values = values_of(4, "uint8")
    path = write(tmp_path / "a.tif", values, photometric="RGB", alpha="YES")
    with open_image(path) as reader:
        assert reader.info.is_plain
        assert np.array_equal(reader.read(), shown_last(values[:3]))


def test_red_green_and_blue_are_shown_wherever_they_lie(tmp_path: Path) -> None:
    from rasterio.enums import ColorInterp

    path = write(tmp_path / "a.tif", values_of(4))
    with rasterio.open(path, "r+") as file:
        file.colorinterp = [ColorInterp.undefined, ColorInterp.blue, ColorInterp.green, ColorInterp.red]
        file.descriptions = ("near infrared", None, None, None)
    info = probe(path)
    assert info.channels == ("near infrared", "blue", "green", "red")
    assert info.composite == (3, 2, 1)


def test_bands_that_are_called_alike_are_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", values_of(3))
    with rasterio.open(path, "r+") as file:
        file.descriptions = ("B", "B", None)
    assert probe(path).channels == ("B", "B (2)", "band 3")


def test_a_palette_is_shown_in_its_colours(tmp_path: Path) -> None:
    values = values_of(1, "uint8") % 3
    path = write(tmp_path / "a.tif", values)
    with rasterio.open(path, "r+") as file:
        file.write_colormap(1, {0: (1, 2, 3), 1: (40, 50, 60), 2: (255, 0, 9)})
    with open_image(path) as reader:
        assert reader.info.is_plain
        assert "palette" in reader.info.mode
        assert np.array_equal(reader.read(), np.array([[1, 2, 3], [40, 50, 60], [255, 0, 9]])[values[0]])


@pytest.mark.parametrize(
    ("dtype", "given_value", "known"),
    [("float32", -9999, -9999), ("float32", float("nan"), None), ("int16", -1, -1), ("uint8", 0, 0)],
)
def test_no_data_is_known_and_nan_needs_no_value(
    tmp_path: Path, dtype: str, given_value: float, known: float | None
) -> None:
    path = write(tmp_path / "a.tif", values_of(1, dtype), nodata=given_value)
    assert probe(path).nodata == known


def test_the_contrast_does_not_depend_on_no_data_nan_and_infinities(tmp_path: Path) -> None:
    values = np.linspace(10, 20, 3500, dtype=np.float32).reshape(1, 50, 70)
    values[0, :5], values[0, 5], values[0, 6] = -9999, np.nan, np.inf
    view = open_view(write(tmp_path / "a.tif", values, nodata=-9999))
    shown = view.read(Size(70, 50).box)[..., 0]
    assert not shown[:6].any()
    assert (shown[6] == 255).all()
    assert shown[7, 0] < 60
    assert shown[-1, -1] == 255


def test_a_mask_of_a_few_classes_is_not_shown_black_in_black(tmp_path: Path) -> None:
    values = values_of(1, "uint8") % 2
    view = open_view(write(tmp_path / "mask.tif", values, nodata=0))
    assert np.array_equal(view.read(Size(70, 50).box)[..., 0], values[0] * 255)


def test_complex_numbers_are_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "sar.tif", values_of().astype("complex64"))
    with pytest.raises(BadInputError, match="complex numbers"):
        probe(path)


def test_a_map_without_a_coordinate_system_keeps_its_transform_and_gets_no_other(tmp_path: Path) -> None:
    info = probe(write(tmp_path / "a.tif", values_of(), crs=None))
    assert info.georeference == ("", PLACE)
    assert info.pixel_size is None
    assert "no coordinate system" in info.mode


def test_a_turned_map_is_called_so(tmp_path: Path) -> None:
    turned = (3.0, -4.0, 300_000.0, 4.0, 3.0, 4_000_000.0)
    info = probe(write(tmp_path / "a.tif", values_of(), turned))
    assert info.georeference.transform == turned
    assert "turned" in info.mode
    assert (info.pixel_size.x, info.pixel_size.y) == pytest.approx((5, 5))


def test_ground_control_points_are_no_transform(tmp_path: Path) -> None:
    from rasterio.control import GroundControlPoint

    points = [
        GroundControlPoint(row, col, 10 + col, 50 - row) for row, col in ((0, 0), (0, 9), (9, 0), (9, 9))
    ]
    path = write(tmp_path / "a.tif", values_of(), None, "EPSG:4326", gcps=points)
    with open_image(path) as reader:
        assert reader.info.georeference is None
        assert "4 ground control points only" in reader.info.mode
        assert len(reader.gcps[0]) == 4


def test_a_world_file_places_the_picture(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", values_of(3, "uint8"), None, None)
    assert probe(path).georeference is None
    (tmp_path / "a.tfw").write_text("0.5\n0\n0\n-0.5\n300000.25\n3999999.75\n")
    assert probe(path).georeference == ("", PLACE)


def test_pages_that_are_images_of_their_own_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    first, second = values_of(1), values_of(3, "uint16", 20, 10)
    write(path, first)
    write(path, second, append_subdataset=True)
    found = pages(path)
    assert [page.key for page in found] == ["p001", "p002"]
    with open_image(path, "p002") as reader:
        assert np.array_equal(reader.read(), shown_last(second))
    with open_image(path) as reader:
        assert np.array_equal(reader.read(), shown_last(first))
    with pytest.raises(BadInputError, match="no page"):
        open_image(path, "p003")


@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_large_map_is_read_by_parts_from_several_threads(tmp_path: Path, dtype: str) -> None:
    values = values_of(3, dtype, 900, 700)
    path = write(tmp_path / "a.tif", values, tiled=True, blockxsize=256, blockysize=256)
    view = open_pyramid(path)
    assert isinstance(view, FilePyramid)
    boxes = [Box(x, y, x + 150, y + 150) for x in range(0, 750, 50) for y in range(0, 550, 50)]
    with ThreadPoolExecutor(4) as pool:
        for box, found in zip(boxes, pool.map(view.read, boxes), strict=True):
            assert np.array_equal(found, shown_last(values)[box.slices()])
    view.close()
    view.join()


def test_jpeg_2000_is_read(tmp_path: Path) -> None:
    values = values_of(3, "uint8", 300, 200)
    path = write(tmp_path / "a.jp2", values, driver="JP2OpenJPEG", reversible="YES", quality="100")
    with open_image(path) as reader:
        assert reader.info.kind == "jpeg2000"
        assert reader.info.georeference == ("EPSG:32616", PLACE)
        assert np.array_equal(reader.read(), shown_last(values))


@pytest.mark.parametrize(
    ("name", "driver", "dtype"),
    [("a.img", "HFA", "uint16"), ("a.dat", "ENVI", "int16"), ("a.bil", "EHdr", "int16"), ("a.asc", "AAIGrid", "int32"),
     ("a.rst", "RST", "int16"), ("a.pgm", "PNM", "uint8")],
)  # fmt: skip
def test_other_rasters_of_remote_sensing_are_read(tmp_path: Path, name: str, driver: str, dtype: str) -> None:
    from rasterio.shutil import copy

    values = values_of(1, dtype)
    copy(write(tmp_path / "from.tif", values), tmp_path / name, driver=driver)
    before = sorted(tmp_path.iterdir())
    with open_image(tmp_path / name) as reader:
        assert np.array_equal(reader.read(), shown_last(values))
        reader.verify()
    assert sorted(tmp_path.iterdir()) == before


def test_nothing_is_written_beside_the_image(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", values_of(3, "float32", 600, 500))
    verify(path)
    open_view(path).close()
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def vrt(source: str, inner: str = "SimpleSource", head: str = "", relative: int = 1) -> str:
    return (
        f'<VRTDataset rasterXSize="70" rasterYSize="50">{head}<VRTRasterBand dataType="UInt16" band="1"><{inner}>'
        f'<SourceFilename relativeToVRT="{relative}">{source}</SourceFilename><SourceBand>1</SourceBand></{inner}>'
        "</VRTRasterBand></VRTDataset>"
    )


def test_a_mosaic_of_files_in_its_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "tiles").mkdir()
    values = values_of()
    write(tmp_path / "tiles" / "a.tif", values)
    (tmp_path / "a.vrt").write_text(vrt("tiles/a.tif"))
    with open_image(tmp_path / "a.vrt") as reader:
        assert reader.info.kind == "vrt"
        assert np.array_equal(reader.read(), shown_last(values))


@pytest.mark.parametrize(
    "text",
    [
        vrt("/etc/passwd"),
        vrt("../secret.tif"),
        vrt("link.tif"),
        vrt("/vsicurl/http://localhost:1/a.tif"),
        vrt("http://localhost:1/a.tif"),
        vrt("WMS:http://localhost:1"),
        vrt("GTIFF_DIR:1:/etc/passwd"),
        vrt("/vsizip/../secret.zip/a.tif", relative=0),
        vrt("other.vrt"),
        vrt("missing.tif"),
        vrt(""),
        vrt("a\x01.tif"),
        vrt("inside.tif", "KernelFilteredSource"),
        vrt("inside.tif", head="<GDALWarpOptions><SourceDataset>/etc/passwd</SourceDataset></GDALWarpOptions>"),
        vrt("inside.tif", head="<OpenOptions/>"),
        vrt("inside.tif").replace('band="1"', 'band="1" subClass="VRTRawRasterBand"'),
        vrt("inside.tif").replace('band="1"', 'band="1" subClass="VRTDerivedRasterBand"'),
        vrt("inside.tif").replace("<VRTDataset", '<VRTDataset subClass="VRTWarpedDataset"'),
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + vrt("&x;"),
        "<VRTDataset",
        '<VRTDataset rasterXSize="1000000000" rasterYSize="1000000000">'
        '<VRTRasterBand dataType="Byte" band="1"/></VRTDataset>',
    ],
)  # fmt: skip
def test_a_vrt_that_leads_elsewhere_is_refused(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    write(tmp_path / "secret.tif", values_of())
    write(folder / "inside.tif", values_of())
    (folder / "link.tif").symlink_to(tmp_path / "secret.tif")
    (folder / "other.vrt").write_text(vrt("inside.tif"))
    (folder / "a.vrt").write_text(text)
    with pytest.raises(BadInputError) as caught:
        probe(folder / "a.vrt")
    assert "a.vrt" in str(caught.value)


def test_a_file_beside_it_that_passes_for_an_overview_is_not_followed(tmp_path: Path) -> None:
    from rasterio.shutil import copy

    copy(write(tmp_path / "from.tif", values_of()), tmp_path / "a.img", driver="HFA")
    (tmp_path / "a.img.ovr").write_text(vrt("/etc/passwd"))
    with pytest.raises(BadInputError, match="is not an overview"):
        probe(tmp_path / "a.img")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("compress", ["none", "deflate"])
def test_a_cut_off_file_is_found(tmp_path: Path, share: float, compress: str) -> None:
    path = write(tmp_path / "a.tif", values_of(3, "uint16", 300, 300), compress=compress, tiled=True)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(BadInputError, match=r"a\.tif"):
        verify(path)


def test_a_large_file_that_is_cut_off_is_found_without_decoding_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.tif", values_of(1, "uint16", 600, 600), tiled=True)
    path.write_bytes(path.read_bytes()[:-1000])
    monkeypatch.setattr("labeltool.imaging.readers.gdal.fits_whole", lambda *_: False)
    with pytest.raises(BadInputError, match="behind its end"):
        verify(path)


@pytest.mark.parametrize("side", [1_000_000_000, 4_000_000])
def test_a_file_that_claims_more_than_it_can_hold_is_refused(tmp_path: Path, side: int) -> None:
    data = bytearray(write(tmp_path / "a.tif", values_of(1, "uint8")).read_bytes())
    count = int.from_bytes(data[8:10], "little")
    for at in range(10, 10 + 12 * count, 12):
        tag = int.from_bytes(data[at : at + 2], "little")
        if tag in (256, 257, 278):
            data[at + 2 : at + 12] = (
                (4).to_bytes(2, "little") + (1).to_bytes(4, "little") + side.to_bytes(4, "little")
            )
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(BadInputError):
        verify(tmp_path / "a.tif")


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1 << 14), st.integers(0, 255)), min_size=1, max_size=8))
def test_flipped_bytes_are_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = folder / "whole.tif"
    if not whole.exists():
        write(whole, values_of(2, "uint16", 60, 40), compress="deflate")
    data = bytearray(whole.read_bytes())
    for at, byte in changes:
        data[at % 600 if at % 2 else at % len(data)] = byte
    (folder / "flipped.tif").write_bytes(data)
    try:
        verify(folder / "flipped.tif")
    except BadInputError as error:
        assert error.file


@pytest.mark.parametrize("name", ["a!b.tif", "x?y=1.tif", "zip:c.tif", "é😀 #%.tif"])
def test_names_mean_nothing_but_the_file(tmp_path: Path, name: str) -> None:
    values = values_of()
    write(tmp_path / "plain.tif", values).rename(tmp_path / name)
    with open_image(tmp_path / name) as reader:
        assert np.array_equal(reader.read(), shown_last(values))


def test_without_the_extra_maps_are_left_to_others_or_refused_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = write(tmp_path / "a.tif", values_of(3, "uint8"))
    jpeg2000 = write(tmp_path / "a.jp2", values_of(3, "uint8"), driver="JP2OpenJPEG")
    monkeypatch.setattr(geo, "GEO", Extra("geo", {"no_such_module": "maps"}))
    with open_image(picture) as reader:
        assert not isinstance(reader, GdalReader)
    with pytest.raises(BadInputError, match=r"labeltool\[geo\]"):
        open_image(jpeg2000)


def lying_tiff(width: int, height: int, *tags: tuple[int, int, int, int], after: int = 0) -> bytes:
    """A TIFF of one directory and no pixels, with the keys of a map."""
    usual = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries = [*usual, *tags, (34735, 3, 4, 8)]
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + b"".join(struct.pack("<HHII", *each) for each in entries) + struct.pack("<I", after)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lying_tiff(10**9, 10**9, (273, 4, 1, 8), (277, 3, 1, 1), (279, 4, 1, 100)), "more pixels in a row"),
        (
            lying_tiff(10**9, 9, (322, 4, 1, 256), (323, 4, 1, 256), (324, 4, 10**9, 500)),
            "more pixels in a row",
        ),
        (lying_tiff(100, 100, (273, 4, 1, 8), (277, 3, 1, 65535), (279, 4, 1, 100)), "65,535 bands"),
        (lying_tiff(10, 10, (273, 4, 1, 8), (277, 3, 1, 1), (279, 4, 1, 100), after=8), "in a circle"),
    ],
    ids=["strips", "tiles", "bands", "circle"],
)
def test_a_map_that_claims_the_impossible_is_refused_at_once(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(BadInputError, match=words):
        verify(tmp_path / "a.tif")


@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_a_sparse_file_knows_where_it_holds_nothing(tmp_path: Path, interleave: str) -> None:
    layout = {
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "SPARSE_OK": True,
        "interleave": interleave,
    }
    shape = {"width": 2000, "height": 1000, "count": 3, "dtype": "uint8"}
    with rasterio.open(tmp_path / "sparse.tif", "w", driver="GTiff", **shape, **layout) as file:
        file.write(np.full((3, 10, 10), 9, np.uint8), window=((300, 310), (600, 610)))
    with GdalReader(tmp_path / "sparse.tif", "", ("GTiff",), "tiff") as reader:
        assert reader.has_values(Box(0, 0, 2000, 1000))
        assert reader.has_values(Box(767, 511, 900, 600))
        assert not reader.has_values(Box(768, 0, 2000, 1000))
        assert not reader.has_values(Box(0, 512, 2000, 1000))
        assert not reader.has_values(Box(0, 0, 512, 1000))


def test_a_file_that_is_not_sparse_has_values_everywhere(tmp_path: Path) -> None:
    path = write(tmp_path / "map.tif", values_of(3, "uint8"))
    with GdalReader(path, "", ("GTiff",), "tiff") as reader:
        assert reader.has_values(Box(0, 0, 1, 1)) and reader.has_values(Box(60, 40, 70, 50))


def test_what_is_transparent_or_masked_out_has_no_values(tmp_path: Path) -> None:
    values = values_of(4, "uint8")
    values[3] = 0
    values[3, 10:20, 30:40] = 255
    see_through = write(tmp_path / "alpha.tif", values, photometric="rgb", alpha="yes")
    masked = write(tmp_path / "masked.tif", values_of(3, "uint8"))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(masked, "r+") as file:
        file.write_mask(values[3])
    for path in (see_through, masked):
        with GdalReader(path, "", ("GTiff",), "tiff") as reader:
            assert reader.has_values(Box(39, 19, 60, 50)) and reader.has_values(Box(0, 0, 70, 50))
            assert not reader.has_values(Box(40, 0, 70, 50)) and not reader.has_values(Box(0, 0, 70, 10))
