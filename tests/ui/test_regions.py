"""The menu Mask in the real window."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSettings, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QMessageBox, QPushButton, QSpinBox

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from labeltool.ui.dialogs.region import RegionDialog
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until


class Desk:
    """A window on two images of 400 x 300 pixels, the first of which is open."""

    def __init__(self, window: MainWindow, app: QApplication) -> None:
        self.window, self._app = window, app
        self.canvas = window.annotate.canvas
        self.until(lambda: window.annotate.image is not None)

    def until(self, reached: Callable[[], object]) -> None:
        until(reached)

    @property
    def session(self):
        return self.window.annotate.image.session

    @property
    def label(self):
        return self.session.mask.read("label")

    def set(self, box: Box, value: int, number: int = 0) -> None:
        self.session.apply(
            write(
                self.session.mask,
                box,
                title="t",
                kind="k",
                label=value,
                object_id=number,
                origin=Origin.HUMAN,
            )
        )

    def point(self, x: float, y: float) -> None:
        for place in ((x + 20, y + 20), (x, y)):  # a move to where the mouse is already is none
            QTest.mouseMove(self.canvas, QPointF(*self.canvas.image_to_widget(*place)).toPoint())
        self.until(lambda: self.canvas.pointer is not None)

    def do(self, id_: str) -> None:
        self.window.actions_[id_].trigger()

    def find(self, kind, name: str):
        return self.window.findChild(kind, name)

    def settle(self) -> None:
        self.until(lambda: not self.window.bench.lanes.busy)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    images = folder / "images"
    images.mkdir()
    for name in ("a", "b"):
        cv2.imwrite(str(images / f"{name}.png"), np.full((300, 400, 3), 90, np.uint8))
    with ProjectStore.create(folder / "project", "p", ClassCatalog.from_names(["one", "two"])) as store:
        add_images(store, [images])
    return folder / "project"


@pytest.fixture
def desk(app: QApplication, tmp_path: Path, original: Path) -> Iterator[Desk]:
    window = open_window(Path(shutil.copytree(original, tmp_path / "project")))
    yield Desk(window, app)
    window.close()


def proposed(desk: Desk, x: int, y: int) -> bool:
    """Whether it is shown that this pixel would change."""
    area = desk.canvas.proposed
    if area is None or not (area.box.x0 <= x < area.box.x1 and area.box.y0 <= y < area.box.y1):
        return False
    return bool(area.inside[(y - area.box.y0) // area.step, (x - area.box.x0) // area.step])


def test_growing_is_shown_while_it_is_asked_and_is_one_step_of_undo(desk):
    desk.set(Box(100, 100, 120, 120), 1)
    desk.set(Box(300, 100, 320, 120), 1)
    desk.point(110, 110)
    desk.do("region_grow")
    desk.find(QSpinBox, "dialog.region.amount").setValue(5)
    desk.until(lambda: proposed(desk, 95, 110))
    assert np.count_nonzero(desk.label) == 800  # nothing has changed yet
    desk.find(QPushButton, "dialog.region.run").click()
    desk.until(lambda: desk.session.undo_title == "grow")
    assert desk.label[110, 95] == 1
    assert desk.label[110, 295] == 0
    assert desk.canvas.proposed is None
    desk.session.undo()
    assert np.count_nonzero(desk.label) == 800


def test_what_is_asked_while_another_image_is_on_its_way_ends_when_it_comes(desk):
    desk.set(Box(100, 100, 120, 120), 1)
    first, second = desk.window.bench.store.images()
    desk.window.bench.open_image(second.id if desk.window.annotate.image.record.id == first.id else first.id)
    before = desk.window.annotate.image
    desk.do("region_grow")
    assert desk.find(RegionDialog, "dialog.region").isVisible()
    desk.until(lambda: desk.window.annotate.image is not before)
    desk.settle()
    assert desk.find(RegionDialog, "dialog.region") is None
    assert desk.find(QMessageBox, "dialog.failure") is None


def test_an_amount_is_remembered_and_escape_changes_nothing(desk):
    desk.set(Box(100, 100, 120, 120), 1)
    revision = desk.session.revision
    desk.do("region_shrink")
    desk.find(QSpinBox, "dialog.region.amount").setValue(9)
    desk.find(QPushButton, "dialog.region.run").click()
    desk.until(lambda: desk.session.revision > revision)
    desk.do("region_shrink")
    shown = desk.window.findChildren(QSpinBox, "dialog.region.amount")[-1]
    assert shown.value() == 9
    QTest.keyClick(shown.window(), Qt.Key.Key_Escape)
    desk.settle()
    assert desk.session.revision == revision + 1
    assert desk.canvas.proposed is None


def test_the_whole_class_may_be_chosen_instead_of_the_region(desk):
    for x in (100, 300):
        desk.set(Box(x, 100, x + 20, 120), 1)
    desk.point(110, 110)
    desk.do("region_shrink")
    scope = desk.find(QComboBox, "dialog.region.scope")
    assert [scope.itemData(i) for i in range(scope.count())] == ["region", "class"]
    scope.setCurrentIndex(1)
    desk.find(QPushButton, "dialog.region.run").click()
    desk.until(lambda: desk.session.undo_title == "shrink")
    assert desk.label[100, 100] == desk.label[100, 300] == 0


def test_a_new_object_lasts_until_it_is_ended_or_another_class_is_taken(desk):
    desk.set(Box(100, 100, 120, 120), 1, 41)
    hand = desk.window.bench.hand
    desk.do("new_object")
    assert hand.object_id == 42
    assert "42" in desk.find(QLabel, "status.object").text()
    desk.do("new_object")
    assert hand.object_id == 0
    desk.do("new_object")
    desk.do("class_2")
    assert hand.object_id == 0
    assert desk.find(QLabel, "status.object").text() == ""


def test_the_mask_of_the_previous_image_is_copied(desk):
    desk.set(Box(100, 100, 120, 120), 1)
    first = desk.window.annotate.image.record.id
    desk.do("next_image")
    desk.until(lambda: desk.window.annotate.image.record.id != first)
    desk.do("copy_previous")
    desk.until(lambda: desk.session.undo_title == "copy of the previous image")
    assert (desk.label[100:120, 100:120] == 1).all()
    assert np.count_nonzero(desk.label) == 400


def test_objects_of_a_class_that_touch_are_split(desk):
    for x in (100, 118):
        desk.set(Box(x, 100, x + 20, 120), 1)
    for y in (100, 117):
        desk.set(Box(117, y, 121, y + 3), 0)
    desk.do("split_objects")
    desk.find(QSpinBox, "dialog.region.amount").setValue(5)
    desk.find(QPushButton, "dialog.region.run").click()
    desk.until(lambda: desk.session.undo_title == "split objects")
    objects = desk.session.mask.read("object")
    assert 0 != objects[110, 102] != objects[110, 136] != 0
    assert np.array_equal(objects > 0, desk.label == 1)


def test_where_touching_objects_would_be_cut_is_shown_before_it_is_done(desk):
    for x in (100, 118):
        desk.set(Box(x, 100, x + 20, 120), 1)
    for y in (100, 117):
        desk.set(Box(117, y, 121, y + 3), 0)
    desk.do("split_objects")
    desk.find(QSpinBox, "dialog.region.amount").setValue(5)
    desk.until(lambda: any(proposed(desk, x, 110) for x in range(117, 122)))
    assert not proposed(desk, 105, 110)
    assert not desk.session.mask.read("object").any()


def test_the_canvas_can_be_moved_while_it_is_asked_and_what_is_shown_follows(desk):
    desk.set(Box(100, 100, 120, 120), 1)
    desk.do("region_grow")
    desk.until(lambda: desk.canvas.proposed is not None)
    desk.canvas.zoom_to(8.0)
    desk.canvas.centre_on(110, 110)
    seen = desk.canvas.what_is_seen().visible
    desk.until(lambda: desk.canvas.proposed.box == seen)
    assert proposed(desk, 99, 110)
    desk.set(Box(140, 100, 145, 120), 1)  # so can the mask
    desk.until(lambda: proposed(desk, 139, 110))
    desk.find(QPushButton, "dialog.region.close").click()
    desk.canvas.zoom_to(1.0)
    desk.settle()
    assert desk.canvas.proposed is None


def test_one_dialog_at_a_time_and_none_for_an_image_that_was_left(desk):
    desk.set(Box(100, 100, 120, 120), 1)
    first = desk.window.annotate.image.record.id
    desk.do("region_grow")
    desk.do("region_shrink")
    assert [each.windowTitle() for each in desk.window.findChildren(RegionDialog) if each.isVisible()] == [
        "Shrink"
    ]
    desk.do("next_image")
    desk.until(lambda: desk.window.annotate.image.record.id != first)
    assert not any(each.isVisible() for each in desk.window.findChildren(RegionDialog))
    desk.do("region_grow")
    desk.window.close()
    assert not any(each.isVisible() for each in desk.window.findChildren(RegionDialog))


def test_what_is_being_drawn_is_finished_first(desk):
    desk.set(Box(100, 100, 120, 120), 1)
    revision = desk.session.revision
    desk.do("polygon")
    desk.do("region_grow")
    at = QPointF(*desk.canvas.image_to_widget(200, 200)).toPoint()
    QTest.mouseClick(desk.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    desk.find(QPushButton, "dialog.region.run").click()
    desk.settle()
    assert "Finish" in desk.find(QLabel, "status.note").text()
    assert desk.session.revision == revision
    assert desk.canvas.busy


def test_without_a_model_there_is_no_answer_to_take(desk, monkeypatch):
    told: list[BaseException] = []
    monkeypatch.setattr(desk.window, "_failed", told.append)
    desk.window._work.failed.connect(told.append)
    desk.point(110, 110)
    desk.do("take_answer")
    desk.until(lambda: told)
    assert "no model" in str(told[0])
    assert desk.session.revision == 0


def test_the_first_image_has_no_previous_one(desk):
    desk.do("copy_previous")
    assert "no previous" in desk.find(QLabel, "status.note").text()
    assert desk.session.revision == 0


def test_nothing_is_done_when_the_mask_was_changed_meanwhile(desk, monkeypatch):
    told: list[BaseException] = []
    monkeypatch.setattr(desk.window, "_failed", told.append)
    desk.window._work.failed.connect(told.append)
    desk.set(Box(100, 100, 120, 120), 1)
    desk.do("region_keep_largest")
    desk.find(QPushButton, "dialog.region.run").click()
    desk.set(Box(300, 100, 320, 120), 1)
    desk.until(lambda: told)
    assert "meanwhile" in str(told[0])
    assert np.count_nonzero(desk.label) == 800


@pytest.mark.parametrize("operation", ["region_grow", "region_keep_largest", "split_objects"])
def test_the_dialog_is_as_high_as_what_is_in_it_however_high_it_was(desk, operation):
    QSettings().setValue("dialogs/region/size", QSize(500, 600))
    desk.set(Box(100, 100, 120, 120), 1)
    desk.do(operation)
    dialog = desk.window.findChild(RegionDialog)
    assert dialog.width() == 500
    needed = dialog.layout().totalHeightForWidth(500), dialog.layout().totalSizeHint().height()
    assert dialog.height() == (needed[0] if needed[0] > 0 else needed[1])
