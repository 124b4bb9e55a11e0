"""The canvas: paints cached tiles of the layers, turns mouse and keys into a tool's gesture."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from labeltool.app.toolbox import View
from labeltool.core.change import Change
from labeltool.core.draw import Point
from labeltool.core.geometry import Box, Size
from labeltool.tools.tool import NO_PREVIEW, Gesture, Pointer, Preview, Tool, ToolContext
from labeltool.ui.canvas.layers import Layer, places_in
from labeltool.ui.canvas.previews import HANDLE_PX, paint_area, paint_outline, paint_text
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.compare import Compare, Mode, paint_line, paint_name

WHEEL_NOTCH = 120
ZOOM_A_NOTCH = 1.25
NEAR_PX = 9
FAR = Size(1 << 30, 1 << 30)
Overlay = Callable[[QPainter, Viewport, QRect], None]
"""Paints over a layer what depends on the zoom: view and dirty rectangle of the widget."""
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton


class Canvas(QWidget):
    """Shows an image with its layers, and lets a tool draw on it.

    It owns no state of the work: layers come from outside, gestures go to a tool.
    """

    pointed = Signal()
    """The pointer has moved, or left; ``pointer`` says where it is."""
    view_changed = Signal()
    radius_asked = Signal(int)
    """Shift+wheel: make the brush larger (+1) or smaller (-1)."""
    failed = Signal(Exception)
    """A gesture ended with an error."""

    def __init__(self, context: Callable[[], ToolContext | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(QSize(200, 200))
        self._context = context
        self._tool: Tool | None = None
        self._gesture: Gesture | None = None
        self._preview: Preview = NO_PREVIEW
        self._image: Size | None = None
        self._layers: dict[str, Layer] = {}
        self._overlays: dict[str, Overlay] = {}
        self._visible: list[str] = []
        self.compare = Compare()
        self.compare_names: dict[str, str] = {}
        """What the sides of a comparison are called."""
        self.crosshair = False
        self._dragging_line = False
        self._dx = 0  # how far the pane under the pointer has moved its picture
        self._view = Viewport()
        self._fitted = True
        self._pointer: QPointF | None = None
        self._pan_from: QPointF | None = None
        self._space = False
        self._pressure = 1.0
        self._sending = False
        self.surround = QColor("#2b2b2b")
        self.empty_text = ""

    # ---- what is shown

    def show_image(self, size: Size | None, layers: dict[str, Layer]) -> None:
        """Show layers of an image, from the lowest to the highest; None shows the empty state."""
        self.cancel_gesture()
        self._image, self._layers = size, layers
        self.fit()

    def set_layer(self, name: str, layer: Layer | None) -> None:
        """Put in, replace or take out one layer; the order is that of ``set_visible``."""
        if layer is None:
            self._layers.pop(name, None)
        else:
            self._layers[name] = layer
        self.update()

    def set_visible(self, names: list[str]) -> None:
        """Which layers are painted, from the lowest to the highest."""
        if names != self._visible:
            self._visible = names
            self.update()

    def set_overlay(self, name: str, overlay: Overlay) -> None:
        """What is painted whenever this layer has been."""
        self._overlays[name] = overlay

    def set_compare(self, mode: Mode, left: str, right: str) -> None:
        """Compare two layers, each shown as :data:`labeltool.ui.compare.SIDES` says; "off" ends that."""
        width = self._own_size().width
        self.compare.mode, self.compare.left, self.compare.right = mode, left, right
        self._dx = 0
        if self._fitted:
            self.fit()
        else:
            self._set_view(self._view.moved((self._own_size().width - width) / 2, 0))

    def set_crosshair(self, shown: bool) -> None:
        """Lines through the pointer over the whole canvas."""
        self.crosshair = shown
        self.update()

    def layer(self, name: str) -> Layer | None:
        """A layer by name."""
        return self._layers.get(name)

    def pixels_changed(self, change: Change, names: tuple[str, ...]) -> None:
        """Pixels of these layers differ: render and repaint those parts only."""
        if change.box.is_empty or self._image is None:
            return
        seen = self.what_is_seen().visible or change.box
        boxes = change.boxes(self._image, self._level)
        for name in names:
            if name in self._layers:
                self._layers[name].changed(boxes, self._level, seen)
        for box in boxes:
            self._repaint(self._widget_rect(box, 2))

    def pixels_arrived(self, name: str, box: Box, first: int, last: int) -> None:
        """There is more to see of a layer inside ``box``, on these levels."""
        if name in self._layers:
            self._layers[name].forget(box, first, last)
            self._repaint(self._widget_rect(box, 2))

    def _repaint(self, rect: QRect) -> None:
        """Paint a rectangle of the picture again, in every pane that shows it."""
        for dx in {pane.dx for pane in self.compare.panes(self.rect(), self._visible)}:
            self.update(rect.translated(dx, 0))

    # ---- viewport

    @property
    def view(self) -> Viewport:
        """Zoom and place of the image."""
        return self._view

    @property
    def _level(self) -> int:
        """The level that is drawn from: of one pixel of it, at least half a pixel of the screen is seen."""
        return self._view.level(self.devicePixelRatioF())

    def image_to_widget(self, x: float, y: float) -> Point:
        """Image point to widget point, floats."""
        return self._view.to_widget(x, y)

    def widget_to_image(self, x: float, y: float) -> Point:
        """Widget point to image point, floats."""
        return self._view.to_image(x, y)

    def fit(self) -> None:
        """Show the whole image."""
        self._fitted = True
        if self._image is not None and self.width() > 0:
            self._set_view(Viewport.fitted(self._image, self._own_size()), fitted=True)
        self.update()

    def centre_on(self, x: float, y: float) -> None:
        """Bring an image point to the middle."""
        self._set_view(self._view.centred_on((x, y), self._own_size()))

    def zoom_to(self, zoom: float) -> None:
        """A zoom, about the pointer or the middle."""
        at = self._pointer or QPointF(self._own_size().width / 2, self.height() / 2)
        self._zoom(zoom / self._view.zoom, at)

    def zoom_by(self, factor: float) -> None:
        """Closer or further, about the pointer or the middle."""
        self.zoom_to(self._view.zoom * factor)

    @property
    def pointer(self) -> Point | None:
        """The image point under the pointer; None while it is elsewhere."""
        return None if self._pointer is None else self._view.to_image(self._pointer.x(), self._pointer.y())

    def _own_size(self) -> Size:
        """The room of one picture."""
        return Size(self.compare.room(self.width()), self.height())

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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted image fitted, and any other where it is."""
        if self._fitted:
            self.fit()
        super().resizeEvent(event)

    def _widget_rect(self, box: Box, margin: int = 0) -> QRect:
        x0, y0 = self._view.to_widget(box.x0, box.y0)
        x1, y1 = self._view.to_widget(box.x1, box.y1)
        left, top = math.floor(x0) - margin, math.floor(y0) - margin
        return QRect(left, top, math.ceil(x1) + margin - left, math.ceil(y1) + margin - top)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles that the dirty rectangle shows."""
        painter = QPainter(self)
        dirty = event.rect()
        painter.fillRect(dirty, self.surround)
        if self._image is None:
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
            self._paint_comparison(painter)

    def _paint_pane(self, painter: QPainter, names: tuple[str, ...], dirty: QRect) -> None:
        for name in names:
            layer = self._layers.get(name)
            if layer is not None:
                self._paint_layer(painter, layer, dirty, smooth=name == "image")
                if name in self._overlays:
                    self._overlays[name](painter, self._view, dirty)
        self._paint_preview(painter, dirty)
        self._paint_crosshair(painter)
        self._paint_brush(painter)

    def _paint_comparison(self, painter: QPainter) -> None:
        compare = self.compare
        paint_line(painter, compare, self.rect())
        for side, pane in zip((compare.left, compare.right), compare.panes(self.rect(), []), strict=True):
            there = side in ("image", "mask") or side in self._layers
            text = self.compare_names.get(side, side)
            text = text if there else self.tr("{layer}: none yet").format(layer=text)
            painter.setClipRect(pane.rect)
            paint_name(painter, text, pane.rect)

    def _crosshair_strips(self, at: QPointF | None) -> list[QRect]:
        """The two thin rectangles in which the crosshair is painted."""
        if at is None or not self.crosshair:
            return []
        x, y, room = math.floor(at.x()), math.floor(at.y()), self._own_size()
        return [QRect(x - 1, 0, 3, room.height), QRect(0, y - 1, room.width, 3)]

    def _paint_crosshair(self, painter: QPainter) -> None:
        for strip in self._crosshair_strips(self._pointer):
            painter.fillRect(strip, QColor(0, 0, 0, 70))
            painter.fillRect(
                strip.adjusted(1, 0, -1, 0) if strip.width() == 3 else strip.adjusted(0, 1, 0, -1),
                QColor(255, 255, 255, 190),
            )

    def _paint_layer(self, painter: QPainter, layer: Layer, dirty: QRect, *, smooth: bool) -> None:
        view = self._view
        box = view.visible(dirty.left(), dirty.top(), dirty.right() + 1, dirty.bottom() + 1, layer.size)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth and view.zoom < 2)
        for place in places_in(box, self._level):
            tile = layer.tile(place)
            # Rounded edges are shared by neighbours, so that no gap can show between tiles.
            left, top = (round(v) for v in view.to_widget(tile.box.x0, tile.box.y0))
            right, bottom = (round(v) for v in view.to_widget(tile.box.x1, tile.box.y1))
            painter.drawImage(QRect(left, top, max(1, right - left), max(1, bottom - top)), tile.image)

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(QColor("#9a9a9a"))
        painter.drawText(
            self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty_text
        )

    def _paint_preview(self, painter: QPainter, dirty: QRect) -> None:
        preview, at = self._preview, self._pointer
        seen = self._view.visible(
            dirty.left() - 8, dirty.top() - 8, dirty.right() + 9, dirty.bottom() + 9, FAR
        )
        if preview.area is not None:
            paint_area(painter, preview.area, self._view, seen)
        for outline in preview.outlines:
            rubber = at if preview.rubber and outline is preview.outlines[-1] else None
            paint_outline(painter, outline, self._view, seen, rubber)
        if preview.text_at is not None:
            at = QPointF(*self._view.to_widget(*preview.text_at))
        if preview.text and at is not None:
            paint_text(painter, preview.text, at, QRect(0, 0, *self._own_size()))

    def _paint_brush(self, painter: QPainter) -> None:
        circle = self._brush_circle()
        if circle is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for color, width in ((QColor(0, 0, 0, 160), 2.6), (QColor(255, 255, 255, 230), 1.2)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(circle)

    def _brush_circle(self) -> QRectF | None:
        context = self._context()
        if self._pointer is None or context is None or self._tool is None or self._tool.cursor != "brush":
            return None
        radius = max(0.5, context.radius_px) * self._view.zoom
        return QRectF(self._pointer.x() - radius, self._pointer.y() - radius, 2 * radius, 2 * radius)

    def _moved_pointer(self, to: QPointF | None) -> None:
        """Repaint only where the brush's outline or the rubber band was and is."""
        before, strips = self._brush_circle(), self._crosshair_strips(self._pointer)
        self._pointer = to
        for circle in (before, self._brush_circle()):
            if circle is not None:
                self._repaint(circle.toAlignedRect().adjusted(-3, -3, 3, 3))
        for strip in (*strips, *self._crosshair_strips(to)):
            self._repaint(strip)
        if self._preview.rubber or (self._preview.text and self._preview.text_at is None):
            self.update()
        elif self._gesture is None:
            self._hover(to)

    def _hover(self, at: QPointF | None) -> None:
        context = self._context()
        if self._tool is None or self._tool.hover is None or context is None:
            return
        if at is None:
            self._show_preview(NO_PREVIEW)
        else:
            self._show_preview(self._tool.hover(context, self._view.to_image(at.x(), at.y())))

    # ---- tool

    def set_tool(self, tool: Tool) -> None:
        """Draw with this tool from now on; a gesture that is under way is cancelled."""
        self.cancel_gesture()
        self._tool = tool
        self._update_cursor()
        self.update()

    def brush_changed(self) -> None:
        """The radius is another one."""
        self.update()

    @property
    def busy(self) -> bool:
        """True while something is being drawn that would be lost if it were left now."""
        return self._gesture is not None and not self._preview.idle

    def cancel_gesture(self) -> None:
        """Drop what is being drawn; nothing of it stays."""
        gesture, self._gesture, self._preview = self._gesture, None, NO_PREVIEW
        if gesture is not None:
            gesture.close()
            self.update()

    def take_back(self) -> None:
        """Take back the last step of what is being drawn: a polygon's last corner."""
        if self._gesture is not None:
            self._send(Pointer("key", key="back"))

    def mask_changed(self) -> None:
        """Undo, a model or an import has changed the mask: a gesture that rests looks at it again."""
        if self._gesture is not None and self._preview.idle and not self._sending:
            self._send(Pointer("key", key="refresh"))

    def _send(self, pointer: Pointer) -> None:
        context = self._context()
        if context is None or self._tool is None:
            return
        self._sending = True
        try:
            if self._gesture is not None:
                self._show_preview(self._gesture.send(pointer))
            elif pointer.kind == "press":
                self._gesture = self._tool.gesture(context, pointer)
                self._show_preview(next(self._gesture))
        except StopIteration:
            self._gesture = None
            self._show_preview(NO_PREVIEW)
        except Exception as error:  # a tool may fail in any way; the stroke has been taken back
            self._gesture = None
            self._show_preview(NO_PREVIEW)
            self.failed.emit(error)
        finally:
            self._sending = False

    def show_preview(self, preview: Preview) -> None:
        """Show what does not come from the tool, such as what a dialog would change."""
        self._show_preview(preview)

    def _show_preview(self, preview: Preview) -> None:
        if preview is self._preview:
            return
        self._preview = preview
        if preview.changed is None:
            self.update()
        else:
            self._repaint(self._widget_rect(preview.changed, HANDLE_PX + 2))

    # ---- mouse, pen and keys

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Only the pressure is taken; Qt sends the mouse event that follows."""
        self._pressure = 1.0 if event.type() == QEvent.Type.TabletRelease else event.pressure()
        event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pan with the middle button or Space, else draw."""
        self.setFocus()
        self._enter_pane(event.position())
        if event.button() == LEFT and self._grabs_line(event.position()):
            self._dragging_line = True
        elif event.button() == MIDDLE or (event.button() == LEFT and self._space):
            self._pan_from = event.position()
            self._update_cursor()
        elif event.button() in (LEFT, RIGHT):
            self._send(self._pointer_event("press", event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or go on drawing."""
        at = event.position()
        if self._dragging_line:
            self._drag_line(at)
            return
        if event.buttons() == Qt.MouseButton.NoButton:
            self._enter_pane(at)
        if self._pan_from is not None:
            delta, self._pan_from = at - self._pan_from, at
            self._set_view(self._view.moved(delta.x(), delta.y()))
        elif self._gesture is not None:
            self._send(self._pointer_event("move", event))
        self._moved_pointer(self._in_picture(at))
        self.pointed.emit()

    def _in_picture(self, at: QPointF) -> QPointF:
        """A place of the widget as the view knows it, that is, where the left pane has it."""
        return at - QPointF(self._dx, 0)

    def _enter_pane(self, at: QPointF) -> None:
        """The pane under the pointer; a drag stays with the one in which it began."""
        panes = self.compare.panes(self.rect(), self._visible)
        self._dx = next((pane.dx for pane in panes if pane.rect.contains(at.toPoint())), 0)
        if self.compare.mode == "swipe" and not self.busy:
            self._update_cursor(over_line=self._grabs_line(at))

    def _grabs_line(self, at: QPointF) -> bool:
        return self._image is not None and not self.busy and self.compare.grabs(at.x(), self.width())

    def _drag_line(self, at: QPointF) -> None:
        before = self.compare.line(self.width())
        self.compare.drag(at.x(), self.width())
        moved = QRect(before, 0, 1, self.height()) | self.compare.strip(self.rect())
        self.update(moved.adjusted(-16, 0, 16, 0))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a pan or a stroke."""
        if self._dragging_line:
            self._dragging_line = event.button() != LEFT
        elif self._pan_from is not None and event.button() in (MIDDLE, LEFT):
            self._pan_from = None
            self._update_cursor()
        elif self._gesture is not None:
            self._send(self._pointer_event("release", event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Closes a polygon; to any other tool it is a press."""
        if self._gesture is not None and event.button() == LEFT:
            self._send(self._pointer_event("double", event))
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: object) -> None:
        """No outline of the brush outside the canvas."""
        self._moved_pointer(None)
        self.pointed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; with Shift change the brush."""
        # Shift turns the wheel sideways on some systems.
        notches = (event.angleDelta().y() or event.angleDelta().x()) / WHEEL_NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.radius_asked.emit(1 if notches > 0 else -1)
        else:
            if event.buttons() == Qt.MouseButton.NoButton:
                self._enter_pane(event.position())
            self._zoom(ZOOM_A_NOTCH**notches, self._in_picture(event.position()))

    def event(self, event: QEvent) -> bool:
        """While something is being drawn, undo is its own business and not that of the window's action."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.busy
            and event.matches(QKeySequence.StandardKey.Undo)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space pans; Enter, Backspace and Esc belong to the gesture."""
        key = event.key()
        if key == Qt.Key.Key_Space:
            self._hold_space(True)
        elif self._gesture is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._send(Pointer("key", key="accept"))
        elif (self._gesture is not None and key == Qt.Key.Key_Backspace) or (
            self.busy and event.matches(QKeySequence.StandardKey.Undo)
        ):
            self.take_back()
        elif self._gesture is not None and key == Qt.Key.Key_Delete:
            self._send(Pointer("key", key="delete"))
        elif key == Qt.Key.Key_Escape and self._gesture is not None:
            self.cancel_gesture()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The end of Space."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold_space(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: object) -> None:
        """A key that is released elsewhere is not held any more."""
        self._hold_space(False)

    def _hold_space(self, held: bool) -> None:
        if held != self._space:
            self._space = held
            self._update_cursor()

    def _pointer_event(
        self, kind: Literal["press", "move", "release", "double"], event: QMouseEvent
    ) -> Pointer:
        at = self._in_picture(event.position())
        x, y = self._view.to_image(at.x(), at.y())
        button: Literal["left", "right"] = "right" if event.button() == RIGHT else "left"
        held = event.modifiers()
        shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
        ctrl = bool(held & Qt.KeyboardModifier.ControlModifier)
        return Pointer(kind, x, y, button, "", self._pressure, shift, ctrl)

    def _update_cursor(self, *, over_line: bool = False) -> None:
        if over_line:
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._pan_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._tool is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()

    def what_is_seen(self) -> View:
        """Zoom and the part of the image that is on the screen."""
        if self._image is None:
            return View()
        seen = self._view.visible(0, 0, *self._own_size(), self._image)
        return View(self._view.zoom, seen, NEAR_PX)

    def global_point(self, x: float, y: float) -> QPoint:
        """Where an image point lies on the screen."""
        return self.mapToGlobal(QPointF(*self._view.to_widget(x, y))).toPoint()
