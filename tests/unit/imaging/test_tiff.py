"""TIFF beyond 8 bits. tifffile's own reading of a whole page is the judge of every window; what pages mean is compared
with the arrays that were written."""

from __future__ import annotations

import itertools
import random
import struct
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.imaging import budget
from labeltool.imaging.file_pyramid import FilePyramid
from labeltool.imaging.halving import halve
from labeltool.imaging.open import open_image, pages, probe, verify
from labeltool.imaging.pyramid import Pyramid
from labeltool.imaging.readers import tiff_directories, tiff_planes
from labeltool.imaging.readers.tiff import TiffReader
from labeltool.imaging.scale import PixelSize
from labeltool.imaging.view import open_view, values_of
from tests.unit.imaging.test_raster import DISPLAYED

pytest.importorskip("imagecodecs")

TYPES = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64".split()
ORIENTATION = 274


def values(dtype: str, *shape: int, seed: int = 0) -> np.ndarray:
    random_bytes = np.random.default_rng(seed).bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize)
    found = np.frombuffer(random_bytes, dtype).reshape(shape)
    return np.nan_to_num(found, nan=1.5) if found.dtype.kind == "f" else found


def tiff_reader(path: Path, page: str = "") -> TiffReader:
    reader = open_image(path, page)
    assert isinstance(reader, TiffReader)
    return reader


def whole(path: Path, page: str = "") -> np.ndarray:
    with open_image(path, page) as reader:
        return reader.read()


# ---- values


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_window_of_any_layout_is_what_tifffile_reads(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "a.tif"
    dtype = data.draw(st.sampled_from(TYPES))
    samples = data.draw(st.sampled_from([1, 2, 3, 4, 7]))
    assume(dtype != "uint8" or samples in (2, 7))
    height, width = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 90))
    planar = samples > 1 and data.draw(st.booleans())
    tile = data.draw(st.sampled_from([None, (16, 16), (32, 48)]))
    compression = data.draw(st.sampled_from([None, "zlib", "lzw", "zstd", "packbits", "lzma"]))
    predicted = compression in ("zlib", "lzw", "zstd") and dtype not in ("int64", "uint64")
    orientation = data.draw(st.integers(1, 8))
    shape = (samples, height, width) if planar else (height, width, samples)
    tifffile.imwrite(
        path,
        values(dtype, *(shape if samples > 1 else (height, width))),
        photometric="minisblack",
        planarconfig=None if samples == 1 else ("separate" if planar else "contig"),
        tile=tile,
        rowsperstrip=None if tile else data.draw(st.integers(1, height)),
        compression=compression,
        predictor=predicted and data.draw(st.booleans()),
        byteorder=data.draw(st.sampled_from("<>")),
        bigtiff=data.draw(st.booleans()),
        metadata=None,
        extratags=[(ORIENTATION, 3, 1, orientation, True)],
    )
    stored = tifffile.imread(path).reshape(shape)
    expected = DISPLAYED[orientation](np.moveaxis(stored, 0, 2) if planar else stored)
    x0, y0 = (data.draw(st.integers(0, side - 1)) for side in expected.shape[1::-1])
    box = Box(
        x0,
        y0,
        data.draw(st.integers(x0 + 1, expected.shape[1])),
        data.draw(st.integers(y0 + 1, expected.shape[0])),
    )
    with tiff_reader(path) as reader:
        assert reader.info.size == Size(expected.shape[1], expected.shape[0])
        assert reader.info.dtype == dtype
        assert len(reader.info.channels) == samples == len(set(reader.info.channels))
        assert reader.info.rotated == (orientation > 1)
        assert np.array_equal(reader.read(box), expected[box.slices()])
        found = reader.read()
        assert found.dtype == np.dtype(dtype)
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("bits", [2, 4, 6, 10, 12, 14])
def test_packed_bits_are_unpacked(tmp_path: Path, bits: int) -> None:
    stored = values("uint16", 21, 33, 3) >> (16 - bits)
    stored = stored.astype(np.uint8) if bits <= 8 else stored
    tifffile.imwrite(tmp_path / "a.tif", stored, bitspersample=bits, photometric="rgb", metadata=None)
    assert np.array_equal(whole(tmp_path / "a.tif"), stored)


@pytest.mark.parametrize("compression", ["jpeg", "jpeg2000", "lerc"])
def test_image_compressions_are_what_tifffile_reads(tmp_path: Path, compression: str) -> None:
    y, x = np.mgrid[:150, :130]
    stored = {
        "jpeg": np.stack([x, y, x + y, x] * 2, 2)[..., :3].astype(np.uint8),
        "jpeg2000": (x * 300 + y).astype(np.uint16),
        "lerc": (x / 7 + y).astype(np.float32),
    }[compression]
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for _ in range(2):
            file.write(stored, tile=(64, 64), compression=compression, metadata=None)
    expected = tifffile.imread(tmp_path / "a.tif", key=1)
    with tiff_reader(tmp_path / "a.tif", "p002") as reader:
        assert np.array_equal(reader.read(), expected.reshape(150, 130, -1))
        assert np.array_equal(reader.read(Box(60, 60, 70, 70)), expected[60:70, 60:70].reshape(10, 10, -1))


def test_a_tile_that_was_never_written_holds_the_value_for_none(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((64, 64), np.int16), tile=(32, 32), metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        tags = file.pages[0].tags
        tags[324].overwrite((0, *tags[324].value[1:]))
        tags[325].overwrite((0, *tags[325].value[1:]))
    found = whole(tmp_path / "a.tif")
    assert not found[:32, :32].any()
    assert found[32:].all()


# ---- what samples are


@pytest.mark.parametrize(
    ("samples", "photometric", "extra", "names", "composite"),
    [
        (1, "minisblack", (), ("grey",), (0, 0, 0)),
        (2, "minisblack", ("unassalpha",), ("grey", "alpha"), (0, 0, 0)),
        (2, "minisblack", ("unspecified",), ("band 1", "band 2"), (0, 1, 0)),
        (3, "rgb", (), ("red", "green", "blue"), (0, 1, 2)),
        (4, "rgb", ("assocalpha",), ("red", "green", "blue", "alpha"), (0, 1, 2)),
        (4, "rgb", ("unspecified",), ("red", "green", "blue", "band 4"), (0, 1, 2)),
        (4, "separated", (), ("cyan", "magenta", "yellow", "black"), (0, 1, 2)),
        (5, "minisblack", ("unspecified",) * 4, tuple(f"band {n}" for n in range(1, 6)), (0, 1, 2)),
        (13, "minisblack", ("unspecified",) * 12, tuple(f"band {n}" for n in range(1, 14)), (0, 1, 2)),
    ],
)
def test_samples_have_names(
    tmp_path: Path,
    samples: int,
    photometric: str,
    extra: tuple[str, ...],
    names: tuple[str, ...],
    composite: tuple[int, int, int],
) -> None:
    stored = values("uint16", 9, 11, samples)
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored.squeeze(),
        photometric=photometric,
        extrasamples=extra,
        planarconfig="contig" if samples > 1 else None,
        metadata=None,
    )
    info = probe(tmp_path / "a.tif")
    assert info.channels == names
    assert info.composite == composite
    assert np.array_equal(whole(tmp_path / "a.tif"), stored)


def test_where_white_is_zero_the_values_stay_and_the_picture_is_inverted(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16) * 200
    tifffile.imwrite(tmp_path / "a.tif", ramp, photometric="miniswhite", metadata=None)
    assert np.array_equal(whole(tmp_path / "a.tif")[..., 0], ramp)
    assert probe(tmp_path / "a.tif").inverted
    shown = open_view(tmp_path / "a.tif").read(Box(0, 0, 16, 16))
    assert shown[0, 0].tolist() == [255] * 3
    assert shown[15, 15].tolist() == [0] * 3


def test_a_palette_of_16_bits_is_its_colours(tmp_path: Path) -> None:
    colours = values("uint16", 3, 1 << 16)
    index = values("uint16", 20, 30, seed=1)
    tifffile.imwrite(tmp_path / "a.tif", index, photometric="palette", colormap=colours, metadata=None)
    assert probe(tmp_path / "a.tif").channels == ("red", "green", "blue")
    assert np.array_equal(whole(tmp_path / "a.tif"), colours.T[index])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_pages_of_8_bits_are_those_that_single_files_show(tmp_path: Path, mode: str) -> None:
    source = Image.fromarray(values("uint8", 12, 13, 3)).convert(mode)
    source.save(tmp_path / "one.tif")
    source.save(tmp_path / "two.tif", save_all=True, append_images=[source])
    info, found = probe(tmp_path / "two.tif", "p002"), whole(tmp_path / "two.tif", "p002")
    if mode == "1":
        assert info.windows[0].limits == (0, 1)
        found = found * np.uint8(255)
    shown = found[..., list(info.composite)]
    if mode == "RGBA":
        assert np.array_equal(found, np.asarray(source))
    else:
        assert np.array_equal(shown, whole(tmp_path / "one.tif"))


def test_what_gdal_says_stands_for_no_value_is_kept(tmp_path: Path) -> None:
    for dtype, text, expected in (
        ("int16", "-9999", -9999),
        ("uint8", "-1", None),
        ("float32", "nan", np.nan),
    ):
        path = tmp_path / f"{dtype}.tif"
        tags = [(42113, 2, len(text) + 1, text, True)]
        tifffile.imwrite(path, np.zeros((4, 4, 2), dtype), planarconfig="contig", photometric="minisblack",
                         metadata=None, extratags=tags)  # fmt: skip
        with TiffReader.open(path) as reader:
            found = reader.info.nodata
            assert found == expected or (found is not None and np.isnan(found) and np.isnan(expected))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers_are_refused_by_name(tmp_path: Path, dtype: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 4), dtype), metadata=None)
    with pytest.raises(BadInputError, match="complex numbers are not read"):
        probe(tmp_path / "a.tif")


def test_without_the_codecs_the_refusal_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = tiff_planes.CODECS._replace(modules=("a_module_that_nobody_has",))
    monkeypatch.setattr(tiff_planes, "CODECS", nothing)
    stored = values("uint16", 20, 20)
    tifffile.imwrite(tmp_path / "a.tif", stored, compression="lzw", metadata=None)
    with pytest.raises(BadInputError, match="LZW compression needs") as caught:
        probe(tmp_path / "a.tif")
    assert "labeltool[microscopy]" in (caught.value.hint or "")
    tifffile.imwrite(tmp_path / "b.tif", stored, compression="zlib", metadata=None)
    assert np.array_equal(whole(tmp_path / "b.tif")[..., 0], stored)


# ---- pages


def test_pages_have_keys_that_sort(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for number in range(12):
            file.write(np.full((8, 9), number * 100, np.uint16), metadata=None)
    found = pages(tmp_path / "a.tif")
    assert [page.key for page in found] == [f"p{number:03}" for number in range(1, 13)]
    assert [page.info.place for page in found] == list(range(1, 13))
    assert len({page.info.series for page in found}) == 1
    for number, page in enumerate(found):
        assert whole(tmp_path / "a.tif", page.key)[0, 0, 0] == number * 100
        assert probe(tmp_path / "a.tif", page.key) == page.info
    assert np.array_equal(whole(tmp_path / "a.tif"), whole(tmp_path / "a.tif", "p001"))
    with pytest.raises(BadInputError, match="has no page 'p013'") as caught:
        probe(tmp_path / "a.tif", "p013")
    assert "p001 to p012" in (caught.value.hint or "")


def test_two_files_of_one_name_are_two_series(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        tifffile.imwrite(tmp_path / folder / "s.tif", values("uint16", 2, 8, 8), photometric="minisblack")
    one, other = (pages(tmp_path / folder / "s.tif")[0].info.series for folder in ("a", "b"))
    assert one
    assert one != other


def test_pages_of_different_kinds_say_what_they_are(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(values("uint16", 8, 9), metadata=None)
        file.write(values("float32", 4, 5, 3), photometric="rgb", metadata=None)
    first, second = (page.info for page in pages(tmp_path / "a.tif"))
    assert (first.size, first.dtype, first.channels) == ((9, 8), "uint16", ("grey",))
    assert (second.size, second.dtype, second.channels) == ((5, 4), "float32", ("red", "green", "blue"))


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_overviews_masks_and_a_scanners_own_pictures_are_no_pages(
    tmp_path: Path, byteorder: str, bigtiff: bool
) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif", byteorder=byteorder, bigtiff=bigtiff) as file:
        file.write(values("uint16", 600, 800), tile=(64, 64), metadata=None)
        file.write(values("uint16", 300, 400), tile=(64, 64), subfiletype=1, metadata=None)
        file.write(np.ones((600, 800), bool), subfiletype=4, photometric="mask", metadata=None)
        file.write(values("uint8", 33, 77, 3), subfiletype=9, photometric="rgb", metadata=None)
    assert [page.key for page in pages(tmp_path / "a.tif")] == [""]
    with tiff_reader(tmp_path / "a.tif") as reader:
        assert reader.levels == [0, 1]
        assert reader.info.series == ""
        assert np.array_equal(reader.read(level=1)[..., 0], values("uint16", 300, 400))


def test_one_directory_for_many_planes_gives_them_all(tmp_path: Path) -> None:
    stored = values("uint16", 5, 12, 13)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="minisblack", truncate=True)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert len(file.pages) == 1
    found = pages(tmp_path / "a.tif")
    assert len(found) == 5
    for number, page in enumerate(found):
        assert np.array_equal(whole(tmp_path / "a.tif", page.key)[..., 0], stored[number])


# ---- ImageJ


@pytest.mark.parametrize("truncate", [False, True])
def test_an_imagej_hyperstack_has_times_slices_and_channels(tmp_path: Path, truncate: bool) -> None:
    stored = values("uint16", 2, 3, 4, 20, 30)  # TZCYX
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        imagej=True,
        truncate=truncate,
        resolution=(4.0, 2.0),
        metadata={"axes": "TZCYX", "spacing": 2.5, "unit": "um", "finterval": 1.5},
    )
    found = pages(tmp_path / "a.tif")
    assert [page.key for page in found] == [f"t0{t}z00{z}" for t in (1, 2) for z in (1, 2, 3)]
    for page, (t, z) in zip(found, itertools.product(range(2), range(3)), strict=True):
        assert page.info.channels == tuple(f"channel {each}" for each in range(1, 5))
        assert np.array_equal(whole(tmp_path / "a.tif", page.key), np.moveaxis(stored[t, z], 0, 2))
        assert page.info.place == pytest.approx(z * 2.5e-3)  # mm
        assert page.info.thickness_m == pytest.approx(2.5e-6)
        assert page.info.pixel_size == PixelSize(pytest.approx(0.25e-6), pytest.approx(0.5e-6))  # type: ignore[arg-type]
    assert len({page.info.series for page in found[:3]}) == 1
    assert found[0].info.series != found[3].info.series  # another time is another volume


def test_frames_of_imagej_are_one_series_in_time(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", values("uint16", 3, 8, 8), imagej=True, metadata={"axes": "TYX"})
    found = pages(tmp_path / "a.tif")
    assert [page.key for page in found] == ["t01", "t02", "t03"]
    assert [page.info.place for page in found] == [1, 2, 3]
    assert len({page.info.series for page in found}) == 1
    assert found[0].info.thickness_m is None


def test_the_range_that_imagej_shows_is_a_window(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", values("uint16", 8, 8), imagej=True, metadata={"min": 100.0, "max": 900.0}
    )
    assert probe(tmp_path / "a.tif").windows[0].limits == (100, 900)


# ---- OME


def test_ome_tiff_gives_channels_with_names_sizes_and_order(tmp_path: Path) -> None:
    stored = values("uint16", 2, 3, 2, 20, 30)  # CTZ on purpose: not the order of the pages
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        np.moveaxis(stored, 0, 0),
        photometric="minisblack",
        metadata={
            "axes": "CTZYX",
            "PhysicalSizeX": 0.5,
            "PhysicalSizeXUnit": "µm",
            "PhysicalSizeY": 250,
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeZ": 2,
            "PhysicalSizeZUnit": "µm",
            "Channel": {"Name": ["DAPI", "GFP"], "Color": [65535, 16711935]},
        },
    )
    found = pages(tmp_path / "a.ome.tif")
    assert [page.key for page in found] == [f"t0{t}z00{z}" for t in (1, 2, 3) for z in (1, 2)]
    for page, (t, z) in zip(found, itertools.product(range(3), range(2)), strict=True):
        assert page.info.channels == ("DAPI", "GFP")
        assert page.info.composite == (0, 1, 0)  # blue and green, as the file says; nothing claims red
        assert np.array_equal(whole(tmp_path / "a.ome.tif", page.key), np.moveaxis(stored[:, t, z], 0, 2))
        assert page.info.pixel_size == PixelSize(pytest.approx(0.5e-6), pytest.approx(0.25e-6))  # type: ignore[arg-type]
        assert page.info.thickness_m == pytest.approx(2e-6)


def ome_by_hand(path: Path, stored: np.ndarray, tiff_data: str, sizes: str, root: str = "") -> Path:
    pixels = f'<Pixels ID="P" Type="uint16" DimensionOrder="XYZCT" {sizes}>{tiff_data}</Pixels>'
    space = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
    text = f'<?xml version="1.0"?><OME {root} xmlns="{space}"><Image ID="I">{pixels}</Image></OME>'
    with tifffile.TiffWriter(path) as file:
        for number, plane in enumerate(stored):
            file.write(plane, description=text if number == 0 else None, metadata=None)
    return path


def test_the_order_of_planes_is_that_of_the_tiff_data(tmp_path: Path) -> None:
    stored = values("uint16", 4, 8, 9)
    blocks = "".join(f'<TiffData IFD="{3 - z}" FirstZ="{z}" PlaneCount="1"/>' for z in range(4))
    path = ome_by_hand(
        tmp_path / "a.ome.tif", stored, blocks, 'SizeX="9" SizeY="8" SizeZ="4" SizeC="1" SizeT="1"'
    )
    for z, page in enumerate(pages(path)):
        assert page.key == f"z{z + 1:03}"
        assert np.array_equal(whole(path, page.key)[..., 0], stored[3 - z])


def test_of_an_ome_set_of_files_only_the_planes_of_this_one_are_pages(tmp_path: Path) -> None:
    blocks = "".join(
        f'<TiffData IFD="{z % 2}" FirstZ="{z}" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{name}</UUID></TiffData>'
        for z, name in enumerate(["other.ome.tif", "../../etc/passwd", "a.ome.tif", "a.ome.tif"])
    )
    stored = values("uint16", 2, 8, 9)
    sizes = 'SizeX="9" SizeY="8" SizeZ="4" SizeC="1" SizeT="1"'
    path = ome_by_hand(tmp_path / "a.ome.tif", stored, blocks, sizes, 'UUID="urn:uuid:a.ome.tif"')
    assert [page.key for page in pages(path)] == ["z003", "z004"]
    assert np.array_equal(whole(path, "z004")[..., 0], stored[1])


def test_sub_directories_of_an_ome_tiff_are_levels(tmp_path: Path) -> None:
    stored = values("uint16", 2, 600, 800)
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        file.write(stored, subifds=1, tile=(64, 64), photometric="minisblack", metadata={"axes": "CYX"})
        file.write(stored[:, ::2, ::2], tile=(64, 64), photometric="minisblack", subfiletype=1)
    with tiff_reader(tmp_path / "a.ome.tif") as reader:
        assert reader.levels == [0, 1]
        assert np.array_equal(reader.read(level=1), np.moveaxis(stored[:, ::2, ::2], 0, 2))
        assert np.array_equal(reader.read(Box(0, 0, 9, 9)), np.moveaxis(stored[:, :9, :9], 0, 2))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><OME>&b;</OME>',
            "entities",
        ),
        ('<?xml version="1.0"?><OME><Image><Pixels SizeX="8"', "OME-XML cannot be read"),
    ],
)
def test_ome_xml_that_is_a_bomb_or_broken_is_refused(tmp_path: Path, text: str, words: str) -> None:
    tifffile.imwrite(tmp_path / "a.ome.tif", values("uint16", 8, 8), description=text, metadata=None)
    with pytest.raises(BadInputError, match=words):
        probe(tmp_path / "a.ome.tif")


# ---- NaN and infinities


def holes(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    stored = (x + y).astype(np.float32)
    stored[:256, :256] = np.nan  # a tile without any value
    stored[300:320, 300:340] = np.inf
    stored[320:340, 300:340] = -np.inf
    return stored


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("large", [False, True])
def test_values_that_are_none_or_infinite_are_drawn_at_every_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str, large: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(budget, "WHOLE_PIXELS", 0 if large else 1 << 30)
    stored = holes(700, 900).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored, tile=(128, 128), metadata=None)
    view = built(open_view(tmp_path / "a.tif"))
    try:
        for level in range(view.level_count):
            shown = view.read(view.sizes[level].box, level)
            assert not shown[: 256 >> level, : 256 >> level].any()
            assert shown[(305 >> level) + 1, (305 >> level) + 1].tolist() == [255] * 3 or level > 2
            assert shown[400 >> level :].mean() > 50
    finally:
        view.close()
        if large:
            view.values.join()  # type: ignore[attr-defined]


def test_an_image_without_any_value_is_black(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((300, 300), np.nan, np.float32), metadata=None)
    view = open_view(tmp_path / "a.tif")
    assert not any(view.read(view.sizes[level].box, level).any() for level in range(view.level_count))


def built(view: Pyramid) -> Pyramid:
    """A view whose levels have been made."""
    values = values_of(view)
    for _ in range(600):
        if not isinstance(values, FilePyramid) or values.complete:
            return view
        time.sleep(0.05)
    pytest.fail("the levels are not made")


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_the_largest_numbers_are_averaged_without_leaving_their_type(dtype: str) -> None:
    limits = np.iinfo(dtype)
    for extreme in (limits.min, limits.max):
        found = halve(np.full((2, 2, 1), extreme, dtype))
        assert abs(int(found[0, 0, 0]) - int(extreme)) <= 2048  # as near as floating point comes


# ---- large


@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.parametrize(
    "layout",
    [
        {"tile": (64, 64)},
        {"rowsperstrip": 40},
        {"rowsperstrip": 700},
        {"rowsperstrip": 40, "compression": None},
    ],
    ids=["tiles", "strips", "one compressed strip", "uncompressed"],
)
def test_levels_of_a_large_file_are_made_of_its_values(tmp_path: Path, layout: dict[str, object]) -> None:
    stored = values("uint16", 700, 900, 2)
    options = {"compression": "zlib", "planarconfig": "contig", "photometric": "minisblack", "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", stored, **(options | layout))
    view = built(open_view(tmp_path / "a.tif"))
    try:
        for level in range(view.level_count):
            found = view.values.read(view.sizes[level].box, level)  # type: ignore[attr-defined]
            assert np.array_equal(found, halve(stored, level))
    finally:
        view.close()
        view.values.join()  # type: ignore[attr-defined]


def test_a_compressed_strip_that_exceeds_the_memory_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_planes, "_MOST_BLOCK_BYTES", 1000)
    stored = values("uint16", 60, 70)
    tifffile.imwrite(tmp_path / "a.tif", stored, compression="zlib", rowsperstrip=60, metadata=None)
    with pytest.raises(BadInputError, match="pieces of 70 x 60 pixels") as caught:
        probe(tmp_path / "a.tif")
    assert "tiles" in (caught.value.hint or "")
    tifffile.imwrite(
        tmp_path / "b.tif", stored, rowsperstrip=60, metadata=None
    )  # uncompressed ones have rows
    assert np.array_equal(whole(tmp_path / "b.tif")[..., 0], stored)


def test_several_threads_read_one_file_and_a_closed_one_is_let_go(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    stored = values("uint16", 300, 400)
    tifffile.imwrite(tmp_path / "a.tif", stored, tile=(64, 64), compression="zlib", metadata=None)
    boxes = [Box(x, y, x + 50, y + 50) for x in range(0, 350, 50) for y in range(0, 250, 50)]
    with tiff_reader(tmp_path / "a.tif") as reader, ThreadPoolExecutor(4) as pool:
        for box, found in zip(boxes, pool.map(reader.read, boxes), strict=True):
            assert np.array_equal(found[..., 0], stored[box.slices()])
    with reader.reopened() as other:
        assert np.array_equal(other.read()[..., 0], stored)
    (tmp_path / "a.tif").unlink()


# ---- bad input


def samples_of_files(folder: Path) -> dict[str, bytes]:
    grey = values("uint16", 64, 80)
    tifffile.imwrite(folder / "strips.tif", grey)
    tifffile.imwrite(folder / "tiles.tif", grey, tile=(32, 32), compression="zlib", predictor=True)
    tifffile.imwrite(folder / "lzw.tif", values("float32", 40, 40, 5), compression="lzw", planarconfig="contig",
                     photometric="minisblack")  # fmt: skip
    tifffile.imwrite(folder / "big.tif", values("float64", 3, 40, 40), bigtiff=True, photometric="minisblack")
    tifffile.imwrite(
        folder / "imagej.tif", values("uint16", 3, 2, 20, 20), imagej=True, metadata={"axes": "ZCYX"}
    )
    tifffile.imwrite(folder / "a.ome.tif", values("uint16", 3, 2, 20, 20), metadata={"axes": "ZCYX"})
    tifffile.imwrite(
        folder / "jpeg.tif", values("uint8", 2, 64, 64, 3), compression="jpeg", tile=(32, 32), metadata=None
    )
    tifffile.imwrite(folder / "j2k.tif", grey, compression="jpeg2000", tile=(32, 32))
    tifffile.imwrite(folder / "lerc.tif", grey.astype(np.float32), compression="lerc", tile=(32, 32))
    with tifffile.TiffWriter(folder / "levels.tif") as file:
        file.write(np.tile(grey, (8, 8)), tile=(64, 64), subifds=1)
        file.write(np.tile(grey, (4, 4)), tile=(64, 64), subfiletype=1)
        file.write(np.tile(grey, (2, 2)), tile=(64, 64), subfiletype=1)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def judged(path: Path) -> bool:
    """True when a file is read; False when it is refused with its name. Anything else fails."""
    try:
        for page in pages(path)[:6]:
            verify(path, page.key)
    except BadInputError as error:
        assert error.file == str(path)
        return False
    return True


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    path = tmp_path / "cut.tif"
    for name, data in samples_of_files(tmp_path / "whole").items():
        assert judged(tmp_path / "whole" / name)
        for fiftieth in range(1, 50):
            path.write_bytes(data[: len(data) * fiftieth // 50])
            assert not judged(path), (name, fiftieth)


def mutated(folder: Path, number: int, seed: int) -> None:
    (folder / "whole").mkdir()
    dice = random.Random(seed)
    files = list(samples_of_files(folder / "whole").values())
    path = folder / "mutant.tif"
    for _ in range(number):
        data = dice.choice(files)
        changed = bytearray(data)
        for _ in range(dice.choice([1, 1, 2, 4, 8])):
            # Half of the changes fall where directories are: at either end of the file.
            end = dice.choice([len(data), len(data), 600, -600])
            at = dice.randrange(end) if end > 0 else dice.randrange(len(data) + end, len(data))
            changed[min(at, len(data) - 1)] = dice.choice([0, 1, 127, 128, 255, dice.randrange(256)])
        path.write_bytes(changed)
        judged(path)


def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    mutated(tmp_path, 400, seed=1)


@pytest.mark.slow
def test_thousands_of_damaged_files_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    mutated(tmp_path, 8000, seed=2)


def tag(code: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", code, kind, count, value)


def by_hand(changes: dict[int, tuple[int, int, int]], after: int = 0) -> bytes:
    """A 4 x 4 TIFF of 16 bits with some tags (kind, count, value) changed or added."""
    tags = {
        256: (4, 1, 4), 257: (4, 1, 4), 258: (3, 1, 16), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, 1, 8),
        277: (3, 1, 1), 278: (4, 1, 4), 279: (4, 1, 32),
    } | changes  # fmt: skip
    entries = b"".join(tag(code, *tags[code]) for code in sorted(tags))
    head = b"II*\0" + struct.pack("<I", 40) + bytes(range(32))
    return head + struct.pack("<H", len(tags)) + entries + struct.pack("<I", after)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({256: (4, 1, 10**9), 257: (4, 1, 10**9)}, "more than the file holds|missing"),
        ({256: (4, 1, 10**9), 257: (4, 1, 10**9), 278: (4, 1, 10**9)}, "more than the file holds"),
        ({256: (4, 1, 10**9), 257: (4, 1, 10**9), 259: (3, 1, 8), 278: (4, 1, 10**9)}, "too large"),
        ({256: (4, 1, 0)}, "without pixels"),
        ({322: (3, 1, 0), 323: (3, 1, 0)}, "cut off or damaged"),
        ({322: (4, 1, 10**9), 323: (4, 1, 10**9), 324: (4, 1, 8), 325: (4, 1, 32)}, "too large"),
        ({277: (3, 1, 65535)}, "65,535 values a pixel"),
        ({258: (3, 1, 0)}, "cut off or damaged|are not read"),
        ({258: (3, 1, 77)}, "are not read"),
        ({273: (4, 1, 10**9)}, "behind its end"),
        ({273: (4, 2**31, 8)}, "cut off or damaged"),
        ({258: (3, 2**31, 16)}, "cut off or damaged"),
        ({259: (3, 1, 9999)}, "compression 9999 is not read"),
        ({339: (3, 1, 6), 258: (3, 1, 64)}, "complex"),
    ],
)
def test_headers_that_lie_are_refused(
    tmp_path: Path, changes: dict[int, tuple[int, int, int]], words: str
) -> None:
    (tmp_path / "a.tif").write_bytes(by_hand({}))
    assert np.array_equal(whole(tmp_path / "a.tif").tobytes(), bytes(range(32)))
    (tmp_path / "a.tif").write_bytes(by_hand(changes))
    with pytest.raises(BadInputError, match=words) as caught:
        verify(tmp_path / "a.tif")
    assert caught.value.hint


def test_directories_in_a_circle_or_behind_the_end_are_refused(tmp_path: Path) -> None:
    for after, words in ((40, "circle"), (10**6, "cut off or damaged")):
        (tmp_path / "a.tif").write_bytes(by_hand({}, after))
        with pytest.raises(BadInputError):
            verify(tmp_path / "a.tif")
        with pytest.raises(BadInputError, match=words):
            list(tiff_directories.directories(tmp_path / "a.tif"))


def test_a_bomb_is_unpacked_no_further_than_the_directory_says(tmp_path: Path) -> None:
    import zlib

    bomb = zlib.compress(b"\0" * (64 << 20), 9)
    data = by_hand({259: (3, 1, 8), 273: (4, 1, 8 + 32 + 2 + 12 * 9 + 4), 279: (4, 1, len(bomb))})
    (tmp_path / "a.tif").write_bytes(data + bomb)
    try:
        assert whole(tmp_path / "a.tif").shape == (4, 4, 1)
    except BadInputError as error:
        assert "cut off or damaged" in error.message


def test_a_picture_inside_a_tile_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    stored = values("uint8", 2, 64, 64, 3)
    tifffile.imwrite(tmp_path / "a.tif", stored, compression="jpeg", tile=(32, 32), metadata=None)
    data = tmp_path.joinpath("a.tif").read_bytes()
    at = data.index(b"\xff\xc0") + 5
    (tmp_path / "a.tif").write_bytes(data[:at] + b"\xff\xdc\xff\xdc" + data[at + 4 :])
    with pytest.raises(BadInputError, match="no image of the size"):
        verify(tmp_path / "a.tif")


def test_nothing_is_said_in_a_log_or_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (tmp_path / "a.tif").write_bytes(by_hand({279: (4, 1, 31)}))
        judged(tmp_path / "a.tif")
    assert capsys.readouterr().err == ""


def test_a_stack_of_metamorph_is_refused_by_name(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", values("uint16", 8, 8), metadata=None, extratags=[(33628, 4, 1, 64, True)]
    )
    with pytest.raises(BadInputError, match="LSM or MetaMorph") as caught:
        probe(tmp_path / "a.tif")
    assert "OME-TIFF" in (caught.value.hint or "")
