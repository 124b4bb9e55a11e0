import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.learning.seconds import LEAST, PRIOR, Seconds, fitted


def effort(m: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [rng.integers(0, 60, m), rng.integers(0, 3000, m), 1000 * rng.random(m), 0.1 + rng.random(m)]
    )


def test_few_measured_images_leave_the_prior() -> None:
    found = fitted(effort(LEAST - 1), np.full(LEAST - 1, 500.0))
    assert found == Seconds() and found.measured == 0
    assert Seconds().of(np.zeros((1, 4))).tolist() == [PRIOR[0]]


def test_many_measured_images_outweigh_the_prior() -> None:
    true = np.array([20.0, 3.0, 0.004, 0.001, 1.0])
    rows = effort(200)
    seconds = np.column_stack([np.ones(200), rows]) @ true
    found = fitted(rows, seconds)
    assert found.measured == 200
    assert (
        np.abs(found.of(effort(50, 1)) / (np.column_stack([np.ones(50), effort(50, 1)]) @ true) - 1).mean()
        < 0.1
    )


def test_whoever_is_three_times_as_slow_is_believed_after_eight_images() -> None:
    rows = effort(LEAST)
    found = fitted(rows, 3 * Seconds().of(rows))
    assert found.of(effort(20, 1)) == pytest.approx(3 * Seconds().of(effort(20, 1)), rel=0.05)


@given(st.integers(0, 10**6))
def test_more_to_do_never_takes_less_time_whatever_was_measured(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m = int(rng.integers(LEAST, 30))
    found = fitted(effort(m, seed), rng.lognormal(3, 1.5, m))
    assert min(found.weights) >= 0
    less, more = effort(20, seed + 1), effort(20, seed + 2)
    assert (found.of(less + more) >= found.of(less)).all()
    assert (found.of(less) > 0).all()
