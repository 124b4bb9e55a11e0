"""Doubt and looking, from the real window: spots in order, the slider, the share resolved, what was never looked at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QSlider

from labeltool.app.doubt import Doubt
from labeltool.app.project import add_images
from labeltool.app.provenance import looked
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.spots import share_resolved
from labeltool.inference.segmenter import Prediction
from labeltool.store.project import ProjectStore
from labeltool.ui.canvas.veil import SHADE
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
WIDTH, HEIGHT, GREY = 600, 400, 100
FIRST, SECOND, THIRD = Box(400, 200, 460, 260), Box(100, 100, 130, 130), Box(500, 40, 520, 50)
"""Where the model is in doubt, most of it first."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grey image of which a model has spoken, and a large one that nobody has touched."""
    folder = tmp_path_factory.mktemp("original")
    cv2.imwrite(str(folder / "a.png"), np.full((HEIGHT, WIDTH, 3), GREY, np.uint8))
    cv2.imwrite(str(folder / "b.png"), np.full((3000, 4000), GREY, np.uint8))
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[80:300, 80:520] = 1
    confidence = np.full(label.shape, 250, np.uint8)
    for box, value in ((FIRST, 135), (SECOND, 140), (THIRD, 200)):
        confidence[box.slices()] = value
    with ProjectStore.create(folder / "project", "p", ClassCatalog.from_names(["nucleus"])) as store:
        records = add_images(store, [folder / "a.png", folder / "b.png"]).added
        store.save_prediction(
            records[0].id, "m", [Prediction(records[0].size.box, label, confidence, entropy=255 - confidence)]
        )
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path, original: Path) -> Path:
    """A copy of it; the images are those of all tests."""
    return Path(shutil.copytree(original, tmp_path / "project"))


@pytest.fixture
def window(app: QApplication, project: Path) -> Iterator[MainWindow]:
    made = open_window(project)
    made.resize(1280, 720)
    until(lambda: made.annotate.image is not None)
    QTest.qWaitForWindowExposed(made)
    made.activateWindow()
    made.annotate.canvas.fit()
    yield made
    made.close()


def at(window: MainWindow, x: float, y: float) -> QPoint:
    return QPointF(*window.annotate.canvas.image_to_widget(x, y)).toPoint()


def color(window: MainWindow, x: float, y: float) -> tuple[int, int, int]:
    QApplication.processEvents()
    return window.annotate.canvas.grab().toImage().pixelColor(at(window, x, y)).getRgb()[:3]


def press(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
    QTest.keyClick(window.annotate.canvas, key, modifier)


def note(window: MainWindow) -> str:
    return window.findChild(QLabel, "status.note").text()


def checked(window: MainWindow) -> str:
    return " ".join(window.findChild(QLabel, "status.checked").text().replace("\u2007", " ").split())


def middle(window: MainWindow) -> tuple[float, float]:
    canvas = window.annotate.canvas
    return canvas.widget_to_image(canvas.width() / 2, canvas.height() / 2)


def shows(window: MainWindow, box: Box) -> bool:
    """Whether a box is in sight and large enough to be judged, in the middle where the image is larger than that."""
    seen = window.annotate.canvas.what_is_seen()
    return seen.visible.intersect(box) == box and seen.zoom >= 0.5


def open_image(window: MainWindow, number: int) -> None:
    record = window.bench.store.images()[number]
    window.bench.open_image(record.id)
    until(lambda: window.annotate.image is not None and window.annotate.image.record.id == record.id)


def paint_over(window: MainWindow, box: Box) -> None:
    """With the brush, by real presses and moves."""
    window.actions_["brush"].trigger()
    window.bench.hand.radius_px = 12
    canvas = window.annotate.canvas
    for y in range(box.y0, box.y1 + 12, 12):
        QTest.mousePress(canvas, LEFT, NO, at(window, box.x0, y))
        QTest.mouseMove(canvas, at(window, box.x1, y))
        QTest.mouseRelease(canvas, LEFT, NO, at(window, box.x1, y))


# ---- spots


def test_n_walks_the_spots_by_their_mass_and_shift_n_goes_back(window: MainWindow) -> None:
    window.annotate.canvas.zoom_to(4)
    for number, box in enumerate((FIRST, SECOND, THIRD, FIRST), start=0):
        press(window, Qt.Key.Key_N)
        until(lambda n=number: note(window).startswith(f"Doubtful spot {n % 3 + 1} of 3"))
        x, y = middle(window)
        assert box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1
    press(window, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    until(lambda: note(window).startswith("Doubtful spot 3 of 3"))
    assert window.annotate.shown.confidence


def test_a_spot_that_was_painted_over_is_passed_over(window: MainWindow) -> None:
    press(window, Qt.Key.Key_N)
    until(lambda: "1 of 3" in note(window))
    window.annotate.canvas.fit()
    paint_over(window, SECOND)
    press(window, Qt.Key.Key_N)
    until(lambda: "2 of 2" in note(window))
    press(window, Qt.Key.Key_N)
    until(lambda: "1 of 2" in note(window))


def test_the_slider_says_what_is_a_spot_and_hides_the_sure(window: MainWindow) -> None:
    window.actions_["show_model"].trigger()
    sure, unsure = (80, 180), (105, 100)  # an outline of what the model says, and what it is unsure of
    outline = color(window, *sure)
    assert outline != (GREY, GREY, GREY)
    window.actions_["show_confidence"].trigger()
    assert color(window, *sure) == (GREY, GREY, GREY)
    assert color(window, 110, 110) != (GREY, GREY, GREY)
    assert color(window, *unsure) != (GREY, GREY, GREY)
    window.actions_["show_confidence"].trigger()
    assert color(window, *sure) == outline
    slider = window.findChild(QSlider, "top.confidence")
    slider.setValue(99)  # which switches the layer on
    assert color(window, *sure) == outline
    assert window.actions_["show_confidence"].isChecked()
    slider.setValue(70)
    assert color(window, *sure) == (GREY, GREY, GREY)
    slider.setValue(100)
    assert color(window, *sure) != (GREY, GREY, GREY)
    slider.setValue(60)
    press(window, Qt.Key.Key_N)
    until(lambda: "1 of 2" in note(window))
    window.annotate.canvas.fit()
    assert color(window, 510, 45) == (GREY, GREY, GREY)


def test_without_entropy_it_is_said_that_confidence_stands_in(window: MainWindow) -> None:
    record = window.bench.store.images()[0]
    plane = np.full((HEIGHT, WIDTH), 100, np.uint8)
    window.bench.store.save_prediction(record.id, "later", [(record.size.box, plane // 100, plane)])
    open_image(window, 1)
    open_image(window, 0)
    press(window, Qt.Key.Key_N)
    until(lambda: "by confidence" in note(window))


def test_without_a_model_there_is_no_doubt_to_walk(window: MainWindow) -> None:
    assert window.actions_["next_spot"].isEnabled()
    open_image(window, 1)
    assert not window.actions_["next_spot"].isEnabled()
    assert "resolved" not in checked(window)


# ---- the share resolved


def test_strokes_resolve_doubt_by_exactly_what_they_cover_and_undo_takes_it_back(window: MainWindow) -> None:
    until(lambda: "0 % resolved" in checked(window))
    paint_over(window, FIRST)
    image = window.annotate.image
    wanted = share_resolved(Doubt(image.prediction, image.session.mask, image.record).masses().values())
    assert 0.2 < wanted < 0.4
    until(lambda: window._resolved.share == wanted)
    assert f"{int(100 * wanted)} % resolved" in checked(window)
    while image.session.undo_title:
        press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    until(lambda: window._resolved.share == 0)


# ---- where somebody has looked


def test_what_is_on_the_screen_is_looked_at_and_it_is_kept(window: MainWindow, project: Path) -> None:
    until(lambda: "100 % looked at" in checked(window))
    window.close()
    with ProjectStore.open(project, write=False) as store:
        first, second = store.images()
        assert looked(store, first).share == 1
        assert looked(store, second).share == 0
    again = open_window(project)
    until(lambda: again.annotate.image is not None)
    until(lambda: "100 % looked at" in checked(again))
    again.close()


def test_a_large_image_seen_from_afar_is_not_looked_at_and_its_parts_are_visited_in_turn(
    window: MainWindow,
) -> None:
    open_image(window, 1)
    window.annotate.canvas.fit()
    window._looking.count()
    QTest.qWait(700)
    assert "0 % looked at" in checked(window)
    places = []
    for _ in range(2):
        press(window, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
        area = window._looking._area
        places.append(area)
        assert shows(window, area) and window.annotate.canvas.view.zoom == 1
        before, part = window._looking.share, area.width * area.height / 12_000_000
        until(lambda least=before + part / 2: window._looking.share > least)
    assert places[0].intersect(places[1]).is_empty
    drag = at(window, places[1].x0 + 20, places[1].y0 + 20)
    QTest.mouseClick(window.annotate.canvas, LEFT, NO, drag)  # of what nobody has touched no trace is kept
    share = window._looking.share
    open_image(window, 0)
    open_image(window, 1)
    until(lambda: window._looking.share is not None)
    assert window._looking.share == pytest.approx(share, abs=0.02)


def test_the_veil_lies_over_what_nobody_has_looked_at_and_lifts(window: MainWindow) -> None:
    open_image(window, 1)
    until(lambda: window._looking.share is not None)
    press(window, Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
    box = window.findChild(QCheckBox, "layer.unlooked")
    assert box.isChecked() and box.isEnabled()
    canvas = window.annotate.canvas
    veiled = color(window, 2003, 1500)
    assert veiled != (GREY, GREY, GREY)
    canvas.zoom_to(1)
    canvas.centre_on(2000, 1500)
    until(lambda: color(window, 2003, 1500) == (GREY, GREY, GREY))
    canvas.fit()
    assert color(window, 100, 100) != (GREY, GREY, GREY)
    assert SHADE >> 24 < 255


def test_while_a_dialog_is_open_nobody_looks(window: MainWindow) -> None:
    open_image(window, 1)
    canvas = window.annotate.canvas
    canvas.zoom_to(1)
    window.actions_["splits"].trigger()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    window._looking.count()
    before = window._looking._new.seconds.sum()
    QTest.qWait(600)
    window._looking.count()
    assert window._looking._new.seconds.sum() == before
    dialog.close()
