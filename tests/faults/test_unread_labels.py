"""Labels that may not be read are not damaged ones: they are named, the rest of a batch goes on, and no backup takes
their place (rows 9 and 11)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from labeltool.core.project import Status
from labeltool.store import backups
from labeltool.store.layout import mask_path
from labeltool.store.project import ProjectStore
from tests.faults.nobody import as_nobody, forbidden, give_away, reachable


@pytest.fixture
def theirs(project: Path, tmp_path: Path) -> Iterator[Path]:
    """The project, with backups, of a user without rights, and a folder for what that user writes."""
    backups.keep(project)
    shutil.copytree(project, tmp_path / "warm")
    (tmp_path / "theirs").mkdir()
    give_away(project)
    give_away(tmp_path / "theirs")
    with reachable(project):
        yield project


def batch(root: Path, out: Path) -> dict[str, tuple[object, ...]]:
    return {
        "status": ("status", root, "--json"),
        "split": ("split", root, "--to", "val", "--json"),
        "decide": ("decide", root, "done", "*", "--json"),
        "measure": ("measure", root, "--json"),
        "export": ("export", root, out, "--format", "coco", "--json"),
        "fsck": ("fsck", root, "--json"),
        "repair": ("fsck", root, "--repair", "--json"),
    }


@pytest.mark.parametrize("what", ["file", "folder"])
def test_labels_that_may_not_be_read_are_named_and_the_others_go_on(
    theirs: Path, tmp_path: Path, what: str
) -> None:
    with ProjectStore.open(theirs, write=False) as store:
        first, *others = store.images()
    path = mask_path(theirs, first.id)
    before = path.read_bytes()
    commands = batch(theirs, tmp_path / "theirs" / "out")
    with forbidden(path if what == "file" else path.parent):
        warm = [*batch(tmp_path / "warm", tmp_path / "warm_out").values()]
        said = dict(zip(commands, as_nobody([*commands.values()], warm, tmp_path / "theirs"), strict=True))
    for name, each in said.items():
        assert each.code == 1, (name, each)
        assert str(path) in each.err, (name, each.err)
        assert "would come back" not in each.err and "is damaged:" not in each.err, (name, each.err)
    found = {name: json.loads(each.out) for name, each in said.items()}
    assert [each["image"] for each in found["status"]["labels"]["unread"]] == [first.name]
    assert found["status"]["damaged"] == found["status"]["gone"] == []
    assert found["split"]["changed"] == len(others)
    assert found["decide"]["images"] == [each.name for each in others]
    assert found["measure"]["rows"] == found["export"]["images"] == len(others)
    with ProjectStore.open(theirs, write=False) as store:
        now = {each.name: (each.split, each.status) for each in store.images()}
    assert [now[each.name] for each in others] == [("val", Status.DONE)] * len(others)
    assert now[first.name] == (first.split, first.status)
    assert path.read_bytes() == before
    assert [*(theirs / "quarantine").iterdir()] == []
