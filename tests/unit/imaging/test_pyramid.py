from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.geometry import Box
from labeltool.imaging.pyramid import ArrayPyramid, seen

sides = st.integers(1, 1100)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@settings(deadline=None, max_examples=30)
@given(width=sides, height=sides)
def test_each_level_is_half_the_one_before_down_to_a_single_tile(width: int, height: int) -> None:
    pixels = noise(height, width)
    pyramid = ArrayPyramid(pixels)
    pyramid.build()
    for level, size in enumerate(pyramid.sizes):
        assert pyramid.level(level).shape == (size.height, size.width, 3)
    assert np.array_equal(pyramid.level(0), pixels)
    assert max(pyramid.sizes[-1]) <= 256


def test_levels_lie_exactly_on_each_other() -> None:
    pixels = np.zeros((1001, 1003, 3), np.uint8)
    pixels[:, 500:] = 255
    pyramid = ArrayPyramid(pixels)
    assert pyramid.level(1)[0, 249].tolist() == [0, 0, 0]
    assert pyramid.level(1)[0, 250].tolist() == [255, 255, 255]
    assert pyramid.level(2)[0, 125].tolist() == [255, 255, 255]


def test_an_image_wider_than_qt_allows_has_levels() -> None:
    pyramid = ArrayPyramid(np.full((3, 40_000, 3), 7, np.uint8))
    assert pyramid.sizes[-1].width <= 256
    assert (pyramid.level(pyramid.level_count - 1) == 7).all()


class Patchy(ArrayPyramid):
    """Tiles of level 0 are not at hand, but for those in ``there``."""

    def __init__(self, pixels: np.ndarray, there: set[tuple[int, int]]) -> None:
        super().__init__(pixels)
        self.there = there
        self.asked: list[tuple[int, int, int]] = []

    def tile(self, level: int, row: int, col: int) -> np.ndarray | None:  # type: ignore[override]
        self.asked.append((level, row, col))
        return self.peek(level, row, col)

    def peek(self, level: int, row: int, col: int) -> np.ndarray | None:  # type: ignore[override]
        return None if level == 0 and (row, col) not in self.there else super().tile(level, row, col)


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_what_is_seen_is_the_image_where_it_is_at_hand_and_a_coarser_level_elsewhere(
    data: st.DataObject,
) -> None:
    pixels = noise(600, 700)
    there = data.draw(st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2))))
    pyramid = Patchy(pixels, there)
    x0, y0 = data.draw(st.integers(0, 699)), data.draw(st.integers(0, 599))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, 700)), data.draw(st.integers(y0 + 1, 600)))
    shown = seen(pyramid, 0, box)
    coarse = pyramid.level(1).repeat(2, 0).repeat(2, 1)
    y, x = np.mgrid[box.slices()]
    at_hand = np.isin(y // 256 * 3 + x // 256, [row * 3 + col for row, col in there])
    expected = np.where(at_hand[..., None], pixels[box.slices()], coarse[box.slices()])
    assert np.array_equal(shown, expected)
    assert {level for level, _, _ in pyramid.asked} == {0}  # nobody asks for what merely stands in
