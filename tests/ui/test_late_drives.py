"""What is said of drives that do not answer, and what is left once they do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QListWidget

from labeltool.app.at_hand import AtHand
from labeltool.core.project import ImageRecord
from labeltool.ui import recent, start, unopened
from labeltool.ui.main import open_window
from labeltool.ui.start import StartPage
from tests.e2e.pause import pause_ms, until
from tests.faults.saving_scene import make_project


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A drive on which every project is called "away" answers once this is set."""
    answers = threading.Event()

    def slow(path: Path) -> bool:
        assert path.name != "away" or answers.wait(60)
        return False

    monkeypatch.setattr(start, "seems_project", slow)
    monkeypatch.setattr(start, "ANSWER_S", 0.05)
    monkeypatch.setattr(start, "LOOK_MS", 10)
    yield answers
    answers.set()


@pytest.fixture
def page(app: QApplication, answers: threading.Event) -> Iterator[StartPage]:
    """Three projects were open last; the drive of the second does not answer."""
    for name in ("third", "away", "first"):
        recent.remember(Path("/media/anna") / name)
    page = StartPage()
    page.show()
    QTest.qWaitForWindowExposed(page)
    yield page
    page.deleteLater()


def test_a_drive_that_answers_once_its_project_was_taken_off_the_list_is_heard_and_forgotten(
    page: StartPage, answers: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = page.findChild(QListWidget, "start.recent")
    assert shown.item(1).text() == "away    /media/anna · its drive does not answer"
    shown.setCurrentRow(1)
    page.findChild(QAction, "start.forget").trigger()
    listed: list[int] = []
    refresh = StartPage.refresh
    monkeypatch.setattr(StartPage, "refresh", lambda self: (listed.append(1), refresh(self)))
    answers.set()
    pause_ms(100)
    assert len(listed) <= 1, "it is listed again and again"


def test_a_drive_that_answers_late_leaves_the_row_that_is_marked(
    page: StartPage, answers: threading.Event
) -> None:
    shown = page.findChild(QListWidget, "start.recent")
    shown.setCurrentRow(2)
    answers.set()
    until(lambda: "not there" in shown.item(1).text())
    assert shown.currentRow() == 2


def test_what_was_so_before_an_image_took_long_to_open_is_said_again_afterwards(
    app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, load = threading.Event(), AtHand._load

    def late(self: AtHand, record: ImageRecord, *more: object) -> object:
        assert record.name != "b.png" or answers.wait(60)
        return load(self, record, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(AtHand, "_load", late)
    monkeypatch.setattr(unopened, "LATE_MS", 10)
    window = open_window(make_project(tmp_path / "project", tmp_path / "images"))
    until(lambda: window.annotate.image is not None)
    banner = window.findChild(QLabel, "banner.text")
    window.projects.told.emit("Opened to view: it is being edited by anna.")
    window.actions_["next_image"].trigger()
    until(lambda: banner.text().startswith("Still opening b.png"))
    answers.set()
    until(lambda: window.annotate.image is not None and window.annotate.image.record.name == "b.png")
    assert banner.text() == "Opened to view: it is being edited by anna."
    window.close()
