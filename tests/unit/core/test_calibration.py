"""Calibration by counting: equal to the definition, whole or in parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeltool.core.calibration import BINS, Calibration
from labeltool.core.catalog import IGNORE

planes = arrays(np.uint8, (7, 9), elements=st.sampled_from([0, 1, 2, IGNORE]))
confidences = arrays(np.uint8, (7, 9))

Plane = np.ndarray


def counted(truth: Plane, prediction: Plane, confidence: Plane) -> Calibration:
    calibration = Calibration()
    calibration.add(truth, prediction, confidence)
    return calibration


def error_by_definition(right: Plane, confidence: Plane) -> float | None:
    """The mean over pixels of |confidence - accuracy| of the bin that each lies in."""
    if not right.size:
        return None
    number = (confidence.astype(int) * BINS) // 255
    gaps = [abs((confidence[number == n] / 255).mean() - right[number == n].mean()) for n in number]
    return float(np.mean(gaps))


@settings(deadline=None, max_examples=50)
@given(planes, planes, confidences)
def test_the_error_is_that_of_the_definition(truth: Plane, prediction: Plane, confidence: Plane) -> None:
    calibration = counted(truth, prediction, confidence)
    for value in (None, 0, 1, 2):
        where = (truth != IGNORE) & (prediction != IGNORE if value is None else prediction == value)
        wanted = error_by_definition((truth == prediction)[where], confidence[where])
        found = calibration.error if value is None else calibration.error_of(value)
        assert found == (None if wanted is None else pytest.approx(wanted, abs=1e-12))


@settings(deadline=None, max_examples=30)
@given(planes, planes, confidences, st.integers(0, 7))
def test_the_sum_over_parts_is_the_whole(
    truth: Plane, prediction: Plane, confidence: Plane, row: int
) -> None:
    parts = counted(truth[:row], prediction[:row], confidence[:row])
    parts += counted(truth[row:], prediction[row:], confidence[row:])
    whole = counted(truth, prediction, confidence)
    assert np.array_equal(parts.counts, whole.counts)
    assert parts.bins() == whole.bins()


@settings(deadline=None, max_examples=30)
@given(planes, planes, confidences, st.integers(1, 40))
def test_every_counted_pixel_lies_in_one_bin(
    truth: Plane, prediction: Plane, confidence: Plane, count: int
) -> None:
    bins = counted(truth, prediction, confidence).bins(count)
    assert sum(each.pixels for each in bins) == ((truth != IGNORE) & (prediction != IGNORE)).sum()
    for each in bins:
        assert (each.confidence is None) == (each.accuracy is None) == (each.pixels == 0)
        assert each.confidence is None or each.low <= each.confidence + 1e-12
        assert each.confidence is None or each.confidence < each.high or each.low == 1.0


def test_a_model_that_is_right_as_often_as_it_says_has_no_error() -> None:
    truth = np.array([[1, 1, 1, 1, 0]], np.uint8)
    calibration = counted(truth, np.ones_like(truth), np.full_like(truth, 204))
    assert calibration.error == pytest.approx(0)
    [used] = [each for each in calibration.bins() if each.pixels]
    assert (used.pixels, used.confidence, used.accuracy) == (5, pytest.approx(0.8), 0.8)


def test_one_that_is_certain_and_wrong_has_all_of_it() -> None:
    plane = np.zeros((2, 2), np.uint8)
    assert counted(plane, plane + 1, plane + 255).error == 1.0


def test_where_nothing_counts_there_is_no_error_rather_than_none_made() -> None:
    plane = np.full((2, 2), IGNORE, np.uint8)
    calibration = counted(plane, plane, plane)
    assert calibration.error is None
    assert calibration.error_of(1) is None


def test_planes_of_two_sizes_are_refused() -> None:
    a, b = np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8)
    with pytest.raises(ValueError, match=r"confidence \(2, 3\)"):
        Calibration().add(a, a, b)
