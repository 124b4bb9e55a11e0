"""Who leaves a project, by whichever way, loses nothing that was seen, and comes back (rows 6, 10, 67)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from labeltool.app import at_hand, workbench
from labeltool.core.project import ImageRecord
from labeltool.store import reserve
from labeltool.store.project import ProjectStore
from tests.faults.saving_scene import FullDisk, Hand, kept, make_project

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier

pytestmark = pytest.mark.usefixtures("failing_saves")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another project."""
    return make_project(tmp_path / "other" / "project", tmp_path / "others")


def open_in_place(hand: Hand, project: Path) -> None:
    """Open another project in the place of the one at hand, as the menu and a drop do."""
    hand.window.projects.open(project)
    hand.until(lambda: hand.window.bench is not None and hand.store.root == project)
    hand.until(lambda: hand.window.annotate.image is not None)


def test_a_stroke_whose_button_is_held_while_another_project_is_opened_is_on_disk(
    cells: Path, other: Path
) -> None:
    hand = Hand(cells)
    QTest.mousePress(hand.canvas, LEFT, NO, hand.at(50, 100))
    QTest.mouseMove(hand.canvas, hand.at(150, 100))
    assert hand.label(100, 100) == 1
    open_in_place(hand, other)
    QTest.mouseRelease(hand.canvas, LEFT, NO, hand.at(150, 100))
    with ProjectStore.open(cells, write=False) as store:
        first = store.images()[0].id
        assert store.load_mask(first).read("label")[100, 100] == 1
        assert store.history(first).revision == 1
    assert hand.session.revision == 0


def test_a_half_polygon_is_told_of_when_another_project_is_opened(cells: Path, other: Path) -> None:
    hand = Hand(cells)
    hand.window.actions_["polygon"].trigger()
    for x, y in ((50, 50), (150, 50), (150, 150)):
        QTest.mouseClick(hand.canvas, LEFT, NO, hand.at(x, y))
    assert hand.canvas.busy
    open_in_place(hand, other)
    assert "not finished, and is gone" in hand.window.findChild(QLabel, "status.note").text()


def test_changes_that_wait_since_the_project_was_opened_are_not_brought_back_twice(
    cells: Path, tmp_path: Path, disk: FullDisk
) -> None:
    hand = Hand(cells)
    hand.until((cells / reserve.RESERVE).exists)
    (cells / reserve.RESERVE).unlink()
    disk.fill()
    hand.draw(100)
    hand.failing()
    hand.until(lambda: kept(tmp_path))
    assert hand.window.bench is not None
    hand.window.bench.abandon()
    hand.window.projects.bench = None
    hand.window.projects.closed.emit()
    failures: list[Exception] = []
    hand.window.projects.failed.connect(failures.append)
    hand.window.projects.bring_back(kept(tmp_path)[0])
    hand.until(lambda: hand.window.annotate.image is not None)
    hand.until(lambda: "These changes are shown already" in hand.banner())
    assert not hand.session.frozen
    hand.draw(160)
    disk.free()
    hand.saved()
    hand.until(lambda: not kept(tmp_path))
    assert (hand.label(100, 100), hand.label(100, 160), failures) == (1, 1, [])


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The images are on a drive that does not answer until this is set; the project is on another."""
    answers = threading.Event()
    real = at_hand.AtHand._load

    def load(self: at_hand.AtHand, record: ImageRecord, *more: object) -> object:
        if record.name == "b.png":
            assert answers.wait(60)
        return real(self, record, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(at_hand.AtHand, "_load", load)
    yield answers
    answers.set()


def test_a_project_is_let_go_of_though_the_drive_of_its_images_does_not_answer(
    cells: Path, stuck: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "JOBS_S", 0.1)
    hand = Hand(cells)
    hand.draw(40)
    hand.saved()
    hand.window.actions_["next_image"].trigger()
    hand.window.actions_["close_project"].trigger()
    assert hand.window.bench is None
    hand.window.projects.open(cells)
    hand.until(lambda: hand.window.bench is not None and hand.window.bench.editable)
    hand.window.bench.open_image(hand.store.images()[0].id)
    hand.until(lambda: hand.window.annotate.image is not None)
    hand.draw(100)
    hand.saved()
    assert (hand.label(100, 40), hand.label(100, 100)) == (1, 1)
    stuck.set()
