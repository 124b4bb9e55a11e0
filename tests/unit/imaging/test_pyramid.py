from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.imaging.pyramid import Pyramid

sides = st.integers(1, 1100)


@settings(deadline=None, max_examples=30)
@given(width=sides, height=sides)
def test_each_level_is_half_the_one_before_down_to_a_single_tile(width: int, height: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    pyramid = Pyramid(pixels)
    pyramid.build()
    for level, size in enumerate(pyramid.sizes):
        assert pyramid.level(level).shape == (size.height, size.width, 3)
    assert np.array_equal(pyramid.level(0), pixels)
    assert max(pyramid.sizes[-1]) <= 256


def test_levels_lie_exactly_on_each_other() -> None:
    pixels = np.zeros((1001, 1003, 3), np.uint8)
    pixels[:, 500:] = 255
    pyramid = Pyramid(pixels)
    assert pyramid.level(1)[0, 249].tolist() == [0, 0, 0]
    assert pyramid.level(1)[0, 250].tolist() == [255, 255, 255]
    assert pyramid.level(2)[0, 125].tolist() == [255, 255, 255]


def test_an_image_wider_than_qt_allows_has_levels() -> None:
    pyramid = Pyramid(np.full((3, 40_000, 3), 7, np.uint8))
    assert pyramid.sizes[-1].width <= 256
    assert (pyramid.level(pyramid.level_count - 1) == 7).all()
