"""Keys that are held: where the system repeats a key by letting it go and pressing it again, nothing else tells."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence

HELD_S = 0.25
"""A key is repeated once it has been held this long, not before."""
REPEAT_S = 0.04
"""A press this soon after its release is a repetition."""
MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta)


class HeldKeys(QObject):
    """An event filter for a window: an action that does not repeat is run once while its key is held.

    Qt looks after repetitions that are marked as such. X11 marks them only where release and press are read together,
    which is a matter of luck.
    """

    kept = Signal(QAction)
    """The key of this action is still held."""

    def __init__(self, action_of: Callable[[str], QAction | None], parent: QObject) -> None:
        super().__init__(parent)
        self._action_of = action_of
        self._key = self._pressed_s = self._released_s = 0.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Before a key that is pressed becomes a shortcut Qt asks whether somebody wants it for himself."""
        if isinstance(event, QKeyEvent) and not event.isAutoRepeat() and event.key() not in MODIFIERS:
            if event.type() == QEvent.Type.KeyRelease and event.key() == self._key:
                self._released_s = time.monotonic()
            elif event.type() == QEvent.Type.ShortcutOverride:
                return self._pressed(event)
        return False

    def _pressed(self, event: QKeyEvent) -> bool:
        now = time.monotonic()
        if (
            event.key() == self._key
            and now - self._released_s < REPEAT_S
            and self._released_s - self._pressed_s > HELD_S
        ):
            action = self._action_of(_written(event.keyCombination()))
            if action is not None and not action.autoRepeat():
                event.accept()
                self.kept.emit(action)
                return True
        else:
            self._key, self._pressed_s = event.key(), now
        return False


def _written(keys: QKeyCombination) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)
