"""A disk without room for anything: what is said of unsaved work, in the window and by the commands."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QToolButton

from labeltool.__main__ import main
from labeltool.app.checking import check as check_all
from labeltool.core.errors import StoreError
from labeltool.store import reserve
from labeltool.store.fsck import check
from labeltool.store.index import Index
from labeltool.store.lock import Lock
from labeltool.store.project import ProjectStore
from labeltool.store.rescue import RescueFile
from labeltool.ui import sharing
from tests.faults.saving_scene import FullDisk, Hand, fill_up, kept, make_project, small_disk

WAITS = "changes of the last session still wait to be saved"

pytestmark = pytest.mark.usefixtures("failing_saves")


def strokes_that_wait(project: Path, tmp_path: Path, disk: FullDisk, strokes: int = 2) -> Hand:
    """A session with one saved stroke on a.png, and some that cannot be saved and are in a rescue file."""
    hand = Hand(project)
    hand.draw(40)
    hand.saved()
    (project / reserve.RESERVE).unlink()
    disk.fill()
    for number in range(strokes):
        hand.draw(100 + 40 * number)
    hand.failing()
    hand.until(lambda: [RescueFile(p).about().changes for p in kept(tmp_path)] == [strokes])
    return hand


def cut_short(hand: Hand) -> None:
    """The session ends as kill -9 ends it: the lock names its dead process, and the rescue file stays."""
    store = hand.store
    left = (store.root / "lock").read_bytes()
    hand.window.bench.abandon()
    hand.window.projects.bench = None
    hand.window.close()
    said = json.loads(left[:512]) | {"pid": 2**22 + 1}  # beyond what the system gives to a process
    (store.root / "lock").write_bytes(json.dumps(said).encode().ljust(511) + b"\n" + left[512:])


# ---- commands


def test_status_fsck_and_export_name_the_images_whose_changes_wait(
    cells: Path, tmp_path: Path, disk: FullDisk, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_short(strokes_that_wait(cells, tmp_path, disk))
    disk.free()
    with ProjectStore.open(cells):
        pass
    ways = f"`labeltool recover {cells}`"
    assert main(["status", str(cells), "--json"]) == 0
    said = capsys.readouterr()
    assert "1 image has changes that could not be saved (2): a.png. They come in when the" in said.err
    assert ways in said.err
    (file,) = kept(tmp_path)
    assert json.loads(said.out)["unsaved"] == [{"image": "a.png", "changes": 2, "file": str(file)}]
    assert main(["fsck", str(cells)]) == 0
    said = capsys.readouterr()
    assert "notice: a.png" in said.err
    assert "2 changes that could not be saved. It comes in when" in said.err
    assert ways in said.err
    for more in (["--dry-run"], []):
        assert main(["export", str(cells), str(tmp_path / "out"), "--format", "png", *more]) == 0
        said = capsys.readouterr().err
        assert "1 image has changes that could not be saved (2) and are not exported: a.png." in said
    assert file.exists(), "none of these brings anything in"
    assert main(["recover", str(cells)]) == 0
    capsys.readouterr()
    assert main(["status", str(cells)]) == 0
    assert "could not be saved" not in "".join(capsys.readouterr())
    assert check_all(cells) == []


# ---- what a killed session left


def test_strokes_in_a_rescue_file_are_not_said_to_be_lost_after_a_kill(
    cells: Path, tmp_path: Path, disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(strokes_that_wait(cells, tmp_path, disk))

    def update(self: Index, *_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(Index, "update", update)
        hand = Hand(cells)
        hand.failing()
        assert "a.png: recovered to r1; 2 changes of the last session wait to be saved" in hand.banner()
        assert "not saved" not in hand.banner()
        assert "the list of images lags behind" in hand.banner()
        assert [hand.label(100, y) for y in (40, 100, 140)] == [1, 1, 1]
    disk.free()
    hand.saved()
    hand.until(lambda: WAITS not in hand.banner() and "last session wait" not in hand.banner())
    hand.until(lambda: "lags behind" not in hand.banner())
    assert "a.png: changes that could not be saved before are saved now: 2" in hand.banner()
    hand.window.close()
    assert check(cells) == []


# ---- no room for the lock


def test_a_lock_that_is_let_go_keeps_its_room(cells: Path) -> None:
    with ProjectStore.open(cells):
        taken = (cells / "lock").stat().st_size
    assert (cells / "lock").stat().st_size == taken
    assert (cells / "lock").read_bytes().strip() == b""
    with ProjectStore.open(cells) as again:
        assert again.recovery is None


@pytest.mark.skipif(os.name == "nt", reason="needs a disk of its own")
def test_a_project_can_be_edited_again_on_a_disk_without_one_free_page(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 12) as disk:
        project = make_project(disk / "project", tmp_path / "images")
        fill_up(disk)
        with ProjectStore.open(project) as store:
            assert store.read_only_reason == ""
        with ProjectStore.open(project) as store:
            assert store.read_only_reason == ""


def test_where_the_lock_finds_no_room_this_is_said_and_editing_is_offered_once_there_is_some(
    cells: Path, tmp_path: Path, disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(strokes_that_wait(cells, tmp_path, disk))
    disk.free()

    def no_room(self: Lock) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(Lock, "_write_all", no_room)
        full.setattr(sharing, "LOOK_MS", 50)
        looks = []
        full.setattr(sharing, "room", lambda root: looks.append(root) or 0)
        hand = Hand(cells)
        assert "The disk is full: free some space." in hand.banner()
        assert (
            "a.png: 2 changes that could not be saved wait for this project to be writable" in hand.banner()
        )
        hand.draw(200)
        assert hand.label(100, 200) == 0
        hand.until(lambda: "Nothing can be drawn: the disk is full. Free some space first." in hand.banner())
        hand.until(lambda: len(looks) > 2)
        button = hand.window.findChild(QToolButton, "banner.do")
        assert button.isHidden()
    hand.until(lambda: "There is room on the disk again." in hand.banner())
    button.click()
    hand.until(lambda: hand.window.bench is not None and hand.window.bench.editable)
    hand.until(lambda: hand.window.annotate.image is not None)
    assert [hand.label(100, y) for y in (40, 100, 140)] == [1, 1, 1]
    hand.window.close()
    assert check(cells) == []
