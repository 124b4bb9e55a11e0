"""What the canvas puts on the screen: the same whichever way it got there, and the brush's outline at true size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from labeltool import plugins
from labeltool.app.session import Session
from labeltool.app.toolbox import Context, Hand
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.shape import everywhere
from labeltool.imaging.pyramid import ArrayPyramid
from labeltool.tools.tool import Gesture, Pointer, Preview, Tool, ToolContext
from labeltool.ui.canvas.backdrop import Backdrop
from labeltool.ui.canvas.layers import Layer
from labeltool.ui.canvas.previews import paint_area
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.canvas.widget import Canvas

SIZE = Size(1400, 1000)
LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
DARK_GREY = 0xFF303030


class Desk:
    """A canvas of one grey image, with the brush in hand."""

    def __init__(self) -> None:
        self.session = Session(LabelMask(SIZE), lambda operation: None)
        self.hand = Hand(radius_px=30)
        self.tool = plugins.load("labeltool.tools", "brush")
        catalog = ClassCatalog.from_names(["a"])
        image = ArrayPyramid(np.full((*SIZE[::-1], 3), 48, np.uint8))
        context = Context(self.session, self.hand, lambda: catalog, image, self.hand.options_of(self.tool))
        self.canvas = Canvas(lambda: context)
        self.canvas.resize(400, 300)
        self.canvas.show()
        self.grey = Layer(SIZE, lambda box, step: np.full(shape(box, step), DARK_GREY, np.uint32))
        self.canvas.show_image(SIZE, {"image": self.grey, "mask": Layer(SIZE, self.render_mask)})
        self.canvas.set_visible(["image", "mask"])
        self.canvas.set_tool(self.tool)
        self.session.changed.connect(lambda change: self.canvas.pixels_changed(change, ("mask",)))

    def render_mask(self, box: Box, step: int) -> np.ndarray:
        labels = self.session.mask.planes["label"].read(box, step)
        return np.where(labels > 0, np.uint32(0xFF20A020), np.uint32(0))

    def seen(self) -> QImage:
        QApplication.processEvents()
        return self.canvas.grab().toImage()


def shape(box: Box, step: int) -> tuple[int, int]:
    return -(-box.height // step), -(-box.width // step)


@pytest.fixture
def desk(app: QApplication) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.canvas.close()
    made.canvas.deleteLater()


def send(canvas: Canvas, kind: QEvent.Type, at_ms: int) -> None:
    """What the mouse does in the middle of the canvas, at a time by the clock of the events."""
    at = QPointF(canvas.rect().center())
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else LEFT
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), LEFT, held, NO)
    event.setTimestamp(at_ms)
    QApplication.sendEvent(canvas, event)


def test_the_second_click_on_a_thing_that_lay_here_and_is_gone_draws_nothing(desk: Desk) -> None:
    press, release = QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease
    double = QEvent.Type.MouseButtonDblClick
    for kind, at_ms in ((double, 1_000), (release, 1_050)):  # the click before was on a list, or on a message
        send(desk.canvas, kind, at_ms)
    assert desk.session.revision == 0
    for kind, at_ms in ((press, 5_000), (release, 5_050)):
        send(desk.canvas, kind, at_ms)
    assert desk.session.revision == 1
    desk.session.undo()
    for kind, at_ms in ((double, 9_000), (release, 9_050)):
        send(desk.canvas, kind, at_ms)
    assert desk.session.revision == 2, "drawn, and taken back"
    for kind, at_ms in ((press, 12_000), (release, 12_050)):
        send(desk.canvas, kind, at_ms)
    desk.session.undo()
    for kind, at_ms in ((double, 12_150), (release, 12_200)):
        send(desk.canvas, kind, at_ms)
    assert desk.session.revision == 5, "two quick clicks here are two dabs"


def test_a_picture_that_was_repainted_in_parts_is_the_one_painted_whole(desk: Desk) -> None:
    canvas = desk.canvas
    shown: list[QImage] = []
    for zoom, places in (
        (0.55, [(100, 100), (300, 200)]),
        (1.0, [(50, 250), (350, 60)]),
        (3.0, [(9, 9), (390, 290)]),
    ):
        canvas.zoom_to(zoom)
        QTest.mousePress(canvas, LEFT, NO, QPoint(*places[0]))
        for place in places:
            QTest.mouseMove(canvas, QPoint(*place))
        QTest.mouseRelease(canvas, LEFT, NO, QPoint(*places[-1]))
        desk.session.undo()
        desk.session.redo()
        in_parts = desk.seen()
        canvas._stack._backdrop = Backdrop()
        assert desk.seen() == in_parts
        shown.append(in_parts)
    assert shown[0] != shown[1] != shown[2]


def test_pixels_of_the_image_that_arrive_later_are_seen(desk: Desk) -> None:
    desk.seen()
    desk.grey._render = lambda box, step: np.full(shape(box, step), 0xFFFFFFFF, np.uint32)
    desk.canvas.pixels_arrived("image", SIZE.box, 0, 9)
    assert desk.seen().pixelColor(desk.canvas.rect().center()) == QColor("white")


def test_an_image_that_looks_different_now_is_painted_anew(desk: Desk) -> None:
    desk.seen()
    desk.grey._render = lambda box, step: np.full(shape(box, step), 0xFFFFFFFF, np.uint32)
    desk.grey.clear()
    assert desk.seen().pixelColor(desk.canvas.rect().center()) == QColor("white")


def point_at(canvas: Canvas, place: QPoint) -> None:
    """Move the mouse there, also where it has been left by an earlier test."""
    QTest.mouseMove(canvas, place + QPoint(5, 5))
    QTest.mouseMove(canvas, place)


def outline(desk: Desk) -> np.ndarray:
    """Where the picture differs from the grey of the image: bool [h, w]."""
    image = desk.seen().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
    return pixels != DARK_GREY


@pytest.mark.parametrize("radius", [20, 420])
def test_the_outline_of_the_brush_is_a_circle_or_a_square_of_true_size(desk: Desk, radius: int) -> None:
    canvas = desk.canvas
    canvas.resize(1200, 900)
    canvas.zoom_to(1)
    desk.hand.radius_px = radius
    centre = canvas.rect().center()
    point_at(canvas, centre)
    top, left = centre.y() - radius, centre.x() - radius
    corner = slice(top - 2, top + 3), slice(left - 2, left + 3)
    edge = slice(top - 2, top + 3), centre.x()
    assert outline(desk)[edge].any()
    desk.hand.set_option(desk.tool, "tip", 1)
    canvas.brush_changed()
    square = outline(desk)
    assert square[edge].any() and square[corner].any()
    desk.hand.set_option(desk.tool, "tip", 0)
    canvas.brush_changed()
    circle = outline(desk)
    assert circle[edge].any() and not circle[corner].any()


WHOLE = QRect(0, 0, 90, 70)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    ratio=st.sampled_from([1.0, 1.25, 1.5, 2.0]),
    rects=st.lists(
        st.builds(QRect, st.integers(-5, 80), st.integers(-5, 60), st.integers(1, 60), st.integers(1, 60))
    ),
    forgotten=st.builds(
        QRect, st.integers(-5, 80), st.integers(-5, 60), st.integers(1, 60), st.integers(1, 60)
    ),
)
def test_a_backdrop_painted_in_parts_is_the_one_painted_whole(
    app: QApplication, ratio: float, rects: list[QRect], forgotten: QRect
) -> None:
    def draw(painter: QPainter, rect: QRect) -> None:
        painter.fillRect(rect, QColor("black"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(3, 4, 75, 61), gradient())

    def painted(backdrop: Backdrop, parts: list[QRect]) -> QImage:
        device = QImage(QSize(WHOLE.width(), WHOLE.height()) * ratio, QImage.Format.Format_RGB32)
        device.setDevicePixelRatio(ratio)
        device.fill(0)
        for part in parts:
            painter = QPainter(device)
            painter.setClipRegion(QRegion(part))
            backdrop.paint(painter, part, WHOLE, ratio, "key", draw)
            painter.end()
        return device

    backdrop = Backdrop()
    painted(backdrop, rects)
    backdrop.forget(forgotten)
    in_parts, whole = (values(painted(each, [WHOLE])) for each in (backdrop, Backdrop()))
    assert np.abs(in_parts - whole).max() <= 1, "more than Qt's own rounding"


def values(image: QImage) -> np.ndarray:
    """Channels as int [h, w, 4]."""
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(int)


def gradient() -> QImage:
    image = QImage(50, 40, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("black"))
    for x in range(50):
        for y in range(40):
            image.setPixelColor(x, y, QColor(5 * x, 6 * y, (x * y) % 256))
    return image


def test_a_pen_that_presses_lightly_has_a_small_outline(desk: Desk) -> None:
    canvas = desk.canvas
    canvas.zoom_to(1)
    desk.hand.radius_px = 40
    centre = canvas.rect().center()
    point_at(canvas, centre)
    wide = canvas._dab()
    canvas._pressure = 0.5
    QTest.mousePress(canvas, LEFT, NO, centre)
    QTest.mouseMove(canvas, centre + QPoint(3, 0))
    narrow = canvas._dab()
    QTest.mouseRelease(canvas, LEFT, NO, centre)
    assert wide is not None and narrow is not None
    assert (wide.around.width(), narrow.around.width()) == pytest.approx((80, 40))
    assert wide.around.center() == QPointF(centre)


class Painted(QObject):
    """Which part of a widget has been painted since."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        QApplication.processEvents()
        self.region = QRegion()
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region += event.region()
        return False


def test_what_is_said_while_a_tool_works_goes_when_it_is_done_however_little_else_has_changed(
    desk: Desk,
) -> None:
    def work(context: ToolContext, first: Pointer) -> Gesture:
        yield Preview(working=True)
        yield Preview(changed=Box(0, 0, 4, 4))

    desk.canvas.set_tool(Tool("t", "t", "", "", "cross", work))
    QTest.mouseMove(desk.canvas, QPoint(100, 100))
    QTest.mousePress(desk.canvas, LEFT, NO, QPoint(100, 100))
    painted = Painted(desk.canvas)
    desk.canvas.work_answered()
    QApplication.processEvents()
    assert painted.region.contains(QRect(100, 100, 100, 60))


def test_where_a_hover_fails_nothing_is_shown(desk: Desk) -> None:
    def hover(context: ToolContext, point: tuple[float, float]) -> Preview:
        if desk.canvas.preview.working:
            raise LabeltoolError("the file is gone")
        return Preview(working=True)

    desk.canvas.set_tool(Tool("t", "t", "", "", "cross", desk.tool.gesture, hover=hover))
    for place in ((100, 100), (120, 100)):
        QTest.mouseMove(desk.canvas, QPoint(*place))
    assert not desk.canvas.preview.working


def test_an_area_larger_than_the_screen_is_tinted_as_far_as_it_reaches() -> None:
    image = QImage(600, 600, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("white"))
    painter = QPainter(image)
    half = everywhere(Box(0, 0, 3000, 6000))
    paint_area(painter, half, Viewport(0.1), Box(0, 0, 6000, 6000))
    painter.end()
    white = QColor("white")
    assert image.pixelColor(0, 0) == image.pixelColor(298, 598) != white
    assert image.pixelColor(302, 300) == white
