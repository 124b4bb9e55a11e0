"""What a tool works out for longer than a hand should wait, in the real window."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from labeltool.core.components import region_at
from labeltool.core.geometry import Box
from labeltool.tools import fill
from tests.ui.test_regions import Desk, desk

__all__ = ["desk"]


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
