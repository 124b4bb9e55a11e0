"""The digit row by its physical keys, so that 1 to 9 choose classes under any layout and input method.

On a French keyboard the key of the 1 types &, and Shift with it 1; Chinese input may keep the character to itself.
What the system says of the key itself is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit

EVDEV: Final = {code: (code - 9) % 10 for code in range(10, 20)}
"""Scan codes of X11 and Wayland."""
WINDOWS: Final = {code: (code - 1) % 10 for code in range(0x02, 0x0C)}
MACOS: Final = {0x12: 1, 0x13: 2, 0x14: 3, 0x15: 4, 0x17: 5, 0x16: 6, 0x1A: 7, 0x1C: 8, 0x19: 9, 0x1D: 0}
"""Virtual keys; macOS has no scan codes."""

SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
PREFIXES = {Qt.KeyboardModifier.NoModifier: "", SHIFT: "Shift+", CTRL | ALT: "Ctrl+Alt+"}
KEYPAD = Qt.KeyboardModifier.KeypadModifier
TYPING = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit)


def digit_of(event: QKeyEvent, platform: str) -> int | None:
    """The digit that is printed on the key of an event, on the row above the letters; None for any other key."""
    if platform == "cocoa":
        return MACOS.get(event.nativeVirtualKey())
    return (WINDOWS if platform == "windows" else EVDEV).get(event.nativeScanCode())


def physical_key(event: QKeyEvent, platform: str) -> str:
    """The key of an event as a shortcut would be written, where it is a digit with modifiers we use; else empty."""
    digit = digit_of(event, platform)
    prefix = PREFIXES.get(event.modifiers() & ~KEYPAD)
    return "" if digit is None or prefix is None else f"{prefix}{digit}"


def is_typing() -> bool:
    """Whether a text field has the focus."""
    focus = QApplication.focusWidget()
    return isinstance(focus, TYPING) or (isinstance(focus, QComboBox) and focus.isEditable())


class DigitKeys(QObject):
    """An event filter for a window that triggers the actions of digits by physical key.

    ``action_of`` finds the action of a key, None where no action has it: then the event is as any other.
    """

    def __init__(self, action_of: Callable[[str], QAction | None], parent: QObject) -> None:
        super().__init__(parent)
        self._action_of = action_of

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """First Qt asks whether a key is meant for a shortcut, and is told that it is ours; later comes the press."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return False
        assert isinstance(event, QKeyEvent)
        key = physical_key(event, QGuiApplication.platformName())
        action = self._action_of(key) if key and not is_typing() else None
        if action is None:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            if QKeySequence(event.keyCombination()) == QKeySequence(key):
                return False  # the layout agrees with the key: an ordinary shortcut
            event.accept()
        elif action.isEnabled() and not event.isAutoRepeat():
            action.trigger()
        return True
