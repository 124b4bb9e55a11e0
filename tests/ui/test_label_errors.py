"""Label errors in the real window: looking for them from Review, stopping and going on, and the list that comes of it.
No network is trained: a model here says that what is white is a cell."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QDoubleSpinBox, QLabel, QSpinBox

from labeltool.app.importing import import_labels
from labeltool.app.project import add_images
from labeltool.app.review.folds import all_folds
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken
from labeltool.store.project import ProjectStore
from labeltool.ui.dialogs.label_errors import FindingDialog
from labeltool.ui.window import MainWindow
from tests.ui.test_review import at_hand, key, label_at, listed, rows, shown, until
from tests.unit.app import conftest as app_fixtures
from tests.unit.app.fold_training import FakeTraining

runs = app_fixtures.runs
CELLS = Box(20, 20, 60, 60), Box(120, 80, 160, 120)
NOT_THERE = Box(30, 100, 60, 130)
LABELS = {"a": CELLS, "b": CELLS[:1], "c": CELLS, "d": (*CELLS, NOT_THERE)}
"""In b a cell is missed (1,600 pixels), in d one is invented (900)."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as every test begins with it."""
    folder = tmp_path_factory.mktemp("original")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    for name, boxes in LABELS.items():
        image, label = np.full((150, 200, 3), 40, np.uint8), np.zeros((150, 200), np.uint8)
        for box in CELLS:
            image[box.slices()] = 220
        for box in boxes:
            label[box.slices()] = 1
        image[0, 0] = ord(name)  # no two files are the same
        cv2.imwrite(str(folder / "images" / f"{name}.png"), image)
        cv2.imwrite(str(folder / "labels" / f"{name}.png"), label)
    with ProjectStore.create(folder / "project", "p", ClassCatalog.from_names(["cell"])) as store:
        add_images(store, [folder / "images"])
        import_labels(store, folder / "labels", "png")
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path, original: Path) -> Path:
    """A copy of it; the images are those of all tests."""
    return Path(shutil.copytree(original, tmp_path / "project"))


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, runs: list[str]) -> list[str]:
    """The folds whose models were trained, in order."""
    return FakeTraining.stands_in(monkeypatch)


@pytest.fixture
def window(app: QApplication, project: Path, trained: list[str]) -> Iterator[MainWindow]:
    made = shown(project)
    QTest.keyClick(made, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    until(lambda: made.spaces.review is not None and not made._work.busy)
    yield made
    made.close()


def layer_box(window: MainWindow) -> QComboBox:
    found = window.findChild(QComboBox, "review.layer")
    assert isinstance(found, QComboBox)
    return found


def asked(window: MainWindow) -> FindingDialog:
    """Choose the last row of the layer box, which asks."""
    box = layer_box(window)
    assert box.itemText(box.count() - 1) == "Find label errors…"
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_End)
    return dialog(window)


def dialog(window: MainWindow) -> FindingDialog:
    until(lambda: any(each.isVisible() for each in window.findChildren(FindingDialog)))
    return next(each for each in window.findChildren(FindingDialog) if each.isVisible())


def says(widget: Any, name: str) -> str:
    found = widget.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text()


def deal(shown: FindingDialog, count: int = 2) -> None:
    shown.options.findChild(QSpinBox, "dialog.label_errors.count").setValue(count)
    QTest.keyClick(shown, Qt.Key.Key_Return)
    window = shown.parentWidget().window()
    window.activateWindow()  # which a desktop does
    until(window.isActiveWindow)


def find(window: MainWindow) -> None:
    deal(asked(window))
    until(lambda: len(rows(window)) == 2)


def test_the_dialog_says_what_will_be_done_and_how_long_it_takes(window: MainWindow) -> None:
    assert "Find label errors, in the box above" in says(window, "review.empty")
    shown = asked(window)
    assert says(shown, "dialog.label_errors.stands") == "4 images are labelled."
    assert says(shown, "dialog.label_errors.says").startswith("3 models, 5 min each: about 17 min in all.")
    shown.options.findChild(QDoubleSpinBox, "dialog.label_errors.minutes").setValue(20)
    assert says(shown, "dialog.label_errors.says").startswith("3 models, 20 min each: about 66 min in all.")
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    until(lambda: not window.findChildren(FindingDialog))
    assert all_folds(window.bench.store.root) == []  # type: ignore[union-attr]


def test_what_was_found_is_listed_with_the_likeliest_error_first_and_says_why(
    window: MainWindow, trained: list[str]
) -> None:
    find(window)
    assert trained == ["1", "2"]
    assert layer_box(window).currentText().startswith("Label errors (out-of-fold)")
    assert rows(window) == [("cell missed", "b.png", "1,600"), ("false cell", "d.png", "900")]
    assert window.findChild(QLabel, "review.why").isHidden()
    key(window, Qt.Key.Key_N)
    until(lambda: at_hand(window) == "b")
    why = says(window, "review.why")
    assert "takes this for cell, 78.4 % sure" in why and "only such place" in why
    other = layer_box(window)
    assert "Find label errors…" not in [other.itemText(row) for row in range(other.count())]


def test_a_kind_is_that_of_the_labels_error(window: MainWindow) -> None:
    find(window)
    kind = window.findChild(QComboBox, "review.kind")
    kind.setCurrentIndex(kind.findText("Missed"))
    kind.activated.emit(kind.currentIndex())
    assert rows(window) == [("cell missed", "b.png", "1,600")]


def test_enter_mends_the_label_and_goes_on_and_undo_lists_it_again(window: MainWindow) -> None:
    find(window)
    key(window, Qt.Key.Key_N)
    until(lambda: at_hand(window) == "b" and window.actions_["model_right"].isEnabled())
    assert label_at(window, 140, 100)[0] == 0
    key(window, Qt.Key.Key_Return)
    until(lambda: rows(window) == [("false cell", "d.png", "900")])
    until(lambda: at_hand(window) == "d")
    key(window, Qt.Key.Key_A)
    until(lambda: at_hand(window) == "c")
    key(window, Qt.Key.Key_A)
    until(lambda: at_hand(window) == "b")
    assert label_at(window, 140, 100)[0] == 1
    window.actions_["undo"].trigger()
    until(lambda: len(rows(window)) == 2)


def test_what_was_cancelled_goes_on_with_what_is_missing(window: MainWindow, trained: list[str]) -> None:
    FakeTraining.left = 1
    deal(asked(window))
    until(lambda: trained == ["1", "2"] and not window._work.busy)
    FakeTraining.left = 99
    window.actions_["label_errors"].trigger()
    shown = dialog(window)
    assert says(shown, "dialog.label_errors.stands").startswith("2 of 4 images are judged")
    assert says(shown, "dialog.label_errors.says").startswith("1 model of 5 min: about 6 min in all.")
    assert shown.run.text() == "Go on"
    QTest.keyClick(shown, Qt.Key.Key_Return)
    until(lambda: len(rows(window)) == 2)
    assert trained == ["1", "2", "2"]


def test_while_it_is_at_work_nothing_else_trains_and_the_list_that_is_there_stays(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begun, follow = threading.Event(), threading.Event(), FakeTraining.follow

    def waiting(self: FakeTraining, progress: Any, cancel: CancelToken, log: Any) -> None:
        begun.set()
        while not gate.wait(0.01) and not cancel.cancelled:
            pass
        follow(self, progress, cancel, log)

    monkeypatch.setattr(FakeTraining, "follow", waiting)
    deal(asked(window))
    until(begun.is_set)
    enabled = [window.actions_[name].isEnabled() for name in ("label_errors", "train_round")]
    assert window.actions_.reason("train_round") == "label errors are being looked for"
    cancel = window.findChild(QAbstractButton, "status.cancel")
    if cancel is not None:
        QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    until(lambda: not window._work.busy)
    assert enabled == [False, False]
    assert window.actions_["label_errors"].isEnabled() and window.actions_["train_round"].isEnabled()


def test_who_is_in_annotate_when_it_is_done_stays_there_and_finds_the_list_in_review(
    window: MainWindow,
) -> None:
    deal(asked(window))
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    until(lambda: window._finder.key and not window._work.busy)
    assert window._workspaces.current == "annotate"
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    until(lambda: len(rows(window)) == 2)
    assert listed(window).isVisible()


def test_models_that_are_trained_anew_take_the_place_of_the_earlier_ones(window: MainWindow) -> None:
    find(window)
    window.actions_["label_errors"].trigger()
    shown = dialog(window)
    assert says(shown, "dialog.label_errors.stands").startswith("4 of 4 images are judged")
    assert shown.run.text() == "Show the list"
    shown.again.click()
    assert shown.run.text() == "Find them"
    deal(shown)
    before = window._finder.key
    until(lambda: window._finder.key != before and not window._work.busy)
    bench = window.bench
    assert bench is not None
    assert [folds.key for folds in all_folds(bench.store.root)] == [window._finder.key]
    assert all(bench.store.prediction_keys(r.id) == [window._finder.key] for r in bench.store.images())
