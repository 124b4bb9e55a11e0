from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.imaging import budget
from labeltool.imaging.open import open_image, probe, verify
from labeltool.imaging.view import open_view

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
NAMES = {
    1: ("grey",),
    2: ("grey", "alpha"),
    3: ("red", "green", "blue"),
    4: ("red", "green", "blue", "alpha"),
}
FOOLING = {
    "gamma": [(b"gAMA", struct.pack(">I", 45455))],
    "significant bits": [(b"sBIT", None)],
    "sRGB": [(b"sRGB", b"\0")],
    "wide gamut": [(b"cICP", bytes([9, 16, 0, 1]))],
    "transparent colour": [(b"tRNS", None)],
}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(values: np.ndarray, interlaced: bool = False, extra: str = "") -> bytes:
    """A PNG written by hand, so that no library's idea of 16 bits is tested against itself."""
    height, width, channels = values.shape
    stored = values.astype(">u2")
    passes = [stored[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [stored]
    rows = b"".join(b"\0" + row.tobytes() for each in passes if each.size for row in each)
    header = struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, int(interlaced))
    told = [
        (kind, data or (bytes([10]) * channels if kind == b"sBIT" else b"\1\2" * channels))
        for kind, data in FOOLING.get(extra, [])
    ]
    body = [chunk(b"IHDR", header), *(chunk(*each) for each in told), chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + chunk(b"IEND", b"")


def noise(height: int, width: int, channels: int) -> np.ndarray:
    return np.random.default_rng(height * 100 + width).integers(
        0, 65536, (height, width, channels), np.uint16
    )


@settings(deadline=None, max_examples=60)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.integers(1, 4),
    interlaced=st.booleans(),
    extra=st.sampled_from(["", *FOOLING]),
)
def test_16_bits_come_through_unchanged(
    tmp_path_factory: pytest.TempPathFactory,
    height: int,
    width: int,
    channels: int,
    interlaced: bool,
    extra: str,
) -> None:
    path = tmp_path_factory.mktemp("deep") / "a.png"
    values = noise(height, width, channels)
    if extra == "transparent colour" and channels in (2, 4):
        extra = ""
    path.write_bytes(png(values, interlaced, extra))
    with open_image(path) as reader:
        assert np.array_equal(reader.read(), values)
        assert reader.read().dtype == np.uint16
        assert reader.info.channels == NAMES[channels]
        assert reader.info.dtype == "uint16"
        assert np.array_equal(reader.read(Box(0, 0, 1, 1)), values[:1, :1])


def test_alpha_is_kept_and_not_shown(tmp_path: Path) -> None:
    values = noise(8, 8, 4)
    values[..., 3] = 0
    (tmp_path / "a.png").write_bytes(png(values))
    assert probe(tmp_path / "a.png").composite == (0, 1, 2)
    assert open_view(tmp_path / "a.png").read(Box(0, 0, 8, 8)).any()


def test_exif_turns_a_deep_png(tmp_path: Path) -> None:
    values = noise(5, 9, 3)
    data = png(values)
    exif = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    (tmp_path / "a.png").write_bytes(data[:33] + chunk(b"eXIf", exif) + data[33:])
    with open_image(tmp_path / "a.png") as reader:
        assert reader.info.size == Size(5, 9)
        assert np.array_equal(reader.read(), np.rot90(values, -1))


@settings(deadline=None, max_examples=40)
@given(where=st.floats(0, 1), bit=st.integers(0, 7))
def test_a_flipped_bit_among_the_pixels_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, where: float, bit: int
) -> None:
    path = tmp_path_factory.mktemp("flip") / "a.png"
    data = bytearray(png(noise(30, 30, 3)))
    first = data.index(b"IDAT") + 4
    data[first + int(where * (len(data) - 12 - 5 - first))] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(BadInputError, match="cut off or damaged"):
        verify(path)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.98])
def test_a_cut_off_deep_png_is_refused(tmp_path: Path, share: float) -> None:
    data = png(noise(30, 30, 1))
    (tmp_path / "a.png").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadInputError, match=r"cut off or damaged|no image"):
        verify(tmp_path / "a.png")


def test_a_deep_png_larger_than_the_memory_is_sent_to_tiff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "DECODE_BUDGET", 1000)
    (tmp_path / "a.png").write_bytes(png(noise(30, 30, 1)))
    with pytest.raises(BadInputError, match="more than is read whole") as caught:
        probe(tmp_path / "a.png")
    assert "TIFF" in (caught.value.hint or "")
