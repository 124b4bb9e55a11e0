"""The workspace Train in the real window, with real mouse and key events and a network that really learns."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QSpinBox,
    QTableWidget,
    QWidget,
)

from labeltool.app.importing import import_labels
from labeltool.app.models import embedded_models, in_use, project_models
from labeltool.app.prelabel import predict
from labeltool.app.project import add_images
from labeltool.app.synthetic import fluorescence
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.inference.run import is_at_work, read_state
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import pause_ms, until

LEFT, NO, CTRL = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
)
FIELDS, LABELLED = 6, 4
SIDE = 96
ENDLESS = 1_000_000
"""More steps than any machine does in the minutes that are given."""


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch, settings: None) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Six drawn fields of nuclei; nobody has labelled the last two."""
    images, labels = tmp_path / "images", tmp_path / "labels"
    images.mkdir()
    labels.mkdir()
    for number in range(FIELDS):
        field = fluorescence(Size(SIDE, SIDE), number, nuclei=6)
        cv2.imwrite(str(images / f"field-{number}.png"), field.image)
        if number < LABELLED:
            cv2.imwrite(str(labels / f"field-{number}.png"), field.label)
    catalog = ClassCatalog.from_names(["nucleus"])
    with ProjectStore.create(tmp_path / "project", "fields", catalog) as store:
        add_images(store, [images])
        import_labels(store, labels, "png")
    return tmp_path / "project"


class Person:
    """Somebody at the window, who sees what is visible and clicks on it."""

    def __init__(self, project: Path) -> None:
        self.window: MainWindow = open_window(project)
        self.until(lambda: self.window.annotate.image is not None)
        QTest.qWaitForWindowExposed(self.window)

    def until(self, reached: Callable[[], object], seconds: float = 120) -> None:
        until(lambda: self.unharmed() and reached(), seconds)

    def unharmed(self) -> bool:
        """Whether no failure is told; fails with its words where one is."""
        failure = self.window.findChild(QMessageBox, "dialog.failure")
        assert failure is None, f"{failure.text()} {failure.informativeText()} {failure.detailedText()}"
        return True

    def see(self, kind: type, name: str) -> QWidget:
        """A widget that can be seen."""
        found = self.window.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        assert found.isVisible(), f"{name} cannot be seen"
        return found

    def sees(self, name: str) -> bool:
        found = self.window.findChild(QWidget, name)
        return found is not None and found.isVisible()

    def click(self, name: str) -> None:
        self.until(lambda: self.sees(name) and self.see(QAbstractButton, name).isEnabled())
        QTest.mouseClick(self.see(QAbstractButton, name), LEFT)

    def text(self, name: str) -> str:
        return self.see(QWidget, name).text()

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def rows(self) -> list[str]:
        listed = self.see(QListWidget, "train.list")
        return [listed.item(row).text() for row in range(listed.count())]

    def choose(self, title: str, last: bool = False) -> None:
        """Click on a row of the list."""
        listed = self.see(QListWidget, "train.list")
        items = listed.findItems(title, Qt.MatchFlag.MatchExactly)
        at = listed.visualItemRect(items[-1 if last else 0]).center()
        QTest.mouseClick(listed.viewport(), LEFT, NO, at)
        pause_ms(50)

    def set_up_a_tiny_network(self, minutes: int, name: str) -> None:
        """It learns for that long on any machine, so that there is always time to stop it."""
        self.click("train.new.more")
        values = {"steps": ENDLESS, "crop": 64, "batch": 2, "scale": 1.0}
        for field, value in values.items():
            self.see(QWidget, f"train.new.{field}").setValue(value)
        self.see(QComboBox, "train.new.encoder").setCurrentText("tu-mobilenetv3_small_100")
        self.see(QSpinBox, "train.new.minutes").setValue(minutes)
        line = self.see(QLineEdit, "train.new.name")
        line.selectAll()
        QTest.keyClicks(line, name)

    def tables(self, name: str) -> list[list[str]]:
        table = self.see(QTableWidget, name)
        columns = range(table.columnCount())
        return [[table.item(row, column).text() for column in columns] for row in range(table.rowCount())]


def prediction(window: MainWindow, key: str) -> tuple[bytes, bytes]:
    """What a model says of the image at hand, as it is kept."""
    store, image = window.bench.store, window.annotate.image
    kept = store.prediction(image.record.id, key)
    box = image.session.mask.size.box
    return kept.label.read(box).tobytes(), kept.confidence.read(box).tobytes()


def prelabelled(person: Person) -> tuple[bytes, bytes]:
    """Press Pre-label in Annotate, wait, and give the prediction of the model that the top bar shows."""
    model = person.window._top.model()
    person.until(person.window.actions_["prelabel"].isEnabled)
    person.until(lambda: person.window._prelabelling._known)
    person.window.actions_["prelabel"].trigger()
    person.until(lambda: not person.window._work.busy)
    return prediction(person.window, model.key)


@pytest.mark.slow
def test_a_network_is_trained_stopped_gone_on_with_compared_used_and_gone_back_from(project: Path):
    person = Person(project)
    window = person.window
    last = window.bench.store.images()[-1].id
    window.bench.open_image(last)
    person.until(lambda: window.annotate.image is not None and window.annotate.image.record.id == last)
    person.until(lambda: window._top.model() is not None)
    embedded = window._top.model()
    assert embedded.key in [model.key for model in embedded_models()]
    before = prelabelled(person)
    person.key(Qt.Key.Key_3, CTRL)
    person.until(lambda: person.sees("workspace.train") and person.text("train.new.train") == "3")
    assert person.text("train.new.val") == "1"
    assert person.text("train.new.spare") == "2"

    person.set_up_a_tiny_network(1, "mine")
    person.click("train.new.start")
    person.until(lambda: person.sees("train.run") and window.spaces.train.run_page.curves.points[0] > 3)
    assert person.text("train.run.state") == "running"
    person.until(lambda: "%" in person.text("tab.train"))
    person.until(lambda: window.spaces.train.run_page.curves.points[1] > 0)  # an evaluation
    person.until(lambda: window.spaces.train.run_page.strip.samples)
    folder = project / "runs" / "mine"
    assert read_state(folder).state == "running"
    person.click("train.run.train_stop")
    assert window.spaces.train.trainings.stopping
    person.until(lambda: not window.spaces.train.trainings.busy)
    person.until(lambda: person.sees("train.run.train_go_on"))
    stopped = read_state(folder)
    assert stopped.state == "cancelled"
    assert 0 < stopped.step < stopped.steps
    assert in_use(project, window.bench.catalog) is None  # a new model takes nobody's place by itself
    assert window._top.model().key == embedded.key

    person.click("train.run.train_go_on")
    person.until(lambda: window.spaces.train.trainings.busy)
    person.until(lambda: not window.spaces.train.trainings.busy, 300)
    ended = read_state(folder)
    assert ended.state == "finished"
    assert stopped.step < ended.step == ended.steps
    person.until(lambda: person.text("train.run.state") == "finished")
    steps = window.spaces.train.run_page.curves._steps
    assert steps == sorted(set(steps))

    person.click("train.run.model")
    person.until(lambda: person.sees("train.model.model_compare"))
    mine = window.spaces.train.model_page.model
    assert person.tables("train.model.images")
    person.click("train.model.model_compare")
    second = person.see(QComboBox, "train.compare.second")
    second.setCurrentIndex(second.findData(embedded.key))
    person.click("train.compare.run")
    person.until(lambda: person.sees("train.compare.rows"))
    assert len(person.tables("train.compare.rows")) == 1  # what neither was trained on
    assert [row[0] for row in person.tables("train.compare.classes")] == ["background", "nucleus", "mean"]

    person.choose(mine.card.name, last=True)
    person.click("train.model.model_use")
    person.until(lambda: getattr(in_use(project, window.bench.catalog), "key", "") == mine.key)
    person.until(lambda: window._top.model().key == mine.key)
    person.key(Qt.Key.Key_1, CTRL)
    person.until(lambda: person.sees("canvas"))
    ours = prelabelled(person)
    assert ours != before

    person.key(Qt.Key.Key_3, CTRL)
    window.actions_["model_roll_back"].trigger()
    person.until(lambda: window._top.model().key == embedded.key)
    person.key(Qt.Key.Key_1, CTRL)
    assert prelabelled(person) == before  # as it was kept
    store, record = window.bench.store, window.annotate.image.record
    predict(store, [record], in_use(project, window.bench.catalog), again=True)
    assert prediction(window, embedded.key) == before  # and as it is made anew


@pytest.mark.slow
def test_a_training_that_runs_when_the_window_is_closed_can_go_on_when_it_is_opened_again(project: Path):
    person = Person(project)
    window = person.window
    person.key(Qt.Key.Key_3, CTRL)
    person.until(lambda: person.sees("train.new.train") and person.text("train.new.train") == "3")
    person.set_up_a_tiny_network(10, "long")
    person.click("train.new.start")
    person.until(lambda: person.sees("train.run") and window.spaces.train.run_page.curves.points[0] > 3)

    def agree() -> None:
        window.findChild(QAbstractButton, "train.leave.close").click()

    QTimer.singleShot(100, agree)
    window.close()
    state = read_state(project / "runs" / "long")
    assert state.state == "cancelled"
    assert not is_at_work(project / "runs" / "long")

    again = Person(project)
    again.key(Qt.Key.Key_3, CTRL)
    again.until(lambda: again.sees("train.run.train_go_on"))
    assert again.text("train.run.state") == "stopped"
    assert again.window.spaces.train.run_page.curves.points[0] > 3


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_trainer_that_is_killed_while_somebody_paints_costs_no_stroke_and_may_go_on(project: Path):
    person = Person(project)
    window, folder = person.window, project / "runs" / "long"
    image_id = window.annotate.image.record.id
    person.key(Qt.Key.Key_3, CTRL)
    person.until(lambda: person.sees("train.new.train") and person.text("train.new.train") == "3")
    person.set_up_a_tiny_network(10, "long")
    person.click("train.new.start")
    person.until(lambda: person.sees("train.run") and window.spaces.train.run_page.curves.points[0] > 3)
    person.key(Qt.Key.Key_1, CTRL)
    canvas = window.annotate.canvas
    middle, before = canvas.rect().center(), window.annotate.image.session.revision
    QTest.mouseClick(canvas, LEFT, NO, middle)
    os.kill(read_state(folder).pid, signal.SIGKILL)
    QTest.mouseClick(canvas, LEFT, NO, middle + QPoint(60, 0))
    until(lambda: window.findChild(QMessageBox, "dialog.failure"))
    failure = window.findChild(QMessageBox, "dialog.failure")
    assert "The training was killed" in failure.text() and "It can go on" in failure.informativeText()
    failure.done(0)
    pause_ms(50)
    assert window.annotate.image.session.revision == before + 2
    until(lambda: person.text("status.saved") == f"saved r{before + 2}")
    window.actions_["workspace_train"].trigger()
    person.until(lambda: person.sees("train.run.train_go_on"))
    assert person.see(QAbstractButton, "train.run.train_go_on").isEnabled()
    assert person.text("train.run.state") == "interrupted"
    assert project_models(project) == [] and not is_at_work(folder)
    window.close()
    with ProjectStore.open(project, write=False) as store:
        assert [entry.revision for entry in store.journal(image_id)] == [*range(1, before + 3)]
