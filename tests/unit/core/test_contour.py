from __future__ import annotations

import numpy as np
import pytest

from labeltool.core.contour import rings, signed_area, simplified
from labeltool.core.draw import capsule, polygon
from labeltool.core.geometry import Size
from labeltool.core.shape import NOWHERE, Dense, dense

SIZE = Size(64, 48)


def test_a_pixel_is_a_square_that_runs_clockwise():
    found = rings(Dense(SIZE.box, _pixels((3, 5))))
    assert [ring.tolist() for ring in found] == [[[5, 3], [6, 3], [6, 4], [5, 4]]]


def test_pixels_that_touch_at_a_corner_share_a_ring_in_both_directions():
    for pair in [((3, 5), (4, 6)), ((3, 6), (4, 5))]:
        found = rings(Dense(SIZE.box, _pixels(*pair)))
        assert [signed_area(ring) for ring in found] == [2]


def test_a_hole_runs_the_other_way_round():
    inside = np.zeros((SIZE.height, SIZE.width), bool)
    inside[2:12, 2:12], inside[4:7, 4:7] = True, False
    assert [signed_area(ring) for ring in rings(Dense(SIZE.box, inside))] == [100, -9]


def test_nothing_has_no_outline():
    assert rings(NOWHERE) == []
    assert rings(Dense(SIZE.box, _pixels())) == []


def test_a_simplified_disc_has_few_corners_and_nearly_its_pixels():
    disc = capsule((30, 24), (30, 24), 20, SIZE)
    (ring,) = rings(disc)
    short = simplified(ring, 1)
    kept, wanted = (dense(s, SIZE.box).inside for s in (polygon([short], SIZE), disc))
    assert len(short) < len(ring) / 3
    assert (kept ^ wanted).sum() < 0.06 * wanted.sum()


@pytest.mark.parametrize("tolerance", [0.5, 5])
def test_a_ring_smaller_than_the_tolerance_stays(tolerance):
    (ring,) = rings(Dense(SIZE.box, _pixels((3, 5))))
    assert abs(signed_area(simplified(ring, tolerance))) >= 0.5


def _pixels(*places):
    inside = np.zeros((SIZE.height, SIZE.width), bool)
    for row, col in places:
        inside[row, col] = True
    return inside
