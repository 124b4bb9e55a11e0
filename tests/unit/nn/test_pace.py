"""How many steps there is time for."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from labeltool.inference.timetable import Timetable
from labeltool.nn.training.pace import Pace

SECONDS = st.floats(0.01, 5)


def duration(pace: Pace, timetable: Timetable) -> float:
    return timetable.steps * pace.step_s + timetable.evaluations * pace.evaluation_s + pace.calibration_s


@given(st.floats(30, 600), SECONDS, SECONDS, SECONDS, st.floats(0, 20))
def test_a_machine_that_keeps_its_pace_ends_in_time(
    limit_s: float, step_s: float, evaluation_s: float, calibration_s: float, spent_s: float
) -> None:
    pace = Pace(limit_s, step_s, evaluation_s, calibration_s)
    timetable = pace.timetable(spent_s, 10**6, 8)
    assert 1 <= timetable.evaluations <= 8
    if timetable.steps > 1:
        assert spent_s + duration(pace, timetable) <= limit_s


@given(st.integers(1, 500), st.integers(1, 9))
def test_with_time_enough_the_steps_are_those_that_were_asked_for(steps: int, evaluations: int) -> None:
    assert Pace(1e6, 1, 1, 1).timetable(0, steps, evaluations) == Timetable(((0, steps),), evaluations)


def followed(pace: Pace, most: int, seconds_of: Callable[[int], float]) -> tuple[Timetable, float]:
    """The timetable that a training ends with, and how long it took."""
    timetable = pace.timetable(0, most, 4)
    spent_s, step = 0.0, 0
    while step < timetable.steps:
        timetable = pace.kept_up(timetable, step, spent_s, most)
        if timetable.evaluates(step):
            spent_s += pace.evaluation_s
        if step < timetable.steps:
            taken_s = seconds_of(step)
            pace.saw(1, taken_s)
            spent_s, step = spent_s + taken_s, step + 1
    return timetable, spent_s + pace.evaluation_s + pace.calibration_s


@given(st.floats(1.2, 4), st.integers(5, 60))
def test_a_machine_that_becomes_slower_does_fewer_steps_and_ends_in_time(slower: float, since: int) -> None:
    _, taken_s = followed(Pace(100, 1.0, 2.0, 3.0), 10**6, lambda step: 1.0 if step < since else slower)
    assert taken_s <= 115


@given(st.floats(0.3, 0.75), st.integers(5, 40))
def test_a_machine_that_becomes_faster_does_more_steps_and_uses_its_time(faster: float, since: int) -> None:
    at_first = Pace(100, 1.0, 2.0, 3.0).timetable(0, 10**6, 4).steps
    timetable, taken_s = followed(
        Pace(100, 1.0, 2.0, 3.0), 10**6, lambda step: 1.0 if step < since else faster
    )
    assert timetable.steps > at_first and 85 <= taken_s <= 110


def test_a_moment_of_load_does_not_cost_the_rest_of_the_time() -> None:
    timetable, taken_s = followed(
        Pace(1000, 1.0, 2.0, 3.0), 10**6, lambda step: 4.0 if 50 <= step < 60 else 1.0
    )
    assert timetable.steps > 900 and 880 <= taken_s <= 1030


def test_no_more_steps_are_done_than_were_asked_for() -> None:
    timetable, _ = followed(Pace(1000, 1.0, 0.0, 0.0), 500, lambda step: 0.1)
    assert timetable.steps == 500


def test_a_little_late_is_left_as_it_is() -> None:
    timetable = Timetable(((0, 100),), 2)
    assert Pace(100, 1.02, 0, 0).kept_up(timetable, 0, 0, 1000) is timetable
    assert Pace(100, 1.10, 0, 0).kept_up(timetable, 0, 0, 1000).steps == 88
