"""What is taken out of a project and put back is whole or stays where it is, all that is asked for at once."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from labeltool.core.errors import DiskFullError, StoreError
from labeltool.core.mask import LabelMask
from labeltool.store import fsck, trash, trash_care
from labeltool.store.database import DamagedError, RefusedError
from labeltool.store.index import Index
from labeltool.store.project import ProjectStore
from labeltool.store.remedy import problems
from labeltool.store.settling import journal_of
from labeltool.store.trash import kept_path, tombstone_path

from .conftest import CELL, OTHER, mask_file, stroke
from .damage import interrupt, truncate

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def emptied(store: ProjectStore, painted: LabelMask) -> ProjectStore:
    """Both images were worked on, and are in the trash."""
    store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0)
    store.remove_images([CELL, OTHER])
    return store


def removed_at(root: Path, image_id: str, at_utc: str) -> None:
    path = tombstone_path(root, image_id)
    path.write_text(json.dumps({**json.loads(path.read_text()), "at_utc": at_utc}))


def held(root: Path) -> set[str]:
    return {each.name for each in (root / "trash").iterdir()}


def test_of_several_images_none_is_deleted_where_one_was_removed_a_moment_ago(
    emptied: ProjectStore, root: Path
) -> None:
    before = held(root)
    removed_at(root, CELL, "2020-01-01T00:00:00+00:00")
    with pytest.raises(StoreError, match="30 days"):
        emptied.delete_removed([CELL, OTHER])
    assert held(root) == before
    emptied.delete_removed([CELL])
    assert held(root) == {f"{OTHER}.json", f"{OTHER}.ltm"}


def test_a_moment_of_removal_that_nobody_can_read_is_never_long_ago(
    emptied: ProjectStore, root: Path
) -> None:
    removed_at(root, CELL, "long ago")
    with pytest.raises(StoreError, match="30 days"):
        emptied.delete_removed([CELL])
    assert kept_path(root, CELL).exists()


def test_of_several_images_none_comes_back_where_the_labels_of_one_are_damaged(
    emptied: ProjectStore, root: Path
) -> None:
    truncate(kept_path(root, OTHER), 9000)
    before = held(root)
    with pytest.raises(DamagedError, match=r"other\.png cannot come back"):
        emptied.bring_back([CELL, OTHER])
    assert (held(root), emptied.images()) == (before, [])
    assert [each.id for each in emptied.bring_back([CELL])] == [CELL]


def test_a_step_that_was_cut_off_is_taken_back_before_its_file_goes_to_the_trash(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    interrupt(mask_file(root))
    store.remove_images([CELL])
    assert not list((root / "masks").rglob("*-journal"))
    assert problems(kept_path(root, CELL)) == []
    store.bring_back([CELL])
    assert store.load_mask(CELL).same_pixels(painted)


def test_what_comes_back_does_not_take_the_place_of_a_mask_file_that_is_there(
    emptied: ProjectStore, root: Path
) -> None:
    mask_file(root).write_bytes(b"somebody else's")
    with pytest.raises(StoreError, match="there is a mask file already"):
        emptied.bring_back([CELL])
    assert mask_file(root).read_bytes() == b"somebody else's"
    assert kept_path(root, CELL).exists()


def test_a_tombstone_under_another_images_name_is_not_believed(emptied: ProjectStore, root: Path) -> None:
    tombstone_path(root, CELL).write_bytes(tombstone_path(root, OTHER).read_bytes())
    with pytest.raises(DamagedError, match="it is of another image"):
        trash.read(root, CELL)
    assert [each.record.id for each in emptied.removed_images()] == [OTHER]


def test_a_tombstone_that_cannot_be_read_now_is_neither_damaged_nor_set_aside(
    emptied: ProjectStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path, *args: object, **kwargs: object) -> str:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    monkeypatch.setattr(Path, "read_text", fails)
    with pytest.raises(RefusedError, match="the trash cannot be read"):
        trash.read(root, CELL)
    found = trash_care.tombstone(root, CELL)
    assert found is not None and found.kind == "none"
    assert trash_care.apply(root, CELL, found) == "" and tombstone_path(root, CELL).exists()


def test_a_tombstone_that_is_damaged_does_not_keep_another_removal_from_its_end(
    emptied: ProjectStore, root: Path
) -> None:
    tombstone_path(root, CELL).write_text("{")
    emptied._images.add([trash.read(root, OTHER).record])  # a kill came before it was taken off the list
    emptied.close()
    with ProjectStore.open(root) as again:
        assert again.images() == []
        assert any(CELL in each for each in again.notices)


def test_of_a_return_that_was_cut_off_fsck_says_that_opening_the_project_finishes_it(
    emptied: ProjectStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(emptied._images, "add", killed)
        emptied.bring_back([CELL])
    emptied.close()
    (finding,) = fsck.check(root)
    assert (finding.severity, finding.what) == ("notice", "its return from the trash was cut off")
    with ProjectStore.open(root) as store:
        assert store.history(CELL).revision == store.image(CELL).revision == 3
    assert fsck.check(root) == []


def test_a_deletion_for_good_that_was_cut_off_is_no_loss_to_fsck(
    emptied: ProjectStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed_at(root, CELL, "2020-01-01T00:00:00+00:00")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(trash, "forget", killed)
        emptied.delete_removed([CELL])
    assert not kept_path(root, CELL).exists()
    assert fsck.check(root) == []
    emptied.delete_removed([CELL])
    assert held(root) == {f"{OTHER}.json", f"{OTHER}.ltm"}


def test_what_was_removed_long_ago_is_deleted_on_a_full_disk(
    emptied: ProjectStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed_at(root, CELL, "2020-01-01T00:00:00+00:00")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(trash.atomic, "write_bytes", full)
    emptied.delete_removed([CELL])
    assert held(root) == {f"{OTHER}.json", f"{OTHER}.ltm"}


def test_where_nothing_was_ever_removed_what_is_to_be_deleted_is_said_not_to_be_there(
    store: ProjectStore,
) -> None:
    with pytest.raises(StoreError, match="not in the project's trash"):
        store.delete_removed([CELL])


def test_an_image_with_a_journal_that_is_not_its_own_is_not_removed_before_that_is_put_right(
    store: ProjectStore, painted: LabelMask, root: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.ltm"
    shutil.copyfile(mask_file(root), other)
    interrupt(other)
    store.commit(CELL, stroke(painted, 400), expected=3)
    store.close()
    with ProjectStore.open(root) as again:
        journal_of(mask_file(root)).write_bytes(journal_of(other).read_bytes())
        before = mask_file(root).read_bytes()
        with pytest.raises(DamagedError, match="a journal that is not its own"):
            again.remove_images([CELL])
        assert mask_file(root).read_bytes() == before
        assert len(again.images()) == 2


def test_an_image_that_cannot_be_taken_off_the_list_keeps_its_labels_and_comments(
    store: ProjectStore, painted: LabelMask, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(index: Index, _: object) -> None:
        raise DiskFullError("the disk is full", file=index.path)

    store.add_event(OTHER, "comment", {"text": "look here"})
    with monkeypatch.context() as patched:
        patched.setattr(Index, "remove", fails)
        for image_id in (CELL, OTHER):
            with pytest.raises(DiskFullError):
                store.remove_images([image_id])
    assert store.load_mask(CELL).same_pixels(painted)
    assert store.commit(OTHER, stroke(store.load_mask(OTHER), 10), expected=0) == 1
    assert [each.data for each in store.events(OTHER)] == [{"text": "look here"}]
    store.close()
    with ProjectStore.open(root) as again:
        assert [(each.id, each.revision) for each in again.images()] == [(CELL, 3), (OTHER, 1)]
        assert held(root) == set()
    assert fsck.check(root) == []


def test_labels_that_lie_in_the_trash_already_are_set_aside_and_not_replaced(
    store: ProjectStore, painted: LabelMask, root: Path
) -> None:
    kept_path(root, CELL).parent.mkdir(exist_ok=True)
    shutil.copyfile(mask_file(root), kept_path(root, CELL))
    before = mask_file(root).read_bytes()
    store.commit(CELL, stroke(painted, 400), expected=3)
    store.remove_images([CELL])
    (aside,) = (root / "quarantine").iterdir()
    assert aside.read_bytes() == before
    store.bring_back([CELL])
    assert store.load_mask(CELL).same_pixels(painted)
