"""Comments on the canvas: numbered pins, equally large at any zoom, each with its tip at the point that is meant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from labeltool.core.draw import Point
from labeltool.ui import theme
from labeltool.ui.canvas.viewport import Viewport

if TYPE_CHECKING:
    from labeltool.app.people.comments import Thread  # what a project needs is imported when one is opened

RADIUS_PX, RISE_PX = 11.0, 18.0
"""Of the head, and how far its middle lies above the point: what is meant stays in sight."""
GRAB_PX = 12.0
FAINT, RESOLVED = 0.5, "#6c6f74"
BUBBLE_PX, MOST_CHARACTERS = 260, 240


class Pin(NamedTuple):
    """A thread and its number among those of its image, from 1."""

    number: int
    thread: Thread


class Pins:
    """What is pinned to the image at hand."""

    def __init__(self) -> None:
        self.pins: list[Pin] = []
        self.hovered: int | None = None
        """The thread under the pointer, by its event."""
        self.chosen: int | None = None
        self.draft: Point | None = None
        """Where a comment is being written that is not there yet."""

    def show(self, threads: Sequence[Thread]) -> None:
        """These threads, in the order in which they were opened."""
        self.pins = [Pin(number, thread) for number, thread in enumerate(threads, 1)]

    def of(self, number: int) -> Pin | None:
        """The pin of a thread, by its event."""
        return next((pin for pin in self.pins if pin.thread.number == number), None)

    def at(self, x: float, y: float, view: Viewport) -> Pin | None:
        """The pin whose head is at a point of the widget, the one painted last where there are several."""
        for pin in reversed(self._in_order()):
            if math.dist(_head(view, pin.thread.x, pin.thread.y).toTuple(), (x, y)) <= GRAB_PX:
                return pin
        return None

    def _in_order(self) -> list[Pin]:
        """As they are painted: resolved ones lie below."""
        return sorted(self.pins, key=lambda pin: (not pin.thread.resolved, pin.number))

    def paint(self, painter: QPainter, view: Viewport, dirty: QRect) -> None:
        """Those that the dirty rectangle shows."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(dirty).adjusted(-16, -4, 16, 34)
        for pin in self._in_order():
            if room.contains(QPointF(*view.to_widget(pin.thread.x, pin.thread.y))):
                marked = pin.thread.number in (self.hovered, self.chosen)
                _paint(
                    painter, view, (pin.thread.x, pin.thread.y), str(pin.number), pin.thread.resolved, marked
                )
        if self.draft is not None:
            _paint(painter, view, self.draft, "+", resolved=False, marked=True)
        painter.restore()


def _head(view: Viewport, x: float, y: float) -> QPointF:
    return QPointF(*view.to_widget(x, y)) - QPointF(0, RISE_PX)


def _paint(painter: QPainter, view: Viewport, at: Point, text: str, resolved: bool, marked: bool) -> None:
    """A drop with its tip at the point, white around it so that it is seen on any ground."""
    middle, tip = _head(view, *at), QPointF(*view.to_widget(*at))
    drop = QPainterPath()
    drop.addEllipse(middle, RADIUS_PX, RADIUS_PX)
    point = QPainterPath(tip)
    point.lineTo(middle + QPointF(-0.6 * RADIUS_PX, 0.75 * RADIUS_PX))
    point.lineTo(middle + QPointF(0.6 * RADIUS_PX, 0.75 * RADIUS_PX))
    point.closeSubpath()
    drop = drop.united(point)
    painter.setOpacity(FAINT if resolved and not marked else 1.0)
    painter.setBrush(QColor(RESOLVED if resolved else theme.ACCENT))
    painter.setPen(QPen(QColor(0, 0, 0, 150), 5 if marked else 3.5))
    painter.drawPath(drop)
    painter.setPen(QPen(QColor("white"), 3 if marked else 1.5))
    painter.drawPath(drop)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPath(drop)
    font = QFont(painter.font())
    font.setBold(True)
    font.setPixelSize(12 if len(text) < 3 else 10)
    painter.setFont(font)
    painter.setPen(QColor("white"))
    side = 2 * RADIUS_PX
    head = QRectF(middle.x() - RADIUS_PX, middle.y() - RADIUS_PX, side, side)
    painter.drawText(head, Qt.AlignmentFlag.AlignCenter, text)
    painter.setOpacity(1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_bubble(painter: QPainter, text: str, at: Point, room: QRect) -> None:
    """What a pin says, beside it (``at`` is a point of the widget) and inside the canvas."""
    short = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS].rstrip()}…"
    flags = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft)
    box = (
        painter.fontMetrics().boundingRect(QRect(0, 0, BUBBLE_PX, 1000), flags, short).adjusted(-8, -6, 8, 6)
    )
    box.moveTopLeft(QPointF(at[0] + RADIUS_PX + 8, at[1] - RISE_PX - RADIUS_PX).toPoint())
    if box.right() > room.right() - 4:
        box.moveRight(round(at[0] - RADIUS_PX) - 8)
    box.moveTop(max(4, min(box.top(), room.bottom() - 4 - box.height())))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 215))
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QColor("white"))
    painter.drawText(box.adjusted(8, 6, -8, -6), flags, short)
    painter.restore()
