"""Disks that fill up, fail or go away while somebody draws in the real window (rows 6, 9, 10, 14, 16, 67, 68)."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMessageBox, QPushButton

from labeltool.__main__ import main
from labeltool.app import journal as journals
from labeltool.app import saving
from labeltool.app.review.layers import kept_layers
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.store import mask_file, reserve
from labeltool.store.fsck import check
from labeltool.store.predictions import reference_key
from labeltool.store.project import ProjectStore
from labeltool.store.rescue import RescueFile
from tests.e2e.pause import pause_ms
from tests.faults.saving_scene import (
    HEIGHT,
    WIDTH,
    FullDisk,
    Hand,
    change_behind,
    fill_up,
    kept,
    make_project,
    press,
    small_disk,
    tree,
)

CTRL = Qt.KeyboardModifier.ControlModifier

pytestmark = pytest.mark.usefixtures("failing_saves")


def bytes_of(project: Path) -> dict[str, str]:
    """A hash of each file of masks."""
    return {name: digest for name, (_, digest) in tree(project / "masks").items()}


def in_project(project: Path, x: int, y: int) -> int:
    """The class of a pixel of the first image on disk."""
    with ProjectStore.open(project, write=False) as store:
        return int(store.load_mask(store.images()[0].id).read("label")[y, x])


# ---- a full disk


def test_a_full_disk_keeps_the_stroke_in_memory_says_what_it_needs_and_saves_it_once_there_is_room(
    cells: Path, tmp_path: Path, disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(cells)
    hand.draw(40)
    hand.saved()
    pause_ms(50)
    before = bytes_of(cells)
    monkeypatch.setattr(saving, "RETRY_S", 60)
    (cells / reserve.RESERVE).unlink()
    disk.fill()
    hand.draw(100)
    hand.failing()
    assert hand.status().startswith("not saved: disk full (needs 0.3 MB)")
    assert str(tmp_path / "unsaved") in hand.status()
    assert (hand.label(100, 100), hand.session.revision) == (1, 2)
    hand.draw(160)
    hand.until(lambda: hand.window.bench.saver.waiting == 2)
    hand.until(lambda: bytes_of(cells) == before)  # between two attempts, what was saved before is as it was
    disk.free()
    hand.retry()
    hand.saved()
    assert hand.status() == "saved r3"
    assert kept(tmp_path) == []
    hand.window.close()
    assert [in_project(cells, 100, y) for y in (40, 100, 160)] == [1, 1, 1]
    assert check(cells) == []


@pytest.mark.slow
def test_the_last_strokes_go_into_the_reserve_and_the_figure_of_what_is_needed_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "RENEW_S", 0.0)
    with small_disk(tmp_path / "small", 24) as small:
        hand = Hand(make_project(small / "project", tmp_path / "images"))
        held = small / "project" / reserve.RESERVE
        hand.until(held.exists)
        fill_up(small)
        hand.draw(40)
        hand.saved()
        assert not held.exists(), "its room was given up"
        assert hand.banner().startswith("The disk is full. The last changes are saved")
        filler = fill_up(small)
        hand.draw(100)
        hand.failing()
        hand.until(lambda: hand.window.bench.saver.error.needs_bytes > 0)
        needs = hand.window.bench.saver.error.needs_bytes
        assert f"(needs {saving.megabytes(needs)})" in hand.status()
        fill_up(small, leave=needs)
        hand.saved()
        filler.unlink()
        hand.draw(160)
        hand.saved()
        hand.until(held.exists)
        hand.window.close()
        assert check(small / "project") == []
        assert [in_project(small / "project", 100, y) for y in (40, 100, 160)] == [1, 1, 1]


@pytest.mark.slow
def test_beyond_a_bound_painting_stops_with_words_and_goes_on_when_saving_works(
    cells: Path, disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "UNSAVED_BYTES", 600)
    hand = Hand(cells)
    hand.until((cells / reserve.RESERVE).exists)
    (cells / reserve.RESERVE).unlink()
    disk.fill()
    strokes = 0
    while not hand.window.findChild(QMessageBox, "dialog.failure"):
        assert strokes < 20
        hand.draw(20 + 13 * strokes)
        strokes += 1
        hand.failing()
    revision = hand.session.revision
    box = hand.window.findChild(QMessageBox, "dialog.failure")
    assert "No more can be painted until something is saved" in box.text()
    assert "Nothing is lost" in box.informativeText()
    assert revision == strokes - 1 >= 1
    box.close()
    disk.free()
    hand.saved()
    hand.draw(280)
    hand.saved()
    assert hand.session.revision == revision + 1


# ---- a disk that fails, or goes away


def test_an_unplugged_drive_is_waited_for_and_nothing_is_begun_in_the_empty_folder(
    cells: Path, tmp_path: Path
) -> None:
    hand = Hand(cells)
    hand.until((cells / reserve.RESERVE).exists)
    away = cells.with_name("away")
    cells.rename(away)
    cells.mkdir()  # where a drive was mounted an empty folder is left
    hand.draw(40)
    hand.draw(100)
    hand.failing()
    hand.until(lambda: hand.window.bench.saver.waiting == 2 and "kept in" in hand.status())
    assert "the project's folder cannot be reached" in hand.status()
    (file,) = kept(tmp_path)
    hand.until(lambda: RescueFile(file).about().changes == 2)
    assert list(cells.iterdir()) == [], "nothing is begun anew where the drive was"
    cells.rmdir()
    away.rename(cells)
    hand.saved()
    assert kept(tmp_path) == []
    hand.window.close()
    assert [in_project(cells, 100, y) for y in (40, 100)] == [1, 1]
    assert check(cells) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("SQLITE_IOERR_FSYNC", "the disk failed"),
        pytest.param("SQLITE_READONLY", "may not be written", marks=pytest.mark.slow),
        pytest.param(errno.ESTALE, "Stale file handle", marks=pytest.mark.slow),
    ],
)
def test_a_disk_that_fails_is_never_said_to_have_saved_and_closing_keeps_the_changes_for_the_next_time(
    cells: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str | int, words: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        if isinstance(code, int):
            raise OSError(code, os.strerror(code))
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = code  # type: ignore[misc]
        raise error

    hand = Hand(cells)
    hand.draw(40)
    hand.saved()
    with monkeypatch.context() as failing:
        failing.setattr(mask_file, "commit", fails)
        hand.draw(100)
        hand.draw(160)
        hand.failing()
        assert words in hand.status()
        seen = hand.in_dialog(lambda dialog: press(dialog, "leave"))
        hand.until(lambda: hand.window.bench.saver.kept is not None)
        hand.window.close()
        assert seen[0] == "Changes that could not be saved: 2"
        assert "go into this project by themselves" in seen[3]
        assert hand.window.isHidden()
    (file,) = kept(tmp_path)
    assert RescueFile(file).about().changes == 2
    assert in_project(cells, 100, 100) == 0
    cells.rename(cells.with_name("moved"))  # it is known by its images, not by its place
    again = Hand(cells.with_name("moved"))
    assert "changes that could not be saved before are saved now: 2" in again.banner()
    assert [again.label(100, y) for y in (40, 100, 160)] == [1, 1, 1]
    assert kept(tmp_path) == []
    again.window.close()
    assert check(cells.with_name("moved")) == []


CHILD = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from labeltool.app import rescuing
from labeltool.ui.main import application
from tests.e2e.pause import pause_ms
from tests.faults.saving_scene import Hand
project, own = Path(sys.argv[1]), Path(sys.argv[2])
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(own / "child"))
rescuing.rescue_folder = lambda: own / "unsaved"
application()
hand = Hand(project)
hand.draw(40)
hand.saved()
project.rename(project.with_name("away"))
hand.draw(100)
hand.draw(160)
hand.until(lambda: hand.window.bench.saver.waiting == 2 and "kept in" in hand.status())
pause_ms(500)
print("kept", flush=True)
while True:
    pause_ms(50)
"""


def killed(script: str, project: Path, tmp_path: Path) -> None:
    """Run a window in a process of its own, and kill it once it has got as far as it says."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(project), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).resolve().parents[2],
        text=True,
    ) as child:
        assert child.stdout is not None
        said = child.stdout.readline()
        child.kill()
    assert said == "kept\n"


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_killed_while_the_drive_is_away_the_next_opening_brings_the_strokes_back(
    cells: Path, tmp_path: Path
) -> None:
    killed(CHILD, cells, tmp_path)
    cells.with_name("away").rename(cells)
    hand = Hand(cells)
    assert "a.png: recovered to r3, nothing was lost" in hand.banner()
    assert "a.png: changes that could not be saved before are saved now: 2" in hand.banner()
    assert [hand.label(100, y) for y in (40, 100, 160)] == [1, 1, 1]
    assert (kept(tmp_path), hand.status()) == ([], "saved r3")
    hand.window.close()
    assert check(cells) == []


MID_STROKE = (
    CHILD[: CHILD.index("project.rename")]
    + """
from PySide6.QtTest import QTest
from tests.faults.saving_scene import LEFT, NO
QTest.mousePress(hand.canvas, LEFT, NO, hand.at(50, 100))
QTest.mouseMove(hand.canvas, hand.at(150, 100))
assert hand.label(100, 100) == 1
print("kept", flush=True)
while True:
    pause_ms(50)
"""
)


def test_after_a_kill_in_the_middle_of_a_stroke_the_banner_says_what_was_not_saved(
    cells: Path, tmp_path: Path
) -> None:
    killed(MID_STROKE, cells, tmp_path)
    hand = Hand(cells)
    assert hand.banner() == "a.png: recovered to r1, 1 stroke in progress was not saved"
    assert (hand.status(), hand.label(100, 40), hand.label(100, 100)) == ("saved r1", 1, 0)
    hand.window.close()
    assert check(cells) == []


# ---- somebody else's changes


def test_where_somebody_else_changed_the_image_both_are_kept_and_can_be_compared(cells: Path) -> None:
    hand = Hand(cells)
    hand.draw(40)
    hand.saved()
    change_behind(cells, hand.image_id)
    hand.draw(100)
    hand.until(lambda: "a.png was changed elsewhere meanwhile (r2 by anna)" in hand.banner())
    assert "That is the annotation now. Yours is kept beside it as the layer" in hand.banner()
    assert "Compare the two in Review, and take over what you want." in hand.banner()
    hand.until(lambda: hand.window.annotate.image is not None and not hand.session.frozen)
    assert (hand.label(315, 215), hand.label(100, 40), hand.label(100, 100)) == (2, 1, 0)
    (layer,) = hand.store.references(hand.image_id)
    assert layer in hand.banner()
    mine = hand.store.prediction(hand.image_id, reference_key(layer)).label.read(Box(0, 0, WIDTH, HEIGHT))
    assert (mine[40, 100], mine[100, 100], mine[215, 315]) == (1, 1, 255)
    assert hand.window.annotate.available("model"), "it can be looked at beside theirs"
    assert [each.name for each in kept_layers(hand.store, hand.store.images())] == [layer], "and in Review"
    assert hand.status() == "saved r2"
    QTest.mouseMove(hand.canvas, hand.at(100, 100))
    hand.window.actions_["take_answer"].trigger()
    hand.until(lambda: hand.label(100, 100) == 1)  # pixels are taken over from it
    hand.saved()
    assert (hand.label(315, 215), hand.session.revision) == (2, 3)
    hand.draw(160)
    hand.saved()
    hand.window.close()
    assert check(cells) == []
    (file,) = (cells / "quarantine").glob("*.unsaved")
    assert RescueFile(file).about().changes == 1


@pytest.mark.slow
def test_changes_that_waited_while_somebody_else_drew_are_kept_beside_theirs_at_the_next_opening(
    cells: Path, tmp_path: Path, disk: FullDisk
) -> None:
    hand = Hand(cells)
    hand.draw(40)
    hand.saved()
    (cells / reserve.RESERVE).unlink()
    disk.fill()
    hand.draw(100)
    hand.failing()
    hand.until(lambda: hand.window.bench.saver.kept is not None)
    hand.in_dialog(lambda dialog: press(dialog, "leave"))
    image_id = hand.image_id
    hand.window.close()
    disk.free()
    change_behind(cells, image_id)
    again = Hand(cells)
    assert "was changed elsewhere meanwhile (r2 by anna)" in again.banner()
    assert (again.label(315, 215), again.label(100, 100)) == (2, 0)
    (layer,) = again.store.references(image_id)
    mine = again.store.prediction(image_id, reference_key(layer)).label.read(Box(0, 0, WIDTH, HEIGHT))
    assert (mine[40, 100], mine[100, 100]) == (1, 1)
    assert kept(tmp_path) == []
    again.window.close()
    assert check(cells) == []


def test_a_window_that_only_views_changes_no_byte_of_the_project(cells: Path) -> None:
    with ProjectStore.open(cells) as holder:
        record = holder.images()[0]
        mask = holder.load_mask(record.id)
        patch = write(mask, Box(10, 10, 60, 60), title="brush stroke", kind="brush", label=1, origin=2)
        holder.commit(record.id, patch, expected=0)
        holder.put_into(record.id, "train")
        before = tree(cells)
        hand = Hand(cells, view=True)
        assert not hand.window.bench.editable
        assert hand.banner().startswith("Opened to view: it is being edited by")
        hand.draw(100)
        for key in (Qt.Key.Key_Z, Qt.Key.Key_W, Qt.Key.Key_A, Qt.Key.Key_Delete):
            QTest.keyClick(hand.canvas, key)
        hand.window.actions_["next_image"].trigger()
        hand.until(lambda: hand.window.annotate.image is not None and hand.image_id != record.id)
        hand.window.actions_["workspace_review"].trigger()
        pause_ms(100)
        hand.window.close()
        assert main(["status", str(cells)]) == 0
        assert tree(cells) == before


# ---- closing while saving fails


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


WAYS_OUT = {
    "close the window": lambda hand: hand.window.close(),
    "quit": lambda hand: QTest.keyClick(hand.canvas, Qt.Key.Key_Q, CTRL),
    "close the project": lambda hand: hand.window.actions_["close_project"].trigger(),
    "open another project": lambda hand: hand.window.projects.open(hand.store.root.parent / "other"),
}


@pytest.mark.slow
def test_another_image_does_not_hide_that_something_is_not_saved(cells: Path, disk: FullDisk) -> None:
    hand = failing(cells, disk)
    first = hand.image_id
    hand.window.actions_["next_image"].trigger()
    hand.until(lambda: hand.window.annotate.image is not None and hand.image_id != first)
    assert hand.status().startswith("not saved: disk full")
    disk.free()
    hand.retry()
    hand.until(lambda: hand.status() == "saved r0")
    hand.window.close()
    assert in_project(cells, 100, 100) == 1


SLOW_WAYS_OUT = sorted(WAYS_OUT.keys() - {"quit"})


@pytest.mark.parametrize(
    "way", ["quit", *(pytest.param(way, marks=pytest.mark.slow) for way in SLOW_WAYS_OUT)]
)
def test_no_way_out_leaves_changes_behind_without_a_choice(
    cells: Path, disk: FullDisk, tmp_path: Path, way: str
) -> None:
    make_project(cells.parent / "other", tmp_path / "others", "x")
    hand = failing(cells, disk)
    seen = hand.in_dialog(lambda dialog: QTest.keyClick(dialog, Qt.Key.Key_Escape))
    WAYS_OUT[way](hand)
    hand.until(lambda: seen)
    assert seen[:2] == ["Changes that could not be saved: 1", "a.png"]
    assert "Disk full (needs" in seen[2]
    assert hand.window.isVisible()
    assert hand.store.root == cells
    assert hand.label(100, 100) == 1
    hand.draw(160)
    disk.free()
    hand.saved()
    hand.window.close()
    assert [in_project(cells, 100, y) for y in (40, 100, 160)] == [1, 1, 1]


@pytest.mark.slow
def test_while_the_question_is_open_saving_is_tried_again_and_it_goes_when_that_works(
    cells: Path, disk: FullDisk, tmp_path: Path
) -> None:
    hand = failing(cells, disk)

    def free_and_try(dialog) -> None:
        disk.free()
        press(dialog, "again")

    seen = hand.in_dialog(free_and_try)
    hand.window.close()
    assert seen
    assert hand.window.isHidden()
    assert (in_project(cells, 100, 100), kept(tmp_path)) == (1, [])


def test_changes_are_discarded_only_by_typing_so(cells: Path, disk: FullDisk, tmp_path: Path) -> None:
    hand = failing(cells, disk)
    enabled = []

    def discard(dialog) -> None:
        button = dialog.findChild(QPushButton, "dialog.unsaved.discard")
        typed = dialog.findChild(QLineEdit, "dialog.unsaved.typed")
        assert dialog.focusWidget().objectName() == "dialog.unsaved.again"
        press(dialog, "discard")
        enabled.append(button.isEnabled())
        QTest.keyClicks(typed, "discar")
        enabled.append(button.isEnabled())
        QTest.keyClicks(typed, "d")
        enabled.append(button.isEnabled())
        press(dialog, "discard")

    hand.in_dialog(discard)
    hand.window.close()
    disk.free()
    assert enabled == [False, False, True]
    assert hand.window.isHidden()
    assert kept(tmp_path) == []
    assert [in_project(cells, 100, y) for y in (40, 100)] == [1, 0]
    assert check(cells) == []


@pytest.mark.parametrize("by", [pytest.param("the menu", marks=pytest.mark.slow), "the command line"])
def test_changes_saved_elsewhere_come_back_by_the_menu_and_by_the_command_line(
    cells: Path, disk: FullDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    hand = failing(cells, disk)
    stick = tmp_path / "stick"
    stick.mkdir()

    def elsewhere(dialog) -> None:
        monkeypatch.setattr(
            "labeltool.ui.dialogs.unsaved.QFileDialog.getExistingDirectory", lambda *_: str(stick)
        )
        press(dialog, "elsewhere")
        (file,) = stick.iterdir()
        assert str(file) in dialog.findChild(type(dialog._where), "dialog.unsaved.where").text()
        press(dialog, "leave")

    hand.in_dialog(elsewhere)
    hand.window.close()
    disk.free()
    (file,) = stick.iterdir()
    for path in kept(tmp_path):
        path.unlink()  # as on another computer
    if by == "the command line":
        assert main(["recover", str(cells), str(file)]) == 0
        assert main(["recover", str(cells), str(file)]) == 0, "twice is once"
    else:
        again = Hand(cells)
        assert again.label(100, 100) == 0
        monkeypatch.setattr("labeltool.ui.unsaved.QFileDialog.getOpenFileName", lambda *_: (str(file), ""))
        again.window.actions_["bring_back"].trigger()
        again.until(lambda: "are saved now: 1" in again.banner())
        again.until(lambda: again.window.annotate.image is not None and again.label(100, 100) == 1)
        again.draw(160)
        again.saved()
        again.window.close()
    assert in_project(cells, 100, 100) == 1
    assert file.exists(), "what somebody has put somewhere is theirs"
    assert check(cells) == []


# ---- there is no switch


def test_whatever_changes_the_mask_in_the_window_is_saved_without_being_asked(cells: Path) -> None:
    hand = Hand(cells)
    session = hand.session
    hand.draw(40)
    QTest.keyClick(hand.canvas, Qt.Key.Key_E)
    hand.draw(40, 60, 80)
    QTest.keyClick(hand.canvas, Qt.Key.Key_Z, CTRL)
    QTest.keyClick(hand.canvas, Qt.Key.Key_Y, CTRL)
    QTest.keyClick(hand.canvas, Qt.Key.Key_B)
    patch = write(session.mask, Box(300, 10, 330, 30), title="fill", kind="fill", label=2, origin=2)
    session.apply(patch)
    session.restore(patch.inverse())
    assert session.revision == 6
    hand.saved()
    assert hand.status() == "saved r6"
    history = hand.store.history(hand.image_id)
    assert history.revision == 6
    assert hand.store.load_mask(hand.image_id).same_pixels(session.mask)
