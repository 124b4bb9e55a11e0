"""How many steps there is time for."""

from __future__ import annotations

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


@given(st.floats(1.2, 4), st.integers(5, 60))
def test_a_machine_that_becomes_slower_does_fewer_steps_and_ends_in_time(slower: float, since: int) -> None:
    pace = Pace(100, 1.0, 2.0, 3.0)
    timetable = pace.timetable(0, 10**6, 4)
    spent_s, step = 0.0, 0
    while step < timetable.steps:
        pace.step_s = 1.0 if step < since else slower
        timetable = pace.kept_up(timetable, step, spent_s)
        if timetable.evaluates(step):
            spent_s += pace.evaluation_s
        if step < timetable.steps:
            spent_s, step = spent_s + pace.step_s, step + 1
    assert spent_s + pace.evaluation_s + pace.calibration_s <= 110


def test_a_little_late_is_left_as_it_is() -> None:
    timetable = Timetable(((0, 100),), 2)
    assert Pace(100, 1.02, 0, 0).kept_up(timetable, 0, 0) is timetable
    assert Pace(100, 1.10, 0, 0).kept_up(timetable, 0, 0).steps == 90
