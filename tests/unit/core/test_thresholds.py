"""Precision and recall at every threshold, from counts: equal to the definition over pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from labeltool.core.calibration import Calibration
from labeltool.core.catalog import IGNORE
from labeltool.core.compare import ClassScores, ConfusionMatrix
from labeltool.core.thresholds import ThresholdCurve, threshold_curve

Plane = NDArray[np.uint8]
planes = arrays(np.uint8, (6, 8), elements=st.sampled_from([0, 1, 2, IGNORE]))
confidences = arrays(np.uint8, (6, 8), elements=st.sampled_from([0, 10, 127, 128, 254, 255]))


def curve_of(truth: Plane, predicted: Plane, confidence: Plane, value: int) -> ThresholdCurve:
    calibration, counted = Calibration(), ConfusionMatrix()
    calibration.add(truth, predicted, confidence)
    counted.add(truth, predicted)
    return threshold_curve(calibration, counted, value)


@settings(deadline=None, max_examples=80)
@given(planes, planes, confidences, st.sampled_from([0, 1, 2]), st.integers(0, 255))
def test_scores_are_those_of_the_pixels_that_stay(
    truth: Plane, predicted: Plane, confidence: Plane, value: int, threshold: int
) -> None:
    counted = truth != IGNORE
    stays = counted & (predicted == value) & (confidence >= threshold)
    is_class = counted & (truth == value)
    right = int((stays & is_class).sum())

    def share(part: int, whole: int) -> float | None:
        return part / whole if whole else None

    curve = curve_of(truth, predicted, confidence, value)
    assert curve.at(threshold) == ClassScores(
        iou=share(right, int((stays | is_class).sum())),
        f1=share(2 * right, int(stays.sum() + is_class.sum())),
        precision=share(right, int(stays.sum())),
        recall=share(right, int(is_class.sum())),
    )
    for name, ratios in (("precision", curve.precision), ("recall", curve.recall), ("f1", curve.f1)):
        wanted = getattr(curve.at(threshold), name)
        assert np.isnan(ratios[threshold]) if wanted is None else ratios[threshold] == pytest.approx(wanted)


@settings(deadline=None, max_examples=40)
@given(planes, planes, confidences, st.sampled_from([0, 1, 2]))
def test_a_threshold_of_zero_changes_nothing(
    truth: Plane, predicted: Plane, confidence: Plane, value: int
) -> None:
    counted = ConfusionMatrix()
    counted.add(truth, predicted)
    assert curve_of(truth, predicted, confidence, value).at(0) == counted.of(value)


@settings(deadline=None, max_examples=40)
@given(planes, planes, confidences)
def test_no_threshold_has_a_better_f1_than_the_best(
    truth: Plane, predicted: Plane, confidence: Plane
) -> None:
    curve = curve_of(truth, predicted, confidence, 1)
    if curve.best is None:
        assert not curve.right.any()
    else:
        scores = [curve.at(threshold).f1 or 0.0 for threshold in range(256)]
        assert curve.best == scores.index(max(scores))


def test_the_best_threshold_leaves_out_what_is_unsure_and_wrong() -> None:
    truth = np.array([[1, 1, 0, 0]], np.uint8)
    confidence = np.array([[250, 200, 90, 80]], np.uint8)
    curve = curve_of(truth, np.ones_like(truth), confidence, 1)
    assert curve.best == 91
    assert curve.at(91) == ClassScores(iou=1.0, f1=1.0, precision=1.0, recall=1.0)
    assert curve.at(0).precision == 0.5
