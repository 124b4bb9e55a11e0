"""Damaged projects on the command line: a batch goes on, `fsck` says what can be done, `fsck --repair` does it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from labeltool.store import backups
from labeltool.store.project import ProjectStore
from tests.faults.sharing_scene import on_another_computer
from tests.unit.store.damage import flip

from .conftest import Run


@pytest.fixture
def labelled(project: Path, masks: Path, labeltool: Run) -> Path:
    """Three labelled images; the import has left backups."""
    assert labeltool("import", project, masks, "--format", "png").code == 0
    return project


def first_mask(project: Path) -> Path:
    return sorted((project / "masks").glob("*/*.ltm"))[0]


def name_of(project: Path, mask: Path) -> str:
    """What people call the image of a mask file."""
    with ProjectStore.open(project, write=False) as store:
        return store.image(mask.stem).name


def test_commands_that_write_leave_backups(labelled: Path) -> None:
    assert len(backups.of_all_images(labelled)) == 3
    assert len(backups.of_index(labelled)) == 2  # after add, and after import


def test_a_truncated_file_is_foretold_and_repaired(labelled: Path, labeltool: Run) -> None:
    path = first_mask(labelled)
    with ProjectStore.open(labelled) as store:
        before = store.load_mask(path.stem)
    path.write_bytes(path.read_bytes()[:5000])
    for words in (("fsck", labelled), ("fsck", labelled, "--repair", "--dry-run")):
        ended = labeltool(*words)
        assert ended.code == 1
        assert str(path) in ended.err and "`labeltool fsck --repair`: r1 of " in ended.err
        assert path.stat().st_size == 5000
    ended = labeltool("fsck", labelled, "--repair", "--json")
    assert ended.code == 0, ended.err
    (step,) = ended.json["steps"]
    assert (step["file"], step["repaired"], ended.json["errors"]) == (str(path), True, 0)
    assert "quarantine" in step["done"]
    with ProjectStore.open(labelled) as store:
        assert store.load_mask(path.stem).same_pixels(before)
    again = labeltool("fsck", labelled, "--repair")
    assert (again.code, again.out) == (0, "Nothing is wrong.\n")


def test_what_cannot_be_repaired_is_said_and_ends_with_1(labelled: Path, labeltool: Run) -> None:
    path = first_mask(labelled)
    for each in backups.of_image(labelled, path.stem):
        each.path.unlink()
    path.write_bytes(path.read_bytes()[:5000])
    ended = labeltool("fsck", labelled, "--repair")
    assert ended.code == 1
    assert f"not repaired: {name_of(labelled, path)} ({path})" in ended.err and "no backup" in ended.err
    assert ended.err.count(str(path)) == 1  # and is not said again as what is wrong
    assert path.stat().st_size == 5000


def test_labels_that_nothing_brings_back_begin_afresh_only_where_somebody_accepts_the_loss(
    labelled: Path, labeltool: Run
) -> None:
    path = first_mask(labelled)
    name = name_of(labelled, path)
    for each in backups.of_image(labelled, path.stem):
        each.path.unlink()
    path.write_bytes(path.read_bytes()[:5000])
    said = labeltool("fsck", labelled)
    assert (
        f"error: {name} ({path}): " in said.err
        and "--accept-loss` would let its labels begin afresh" in said.err
    )
    ended = labeltool("fsck", labelled, "--repair", "--accept-loss", "--json")
    assert ended.code == 0, ended.err
    assert [step["image"] for step in ended.json["steps"]] == [name, name]  # its file, and the list of images
    assert "all" not in ended.json["steps"][0]["done"].split("quarantine")[1]
    assert [each.stat().st_size for each in (labelled / "quarantine").glob("*.ltm")] == [5000]
    assert labeltool("status", labelled, "--json").json["status"] == {"in_work": 2, "new": 1}


def test_a_damaged_index_names_the_command_that_repairs_it(labelled: Path, labeltool: Run) -> None:
    (labelled / "project.db").write_bytes(b"nothing at all" * 500)
    ended = labeltool("status", labelled)
    assert ended.code == 1
    assert f"labeltool fsck --repair {labelled}" in ended.err
    assert labeltool("fsck", labelled, "--repair").code == 0
    assert labeltool("status", labelled, "--json").json["images"] == 3


@pytest.mark.parametrize("gone", [True, False])
def test_a_damaged_image_is_named_and_the_others_are_decided_on(
    labelled: Path, labeltool: Run, gone: bool
) -> None:
    path = first_mask(labelled)
    if gone:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:5000])
    ended = labeltool("decide", labelled, "approved", "*", "--json")
    assert ended.code == 1
    assert len(ended.json["images"]) == 2 and [each["file"] for each in ended.json["skipped"]] == [str(path)]
    assert labeltool("status", labelled, "--json").json["status"]["approved"] == 2
    found = labeltool("loop", labelled, "--json")
    assert found.code == 1 and "IS MISSING" in found.err
    assert found.json["approved"] == 2 and [each["file"] for each in found.json["skipped"]] == [str(path)]
    status = labeltool("status", labelled)
    assert status.code == 1
    assert f"{name_of(labelled, path)} ({path}): the labels are damaged: " in status.err
    assert f"1 image has damaged labels. `labeltool fsck {labelled}`" in status.err
    assert ("is gone" in status.err) == gone


def test_status_names_every_image_whose_labels_are_damaged(labelled: Path, labeltool: Run) -> None:
    whole = labeltool("status", labelled, "--json")
    assert whole.code == 0
    nothing: dict[str, list[str]] = {"damaged": [], "unread": [], "interrupted": []}
    assert whole.json["labels"] == {"labelled": 3, "checked": 3, **nothing}
    rotten, cut, gone = sorted((labelled / "masks").glob("*/*.ltm"))
    flip(rotten, "tiles")
    cut.write_bytes(cut.read_bytes()[:5000])
    gone.unlink()
    ended = labeltool("status", labelled, "--json")
    assert ended.code == 1
    found = {each["file"]: each["image"] for each in ended.json["labels"]["damaged"]}
    assert found == {str(path): name_of(labelled, path) for path in (rotten, cut, gone)}
    assert ended.json["damaged"] == [str(cut), str(rotten)] and ended.json["gone"] == [str(gone)]
    assert "3 images have damaged labels" in ended.err


def test_status_says_how_many_labels_it_has_not_read(
    labelled: Path, labeltool: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(first_mask(labelled), "tiles")
    monkeypatch.setattr("labeltool.cli.commands.status.CHECK_S", 0.0)
    ended = labeltool("status", labelled)
    assert ended.code == 0
    assert f"0 of 3 labelled images were read to the last tile; `labeltool fsck {labelled}`" in ended.out


def test_prelabel_names_what_it_left_out_at_the_end_and_ends_with_1(
    labelled: Path, threshold_model: Path, labeltool: Run
) -> None:
    path = first_mask(labelled)
    path.write_bytes(path.read_bytes()[:5000])
    ended = labeltool("prelabel", labelled, "--model", threshold_model)
    assert ended.code == 1
    assert "2 images pre-labelled" in ended.out
    last = ended.err.strip().splitlines()[-1]
    assert last == f"labeltool prelabel: 1 image was left out: {name_of(labelled, path)}"


def test_a_project_is_taken_over_from_a_computer_that_gives_no_sign_of_life(
    labelled: Path, labeltool: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.cli.commands.unlock.SILENCE_S", 0.05)
    assert labeltool("unlock", labelled, "--json").json == {"taken_over_from": None}
    on_another_computer(labelled)
    refused = labeltool("split", labelled, "--train", "100")
    assert refused.code == 1
    assert "anna, process 4711 on ward-3" in refused.err and f"`labeltool unlock {labelled}`" in refused.err
    taken = labeltool("unlock", labelled)
    assert taken.code == 0, taken.err
    assert "Taken over from anna, process 4711 on ward-3" in taken.out
    assert labeltool("unlock", labelled, "--json").json == {"taken_over_from": None}
    with ProjectStore.open(labelled) as store:
        assert store.recovery is None


def test_who_gives_a_sign_of_life_keeps_the_project(
    labelled: Path, labeltool: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeltool.cli.commands.unlock.SILENCE_S", 20.0)
    on_another_computer(labelled, beat=7)
    before = (labelled / "lock").read_bytes()
    later = threading.Timer(0.2, on_another_computer, (labelled, 8))
    later.start()
    ended = labeltool("unlock", labelled)
    later.join()
    assert ended.code == 1
    assert "gave a sign of life, so the project was not taken over" in ended.err
    assert (labelled / "lock").read_bytes()[:512] == before[:512]


def test_who_works_here_is_never_taken_for_dead(labelled: Path, labeltool: Run) -> None:
    with ProjectStore.open(labelled):
        ended = labeltool("unlock", labelled)
    assert ended.code == 1
    assert "the project is being edited by" in ended.err and "Close it there" in ended.err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize(
    "words", [("fsck", "--rebuild"), ("fsck", "--repair"), ("train",), ("new", "--classes", "a")]
)
def test_a_folder_that_may_only_be_read_is_refused_in_words(
    labelled: Path, labeltool: Run, words: tuple[str, ...]
) -> None:
    labelled.chmod(0o555)
    try:
        command, *rest = words
        where = labelled / "inside" if command == "new" else labelled
        ended = labeltool(command, where, *rest)
    finally:
        labelled.chmod(0o755)
    assert ended.code == 1
    assert str(labelled) in ended.err
    assert "permission" in ended.err.lower()
