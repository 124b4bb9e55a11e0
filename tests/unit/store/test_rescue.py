"""Files of unsaved work whose writer was killed or lost its power in the middle of a write."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from labeltool.app import session
from labeltool.app.journal import Journal
from labeltool.app.people import references
from labeltool.app.rescuing import Rescue, bring_back, bring_back_all, resume, waiting_for
from labeltool.app.saving import Saver
from labeltool.core.cold import deflate
from labeltool.core.errors import StoreError
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch
from labeltool.core.project import Status
from labeltool.store import database
from labeltool.store.commit import Operation
from labeltool.store.database import DamagedError
from labeltool.store.project import ProjectStore
from labeltool.store.records import dump
from labeltool.store.rescue import RescueFile, at_revision

from .conftest import CELL, stroke
from .damage import interrupt, sql

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def rescue(store: ProjectStore, painted: LabelMask, tmp_path: Path) -> RescueFile:
    """Two strokes on the three that are saved, and a third one of which half was written when its writer died."""
    file = RescueFile.create(tmp_path / "unsaved", at_revision(store.description(CELL), 3), store.root)
    file.append([Operation(stroke(painted, 300), 3), Operation(stroke(painted, 400), 4)])
    interrupt(file.path, "UPDATE changes SET data=zeroblob(60000)", "UPDATE meta SET value='half'")
    return file


def test_work_whose_writing_was_cut_off_comes_back_as_it_was_before(
    store: ProjectStore, painted: LabelMask, rescue: RescueFile
) -> None:
    assert [each.operations for each in waiting_for(store, rescue.path.parent)] == [2]
    (brought,) = bring_back_all(store, rescue.path.parent)
    assert (brought.operations, store.notices) == (2, [])
    assert store.load_mask(CELL).same_pixels(painted)
    assert store.image(CELL).status is Status.IN_WORK
    assert [*rescue.path.parent.iterdir()] == []


def test_who_only_looks_at_work_that_was_cut_off_changes_nothing(
    store: ProjectStore, rescue: RescueFile
) -> None:
    before = {each: each.read_bytes() for each in rescue.path.parent.iterdir()}
    assert len(before) == 2
    assert rescue.about().changes == 2
    assert [each.expected for each in rescue.operations()] == [3, 4]
    assert {each: each.read_bytes() for each in rescue.path.parent.iterdir()} == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_nobody_else_may_read_unsaved_work(rescue: RescueFile) -> None:
    assert rescue.path.stat().st_mode & 0o077 == 0


def test_of_strokes_that_could_not_all_be_kept_none_is_kept_by_half(
    rescue: RescueFile, painted: LabelMask
) -> None:
    broken = cast(Operation, None)
    with pytest.raises(AttributeError):
        rescue.append([Operation(stroke(painted, 500), 5), broken])
    assert [each.expected for each in rescue.operations()] == [3, 4]


def test_pixels_that_were_not_kept_are_not_brought_back(store: ProjectStore, rescue: RescueFile) -> None:
    rescue.settle()
    with closing(sqlite3.connect(rescue.path)) as db, db:
        db.execute("UPDATE changes SET data=? WHERE plane=0", (deflate(np.eye(256, dtype=np.uint8)),))
    with pytest.raises(DamagedError, match="hash"):
        rescue.operations()
    assert bring_back_all(store, rescue.path.parent) == []
    assert rescue.path.exists() and str(rescue.path) in store.notices[-1]


@pytest.mark.parametrize(
    ("pragma", "words"),
    [("user_version=2", "was written by a newer labeltool"), ("application_id=7", "holds no unsaved work")],
)
def test_a_file_of_a_newer_version_or_another_program_is_named_and_stays(
    store: ProjectStore, rescue: RescueFile, pragma: str, words: str
) -> None:
    rescue.settle()
    sql(rescue.path, f"PRAGMA {pragma}")
    assert bring_back_all(store, rescue.path.parent) == []
    assert words in store.notices[-1] and rescue.path.exists()


def test_what_could_not_be_kept_at_first_is_kept_later_and_each_stroke_once(
    store: ProjectStore, painted: LabelMask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Rescue(store, tmp_path / "unsaved")
    strokes = [session.Operation("do", stroke(painted, 300 + 40 * n), 4 + n, None) for n in range(4)]

    def fails(*args: object) -> None:
        raise StoreError("the disk is full", file=tmp_path)

    for until in (1, 2, 4):
        with monkeypatch.context() as patched:
            patched.setattr(RescueFile, "append", fails)
            with pytest.raises(StoreError, match="full"):
                kept.keep(CELL, strokes[:until])
        kept.keep(CELL, strokes[:until])
        kept.keep(CELL, strokes[:until])
        found = RescueFile(kept.file_of(CELL)).operations()
        assert [each.expected for each in found] == [3, 4, 5, 6][:until]


def test_where_somebody_has_deleted_the_file_all_that_waits_is_kept_in_another(
    store: ProjectStore, painted: LabelMask, tmp_path: Path
) -> None:
    kept = Rescue(store, tmp_path / "unsaved")
    strokes = [session.Operation("do", stroke(painted, 300 + 40 * n), 4 + n, None) for n in range(3)]
    kept.keep(CELL, strokes[:2])
    kept.file_of(CELL).unlink()
    kept.keep(CELL, strokes)
    found = RescueFile(kept.file_of(CELL))
    assert [each.expected for each in found.operations()] == [3, 4, 5]
    assert found.about().expected == 3
    kept.forget(CELL)
    assert [*(tmp_path / "unsaved").iterdir()] == []


def test_a_stroke_of_somebody_else_with_the_same_number_is_not_taken_for_ones_own(
    store: ProjectStore, rescue: RescueFile
) -> None:
    mask = store.load_mask(CELL)
    for revision in (3, 4):
        store.commit(CELL, stroke(mask, 100 * revision, label=2), expected=revision)
    (brought,) = bring_back_all(store, rescue.path.parent)
    assert brought.layer in store.references(CELL)
    assert (brought.operations, brought.theirs) == (2, 5)
    assert store.load_mask(CELL).same_pixels(mask)


def test_strokes_on_other_pixels_under_the_same_number_are_kept_beside(
    store: ProjectStore, painted: LabelMask, tmp_path: Path
) -> None:
    """A project that was put back from a copy may have come to the same number by other strokes."""
    saved = store.load_mask(CELL)
    stroke(painted, 250, label=2)
    file = RescueFile.create(tmp_path / "unsaved", at_revision(store.description(CELL), 3), store.root)
    file.append([Operation(stroke(painted, 300), 3)])
    (brought,) = bring_back_all(store, file.path.parent)
    assert brought.layer in store.references(CELL)
    assert store.load_mask(CELL).same_pixels(saved)


def test_what_somebody_else_saves_at_the_last_moment_stays_and_so_does_what_could_not_be_saved(
    store: ProjectStore, rescue: RescueFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask, real = store.load_mask(CELL), store.commit

    def after_another(image_id: str, patch: Patch, **how: Any) -> int:
        if store.history(CELL).revision == 3:
            real(CELL, stroke(mask, 500, label=2), expected=3)
        return real(image_id, patch, **how)

    monkeypatch.setattr(store, "commit", after_another)
    (brought,) = bring_back_all(store, rescue.path.parent)
    assert brought.layer in store.references(CELL)
    assert store.load_mask(CELL).same_pixels(mask)


def test_what_is_put_off_stays_in_its_file(
    store: ProjectStore, rescue: RescueFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object, **kwargs: object) -> int:
        raise StoreError("the disk is full", file=store.root)

    later: list[Path] = []
    monkeypatch.setattr(store, "commit", fails)
    assert bring_back_all(store, rescue.path.parent, put_off=later.append) == []
    assert later == [rescue.path] and len(rescue.operations()) == 2


def test_half_a_copy_of_unsaved_work_is_made_anew(store: ProjectStore, rescue: RescueFile) -> None:
    mask = store.load_mask(CELL)
    store.commit(CELL, stroke(mask, 500, label=2), expected=3)
    rescue.settle()
    whole, torn = rescue.path.read_bytes(), store.root / "quarantine" / rescue.path.name
    torn.write_bytes(whole[:5000])
    bring_back_all(store, rescue.path.parent)
    assert torn.read_bytes() == whole


def test_a_session_goes_on_in_the_file_of_the_one_before_and_writes_nothing_twice(
    store: ProjectStore, painted: LabelMask, rescue: RescueFile
) -> None:
    resumed = resume(store, rescue.path)
    kept = Rescue(store, rescue.path.parent)
    kept.adopt(resumed)
    kept.keep(CELL, [*resumed.operations, session.Operation("do", stroke(painted, 550), 6, None)])
    assert [each.expected for each in rescue.operations()] == [3, 4, 5]
    assert kept.files == [rescue.path]


def test_what_is_kept_is_forgotten_only_once_all_of_it_is_saved(
    store: ProjectStore, painted: LabelMask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, journal, there = Rescue(store, tmp_path / "unsaved"), Journal(store), list[bool]()
    strokes = [session.Operation("do", stroke(painted, 300 + 40 * n), 4 + n, None) for n in range(3)]
    full = [True]

    def commit(image_id: str, operation: session.Operation) -> None:
        if full[0]:
            raise StoreError("the disk is full", file=store.root)
        there.append(bool([*(tmp_path / "unsaved").iterdir()]))
        store.commit(image_id, operation.patch, expected=operation.revision - 1)

    monkeypatch.setattr(journal, "commit_operation", commit)
    saver = Saver(journal, lambda state: None, kept)
    saver.save(CELL, *strokes)
    saver.wait(CELL, 10)
    full[0] = False
    saver.retry()
    assert saver.flush() and saver.close()
    assert there == [True, True, True]
    assert [*(tmp_path / "unsaved").iterdir()] == []


def test_work_that_is_kept_beside_the_annotation_is_so_once_however_often_it_is_brought_back(
    store: ProjectStore, painted: LabelMask, rescue: RescueFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit(CELL, stroke(store.load_mask(CELL), 500, label=2), expected=3)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(ProjectStore, "add_event", killed)
        bring_back(store, rescue.path)
    first, second = bring_back(store, rescue.path), bring_back(store, rescue.path)
    assert store.references(CELL) == [first.layer] == [second.layer]
    assert [each.name for each in references.kept(store, CELL) if each.at_utc] == [first.layer]
    rescue.append([Operation(stroke(painted, 550), 5)])
    assert bring_back(store, rescue.path).layer == f"{first.layer} 2"


def test_unsaved_work_of_a_folder_that_cannot_be_keeps_no_project_from_being_opened(
    store: ProjectStore, rescue: RescueFile
) -> None:
    rescue.settle()
    with closing(sqlite3.connect(rescue.path)) as db, db:
        db.execute("UPDATE meta SET value=? WHERE key='rescue'", (dump({"root": "/a\0b", "at_utc": "2026"}),))
    assert [each.operations for each in waiting_for(store, rescue.path.parent)] == [2]


def test_strokes_that_are_kept_although_that_was_said_to_have_failed_keep_no_later_one_from_being_kept(
    store: ProjectStore, painted: LabelMask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Rescue(store, tmp_path / "unsaved")
    strokes = [session.Operation("do", stroke(painted, 300 + 40 * n), 4 + n, None) for n in range(3)]
    kept.keep(CELL, strokes[:1])
    real = database._commit

    def unsure(db: sqlite3.Connection) -> bool:
        return real(db) and False

    def fails(folder: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder))

    with monkeypatch.context() as patched, pytest.raises(StoreError, match="the disk failed"):
        patched.setattr(database, "_commit", unsure)
        patched.setattr(database, "sync_folder", fails)
        kept.keep(CELL, strokes[:2])
    kept.keep(CELL, strokes)
    assert [each.expected for each in RescueFile(kept.file_of(CELL)).operations()] == [3, 4, 5]
