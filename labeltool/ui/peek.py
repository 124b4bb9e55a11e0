"""A key that switches something when it is pressed, and switches it back if it was held for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence

PEEK_S = 0.25
"""A key held longer than this was a peek."""


class Peek(QObject):
    """An event filter for the widgets that see the release of the keys of ``action``."""

    def __init__(self, switch: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._switch = switch
        self._action: QAction | None = None
        self._pressed_s = 0.0

    def watch(self, action: QAction, *widgets: QObject) -> None:
        """Follow the keys of this action, over these widgets."""
        action.setAutoRepeat(False)
        self._action = action
        for widget in widgets:
            widget.installEventFilter(self)

    def press(self) -> None:
        """What the action does."""
        self._switch()
        self._pressed_s = time.monotonic()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The release of the key; nobody is kept from seeing it."""
        if event.type() == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            self._released(event)
        return False

    def _released(self, event: QKeyEvent) -> None:
        ours = self._action is not None and QKeySequence(event.key()) in self._action.shortcuts()
        if ours and not event.isAutoRepeat() and self._pressed_s:
            held_s, self._pressed_s = time.monotonic() - self._pressed_s, 0.0
            if held_s > PEEK_S:
                self._switch()
