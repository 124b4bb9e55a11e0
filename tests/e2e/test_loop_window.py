"""The loop in the real window, with real mouse and key events and networks that really learn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMessageBox, QTableWidget, QWidget

from labeltool.app.importing import import_labels
from labeltool.app.loop import LoopSettings, read_rounds, rounds, write_settings
from labeltool.app.loop.training import round_options
from labeltool.app.models import finding, in_use
from labeltool.app.prelabel import predict
from labeltool.app.project import add_images
from labeltool.app.synthetic import fluorescence
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Size
from labeltool.core.project import Status
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

CTRL, NO = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
SIDE, FIELDS, TESTS = 96, 6, 8
APPROVALS, STEPS = 2, 150


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch, settings: None) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of a tiny network for as many steps on every machine, from random weights."""
    monkeypatch.setattr(rounds, "round_options", small_options)


def small_options(store: ProjectStore, steps: int = STEPS) -> TrainingOptions:
    usual = round_options(store)
    return TrainingOptions(
        name=usual.name,
        encoder="tu-mobilenetv3_small_050",
        scale=1.0,
        crop=64,
        batch=2,
        steps=steps,
        averaging=0.9,
        evaluations=1,
        device="cpu",
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Drawn fields of nuclei, all labelled; eight are in the split test. A round begins after every two approvals."""
    images, labels = tmp_path / "images", tmp_path / "labels"
    images.mkdir()
    labels.mkdir()
    for number in range(FIELDS + TESTS):
        field = fluorescence(Size(SIDE, SIDE), number, nuclei=6)
        cv2.imwrite(str(images / f"field-{number:02}.png"), field.image)
        cv2.imwrite(str(labels / f"field-{number:02}.png"), field.label)
    root = tmp_path / "project"
    with ProjectStore.create(root, "fields", ClassCatalog.from_names(["nucleus"])) as store:
        add_images(store, [images])
        import_labels(store, labels, "png")
        for record in store.images()[FIELDS:]:
            store.put_into(record.id, "test")
    write_settings(root, LoopSettings(every=APPROVALS, fresh=True))
    return root


class Person:
    """Somebody at the window, who sees what is visible and presses keys."""

    def __init__(self, project: Path) -> None:
        self.window: MainWindow = open_window(project)
        self.project = project
        self.until(lambda: self.window.annotate.image is not None)
        QTest.qWaitForWindowExposed(self.window)

    def until(self, reached: Callable[[], object], seconds: float = 240) -> None:
        until(lambda: self.unharmed() and reached(), seconds)

    def unharmed(self) -> bool:
        """Whether no failure is told; fails with its words where one is."""
        failure = self.window.findChild(QMessageBox, "dialog.failure")
        assert failure is None, f"{failure.text()} {failure.informativeText()} {failure.detailedText()}"
        return True

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def click(self, name: str) -> None:
        found = self.window.findChild(QAbstractButton, name)
        assert found is not None
        self.until(lambda: found.isVisible() and found.isEnabled())
        QTest.mouseClick(found, Qt.MouseButton.LeftButton)

    def text(self, name: str) -> str:
        found = self.window.findChild(QLabel, name)
        return found.text() if found is not None and found.isVisible() else ""

    def table(self) -> list[str]:
        found = self.window.findChild(QTableWidget, "train.loop.rounds")
        if found is None or not found.isVisible():
            return []
        return [found.item(row, 0).text() for row in range(found.rowCount())]

    def approve(self, count: int) -> None:
        """Approve the image at hand and those after it."""
        for _ in range(count):
            record = self.window.annotate.image.record
            self.key(Qt.Key.Key_Return, CTRL)
            store = self.window.bench.store
            self.until(lambda store=store, id_=record.id: store.image(id_).status is Status.APPROVED)
            self.key(Qt.Key.Key_D)
            self.until(
                lambda id_=record.id: (
                    self.window.annotate.image is not None and self.window.annotate.image.record.id != id_
                )
            )

    def after_round(self, number: int) -> None:
        """Wait until so many rounds have ended."""
        self.until(lambda: len(read_rounds(self.project).rounds) == number)
        self.until(lambda: not self.window._rounds.is_round)


def used(project: Path) -> str:
    with ProjectStore.open(project, write=False) as store:
        model = in_use(project, store.catalog)
    return model.key if model else ""


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def predictions(window: MainWindow) -> list[bytes]:
    """What the model in use says of the test images, made anew."""
    store = window.bench.store
    model = in_use(store.root, store.catalog)
    test = [record for record in store.images() if record.split == "test"]
    predict(store, test, model, again=True)
    kept = [store.prediction(record.id, model.key) for record in test]
    return [plane.dense().tobytes() for each in kept for plane in (each.label, each.confidence)]


@pytest.mark.slow
def test_approvals_begin_rounds_a_better_model_is_promoted_a_worse_one_refused_and_rollback_is_exact(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "embedded_models", list)  # the first round is held against nothing
    person = Person(project)
    window = person.window

    person.approve(APPROVALS)
    person.until(lambda: window._rounds.is_round)
    person.until(lambda: "%" in window.actions_["workspace_train"].iconText())
    person.after_round(1)
    first = read_rounds(project).rounds[0]
    assert first.outcome == "promoted", first.why
    assert used(project) == first.model
    assert "Round 1: promoted" in person.text("banner.text")
    person.until(lambda: window._top.model() is not None and window._top.model().key == first.model)
    folder = project / "models" / first.model.partition("@")[0]
    files, answers = digests(folder), predictions(window)

    # A model that has learnt next to nothing.
    monkeypatch.setattr(rounds, "round_options", lambda store: small_options(store, steps=1))
    person.approve(APPROVALS)
    person.after_round(2)
    second = read_rounds(project).rounds[1]
    assert second.outcome == "refused"
    assert second.decision is not None and second.decision.worse
    worse = second.decision.worse[0]
    assert f"{worse} is worse" in second.why
    assert f"{worse} is worse by" in person.text("banner.text").lower()
    assert (used(project), digests(folder)) == (first.model, files)
    person.key(Qt.Key.Key_3, CTRL)
    person.until(lambda: len(person.table()) == 2)
    assert f"refused: {worse} −" in person.table()[0]
    assert person.table()[1] == "1  promoted · in use"
    person.until(lambda: "after 2 more approvals" in person.text("train.loop.next"))
    assert len(window.spaces.train.loop.page.curve._points) == 2

    # Somebody uses the refused model all the same, and goes back.
    person.click("train.loop.round.model")
    person.click("train.model.model_use")
    person.until(lambda: used(project) == second.model)
    assert predictions(window) != answers
    person.until(lambda: window.findChild(QWidget, "train.model.model_roll_back").isVisible())
    person.click("train.model.model_roll_back")
    person.until(lambda: used(project) == first.model)
    assert (predictions(window), digests(folder)) == (answers, files)
