"""What is seen: outlines, tone, minimap, comparison, crosshair, ruler. None of it touches data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QLabel, QWidget

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.store.project import ProjectStore
from labeltool.ui.banner import Banner
from labeltool.ui.canvas.outlines import fine_outlines
from labeltool.ui.compare import Compare
from labeltool.ui.looks import Numbers
from labeltool.ui.main import open_window
from labeltool.ui.minimap import level_that_fits
from labeltool.ui.panels.layers import LayerPanel
from labeltool.ui.panels.slider import Slider
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
WIDTH, HEIGHT = 600, 400
GREY = 100
ALL = {"mask": True, "model": True, "confidence": True, "error": True, "unlooked": True}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of two grey images."""
    folder = tmp_path_factory.mktemp("original")
    for name in "ab":
        cv2.imwrite(str(folder / f"{name}.png"), np.full((HEIGHT, WIDTH, 3), GREY, np.uint8))
    with ProjectStore.create(folder / "project", "p", ClassCatalog.from_names(["nucleus"])) as store:
        add_images(store, [folder / "a.png", folder / "b.png"])
    return folder / "project"


@pytest.fixture
def window(app: QApplication, tmp_path: Path, original: Path) -> Iterator[MainWindow]:
    """The window with a copy of it."""
    made = open_window(Path(shutil.copytree(original, tmp_path / "project")))
    made.resize(1280, 720)
    until(lambda: made.annotate.image is not None)
    QTest.qWaitForWindowExposed(made)
    made.annotate.canvas.fit()
    yield made
    made.close()


def at(window: MainWindow, x: float, y: float, dx: int = 0) -> QPoint:
    return (QPointF(*window.annotate.canvas.image_to_widget(x, y)) + QPointF(dx, 0)).toPoint()


def drag(window: MainWindow, *points: QPoint) -> None:
    canvas = window.annotate.canvas
    QTest.mousePress(canvas, LEFT, NO, points[0])
    for point in points[1:]:
        QTest.mouseMove(canvas, point)
    QTest.mouseRelease(canvas, LEFT, NO, points[-1])


def color(window: MainWindow, point: QPoint) -> tuple[int, int, int]:
    QApplication.processEvents()
    return window.annotate.canvas.grab().toImage().pixelColor(point).getRgb()[:3]


def stroke(window: MainWindow) -> None:
    """A thick line through the middle."""
    window.bench.hand.radius_px = 40
    drag(window, at(window, 200, 200), at(window, 400, 200))
    QTest.mouseMove(window.annotate.canvas, QPoint(3, 3))


# ---- outlines and fill


def test_without_fill_the_outline_stays_and_without_outline_the_fill(window: MainWindow) -> None:
    stroke(window)
    window.annotate.switch("fill")
    assert color(window, at(window, 300, 200)) == (GREY, GREY, GREY)
    window.annotate.canvas.zoom_to(8)
    window.annotate.canvas.centre_on(300, 160)
    border = [color(window, at(window, 300.5, 160) + QPoint(0, dy)) for dy in range(-12, 12)]
    assert sum(each != (GREY, GREY, GREY) for each in border) == 1  # one pixel of the screen at 800 %
    window.annotate.switch("outlines")
    assert all(
        color(window, at(window, 300.5, 160) + QPoint(0, dy)) == (GREY, GREY, GREY) for dy in range(-12, 12)
    )


def test_fine_outlines_run_on_both_sides_of_a_border_in_the_colour_of_each() -> None:
    label = np.array([[1, 1, 2], [1, 1, 2]], np.uint8)
    colors = np.arange(256, dtype=np.uint32)
    drawn = fine_outlines(label, np.array([10, 14, 18, 22]), np.array([0, 4, 8]), colors)
    assert drawn.shape == (8, 12)
    assert (drawn[:, 7] == 1).all()
    assert (drawn[:, 8] == 2).all()
    assert np.count_nonzero(drawn) == 16


def test_fine_outlines_are_wider_on_a_screen_of_scale_two_and_cross_one_another_whole() -> None:
    label = np.array([[1, 2], [3, 4]], np.uint8)
    colors = np.arange(256, dtype=np.uint32)
    drawn = fine_outlines(label, np.array([0, 8, 16]), np.array([0, 8, 16]), colors, width=2)
    for value, rows, columns in ((1, slice(0, 8), slice(0, 8)), (4, slice(8, 16), slice(8, 16))):
        part = drawn[rows, columns]
        assert set(np.unique(part)) == {0, value}
        assert np.count_nonzero(part) == 64 - 36


def test_fine_outlines_never_leave_their_pixel() -> None:
    label = np.array([[1, 2, 1]], np.uint8)
    drawn = fine_outlines(label, np.array([0, 2, 4, 6]), np.array([0, 2]), np.arange(256, dtype=np.uint32), 3)
    assert drawn.tolist() == [[0, 1, 2, 2, 1, 0]] * 2


# ---- how the image is shown

BRIGHTER = Numbers(64, 128, 1.0)


def test_a_window_changes_what_is_shown_and_no_value(window: MainWindow) -> None:
    window.annotate.looks.set_numbers(BRIGHTER)
    assert color(window, at(window, 300, 200))[0] > GREY + 40
    assert window.annotate.readout(300, 200).values == (GREY, GREY, GREY)


def test_the_window_is_kept_for_the_next_image(window: MainWindow) -> None:
    window.annotate.looks.set_numbers(BRIGHTER)
    first = window.annotate.image
    window.actions_["next_image"].trigger()
    until(lambda: window.annotate.image not in (None, first))
    assert color(window, at(window, 300, 200))[0] > GREY + 40


def test_ctrl_and_the_right_button_drag_the_window(window: MainWindow) -> None:
    canvas, numbers = window.annotate.canvas, window.annotate.looks.numbers
    ctrl, right = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.RightButton
    start = QPoint(200, 200)
    QTest.mousePress(canvas, right, ctrl, start)
    QApplication.sendEvent(
        canvas,
        QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(start + QPoint(60, -40)),
            QPointF(),
            Qt.MouseButton.NoButton,
            right,
            ctrl,
        ),
    )
    QTest.mouseRelease(canvas, right, ctrl, start + QPoint(60, -40))
    dragged = window.annotate.looks.numbers
    assert dragged.width > numbers.width
    assert dragged.level < numbers.level
    assert window.annotate.image.session.undo_title == ""
    window.annotate.looks.choose("opened")
    assert window.annotate.looks.numbers == numbers


def test_auto_contrast_is_judged_by_each_image_and_taken_back(window: MainWindow) -> None:
    looks = window.annotate.looks
    window.actions_["auto_contrast"].trigger()
    assert looks.preset == "auto"
    assert looks.display != looks.opened
    window.actions_["auto_contrast"].trigger()
    assert looks.preset == "opened"


def test_the_panel_shows_and_sets_the_window(window: MainWindow) -> None:
    number = window.findChild(QDoubleSpinBox, "look.width.number")
    number.setValue(100)
    assert window.annotate.looks.numbers.width == 100
    window.annotate.looks.set_numbers(BRIGHTER)
    assert number.value() == 128
    QTest.mouseDClick(window.findChild(Slider, "look.width"), LEFT)
    assert window.annotate.looks.preset == "opened"
    assert number.value() == 255


# ---- the minimap


def test_the_minimap_shows_while_a_part_is_out_of_sight(window: MainWindow) -> None:
    minimap = window.findChild(QWidget, "minimap")
    assert not minimap.isVisible()
    window.annotate.canvas.zoom_to(8)
    assert minimap.isVisible()
    window.actions_["show_minimap"].trigger()
    assert not minimap.isVisible()
    window.actions_["show_minimap"].trigger()
    window.annotate.canvas.fit()
    assert not minimap.isVisible()


def test_a_press_on_the_minimap_brings_the_view_there(window: MainWindow) -> None:
    window.annotate.canvas.zoom_to(8)
    minimap = window.findChild(QWidget, "minimap")
    QTest.mouseClick(minimap, LEFT, NO, QPoint(minimap.width() // 4, minimap.height() // 2))
    x, y = window.annotate.canvas.widget_to_image(
        window.annotate.canvas.width() / 2, window.annotate.canvas.height() / 2
    )
    assert abs(x - WIDTH / 4) < 5
    assert abs(y - HEIGHT / 2) < 5


def test_the_minimap_makes_way_for_a_stroke_and_comes_back(window: MainWindow) -> None:
    window.annotate.canvas.zoom_to(4)
    canvas, minimap = window.annotate.canvas, window.findChild(QWidget, "minimap")
    below = minimap.geometry().center()
    QTest.mousePress(canvas, LEFT, NO, QPoint(100, 100))
    QTest.mouseMove(canvas, QPoint(120, 100))
    assert minimap.isVisible()
    QTest.mouseMove(canvas, below)
    assert not minimap.isVisible()
    QTest.mouseRelease(canvas, LEFT, NO, below)
    QTest.mouseMove(canvas, below - QPoint(3, 3))
    assert minimap.isVisible()


def test_the_minimap_takes_up_what_is_painted(window: MainWindow) -> None:
    window.annotate.canvas.zoom_to(3)
    window.annotate.canvas.centre_on(300, 200)
    minimap = window.annotate.minimap
    spot = QPoint(minimap.width() // 2, minimap.height() // 2)
    before = minimap.grab().toImage().pixelColor(spot)
    window.bench.hand.radius_px = 60
    drag(window, at(window, 290, 200), at(window, 310, 200))
    until(lambda: minimap.grab().toImage().pixelColor(spot) != before)


@pytest.mark.parametrize(
    ("size", "level"), [((256, 10), 0), ((257, 1), 1), ((600, 400), 2), ((30000, 30000), 7)]
)
def test_the_minimap_is_drawn_from_the_level_that_fits_into_a_tile(size: tuple[int, int], level: int) -> None:
    assert level_that_fits(Size(*size)) == level


# ---- comparing


def test_swiping_shows_one_layer_on_either_side_of_a_line_that_can_be_dragged(window: MainWindow) -> None:
    stroke(window)
    canvas = window.annotate.canvas
    window.actions_["swipe"].trigger()
    left, right = at(window, 230, 190), at(window, 370, 190)
    assert color(window, left) != (GREY, GREY, GREY)
    assert color(window, right) == (GREY, GREY, GREY)
    line = QPoint(canvas.compare.line(canvas.width()), 30)
    drag(window, line, QPoint(right.x() + 60, 30))
    assert color(window, right) != (GREY, GREY, GREY)
    window.actions_["swipe"].trigger()
    assert canvas.compare.mode == "off"


def test_the_cursor_says_where_the_line_can_be_dragged_and_no_more_once_there_is_none(
    window: MainWindow,
) -> None:
    canvas = window.annotate.canvas
    window.actions_["swipe"].trigger()
    line = canvas.compare.line(canvas.width())
    for x, shape in ((line, "SplitHCursor"), (line + 40, "CrossCursor"), (line, "SplitHCursor")):
        QTest.mouseMove(canvas, QPoint(x, 30))
        assert canvas.cursor().shape().name == shape
    window.actions_["swipe"].trigger()
    assert canvas.cursor().shape().name == "CrossCursor"


def test_side_by_side_both_halves_show_the_same_place_and_painting_works_in_either(
    window: MainWindow,
) -> None:
    canvas = window.annotate.canvas
    window.actions_["side_by_side"].trigger()
    window.annotate.set_compare("side", "mask", "mask")
    half = canvas.width() // 2
    window.bench.hand.radius_px = 20
    drag(window, at(window, 250, 200, half), at(window, 350, 200, half))
    assert window.annotate.readout(300, 200).label == 1
    assert color(window, at(window, 300, 200)) == color(window, at(window, 300, 200, half))
    drag(window, at(window, 300, 100), at(window, 300, 300))
    assert window.annotate.readout(300, 120).label == 1


def test_side_by_side_a_pan_and_a_zoom_move_both_halves(window: MainWindow) -> None:
    stroke(window)
    canvas = window.annotate.canvas
    window.annotate.set_compare("side", "mask", "mask")
    canvas.zoom_by(2)
    half = canvas.width() // 2
    left = canvas.grab(canvas.rect().adjusted(0, 60, -half - 3, 0)).toImage()
    right = canvas.grab(canvas.rect().adjusted(half, 60, -3, 0)).toImage()
    assert left.pixelColor(100, 300) == right.pixelColor(100, 300)
    assert left.pixelColor(half - 80, 300) == right.pixelColor(half - 80, 300)


@pytest.mark.parametrize("width", [942, 943])
def test_side_by_side_both_halves_are_painted_up_to_their_last_column(width: int) -> None:
    compare = Compare("side", "mask", "image")
    left, right = (pane.rect for pane in compare.panes(QRect(0, 0, width, 10), []))
    assert left.width() + right.width() == width
    assert max(left.width(), right.width()) == compare.room(width)


def test_a_side_that_is_the_mask_obeys_the_switch_of_the_mask() -> None:
    compare = Compare("swipe", "mask", "model")
    shown = compare.panes(LayerPanel().rect(), ["image", "mask"])
    peeked = compare.panes(LayerPanel().rect(), ["image"])
    assert shown[0].names == ("image", "mask")
    assert peeked[0].names == ("image",)
    assert peeked[1].names == ("image", "answer")


def test_a_drag_that_crosses_into_the_other_half_goes_on_where_it_was(window: MainWindow) -> None:
    half = window.annotate.canvas.width() // 2
    window.annotate.set_compare("side", "mask", "mask")
    window.bench.hand.radius_px = 10
    drag(window, at(window, 500, 200), at(window, 560, 200), at(window, 30, 200, half))
    assert window.annotate.readout(595, 200).label == 1
    assert window.annotate.readout(30, 200).label == 0


# ---- crosshair and ruler


def test_the_crosshair_runs_through_the_pointer_and_leaves_no_trace(window: MainWindow) -> None:
    window.actions_["show_crosshair"].trigger()
    canvas = window.annotate.canvas
    for point in (QPoint(300, 300), QPoint(400, 350)):
        QTest.mouseMove(canvas, point)
    far = color(window, QPoint(400, 100))
    assert far != (GREY, GREY, GREY)
    assert color(window, QPoint(300, 100)) == (GREY, GREY, GREY)
    window.actions_["show_crosshair"].trigger()
    assert color(window, QPoint(400, 100)) == (GREY, GREY, GREY)


def test_the_ruler_leaves_the_mask_alone_and_goes_with_escape(window: MainWindow) -> None:
    window.actions_["ruler"].trigger()
    drag(window, at(window, 100, 100), at(window, 200, 100))
    canvas = window.annotate.canvas
    middle = at(window, 150, 100)
    assert color(window, middle) != (GREY, GREY, GREY)
    assert not canvas.busy
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert color(window, middle) == (GREY, GREY, GREY)
    assert window.annotate.image.session.undo_title == ""


# ---- the readout


def test_numbers_of_the_readout_do_not_jump(window: MainWindow) -> None:
    label = window.findChild(QLabel, "status.pointer")
    lengths = set()
    for x, y in ((5, 5), (50, 7), (555, 333)):
        QTest.mouseMove(window.annotate.canvas, at(window, x + 0.5, y + 0.5))
        lengths.add(len(label.text()))
    assert len(lengths) == 1


def test_the_place_is_told_in_the_worlds_unit_where_the_image_knows_it(
    window: MainWindow, tmp_path: Path
) -> None:
    tags = ImageFileDirectory_v2()
    tags[270] = "ImageJ=1.53\nunit=mm\n"
    tags[282] = tags[283] = 4.0
    Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(tmp_path / "c.tif", tiffinfo=tags)
    QTest.mouseMove(window.annotate.canvas, at(window, 100.5, 200.5))
    world = window.findChild(QLabel, "status.world")
    assert world.isHidden()
    record = add_images(window.bench.store, [tmp_path / "c.tif"]).added[0]
    window.bench.open_image(record.id)
    until(lambda: window.annotate.image is not None and window.annotate.image.record.id == record.id)
    QTest.mouseMove(window.annotate.canvas, at(window, 200.5, 200.5))
    assert world.text() == "50.0 mm, 50.0 mm"


def test_a_message_lies_over_the_canvas_and_moves_nothing(window: MainWindow) -> None:
    before = window.annotate.canvas.geometry()
    banner = window.findChild(Banner)
    banner.tell("Something has happened.")
    QApplication.processEvents()
    assert banner.isVisible()
    assert window.annotate.canvas.geometry() == before
    assert before.contains(banner.geometry())
    assert banner.width() == before.width()


def test_in_turns_one_layer_is_seen_after_the_other_at_the_same_place(window: MainWindow) -> None:
    stroke(window)
    canvas = window.annotate.canvas
    window.actions_["flicker"].trigger()
    there = at(window, 300, 190)
    seen = set()
    until(lambda: seen.add(color(window, there)) or len(seen) > 1)
    assert (GREY, GREY, GREY) in seen
    window.actions_["flicker"].trigger()
    assert canvas.compare.mode == "off"
    assert color(window, there) != (GREY, GREY, GREY)


def test_in_turns_nothing_changes_while_somebody_draws(window: MainWindow) -> None:
    canvas = window.annotate.canvas
    window.actions_["flicker"].trigger()
    QTest.mousePress(canvas, LEFT, NO, at(window, 200, 200))
    before = canvas.compare.second
    canvas._take_turns()
    assert canvas.compare.second == before
    QTest.mouseRelease(canvas, LEFT, NO, at(window, 200, 200))
    canvas._take_turns()
    assert canvas.compare.second != before
