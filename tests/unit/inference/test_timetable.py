"""When a training ends and when its weights are looked at."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.inference.timetable import Timetable


@given(st.integers(1, 400), st.integers(1, 12))
def test_the_last_evaluation_is_at_the_end_and_there_are_no_more_than_wanted(
    steps: int, evaluations: int
) -> None:
    timetable = Timetable(((0, steps),), evaluations)
    at = [step for step in range(steps + 1) if timetable.evaluates(step)]
    assert at[-1] == steps
    assert len(at) == min(steps, evaluations) or len(at) < evaluations
    assert 0 not in at


@given(st.integers(2, 300), st.integers(1, 8), st.data())
def test_a_shortened_timetable_is_the_same_before_and_ends_with_an_evaluation(
    steps: int, evaluations: int, data: st.DataObject
) -> None:
    here = data.draw(st.integers(0, steps - 1))
    fewer = data.draw(st.integers(max(1, here), steps))
    whole = Timetable(((0, steps),), evaluations)
    short = whole.ending(here, fewer)
    for step in range(here):
        assert short.share(step) == whole.share(step)
        assert short.evaluates(step) == whole.evaluates(step)
    shares = [short.share(step) for step in range(fewer + 1)]
    assert shares == sorted(shares) and shares[-1] == 1
    assert short.evaluates(fewer) or fewer == here
    assert short.left(fewer) == 0


@given(st.integers(2, 300), st.data())
def test_a_change_of_the_end_makes_no_jump(steps: int, data: st.DataObject) -> None:
    here = data.draw(st.integers(1, steps - 1))
    others = data.draw(st.integers(here + 1, 2 * steps))
    changed = Timetable(((0, steps),), 4).ending(here, others)
    shares = [changed.share(step) for step in range(here, others + 1)]
    assert shares[0] == here / steps and shares[-1] == 1
    pace = [after - before for before, after in pairwise(shares)]
    assert max(pace) - min(pace) < 1e-9


@given(st.integers(1, 100), st.integers(1, 9), st.integers(0, 50))
def test_it_comes_back_from_json(steps: int, evaluations: int, here: int) -> None:
    timetable = Timetable(((0, steps),), evaluations).ending(here, steps)
    for each in (timetable, replace(timetable, stop=steps)):
        assert Timetable.from_json(each.to_json()) == each


@pytest.mark.parametrize("pieces", [[], [[3, 9]], [[0, 0]], [[0]]])
def test_what_is_no_timetable_is_refused(pieces: list[list[int]]) -> None:
    with pytest.raises(ValueError):
        Timetable.from_json({"pieces": pieces, "evaluations": 2})


@pytest.mark.parametrize("stop", [0, -1, 10, "soon"])
def test_a_training_stops_in_its_schedule_or_not_at_all(stop: object) -> None:
    with pytest.raises(ValueError):
        Timetable.from_json({"pieces": [[0, 9]], "evaluations": 2, "stop": stop})
