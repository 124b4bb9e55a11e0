"""How a tool's preview is drawn: outlines with handles, tinted pixels, a word beside the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from labeltool.core.geometry import Box, Size
from labeltool.core.shape import Shape, seen_from_afar
from labeltool.tools.tool import Outline, Preview
from labeltool.ui.canvas.proposal import Proposal, drawn_at
from labeltool.ui.canvas.viewport import Viewport

HANDLE_PX = 6
BEYOND_PX = 8
"""How far outside of its line an outline is painted, handles included."""
FAR = Size(1 << 30, 1 << 30)
LEAST_SPACING_PX = 6.0
"""Handles closer than this on the screen would hide the outline."""
STROKES = ((QColor(0, 0, 0, 180), 3.0), (QColor("white"), 1.2))
HELD = QColor("#ffb000")
MOST_TINTED_PX = 64_000_000
"""Of an area, on the screen: a thousand tiles are asked in a few hundredths of a second."""


def paint_preview(
    painter: QPainter,
    preview: Preview,
    text: str,
    view: Viewport,
    room: Size,
    dirty: QRect,
    pointer: QPointF | None,
) -> None:
    """What of a preview a rectangle of the widget shows; ``text`` is said where it wants, or beside the pointer."""
    reach = dirty.adjusted(-BEYOND_PX, -BEYOND_PX, BEYOND_PX, BEYOND_PX)
    seen = view.visible(reach.left(), reach.top(), reach.right() + 1, reach.bottom() + 1, FAR)
    if preview.area is not None:
        paint_area(painter, preview.area, view, seen)
    for outline in preview.outlines:
        rubber = pointer if preview.rubber and outline is preview.outlines[-1] else None
        paint_outline(painter, outline, view, seen, rubber)
    at = pointer if preview.text_at is None else QPointF(*view.to_widget(*preview.text_at))
    if text and at is not None:
        paint_text(painter, text, at, QRect(0, 0, *room))


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
    Proposal(seen_from_afar(area, *drawn_at(view.zoom, box))).paint(painter, view)


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
