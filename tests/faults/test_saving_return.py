"""Work of an earlier session that still cannot be saved, and disks that do not answer, in the real window."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QDialog, QLabel, QMessageBox, QPushButton

from labeltool.__main__ import main
from labeltool.app import rescuing, saving
from labeltool.app.diagnosis.sessions import CutShort
from labeltool.app.rescuing import bring_back_all
from labeltool.core.errors import DiskFullError
from labeltool.core.project import Status
from labeltool.store import mask_file, reserve
from labeltool.store.fsck import check
from labeltool.store.layout import INDEX
from labeltool.store.project import ProjectStore
from labeltool.store.rescue import RescueFile
from labeltool.ui.diagnosis import Diagnosis
from tests.e2e.pause import pause_ms
from tests.faults.saving_scene import FullDisk, Hand, change_behind, kept, press

WAITS = "changes of the last session still wait to be saved"
SAVED = "changes that could not be saved before are saved now"

pytestmark = pytest.mark.usefixtures("failing_saves")


def leave_unsaved(project: Path, disk: FullDisk, images: int = 1) -> list[str]:
    """A session that ended while the disk was full, with a stroke that was saved on the first image and one that was
    not on each; the ids of those."""
    hand = Hand(project)
    hand.draw(40)
    hand.saved()
    (project / reserve.RESERVE).unlink()
    disk.fill()
    ids = []
    for number in range(images):
        if number:
            hand.window.actions_["next_image"].trigger()
            hand.until(lambda: hand.window.annotate.image is not None and hand.image_id not in ids)
        hand.draw(100)
        ids.append(hand.image_id)
    hand.failing()
    leave(hand, images)
    return ids


def leave(hand: Hand, changes: int) -> None:
    """Close the window although so many changes cannot be saved."""
    hand.until(
        lambda: hand.window.bench.saver.kept is not None and hand.window.bench.saver.waiting == changes
    )
    seen = hand.in_dialog(lambda dialog: press(dialog, "leave"))
    hand.window.close()
    assert seen[0] == f"Changes that could not be saved: {changes}"
    assert "go into this project by themselves" in seen[3]
    assert hand.window.isHidden()


def listed(hand: Hand, image_id: str) -> Status:
    """The status of an image as the window has it."""
    return hand.store.image(image_id).status


def test_on_a_disk_that_is_still_full_the_last_sessions_work_is_shown_and_gone_on_from(
    cells: Path, tmp_path: Path, disk: FullDisk
) -> None:
    (image_id,) = leave_unsaved(cells, disk)
    (file,) = kept(tmp_path)
    hand = Hand(cells)
    hand.failing()
    assert f"a.png: {WAITS}: 1" in hand.banner()
    assert [hand.label(100, y) for y in (40, 100)] == [1, 1]
    assert hand.window.annotate.image.record.status is Status.IN_WORK
    hand.draw(160)
    hand.window.actions_["undo"].trigger()
    hand.window.actions_["undo"].trigger()
    assert [hand.label(100, y) for y in (40, 100, 160)] == [1, 0, 0], "what waits can be undone"
    hand.window.actions_["redo"].trigger()
    hand.until(lambda: RescueFile(file).about().changes == 5)
    assert kept(tmp_path) == [file], "one file, as if the session had never ended"
    disk.free()
    hand.saved()
    hand.until(lambda: f"a.png: {SAVED}: 1" in hand.banner())
    assert WAITS not in hand.banner()
    assert kept(tmp_path) == []
    assert hand.store.references(image_id) == [], "nobody is in conflict with oneself"
    assert [entry.kind for entry in hand.store.journal(image_id)] == [
        "do",
        "do",
        "do",
        "undo",
        "undo",
        "redo",
    ]
    hand.window.close()
    with ProjectStore.open(cells, write=False) as store:
        assert list(store.load_mask(image_id).read("label")[[40, 100, 160], 100]) == [1, 1, 0]
    assert check(cells) == []


@pytest.mark.slow
def test_two_images_that_still_wait_are_honestly_told_of_at_the_next_closing_and_come_back_with_their_status(
    cells: Path, tmp_path: Path, disk: FullDisk
) -> None:
    first, second = leave_unsaved(cells, disk, images=2)
    again = Hand(cells)
    again.failing()
    assert f"a.png: {WAITS}: 1" in again.banner()
    assert f"b.png: {WAITS}: 1" in again.banner()
    assert again.image_id == second
    assert again.window.annotate.image.record.status is Status.IN_WORK, "its labels are seen"
    leave(again, 2)
    assert len(kept(tmp_path)) == 2
    third = Hand(cells)
    third.failing()
    changed = []
    third.window.bench.record_changed.connect(changed.append)
    disk.free()
    third.until(lambda: f"a.png: {SAVED}: 1" in third.banner() and f"b.png: {SAVED}: 1" in third.banner())
    third.until(
        lambda: {each.id: each.status for each in changed} == dict.fromkeys((first, second), Status.IN_WORK)
    )
    assert (listed(third, first), listed(third, second)) == (Status.IN_WORK, Status.IN_WORK)
    assert WAITS not in third.banner()
    assert kept(tmp_path) == []
    third.window.close()
    assert check(cells) == []


@pytest.mark.slow
def test_a_drive_that_goes_while_the_last_sessions_work_waits_is_waited_for(
    cells: Path, tmp_path: Path, disk: FullDisk
) -> None:
    leave_unsaved(cells, disk)
    hand = Hand(cells)
    hand.failing()
    away = cells.rename(cells.with_name("away"))
    disk.free()
    hand.until(lambda: "the project's folder cannot be reached" in hand.status())
    assert len(kept(tmp_path)) == 1
    away.rename(cells)
    hand.saved()
    hand.until(lambda: f"a.png: {SAVED}: 1" in hand.banner())
    hand.window.close()
    assert (kept(tmp_path), check(cells)) == ([], [])


@pytest.mark.slow
def test_what_cannot_even_be_kept_beside_somebody_elses_work_is_tried_again_until_it_can(
    cells: Path, tmp_path: Path, disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (image_id,) = leave_unsaved(cells, disk)
    disk.free()
    change_behind(cells, image_id)
    refusals = []

    def keep(*_: Any, **__: Any) -> None:
        refusals.append(1)
        raise DiskFullError("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(rescuing, "keep", keep)
        hand = Hand(cells)
        hand.failing()
        hand.until(lambda: len(refusals) > 3)
        assert len(kept(tmp_path)) == 1
        assert hand.label(315, 215) == 2, "theirs is the annotation"
    hand.until(lambda: "was changed elsewhere meanwhile (r2 by anna)" in hand.banner())
    (layer,) = hand.store.references(image_id)
    assert layer in hand.banner()
    hand.until(lambda: hand.status() == "saved r2")
    hand.draw(160)
    hand.saved()
    assert kept(tmp_path) == []
    hand.window.close()
    assert check(cells) == []


@pytest.mark.slow
def test_a_project_that_is_only_viewed_leaves_what_waits_where_it_is(
    cells: Path, tmp_path: Path, disk: FullDisk
) -> None:
    leave_unsaved(cells, disk)
    disk.free()
    with ProjectStore.open(cells):
        hand = Hand(cells, view=True)
        assert (
            "a.png: 1 change that could not be saved waits for this project to be writable" in hand.banner()
        )
        assert hand.label(100, 100) == 0
        hand.window.close()
    assert len(kept(tmp_path)) == 1


def test_an_image_whose_strokes_wait_can_be_left_and_opened_again(cells: Path, disk: FullDisk) -> None:
    hand = Hand(cells)
    hand.draw(40)
    hand.saved()
    (cells / reserve.RESERVE).unlink()
    disk.fill()
    hand.draw(100)
    hand.failing()
    first = hand.image_id
    hand.window.actions_["next_image"].trigger()
    hand.until(lambda: hand.window.annotate.image is not None and hand.image_id != first)
    hand.window.actions_["previous_image"].trigger()
    hand.until(lambda: hand.window.annotate.image is not None and hand.image_id == first)
    assert [hand.label(100, y) for y in (40, 100)] == [1, 1]
    assert (hand.session.revision, hand.session.undo_title) == (2, "brush stroke")
    hand.draw(160)
    disk.free()
    hand.saved()
    hand.window.close()
    assert check(cells) == []


@pytest.mark.slow
def test_the_status_comes_back_too_where_the_list_of_images_lagged_behind(
    cells: Path, tmp_path: Path, disk: FullDisk
) -> None:
    (image_id,) = leave_unsaved(cells, disk)
    disk.free()
    with sqlite3.connect(cells / INDEX) as db:  # as it is where the disk was full for the list as well
        columns = [row[1] for row in db.execute("PRAGMA table_info(images)")]
        assert "status" in columns
        db.execute("UPDATE images SET status='new' WHERE id=?", (image_id,))
    db.close()
    (file,) = kept(tmp_path)
    again = shutil.copyfile(file, tmp_path / "copy")
    with ProjectStore.open(cells) as store:
        assert store.image(image_id).status is Status.NEW
        assert len(bring_back_all(store)) == 1
    with sqlite3.connect(cells / INDEX) as db:
        db.execute("UPDATE images SET status='new' WHERE id=?", (image_id,))
    db.close()
    shutil.copyfile(again, file)  # the journal has all of it
    with ProjectStore.open(cells) as store:
        assert bring_back_all(store) == []
        assert store.image(image_id).status is Status.IN_WORK


@pytest.mark.slow
def test_the_command_line_leaves_what_still_finds_no_room_and_brings_it_back_later(
    cells: Path, tmp_path: Path, disk: FullDisk, capsys: pytest.CaptureFixture[str]
) -> None:
    (image_id,) = leave_unsaved(cells, disk)
    (file,) = kept(tmp_path)
    assert main(["recover", str(cells)]) == 1
    assert f"it stays in {file}" in capsys.readouterr().err
    assert file.exists()
    disk.free()
    assert main(["recover", str(cells)]) == 0
    assert "a.png: 1 change that could not be saved before is saved now" in capsys.readouterr().out
    assert main(["recover", str(cells)]) == 0
    with ProjectStore.open(cells, write=False) as store:
        assert (store.history(image_id).revision, store.image(image_id).status) == (2, Status.IN_WORK)
    assert (kept(tmp_path), check(cells)) == ([], [])


# ---- a disk that does not answer


class Stuck:
    """A network share on which writing a mask takes until it is let go."""

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self.asked, self.answers = threading.Event(), threading.Event()
        real = mask_file.commit

        def commit(*more: Any) -> Any:
            self.asked.set()
            assert self.answers.wait(30)
            return real(*more)

        patched.setattr(mask_file, "commit", commit)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    monkeypatch.setattr(saving, "LATE_S", 0.1)
    stuck = Stuck(monkeypatch)
    yield stuck
    stuck.answers.set()


def test_a_disk_that_does_not_answer_is_told_and_the_strokes_are_kept_elsewhere_meanwhile(
    cells: Path, tmp_path: Path, stuck: Stuck
) -> None:
    hand = Hand(cells)
    hand.draw(40)
    hand.until(lambda: hand.status().startswith("not saved: the disk does not answer"))
    hand.until(lambda: "kept in" in hand.status())
    (file,) = kept(tmp_path)
    assert RescueFile(file).about().changes == 1
    hand.draw(100)
    hand.until(lambda: RescueFile(file).about().changes == 2)
    assert hand.session.revision == 2
    stuck.answers.set()
    hand.saved()
    assert kept(tmp_path) == []
    hand.window.close()
    assert check(cells) == []


def test_who_closes_while_the_disk_does_not_answer_leaves_and_the_strokes_stay(
    cells: Path, tmp_path: Path, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "LATE_CLOSE_S", 0.05)
    hand = Hand(cells)
    hand.draw(40)
    hand.until(lambda: hand.window.bench.saver.kept is not None)
    store = hand.store
    leave(hand, 1)
    (file,) = kept(tmp_path)
    assert RescueFile(file).about().changes == 1
    stuck.answers.set()
    hand.until(lambda: store.history(store.images()[0].id).revision == 1)
    store.close()
    file = kept(tmp_path)
    with ProjectStore.open(cells) as again:  # whether or not it was written in the end, it is there once
        assert bring_back_all(again) == []
        assert again.history(again.images()[0].id).revision == 1
    assert (kept(tmp_path), check(cells)) == ([], [])


# ---- closing, and what is said


def test_trying_again_says_when_it_was_tried_and_what_came_of_it(
    cells: Path, disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "RETRY_S", 60)
    hand = Hand(cells)
    (cells / reserve.RESERVE).unlink(missing_ok=True)
    disk.fill()
    hand.draw(40)
    hand.failing()
    seen: list[str] = []

    def try_again(dialog: QDialog) -> None:
        tried = dialog.findChild(QLabel, "dialog.unsaved.tried")
        assert tried.text() == ""
        press(dialog, "again")
        seen.append(dialog.findChild(QPushButton, "dialog.unsaved.again").text())
        hand.until(tried.text)
        assert dialog.focusWidget().objectName() == "dialog.unsaved.again", (
            "not the field that loses the changes"
        )
        seen.append(tried.text())
        seen.append(dialog.findChild(QPushButton, "dialog.unsaved.again").text())
        dialog.reject()

    hand.in_dialog(try_again)
    hand.window.close()
    assert seen[0] == "Trying…"
    at = hand.window.bench.saver.tried.at
    assert seen[1].startswith(f"Tried again at {at:%H:%M:%S}: Disk full (needs ")
    assert seen[2] == "Try again"


def test_a_session_that_was_cut_short_and_what_was_recovered_are_told_together(
    cells: Path, tmp_path: Path, disk: FullDisk
) -> None:
    leave_unsaved(cells, disk)
    disk.free()
    hand = Hand(cells)
    diagnosis = Diagnosis()
    diagnosis.follow(hand.window, [CutShort("2026-01-01T09:00:00", 4711, "0.1.0", "")])
    box = hand.window.findChild(QMessageBox, "dialog.cut_short")
    assert f"a.png: {SAVED}: 1" in box.informativeText()
    assert "Open the project" not in box.informativeText()
    box.close()
    assert f"a.png: {SAVED}: 1" in hand.banner(), "and it can be read afterwards, too"
    diagnosis.leave()
    hand.window.close()
    pause_ms(1)
