"""The minimap: the whole image in a corner of the canvas, and which part of it is seen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from labeltool.core.geometry import TILE, Box, Size
from labeltool.ui.canvas.layers import Layer, Place
from labeltool.ui.canvas.widget import Canvas

LONG_SIDE, MARGIN = 176, 12
EVERY_MS = 300
"""How often a mask that is being painted is shown again."""
NOTHING = Box(0, 0, 0, 0)
NEAR_PX = 96
"""While something is being drawn this close to it, it is out of the way."""


class Minimap(QWidget):
    """Shown while a part of the image is out of sight. A press or a drag brings the view there.

    It never covers what is being drawn, nor the words beside the pointer.

    It has layers of its own, one tile each; what a stroke changes is put off until a timer rings.
    """

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("minimap")
        self.setAccessibleName(self.tr("Minimap"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()
        self._canvas = canvas
        self._size: Size | None = None
        self._layers: dict[str, Layer] = {}
        self._place = Place(0, 0, 0)
        self._changed = NOTHING
        self._timer = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._timer.timeout.connect(self._take_changes)
        self.shown, self.mask_shown = True, True
        self._in_the_way = False
        canvas.view_changed.connect(self.follow)
        canvas.pointed.connect(self._make_way)
        canvas.installEventFilter(self)

    def show_image(self, size: Size | None, layers: dict[str, Layer]) -> None:
        """An image's layers, "image" and "mask"; None for no image."""
        self._size, self._layers, self._changed = size, layers, NOTHING
        if size is not None:
            self._place = Place(level_that_fits(size), 0, 0)
            longest = max(size)
            self.setFixedSize(*(max(12, round(LONG_SIDE * side / longest)) for side in size))
        self.follow()

    def follow(self) -> None:
        """The view is another one, or the switch: show what is seen, or nothing where all of it is."""
        size = self._size
        part = size is not None and self._canvas.what_is_seen().visible != size.box
        if self.shown and part and not self._in_the_way:
            self._put_in_corner()
            self.show()
            self.update()
        else:
            self.hide()

    def _make_way(self) -> None:
        """The pointer has moved: step aside where something is drawn, and come back when that has ended."""
        at = self._canvas.pointer if self._canvas.busy else None
        near = self.geometry().adjusted(-NEAR_PX, -NEAR_PX, MARGIN, MARGIN)
        in_the_way = at is not None and near.contains(QPointF(*self._canvas.image_to_widget(*at)).toPoint())
        if in_the_way != self._in_the_way:
            self._in_the_way = in_the_way
            self.follow()

    def set_shown(self, shown: bool) -> None:
        """Switch it on or off."""
        self.shown = shown
        self.follow()

    def pixels_changed(self, box: Box) -> None:
        """Pixels of the mask differ; they are shown soon."""
        self._changed = self._changed.union(box)
        if not self._timer.isActive():
            self._timer.start()

    def pixels_arrived(self, name: str, box: Box, first: int, last: int) -> None:
        """There is more to see of a layer inside ``box``, on these levels."""
        if name in self._layers:
            self._layers[name].forget(box, first, last)
            self.update()

    def redraw(self, *names: str) -> None:
        """These layers look different now."""
        for name in names:
            if name in self._layers:
                self._layers[name].clear()
        self.update()

    def _take_changes(self) -> None:
        box, self._changed = self._changed, NOTHING
        if "mask" in self._layers and not box.is_empty:
            self._layers["mask"].changed([box], self._place.level, self._layers["mask"].size.box)
            self.update()

    def _put_in_corner(self) -> None:
        self.move(
            self._canvas.width() - self.width() - MARGIN, self._canvas.height() - self.height() - MARGIN
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner of a canvas that is resized."""
        if event.type() == QEvent.Type.Resize:
            self.follow()
        return super().eventFilter(watched, event)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """The layers, and a frame around what is seen."""
        with QPainter(self) as painter:  # ended here, whatever goes wrong
            self._paint_all(painter)

    def _paint_all(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor("#202020"))
        for name in ("image", "mask") if self.mask_shown else ("image",):
            if name in self._layers:
                painter.drawImage(self.rect(), self._layers[name].tile(self._place).image)
        self._paint_seen(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(255, 255, 255, 130))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_seen(self, painter: QPainter) -> None:
        seen = self._canvas.what_is_seen().visible
        if seen is None or self._size is None:
            return
        scale = self.width() / self._size.width, self.height() / self._size.height
        frame = QRectF(seen.x0 * scale[0], seen.y0 * scale[1], seen.width * scale[0], seen.height * scale[1])
        frame = frame.adjusted(1.5, 1.5, -1.5, -1.5) if min(frame.width(), frame.height()) > 8 else frame
        for color, width in ((QColor(0, 0, 0, 190), 4.0), (QColor("#ffb000"), 2.0)):
            painter.setPen(QPen(color, width, j=Qt.PenJoinStyle.MiterJoin))
            painter.drawRect(frame)

    def sizeHint(self) -> QSize:
        """Its fixed size."""
        return self.size()

    # ---- mouse

    def enterEvent(self, event: QEnterEvent) -> None:
        """The pointer has left the picture."""
        self._canvas.leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Bring the view here."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A drag takes the view along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two presses."""
        self.mousePressEvent(event)

    def _go(self, event: QMouseEvent) -> None:
        if self._size is not None:
            at = event.position()
            self._canvas.centre_on(
                at.x() / self.width() * self._size.width, at.y() / self.height() * self._size.height
            )


def level_that_fits(size: Size) -> int:
    """The first level at which an image fits into a single tile."""
    return max(0, -(-max(size) // TILE) - 1).bit_length()
