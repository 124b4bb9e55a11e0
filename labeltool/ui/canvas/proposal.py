"""Tinted pixels: what a dialog or a tool would change."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from labeltool.core.geometry import Box
from labeltool.core.shape import Coarse
from labeltool.ui.canvas.viewport import Viewport

TINT = 0x66005066
"""Premultiplied ARGB: seen on any image, and the image through it."""


def drawn_at(zoom: float, box: Box) -> tuple[Box, int]:
    """Of a box at a zoom what is drawn: every so-manyth pixel, and the box from such a pixel on."""
    step = 1
    while 2 * step * zoom <= 1:
        step *= 2
    return Box(box.x0 // step * step, box.y0 // step * step, box.x1, box.y1), step


class Proposal:
    """Pixels as they are seen at the zoom for which they were worked out; painted at any."""

    def __init__(self, area: Coarse) -> None:
        self.area = area
        height, width = area.inside.shape
        self._pixels = np.where(area.inside, np.uint32(TINT), np.uint32(0))
        self._image = QImage(
            self._pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied
        )

    def paint(self, painter: QPainter, view: Viewport) -> None:
        """Tint them."""
        box, step = self.area.box, self.area.step
        x0, y0 = view.to_widget(box.x0, box.y0)
        x1, y1 = view.to_widget(box.x0 + step * self._image.width(), box.y0 + step * self._image.height())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(QRectF(x0, y0, x1 - x0, y1 - y0), self._image)
