from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeltool.imaging.tone import NEUTRAL, Tone, after, apply, identity, percentile_stretch, tone_curve


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


@given(st.integers(-100, 100), st.integers(-100, 100), st.floats(0.25, 4))
def test_a_tone_never_turns_dark_and_bright_round(brightness: int, contrast: int, gamma: float) -> None:
    curve = tone_curve(Tone(brightness, contrast, gamma)).astype(int)
    assert (np.diff(curve) >= 0).all()


def test_the_neutral_tone_shows_values_as_they_are() -> None:
    assert np.array_equal(tone_curve(NEUTRAL), identity())


def test_brightness_contrast_and_gamma_do_what_they_say() -> None:
    assert tone_curve(Tone(brightness=20))[100] > 100
    steep = tone_curve(Tone(contrast=40))
    assert steep[60] < 60
    assert steep[200] > 200
    assert tone_curve(Tone(gamma=2))[60] > 60
    assert tone_curve(Tone(gamma=2))[[0, 255]].tolist() == [0, 255]


def test_a_tone_comes_after_the_stretch() -> None:
    stretch, tone = percentile_stretch(np.arange(64, dtype=np.uint8)[None]), tone_curve(Tone(brightness=10))
    assert np.array_equal(after(stretch, tone), [tone[v] for v in stretch])
