"""Two layers of one image compared: swiped across one another, side by side at the same place and zoom, or in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

Mode = Literal["off", "swipe", "side", "flicker"]
SIDES: dict[str, tuple[str, ...]] = {
    "image": ("image",),
    "mask": ("image", "mask"),
    "model": ("image", "answer"),
    "confidence": ("image", "confidence"),
    "error": ("image", "error"),
}
"""What a side may show, and the layers that it is made of, from the lowest to the highest."""

GRAB_PX = 6
"""How near to the line a press takes hold of it."""
HANDLE_PX = 11.0
REACH_PX = 16
"""How far to its sides line and handle are painted, with pixels to spare."""
LEAST_SHARE = 0.02
FLICKER_MS = 600
"""How long each of two layers is seen in turns: what differs jumps to the eye from about a half to one second on, and
no light flashes three times a second, as WCAG 2.3.1 has it."""


@dataclass(frozen=True)
class Pane:
    """A part of the canvas, ``rect``, that shows some layers moved to the right by ``dx`` pixels of the screen.

    ``side`` is what they are together, a key of :data:`SIDES`; empty where nothing is compared.
    """

    rect: QRect
    dx: int
    names: tuple[str, ...]
    side: str = ""


@dataclass
class Compare:
    """Which two layers are compared, how, and which share of the canvas the left one takes; and where the pointer is:
    ``dx`` is how far the pane under it has moved its picture.
    """

    mode: Mode = "off"
    left: str = "mask"
    right: str = "image"
    share: float = 0.5
    names: dict[str, str] = field(default_factory=dict)
    """What the sides are called."""
    second: bool = False
    """In turns: that the right one is seen now."""
    dx: int = 0
    over_line: bool = False
    """True where a press takes hold of the line."""
    dragging: bool = False
    """True while the line is held."""

    def show(self, mode: Mode, left: str, right: str) -> None:
        """Compare two sides, or nothing any more."""
        self.mode, self.left, self.right = mode, left, right
        self.dx, self.over_line, self.dragging, self.second = 0, False, False, False

    def line(self, width: int) -> int:
        """Where the two meet, in pixels from the left."""
        return width // 2 if self.mode == "side" else round(self.share * width)

    def room(self, width: int) -> int:
        """How wide the picture of one side is: of the wider one, where a pixel is left over."""
        return width - width // 2 if self.mode == "side" else width

    def panes(self, rect: QRect, shown: Sequence[str] = ()) -> tuple[Pane, ...]:
        """The parts of a canvas; ``shown`` is what it shows while nothing is compared."""
        if self.mode == "off":
            return (Pane(rect, 0, tuple(shown)),)
        if self.mode == "flicker":
            side = self.right if self.second else self.left
            return (Pane(rect, 0, self._layers(side, shown), side),)
        at = self.line(rect.width())
        dx = at if self.mode == "side" else 0
        sides = (
            (rect.adjusted(0, 0, at - rect.width(), 0), 0, self.left),
            (rect.adjusted(at, 0, 0, 0), dx, self.right),
        )
        return tuple(Pane(place, moved, self._layers(side, shown), side) for place, moved, side in sides)

    def _layers(self, side: str, shown: Sequence[str]) -> tuple[str, ...]:
        """The mask obeys its switch, so that one may peek below it."""
        return tuple(name for name in SIDES[side] if name != "mask" or name in shown)

    def enter(self, at: QPointF, rect: QRect) -> None:
        """The pointer is here, on a canvas; a drag stays with the pane in which it began."""
        x, line = at.x(), self.line(rect.width())
        self.dx = line if self.mode == "side" and x >= line else 0
        self.over_line = self.mode == "swipe" and abs(x - line) <= GRAB_PX

    def in_picture(self, at: QPointF) -> QPointF:
        """A place of the canvas as its view knows it, that is, where the left pane has it."""
        return QPointF(at.x() - self.dx, at.y())

    def drag(self, x: float, rect: QRect) -> QRect:
        """Put the line here. Returns the part of the canvas that looks different now."""
        before = self.line(rect.width())
        self.share = min(1 - LEAST_SHARE, max(LEAST_SHARE, x / max(1, rect.width())))
        first, last = sorted((before, self.line(rect.width())))
        return QRect(first - REACH_PX, 0, last - first + 2 * REACH_PX, rect.height())


def paint_comparison(painter: QPainter, compare: Compare, rect: QRect, has: Callable[[str], bool]) -> None:
    """The line between the two sides, and their names; ``has`` says whether there is a layer."""
    if compare.mode != "flicker":
        _paint_line(painter, compare, rect)
    for pane in compare.panes(rect):
        text = compare.names.get(pane.side, pane.side)
        if not all(has(name) for name in SIDES[pane.side]):
            text = QCoreApplication.translate("Compare", "{layer}: none yet").format(layer=text)
        painter.setClipRect(pane.rect)
        _paint_name(painter, text, pane.rect)


def _paint_line(painter: QPainter, compare: Compare, rect: QRect) -> None:
    """The line between the two sides; where it can be dragged, a handle says so."""
    x = compare.line(rect.width())
    painter.fillRect(QRectF(x - 1.5, 0, 3, rect.height()), QColor(0, 0, 0, 150))
    painter.fillRect(QRectF(x - 0.5, 0, 1, rect.height()), QColor("white"))
    if compare.mode != "swipe":
        return
    middle = QPointF(x, rect.height() / 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(0, 0, 0, 150))
    painter.setBrush(QColor("white"))
    painter.drawEllipse(middle, HANDLE_PX, HANDLE_PX)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(60, 60, 60))
    for side in (-1, 1):
        tip = middle + QPointF(side * 7.5, 0)
        painter.drawPolygon([tip, tip + QPointF(-side * 4.5, -4), tip + QPointF(-side * 4.5, 4)])
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_name(painter: QPainter, text: str, pane: QRect) -> None:
    """What a side shows, at its top."""
    box = painter.fontMetrics().boundingRect(text).adjusted(-8, -4, 8, 4)
    box.moveCenter(pane.center())
    box.moveTop(8)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 170))
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor("white"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
