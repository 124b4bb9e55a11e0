"""What of the panel of images takes keys: the line that searches, and the list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListView, QWidget

from labeltool.ui import theme

KEYPAD = Qt.KeyboardModifier.KeypadModifier
EDITING_KEYS = {
    getattr(Qt.Key, f"Key_{name}")
    for name in ("A", "C", "V", "X", "Z", "Left", "Right", "Home", "End", "Backspace", "Delete")
}
"""What Ctrl does to a line of text; with any other key it is a shortcut of the window."""
FOCUS_PX = 2
FOR_A_WHILE = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)


class SearchField(QLineEdit):
    """A line that leaves the window's shortcuts alone and is left with Esc."""

    left = Signal()
    down = Signal()
    """On to the list below."""

    def event(self, event: QEvent) -> bool:
        """Qt would take Ctrl+E and some others for keys of Emacs."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            with_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if with_ctrl and event.key() not in EDITING_KEYS:
                event.ignore()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc clears the line and leaves it; Down goes on to the list."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.down.emit()
        else:
            super().keyPressEvent(event)


class ImageView(QListView):
    """The list. Whoever has clicked into it has the keys in it as long as the pointer stays there, so that Del is about
    the images that are marked; a frame says that it has them."""

    deleted = Signal()
    left = Signal()
    """The keys are wanted elsewhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lent = False
        self.setStyleSheet(
            f"QListView {{ border: {FOCUS_PX}px solid transparent; }}"
            f"QListView:focus {{ border-color: {theme.ACCENT}; }}"
        )

    def take_keys(self, *, lent: bool) -> None:
        """Have the keys from now on; ``lent`` until the pointer leaves."""
        self.setFocus(Qt.FocusReason.MouseFocusReason if lent else Qt.FocusReason.ShortcutFocusReason)
        self._lent = lent

    def event(self, event: QEvent) -> bool:
        """No shortcut of the window takes Del away."""
        asked = event.type() == QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QKeyEvent) and _is_delete(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Del, and Esc to leave."""
        if _is_delete(event):
            self.deleted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """A character is a key of the window, not the beginning of a name."""

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer goes elsewhere, and the keys that it was lent with it."""
        super().leaveEvent(event)
        self.give_back()

    def give_back(self) -> None:
        """The pointer is elsewhere: keys that were lent go there, too."""
        if self._lent and self.hasFocus():
            self.left.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Somebody else has the keys; another window or a menu has them for a while only."""
        super().focusOutEvent(event)
        if event.reason() not in FOR_A_WHILE:
            self._lent = False


def _is_delete(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Delete and not event.modifiers() & ~KEYPAD
