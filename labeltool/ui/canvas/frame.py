"""A frame around a place that is meant."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from labeltool.core.geometry import Box
from labeltool.ui.canvas.viewport import Viewport

ROOM_PX = 6
"""Between the place and its frame, in pixels of the screen: what is framed is not covered."""


def paint_frame(painter: QPainter, view: Viewport, box: Box) -> None:
    """Frame a box of the image, white on black so that it is seen on any ground."""
    (left, top), (right, bottom) = view.to_widget(box.x0, box.y0), view.to_widget(box.x1, box.y1)
    frame = QRectF(left, top, right - left, bottom - top).adjusted(-ROOM_PX, -ROOM_PX, ROOM_PX, ROOM_PX)
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, colour in ((3, QColor(0, 0, 0, 160)), (1, QColor("white"))):
        painter.setPen(QPen(colour, width))
        painter.drawRect(frame)
    painter.restore()
