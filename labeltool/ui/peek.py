"""A key that switches something when it is pressed, and switches it back if it was held for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence

from labeltool.ui.held import HELD_S, REPEAT_S

PEEK_S = HELD_S
"""A key held longer than this was a peek."""


class Peek(QObject):
    """An event filter for the widgets that see the release of the keys of ``action``, whose check mark says whether
    it is on."""

    def __init__(self, switch: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._switch = switch
        self._action: QAction | None = None
        self._pressed_s = 0.0
        self._peeked = False
        self._ending = QTimer(self)
        self._ending.setSingleShot(True)
        self._ending.setInterval(round(1000 * REPEAT_S))  # it may be a repetition
        self._ending.timeout.connect(self._end)

    def watch(self, action: QAction, *widgets: QObject) -> None:
        """Follow the keys of this action, over these widgets."""
        self._action = action
        for widget in widgets:
            widget.installEventFilter(self)

    def press(self) -> None:
        """What the action does."""
        self._switch()
        self._peeked = self._action is not None and self._action.isChecked()
        self._pressed_s = time.monotonic()

    def go_on(self, action: QAction) -> None:
        """The key has not been let go."""
        if action is self._action:
            self._ending.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The release of the key; nobody is kept from seeing it."""
        if event.type() == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            self._released(event)
        return False

    def _released(self, event: QKeyEvent) -> None:
        ours = self._action is not None and QKeySequence(event.key()) in self._action.shortcuts()
        if ours and not event.isAutoRepeat() and self._pressed_s:
            if time.monotonic() - self._pressed_s > PEEK_S:
                self._ending.start()
            else:
                self._pressed_s = 0.0

    def _end(self) -> None:
        """Back to what it was, unless something else has switched it meanwhile."""
        self._pressed_s = 0.0
        if self._action is not None and self._action.isChecked() == self._peeked:
            self._switch()
