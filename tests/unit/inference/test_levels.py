"""Stretching grey levels."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeltool.inference.levels import IDENTITY, apply, image_levels, stretched

from .conftest import ArrayReader


@settings(deadline=None, max_examples=60)
@given(arrays(np.int64, 256, elements=st.integers(0, 100)).filter(lambda counts: counts.sum() > 0))
def test_levels_never_change_the_order_of_values(counts: np.ndarray) -> None:
    levels = stretched(counts, (0.5, 99.5))
    assert (np.diff(levels.astype(int)) >= 0).all()


def test_a_dark_image_uses_the_whole_range_afterwards() -> None:
    pixels = np.random.default_rng(0).integers(3, 30, (600, 700, 3), np.uint8)
    reader = ArrayReader(pixels)
    bright = apply(image_levels(reader, (0.0, 100.0)), pixels)
    assert (bright.min(), bright.max()) == (0, 255)


def test_an_image_of_one_value_is_not_blown_up() -> None:
    reader = ArrayReader(np.full((10, 10, 3), 40, np.uint8))
    assert apply(image_levels(reader, (0.5, 99.8)), reader.pixels).max() == 0


def test_without_percentiles_nothing_changes() -> None:
    assert image_levels(ArrayReader(np.zeros((1, 1, 3), np.uint8)), None) is IDENTITY


def test_a_light_image_is_not_brightened() -> None:
    counts = np.zeros(256, np.int64)
    counts[[0, 100, 200]] = [1, 1, 8]
    assert stretched(counts, (0.0, 100.0))[100] == 128
