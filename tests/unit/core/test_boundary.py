"""Boundary IoU: equal to the erosion of the paper, whatever the blocks it is read in."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labeltool.core import boundary
from labeltool.core.boundary import BOUNDARY_SHARE, Read, boundary_ious
from labeltool.core.catalog import IGNORE
from labeltool.core.geometry import Size

Labels = NDArray[np.uint8]


def reading(label: Labels) -> Read:
    return lambda box: label[box.slices()]


def size_of(label: Labels) -> Size:
    return Size(label.shape[1], label.shape[0])


def by_erosion(label: Labels, reach: int) -> NDArray[np.bool_]:
    """The definition in the paper: what an erosion of ``reach`` steps takes away, beyond the image being outside."""
    padded = cv2.copyMakeBorder(label, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=reach)
    return (label > 0) & (eroded[1:-1, 1:-1] == 0)


def blobs(rng: np.random.Generator, classes: int) -> Labels:
    noise = cv2.GaussianBlur(rng.normal(0, 1, (70, 90)), (0, 0), 4)
    steps = np.quantile(noise, np.linspace(0, 1, classes + 1)[1:-1])
    return np.digitize(noise, steps).astype(np.uint8)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), block=st.sampled_from([7, 32, 2048]), ignored=st.booleans())
def test_boundary_iou_is_that_of_the_paper_whatever_the_blocks(seed: int, block: int, ignored: bool) -> None:
    rng = np.random.default_rng(seed)
    truth, predicted = blobs(rng, 3), blobs(rng, 3)
    if ignored:
        truth[20:40, 30:60] = IGNORE
    counts = truth != IGNORE
    reach = round(BOUNDARY_SHARE * float(np.hypot(90, 70)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boundary, "BLOCK", block)
        found = boundary_ious(reading(truth), reading(predicted), size_of(truth), range(5))
    for value in range(3):
        a, b = (
            by_erosion(((label == value) & counts).astype(np.uint8), reach) for label in (truth, predicted)
        )
        assert found[value] == pytest.approx((a & b).sum() / (a | b).sum())
    assert found[3] is found[4] is None


def test_equal_outlines_are_one_and_outlines_far_apart_nothing() -> None:
    left, right = np.zeros((2, 60, 200), np.uint8)
    left[10:50, 10:60] = 1
    right[10:50, 110:160] = 1
    assert boundary_ious(reading(left), reading(left), size_of(left), [1]) == {1: 1.0}
    assert boundary_ious(reading(left), reading(right), size_of(left), [1]) == {1: 0.0}


def test_a_hole_deep_inside_costs_less_than_the_whole_outline_moved() -> None:
    """What the figure is for: plain IoU would have it the other way round."""
    truth = np.zeros((200, 200), np.uint8)
    truth[20:180, 20:180] = 1
    holed, moved = truth.copy(), np.roll(truth, 5, axis=1)
    holed[70:130, 70:130] = 0
    hole, shift = (
        boundary_ious(reading(truth), reading(each), size_of(truth), [1])[1] for each in (holed, moved)
    )
    assert hole is not None
    assert shift is not None
    assert hole > shift
    assert (truth & holed).sum() / truth.sum() < (truth & moved).sum() / (truth | moved).sum()
