"""Inputs to the window become time, clicks and keys of the image in sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget

from labeltool.ui.effort import EffortMeter

NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton


class Bench:
    """As much of a workbench as is asked."""

    def __init__(self) -> None:
        self.open: Any = type("Image", (), {"record": type("Record", (), {"id": "a"})})
        self.timesheet = self
        self.heard: list[tuple[str, str]] = []
        self.left = 0

    def input(self, image_id: str, at_s: float, kind: str) -> None:
        self.heard.append((image_id, kind))

    def leave(self) -> None:
        self.left += 1

    def count(self, kind: str) -> int:
        return sum(each == kind for _, each in self.heard)


class Places:
    def __init__(self, app: QApplication) -> None:
        self.window = QWidget()
        column = QVBoxLayout(self.window)
        self.button, self.canvas, self.line = QPushButton("tool"), QWidget(), QLineEdit()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for each in (self.button, self.canvas, self.line):
            column.addWidget(each)
        self.in_sight = True
        self.meter = EffortMeter(self.window, lambda: self.in_sight)
        self.bench = Bench()
        self.meter.attach(self.bench)  # type: ignore[arg-type]
        self.window.resize(300, 200)
        self.window.show()
        self.window.activateWindow()
        app.processEvents()
        self.bench.heard.clear()


@pytest.fixture
def places(app: QApplication):  # type: ignore[no-untyped-def]
    made = Places(app)
    yield made
    made.meter.attach(None)
    made.window.close()


def by_widget(places: Places, widget: QWidget) -> None:
    QTest.mouseClick(widget, LEFT)


def by_window(places: Places, widget: QWidget) -> None:
    """As the system delivers it."""
    handle = places.window.windowHandle()
    QTest.mouseClick(handle, LEFT, NONE, widget.mapTo(places.window, widget.rect().center()))
    QApplication.processEvents()


@pytest.mark.parametrize("click", [by_widget, by_window])
def test_a_click_counts_once_whoever_takes_it(
    places: Places, click: Callable[[Places, QWidget], None]
) -> None:
    click(places, places.button)
    assert places.bench.count("click") == 1
    click(places, places.canvas)  # which leaves it to its parents
    assert places.bench.count("click") == 2
    assert {image_id for image_id, _ in places.bench.heard} == {"a"}


def test_a_pointer_that_moves_says_that_somebody_is_there(places: Places) -> None:
    places.canvas.setMouseTracking(True)
    handle = places.window.windowHandle()
    for x in (40, 60):
        QTest.mouseMove(handle, places.canvas.mapTo(places.window, QPoint(x, 5)))
        QApplication.processEvents()
    assert places.bench.count("move") >= 2
    assert places.bench.count("click") == 0


def test_a_key_counts_once_and_while_it_is_held_no_more(places: Places) -> None:
    for widget in (places.canvas, places.line):
        widget.setFocus()
        assert QApplication.focusWidget() is widget
        QTest.keyClick(widget, Qt.Key.Key_B)
    assert places.bench.count("key") == 2
    held = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_B, NONE, "b", True)
    QApplication.sendEvent(places.line, held)
    assert places.bench.count("key") == 2
    QTest.keyClick(places.window.windowHandle(), Qt.Key.Key_C)
    QApplication.processEvents()
    assert places.bench.count("key") == 3


def test_another_workspace_counts_for_no_image(places: Places) -> None:
    places.in_sight = False
    by_widget(places, places.button)
    assert [image_id for image_id, kind in places.bench.heard if kind == "click"] == [""]
    places.in_sight, places.bench.open = True, None
    by_widget(places, places.button)
    assert {image_id for image_id, _ in places.bench.heard} == {""}


def test_a_dialog_does_not_count(places: Places) -> None:
    dialog = QDialog(places.window)
    button = QPushButton("ok", dialog)
    dialog.show()
    QTest.mouseClick(button, LEFT)
    assert places.bench.count("click") == 0
    dialog.close()


def test_another_program_does_not_count(places: Places, app: QApplication) -> None:
    app.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert places.bench.left == 1
    app.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    assert places.bench.left == 1


def test_without_a_project_nothing_is_listened_to(places: Places) -> None:
    places.meter.attach(None)
    by_widget(places, places.button)
    assert places.bench.heard == []
