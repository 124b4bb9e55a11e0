"""The image as it lies on the screen, so that painting over it need not scale it again."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QSize
from PySide6.QtGui import QImage, QPainter, QRegion

Draw = Callable[[QPainter, QRect], None]
"""Paints a rectangle of the widget."""


class Backdrop:
    """Keeps what was painted of the lowest layer. Masks change with every dab, the image does not: a dab costs a copy
    of the pixels below it instead of their interpolation."""

    def __init__(self) -> None:
        self._picture = QImage()
        self._missing = QRegion()
        self._key: object = None

    def forget(self, rect: QRect) -> None:
        """There is more to see in this rectangle of the widget."""
        self._missing |= QRegion(rect)

    def paint(
        self, painter: QPainter, dirty: QRect, room: QRect, ratio: float, key: object, draw: Draw
    ) -> None:
        """Paint a rectangle of ``room``; what was kept under another ``key`` or ``ratio`` (device pixels a pixel of
        the widget) is forgotten. The painter is clipped to ``dirty``."""
        if (room, ratio, key) != self._key:
            self._key = room, ratio, key
            self._picture = QImage(_device_size(room, ratio), QImage.Format.Format_RGB32)
            self._picture.setDevicePixelRatio(ratio)
            self._missing = QRegion(room.adjusted(0, 0, 1, 1))  # a device's last pixel may lie half outside
        around = dirty.adjusted(-1, -1, 1, 1)  # at a ratio of 1.25 a pixel of the device lies across the edge
        gap = self._missing & QRegion(around)
        if not gap.isEmpty():
            below = QPainter(self._picture)
            below.setClipRegion(gap)
            draw(below, gap.boundingRect())
            below.end()
            self._missing -= QRegion(around)
        painter.drawImage(QPointF(0, 0), self._picture)


def _device_size(room: QRect, ratio: float) -> QSize:
    return QSize(-int(-room.width() * ratio // 1), -int(-room.height() * ratio // 1))
