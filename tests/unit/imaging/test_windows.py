"""The grid of windows: every pixel once, origins on the network's strides, mirrored only where it must be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.geometry import Box, Size
from labeltool.imaging.open import open_image
from labeltool.imaging.reader import ImageInfo, ReaderBase
from labeltool.imaging.windows import STRIDE, read_window, sampled_boxes, sampled_windows, windows

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


class Holed(ReaderBase):
    """An image of whose columns only those from ``edge`` on have values."""

    def __init__(self, size: Size, edge: int) -> None:
        self.info, self.edge = ImageInfo(size, "png", "RGB"), edge

    def has_values(self, box: Box) -> bool:
        return box.x1 > self.edge

    def read(self, box: Box | None = None) -> np.ndarray:
        box = box or self.info.size.box
        return np.full((box.height, box.width, 3), box.x0 % 251, np.uint8)


@settings(deadline=None, max_examples=60)
@given(sizes, st.integers(1, 9), st.integers(0, 400))
def test_samples_have_values_one_size_and_a_bounded_number(size: Size, most: int, edge: int) -> None:
    reader = Holed(size, edge)
    samples = list(sampled_windows(reader, 64, most))
    sides = {min(64, -(-side // STRIDE) * STRIDE) for side in size}
    assert len(samples) <= most
    assert bool(samples) == (edge < size.width)
    assert len({sample.shape for sample in samples}) <= 1
    assert all(set(sample.shape[:2]) <= sides for sample in samples)
    again = list(sampled_windows(reader, 64, most))
    assert all(np.array_equal(*pair) for pair in zip(samples, again, strict=True))


def test_samples_come_from_all_over_an_image_without_holes() -> None:
    boxes = [Box(x, 0, x + 10, 10) for x in range(0, 1000, 10)]
    found = list(sampled_boxes(Holed(Size(1000, 10), 0), boxes, 5))
    assert [box.x0 for box in found] == [0, 200, 400, 600, 800]
