"""A JPEG that lacks pixels though it ends as a whole one does is refused; what does the pixels no harm is not."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.imaging.open import open_image, verify
from labeltool.imaging.readers import jpeg

END = b"\xff\xd9"
BASELINE: dict[str, Any] = {}
PROGRESSIVE: dict[str, Any] = {"progressive": True}
RESTARTS: dict[str, Any] = {"restart_marker_blocks": 4}
KINDS = pytest.mark.parametrize(
    "kind",
    [BASELINE, RESTARTS, PROGRESSIVE, PROGRESSIVE | RESTARTS],
    ids=["baseline", "baseline with restarts", "progressive", "progressive with restarts"],
)


def photo(mode: str = "RGB", **options: Any) -> bytes:
    """A JPEG of 400 x 300 pixels that holds about 30,000 bytes."""
    clouds = np.random.default_rng(1).integers(0, 256, (30, 40, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(clouds).resize((400, 300)).convert(mode).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(BadInputError, match="the JPEG file is cut off or damaged") as caught:
        verify(path)
    assert caught.value.file == str(path)
    assert "Copy or download the file again" in (caught.value.hint or "")
    return caught.value.message


def taken(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert verify(path).size == Size(400, 300)


@KINDS
@pytest.mark.parametrize("lacks", [139, 500, 2000, 0.5])
def test_a_jpeg_that_was_cut_off_and_ends_as_a_whole_one_does_is_refused(
    tmp_path: Path, kind: dict[str, Any], lacks: float
) -> None:
    data = photo(**kind)
    taken(tmp_path / "whole.jpg", data)
    lost = int(lacks * len(data)) if lacks < 1 else int(lacks)
    refused(tmp_path / "cut.jpg", data[:-lost] + END)


@KINDS
def test_a_jpeg_with_a_hole_is_refused(tmp_path: Path, kind: dict[str, Any]) -> None:
    data = photo(**kind)
    half = len(data) // 2
    refused(tmp_path / "hole.jpg", data[:half] + bytes(2000) + data[half + 2000 :])
    refused(tmp_path / "tail.jpg", data[:half] + bytes(len(data) - half))


@pytest.mark.parametrize("shrinks_from", [1_000_000, 0])
def test_it_is_said_how_much_of_a_jpeg_there_is(
    tmp_path: Path, shrinks_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg, "_FEW_PIXELS", shrinks_from)
    data = photo()
    said = refused(tmp_path / "half.jpg", data[: len(data) // 2] + END)
    assert "premature end of data segment behind about " in said
    share = int(said.partition("about ")[2].partition(" %")[0])
    assert 30 <= share <= 80  # a smooth photo's bytes lie where its details are
    taken(tmp_path / "whole.jpg", data)


def test_of_a_progressive_jpeg_every_row_is_damaged_and_none_is_named(tmp_path: Path) -> None:
    data = photo(progressive=True)
    assert "rows" not in refused(tmp_path / "half.jpg", data[: len(data) // 2] + END)


def test_codes_that_stand_for_nothing_are_refused(tmp_path: Path) -> None:
    data = photo()
    half = len(data) // 2
    refused(tmp_path / "codes.jpg", data[:half] + b"\xff\0" * 300 + data[half + 600 :])


@pytest.mark.usefixtures("everything_is_large")
def test_a_large_jpeg_is_held_against_the_same(tmp_path: Path) -> None:
    data = photo()
    taken(tmp_path / "whole.jpg", data)
    assert "behind about" in refused(tmp_path / "cut.jpg", data[:-2000] + END)


def test_codes_that_are_left_over_are_refused(tmp_path: Path) -> None:
    """In these zeros are codes of many pixels, so that the decoder is done before it has read them all."""
    data = photo(subsampling=0)
    half = len(data) // 2
    said = refused(tmp_path / "hole.jpg", data[:half] + bytes(2000) + data[half + 2000 :])
    assert "bytes of its pixels belong to none" in said


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data


HARMLESS = {
    "bytes behind the end": lambda data: data + b"what a telephone adds" * 100,
    "zeros behind the end": lambda data: data + bytes(3000),
    "stray bytes before the tables": lambda data: data.replace(b"\xff\xdb", b"\0\x12\x34\xff\xdb", 1),
    "fill bytes before a marker": lambda data: data.replace(b"\xff\xc4", b"\xff\xff\xff\xc4", 1),
    "an EXIF that is none": lambda data: (
        data[:2] + segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff") + data[2:]
    ),
    "an unknown JFIF": lambda data: data.replace(b"JFIF\0\1\1", b"JFIF\0\x09\x09"),
    "a colour profile in wrong pieces": lambda data: (
        data[:2] + segment(0xE2, b"ICC_PROFILE\0\x09\x02piece") + data[2:]
    ),
    "an unknown colour of Adobe": lambda data: data[:2] + segment(0xEE, b"Adobe\0d\0\0\0\0\x07") + data[2:],
    "zeros before the end": lambda data: data[:-2] + bytes(500) + data[-2:],
    "a comment that holds markers": lambda data: (
        data[:2] + segment(0xFE, b"\xff\xd9\xff\xda\xff\xc4") + data[2:]
    ),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_does_the_pixels_of_a_jpeg_no_harm_comes_in(tmp_path: Path, what: str) -> None:
    whole = photo(restart_marker_blocks=4)
    changed = HARMLESS[what](whole)
    assert changed != whole
    taken(tmp_path / "odd.jpg", changed)
    taken(tmp_path / "whole.jpg", whole)
    if "Adobe" not in what:  # which says what colours the numbers are
        with open_image(tmp_path / "odd.jpg") as odd, open_image(tmp_path / "whole.jpg") as plain:
            assert np.array_equal(odd.read(), plain.read())
    refused(tmp_path / "cut.jpg", HARMLESS[what](whole[:-2000] + END))  # and hides nothing


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@KINDS
def test_grey_and_printed_colours_are_held_against_the_same(
    tmp_path: Path, mode: str, kind: dict[str, Any]
) -> None:
    data = photo(mode, **kind)
    taken(tmp_path / "whole.jpg", data)
    refused(tmp_path / "cut.jpg", data[:-2000] + END)


def test_a_telephones_photo_with_a_preview_behind_it_is_judged_by_the_photo(tmp_path: Path) -> None:
    large, small = (Image.open(io.BytesIO(photo())).resize(size) for size in ((400, 300), (40, 30)))
    file = io.BytesIO()
    large.save(file, "MPO", save_all=True, append_images=[small])
    taken(tmp_path / "phone.jpg", file.getvalue())


def test_a_jpeg_without_a_scan_is_refused(tmp_path: Path) -> None:
    data = photo()
    refused(tmp_path / "none.jpg", data[: data.index(b"\xff\xda")] + END)


def test_every_real_jpeg_comes_in(shared_data: Path) -> None:
    images = sorted(each for each in shared_data.rglob("*.jp*g"))
    assert images
    for path in images[:: max(1, len(images) // 12)]:
        assert verify(path).size.pixels > 0
