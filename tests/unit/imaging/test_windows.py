"""The grid of windows: every pixel once, origins on the network's strides, mirrored only where it must be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.geometry import Box, Size
from labeltool.imaging.open import open_image
from labeltool.imaging.windows import STRIDE, read_window, windows

sizes = st.builds(Size, st.integers(1, 300), st.integers(1, 300))
grids = st.sampled_from([(64, 0), (96, 16), (96, 32), (128, 32)])


@settings(deadline=None, max_examples=60)
@given(sizes, grids)
def test_every_pixel_is_in_exactly_one_core(size: Size, grid: tuple[int, int]) -> None:
    seen = np.zeros((size.height, size.width), int)
    for window in windows(size, *grid):
        seen[window.core.slices()] += 1
    assert (seen == 1).all()


@settings(deadline=None, max_examples=60)
@given(sizes, grids)
def test_a_core_has_its_halo_except_at_the_border_of_the_image(size: Size, grid: tuple[int, int]) -> None:
    tile, halo = grid
    for core, read in windows(size, tile, halo):
        assert core.grow(halo).intersect(size.box) == core.grow(halo).intersect(read).intersect(size.box)
        assert all(value % STRIDE == 0 for value in read)
        assert max(read.width, read.height) <= tile
        assert read.x1 < size.width + STRIDE and read.y1 < size.height + STRIDE


def test_an_image_of_at_most_a_tile_is_one_window() -> None:
    (window,) = windows(Size(64, 40), 64, 16)
    assert window.core == Box(0, 0, 64, 40)
    assert window.read == Box(0, 0, 64, 64)


def test_a_tile_that_is_all_halo_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves nothing"):
        list(windows(Size(100, 100), 64, 32))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 50), (50, 1), (33, 64)])
def test_pixels_past_the_border_are_mirrored(tmp_path: Path, width: int, height: int) -> None:
    from PIL import Image

    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    (window,) = windows(Size(width, height), 64, 0)
    with open_image(tmp_path / "image.png") as reader:
        read = read_window(reader, window)
    assert read.shape == (window.read.height, window.read.width, 3)
    assert np.array_equal(read[:height, :width], pixels)
    mirrored = np.abs((np.arange(window.read.width) + width - 1) % max(1, 2 * width - 2) - width + 1)
    assert np.array_equal(read[0], pixels[0, mirrored])
