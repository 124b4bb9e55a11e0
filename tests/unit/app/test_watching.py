from __future__ import annotations

import threading
import time
from collections.abc import Callable

from labeltool.app.watching import Watch


def wait_for(reached: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
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
        each.join(5)
        assert not each.is_alive()
