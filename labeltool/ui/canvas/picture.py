"""A picture: the layers of one image on the screen, at some zoom and place, alone or two of them compared."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from labeltool.app.toolbox import View
from labeltool.core.change import Change
from labeltool.core.draw import Point
from labeltool.core.geometry import Box, Size
from labeltool.core.shape import Coarse
from labeltool.ui.canvas.layers import Layer
from labeltool.ui.canvas.proposal import Proposal
from labeltool.ui.canvas.stack import LayerStack, Overlay
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.compare import FLICKER_MS, Compare, Mode, paint_comparison

NEAR_PX = 9


class Picture(QWidget):
    """Shows an image with its layers. It owns no state of the work: layers come from outside."""

    view_changed = Signal()
    """Zoom or place is another one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._stack = LayerStack()
        self._visible: list[str] = []
        self._proposal: Proposal | None = None
        self.compare = Compare()
        self._turns = QTimer(self, interval=FLICKER_MS)
        self._turns.timeout.connect(self._take_turns)
        self._view = Viewport()
        self._fitted = True
        self._covered_px = 0
        self.empty_text = ""
        """Said where there is no image."""

    # ---- what is shown

    def show_image(self, size: Size | None, layers: dict[str, Layer], *, keep_view: bool = False) -> None:
        """Show layers of an image; None shows the empty state. ``keep_view`` leaves zoom and place as they are, for an
        image of the same size."""
        self._stack.show(size, layers)
        if keep_view:
            self.update()
        else:
            self.fit()

    def set_layer(self, name: str, layer: Layer | None) -> None:
        """Put in, replace or take out one layer; the order is that of ``set_visible``."""
        self._stack.put(name, layer)
        self.update()

    def set_visible(self, names: list[str]) -> None:
        """Which layers are painted, from the lowest to the highest."""
        if names != self._visible:
            self._visible = names
            self.update()

    def set_overlay(self, name: str, overlay: Overlay) -> None:
        """What is painted whenever this layer has been."""
        self._stack.put_over(name, overlay)

    def set_float(self, name: str, overlay: Overlay | None) -> None:
        """What is painted over all layers, whichever are shown; None takes it away."""
        self._stack.float_over(name, overlay)
        self.update()

    def set_compare(self, mode: Mode, left: str, right: str) -> None:
        """Compare two layers, each shown as :data:`labeltool.ui.compare.SIDES` says; "off" ends that."""
        width = self._own_size().width
        self.compare.show(mode, left, right)
        if mode == "flicker":
            self._turns.start()
        else:
            self._turns.stop()
        if self._fitted:
            self.fit()
        else:
            self._set_view(self._view.moved((self._own_size().width - width) / 2, 0))

    def _take_turns(self) -> None:
        """The other one of two layers."""
        if self.isVisible():
            self.compare.second = not self.compare.second
            self.update()

    def set_surround(self, color: QColor) -> None:
        """What is around the image."""
        self._stack.surround = color
        self.update()

    def layer(self, name: str) -> Layer | None:
        """A layer by name."""
        return self._stack.layer(name)

    @property
    def proposed(self) -> Coarse | None:
        """What a dialog would change, as it is shown."""
        return None if self._proposal is None else self._proposal.area

    def propose(self, area: Coarse | None) -> None:
        """Show what a dialog would change, below what the tool shows."""
        self._proposal = None if area is None else Proposal(area)
        self.update()

    def what_is_seen(self) -> View:
        """Zoom and the part of the image that is on the screen."""
        if self._image is None:
            return View()
        seen = self._view.visible(0, 0, *self._own_size(), self._image)
        return View(self._view.zoom, seen, NEAR_PX)

    # ---- pixels that differ

    def pixels_changed(self, change: Change, names: tuple[str, ...]) -> None:
        """Pixels of these layers differ: render and repaint those parts only."""
        if change.box.is_empty or self._image is None:
            return
        seen = self.what_is_seen().visible or change.box
        for box in self._stack.changed(change, names, self._view.level(self.devicePixelRatioF()), seen):
            self._repaint(self._widget_rect(box, 2))

    def pixels_arrived(self, name: str, box: Box, first: int, last: int) -> None:
        """There is more to see of a layer inside ``box``, on these levels."""
        rect = self._widget_rect(box, 2)
        self._stack.arrived(name, box, first, last, rect)
        self._repaint(rect)

    def repaint_box(self, box: Box, around_px: int) -> None:
        """What floats over a box of the image is another picture now, and so far around it on the screen."""
        self._repaint(self._widget_rect(box, around_px))

    def _repaint(self, rect: QRect) -> None:
        """Paint a rectangle of the picture again, in every pane that shows it."""
        for dx in {pane.dx for pane in self.compare.panes(self.rect(), self._visible)}:
            self.update(rect.translated(dx, 0))

    def _widget_rect(self, box: Box, margin: int = 0) -> QRect:
        x0, y0 = self._view.to_widget(box.x0, box.y0)
        x1, y1 = self._view.to_widget(box.x1, box.y1)
        left, top = math.floor(x0) - margin, math.floor(y0) - margin
        return QRect(left, top, math.ceil(x1) + margin - left, math.ceil(y1) + margin - top)

    # ---- zoom and place

    @property
    def _image(self) -> Size | None:
        return self._stack.size

    @property
    def view(self) -> Viewport:
        """Zoom and place of the image."""
        return self._view

    def image_to_widget(self, x: float, y: float) -> Point:
        """Image point to widget point, floats."""
        return self._view.to_widget(x, y)

    def widget_to_image(self, x: float, y: float) -> Point:
        """Widget point to image point, floats."""
        return self._view.to_image(x, y)

    def fit(self) -> None:
        """Show the whole image, below what lies over the upper edge."""
        self._fitted = True
        if self._image is not None and self.width() > 0:
            room, covered_px = self._own_size(), min(self._covered_px, self.height() // 2)
            view = Viewport.fitted(self._image, Size(room.width, room.height - covered_px))
            self._set_view(view.moved(0, covered_px), fitted=True)
        self.update()

    def cover(self, top_px: int) -> None:
        """Something lies over so much of the upper edge. A fitted image makes room for it, unless a hand is at work on
        it; when that goes again nothing moves, as somebody may be about to draw: the next fit takes the room."""
        before, self._covered_px = self._covered_px, top_px
        if top_px > before and self._fitted and self._at_rest:
            self.fit()

    @property
    def _at_rest(self) -> bool:
        """Whether the picture may be moved by something else than a hand."""
        return True

    def centre_on(self, x: float, y: float) -> None:
        """Bring an image point to the middle."""
        self._set_view(self._view.centred_on((x, y), self._own_size()))

    def _zoom(self, factor: float, at: QPointF) -> None:
        if self._image is not None:
            lowest = min(1.0, 0.5 * Viewport.fitted(self._image, self._own_size()).zoom)
            self._set_view(self._view.zoomed(factor, at.x(), at.y(), lowest))

    def _set_view(self, view: Viewport, *, fitted: bool = False) -> None:
        if self._image is None:
            return
        self._fitted = fitted
        self._view = view.kept_in_sight(self._image, self._own_size())
        self.update()
        self.view_changed.emit()

    def _own_size(self) -> Size:
        """The room of one picture."""
        return Size(self.compare.room(self.width()), self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted image fitted, and any other where it is."""
        if self._fitted:
            self.fit()
        super().resizeEvent(event)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles that the dirty rectangle shows."""
        with QPainter(self) as painter:  # ended here, whoever looks at this frame later
            self._paint(painter, event.rect())

    def _paint(self, painter: QPainter, dirty: QRect) -> None:
        if self._image is None:
            painter.fillRect(dirty, self._stack.surround)
            self._paint_empty(painter)
            return
        for pane in self.compare.panes(self.rect(), self._visible):
            part = dirty & pane.rect
            if not part.isEmpty():
                painter.save()
                painter.setClipRect(part)
                painter.translate(pane.dx, 0)
                self._paint_pane(painter, pane.names, part.translated(-pane.dx, 0))
                painter.restore()
        if self.compare.mode != "off":
            paint_comparison(painter, self.compare, self.rect(), lambda name: self.layer(name) is not None)

    def _paint_pane(self, painter: QPainter, names: tuple[str, ...], dirty: QRect) -> None:
        room = QRect(0, 0, *self._own_size())
        self._stack.paint(painter, names, self._view, self.devicePixelRatioF(), room, dirty)
        if self._proposal is not None:
            self._proposal.paint(painter, self._view)
        self._paint_over(painter, dirty)

    def _paint_over(self, painter: QPainter, dirty: QRect) -> None:
        """What a picture that can be drawn on shows over everything; the painter is clipped to ``dirty``."""

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(QColor("#9a9a9a"))
        painter.drawText(
            self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty_text
        )
