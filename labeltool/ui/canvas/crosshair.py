"""Two lines through the pointer over the whole picture."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QColor, QPainter

from labeltool.core.geometry import Size

SHADE, LIGHT = QColor(0, 0, 0, 70), QColor(255, 255, 255, 190)


def strips(at: QPointF, room: Size) -> tuple[QRect, QRect]:
    """The thin rectangles, upright and level, in which the lines through a point are painted."""
    x, y = math.floor(at.x()), math.floor(at.y())
    return QRect(x - 1, 0, 3, room.height), QRect(0, y - 1, room.width, 3)


def paint_crosshair(painter: QPainter, at: QPointF, room: Size) -> None:
    """Light lines between dark ones, so that they are seen on anything."""
    upright, level = strips(at, room)
    for strip, line in ((upright, upright.adjusted(1, 0, -1, 0)), (level, level.adjusted(0, 1, 0, -1))):
        painter.fillRect(strip, SHADE)
        painter.fillRect(line, LIGHT)
