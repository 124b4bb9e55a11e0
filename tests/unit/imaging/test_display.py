from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeltool.imaging.display import apply, identity, percentile_stretch


def test_a_dark_image_is_stretched_over_the_whole_range() -> None:
    dark = np.random.default_rng(0).integers(3, 20, (100, 100, 3), np.uint8)
    shown = apply(percentile_stretch(dark), dark)
    assert shown.min() == 0
    assert shown.max() == 255


def test_an_image_of_one_value_is_shown_as_it_is() -> None:
    flat = np.full((10, 10, 3), 9, np.uint8)
    assert np.array_equal(apply(percentile_stretch(flat), flat), flat)


def test_a_few_hot_pixels_do_not_keep_an_image_dark() -> None:
    dark = np.random.default_rng(0).integers(0, 30, (200, 200, 3), np.uint8)
    dark[0, 0] = 255
    assert percentile_stretch(dark)[30] == 255


@given(arrays(np.uint8, (8, 8, 3)))
def test_stretching_keeps_order_and_touches_no_data(pixels: np.ndarray) -> None:
    before = pixels.copy()
    lut = percentile_stretch(pixels)
    apply(lut, pixels)
    assert (np.diff(lut.astype(int)) >= 0).all()
    assert np.array_equal(pixels, before)


@given(st.integers(0, 255))
def test_the_identity_shows_values_as_they_are(value: int) -> None:
    assert identity()[value] == value
