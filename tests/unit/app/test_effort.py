"""Human time: what lies between inputs, with pauses left out."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeltool.app.effort import IDLE_S, KEPT_EVERY_S, Effort, Timesheet, Worked, worked_in_all, worked_on
from labeltool.store.project import ProjectStore

gaps = st.lists(st.floats(0, 100), min_size=1, max_size=30)
kinds = st.sampled_from(["move", "click", "key"])


def seconds(gaps_s: list[float]) -> float:
    effort = Effort()
    for at_s in accumulate(gaps_s):
        effort.input(at_s)
    return effort.take().seconds


@given(gaps)
def test_it_is_never_more_than_the_time_on_the_clock(gaps_s: list[float]) -> None:
    assert 0 <= seconds(gaps_s) <= sum(gaps_s[1:]) + 1e-6


@given(gaps, st.integers(0, 29), st.floats(IDLE_S + 0.1, 1e6))
def test_a_pause_adds_nothing(gaps_s: list[float], at: int, pause_s: float) -> None:
    at %= len(gaps_s)
    paused = [*gaps_s[:at], gaps_s[at] + pause_s, *gaps_s[at + 1 :]]
    longer = [*gaps_s[:at], gaps_s[at] + 2 * pause_s, *gaps_s[at + 1 :]]
    assert seconds(paused) <= seconds(gaps_s) + 1e-6
    assert seconds(longer) == pytest.approx(seconds(paused), abs=1e-4)


@given(gaps)
def test_without_pauses_it_is_the_time_on_the_clock(gaps_s: list[float]) -> None:
    short = [gap % IDLE_S for gap in gaps_s]
    assert seconds(short) == pytest.approx(sum(short[1:]), abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 60), kinds), max_size=30), st.integers(0, 30))
def test_taking_what_there_is_in_between_loses_nothing(steps: list[tuple[float, str]], cut: int) -> None:
    whole, parts = Effort(), Effort()
    at_s, first = 0.0, Worked()
    for number, (gap_s, kind) in enumerate(steps):
        at_s += gap_s
        if number == cut:
            first = parts.take()
        for each in (whole, parts):
            each.input(at_s, kind)  # type: ignore[arg-type]
    one, other = whole.take(), first + parts.take()
    assert one.seconds == pytest.approx(other.seconds, abs=1e-6)
    assert (one.clicks, one.keys) == (other.clicks, other.keys)
    assert one.clicks == sum(kind == "click" for _, kind in steps)
    assert one.keys == sum(kind == "key" for _, kind in steps)


@given(st.lists(st.floats(-50, 50), max_size=20))
def test_a_clock_that_goes_back_never_takes_time_away(times: list[float]) -> None:
    effort, before = Effort(), 0.0
    total = Worked()
    for at_s in times:
        effort.input(at_s)
        total += effort.take()
        assert total.seconds >= before
        before = total.seconds
    assert total.seconds <= (max(times) - min(times) if times else 0) + 1e-6


# ---- booked to images


def sheet() -> tuple[Timesheet, list[tuple[str, Worked]]]:
    kept: list[tuple[str, Worked]] = []
    return Timesheet(lambda image_id, worked: kept.append((image_id, worked))), kept


@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from(["a", "b", ""])), max_size=40))
def test_images_share_the_time_of_one_person(steps: list[tuple[float, str]]) -> None:
    timesheet, kept = sheet()
    at_s = 0.0
    for gap_s, image_id in steps:
        at_s += gap_s
        timesheet.input(image_id, at_s)
    timesheet.leave()
    assert {image_id for image_id, _ in kept} <= {"a", "b"}
    assert sum(worked.seconds for _, worked in kept) <= sum(gap for gap, _ in steps[1:]) + 1e-6


def test_the_look_at_the_next_image_is_its_own() -> None:
    timesheet, kept = sheet()
    timesheet.input("a", 0, "click")
    timesheet.stroke("a")
    timesheet.input("a", 10, "key")
    timesheet.input("b", 15, "click")
    timesheet.leave()
    assert kept == [("a", Worked(10, 1, 1, 1)), ("b", Worked(5, 1))]


def test_elsewhere_nothing_counts() -> None:
    timesheet, kept = sheet()
    timesheet.input("a", 0)
    timesheet.input("a", 3)
    timesheet.input("", 5, "click")
    timesheet.input("", 9, "key")
    timesheet.input("a", 12)
    timesheet.input("a", 14)
    timesheet.leave()
    assert kept == [("a", Worked(3)), ("a", Worked(2))]


def test_long_work_is_kept_every_few_minutes_and_nothing_of_it_is_lost() -> None:
    timesheet, kept = sheet()
    for number in range(100):
        timesheet.input("a", number * 10.0)
    assert len(kept) == 990 // KEPT_EVERY_S
    timesheet.leave()
    assert sum(worked.seconds for _, worked in kept) == 990


def test_a_stroke_on_an_image_that_nobody_works_on_is_no_hands() -> None:
    timesheet, kept = sheet()
    timesheet.input("a", 0, "click")
    timesheet.stroke("b")
    timesheet.leave()
    assert kept == [("a", Worked(clicks=1))]


# ---- in a project


def test_totals_are_over_all_that_was_written_down(store: ProjectStore) -> None:
    first, second = (record.id for record in store.images())
    for worked in (Worked(10.0004, 2, 1, 3), Worked(5, 1, 1, 0)):
        store.add_event(first, "worked", worked.to_json())
    store.add_event(second, "worked", Worked(1, 1).to_json())
    store.add_event(first, "comment", {"seconds": 99})
    assert worked_on(store, first) == Worked(15.0, 3, 2, 3)
    assert worked_in_all(store, store.images()) == Worked(16.0, 4, 2, 3)


@pytest.mark.parametrize("data", [{}, {"seconds": "x"}, {"clicks": None}, {"seconds": []}])
def test_an_event_that_is_not_what_it_should_be_counts_for_nothing(store: ProjectStore, data: dict) -> None:  # type: ignore[type-arg]
    image_id = store.images()[0].id
    store.add_event(image_id, "worked", data)
    assert worked_on(store, image_id) == Worked()
