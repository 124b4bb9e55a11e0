"""The canvas: paints cached tiles of the layers, turns mouse and keys into a tool's gesture."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from labeltool.app.toolbox import View
from labeltool.core.change import Change
from labeltool.core.draw import Point
from labeltool.core.geometry import Box, Size
from labeltool.core.shape import Coarse
from labeltool.tools.tool import Preview, Tool, ToolContext
from labeltool.ui.canvas.crosshair import paint_crosshair, strips
from labeltool.ui.canvas.dab import Dab, dab_of, paint_dab
from labeltool.ui.canvas.drawing import Drawing
from labeltool.ui.canvas.layers import Layer
from labeltool.ui.canvas.pointing import GESTURE_KEYS, LEFT, MIDDLE, RIGHT, Kind, pointer
from labeltool.ui.canvas.previews import HANDLE_PX, paint_area, paint_outline, paint_text
from labeltool.ui.canvas.proposal import Proposal
from labeltool.ui.canvas.stack import LayerStack, Overlay
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.compare import FLICKER_MS, Compare, Mode, paint_comparison

WHEEL_NOTCH = 120
CTRL = Qt.KeyboardModifier.ControlModifier
ZOOM_A_NOTCH = 1.25
NEAR_PX = 9
FAR = Size(1 << 30, 1 << 30)
NO_KEYS, KEYPAD = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier


Claim = Callable[[float, float], bool]
"""Takes a press at a point of the widget, as ``view`` has it, or leaves it to the tool (False)."""


class Canvas(QWidget):
    """Shows an image with its layers, and lets a tool draw on it.

    It owns no state of the work: layers come from outside, gestures go to a tool.
    """

    pointed = Signal()
    """The pointer has moved, or left; ``pointer`` says where it is."""
    view_changed = Signal()
    radius_asked = Signal(int)
    """Shift+wheel: make the brush larger (+1) or smaller (-1)."""
    turn_asked = Signal(int)
    """Turn to the next slice (+1) or the previous one (-1)."""
    window_dragged = Signal(float, float)
    """Ctrl and the right button: the pointer went so far across and down, in shares of the canvas."""
    accepted = Signal()
    """Enter, while nothing is being drawn: what is shown is right."""
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
        self._drawing = Drawing(context, self._preview_changed, self.failed.emit)
        self._proposal: Proposal | None = None
        self._stack = LayerStack()
        self._visible: list[str] = []
        self.compare = Compare()
        self._turns = QTimer(self, interval=FLICKER_MS)
        self._turns.timeout.connect(self._take_turns)
        self.crosshair = False
        self.has_pages = self.wheel_turns = False
        self._notches = 0.0
        self._view = Viewport()
        self._fitted = True
        self._pointer: QPointF | None = None
        self._pan_from: QPointF | None = None
        self._window_from: QPointF | None = None
        self._space = False
        self._dab_shown: Dab | None = None
        self._pressure = 1.0
        self.empty_text = ""
        self.claims: list[Claim] = []
        """Asked before a press of the left button goes to the tool."""

    # ---- what is shown

    def show_image(self, size: Size | None, layers: dict[str, Layer], *, keep_view: bool = False) -> None:
        """Show layers of an image; None shows the empty state. ``keep_view`` leaves zoom and place as they are, for an
        image of the same size."""
        self.cancel_gesture()
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
        self._update_cursor()
        if self._fitted:
            self.fit()
        else:
            self._set_view(self._view.moved((self._own_size().width - width) / 2, 0))

    def _take_turns(self) -> None:
        """The other one of two layers; nothing moves while somebody draws on what is there."""
        if not self.drawing and self.isVisible():
            self.compare.second = not self.compare.second
            self.update()

    def set_crosshair(self, shown: bool) -> None:
        """Lines through the pointer over the whole canvas."""
        self.crosshair = shown
        self.update()

    def set_surround(self, color: QColor) -> None:
        """What is around the image."""
        self._stack.surround = color
        self.update()

    def layer(self, name: str) -> Layer | None:
        """A layer by name."""
        return self._stack.layer(name)

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

    @property
    def _image(self) -> Size | None:
        return self._stack.size

    # ---- viewport

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
        with QPainter(self) as painter:  # ended here, whoever looks at this frame later
            self._paint(painter, event.rect())

    def _paint(self, painter: QPainter, dirty: QRect) -> None:
        dab = self._track_dab()
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
                self._paint_pane(painter, pane.names, part.translated(-pane.dx, 0), dab)
                painter.restore()
        if self.compare.mode != "off":
            paint_comparison(painter, self.compare, self.rect(), lambda name: self.layer(name) is not None)

    def _paint_pane(self, painter: QPainter, names: tuple[str, ...], dirty: QRect, dab: Dab | None) -> None:
        room = QRect(0, 0, *self._own_size())
        self._stack.paint(painter, names, self._view, self.devicePixelRatioF(), room, dirty)
        self._paint_preview(painter, dirty)
        if self.crosshair and self._pointer is not None:
            paint_crosshair(painter, self._pointer, self._own_size())
        if dab is not None:
            paint_dab(painter, dab, self.devicePixelRatioF())

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(QColor("#9a9a9a"))
        painter.drawText(
            self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty_text
        )

    def _paint_preview(self, painter: QPainter, dirty: QRect) -> None:
        preview, at = self.preview, self._pointer
        seen = self._view.visible(
            dirty.left() - 8, dirty.top() - 8, dirty.right() + 9, dirty.bottom() + 9, FAR
        )
        if self._proposal is not None:
            self._proposal.paint(painter, self._view)
        if preview.area is not None:
            paint_area(painter, preview.area, self._view, seen)
        for outline in preview.outlines:
            rubber = at if preview.rubber and outline is preview.outlines[-1] else None
            paint_outline(painter, outline, self._view, seen, rubber)
        if preview.text_at is not None:
            at = QPointF(*self._view.to_widget(*preview.text_at))
        text = preview.text
        if preview.working:
            text = self.tr("Working… Esc cancels") if self._drawing.under_way else self.tr("Working…")
        if text and at is not None:
            paint_text(painter, text, at, QRect(0, 0, *self._own_size()))

    def _dab(self) -> Dab | None:
        """What a press would cover; None where the pointer is elsewhere or the tool has no brush."""
        context, tool = self._context(), self._drawing.tool
        if self._pointer is None or context is None or tool is None or tool.cursor != "brush":
            return None
        pressure = self._pressure if self._drawing.under_way else 1.0
        return dab_of(tool, context, self._pointer, self._view.zoom, pressure)

    def _track_dab(self) -> Dab | None:
        """The outline as it is now. Zoom, tool, tip and pressure change it as well as the pointer: where it was and
        where it is are painted, or a part of the old one would stay."""
        shown, self._dab_shown = self._dab_shown, self._dab()
        if self._dab_shown != shown:
            for dab in (shown, self._dab_shown):
                if dab is not None:
                    self._repaint(dab.reach)
        return self._dab_shown

    def _moved_pointer(self, to: QPointF | None) -> None:
        """Repaint only where the brush's outline or the rubber band was and is."""
        before, self._pointer = self._pointer, to
        self._track_dab()
        if self.crosshair:
            for at in (before, to):
                for strip in () if at is None else strips(at, self._own_size()):
                    self._repaint(strip)
        preview = self.preview
        if preview.rubber or preview.working or (preview.text and preview.text_at is None):
            self.update()
        self._drawing.hover(None if to is None else self._view.to_image(to.x(), to.y()))

    # ---- tool

    def set_tool(self, tool: Tool) -> None:
        """Draw with this tool from now on; a gesture that is under way is cancelled."""
        self._drawing.use(tool)
        self._update_cursor()
        self.update()

    def brush_changed(self) -> None:
        """The radius or the tip is another one."""
        self._track_dab()

    @property
    def preview(self) -> Preview:
        """What the tool shows over the layers."""
        return self._drawing.preview

    @property
    def busy(self) -> bool:
        """True while something is being drawn that would be lost if it were left now."""
        return self._drawing.busy

    @property
    def drawing(self) -> bool:
        """True between the press that begins a gesture and its end."""
        return self._drawing.under_way

    def cancel_gesture(self) -> None:
        """Drop what is being drawn; nothing of it stays."""
        if self._drawing.cancel():
            self.update()

    def finish_gesture(self) -> bool:
        """End what is being drawn as it is; True when it cannot end so, and was dropped."""
        dropped = self._drawing.finish()
        self.update()
        return dropped

    def take_back(self) -> None:
        """Take back the last step of what is being drawn: a polygon's last corner."""
        self._drawing.key("back")

    def mask_changed(self) -> None:
        """Undo, a model or an import has changed the mask: a gesture that rests looks at it again."""
        self._drawing.refresh()

    def work_answered(self, *, failed: bool = False) -> None:
        """Work that the tool has begun is done."""
        self._drawing.answered(self.pointer, failed=failed)

    @property
    def proposed(self) -> Coarse | None:
        """What a dialog would change, as it is shown."""
        return None if self._proposal is None else self._proposal.area

    def propose(self, area: Coarse | None) -> None:
        """Show what a dialog would change, below what the tool shows."""
        self._proposal = None if area is None else Proposal(area)
        self.update()

    def _preview_changed(self, before: Preview, preview: Preview) -> None:
        if preview.working != before.working:
            self._update_cursor()
        if preview.changed is None or preview.working != before.working:
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
        self._enter(event.position())
        if event.button() == LEFT and self._over_line:
            self.compare.dragging = True
        elif event.button() == MIDDLE or (event.button() == LEFT and self._space):
            self._pan_from = event.position()
            self._update_cursor()
        elif event.button() == RIGHT and event.modifiers() & CTRL and not self.busy:
            self._window_from = event.position()
            self._update_cursor()
        elif event.button() == LEFT and not self.busy and self._is_claimed(event.position()):
            pass
        elif event.button() in (LEFT, RIGHT):
            self._send("press", event)

    def _is_claimed(self, at: QPointF) -> bool:
        """Whether a press here is for something that floats over the picture."""
        at = self.compare.in_picture(at)
        return any(claim(at.x(), at.y()) for claim in self.claims)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or go on drawing."""
        at = event.position()
        if self.compare.dragging:
            self.update(self.compare.drag(at.x(), self.rect()))
            return
        if event.buttons() == Qt.MouseButton.NoButton:
            self._enter(at)
        if self._pan_from is not None:
            delta, self._pan_from = at - self._pan_from, at
            self._set_view(self._view.moved(delta.x(), delta.y()))
        elif self._window_from is not None:
            delta, self._window_from = at - self._window_from, at
            self.window_dragged.emit(delta.x() / self.width(), delta.y() / self.height())
        elif self._drawing.under_way:
            self._send("move", event)
        self._moved_pointer(self.compare.in_picture(at))
        self.pointed.emit()

    def _enter(self, at: QPointF) -> None:
        self.compare.enter(at, self.rect())
        if self.compare.mode == "swipe":
            self._update_cursor()

    @property
    def _over_line(self) -> bool:
        """True where a press drags the line of a comparison and does not draw."""
        return self.compare.over_line and self._image is not None and not self.busy

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a pan, a change of the window, or a stroke."""
        if self.compare.dragging:
            self.compare.dragging = event.button() != LEFT
        elif self._pan_from is not None and event.button() in (MIDDLE, LEFT):
            self._pan_from = None
            self._update_cursor()
        elif self._window_from is not None and event.button() == RIGHT:
            self._window_from = None
            self._update_cursor()
        elif self._drawing.under_way:
            self._send("release", event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Closes a polygon; to any other tool it is a press."""
        if self._drawing.under_way and event.button() == LEFT:
            self._send("double", event)
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: object) -> None:
        """No outline of the brush outside the canvas."""
        self._moved_pointer(None)
        self.pointed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; with Shift change the brush, and with Alt turn slices of what ``has_pages``. There,
        with ``wheel_turns``, the wheel alone turns slices, and zooms with Ctrl."""
        # Shift turns the wheel sideways on some systems.
        notches = (event.angleDelta().y() or event.angleDelta().x()) / WHEEL_NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.radius_asked.emit(1 if notches > 0 else -1)
        elif self.has_pages and (
            event.modifiers() & Qt.KeyboardModifier.AltModifier
            or (self.wheel_turns and not event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        ):
            self._turn(notches)
        else:
            if event.buttons() == Qt.MouseButton.NoButton:
                self._enter(event.position())
            self._zoom(ZOOM_A_NOTCH**notches, self.compare.in_picture(event.position()))

    def _turn(self, notches: float) -> None:
        """Ask for a page for each whole notch; a touchpad has small parts of one."""
        self._notches = notches + (self._notches if self._notches * notches > 0 else 0.0)
        whole = int(self._notches)
        self._notches -= whole
        for _ in range(0 if self.busy else abs(whole)):
            self.turn_asked.emit(-1 if whole > 0 else 1)

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
        elif self.busy and event.matches(QKeySequence.StandardKey.Undo):
            self.take_back()
        elif self._drawing.under_way and key in GESTURE_KEYS:
            self._drawing.key(GESTURE_KEYS[Qt.Key(key)])
        elif self._drawing.under_way and key == Qt.Key.Key_Escape:
            self.cancel_gesture()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() in (NO_KEYS, KEYPAD):
            self.accepted.emit()
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

    def _send(self, kind: Kind, event: QMouseEvent) -> None:
        at = self.compare.in_picture(event.position())
        self._drawing.send(pointer(kind, event, self._view.to_image(at.x(), at.y()), self._pressure))

    def _update_cursor(self) -> None:
        if self._pan_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._window_from is not None:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        elif self._over_line:
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self.preview.working:
            self.setCursor(Qt.CursorShape.BusyCursor)
        elif self._drawing.tool is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()

    def what_is_seen(self) -> View:
        """Zoom and the part of the image that is on the screen."""
        if self._image is None:
            return View()
        seen = self._view.visible(0, 0, *self._own_size(), self._image)
        return View(self._view.zoom, seen, NEAR_PX)
