from collections import Counter

import numpy as np
import pytest

from labeltool.learning.control import difference, drawn, mixed


@pytest.mark.parametrize(("count", "wanted"), [(1, 0), (4, 0), (5, 1), (10, 1), (20, 2), (100, 10)])
def test_the_control_is_a_tenth(count: int, wanted: int) -> None:
    found = drawn(1000, count, np.random.default_rng(0))
    assert len(set(found)) == len(found) == wanted


def test_the_control_is_a_tenth_of_what_there_is() -> None:
    assert len(drawn(20, 500, np.random.default_rng(0))) == 2


def test_every_candidate_is_as_likely_to_be_drawn() -> None:
    counts = Counter(n for seed in range(2000) for n in drawn(10, 10, np.random.default_rng(seed)))
    assert set(counts) == set(range(10)) and min(counts.values()) > 130 and max(counts.values()) < 270


def test_the_control_lies_anywhere_in_the_queue_and_the_ranked_keep_their_order() -> None:
    places: Counter[int] = Counter()
    for seed in range(2000):
        found = mixed(list(range(9)), ["control"], np.random.default_rng(seed))
        assert [each for each in found if each != "control"] == list(range(9))
        places[found.index("control")] += 1
    assert set(places) == set(range(10)) and min(places.values()) > 130 and max(places.values()) < 270


def test_a_difference_that_is_there_is_found_and_one_that_is_not_may_be_chance() -> None:
    rng = np.random.default_rng(0)
    far = difference(rng.normal(10, 1, 40), rng.normal(5, 1, 8))
    near = difference(rng.normal(10, 5, 10), rng.normal(10, 5, 10))
    assert far is not None and near is not None
    assert 3 < far.low < far.estimate < far.high < 6
    assert near.low < 0 < near.high
    assert difference(np.ones(9), np.ones(1)) is None
    assert difference(np.ones(9), np.zeros(2)) == (1, 1, 1)


def test_the_interval_holds_the_truth_nineteen_times_of_twenty_however_few_controls_there_are() -> None:
    rng = np.random.default_rng(0)
    for ranked, control in ((18, 2), (40, 4)):
        found = [difference(rng.normal(3, 2, ranked), rng.normal(1, 2, control)) for _ in range(600)]
        share = np.mean([each is not None and each.low <= 2 <= each.high for each in found])
        assert 0.93 <= share <= 1.0


def test_the_interval_is_that_of_welch_or_a_little_wider() -> None:
    scipy = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(1)
    one, other = rng.normal(3, 1, 30), rng.normal(1, 2, 30)
    wanted = scipy.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    found = difference(one, other)
    assert found is not None
    assert 1 <= (found.high - found.low) / (wanted.high - wanted.low) < 1.05
