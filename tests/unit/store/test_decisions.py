"""Who decided what, and when it holds: as long as the pixels are those that were seen, and again when they are back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeltool.core.errors import ConflictError
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, write
from labeltool.core.project import Status
from labeltool.store.decisions import STATUS, decisions
from labeltool.store.events import Event
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.unit.store.conftest import CELL, OTHER, mask_file, stroke

pytestmark = pytest.mark.usefixtures("quick_disk")


def _commit(store: ProjectStore, patch: Patch, **about: Any) -> Status:
    store.commit(CELL, patch, expected=store.image(CELL).revision, status=Status.IN_WORK, **about)
    return store.image(CELL).status


def test_a_decision_says_who_when_why_and_on_which_pixels(store: ProjectStore, painted: LabelMask) -> None:
    made = store.set_status(CELL, Status.REJECTED, expected=3, reason="the border is missing")
    assert (made.status, made.revision) == (Status.REJECTED, 3) == (store.image(CELL).status, 3)
    (found,) = decisions(store.events(CELL))
    assert (found.status, found.reason, found.revision) == (Status.REJECTED, "the border is missing", 3)
    assert (found.root_hash, found.author) == (store.root_hash(CELL), store.author)


def test_an_undo_makes_an_approval_valid_again(store: ProjectStore, painted: LabelMask, root: Path) -> None:
    store.set_status(CELL, Status.APPROVED, expected=3)
    patch = stroke(painted, 400)
    assert _commit(store, patch) is Status.IN_WORK
    assert _commit(store, patch.inverse(), kind="undo", target=4) is Status.APPROVED
    assert _commit(store, patch, kind="redo", target=4) is Status.IN_WORK
    assert _commit(store, patch.inverse(), kind="undo", target=4) is Status.APPROVED
    store.close()
    assert check(root) == []


def test_the_same_number_of_pixels_elsewhere_is_not_what_was_approved(
    store: ProjectStore, painted: LabelMask
) -> None:
    store.set_status(CELL, Status.APPROVED, expected=3)
    approved = store.class_pixels(CELL)
    erased = write(painted, Box(10, 20, 40, 50), title="eraser", kind="eraser", label=0, origin=0)
    painted.apply(erased)
    assert _commit(store, erased) is Status.IN_WORK
    assert _commit(store, stroke(painted, 500)) is Status.IN_WORK
    assert store.class_pixels(CELL) == approved


def test_the_newest_decision_on_the_same_pixels_counts(store: ProjectStore, painted: LabelMask) -> None:
    store.set_status(CELL, Status.DONE, expected=3)
    store.set_status(CELL, Status.APPROVED, expected=3)
    patch = stroke(painted, 400)
    _commit(store, patch)
    store.set_status(CELL, Status.DONE, expected=4)
    assert _commit(store, patch.inverse(), kind="undo", target=4) is Status.APPROVED
    assert _commit(store, patch, kind="redo", target=4) is Status.DONE


def test_an_approval_taken_back_does_not_come_back_with_an_undo(
    store: ProjectStore, painted: LabelMask
) -> None:
    store.set_status(CELL, Status.APPROVED, expected=3)
    store.set_status(CELL, Status.IN_WORK, expected=3)
    patch = stroke(painted, 400)
    _commit(store, patch)
    assert _commit(store, patch.inverse(), kind="undo", target=4) is Status.IN_WORK


def test_who_begins_afresh_ends_the_decisions_made_before(store: ProjectStore, painted: LabelMask) -> None:
    store.set_status(CELL, Status.APPROVED, expected=3)
    patch = stroke(painted, 400)
    _commit(store, patch)
    store.set_status(CELL, Status.NEW, expected=4)
    assert _commit(store, patch.inverse(), kind="undo", target=4) is Status.IN_WORK


def test_nobody_decides_on_pixels_that_nobody_has_seen(store: ProjectStore, painted: LabelMask) -> None:
    with pytest.raises(ConflictError, match="r3"):
        store.set_status(CELL, Status.APPROVED, expected=2)
    assert store.image(CELL).status is not Status.APPROVED
    assert store.events(CELL) == []


def test_an_image_without_a_label_can_be_approved(store: ProjectStore, root: Path) -> None:
    store.set_status(OTHER, Status.APPROVED, expected=0)
    store.close()
    assert check(root) == []
    with ProjectStore.open(root) as again:
        assert again.image(OTHER).status is Status.APPROVED


def test_a_stroke_is_saved_although_a_decision_cannot_be_read(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.set_status(CELL, Status.APPROVED, expected=3)
    with closing(sqlite3.connect(mask_file(root))) as db:
        db.execute("UPDATE events SET data='{'")
        db.commit()
    assert _commit(store, stroke(painted, 400)) is Status.IN_WORK


def test_a_list_made_again_keeps_what_was_decided(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.set_status(CELL, Status.DONE, expected=3)
    store.set_status(OTHER, Status.REJECTED, expected=0, reason="blurred")
    store.close()
    (root / "project.db").unlink()
    with ProjectStore.open(root) as again:
        assert {r.id: r.status for r in again.images()} == {CELL: Status.DONE, OTHER: Status.REJECTED}


def test_an_older_version_can_read_the_status_in_a_mask_file(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.set_status(CELL, Status.DONE, expected=3)
    store.close()
    with closing(sqlite3.connect(mask_file(root))) as db:
        said = json.loads(db.execute("SELECT value FROM meta WHERE key='image'").fetchone()[0])
    assert said["status"] == "in_work"  # as the first version would write it


@pytest.mark.parametrize(
    ("before", "kind", "after"),
    [
        (Status.NEW, "prelabel", Status.PRELABELLED),
        (Status.NEW, "brush", Status.IN_WORK),
        (Status.PRELABELLED, "prelabel", Status.PRELABELLED),
        (Status.IN_WORK, "prelabel", Status.IN_WORK),
        (Status.REJECTED, "prelabel", Status.REJECTED),
        (Status.REJECTED, "brush", Status.IN_WORK),
        (Status.DONE, "brush", Status.IN_WORK),
        (Status.APPROVED, "eraser", Status.IN_WORK),
    ],
)
def test_a_patch_says_how_far_an_image_is(before: Status, kind: str, after: Status) -> None:
    assert before.after(kind) is after


def test_where_the_file_went_ahead_of_the_list_the_retry_keeps_what_was_decided(
    store: ProjectStore, painted: LabelMask
) -> None:
    store.set_status(CELL, Status.APPROVED, expected=3)
    patch = stroke(painted, 400)
    _commit(store, patch)
    _commit(store, patch.inverse(), kind="undo", target=4)
    store._images.remember(replace(store.image(CELL), revision=4, status=Status.IN_WORK))  # as if it got lost
    store.commit(CELL, patch.inverse(), expected=4, kind="undo", target=4, status=Status.IN_WORK)
    assert store.image(CELL).status is Status.APPROVED


@pytest.mark.parametrize(
    "data",
    [
        {"status": "done", "revision": [3]},
        {"status": "done", "revision": float("inf")},
        {"status": "done", "class_pixels": 5},
        {"status": ["done"]},
        {"status": "of tomorrow"},
        {},
    ],
)
def test_what_no_version_writes_is_no_decision(data: dict[str, Any]) -> None:
    sound = Event(1, STATUS, "2026-01-01T00:00:00+00:00", "someone", {"status": "done", "revision": 3})
    assert [each.number for each in decisions([sound, sound._replace(number=2, data=data)])] == [1]
