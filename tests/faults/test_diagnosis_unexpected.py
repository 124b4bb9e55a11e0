"""Errors that nobody waited for: logged, told once, and nothing half done stays behind."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from labeltool.app.diagnosis import log
from labeltool.app.diagnosis.unexpected import Hooks, Unexpected, hand_over
from labeltool.app.session import Operation, Session
from labeltool.core.change import Change, Signal
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, write
from labeltool.core.provenance import Origin


@pytest.fixture
def told() -> Iterator[list[Unexpected]]:
    found: list[Unexpected] = []
    with Hooks(found.append).installed():
        yield found


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_an_error_is_told_once_however_often_it_comes(
    told: list[Unexpected], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "labeltool"):
        for _ in range(1_000):
            hand_over(raised(ValueError("paint")))
    assert [str(found.error) for found in told] == ["paint"]
    assert "ValueError: paint" in told[0].trace and "test_diagnosis_unexpected.py" in told[0].trace
    assert [record.getMessage().splitlines()[0] for record in caplog.records] == [
        "nobody caught this",
        "nobody caught this (10 times)",
        "nobody caught this (100 times)",
        "nobody caught this (1,000 times)",
    ]


def test_errors_of_two_places_are_two(told: list[Unexpected]) -> None:
    hand_over(raised(ValueError("one")))
    try:
        raise ValueError("two")
    except ValueError as error:
        hand_over(error)
    assert [str(found.error) for found in told] == ["one", "two"]


def test_an_error_on_a_thread_is_told(told: list[Unexpected]) -> None:
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    assert [type(found.error) for found in told] == [ZeroDivisionError]


def test_an_error_in_a_destructor_is_logged_and_nobody_is_disturbed(
    told: list[Unexpected], caplog: pytest.LogCaptureFixture
) -> None:
    class Bad:
        def __del__(self) -> None:
            raise ValueError("in a destructor")

    with caplog.at_level(logging.ERROR, "labeltool"):
        Bad()
        gc.collect()
    assert told == []
    assert any("in a destructor" in record.getMessage() for record in caplog.records)


def test_what_the_frames_held_is_let_go_of(told: list[Unexpected]) -> None:
    ended: list[str] = []

    def gesture() -> Iterator[int]:
        try:
            yield 1
        finally:
            ended.append("taken back")

    def slot() -> None:
        held = gesture()
        next(held)
        raise ValueError("in a slot")

    try:
        slot()
    except ValueError as caught:
        error, caught = caught, None  # type: ignore[assignment]
    trace = error.__traceback__  # as Python's prompt would keep it
    sys.excepthook(type(error), error, trace)
    assert ended == ["taken back"]
    assert told[0].error.__traceback__ is None
    assert not hasattr(sys, "last_traceback")


def test_an_error_while_an_error_is_told_does_not_go_round(caplog: pytest.LogCaptureFixture) -> None:
    def tell(found: Unexpected) -> None:
        raise RuntimeError("the teller")

    with Hooks(tell).installed(), caplog.at_level(logging.ERROR, "labeltool"):
        hand_over(raised(ValueError("first")))
    assert [record.getMessage().splitlines()[0] for record in caplog.records] == [
        "nobody caught this",
        "an error could not be reported",
    ]


def test_the_interpreters_own_way_out_stays_its_own(
    told: list[Unexpected], capsys: pytest.CaptureFixture[str]
) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert told == []
    assert "KeyboardInterrupt" in capsys.readouterr().err


def test_a_file_named_in_an_error_is_marked_in_its_traceback(told: list[Unexpected]) -> None:
    hand_over(raised(FileNotFoundError(2, "No such file", "/data/Jane Doe/a.png")))
    assert "'⟨/data/Jane Doe/a.png⟩'" in told[0].trace


# ---- the mask and the journal, whatever a view does


SIZE = Size(60, 40)


class Journal:
    """Keeps what a session saves, and can make a mask of it."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def mask(self) -> LabelMask:
        mask = LabelMask(SIZE)
        for operation in self.operations:
            mask.apply(operation.patch)
        return mask


def dab(session: Session, box: Box, value: int = 1) -> Patch:
    label = np.full((box.height, box.width), value, np.uint8)
    return write(session.mask, box, title="Brush", kind="brush", label=label, origin=Origin.HUMAN)


def fails(change: object) -> None:
    raise RuntimeError("the view is broken")


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def session(journal: Journal) -> Session:
    return Session(LabelMask(SIZE), journal.operations.append)


@pytest.mark.parametrize("signal", ["changed", "committed"])
def test_a_view_that_fails_costs_no_stroke_and_no_undo(
    session: Session, journal: Journal, told: list[Unexpected], signal: str
) -> None:
    seen: list[object] = []
    getattr(session, signal).connect(fails)
    getattr(session, signal).connect(seen.append)
    session.apply(dab(session, Box(0, 0, 10, 10)))
    session.apply(dab(session, Box(5, 5, 20, 20), 2))
    assert journal.mask().same_pixels(session.mask)
    assert session.undo() and journal.mask().same_pixels(session.mask)
    assert session.redo() and journal.mask().same_pixels(session.mask)
    assert session.revision == len(journal.operations) == 4
    assert len(seen) >= 4, "who listens behind it is told all the same"
    assert [str(found.error) for found in told] == ["the view is broken"]


def test_a_stroke_that_is_left_is_taken_back_whole_though_the_view_fails(
    session: Session, journal: Journal, told: list[Unexpected]
) -> None:
    empty = LabelMask(SIZE)
    session.changed.connect(fails)
    with pytest.raises(ZeroDivisionError), session.stroke("Brush", "brush") as stroke:
        stroke.add(dab(session, Box(0, 0, 10, 10)))
        stroke.add(dab(session, Box(5, 5, 20, 20), 2))
        _ = 1 // 0
    assert session.mask.same_pixels(empty)
    assert journal.operations == []
    assert not session.painting
    session.apply(dab(session, Box(0, 0, 3, 3)))
    assert journal.mask().same_pixels(session.mask)


def test_a_dab_that_fails_half_way_is_taken_back_with_its_stroke(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = Size(600, 40)  # two tiles and more
    session = Session(LabelMask(wide), journal.operations.append)
    apply, calls = LabelMask.apply, []

    def short_of_memory(mask: LabelMask, patch: Patch) -> None:
        apply(mask, patch)
        calls.append(1)
        if len(calls) == 2:
            raise MemoryError

    monkeypatch.setattr(LabelMask, "apply", short_of_memory)
    with pytest.raises(MemoryError), session.stroke("Brush", "brush") as stroke:
        stroke.add(dab(session, Box(0, 0, 10, 10)))
        stroke.add(dab(session, Box(300, 5, 320, 20), 2))
    assert session.mask.same_pixels(LabelMask(wide))
    assert journal.operations == [] and not session.painting


def test_a_stroke_that_cannot_begin_does_not_stay_open(journal: Journal) -> None:
    def began() -> None:
        if not journal.operations and not tried:
            tried.append(1)
            raise OSError(28, "No space left on device")

    tried: list[int] = []
    session = Session(LabelMask(SIZE), journal.operations.append, began=began)
    with pytest.raises(OSError, match="No space left"):
        session.apply(dab(session, Box(0, 0, 3, 3)))
    session.apply(dab(session, Box(0, 0, 3, 3)))
    assert journal.mask().same_pixels(session.mask)


def test_every_listener_is_told_before_the_first_failure_is_raised() -> None:
    signal: Signal[Change] = Signal()
    heard: list[int] = []
    listeners: list[Callable[[Change], None]] = [
        lambda _: heard.append(1),
        fails,
        lambda _: heard.append(2),
    ]
    for listener in listeners:
        signal.connect(listener)
    with pytest.raises(RuntimeError, match="the view is broken"):
        signal.emit(Change(Box(0, 0, 1, 1), 1))
    assert heard == [1, 2]


def test_a_labeltool_error_out_of_a_slot_keeps_its_words(told: list[Unexpected], tmp_path: Path) -> None:
    with log.kept("window", print, tmp_path):
        hand_over(raised(LabeltoolError("the disk is full", file="/data/x.ltm", hint="Make room")))
    assert str(told[0].error) == "/data/x.ltm: the disk is full. Make room"
