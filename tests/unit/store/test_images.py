"""The list of images of an open project, which the index on disk may follow late."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from labeltool.core.errors import DiskFullError, StoreError
from labeltool.core.mask import LabelMask
from labeltool.core.project import Status
from labeltool.store.index import Index
from labeltool.store.lock import EVERY
from labeltool.store.project import ProjectStore

from .conftest import CELL, OTHER, record, stroke

pytestmark = pytest.mark.usefixtures("quick_disk", "painted")
NEW = "ef" * 16


def test_an_image_that_is_removed_while_the_index_lags_keeps_no_other_from_being_saved(
    store: ProjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise StoreError("another program is using the file")

    with monkeypatch.context() as patched:
        patched.setattr(Index, "update", busy)
        store.remove_images([CELL])
    assert store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0) == 1
    assert store.lag == ""


def test_whoever_still_reads_an_image_that_is_removed_meanwhile_does_not_bring_it_into_the_list(
    store: ProjectStore,
) -> None:
    store.remove_images([CELL])
    store._images.reached(CELL, 3)
    assert [each.id for each in store.images()] == [OTHER]


def test_an_image_that_is_named_twice_is_removed_once(store: ProjectStore) -> None:
    store.remove_images([CELL, CELL])
    assert [each.id for each in store.images()] == [OTHER]
    assert [each.record.id for each in store.removed_images()] == [CELL]


def test_whoever_adds_an_image_that_is_there_takes_none_off_the_list_with_the_next(
    store: ProjectStore, root: Path
) -> None:
    with pytest.raises(StoreError, match="already"):
        store.add_images([record()])
    store.add_images([record(NEW, "new.png")])
    assert set(Index(root / "project.db", write=False).records()) == {CELL, OTHER, NEW}


def test_a_stroke_that_is_saved_while_the_index_catches_up_is_written_there_the_next_time(
    store: ProjectStore, root: Path, painted: LabelMask, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Index.update

    def meanwhile(index: Index, image: object) -> None:
        real(index, image)  # type: ignore[arg-type]
        store._images.remember(replace(store.image(CELL), revision=4))

    with monkeypatch.context() as patched:
        patched.setattr(Index, "update", meanwhile)
        store._images.catch_up()
    store._images.catch_up()
    assert Index(root / "project.db", write=False).records()[CELL].revision == 4


@pytest.mark.parametrize("killed", [False, True])
def test_an_approval_that_ended_while_the_list_could_not_be_written_has_ended_for_the_next_session_too(
    store: ProjectStore, root: Path, painted: LabelMask, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    def full(index: Index, _: object) -> None:
        raise DiskFullError("the disk is full", file=index.path)

    store.set_status(CELL, Status.APPROVED, expected=3)
    with monkeypatch.context() as patched:
        patched.setattr(Index, "update", full)
        store.commit(CELL, stroke(painted, 400), expected=3, status=Status.IN_WORK)
        store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0, status=Status.IN_WORK)
        if killed:
            _as_after_a_kill(store)
        else:
            store.close()
        with ProjectStore.open(root) as again:
            assert again.lag and again.image(CELL).status is Status.IN_WORK
    with ProjectStore.open(root) as again:
        assert [(each.status, each.revision) for each in again.images()] == [
            (Status.IN_WORK, 4),
            (Status.IN_WORK, 1),
        ]
    assert set((root / "lock").read_bytes()) == set(b" ")
    listed = Index(root / "project.db", write=False).records()
    assert [each.status for each in listed.values()] == [Status.IN_WORK, Status.IN_WORK]


def test_once_the_list_has_caught_up_nobody_looks_into_every_file(
    store: ProjectStore, root: Path, painted: LabelMask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise StoreError("another program is using the file")

    with monkeypatch.context() as patched:
        patched.setattr(Index, "update", busy)
        store.commit(CELL, stroke(painted, 400), expected=3)
        store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0)
        assert (root / "lock").read_bytes().endswith(f"{EVERY:<32}\n".encode())
    store.commit(CELL, stroke(painted, 450), expected=4)
    assert (root / "lock").read_bytes().endswith(f"{CELL}\n".encode())
    store.close()
    assert set((root / "lock").read_bytes()) == set(b" ")


def _as_after_a_kill(store: ProjectStore) -> None:
    """The system lets go of the lock, and the file says whose it was."""
    lock = store._holding.lock
    assert lock is not None
    lock._ended.set()
    os.close(lock._handle)
    lock._handle = -1
