from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.draw import capsule, swept_square, taper
from labeltool.core.geometry import TILE, Box, Size, TileIndex, tile_box, tiles_in
from labeltool.core.mask import LabelMask, constant_value
from labeltool.core.patch import paint, write
from labeltool.core.shape import Dense, Tiles, dense, everywhere, is_nowhere

SIZE = Size(2 * TILE + 40, TILE + 30)
where = st.floats(-60, 600, allow_nan=False, width=32)


def as_array(shape, size=SIZE):
    out = np.zeros((size.height, size.width), bool)
    for index in tiles_in(size.box, size):
        place = tile_box(index, size)
        out[place.slices()] = shape.part(place)
    return out


@settings(max_examples=50, deadline=None)
@given(where, where, where, where, st.floats(0.5, 150), st.floats(0.5, 150))
def test_asked_tile_by_tile_a_shape_is_what_it_is_as_a_whole(ax, ay, bx, by, a, b):
    shape = taper((ax, ay, a), (bx, by, b), SIZE)
    whole = np.zeros((SIZE.height, SIZE.width), bool)
    array = dense(shape)
    whole[array.box.slices()] = array.inside
    assert np.array_equal(as_array(shape), whole)


@settings(max_examples=50, deadline=None)
@given(where, where, where, where, st.floats(0.5, 80), st.floats(0.5, 80))
def test_a_taper_covers_what_discs_along_the_way_cover(ax, ay, bx, by, a, b):
    got = as_array(taper((ax, ay, a), (bx, by, b), SIZE))
    y, x = np.mgrid[: SIZE.height, : SIZE.width] + 0.5
    for t in np.linspace(0, 1, 9):
        cx, cy, r = ax + t * (bx - ax), ay + t * (by - ay), a + t * (b - a)
        assert got[(x - cx) ** 2 + (y - cy) ** 2 <= max(0, r - 1e-3) ** 2].all()


@settings(max_examples=50, deadline=None)
@given(where, where, where, where, st.floats(0.5, 80))
def test_a_square_tip_covers_the_squares_at_both_ends_and_between(ax, ay, bx, by, radius):
    got = as_array(swept_square((ax, ay), (bx, by), radius, SIZE))
    y, x = np.mgrid[: SIZE.height, : SIZE.width] + 0.5
    for t in np.linspace(0, 1, 7):
        cx, cy = ax + t * (bx - ax), ay + t * (by - ay)
        assert got[(abs(x - cx) <= radius - 1e-3) & (abs(y - cy) <= radius - 1e-3)].all()


@settings(max_examples=50, deadline=None)
@given(where, where, where, where, st.floats(0.5, 400))
def test_painting_a_shape_gives_the_same_pixels_as_writing_its_array(ax, ay, bx, by, radius):
    shape = capsule((ax, ay), (bx, by), radius, SIZE)
    fast, plain = LabelMask(SIZE), LabelMask(SIZE)
    for mask in (fast, plain):
        mask.apply(write(mask, Box(10, 10, 300, 200), title="", kind="", label=2, object_id=9, origin=1))
    fast.apply(paint(fast, shape, title="", kind="", label=3, origin=2))
    array = dense(shape)
    plain.apply(write(plain, array.box, array.inside, title="", kind="", label=3, object_id=0, origin=2))
    assert fast.same_pixels(plain)


def test_painting_over_whole_tiles_keeps_one_pixel_of_each():
    mask = LabelMask(SIZE)
    mask.apply(paint(mask, everywhere(SIZE.box), title="", kind="", label=4, origin=2))
    assert constant_value(mask.planes["label"], TileIndex(0, 0)) == 4
    assert mask.planes["label"].tile(TileIndex(0, 0)).strides == (0, 0)
    assert (mask.read("label") == 4).all()
    assert not paint(mask, everywhere(SIZE.box), title="", kind="", label=4, origin=2)


@pytest.mark.parametrize("part", [True, np.eye(TILE, dtype=bool)])
def test_tiles_answer_for_boxes_that_are_no_tiles(part):
    shape = Tiles(SIZE, {TileIndex(0, 1): part})
    box = Box(TILE - 3, 0, TILE + 5, 7)
    wanted = np.zeros((7, 8), bool)
    wanted[:, 3:] = part if part is True else part[:7, :5]
    assert np.array_equal(shape.part(box), wanted)
    assert is_nowhere(shape.part(Box(0, 0, 5, 5)))
    assert shape.box == tile_box(TileIndex(0, 1), SIZE)


def test_a_dense_shape_answers_beyond_its_box():
    shape = Dense(Box(5, 5, 8, 8), np.ones((3, 3), bool))
    part = shape.part(Box(4, 4, 7, 7))
    assert part.tolist() == [[False] * 3, [False, True, True], [False, True, True]]
