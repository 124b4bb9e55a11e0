"""The real window with real mouse and key events."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QListView,
    QScrollArea,
    QToolButton,
    QTreeWidget,
    QWidget,
)

from labeltool.app import prelabel
from labeltool.app.models import Model, read_model
from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.inference.card import ModelCard
from labeltool.inference.process import ModelProcess
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import pause_ms, until

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NO = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
WIDTH, HEIGHT = 600, 400

pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images; the right half of each is bright."""
    top = tmp_path_factory.mktemp("original")
    images = top / "images"
    images.mkdir()
    pixels = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)
    pixels[:, WIDTH // 2 :] = 220
    for name in ("a", "b", "c"):
        (images / f"{name}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    with ProjectStore.create(top / "project", "p", ClassCatalog.from_names(["nucleus", "cell"])) as store:
        add_images(store, [images])
    return top / "project"


@pytest.fixture
def project(tmp_path: Path, original: Path) -> Path:
    """A copy of it; the images are those of all tests."""
    return Path(shutil.copytree(original, tmp_path / "project"))


class Hands:
    """A person at the window, who points at places of the image."""

    def __init__(self, project: Path) -> None:
        self.window: MainWindow = open_window(project)
        self.canvas = self.window.findChild(QWidget, "canvas")
        self.until(lambda: self.window.annotate.image is not None)
        self.until(lambda: self.window._prelabelling._known)
        QTest.qWaitForWindowExposed(self.window)
        self.canvas.setFocus()

    def until(self, reached: Callable[[], object]) -> None:
        until(reached)

    def at(self, x: float, y: float) -> QPoint:
        return QPointF(*self.canvas.image_to_widget(x, y)).toPoint()

    def drag(self, *points: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
        QTest.mousePress(self.canvas, button, NO, self.at(*points[0]))
        for point in points[1:]:
            QTest.mouseMove(self.canvas, self.at(*point))
        QTest.mouseRelease(self.canvas, button, NO, self.at(*points[-1]))

    def point(self, x: float, y: float) -> None:
        """Rest the pointer there. Where it was elsewhere before, its first move only enters the canvas."""
        for before in (10, 0):
            QTest.mouseMove(self.canvas, self.at(x - before, y))

    def click(self, x: float, y: float) -> None:
        QTest.mouseClick(self.canvas, LEFT, NO, self.at(x, y))

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
        QTest.keyClick(self.canvas, key, modifier)

    def wheel(self, x: float, y: float, notches: int, modifier: Qt.KeyboardModifier = NO) -> None:
        at = QPointF(self.at(x, y))
        event = QWheelEvent(
            at, self.canvas.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.canvas, event)

    def label(self, x: int, y: int) -> int:
        return int(self.window.annotate.image.session.mask.read("label")[y, x])

    def origin(self, x: int, y: int) -> Origin:
        return Origin(int(self.window.annotate.image.session.mask.read("origin")[y, x]))

    def color(self, x: float, y: float) -> tuple[int, int, int]:
        at = self.at(x, y)
        return self.canvas.grab().toImage().pixelColor(at).getRgb()[:3]

    def text(self, name: str) -> str:
        return self.window.findChild(QLabel, name).text()

    def saved(self) -> None:
        self.until(lambda: self.text("status.saved").startswith("saved r"))


@pytest.fixture
def hands(project: Path) -> Hands:
    return Hands(project)


def test_a_stroke_of_the_mouse_paints_is_saved_and_is_there_after_a_restart(hands: Hands, project: Path):
    before = hands.color(100, 200)
    hands.drag((50, 200), (150, 200))
    assert hands.label(100, 200) == 1
    assert hands.origin(100, 200) is Origin.HUMAN
    assert hands.color(100, 200) != before
    hands.saved()
    assert hands.text("status.saved") == "saved r1"
    hands.window.close()
    again = Hands(project)
    assert again.label(100, 200) == 1
    assert check(project) == []


def test_undo_and_redo_work_by_key_and_survive_a_restart(hands: Hands, project: Path):
    hands.drag((50, 200), (150, 200))
    hands.drag((50, 100), (150, 100))
    hands.key(Qt.Key.Key_Z, CTRL)
    assert (hands.label(100, 100), hands.label(100, 200)) == (0, 1)
    hands.saved()
    hands.window.close()
    again = Hands(project)
    again.key(Qt.Key.Key_Z, CTRL)
    assert again.label(100, 200) == 0
    again.key(Qt.Key.Key_Y, CTRL)
    again.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert (again.label(100, 100), again.label(100, 200)) == (1, 1)


def test_the_right_button_erases_and_the_eraser_does_too(hands: Hands):
    hands.drag((50, 200), (250, 200))
    hands.drag((100, 200), (120, 200), button=RIGHT)
    assert hands.label(110, 200) == 0
    assert hands.origin(110, 200) is Origin.HUMAN
    hands.key(Qt.Key.Key_E)
    hands.drag((200, 200), (220, 200))
    assert (hands.label(210, 200), hands.label(160, 200)) == (0, 1)


def test_a_polygon_is_clicked_and_closed_with_enter(hands: Hands):
    hands.key(Qt.Key.Key_P)
    for corner in ((300, 100), (400, 100), (400, 200), (300, 200)):
        hands.click(*corner)
    hands.key(Qt.Key.Key_Return)
    hands.until(lambda: hands.window.annotate.image.session.undo_title == "polygon")
    assert hands.label(350, 150) == 1
    assert hands.label(290, 150) == 0


def test_escape_drops_a_polygon_and_a_stroke(hands: Hands):
    hands.key(Qt.Key.Key_P)
    hands.click(300, 100)
    hands.click(400, 100)
    hands.key(Qt.Key.Key_Escape)
    hands.key(Qt.Key.Key_B)
    QTest.mousePress(hands.canvas, LEFT, NO, hands.at(100, 100))
    QTest.mouseMove(hands.canvas, hands.at(150, 100))
    assert hands.label(120, 100) == 1
    hands.key(Qt.Key.Key_Escape)
    assert hands.label(120, 100) == 0
    assert hands.window.annotate.image.session.revision == 0


def test_digits_choose_classes_and_x_swaps(hands: Hands):
    hands.key(Qt.Key.Key_2)
    hands.drag((50, 50), (60, 50))
    hands.key(Qt.Key.Key_X)
    hands.drag((50, 150), (60, 150))
    hands.key(Qt.Key.Key_0)
    hands.drag((50, 150), (52, 150))
    assert hands.label(55, 50) == 2
    assert hands.label(51, 150) == 0
    assert hands.window.findChild(QToolButton, "top.class").text() == "background"


def test_brackets_and_shift_wheel_change_the_brush(hands: Hands):
    hand = hands.window.bench.hand
    before = hand.radius_px
    hands.key(Qt.Key.Key_BracketRight)
    assert hand.radius_px > before
    hands.key(Qt.Key.Key_BracketLeft)
    assert hand.radius_px == before
    hands.wheel(100, 100, 1, SHIFT)
    assert hand.radius_px > before


def test_the_wheel_zooms_at_the_pointer(hands: Hands):
    zoom = hands.canvas.view.zoom
    before = hands.canvas.image_to_widget(150, 120)
    hands.wheel(150, 120, 3)
    after = hands.canvas.image_to_widget(150, 120)
    assert hands.canvas.view.zoom > 1.5 * zoom
    assert np.hypot(after[0] - before[0], after[1] - before[1]) < 2
    x, y = hands.canvas.widget_to_image(*after)
    assert (round(x, 6), round(y, 6)) == (150, 120)


def test_space_and_the_middle_button_pan_without_painting(hands: Hands):
    hands.wheel(300, 200, 4)
    before = hands.canvas.image_to_widget(0, 0)
    hands.drag((300, 200), (320, 210), button=MIDDLE)
    assert hands.canvas.image_to_widget(0, 0) != before
    QTest.keyPress(hands.canvas, Qt.Key.Key_Space)
    hands.drag((300, 200), (320, 210))
    QTest.keyRelease(hands.canvas, Qt.Key.Key_Space)
    assert hands.window.annotate.image.session.revision == 0


def test_v_hides_the_mask_and_holding_it_is_a_peek(hands: Hands):
    bare = hands.color(100, 200)
    hands.drag((50, 200), (150, 200))
    painted = hands.color(100, 200)
    hands.key(Qt.Key.Key_V)
    assert hands.color(100, 200) == bare
    hands.key(Qt.Key.Key_V)
    assert hands.color(100, 200) == painted
    QTest.keyPress(hands.canvas, Qt.Key.Key_V)
    assert hands.color(100, 200) == bare
    pause_ms(350)
    QTest.keyRelease(hands.canvas, Qt.Key.Key_V)
    hands.until(lambda: hands.color(100, 200) == painted)


def test_opacity_keys_and_the_eye_of_a_class_change_what_is_seen_and_not_what_is(hands: Hands):
    bare = hands.color(100, 200)
    hands.drag((50, 200), (150, 200))
    weak = hands.color(100, 200)
    hands.key(Qt.Key.Key_Equal)
    assert hands.color(100, 200) != weak
    hands.window.findChild(QWidget, "panel.classes").toggle_hidden(1)
    assert hands.color(100, 200) == bare
    assert hands.label(100, 200) == 1


def test_d_and_a_go_through_the_images_and_nothing_is_lost_on_the_way(hands: Hands):
    hands.drag((50, 200), (150, 200))
    hands.key(Qt.Key.Key_D)
    hands.until(lambda: hands.window.annotate.image.record.name == "b.png")
    assert hands.label(100, 200) == 0
    hands.drag((50, 100), (150, 100))
    hands.key(Qt.Key.Key_A)
    hands.until(lambda: hands.window.annotate.image.record.name == "a.png")
    assert (hands.label(100, 200), hands.label(100, 100)) == (1, 0)


def test_a_click_in_the_list_opens_an_image_and_its_status_follows_the_work(hands: Hands):
    images = hands.window.findChild(QListView, "images.list")
    index = images.model().index(2, 0)
    QTest.mouseClick(images.viewport(), LEFT, NO, images.visualRect(index).center())
    hands.until(lambda: hands.window.annotate.image.record.name == "c.png")
    hands.drag((50, 200), (150, 200))
    hands.until(lambda: hands.window.annotate.image.record.status is Status.IN_WORK)
    hands.window.actions_["approve"].trigger()
    hands.until(lambda: hands.window.annotate.image.record.status is Status.APPROVED)
    hands.drag((50, 100), (150, 100))
    hands.until(lambda: hands.window.annotate.image.record.status is Status.IN_WORK)


def test_the_status_bar_says_what_lies_under_the_pointer(hands: Hands):
    hands.drag((50, 200), (150, 200))
    hands.point(100.5, 200.5)
    text = hands.text("status.pointer")
    assert "x 100  y 200" in text
    assert "nucleus" in text
    assert "human" in text


def test_painting_while_zoomed_out_and_across_tiles_is_exact(hands: Hands):
    hands.canvas.zoom_to(0.5)
    hands.window.bench.hand.radius_px = 40
    hands.drag((200, 200), (320, 300))
    label = hands.window.annotate.image.session.mask.read("label")
    assert label[200, 200] == 1
    assert label[300, 320] == 1
    assert label[256, 256] == 1
    assert hands.color(256, 256) != hands.color(100, 100)


def test_the_status_bar_follows_the_mask_and_the_view_under_a_pointer_that_rests(hands: Hands):
    hands.point(100.5, 200.5)
    assert "unlabelled" in hands.text("status.pointer")
    hands.drag((50, 200), (100.5, 200.5))
    assert "nucleus" in hands.text("status.pointer")
    hands.key(Qt.Key.Key_Z, CTRL)
    assert "unlabelled" in hands.text("status.pointer")
    before = hands.text("status.pointer")
    hands.canvas.fit()
    hands.wheel(300, 200, 3)
    assert hands.text("status.pointer") != before
    QApplication.sendEvent(hands.canvas, QEvent(QEvent.Type.Leave))
    assert hands.text("status.pointer") == ""


def test_undo_takes_back_the_last_corner_of_a_polygon_and_no_stroke(hands: Hands):
    hands.drag((50, 300), (150, 300))
    hands.key(Qt.Key.Key_P)
    for corner in ((300, 100), (400, 100), (400, 200), (300, 200), (550, 390)):
        hands.click(*corner)
    hands.key(Qt.Key.Key_Z, CTRL)
    hands.key(Qt.Key.Key_Return)
    assert (hands.label(350, 150), hands.label(450, 280)) == (1, 0)
    assert hands.label(100, 300) == 1


@pytest.mark.parametrize("by", ["key", "menu"])
def test_undo_during_a_stroke_drops_that_stroke_and_none_before(hands: Hands, by: str):
    hands.drag((50, 300), (150, 300))
    QTest.mousePress(hands.canvas, LEFT, NO, hands.at(300, 100))
    QTest.mouseMove(hands.canvas, hands.at(400, 100))
    assert hands.label(350, 100) == 1
    if by == "key":
        hands.key(Qt.Key.Key_Z, CTRL)
    else:
        hands.window.actions_["undo"].trigger()
    QTest.mouseMove(hands.canvas, hands.at(500, 100))
    QTest.mouseRelease(hands.canvas, LEFT, NO, hands.at(500, 100))
    assert 1 not in (hands.label(350, 100), hands.label(450, 100))
    assert hands.label(100, 300) == 1


def test_what_is_said_of_the_brush_does_not_hide_what_is_saved(hands: Hands):
    hands.drag((50, 200), (150, 200))
    hands.saved()
    hands.key(Qt.Key.Key_BracketRight)
    assert "px" in hands.text("status.note")
    assert hands.window.findChild(QLabel, "status.saved").isVisible()


# ---- where the keys go


def test_enter_in_the_search_opens_the_first_hit_and_the_keys_work_on_the_canvas(hands: Hands):
    search = hands.window.findChild(QWidget, "images.search")
    search.setFocus()
    QTest.keyClicks(search, "c.png")
    QTest.keyClick(search, Qt.Key.Key_Return)
    hands.until(lambda: hands.window.annotate.image.record.name == "c.png")
    assert QApplication.focusWidget() is hands.canvas


def test_escape_clears_the_search_and_gives_the_keys_back(hands: Hands):
    search = hands.window.findChild(QWidget, "images.search")
    search.setFocus()
    QTest.keyClicks(search, "nothing")
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""
    assert QApplication.focusWidget() is hands.canvas


def test_a_shortcut_works_while_the_search_is_typed_in(hands: Hands):
    search = hands.window.findChild(QWidget, "images.search")
    search.setFocus()
    QTest.keyClick(search, Qt.Key.Key_E, CTRL)
    dialog = hands.window.findChild(QWidget, "dialog.export")
    hands.until(dialog.isVisible)
    dialog.close()
    hands.until(lambda: QApplication.focusWidget() is hands.canvas)


def test_a_click_in_a_panel_leaves_the_keys_with_the_canvas(hands: Hands):
    hands.canvas.setFocus()
    QTest.mouseClick(hands.window.findChild(QWidget, "layer.mask"), LEFT)
    assert QApplication.focusWidget() is hands.canvas


@pytest.mark.parametrize("name", ["images.list", "classes.list"])
def test_a_digit_of_a_french_keyboard_chooses_a_class_while_a_list_has_the_keys(hands: Hands, name: str):
    rows = hands.window.findChild(QAbstractItemView, name)
    rows.setFocus()
    typed = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Eacute, NO, 11, 0, 0, "é")  # the key of the 2
    QApplication.sendEvent(rows, typed)
    assert hands.window.findChild(QToolButton, "top.class").text() == "cell"


# ---- the panels


def test_all_of_the_layers_is_in_sight_with_both_sections_open(hands: Hands):
    hands.window.resize(1280, 720)
    layers = hands.window.findChild(QScrollArea, "panel.layers")
    for section in ("section.look", "section.compare"):
        QTest.mouseClick(layers.findChild(QToolButton, section), LEFT)
    pause_ms(50)
    assert layers.viewport().height() >= layers.widget().sizeHint().height()
    assert layers.verticalScrollBar().maximum() == 0


def test_the_canvas_stays_where_it_is_when_the_tool_changes(hands: Hands):
    places = set()
    for key in (Qt.Key.Key_B, Qt.Key.Key_P, Qt.Key.Key_W, Qt.Key.Key_I, Qt.Key.Key_U):
        hands.key(key)
        pause_ms(20)
        places.add(hands.canvas.mapTo(hands.window, QPoint()).toTuple())
    assert len(places) == 1


# ---- classes


def test_a_class_that_is_added_is_chosen_and_in_sight_among_many(hands: Hands):
    catalog = hands.window.bench.catalog
    for number in range(8):
        catalog = catalog.add(f"class {number}")
    hands.window.resize(1280, 720)
    hands.window.bench.change_catalog(catalog)
    hands.window.actions_["add_class"].trigger()
    dialog = hands.window.findChild(QWidget, "dialog.class")
    dialog.name.setText("the last")
    dialog.accept()
    pause_ms(50)
    classes = hands.window.findChild(QTreeWidget, "classes.list")
    assert hands.window.findChild(QToolButton, "top.class").text() == "the last"
    shown = classes.visualItemRect(classes.currentItem())
    assert classes.currentItem().text(1) == "the last"
    assert classes.viewport().rect().contains(shown.center())
    assert classes.viewport().height() >= 5 * shown.height()


def test_what_nobody_has_labelled_is_the_last_row_and_no_class(hands: Hands):
    hands.drag((50, 200), (150, 200))
    hands.saved()
    classes = hands.window.findChild(QTreeWidget, "classes.list")
    last = classes.topLevelItem(classes.topLevelItemCount() - 1)
    hands.until(lambda: not last.isHidden() and last.text(5))
    assert last.text(1) == "unlabelled"
    QTest.mouseClick(classes.viewport(), LEFT, NO, classes.visualItemRect(last).center())
    assert hands.window.bench.hand.value == 1


def test_approving_what_is_partly_unlabelled_says_so_and_can_be_taken_back(hands: Hands):
    hands.drag((50, 200), (150, 200))
    hands.saved()
    approve = hands.window.actions_["approve"]
    approve.trigger()
    hands.until(lambda: approve.text() == "Take approval back")
    hands.until(lambda: "is unlabelled" in hands.text("banner.text"))
    approve.trigger()
    hands.until(lambda: approve.text() == "Approve")


# ---- the model


def test_where_no_model_fits_the_failure_says_which_names_would(hands: Hands):
    hands.window.bench.change_catalog(ClassCatalog.from_names(["dragon"]))
    models = hands.window.findChild(QComboBox, "top.model")
    hands.until(lambda: models.currentText() == "no model fits")
    hands.window.actions_["prelabel"].trigger()
    hands.until(lambda: _dialog_text(hands))
    assert "nuclei knows: nucleus" in _dialog_text(hands)


def test_a_class_that_is_renamed_brings_its_model(hands: Hands):
    bench = hands.window.bench
    bench.change_catalog(bench.catalog.edit(1, name="dragon"))
    models = hands.window.findChild(QComboBox, "top.model")
    hands.until(lambda: models.currentText() == "no model fits")
    bench.change_catalog(bench.catalog.edit(1, name="nucleus"))
    hands.until(lambda: models.currentText() == "nuclei")


@pytest.fixture
def bright_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model in a real child process that finds what is bright; no network in it."""
    return _fake_model("Bright", tmp_path, monkeypatch)


def _fake_model(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    folder = tmp_path / "model"
    folder.mkdir()
    card = ModelCard(
        "bright", "none", "none", ClassCatalog.from_names(["nucleus"]), sha256="0" * 64, tile=256
    )
    (folder / "card.json").write_text(json.dumps(card.to_json()))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "unit" / "inference"))
    process = functools.partial(ModelProcess, segmenter=f"fake_segmenters:{name}")
    monkeypatch.setattr(prelabel, "ModelProcess", process)
    return read_model(folder)


def test_a_pre_label_fills_in_what_no_human_has_set_and_can_be_undone(hands: Hands, bright_model: Model):
    hands.drag((400, 200), (500, 200), button=RIGHT)  # a human says: background, in the bright half
    hands.window.findChild(QWidget, "top").show_models([bright_model])
    hands.window.actions_["prelabel"].trigger()
    hands.until(lambda: hands.label(350, 50) == 1)
    assert hands.origin(350, 50) is Origin.MODEL
    assert (hands.label(450, 200), hands.origin(450, 200)) == (0, Origin.HUMAN)
    assert hands.label(100, 50) == 0
    hands.key(Qt.Key.Key_C)
    assert hands.canvas.layer("confidence") is not None
    hands.key(Qt.Key.Key_Z, CTRL)
    assert hands.label(350, 50) == 0
    hands.saved()


def test_pre_labelling_all_fills_every_image_and_shows_it_in_the_list(
    hands: Hands, bright_model: Model, project: Path
):
    hands.window.findChild(QWidget, "top").show_models([bright_model])
    hands.window.actions_["prelabel_all"].trigger()
    store = hands.window.bench.store
    hands.until(lambda: all(r.status is Status.PRELABELLED for r in store.images()))
    hands.until(lambda: not hands.window.bench.lanes.busy)
    hands.until(lambda: hands.text("status.note").startswith("3 images pre-labelled in "))
    hands.window.close()
    with ProjectStore.open(project) as again:
        for record in again.images():
            assert (again.load_mask(record.id).read("label")[:, WIDTH // 2 :] == 1).all()
    assert check(project) == []


def test_a_pre_label_can_be_cancelled_and_the_window_goes_on(hands: Hands, tmp_path: Path, monkeypatch):
    slow = _fake_model("Slow", tmp_path, monkeypatch)
    monkeypatch.setenv("SLOW_AT_WORK", str(tmp_path / "at work"))
    hands.window.findChild(QWidget, "top").show_models([slow])
    hands.window.actions_["prelabel_all"].trigger()
    cancel = hands.window.findChild(QToolButton, "status.cancel")
    hands.until(cancel.isVisible)
    hands.until((tmp_path / "at work").exists)
    QTest.mouseClick(cancel, LEFT)
    hands.until(lambda: not cancel.isVisible())  # three images would take three minutes
    hands.drag((50, 200), (150, 200))
    assert hands.label(100, 200) == 1


# ---- what goes wrong


@pytest.fixture
def without_b(hands: Hands) -> Iterator[None]:
    """The second image is gone meanwhile."""
    image = hands.window.bench.store.images()[1].path
    away = image.rename(image.with_suffix(".away"))
    yield
    away.rename(image)


@pytest.mark.usefixtures("without_b")
def test_an_image_that_is_gone_is_named_and_the_next_one_opens(hands: Hands):
    hands.key(Qt.Key.Key_D)
    hands.until(lambda: _dialog_text(hands))
    assert "b.png" in _dialog_text(hands)
    for widget in QApplication.topLevelWidgets():
        if widget is not hands.window and widget.isVisible():
            widget.close()
    hands.window.activateWindow()
    hands.canvas.setFocus()
    hands.until(lambda: QApplication.activeWindow() is hands.window)
    hands.key(Qt.Key.Key_D)
    hands.until(lambda: hands.window.annotate.image and hands.window.annotate.image.record.name == "c.png")


def _dialog_text(hands: Hands) -> str:
    boxes = [w for w in hands.window.findChildren(QWidget) if w.isWindow() and w.isVisible()]
    return " ".join(label.text() for box in boxes for label in box.findChildren(QLabel))


def test_a_project_that_another_window_has_open_is_refused_by_name(hands: Hands, project: Path):
    other = open_window(project)
    hands.until(lambda: [w for w in other.findChildren(QWidget) if w.isWindow() and w.isVisible()])
    assert other.bench is None
    other.close()


def test_every_action_has_a_name_that_scripts_find(hands: Hands):
    from labeltool.ui.actions import ACTIONS

    for spec in ACTIONS:
        assert hands.window.findChild(type(hands.window.actions_["undo"]), f"action.{spec.id}") is not None
    for name in (
        "tool.brush",
        "tool.eraser",
        "tool.polygon",
        "panel.classes",
        "panel.layers",
        "panel.images",
    ):
        assert hands.window.findChild(QWidget, name) is not None
    assert hands.window.objectName() == "main"
