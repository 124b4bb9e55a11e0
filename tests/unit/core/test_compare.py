"""Confusion matrices: equal to counting by hand, whole or in parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.compare import ConfusionMatrix

planes = arrays(np.uint8, (7, 9), elements=st.sampled_from([0, 1, 2, 5, IGNORE]))


def counted(truth: np.ndarray, prediction: np.ndarray) -> ConfusionMatrix:
    matrix = ConfusionMatrix()
    matrix.add(truth, prediction)
    return matrix


@settings(deadline=None, max_examples=50)
@given(planes, planes)
def test_scores_are_those_of_counting_pixel_by_pixel(truth: np.ndarray, prediction: np.ndarray) -> None:
    scores = counted(truth, prediction).of(1)
    valid = truth != IGNORE
    hit = ((truth == 1) & (prediction == 1) & valid).sum()
    wrong = ((truth != 1) & (prediction == 1) & valid).sum()
    missed = ((truth == 1) & (prediction != 1) & valid).sum()
    assert scores.iou == (pytest.approx(hit / (hit + wrong + missed)) if hit + wrong + missed else None)
    assert scores.f1 == (
        pytest.approx(2 * hit / (2 * hit + wrong + missed)) if hit + wrong + missed else None
    )
    assert scores.precision == (pytest.approx(hit / (hit + wrong)) if hit + wrong else None)
    assert scores.recall == (pytest.approx(hit / (hit + missed)) if hit + missed else None)


@settings(deadline=None, max_examples=50)
@given(planes, planes, st.integers(0, 7))
def test_the_sum_over_parts_is_the_whole(truth: np.ndarray, prediction: np.ndarray, row: int) -> None:
    parts = counted(truth[:row], prediction[:row])
    parts += counted(truth[row:], prediction[row:])
    whole = counted(truth, prediction)
    assert np.array_equal(parts.counts, whole.counts)
    assert parts.pixel_accuracy == whole.pixel_accuracy


@settings(deadline=None, max_examples=50)
@given(planes, planes)
def test_f1_follows_from_iou(truth: np.ndarray, prediction: np.ndarray) -> None:
    scores = counted(truth, prediction).of(2)
    if scores.iou is not None:
        assert scores.f1 == pytest.approx(2 * scores.iou / (1 + scores.iou))


def test_an_absent_class_has_no_score_and_does_not_lower_the_mean() -> None:
    plane = np.array([[0, 0, 1, 1]], np.uint8)
    matrix = counted(plane, plane)
    assert matrix.of(2).iou is None
    assert matrix.miou([0, 1, 2]) == 1.0
    assert matrix.miou([7]) is None


def test_ignored_pixels_count_nowhere() -> None:
    truth = np.array([[0, 1, IGNORE, IGNORE]], np.uint8)
    matrix = counted(truth, np.array([[0, 1, 0, 1]], np.uint8))
    assert (matrix.pixels, matrix.pixel_accuracy) == (2, 1.0)


def test_a_report_names_the_classes() -> None:
    plane = np.array([[0, 1]], np.uint8)
    report = counted(plane, plane).report(ClassCatalog.from_names(["cell"]))
    assert report["per_class"]["cell"] == {"iou": 1.0, "f1": 1.0, "precision": 1.0, "recall": 1.0}
    assert report["miou"] == 1.0


def test_planes_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="truth is"):
        ConfusionMatrix().add(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
