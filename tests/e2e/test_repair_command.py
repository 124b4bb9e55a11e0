"""Damaged projects on the command line: a batch goes on, `fsck` says what can be done, `fsck --repair` does it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labeltool.store import backups
from labeltool.store.project import ProjectStore

from .conftest import Run


@pytest.fixture
def labelled(project: Path, masks: Path, labeltool: Run) -> Path:
    """Three labelled images; the import has left backups."""
    assert labeltool("import", project, masks, "--format", "png").code == 0
    return project


def first_mask(project: Path) -> Path:
    return sorted((project / "masks").glob("*/*.ltm"))[0]


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
    assert f"not repaired: {path}" in ended.out and "no backup" in ended.out
    assert path.stat().st_size == 5000


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
    assert (
        f"{path}: the mask {'file is gone' if gone else 'is damaged'}. `labeltool fsck --repair" in status.err
    )


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
