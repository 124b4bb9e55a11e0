"""The canvas: a picture that can be drawn on. Turns mouse, pen and keys into a tool's gesture."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from labeltool.core.draw import Point
from labeltool.core.geometry import Size
from labeltool.tools.tool import Preview, Tool, ToolContext
from labeltool.ui.canvas.crosshair import paint_crosshair, strips
from labeltool.ui.canvas.dab import Dab, dab_of, paint_dab
from labeltool.ui.canvas.drawing import Drawing
from labeltool.ui.canvas.layers import Layer
from labeltool.ui.canvas.picture import Picture
from labeltool.ui.canvas.pointing import GESTURE_KEYS, LEFT, MIDDLE, RIGHT, Kind, Notches, pointer
from labeltool.ui.canvas.previews import HANDLE_PX, paint_preview
from labeltool.ui.compare import Mode

WHEEL_NOTCH = 120
CTRL = Qt.KeyboardModifier.ControlModifier
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
NO_KEYS, KEYPAD = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
NO_BUTTON = Qt.MouseButton.NoButton
ZOOM_A_NOTCH = 1.25


Claim = Callable[[float, float], bool]
"""Takes a press at a point of the widget, as ``view`` has it, or leaves it to the tool (False)."""


class Canvas(Picture):
    """Shows an image with its layers, and lets a tool draw on it: gestures go to the tool."""

    pointed = Signal()
    """The pointer has moved, or left; ``pointer`` says where it is."""
    radius_asked = Signal(int)
    """Shift+wheel: make the brush larger (+1) or smaller (-1)."""
    turn_asked = Signal(int)
    """Turn to the next slice (+1) or the previous one (-1)."""
    window_dragged = Signal(float, float)
    """Ctrl and the right button: the pointer went so far across and down, in shares of the canvas."""
    accepted = Signal()
    """Enter, while nothing is being drawn: what is shown is right."""
    deleted = Signal()
    """Del or Backspace, while nothing is being drawn."""
    failed = Signal(Exception)
    """A gesture ended with an error."""

    def __init__(self, context: Callable[[], ToolContext | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(QSize(200, 200))
        self._context = context
        self._drawing = Drawing(context, self._preview_changed, self.failed.emit)
        self._dab_shown: Dab | None = None
        self.crosshair = False
        self.has_pages = self.wheel_turns = False
        self._notches = Notches()
        self._pointer: QPointF | None = None
        self._pressure = 1.0
        self._pan_from: QPointF | None = None
        self._window_from: QPointF | None = None
        self._space = False
        self._pressed_ms: int | None = None  # when the last press came, by the clock of the events
        self._is_held = False  # a button that was pressed here
        self.claims: list[Claim] = []
        """Asked before a press of the left button goes to the tool."""

    # ---- what is shown, and nothing of it moves under a hand that draws

    def show_image(self, size: Size | None, layers: dict[str, Layer], *, keep_view: bool = False) -> None:
        """Show layers of another image, or none; what is being drawn is dropped."""
        self.cancel_gesture()
        super().show_image(size, layers, keep_view=keep_view)

    def set_compare(self, mode: Mode, left: str, right: str) -> None:
        """Compare two layers, or stop doing so: there may be no line under the pointer any more."""
        super().set_compare(mode, left, right)
        self._update_cursor()

    def _take_turns(self) -> None:
        if not self.drawing:
            super()._take_turns()

    def set_crosshair(self, shown: bool) -> None:
        """Lines through the pointer over the whole canvas."""
        self.crosshair = shown
        self.update()

    # ---- where the pointer is

    @property
    def pointer(self) -> Point | None:
        """The image point under the pointer; None while it is elsewhere."""
        return None if self._pointer is None else self._view.to_image(self._pointer.x(), self._pointer.y())

    def zoom_to(self, zoom: float) -> None:
        """A zoom, about the pointer or the middle."""
        at = self._pointer or QPointF(self._own_size().width / 2, self.height() / 2)
        self._zoom(zoom / self._view.zoom, at)

    def zoom_by(self, factor: float) -> None:
        """Closer or further, about the pointer or the middle."""
        self.zoom_to(self._view.zoom * factor)

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

    # ---- what is painted over the picture

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what the dirty rectangle shows."""
        self._track_dab()
        super().paintEvent(event)

    def _paint_over(self, painter: QPainter, dirty: QRect) -> None:
        preview, text = self.preview, self.preview.text
        if preview.working:
            text = self.tr("Working… Esc cancels") if self._drawing.under_way else self.tr("Working…")
        paint_preview(painter, preview, text, self._view, self._own_size(), dirty, self._pointer)
        if self.crosshair and self._pointer is not None:
            paint_crosshair(painter, self._pointer, self._own_size())
        if self._dab_shown is not None:
            paint_dab(painter, self._dab_shown, self.devicePixelRatioF())

    def _dab(self) -> Dab | None:
        """What a press would cover; None where the pointer is elsewhere or the tool has no brush."""
        context, tool = self._context(), self._drawing.tool
        if self._pointer is None or context is None or tool is None or tool.cursor != "brush":
            return None
        pressure = self._pressure if self._drawing.under_way else 1.0
        return dab_of(tool, context, self._pointer, self._view.zoom, pressure)

    def _track_dab(self) -> None:
        """The outline as it is now. Zoom, tool, tip and pressure change it as well as the pointer: where it was and
        where it is are painted, or a part of the old one would stay."""
        shown, self._dab_shown = self._dab_shown, self._dab()
        if self._dab_shown != shown:
            for dab in (shown, self._dab_shown):
                if dab is not None:
                    self._repaint(dab.reach)

    def brush_changed(self) -> None:
        """The radius or the tip is another one."""
        self._track_dab()

    def _preview_changed(self, before: Preview, preview: Preview) -> None:
        if preview.working != before.working:
            self._update_cursor()
        if preview.changed is None or preview.working != before.working:
            self.update()
        else:
            self._repaint(self._widget_rect(preview.changed, HANDLE_PX + 2))

    # ---- the tool and its gesture

    def set_tool(self, tool: Tool) -> None:
        """Draw with this tool from now on; a gesture that is under way is cancelled."""
        self._drawing.use(tool)
        self._update_cursor()
        self.update()

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

    @property
    def _at_rest(self) -> bool:
        """Nothing moves under a hand that draws, or holds a button."""
        return not self.drawing and QGuiApplication.mouseButtons() == NO_BUTTON

    def cancel_gesture(self) -> None:
        """Drop what is being drawn; nothing of it stays."""
        if self._drawing.cancel():
            self.update()

    def finish_gesture(self) -> bool:
        """End what is being drawn as it is; True when it cannot end so, and was dropped."""
        dropped = self._drawing.finish()
        self.update()
        return dropped

    def let_go(self) -> None:
        """A button that is held is not heard being let go of any more: a dialog has opened, which takes the mouse."""
        if not self._is_held:
            return
        self._is_held = False
        self._pan_from = self._window_from = None
        self.compare.dragging = False
        self._drawing.let_go()
        self._update_cursor()

    def take_back(self) -> None:
        """Take back the last step of what is being drawn: a polygon's last corner."""
        self._drawing.key("back")

    def mask_changed(self) -> None:
        """Undo, a model or an import has changed the mask: a gesture that rests looks at it again."""
        self._drawing.refresh()

    def work_answered(self, *, failed: bool = False) -> None:
        """Work that the tool has begun is done."""
        self._drawing.answered(self.pointer, failed=failed)

    # ---- mouse and pen

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Only the pressure is taken; Qt sends the mouse event that follows."""
        self._pressure = 1.0 if event.type() == QEvent.Type.TabletRelease else event.pressure()
        event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pan with the middle button or Space, else draw."""
        self._pressed_ms, self._is_held = event.timestamp(), True
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
        if event.buttons() == NO_BUTTON:
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

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a pan, a change of the window, or a stroke."""
        self._is_held = event.buttons() != NO_BUTTON
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
        """Closes a polygon; to any other tool it is a press. Where the first click was on something that lay here and
        went with it, a project in a list or a message, nobody means the canvas."""
        if not self._has_first_click(event):
            return
        if self._drawing.under_way and event.button() == LEFT:
            self._send("double", event)
        else:
            self.mousePressEvent(event)

    def _has_first_click(self, double: QMouseEvent) -> bool:
        interval_ms = QGuiApplication.styleHints().mouseDoubleClickInterval()
        return self._pressed_ms is not None and double.timestamp() - self._pressed_ms <= interval_ms

    def leaveEvent(self, event: object) -> None:
        """No outline of the brush outside the canvas."""
        self._moved_pointer(None)
        self.pointed.emit()

    def _send(self, kind: Kind, event: QMouseEvent) -> None:
        at = self.compare.in_picture(event.position())
        self._drawing.send(pointer(kind, event, self._view.to_image(at.x(), at.y()), self._pressure))

    def _enter(self, at: QPointF) -> None:
        self.compare.enter(at, self.rect())
        if self.compare.mode == "swipe":
            self._update_cursor()

    @property
    def _over_line(self) -> bool:
        """True where a press drags the line of a comparison and does not draw."""
        return self.compare.over_line and self._image is not None and not self.busy

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; with Shift change the brush, and with Alt turn slices of what ``has_pages``. There,
        with ``wheel_turns``, the wheel alone turns slices, and zooms with Ctrl."""
        # Shift turns the wheel sideways on some systems.
        notches = (event.angleDelta().y() or event.angleDelta().x()) / WHEEL_NOTCH
        held = event.modifiers()
        if held & SHIFT:
            self.radius_asked.emit(1 if notches > 0 else -1)
        elif self.has_pages and (held & ALT or (self.wheel_turns and not held & CTRL)):
            self._turn(self._notches.whole(notches))
        else:
            if event.buttons() == NO_BUTTON:
                self._enter(event.position())
            self._zoom(ZOOM_A_NOTCH**notches, self.compare.in_picture(event.position()))

    def _turn(self, notches: int) -> None:
        """Ask for a page for each notch; away from the hand is the previous one."""
        for _ in range(0 if self.busy else abs(notches)):
            self.turn_asked.emit(-1 if notches > 0 else 1)

    # ---- keys

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
            if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                self.deleted.emit()
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

    # ---- the cursor

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
