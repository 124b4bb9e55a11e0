"""Stages that overlap: order, bounds, errors of either side, and the end of the thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken
from labeltool.inference.stages import ahead, behind


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers()), st.integers(1, 4))
def test_everything_comes_in_order_through_both_stages(items: list[int], most: int) -> None:
    taken: list[int] = []
    with behind(taken.append, most) as put:
        for item in ahead(iter(items), most):
            put(item)
    assert taken == items


def test_no_more_is_made_ahead_than_was_said() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    stage = ahead(items(), 2)
    assert next(stage) == 0
    time.sleep(0.1)
    assert len(made) <= 4  # one is here, two wait, one is held by the thread
    stage.close()


def test_what_goes_wrong_while_making_arrives_where_it_happened() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    stage = ahead(items(), 3)
    assert next(stage) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(stage)


def test_what_goes_wrong_while_handing_over_arrives_and_nothing_waits_for_ever() -> None:
    def take(item: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError), behind(take, 1) as put:
        for number in range(100):
            put(number)


def test_an_error_of_the_caller_comes_first_and_what_was_put_is_taken_all_the_same() -> None:
    taken: list[int] = []
    with pytest.raises(ValueError, match="mine"), behind(taken.append, 8) as put:
        put(1)
        put(2)
        raise ValueError("mine")
    assert taken == [1, 2]


def test_leaving_early_ends_the_thread() -> None:
    before = threading.active_count()
    stage = ahead(iter(range(1000)), 1)
    next(stage)
    stage.close()
    assert threading.active_count() == before


def test_a_cancel_is_heard_while_the_next_is_waited_for() -> None:
    cancel, go_on = CancelToken(), threading.Event()

    def items() -> Iterator[int]:
        go_on.wait(30)
        yield 1

    threading.Timer(0.1, cancel.cancel).start()
    threading.Timer(0.4, go_on.set).start()
    with pytest.raises(CancelledError):
        next(ahead(items(), 1, cancel))
