"""Mouse, wheel and keys: as a tool knows them, and counted."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent

from labeltool.core.draw import Point
from labeltool.tools.tool import Key, Pointer

Kind = Literal["press", "move", "release", "double"]

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
GESTURE_KEYS: dict[Qt.Key, Key] = {
    Qt.Key.Key_Return: "accept",
    Qt.Key.Key_Enter: "accept",
    Qt.Key.Key_Backspace: "back",
    Qt.Key.Key_Delete: "delete",
}
"""Keys that belong to the gesture that is under way."""


def pointer(kind: Kind, event: QMouseEvent, point: Point, pressure: float) -> Pointer:
    """An event at an image point, by a mouse or a pen."""
    button: Literal["left", "right"] = "right" if event.button() == RIGHT else "left"
    held = event.modifiers()
    shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
    ctrl = bool(held & Qt.KeyboardModifier.ControlModifier)
    return Pointer(kind, *point, button, "", pressure, shift, ctrl)


class Notches:
    """Turns of a wheel, added up: a touchpad has small parts of a notch."""

    def __init__(self) -> None:
        self._rest = 0.0

    def whole(self, turned: float) -> int:
        """How many whole notches there are after this turn; a part is kept for the next turn the same way."""
        self._rest = turned + (self._rest if self._rest * turned > 0 else 0.0)
        whole = int(self._rest)
        self._rest -= whole
        return whole
