"""How a tool's preview is drawn: outlines with handles, tinted pixels, a word beside the pointer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from labeltool.core.geometry import Box
from labeltool.core.shape import Shape
from labeltool.tools.tool import Outline
from labeltool.ui.canvas.viewport import Viewport

HANDLE_PX = 6
LEAST_SPACING_PX = 6.0
"""Handles closer than this on the screen would hide the outline."""
STROKES = ((QColor(0, 0, 0, 180), 3.0), (QColor("white"), 1.2))
HELD = QColor("#ffb000")
TINT = 0x66005066
"""Premultiplied ARGB of an area: seen on any image, and the image through it."""
MOST_TINTED_PX = 4_000_000


def paint_outline(
    painter: QPainter, outline: Outline, view: Viewport, seen: Box, rubber: QPointF | None
) -> None:
    """A line in black and white, so that it is seen on anything; ``rubber`` is where it goes on to."""
    left, top, right, bottom = outline.bounds
    outside = right < seen.x0 or bottom < seen.y0 or left > seen.x1 or top > seen.y1
    if outside and rubber is None:
        return
    points = [QPointF(x, y) for x, y in (outline.points * view.zoom + (view.left, view.top)).tolist()]
    shown = [*points, rubber] if rubber is not None else points
    polygon = QPolygonF([*shown, shown[0]] if outline.closed else shown)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in STROKES:
        pen = QPen(color, width)
        if outline.dashed and width < 2:
            pen.setDashPattern([4, 4])
        painter.setPen(pen)
        painter.drawPolyline(polygon)
    if outline.handles:
        _paint_handles(painter, outline, points, view)


def _paint_handles(painter: QPainter, outline: Outline, points: list[QPointF], view: Viewport) -> None:
    left, top, right, bottom = outline.bounds
    room = 2 * (right - left + bottom - top) * view.zoom / max(1, len(points))
    dense = outline.closed and room < LEAST_SPACING_PX
    painter.setPen(QPen(QColor(0, 0, 0, 200), 1))
    for index, point in enumerate(points):
        held = index == outline.held
        if dense and not held:
            continue
        painter.setBrush(HELD if held else QColor("white"))
        radius = 5.0 if held or (index == 0 and not outline.closed) else 3.0
        painter.drawEllipse(point, radius, radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_area(painter: QPainter, area: Shape, view: Viewport, seen: Box) -> None:
    """Tint the pixels of a shape that are on the screen."""
    box = area.box.intersect(seen)
    if box.is_empty or box.width * box.height > MOST_TINTED_PX:
        return
    part = area.part(box)
    pixels = np.where(part, np.uint32(TINT), np.uint32(0))
    pixels = np.ascontiguousarray(np.broadcast_to(pixels, (box.height, box.width)))
    image = QImage(
        pixels.data, box.width, box.height, box.width * 4, QImage.Format.Format_ARGB32_Premultiplied
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    x0, y0 = view.to_widget(box.x0, box.y0)
    x1, y1 = view.to_widget(box.x1, box.y1)
    painter.drawImage(QRectF(x0, y0, x1 - x0, y1 - y0), image)


def paint_text(painter: QPainter, text: str, at: QPointF, room: QRect) -> None:
    """A few words beside the pointer, inside the canvas."""
    box = painter.fontMetrics().boundingRect(text).adjusted(-6, -3, 6, 3)
    box.moveTo(round(at.x()) + 16, round(at.y()) + 16)
    box.moveRight(min(box.right(), room.right() - 4))
    box.moveBottom(min(box.bottom(), room.bottom() - 4))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor("white"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
