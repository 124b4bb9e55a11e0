"""The outline of the brush: what a dab would cover, at true size."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from labeltool.tools.tip import TIP, is_square, radius_at
from labeltool.tools.tool import Tool, ToolContext

STROKES = ((QColor(0, 0, 0, 160), 2.6), (QColor(255, 255, 255, 230), 1.2))
MARGIN_PX = 3
LEAST_RADIUS = 0.5
MOST_KEPT_PX = 800
"""An outline wider than this on the device is drawn anew each time: little of it is inside what is repainted."""


class Dab(NamedTuple):
    """A place of the widget that the tip covers: a circle or a square in ``around``."""

    around: QRectF
    square: bool

    @property
    def reach(self) -> QRect:
        """All that its outline touches."""
        return self.around.toAlignedRect().adjusted(-MARGIN_PX, -MARGIN_PX, MARGIN_PX, MARGIN_PX)


def dab_of(tool: Tool, context: ToolContext, at: QPointF, zoom: float, pressure: float) -> Dab:
    """What a tool with a brush would cover at a point of the widget."""
    has_tip = TIP in tool.options
    square = has_tip and is_square(context)
    radius = radius_at(context, pressure) if has_tip and not square else context.radius_px
    reach = max(LEAST_RADIUS, radius) * zoom
    return Dab(QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach), square)


def paint_dab(painter: QPainter, dab: Dab, ratio: float) -> None:
    """Draw the outline on a device of ``ratio`` pixels a pixel of the widget."""
    side = dab.around.width()
    if side * ratio > MOST_KEPT_PX:
        _draw(painter, dab)
    else:
        corner = dab.around.topLeft() - QPointF(MARGIN_PX, MARGIN_PX)
        painter.drawImage(corner, _kept(side, dab.square, ratio))


@lru_cache(maxsize=4)
def _kept(side: float, square: bool, ratio: float) -> QImage:
    """The outline as an image: copying it costs a tenth of drawing two smooth ellipses at every move."""
    pixels = int((side + 2 * MARGIN_PX) * ratio) + 1
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    _draw(painter, Dab(QRectF(MARGIN_PX, MARGIN_PX, side, side), square))
    painter.end()
    return image


def _draw(painter: QPainter, dab: Dab) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in STROKES:
        pen = QPen(color, width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        if dab.square:
            painter.drawRect(dab.around)
        else:
            painter.drawEllipse(dab.around)
