"""The planes that a view of errors draws."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.disagreement import disagreements
from labeltool.core.error_map import KINDS, Code, Fate, change_plane, error_plane
from labeltool.core.geometry import Size

Plane = NDArray[np.uint8]
SHAPE = (12, 11)
planes = arrays(np.uint8, SHAPE, elements=st.sampled_from([0, 0, 0, 1, 2, IGNORE]))


@settings(deadline=None, max_examples=80)
@given(planes, planes, st.sampled_from([0, None]), st.booleans())
def test_the_plane_and_the_list_say_the_same(
    truth: Plane, other: Plane, background: int | None, unsaid: bool
) -> None:
    codes = error_plane(truth, other, background, unsaid=unsaid)
    regions = disagreements(
        lambda box: truth[box.slices()],
        lambda box: other[box.slices()],
        lambda box: truth[box.slices()],
        Size(SHAPE[1], SHAPE[0]),
        background,
        unsaid=unsaid,
    )
    for code, kind in enumerate(KINDS):
        areas = sum(region.area for region in regions if region.kind is kind)
        interiors = sum(region.interior for region in regions if region.kind is kind)
        if kind is not None:
            assert np.count_nonzero(codes & 3 == code) == areas
            assert np.count_nonzero(codes == code + Code.INTERIOR) == interiors
    assert not np.any(codes == Code.INTERIOR)


def test_errors_are_named_from_the_background() -> None:
    truth = np.array([[0, 1, 1, 2, IGNORE, 1]], np.uint8)
    other = np.array([[1, 0, 2, 2, 1, IGNORE]], np.uint8)
    named = [Code.FALSE_POSITIVE, Code.FALSE_NEGATIVE, Code.CONFUSION, Code.AGREE, Code.AGREE, Code.AGREE]
    assert error_plane(truth, other, 0).tolist() == [named]
    assert error_plane(truth, other, 0, unsaid=True)[0, 5] == Code.FALSE_NEGATIVE
    assert error_plane(truth, other, None).tolist() == [[3, 3, 3, 0, 0, 0]]


def test_far_from_every_outline_an_error_is_interior() -> None:
    truth, other = np.zeros((9, 9), np.uint8), np.ones((9, 9), np.uint8)
    assert (error_plane(truth, other, 0) == Code.FALSE_POSITIVE + Code.INTERIOR).all()
    other[4, 4] = 0
    codes = error_plane(truth, other, 0)
    assert np.count_nonzero(codes == Code.FALSE_POSITIVE) == 24
    assert codes[4, 4] == Code.AGREE
    assert codes[4, 7] == Code.FALSE_POSITIVE + Code.INTERIOR


def test_an_edge_of_what_was_labelled_is_no_outline() -> None:
    truth, other = np.zeros((5, 9), np.uint8), np.ones((5, 9), np.uint8)
    truth[:, 4:] = IGNORE
    assert (error_plane(truth, other, 0)[:, :4] == Code.FALSE_POSITIVE + Code.INTERIOR).all()


def test_a_change_is_told_by_the_truth() -> None:
    truth = np.array([[1, 1, 1, 1, IGNORE, 1]], np.uint8)
    before = np.array([[1, 0, 1, 0, 1, IGNORE]], np.uint8)
    after = np.array([[1, 1, 0, 2, 0, 1]], np.uint8)
    assert change_plane(truth, before, after).tolist() == [
        [
            Fate.STAYS_RIGHT,
            Fate.BECAME_RIGHT,
            Fate.BECAME_WRONG,
            Fate.STAYS_WRONG,
            Fate.NOT_COUNTED,
            Fate.BECAME_RIGHT,
        ]
    ]
