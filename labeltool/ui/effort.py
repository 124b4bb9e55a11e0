"""How long people work on images: tells a timesheet of every input to the window while an image is in sight."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from labeltool.ui.part import Part

if TYPE_CHECKING:
    from labeltool.app.effort import Input
    from labeltool.app.workbench import Workbench

INPUTS: dict[QEvent.Type, Input] = {
    QEvent.Type.MouseMove: "move",
    QEvent.Type.TabletMove: "move",
    QEvent.Type.Wheel: "move",
    QEvent.Type.MouseButtonPress: "click",
    QEvent.Type.MouseButtonDblClick: "click",
    QEvent.Type.TabletPress: "click",
    QEvent.Type.ShortcutOverride: "key",
}
"""A key that is a shortcut is never pressed, as far as widgets are told; but each is asked for first."""


class EffortMeter(Part):
    """An event filter on the whole program, while a project is open: nowhere else does every input come past, whichever
    widget takes it. Of all other events it asks the type alone. Dialogs and other programs do not count."""

    def __init__(self, window: QWidget, in_sight: Callable[[], bool]) -> None:
        super().__init__(window)
        self._window, self._in_sight = window, in_sight
        self._bench: Workbench | None = None
        QApplication.instance().applicationStateChanged.connect(self._turned)  # type: ignore[union-attr]

    def attach(self, bench: Workbench | None) -> None:
        """Count what is done to the images of this workbench."""
        self._bench = bench
        app = QApplication.instance()
        assert app is not None
        app.removeEventFilter(self)
        if bench is not None:
            app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at an event on its way; it goes on."""
        kind = INPUTS.get(event.type())
        if kind is not None and isinstance(watched, QWidget) and watched.window() is self._window:
            kind = _meant(watched, event, kind)
            if kind is not None:
                self._count(kind)
        return False

    def _count(self, kind: Input) -> None:
        if self._bench is not None:
            image = self._bench.open if self._in_sight() else None
            self._bench.timesheet.input("" if image is None else image.record.id, time.monotonic(), kind)

    def _turned(self, state: Qt.ApplicationState) -> None:
        """Somebody turns to another program, or comes back."""
        if self._bench is not None and state != Qt.ApplicationState.ApplicationActive:
            self._bench.timesheet.leave()


def _meant(watched: QWidget, event: QEvent, kind: Input) -> Input | None:
    """What an input counts as; None where it has been counted. What a widget does not take goes on to its parents, a
    pen's press comes once more as a mouse's, and a key that is held comes again and again."""
    if kind == "click":
        again = not event.spontaneous() or (
            isinstance(event, QMouseEvent) and event.source() != Qt.MouseEventSource.MouseEventNotSynthesized
        )
        return None if again else kind
    if kind == "key":
        if watched is not QApplication.focusWidget():
            return None
        return "move" if isinstance(event, QKeyEvent) and event.isAutoRepeat() else kind
    return kind
