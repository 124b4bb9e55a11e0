"""The paired bootstrap: intervals that hold for all classes together, and are wide where there is little to go by."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.bootstrap import Counts, differences, iou, student_quantile


def answers(dice: np.random.Generator, units: int, classes: int, shift: float = 0.0) -> tuple[Counts, Counts]:
    """Two models on images of very different sizes, each with chance of its own; the second finds ``shift`` more."""
    truth = dice.lognormal(8, 1.0, (units, classes)).astype(np.int64)

    def answer(more: float) -> Counts:
        found = np.clip(0.85 + more + dice.normal(0, 0.08, truth.shape), 0, 1)
        wrong = np.clip(dice.normal(0.12, 0.06, truth.shape), 0, None)
        both = (truth * found).astype(np.int64)
        return np.stack([both, truth, both + (truth * wrong).astype(np.int64)], axis=2)

    return answer(0.0), answer(shift)


def worse(before: Counts, after: Counts, **how: int) -> list[int]:
    """Classes whose whole interval lies below zero."""
    found = differences(before, after, resamples=400, **how)
    return [number for number, each in enumerate(found) if each.high is not None and each.high < 0]


@pytest.mark.parametrize(("tail", "freedom", "known"), [
    (0.025, 1, 12.7062), (0.025, 2, 4.30265), (0.025, 10, 2.22814), (0.005, 29, 2.75639), (0.025, 100, 1.98397),
    (0.025, 10_000, 1.95996),
])  # fmt: skip
def test_quantiles_of_students_t_are_those_of_the_tables(tail: float, freedom: int, known: float) -> None:
    assert student_quantile(tail, freedom) == pytest.approx(known, rel=1e-4)


def test_chance_alone_looks_worse_as_rarely_as_the_level_says() -> None:
    """One side of 95 % over all five classes together: 2.5 % of 400 are 10, with a standard deviation of 3.1."""
    false = sum(bool(worse(*answers(np.random.default_rng(seed), 30, 5), seed=seed)) for seed in range(400))
    assert 2 <= false <= 22


def test_without_bonferroni_chance_would_look_worse_far_more_often() -> None:
    def any_alone(seed: int) -> bool:
        before, after = answers(np.random.default_rng(seed), 30, 8)
        return any(worse(before[:, [c]], after[:, [c]], seed=seed) for c in range(8))

    assert sum(any_alone(seed) for seed in range(100)) >= 8


def test_with_few_images_chance_is_not_taken_for_a_loss_either() -> None:
    for units in (2, 3, 5):
        false = sum(
            bool(worse(*answers(np.random.default_rng(seed), units, 3), seed=seed)) for seed in range(150)
        )
        assert false <= 8


def test_a_class_that_has_lost_is_found_and_no_other() -> None:
    before, after = answers(np.random.default_rng(1), 40, 4)
    after[:, 2, 0] = after[:, 2, 0] * 8 // 10
    assert worse(before, after) == [2]
    assert worse(after, before) == []


def test_equal_answers_differ_by_nothing_for_certain() -> None:
    before, _ = answers(np.random.default_rng(1), 12, 3)
    for found in differences(before, before):
        assert (found.value, found.low, found.high, found.units) == (0.0, 0.0, 0.0, 12)


def test_the_same_seed_gives_the_same_interval() -> None:
    pair = answers(np.random.default_rng(3), 10, 2)
    assert differences(*pair, seed=5) == differences(*pair, seed=5) != differences(*pair, seed=6)


def test_of_what_one_image_alone_has_nothing_is_claimed() -> None:
    before, after = answers(np.random.default_rng(1), 6, 2)
    before[1:, 1] = after[1:, 1] = 0
    one, other = differences(before, after)
    assert one.low is not None
    assert (other.low, other.high, other.units) == (None, None, 1)
    assert other.value is not None


def test_where_one_large_image_has_nearly_all_of_a_class_the_interval_is_wide() -> None:
    before, after = answers(np.random.default_rng(1), 12, 1)
    even = differences(before, after)[0]
    before[0] *= 1000
    after[0] *= 1000
    uneven = differences(before, after)[0]
    assert (
        uneven.low is not None and uneven.high is not None and even.low is not None and even.high is not None
    )
    assert uneven.high - uneven.low > even.high - even.low


def test_no_image_and_no_class_are_no_mistake() -> None:
    nothing = np.zeros((0, 3, 3), np.int64)
    assert [found.units for found in differences(nothing, nothing)] == [0, 0, 0]
    empty = np.zeros((4, 2, 3), np.int64)
    assert all(found.before is None and found.low is None for found in differences(empty, empty))
    assert differences(np.zeros((4, 0, 3), np.int64), np.zeros((4, 0, 3), np.int64)) == []


counts = st.integers(0, 1000)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(counts, counts, counts, counts), min_size=1, max_size=8))
def test_the_difference_is_that_of_the_pooled_pixels_and_lies_in_its_interval(
    rows: list[tuple[int, int, int, int]],
) -> None:
    before = np.array([[[hit, hit + miss, hit + wrong]] for hit, miss, wrong, _ in rows], np.int64)
    after = np.array([[[hit, hit + miss, hit + wrong]] for hit, miss, _, wrong in rows], np.int64)
    (found,) = differences(before, after, resamples=50)
    one, other = (float(iou(each.sum(0))[0]) for each in (before, after))
    assert found.before == (None if math.isnan(one) else one)
    assert found.after == (None if math.isnan(other) else other)
    if found.low is not None and found.high is not None and found.value is not None:
        assert found.low - 1e-12 <= found.value <= found.high + 1e-12


def test_two_thousand_resamples_of_a_thousand_images_fit_into_little_memory_and_are_exact() -> None:
    before = np.full((1000, 2, 3), 10**9, np.int64)
    (found, _) = differences(before, before)
    assert (found.before, found.low) == (1.0, 0.0)
