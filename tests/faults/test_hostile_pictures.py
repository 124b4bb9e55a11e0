"""Images that would end the program, or keep it busy for ever: refused before, in words."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fuzz.mutations import chunks_of, png_of
from fuzz.picture_targets import slides
from PIL import Image

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.formats.index_png import read_pixels
from labeltool.imaging.find import find_images
from labeltool.imaging.open import pages, verify


def refused(path: Path) -> str:
    with pytest.raises(BadInputError) as caught:
        for page in pages(path):
            verify(path, page.key)
    assert caught.value.file == str(path)
    return str(caught.value)


_CUT = """
import sys
from pathlib import Path
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box
from labeltool.imaging.vips import Page

path = Path(sys.argv[1])
page = Page(path, "jpeg", in_order=True)
page.read(Box(0, 0, 2000, 16))
with path.open("r+b") as file:
    file.truncate(path.stat().st_size // 3)
try:
    for top in range(16, 2000, 16):
        page.read(Box(0, top, 2000, min(top + 16, 2000)))
except BadInputError as error:
    print(error)
"""


def test_a_jpeg_that_is_cut_short_while_it_is_shown_is_named_and_the_program_lives(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (2000, 2000, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.jpg")
    command = [sys.executable, "-c", _CUT, str(tmp_path / "large.jpg")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert "large.jpg" in ended.stdout
    assert "cannot be read" in ended.stdout


def test_a_jpeg_that_claims_more_pixels_than_its_bytes_can_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.jpg"
    Image.fromarray(np.zeros((60, 70, 3), np.uint8)).save(path, progressive=True)
    data = path.read_bytes()
    at = data.index(b"\xff\xc2") + 5
    path.write_bytes(data[:at] + struct.pack(">HH", 9000, 8000) + data[at + 4 :])
    assert "8,000 x 9,000 pixels, more than its file can hold" in refused(path)


def test_an_animation_that_claims_two_billion_frames_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "frames.png"
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(path)
    head, *others = chunks_of(path.read_bytes())
    path.write_bytes(png_of([head, (b"acTL", struct.pack(">II", 2**31 - 1, 0)), *others]))
    assert "more than it can hold" in refused(path)


def test_a_mask_with_two_headers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "two.png"
    Image.fromarray(np.zeros((30, 40), np.uint8)).save(path)
    head, *others = chunks_of(path.read_bytes())
    path.write_bytes(png_of([head, (b"IHDR", head[1][:9] + b"\x02" + head[1][10:]), *others]))
    with pytest.raises(BadInputError, match="damaged"):
        read_pixels(path, Size(40, 30))


@pytest.mark.parametrize(("tag", "value"), [(322, 2**31), (323, 2**24), (325, 2**32 - 1)])
def test_a_slide_whose_tiles_claim_gigabytes_is_refused_before_openslide_sees_it(
    tmp_path: Path, tag: int, value: int
) -> None:
    pytest.importorskip("openslide")
    slides(tmp_path)
    path = tmp_path / "slide.svs"
    data = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", data, 4)
    for entry in range(at + 2, at + 2 + 12 * struct.unpack_from("<H", data, at)[0], 12):
        code, _, count, first = struct.unpack_from("<HHII", data, entry)
        if code == tag:
            struct.pack_into("<I", data, first if count > 1 else entry + 8, value)
    path.write_bytes(data)
    assert "whole-slide image" in refused(path)


@pytest.mark.slow
def test_a_folder_of_a_hundred_thousand_files_with_loops_is_searched_once(tmp_path: Path) -> None:
    for number in range(100_000):
        os.close(os.open(tmp_path / f"{number}.png", os.O_CREAT | os.O_WRONLY))
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    (tmp_path / "folder.png").mkdir()
    found, skipped = find_images([tmp_path])
    assert [path.name for path in found[:3]] == ["0.png", "1.png", "2.png"]
    assert len(found) == 100_000
    assert [Path(each.file).name for each in skipped] == ["folder.png", "again"]
