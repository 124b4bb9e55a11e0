from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from labeltool.core.bits import Bits, kept_part


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_bits_give_back_the_pixels_they_were_made_of(inside):
    assert np.array_equal(Bits.of(inside).array(), inside)


@given(arrays(bool, (30, 20)), st.integers(1, 9))
def test_bits_are_of_any_view_of_an_array(inside, step):
    assert np.array_equal(Bits.of(inside.T[::step]).array(), inside.T[::step])


def test_what_holds_nothing_is_not_kept_and_what_holds_all_costs_nothing():
    assert kept_part(False) is None
    assert kept_part(np.zeros((3, 4), bool)) is None
    assert kept_part(True) is True


def test_a_small_region_is_kept_in_less_than_a_hundredth_of_its_tile():
    tile = np.zeros((256, 256), np.uint8)
    cv2.circle(tile, (250, 5), 10, 1, -1)
    tracemalloc.start()
    try:
        kept = [kept_part(tile.view(bool)) for _ in range(1000)]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == 1000
    assert held < 1000 * tile.nbytes / 100
