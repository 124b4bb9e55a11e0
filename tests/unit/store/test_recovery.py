from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from labeltool.core.errors import StoreError
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.store import database
from labeltool.store.fsck import check
from labeltool.store.lock import StrokeRecord
from labeltool.store.project import ProjectStore
from labeltool.store.recovery import Recovery

from .conftest import CELL, OTHER, SIZE, mask_file, record, stroke

PAINTER = """
import sys
from pathlib import Path
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.store.project import ProjectStore

store, image = ProjectStore.open(Path(sys.argv[1])), sys.argv[2]
mask, revision = store.load_mask(image), store.history(image).revision
print(store.recovery, flush=True)
while True:
    x, y = revision * 37 % 560, revision * 11 % 260
    store.stroke_began(image)
    patch = write(mask, Box(x, y, x + 40, y + 40), title="b", kind="b", label=1 + revision % 2, origin=2)
    mask.apply(patch)
    revision = store.commit(image, patch, expected=revision)
    print(revision, flush=True)
    store.stroke_saved(image, revision)
"""


def painted_up_to(revision: int) -> LabelMask:
    """What PAINTER has drawn after so many strokes."""
    mask = LabelMask(SIZE)
    for n in range(revision):
        x, y = n * 37 % 560, n * 11 % 260
        mask.apply(write(mask, Box(x, y, x + 40, y + 40), title="b", kind="b", label=1 + n % 2, origin=2))
    return mask


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("kills", [2, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_what_was_acknowledged_survives_kill_9(store: ProjectStore, root: Path, kills: int) -> None:
    store.close()
    chance = random.Random(7)
    acknowledged = 0
    for _ in range(kills):
        acknowledged = _paint_and_kill(root, chance.uniform(0.0, 0.15))
        assert [f for f in check(root) if f.severity == "error"] == []
        with ProjectStore.open(root) as again:
            revision = again.history(CELL).revision
            assert acknowledged <= revision <= acknowledged + 1
            assert again.load_mask(CELL).same_pixels(painted_up_to(revision))
            assert again.recovery is not None
            assert str(again.recovery).startswith(f"cell.png: recovered to r{revision}, ")
            assert again.recovery.strokes_lost <= 1
        assert check(root) == []
    assert acknowledged > kills


def _paint_and_kill(root: Path, after_s: float) -> int:
    """Let a child process paint, kill it in the act, and return the last revision it reported as saved."""
    command = [sys.executable, "-c", PAINTER, str(root), CELL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "None\n"
        first = child.stdout.readline()
        time.sleep(after_s)
        child.kill()
        lines = (first + child.stdout.read()).split("\n")
    return int(lines[-2])  # the last one may be cut off


class FailingConnection(sqlite3.Connection):
    """Raises instead of executing the n-th statement from now on, as a disk does that fails."""

    left = 0

    def _count(self) -> None:
        FailingConnection.left -= 1
        if FailingConnection.left == 0:
            raise sqlite3.OperationalError("disk I/O error")

    def execute(self, *args: object) -> sqlite3.Cursor:
        self._count()
        return super().execute(*args)

    def executemany(self, *args: object) -> sqlite3.Cursor:
        self._count()
        return super().executemany(*args)


@pytest.mark.parametrize("image_id", [CELL, OTHER])
def test_a_commit_that_fails_anywhere_leaves_the_file_as_it_was(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch, image_id: str
) -> None:
    mask = store.load_mask(image_id)
    before, expected = mask.snapshot(), store.history(image_id).revision
    patch = stroke(mask, 230)
    store.update_image(store.image(CELL))  # the index has nothing to catch up on: that may fail without harm
    real = sqlite3.connect
    for failing in range(1, 100):
        with monkeypatch.context() as patched:
            FailingConnection.left = failing
            patched.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=FailingConnection))
            try:
                store.commit(image_id, patch, expected=expected)
            except StoreError as error:
                assert "disk I/O error" in str(error)
            else:
                break
        assert store.load_mask(image_id).same_pixels(before)
        assert store.history(image_id).revision == expected
    assert failing > 15
    assert store.load_mask(image_id).same_pixels(mask)
    store.close()
    assert check(root) == []


def test_a_full_disk_is_said_and_the_stroke_can_be_saved_later(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = painted.snapshot()
    patch = write(painted, SIZE.box, title="b", kind="b", label=_noise(), origin=2)
    painted.apply(patch)
    with monkeypatch.context() as patched:
        patched.setattr(database, "DURABLE", (*database.DURABLE, "PRAGMA max_page_count=1"))
        with pytest.raises(StoreError, match="disk is full") as error:
            store.commit(CELL, patch, expected=3)
        assert error.value.file == str(mask_file(root))
    assert store.load_mask(CELL).same_pixels(before)
    assert store.commit(CELL, patch, expected=3) == 4
    assert store.load_mask(CELL).same_pixels(painted)


def _noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 3, (SIZE.height, SIZE.width), np.uint8)


def test_a_commit_waits_for_the_disk(store: ProjectStore, painted: LabelMask, root: Path) -> None:
    with database.connect(mask_file(root), write=True) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (3,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_stroke_in_progress_is_reported_as_lost(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.stroke_began(CELL)
    _die(store)
    with ProjectStore.open(root) as again:
        assert again.recovery == Recovery(CELL, "cell.png", 3, 1)
        assert str(again.recovery) == "cell.png: recovered to r3, 1 stroke in progress was not saved"


def test_the_image_of_the_stroke_in_progress_is_named_though_one_on_another_image_was_saved_after_it_began(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.stroke_began(CELL)
    store.stroke_began(OTHER)
    store.stroke_saved(CELL, store.commit(CELL, stroke(painted, 400), expected=3))
    _die(store)
    with ProjectStore.open(root) as again:
        assert str(again.recovery) == "other.png: recovered to r0, 1 stroke in progress was not saved"


def test_of_strokes_on_two_images_each_that_was_saved_counts_whichever_came_first(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    mask = LabelMask(SIZE)
    store.stroke_began(CELL)
    store.stroke_began(OTHER)
    store.stroke_saved(OTHER, store.commit(OTHER, stroke(mask, 10), expected=0))
    store.stroke_began(OTHER)
    store.stroke_saved(CELL, store.commit(CELL, stroke(painted, 400), expected=3))
    _die(store)
    with ProjectStore.open(root) as again:
        assert str(again.recovery) == "other.png: recovered to r1, 1 stroke in progress was not saved"


def test_a_stroke_saved_but_not_noted_is_not_reported_as_lost(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.stroke_began(CELL)
    store.commit(CELL, stroke(painted, 400), expected=3)
    _die(store)
    with ProjectStore.open(root) as again:
        assert str(again.recovery) == "cell.png: recovered to r4, nothing was lost"
        assert again.image(CELL).revision == 4


def test_an_undo_before_the_lost_stroke_does_not_hide_it(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    store.stroke_began(CELL)
    store.commit(CELL, stroke(painted, 400), expected=3)
    store.stroke_saved(CELL, 4)
    store.commit(CELL, store.patch(CELL, 4).inverse(), kind="undo", target=4, expected=4)
    store.stroke_began(CELL)
    store.stroke_began(CELL)
    _die(store)
    with ProjectStore.open(root) as again:
        assert str(again.recovery) == "cell.png: recovered to r5, 2 strokes in progress were not saved"


def test_a_kill_before_any_stroke_lost_nothing(store: ProjectStore, root: Path) -> None:
    _die(store)
    with ProjectStore.open(root) as again:
        assert str(again.recovery) == "project recovered, nothing was lost"
    with ProjectStore.open(root) as again:
        assert again.recovery is None


@pytest.mark.parametrize("folder", ["masks/ab", "trash", "quarantine"])
def test_half_made_files_go_when_the_project_is_recovered(
    store: ProjectStore, root: Path, folder: str
) -> None:
    half = root / folder / ".half.1234.partial"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"half")
    _die(store)
    ProjectStore.open(root).close()
    assert not half.exists()


def test_a_recovery_never_counts_below_zero() -> None:
    assert Recovery.reckon(StrokeRecord(CELL, 3, 1, 1), record(), 2).strokes_lost == 0


def test_an_undo_that_was_saved_is_not_taken_for_the_stroke_that_was_not(
    store: ProjectStore, root: Path
) -> None:
    mask = LabelMask(SIZE)
    patch = stroke(mask, 10)
    mask.apply(patch)
    store.stroke_began(CELL)
    store.stroke_saved(CELL, store.commit(CELL, patch, expected=0))
    store.stroke_began(CELL)  # while the undo is still on its way to the disk
    store.commit(CELL, patch.inverse(), expected=1, kind="undo", target=1)
    _die(store)
    with ProjectStore.open(root) as again:
        assert str(again.recovery) == "cell.png: recovered to r2, 1 stroke in progress was not saved"


def test_a_stroke_that_was_saved_without_there_being_time_to_note_it_is_not_said_to_be_lost(
    store: ProjectStore, root: Path
) -> None:
    mask = LabelMask(SIZE)
    store.stroke_began(CELL)
    store.commit(CELL, stroke(mask, 10), expected=0)
    _die(store)
    with ProjectStore.open(root) as again:
        assert str(again.recovery) == "cell.png: recovered to r1, nothing was lost"


def _die(store: ProjectStore) -> None:
    """Lose the lock as a killed process does: the system lets go of it, the file still names its owner."""
    lock = store._holding.lock
    assert lock is not None
    os.close(lock._handle)
    lock._handle = -1
    store._holding.lock = None


def test_strokes_that_are_kept_elsewhere_are_not_counted_as_lost() -> None:
    left = Recovery.reckon(StrokeRecord(CELL, 0, 5, 0), record())
    assert str(left.keeping(1)) == (
        "cell.png: recovered to r0; 1 change of the last session waits to be saved, "
        "4 strokes in progress were not saved"
    )
    assert str(left.keeping(1).keeping(4)) == (
        "cell.png: recovered to r0; 5 changes of the last session wait to be saved"
    )
    assert str(left.after(OTHER, 5, 7)) == "cell.png: recovered to r0, nothing was lost"
