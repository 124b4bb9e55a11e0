"""What cannot be saved is kept elsewhere, comes back, and never takes the place of somebody else's work."""

from __future__ import annotations

import ast
import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from labeltool.app import rescuing
from labeltool.app.journal import Journal
from labeltool.app.rescuing import BroughtBack, Rescue, bring_back, bring_back_all
from labeltool.app.saving import UNSAVED_BYTES, megabytes, room
from labeltool.app.session import Operation, Session
from labeltool.core.errors import ConflictError, DiskFullError, GoneError, StoreError
from labeltool.core.geometry import Box
from labeltool.core.patch import Patch, write
from labeltool.store import commit as committing
from labeltool.store import reserve
from labeltool.store.database import DamagedError, explanation
from labeltool.store.fsck import check
from labeltool.store.layout import mask_path
from labeltool.store.predictions import reference_key
from labeltool.store.project import ProjectStore
from labeltool.store.rescue import RescueFile
from labeltool.store.reserve import Reserve
from labeltool.store.tiles import pack
from tests.faults.saving_scene import HEIGHT, WIDTH, change_behind, make_project

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", tmp_path / "images")


def patch_of(mask, x: int, label: int = 1, object_id: int = 0) -> Patch:
    """A box of a class; as a brush leaves it, but with pixels that do not deflate to nothing."""
    return write(
        mask,
        Box(x, 20, x + 30, 60),
        title="brush stroke",
        kind="brush",
        label=label,
        origin=2,
        object_id=object_id,
    )


def unsaved(project: Path, folder: Path) -> tuple[str, list[Operation], np.ndarray]:
    """Two strokes, an undo and an object that could not be saved: on r1 of the first image, kept in ``folder``."""
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        mask = store.load_mask(record.id)
        first = patch_of(mask, 10)
        mask.apply(first)
        store.commit(record.id, first, expected=0)
        operations: list[Operation] = []
        session = Session(mask, operations.append, revision=1)
        session.apply(patch_of(mask, 50))
        session.apply(patch_of(mask, 90, label=2))
        session.undo()
        session.apply(patch_of(mask, 130, label=2, object_id=70_000))
        Rescue(store, folder).keep(record.id, operations)
        return record.id, operations, mask.read("label")


def labels(project: Path, image_id: str) -> np.ndarray:
    with ProjectStore.open(project, write=False) as store:
        return store.load_mask(image_id).read("label")


def test_what_could_not_be_saved_is_committed_at_the_next_opening_with_its_undo(
    project: Path, tmp_path: Path
) -> None:
    image_id, _, wanted = unsaved(project, tmp_path / "unsaved")
    with ProjectStore.open(project) as store:
        done = bring_back_all(store, tmp_path / "unsaved")
        assert [(each.operations, each.layer) for each in done] == [(4, "")]
        assert str(done[0]) == "a.png: 4 changes that could not be saved before are saved now"
        assert [entry.kind for entry in store.journal(image_id)] == ["do", "do", "do", "undo", "do"]
        mask = store.load_mask(image_id)
        assert (mask.read("label") == wanted).all()
        assert mask.read("object")[30, 140] == 70_000
    assert list((tmp_path / "unsaved").iterdir()) == []
    assert check(project) == []


def test_two_sessions_that_could_not_save_come_back_in_the_order_of_their_revisions_whatever_the_clock_said(
    project: Path, tmp_path: Path
) -> None:
    image_id, operations, wanted = unsaved(project, tmp_path / "other")
    folder = tmp_path / "unsaved"
    with ProjectStore.open(project) as store:
        for number, part in enumerate((operations[:2], operations[2:])):
            Rescue(store, folder).keep(image_id, part)
            (new,) = (each for each in folder.iterdir() if each.stat().st_mtime > 10_000)
            os.utime(new, (1_000 - number, 1_000 - number))  # the clock was set back between them
        done = bring_back_all(store, folder)
        assert [(each.operations, each.layer) for each in done] == [(2, ""), (2, "")]
        assert store.history(image_id).revision == 5
    assert (labels(project, image_id) == wanted).all()
    assert list(folder.iterdir()) == []


def test_what_was_saved_before_the_kill_is_not_saved_twice(project: Path, tmp_path: Path) -> None:
    image_id, operations, wanted = unsaved(project, tmp_path / "unsaved")
    with ProjectStore.open(project) as store:
        for each in operations[:2]:  # the disk worked again, and the power went before the file could go
            store.commit(image_id, each.patch, kind=each.kind, target=each.target, expected=each.revision - 1)
        (done,) = bring_back_all(store, tmp_path / "unsaved")
        assert (done.operations, store.history(image_id).revision) == (2, 5)
    assert (labels(project, image_id) == wanted).all()
    assert check(project) == []


def test_changes_that_do_not_follow_are_kept_beside_and_theirs_stays(project: Path, tmp_path: Path) -> None:
    image_id, _, wanted = unsaved(project, tmp_path / "unsaved")
    change_behind(project, image_id)
    theirs = labels(project, image_id)
    with ProjectStore.open(project) as store:
        (done,) = bring_back_all(store, tmp_path / "unsaved")
        assert (done.theirs, done.whose) == (2, "anna")
        assert "somebody else has changed the annotation meanwhile" in str(done)
        mine = store.prediction(image_id, reference_key(done.layer))
        assert mine is not None
        said = mine.confidence.read(Box(0, 0, WIDTH, HEIGHT)) > 0
        assert (np.where(said, mine.label.read(Box(0, 0, WIDTH, HEIGHT)), 0) == wanted).all()
    assert (labels(project, image_id) == theirs).all()
    (copy,) = (project / "quarantine").iterdir()
    assert RescueFile(copy).operations()[-1].after_hashes, "object ids are in the copy"
    assert check(project) == []


def test_conflicts_of_one_moment_make_a_layer_each_and_lose_none(project: Path, tmp_path: Path) -> None:
    image_id, operations, _ = unsaved(project, tmp_path / "unsaved")
    change_behind(project, image_id)
    (path,) = (tmp_path / "unsaved").iterdir()
    revision, names = operations[-1].revision, []
    with ProjectStore.open(project) as store:
        mask = store.load_mask(image_id)
        for number in range(3):
            more = committing.Operation(patch_of(mask, 160 + 40 * number), revision + number)
            RescueFile(path).append([more])
            names.append(bring_back(store, path).layer)
        assert len(set(names)) == 3
        assert store.references(image_id) == names


def test_a_copy_of_the_project_does_not_get_what_belongs_to_the_one_that_is_still_there(
    project: Path, tmp_path: Path
) -> None:
    image_id, *_ = unsaved(project, tmp_path / "unsaved")
    copy = shutil.copytree(project, tmp_path / "copy")
    with ProjectStore.open(copy) as store:
        assert bring_back_all(store, tmp_path / "unsaved") == []
    with ProjectStore.open(project) as store:
        assert len(bring_back_all(store, tmp_path / "unsaved")) == 1
        assert store.history(image_id).revision == 5


def test_a_project_that_can_only_be_read_leaves_the_changes_where_they_are_and_says_so(
    project: Path, tmp_path: Path
) -> None:
    unsaved(project, tmp_path / "unsaved")
    with ProjectStore.open(project, write=False) as store:
        assert bring_back_all(store, tmp_path / "unsaved") == []
        assert "wait for this project to be writable" in store.notices[-1]
    assert len(list((tmp_path / "unsaved").iterdir())) == 1


def test_a_damaged_file_of_unsaved_work_is_named_and_stays(project: Path, tmp_path: Path) -> None:
    image_id, *_ = unsaved(project, tmp_path / "unsaved")
    (path,) = (tmp_path / "unsaved").iterdir()

    with sqlite3.connect(path) as db:
        db.execute("UPDATE changes SET data=x'07' WHERE data IS NOT NULL")
    db.close()
    with ProjectStore.open(project) as store:
        assert bring_back_all(store, tmp_path / "unsaved") == []
        assert path.name in store.notices[-1]
        assert store.history(image_id).revision == 1
    assert path.exists()
    path.write_bytes(b"not ours" * 200)
    with ProjectStore.open(project) as store:
        assert bring_back_all(store, tmp_path / "unsaved") == []
        assert str(path) in store.notices[-1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such file"),
        ("a folder", "is a folder"),
        (b"", "holds no unsaved work"),
        (b"not ours" * 200, "not ours, or damaged"),
    ],
)
def test_what_is_no_file_of_unsaved_work_is_neither_a_disk_that_fails_nor_for_fsck(
    content: bytes | str | None, said: str, project: Path, tmp_path: Path
) -> None:
    path = tmp_path / "some.unsaved"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.mkdir()
    with ProjectStore.open(project) as store, pytest.raises(StoreError, match=said) as raised:
        bring_back(store, path)
    assert raised.value.hint is not None
    assert ".unsaved" in raised.value.hint
    assert "fsck" not in str(raised.value)


def test_a_file_of_another_project_is_refused_by_name(project: Path, tmp_path: Path) -> None:
    other = make_project(tmp_path / "other", tmp_path / "others", "x")
    unsaved(other, tmp_path / "unsaved")
    (path,) = (tmp_path / "unsaved").iterdir()
    with (
        ProjectStore.open(project) as store,
        pytest.raises(StoreError, match=r"of x\.png in the project cells"),
    ):
        bring_back(store, path)


def test_an_empty_folder_in_the_place_of_a_drive_is_not_written_to(project: Path) -> None:
    store = ProjectStore.open(project)
    record = store.images()[0]
    away = project.rename(project.with_name("away"))
    project.mkdir()
    with pytest.raises(GoneError, match="cannot be reached") as told:
        store.commit(record.id, patch_of(store.load_mask(record.id), 10), expected=0)
    assert told.value.may_pass
    assert list(project.iterdir()) == []
    project.rmdir()
    away.rename(project)
    assert store.commit(record.id, patch_of(store.load_mask(record.id), 10), expected=0) == 1
    store.close()


def test_the_reserve_takes_room_once_and_gives_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Reserve(tmp_path)
    assert kept.hold()
    assert kept.path.stat().st_size == reserve.RESERVE_BYTES
    assert kept.path.stat().st_blocks * 512 >= reserve.RESERVE_BYTES, "room, not a hole"
    assert kept.hold()
    assert kept.give_up()
    assert not kept.give_up()
    monkeypatch.setattr(reserve, "_SPARE_BYTES", 1 << 60)
    assert not kept.hold()
    assert not kept.path.exists()


def test_that_the_reserve_was_used_is_told_once_something_is_saved_in_it_and_again_once_it_is_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    with ProjectStore.open(project) as store:
        journal = Journal(store, told.append)
        journal.hold_reserve()
        record = store.images()[0]
        full, refusals = store.commit, [2]

        def commit(*args: object, **more: object) -> int:
            if refusals[0]:
                refusals[0] -= 1
                raise DiskFullError("the disk is full")
            return full(*args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(store, "commit", commit)
        operation = Operation("do", patch_of(store.load_mask(record.id), 10), 1)
        with pytest.raises(DiskFullError):  # not even the reserve is enough: nothing was saved in it
            journal.commit_operation(record.id, operation)
        assert told == []
        journal.hold_reserve()
        monkeypatch.setattr("labeltool.app.journal.RENEW_S", 0.0)
        journal.hold_reserve()
        refusals[0] = 1
        journal.commit_operation(record.id, operation)
        assert told == [True]
        journal.hold_reserve()
        assert told == [True, False]


def test_a_full_disk_is_told_from_others_by_every_layer(tmp_path: Path) -> None:
    full = explanation(OSError(28, "No space left on device"), tmp_path / "x.ltm")
    assert isinstance(full, DiskFullError)
    assert not isinstance(explanation(OSError(5, "Input/output error"), tmp_path / "x.ltm"), DiskFullError)
    assert isinstance(DamagedError("x"), StoreError)


def test_sizes_are_said_rather_too_large_than_too_small() -> None:
    assert [megabytes(n) for n in (1, 200_000, 3 << 20, 30 << 20)] == ["0.1 MB", "0.2 MB", "3.0 MB", "30 MB"]
    assert UNSAVED_BYTES > 5 << 20


def test_only_one_place_makes_sessions_and_it_hands_them_the_saver() -> None:
    """Who changes a mask of a project in the window does so through a session, and no switch stands between it and
    the saver."""
    made = []
    for path in sorted((ROOT / "labeltool").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "Session(" in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Session":
                made.append((path.name, ast.unparse(node.args[1])))
    assert made == [("at_hand.py", "lambda operation: saver.save(record.id, operation)")]


def test_what_became_of_changes_is_said_in_words() -> None:
    assert str(BroughtBack("i", "a.png", 1)) == "a.png: 1 change that could not be saved before is saved now"
    assert rescuing.SUFFIX == ".unsaved"
    assert room(Patch("t", "k", {})) > 100_000


def test_a_tile_that_another_tool_changed_without_a_revision_is_not_written_over(project: Path) -> None:
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        mask = store.load_mask(record.id)
        first = patch_of(mask, 10)
        mask.apply(first)
        store.commit(record.id, first, expected=0)
        path = mask_path(project, record.id)
        stranger = pack(np.full((256, 256), 2, np.uint8))
        with sqlite3.connect(path) as db:
            db.execute("UPDATE tiles SET data=?, sha256=? WHERE plane=0 AND row=0 AND col=0", stranger)
        db.close()
        with pytest.raises(ConflictError, match="is not the one this change was made on"):
            store.commit(record.id, patch_of(mask, 50), expected=1)
    with sqlite3.connect(path) as db:
        (left,) = db.execute("SELECT sha256 FROM tiles WHERE plane=0 AND row=0 AND col=0").fetchone()
    db.close()
    assert left == stranger.sha256
