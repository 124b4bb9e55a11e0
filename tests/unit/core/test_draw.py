from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.draw import capsule, connected_regions, polygon
from labeltool.core.geometry import Size
from labeltool.core.shape import dense

SIZE = Size(64, 48)
coordinate = st.floats(-20, 80, allow_nan=False)


def full(shape, size=SIZE):
    out = np.zeros((size.height, size.width), bool)
    out[shape.box.slices()] = dense(shape).inside
    return out


def distance(px, py, a, b):
    (ax, ay), (bx, by) = a, b
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    t = min(1.0, max(0.0, ((px - ax) * dx + (py - ay) * dy) / length2)) if length2 > 1e-12 else 0.0
    return math.hypot(px - ax - t * dx, py - ay - t * dy)


@settings(max_examples=40, deadline=None)
@given(coordinate, coordinate, coordinate, coordinate, st.floats(0.5, 20))
def test_a_brush_covers_the_pixels_whose_centre_is_within_its_radius(ax, ay, bx, by, radius):
    got = full(capsule((ax, ay), (bx, by), radius, SIZE))
    for row in range(0, SIZE.height, 3):
        for col in range(0, SIZE.width, 3):
            d = distance(col + 0.5, row + 0.5, (ax, ay), (bx, by))
            under_an_end = (col, row) in {(math.floor(ax), math.floor(ay)), (math.floor(bx), math.floor(by))}
            if abs(d - radius) > 1e-3 and not under_an_end:
                assert got[row, col] == (d <= radius)


def test_the_smallest_brush_paints_the_pixel_under_the_pointer():
    shape = capsule((10.01, 7.99), (10.01, 7.99), 0.5, SIZE)
    assert full(shape).sum() == 1
    assert full(shape)[7, 10]


def test_a_brush_outside_the_image_paints_nothing():
    assert capsule((-50, -50), (-40, -60), 5, SIZE).box.is_empty


def test_a_square_polygon_fills_exactly_its_pixels():
    got = full(polygon([[(2, 3), (10, 3), (10, 9), (2, 9)]], SIZE))
    wanted = np.zeros_like(got)
    wanted[3:9, 2:10] = True
    assert np.array_equal(got, wanted)


def test_a_ring_inside_a_ring_is_a_hole():
    outer = [(2, 2), (20, 2), (20, 20), (2, 20)]
    inner = [(6, 6), (12, 6), (12, 12), (6, 12)]
    got = full(polygon([outer, inner], SIZE))
    assert got.sum() == 18 * 18 - 6 * 6
    assert not got[8, 8]


def test_two_polygons_that_share_an_edge_neither_overlap_nor_leave_a_gap():
    edge = [(30.3, -1.0), (22.7, 50.0)]
    left = full(polygon([[(-1, -1), edge[0], edge[1], (-1, 50)]], SIZE))
    right = full(polygon([[edge[0], (70, -1), (70, 50), edge[1]]], SIZE))
    assert not (left & right).any()
    assert (left | right).all()


def test_a_polygon_far_outside_is_empty_and_huge_ones_are_cut():
    assert polygon([[(100, 100), (200, 100), (150, 200)]], SIZE).box.is_empty
    assert full(polygon([[(-1e6, -1e6), (1e6, -1e6), (1e6, 1e6), (-1e6, 1e6)]], SIZE)).all()


@pytest.mark.parametrize("ring", [[], [(1, 1)], [(1, 1), (5, 5)]])
def test_fewer_than_three_corners_enclose_nothing(ring):
    assert polygon([ring], SIZE).box.is_empty


def test_diagonal_pixels_are_one_region():
    inside = np.eye(5, dtype=bool)
    count, ids, stats = connected_regions(inside)
    assert count == 1
    assert (ids == inside).all()
    assert stats.tolist() == [[0, 0, 5, 5, 5]]
