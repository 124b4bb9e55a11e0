"""Outlines as wide as a thin line of the screen, however far one has zoomed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage, QPainter

from labeltool.core.geometry import Box, Size
from labeltool.ui.canvas.colours import Argb, looked_up
from labeltool.ui.canvas.viewport import Viewport

FINE_ZOOM = 2.0
"""From so many pixels of the screen on, a pixel of the image is too wide for an outline."""

Objects = NDArray[np.uint32] | None
"""Object ids of pixels; None where all are 0."""


class Labels(NamedTuple):
    """What outlines run between: class values, and objects, of every ``step``-th pixel of a box."""

    classes: Callable[[Box, int], NDArray[np.uint8]]
    objects: Callable[[Box, int], Objects] = lambda box, step: None


def fine_outlines(
    label: NDArray[np.uint8],
    xs: NDArray[np.intp],
    ys: NDArray[np.intp],
    colors: Argb,
    width: int = 1,
    objects: Objects = None,
) -> Argb:
    """Premultiplied ARGB of the borders between classes: on either side a line in the colour of its own.

    So it is between ``objects`` [h, w] of one class. ``label`` [h, w]; ``xs`` [w + 1] and ``ys`` [h + 1] say where its
    columns and rows begin and end on the screen, and rise by two at least. ``colors`` uint32 [256]. A line is ``width``
    pixels of the screen wide, or half a pixel of
    the label where that is less.
    """
    out = np.zeros((int(ys[-1] - ys[0]), int(xs[-1] - xs[0])), np.uint32)
    shown = looked_up(colors, label)
    across, down = label[:, 1:] != label[:, :-1], label[1:] != label[:-1]
    if objects is not None:
        across |= objects[:, 1:] != objects[:, :-1]
        down |= objects[1:] != objects[:-1]
    columns, rows = xs[1:-1] - xs[0], ys[1:-1] - ys[0]
    tall, wide = np.diff(ys), np.diff(xs)
    lines = range(min(width, int(tall.min()) // 2, int(wide.min()) // 2))
    left, right = (np.repeat(np.where(across, x, 0), tall, axis=0) for x in (shown[:, :-1], shown[:, 1:]))
    for k in lines:
        out[:, columns - 1 - k], out[:, columns + k] = left, right
    above, below = (np.repeat(np.where(down, x, 0), wide, axis=1) for x in (shown[:-1], shown[1:]))
    for k in lines:
        out[rows - 1 - k] = np.maximum(out[rows - 1 - k], above)
        out[rows + k] = np.maximum(out[rows + k], below)
    return out


def paint_fine_outlines(
    painter: QPainter, view: Viewport, dirty: QRect, size: Size, labels: Labels, colors: Argb
) -> None:
    """Paint the outlines inside ``dirty``, a rectangle of the widget."""
    seen = view.visible(dirty.left(), dirty.top(), dirty.right() + 1, dirty.bottom() + 1, size)
    box = seen.grow(1).intersect(size.box)
    if seen.is_empty:
        return
    label, objects = labels.classes(box, 1), labels.objects(box, 1)
    if all(each is None or not np.any(each != each[0, 0]) for each in (label, objects)):
        return
    ratio = painter.device().devicePixelRatio()
    xs = np.rint((view.left + np.arange(box.x0, box.x1 + 1) * view.zoom) * ratio).astype(np.intp)
    ys = np.rint((view.top + np.arange(box.y0, box.y1 + 1) * view.zoom) * ratio).astype(np.intp)
    pixels = fine_outlines(label, xs, ys, colors, max(1, round(ratio)), objects)
    height, width = pixels.shape
    image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    painter.drawImage(QPointF(xs[0] / ratio, ys[0] / ratio), image)
