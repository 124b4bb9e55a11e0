from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from labeltool.app import watching
from labeltool.app.watching import Watch
from labeltool.core.pulse import beat, beating, felt


def wait_for(reached: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_work_that_takes_long_is_told_of_again_and_again_until_it_ends() -> None:
    told: list[bool] = []
    watch = Watch(lambda: told.append(watch.is_late), 0.02, 0.01)
    with watch.over():
        wait_for(lambda: len(told) > 3)
        assert watch.is_late
    assert not watch.is_late
    assert all(told)
    watch.end()


def test_quick_work_is_never_late_and_the_next_piece_begins_anew() -> None:
    told: list[int] = []
    watch = Watch(lambda: told.append(1), 60, 60)
    for _ in range(100):
        with watch.over():
            assert not watch.is_late
    assert told == []
    watch.end()


def test_a_watch_that_has_ended_leaves_no_thread() -> None:
    watch = Watch(lambda: None, 0.01, 60)
    with watch.over():
        named = [each for each in threading.enumerate() if each.name == "labeltool-watch"]
    assert named
    watch.end()
    for each in named[-1:]:
        each.join(60)
        assert not each.is_alive()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [100.0]
    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    return clock


@pytest.fixture
def watch() -> Iterator[Watch]:
    made = Watch(lambda: None, 5, 2)
    yield made
    made.end()


def test_work_that_gets_on_is_not_late_however_long_it_takes(watch: Watch, now: list[float]) -> None:
    with watch.over():
        for _ in beating(range(10)):
            now[0] += 4
            assert not watch.is_late
        now[0] += 2
        assert watch.is_late, "it has stood still since"
        beat()
        assert not watch.is_late, "it goes on"
    now[0] += 60
    assert not watch.is_late, "nothing is being done"


def test_work_that_says_nothing_is_late_when_it_was_begun_too_long_ago(
    watch: Watch, now: list[float]
) -> None:
    with watch.over():
        now[0] += 4
        assert not watch.is_late
        now[0] += 1
        assert watch.is_late


def test_a_beat_is_felt_by_whoever_watches_now(watch: Watch, now: list[float]) -> None:
    felt_by: list[str] = []
    with felt(lambda: felt_by.append("outer")):
        with watch.over():
            beat()
        beat()
    beat()
    assert felt_by == ["outer"]
