from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.imaging.open import open_image, pages, probe, verify
from labeltool.imaging.readers import raster

DISPLAYED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: np.rot90,
}
LOSSLESS = {"png": {}, "tiff": {}, "webp": {"lossless": True, "exact": True}}


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, channels), np.uint8)


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[274] = orientation
    return tags


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width: int, height: int, filler: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * (1 << 20)) + b"\0" * filler
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    )


@settings(deadline=None, max_examples=60)
@given(
    orientation=st.integers(1, 8),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    kind=st.sampled_from(sorted(LOSSLESS)),
)
def test_the_eight_orientations_are_numpys_transforms(
    tmp_path_factory: pytest.TempPathFactory, orientation: int, height: int, width: int, kind: str
) -> None:
    path = tmp_path_factory.mktemp("exif") / f"image.{kind}"
    stored = noise(height, width)
    Image.fromarray(stored).save(path, exif=exif(orientation), **LOSSLESS[kind])
    expected = DISPLAYED[orientation](stored)
    with open_image(path) as reader:
        assert np.array_equal(reader.read(), expected)
        assert reader.info.size == Size(expected.shape[1], expected.shape[0])
        assert reader.info.rotated == (orientation > 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_turned_as_its_exif_says(tmp_path: Path, orientation: int) -> None:
    stored = np.kron(noise(4, 6), np.ones((16, 16, 1), np.uint8))
    Image.fromarray(stored).save(tmp_path / "plain.jpg", quality=95, subsampling=0)
    Image.fromarray(stored).save(tmp_path / "turned.jpg", quality=95, subsampling=0, exif=exif(orientation))
    with open_image(tmp_path / "plain.jpg") as plain, open_image(tmp_path / "turned.jpg") as turned:
        assert np.array_equal(turned.read(), DISPLAYED[orientation](plain.read()))
        assert turned.info.size == Size(*turned.read().shape[1::-1])


def test_an_orientation_that_does_not_exist_changes_nothing(tmp_path: Path) -> None:
    stored = noise(5, 9)
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif(77))
    with open_image(tmp_path / "a.png") as reader:
        assert np.array_equal(reader.read(), stored)
        assert not reader.info.rotated


def test_exif_behind_the_pixels_of_a_png_counts(tmp_path: Path) -> None:
    path = tmp_path / "late.png"
    stored = noise(5, 9)
    Image.fromarray(stored).save(path)
    data = path.read_bytes()
    late = png_chunk(b"eXIf", exif(6).tobytes().removeprefix(b"Exif\0\0"))
    path.write_bytes(data[:-12] + late + data[-12:])
    assert probe(path).size == Size(5, 9)
    with open_image(path) as reader:
        assert np.array_equal(reader.read(), np.rot90(stored, -1))


def inks(cmyk: np.ndarray) -> np.ndarray:
    """What is left of white light: each ink takes its share, black its share of the rest."""
    paper = 255 - cmyk.astype(float)
    return paper[..., :3] * paper[..., 3:] / 255


def over_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return colour * share + 255 * (1 - share)


def in_mode(mode: str) -> tuple[Image.Image, np.ndarray]:
    """A smooth picture [16, 24] in a mode of Pillow, and the RGB that it means. No two corners are alike, nor is any
    the other's negative."""
    y, x = np.mgrid[0:16, 0:24].astype(float)
    red, green, blue = 230 * x / 23, 200 * y / 15, 40 + 0 * x
    planes = {"R": red, "G": green, "B": blue, "A": 255 - 8 * y, "L": red}
    planes |= {"C": red, "M": green, "Y": blue, "K": 5 * y}
    if mode in ("1", "P"):
        grey = Image.fromarray(np.rint(red).astype(np.uint8))
        image = grey.convert("1") if mode == "1" else Image.merge("RGB", [grey] * 3).quantize(16)
        numbers = np.asarray(image)
        if mode == "1":
            return image, np.dstack([numbers * 255.0] * 3)
        return image, np.array(image.getpalette()).reshape(-1, 3)[numbers].astype(float)
    bands = [np.rint(planes[band]).astype(np.uint8) for band in mode]
    image = Image.merge(mode, [Image.fromarray(band) for band in bands])
    if mode == "CMYK":
        return image, inks(np.dstack(bands))
    colour = np.dstack([bands[0]] * 3 if mode[0] == "L" else bands[:3])
    return image, over_white(colour, bands[-1]) if mode[-1] == "A" else colour.astype(float)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("png", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")),
        *(("tiff", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")),
        *(("bmp", mode) for mode in ("1", "L", "P", "RGB")),
        *(("webp", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")),
        *(("gif", mode) for mode in ("1", "L", "P")),
        *(("jpeg", mode) for mode in ("L", "RGB", "CMYK")),
    ],
)
def test_every_8_bit_mode_becomes_the_rgb_that_it_means(tmp_path: Path, kind: str, mode: str) -> None:
    options = {"jpeg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True, "exact": True}}
    image, expected = in_mode(mode)
    image.save(tmp_path / f"a.{kind}", **options.get(kind, {}))
    with open_image(tmp_path / f"a.{kind}") as reader:
        pixels = reader.read()
    assert pixels.dtype == np.uint8
    assert reader.info.kind == kind
    assert np.abs(pixels - expected).max() <= (6 if kind == "jpeg" else 1)


@pytest.mark.parametrize("kind", ["png", "gif"])
def test_a_transparent_colour_of_a_palette_is_white(tmp_path: Path, kind: str) -> None:
    image, expected = in_mode("P")
    number = int(np.asarray(image)[3, 3])
    image.save(tmp_path / f"a.{kind}", transparency=number)
    expected[np.asarray(image) == number] = 255
    with open_image(tmp_path / f"a.{kind}") as reader:
        assert np.abs(reader.read() - expected).max() <= 1


def test_a_jpeg_in_ycck_is_read_as_the_inks_that_it_means(tmp_path: Path) -> None:
    """As Photoshop writes them: luma and colour of the inks, black negative, and a marker of Adobe that says so."""
    image, expected = in_mode("CMYK")
    cmyk = np.asarray(image)
    luma = np.asarray(Image.fromarray(cmyk[..., :3].copy()).convert("YCbCr"))
    stored = Image.fromarray(
        np.dstack([255 - luma, cmyk[..., 3:]]), "CMYK"
    )  # Pillow turns each into its negative
    stored.save(tmp_path / "a.jpg", quality=100)
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    transform = data.index(b"Adobe") + 11
    assert data[transform] == 0
    data[transform] = 2
    (tmp_path / "a.jpg").write_bytes(data)
    verify(tmp_path / "a.jpg")
    with open_image(tmp_path / "a.jpg") as reader:
        assert np.abs(reader.read() - expected).max() <= 6


def test_grey_levels_come_through_unchanged(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for kind in ("png", "tiff", "bmp"):
        Image.fromarray(grey).save(tmp_path / f"a.{kind}")
        with open_image(tmp_path / f"a.{kind}") as reader:
            assert np.array_equal(reader.read(), np.repeat(grey[:, :, None], 3, axis=2))


def test_an_opaque_alpha_channel_is_dropped_and_a_transparent_pixel_is_white(tmp_path: Path) -> None:
    rgba = np.dstack([noise(4, 4), np.full((4, 4), 255, np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "opaque.png")
    rgba[0, 0, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "hole.png")
    with open_image(tmp_path / "opaque.png") as opaque, open_image(tmp_path / "hole.png") as hole:
        assert np.array_equal(opaque.read(), rgba[:, :, :3])
        assert hole.read()[0, 0].tolist() == [255, 255, 255]
        assert np.array_equal(hole.read()[1:], rgba[1:, :, :3])


def test_a_box_is_cut_out_of_the_displayed_pixels(tmp_path: Path) -> None:
    stored = noise(20, 30)
    Image.fromarray(stored).save(tmp_path / "a.png")
    with open_image(tmp_path / "a.png") as reader:
        assert np.array_equal(reader.read(Box(3, 5, 9, 20)), stored[5:20, 3:9])


def test_pixels_cannot_be_written_to(tmp_path: Path) -> None:
    Image.fromarray(noise(4, 4)).save(tmp_path / "a.png")
    with open_image(tmp_path / "a.png") as reader, pytest.raises(ValueError, match="read-only"):
        reader.read()[0, 0] = 0


def test_content_counts_and_not_the_suffix(tmp_path: Path) -> None:
    Image.fromarray(noise(4, 4)).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert verify(tmp_path / "a.jpg").kind == "png"


@pytest.mark.parametrize("name", ["Zellkern äöü.png", "細胞 🔬.png", "a#b%20:c.png", "trailing .png"])
def test_any_name_that_the_file_system_takes_is_read(tmp_path: Path, name: str) -> None:
    Image.fromarray(noise(4, 4)).save(tmp_path / name, format="png")
    assert verify(tmp_path / name).size == Size(4, 4)


def test_a_very_long_image_is_read(tmp_path: Path) -> None:
    stored = noise(2, 40_000)
    Image.fromarray(stored).save(tmp_path / "long.png")
    with open_image(tmp_path / "long.png") as reader:
        assert np.array_equal(reader.read(Box(39_990, 0, 40_000, 2)), stored[:, 39_990:])


def test_the_photo_of_a_multi_picture_jpeg_is_read(tmp_path: Path) -> None:
    photo, preview = Image.fromarray(noise(16, 16)), Image.fromarray(noise(8, 8))
    photo.save(tmp_path / "phone.jpg", format="MPO", save_all=True, append_images=[preview])
    info = verify(tmp_path / "phone.jpg")
    assert (info.kind, info.size) == ("jpeg", Size(16, 16))


def test_probing_a_large_image_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(noise(64, 64)).save(tmp_path / "a.png")
    monkeypatch.setattr(raster.RasterReader, "_decode", lambda _: pytest.fail("decoded"))
    assert probe(tmp_path / "a.png").size == Size(64, 64)


@pytest.mark.parametrize(("width", "height"), [(100_000, 100_000), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_with_its_size(tmp_path: Path, width: int, height: int) -> None:
    (tmp_path / "bomb.png").write_bytes(png_claiming(width, height, filler=1 << 20))
    with pytest.raises(BadInputError, match=f"claims {width:,} x {height:,} pixels") as caught:
        probe(tmp_path / "bomb.png")
    assert caught.value.file == str(tmp_path / "bomb.png")
    assert "million pixels" in (caught.value.hint or "")
    assert Image.MAX_IMAGE_PIXELS is not None


def test_a_header_that_promises_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "liar.png").write_bytes(png_claiming(3000, 3000))
    assert probe(tmp_path / "liar.png").size == Size(3000, 3000)
    with pytest.raises(BadInputError, match="cut off or damaged"):
        verify(tmp_path / "liar.png")


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff", "bmp", "webp"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_cut_off_file_is_refused_and_never_half_grey(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / f"cut.{kind}"
    Image.fromarray(noise(120, 90)).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadInputError, match=r"cut off or damaged|no image that can be read") as caught:
        verify(path)
    assert caught.value.file == str(path)
    assert caught.value.hint


@settings(deadline=None, max_examples=40)
@given(where=st.floats(0, 1), bit=st.integers(0, 7))
def test_a_flipped_bit_among_the_pixels_of_a_png_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, where: float, bit: int
) -> None:
    path = tmp_path_factory.mktemp("flip") / "a.png"
    Image.fromarray(noise(30, 30)).save(path)
    data = bytearray(path.read_bytes())
    first = data.index(b"IDAT") + 4
    data[first + int(where * (len(data) - 12 - 5 - first))] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(BadInputError, match="cut off or damaged"):
        verify(path)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(["jpeg", "png", "tiff", "bmp", "webp"]))
    path = tmp_path_factory.mktemp("damage") / f"a.{kind}"
    Image.fromarray(noise(20, 20)).save(path, exif=exif(6))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        assert verify(path).size.pixels > 0
    except BadInputError as error:
        assert error.file == str(path)


def test_a_small_geotiff_with_overviews_is_read(tmp_path: Path) -> None:
    keys = [(34735, 3, 8, (1, 1, 0, 1, 1024, 0, 1, 1), True)]
    with tifffile.TiffWriter(tmp_path / "cog.tif") as file:
        file.write(noise(8, 8), photometric="rgb", extratags=keys)
        file.write(noise(4, 4), photometric="rgb", subfiletype=1)
    with open_image(tmp_path / "cog.tif") as reader:
        assert np.array_equal(reader.read(), noise(8, 8))


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_frames_of_an_animation_are_pages(tmp_path: Path, name: str) -> None:
    grey = [np.full((8, 8), value, np.uint8) for value in (0, 85, 170)]
    first, *others = (Image.fromarray(np.dstack([each] * 3)) for each in grey)
    first.save(
        tmp_path / name,
        save_all=True,
        append_images=others,
        **({"lossless": True} if name == "a.webp" else {}),
    )
    found = pages(tmp_path / name)
    assert [page.key for page in found] == ["p001", "p002", "p003"]
    assert [page.info.place for page in found] == [1, 2, 3]
    assert len({page.info.series for page in found}) == 1
    for page, expected in zip(found, grey, strict=True):
        with open_image(tmp_path / name, page.key) as reader:
            assert reader.info == page.info
            assert np.array_equal(reader.read(), np.dstack([expected] * 3))
    for wrong in ("p000", "p004", "p1", "0", "p²"):
        with pytest.raises(BadInputError, match="has no page"):
            probe(tmp_path / name, wrong)


def test_a_gif_of_one_frame_is_one_image(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8, 3), 51, np.uint8)).save(tmp_path / "a.gif")
    assert [page.key for page in pages(tmp_path / "a.gif")] == [""]
    with open_image(tmp_path / "a.gif") as reader:
        assert np.array_equal(reader.read(), np.full((8, 8, 3), 51, np.uint8))
        assert reader.info.series == ""


def test_a_cut_off_animation_is_refused(tmp_path: Path) -> None:
    first, *others = (Image.fromarray(noise(40, 40 + each)[:, :40]) for each in range(3))
    first.save(tmp_path / "a.gif", save_all=True, append_images=others)
    data = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "a.gif").write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInputError, match="GIF file is cut off or damaged"):
        for page in pages(tmp_path / "a.gif"):
            verify(tmp_path / "a.gif", page.key)


def test_warnings_of_the_decoder_stay_inside(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(noise(8, 8)).save(path, tiffinfo={305: "some software"})
    data = bytearray(path.read_bytes())
    entry = data.index(struct.pack("<HH", 305, 2))
    data[entry + 8 : entry + 12] = struct.pack(
        "<I", len(data) + 1000
    )  # the text lies behind the end of the file
    path.write_bytes(data)
    with warnings.catch_warnings(record=True) as escaped:
        warnings.simplefilter("always")
        assert verify(path).size == Size(8, 8)
    assert escaped == []


def test_the_real_images_are_read(shared_data: Path) -> None:
    images = sorted(shared_data.glob("*/images/*/*.*"))
    assert images
    for path in images[:: max(1, len(images) // 12)]:
        assert verify(path).size.pixels > 0
