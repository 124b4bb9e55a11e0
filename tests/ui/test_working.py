"""What a tool works out for longer than a hand should wait, in the real window."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labeltool.core.components import region_at
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box
from labeltool.imaging import superpixels
from labeltool.tools import fill
from labeltool.tools.draft import Draft
from tests.ui.test_regions import Desk, desk, original

__all__ = ["desk", "original"]


class Gate:
    """Following a region waits until it is let through; knows on which thread that was."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.threads: list[str] = []

    def region_at(self, mask, seed, cancel, within=None):
        self.threads.append(threading.current_thread().name)
        while not self.open.wait(0.005):
            cancel.check()
        return region_at(mask, seed, cancel, within)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate()
    monkeypatch.setattr(fill, "region_at", made.region_at)
    yield made
    made.open.set()


def click(desk: Desk, x: float, y: float) -> None:
    at = QPointF(*desk.canvas.image_to_widget(x, y)).toPoint()
    QTest.mouseClick(desk.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def test_the_window_lives_while_a_fill_is_worked_out_and_says_so(desk: Desk, gate: Gate):
    desk.set(Box(100, 100, 120, 120), 2)
    desk.do("fill")
    click(desk, 200, 200)
    assert desk.canvas.preview.working
    assert desk.canvas.cursor().shape() == Qt.CursorShape.BusyCursor
    assert not np.any(desk.label == 1)
    desk.canvas.zoom_by(2.0)  # it can be looked at meanwhile
    gate.open.set()
    desk.until(lambda: desk.session.undo_title == "fill")
    assert [name.startswith("labeltool-tools") for name in gate.threads] == [True]
    assert np.array_equal(desk.label == 2, desk.label != 1)
    assert not desk.canvas.preview.working
    assert desk.canvas.cursor().shape() == Qt.CursorShape.CrossCursor


@pytest.mark.parametrize("leave", ["escape", "undo", "another tool", "another image"])
def test_a_fill_that_is_left_leaves_nothing(desk: Desk, gate: Gate, leave: str):
    told: list[Exception] = []
    desk.canvas.failed.connect(told.append)
    session = desk.session
    desk.do("fill")
    click(desk, 200, 200)
    assert session.painting
    if leave == "escape":
        QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    elif leave == "undo":
        QTest.keyClick(desk.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    elif leave == "another tool":
        desk.do("brush")
    else:
        bench = desk.window.bench
        bench.open_image(next(each.id for each in bench.store.images() if each.id != bench.open.record.id))
    gate.open.set()
    desk.settle()
    assert not session.painting
    assert session.revision == 0
    assert not session.mask.read("label").any()
    assert not desk.canvas.preview.working
    assert told == []


@pytest.mark.parametrize("leave", [False, True])
def test_a_vertex_that_takes_long_to_put_back_stays_where_it_was_dropped_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, leave: bool
):
    let_through = threading.Event()
    admitted = Draft.admitted
    monkeypatch.setattr(Draft, "admitted", lambda draft: let_through.wait(10) and admitted(draft))
    desk.set(Box(100, 100, 140, 140), 1)
    desk.do("pick")
    click(desk, 120, 120)
    let_through.set()
    desk.until(lambda: desk.canvas.preview.outlines)
    let_through.clear()
    start, end = (QPointF(*desk.canvas.image_to_widget(x, x)).toPoint() for x in (140, 200))
    QTest.mousePress(desk.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(desk.canvas, end)
    QTest.mouseRelease(desk.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert desk.canvas.preview.working
    assert desk.canvas.preview.outlines[0].points.max() > 190
    assert np.count_nonzero(desk.label) == 1600
    if leave:
        QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
        let_through.set()
        desk.settle()
        assert np.count_nonzero(desk.label) == 1600
        assert not desk.session.painting
    else:
        let_through.set()
        desk.until(lambda: desk.session.undo_title == "outline")
        assert desk.label[180, 180] == 1
        assert desk.canvas.preview.outlines[0].points.max() > 190


def test_what_a_tool_needs_at_first_use_is_made_ready_when_it_is_chosen(desk: Desk):
    begun: list[str] = []
    desk.window._tool.use(replace(fill.FILL, prepare=lambda: begun.append(threading.current_thread().name)))
    desk.until(lambda: begun)
    assert begun[0].startswith("labeltool-tools")


def test_a_hover_says_that_it_is_being_worked_out_until_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    open_ = threading.Event()
    make = superpixels.superpixels
    monkeypatch.setattr(superpixels, "superpixels", lambda *wanted: open_.wait(10) and make(*wanted))
    desk.do("superpixel")
    desk.point(100, 100)
    desk.until(lambda: desk.canvas.preview.working)
    QApplication.sendEvent(desk.canvas, QEvent(QEvent.Type.Leave))
    assert not desk.canvas.preview.working
    desk.point(120, 100)
    assert desk.canvas.preview.working
    open_.set()
    desk.until(lambda: desk.canvas.preview.outlines)
    assert not desk.canvas.preview.working


def test_a_hover_that_fails_does_not_work_on_for_ever(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def fail(*wanted):
        raise LabeltoolError("the file is gone")

    monkeypatch.setattr(superpixels, "superpixels", fail)
    desk.do("superpixel")
    desk.point(100, 100)
    desk.until(lambda: not desk.window.bench.lanes.busy)
    assert not desk.canvas.preview.working


def test_the_region_that_a_fill_would_take_is_tinted_under_the_pointer(desk: Desk):
    desk.set(Box(100, 100, 120, 120), 2)
    desk.do("fill")
    desk.point(110, 110)
    desk.until(lambda: desk.canvas.preview.area is not None)
    assert desk.canvas.preview.area.part(Box(100, 100, 120, 120)) is not False
    desk.point(200, 200)
    desk.until(lambda: desk.canvas.preview.area is None)
    assert np.count_nonzero(desk.label) == 400
