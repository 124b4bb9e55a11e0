"""What nobody asked for, and what somebody decided, while the disk of the project is full, in the real window."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel

from labeltool.app.effort import worked_on
from labeltool.core.errors import DiskFullError
from labeltool.core.project import Status
from labeltool.store import reserve
from labeltool.store.mask_file import MaskFile
from labeltool.store.project import ProjectStore
from labeltool.ui.people.writing import Writer
from tests.faults.saving_scene import FullDisk, Hand, press

pytestmark = pytest.mark.usefixtures("failing_saves")


def test_time_that_finds_no_room_stops_nobody_and_is_written_with_the_next(
    cells: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(cells)
    hand.draw(40)
    hand.saved()
    bench, first = hand.window.bench, hand.image_id
    before_s = worked_on(bench.store, first).seconds
    refused: list[str] = []

    def no_room(*_: object, **__: object) -> None:
        refused.append("")
        raise DiskFullError("the disk is full", file=cells)

    bench.timesheet.leave()
    bench.timesheet.input(first, 1000.0)
    bench.timesheet.input(first, 1007.0)
    with monkeypatch.context() as full:
        full.setattr(MaskFile, "add_event", no_room)
        hand.window.actions_["next_image"].trigger()
        hand.until(lambda: hand.window.annotate.image is not None and hand.image_id != first)
        bench.timesheet.leave()
        bench.unasked.wait(10)
        hand.draw(100)
        hand.saved()
        assert refused
        assert bench.unasked.waiting
        assert QApplication.activeModalWidget() is None
        assert hand.label(100, 100) == 1
    hand.window.close()
    with ProjectStore.open(cells, write=False) as store:
        found_s = worked_on(store, first).seconds - before_s
    assert 7 <= found_s < 14, "once, though it was tried twice"


def failing(project: Path, disk: FullDisk) -> Hand:
    """A window with two strokes of which the second cannot be saved."""
    hand = Hand(project)
    hand.draw(40)
    hand.saved()
    (project / reserve.RESERVE).unlink()
    disk.fill()
    hand.draw(100)
    hand.failing()
    hand.until(lambda: hand.window.bench.saver.kept is not None)
    return hand


def status_on_disk(project: Path) -> Status:
    with ProjectStore.open(project, write=False) as store:
        return store.images()[0].status


def test_a_decision_that_waits_says_so_and_the_closing_dialog_names_it(cells: Path, disk: FullDisk) -> None:
    hand = failing(cells, disk)
    hand.window.actions_["approve"].trigger()
    assert "a.png will be approved once the changes that wait are saved" in hand.banner()
    hand.window.actions_["done"].trigger()
    assert "a.png will be done once the changes that wait are saved" in hand.banner()
    assert "will be approved" not in hand.banner()
    named: list[str] = []

    def read(dialog: QDialog) -> None:
        named.append(dialog.findChild(QLabel, "dialog.unsaved.decisions").text())
        press(dialog, "stay")

    hand.in_dialog(read)
    hand.window.close()
    assert named[0].startswith("Decisions that wait for these changes: a.png (done). They are not kept")
    disk.free()
    hand.retry()
    hand.until(lambda: hand.window.annotate.image.record.status is Status.DONE)
    hand.until(lambda: "will be" not in hand.banner())
    assert not hand.window.bench.decisions.waiting
    hand.window.close()
    assert status_on_disk(cells) is Status.DONE


def test_a_comment_that_waits_behind_changes_is_named_when_the_project_is_closed_and_written_once_it_can_be(
    cells: Path, disk: FullDisk
) -> None:
    hand = failing(cells, disk)
    image_id = hand.image_id
    hand.window.actions_["comment"].trigger()
    writer = hand.window.findChild(Writer)
    writer.setPlainText("look here")
    for _ in range(3):  # it seems not to be sent
        QTest.keyClick(writer, Qt.Key.Key_Return)
    assert "The comment is written once the changes that wait are saved" in hand.banner()
    named: list[str] = []

    def read(dialog: QDialog) -> None:
        named.append(dialog.findChild(QLabel, "dialog.unsaved.decisions").text())
        press(dialog, "stay")

    hand.in_dialog(read)
    hand.window.close()
    assert named == ["What waits for these changes, too, and is not kept: comment on a.png."]
    disk.free()
    hand.retry()
    hand.until(lambda: not hand.window.bench.saver.behind)
    hand.until(lambda: "The comment" not in hand.banner())
    assert [
        each.data["text"] for each in hand.window.bench.store.events(image_id) if each.kind == "comment"
    ] == ["look here"]
    hand.window.close()


def test_where_trying_again_in_the_closing_dialog_works_the_decision_is_kept_too(
    cells: Path, disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = failing(cells, disk)
    hand.window.actions_["done"].trigger()
    rescue = hand.window.bench.rescue
    forget = rescue.forget

    def slowly(image_id: str) -> None:
        time.sleep(0.4)  # the stroke is saved by now, the decision not begun
        forget(image_id)

    monkeypatch.setattr(rescue, "forget", slowly)

    def again(dialog: QDialog) -> None:
        disk.free()
        press(dialog, "again")

    hand.in_dialog(again)
    hand.window.close()
    hand.until(hand.window.isHidden)
    assert status_on_disk(cells) is Status.DONE
