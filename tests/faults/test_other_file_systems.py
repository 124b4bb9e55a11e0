"""What the file systems of other computers do, shown without one: names in another case, folders that cannot be synced,
and an empty folder where a drive was (rows 10, 37). On real ones it is shown in ``drives``."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePath

import pytest

from labeltool.app import rescuing
from labeltool.app.project import add_images
from labeltool.app.rescuing import Rescue, waiting_for
from labeltool.app.session import Operation
from labeltool.core import atomic
from labeltool.core.errors import GoneError
from labeltool.core.geometry import Box, Size
from labeltool.core.patch import write
from labeltool.core.project import ImageRecord
from labeltool.core.spelling import Spellings
from labeltool.formats.manifest import Manifest, Source
from labeltool.formats.match import Matcher
from labeltool.store import backups, taking
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from tests.faults.sharing_scene import paint


class OneName(Spellings):
    """Of a folder that calls each of its files by the first of its names only."""

    def _names(self, folder: Path) -> frozenset[str]:
        names = sorted(super()._names(folder))
        return frozenset({name.casefold(): name for name in reversed(names)}.values())


def test_two_spellings_are_one_file_only_where_the_folder_knows_one_of_them(tmp_path: Path) -> None:
    one, other, gone = (tmp_path / name for name in ("Images/A.png", "Images/a.PNG", "images/a.png"))
    one.parent.mkdir()
    for path in (one, other):
        path.touch()
    if len(list(one.parent.iterdir())) == 1:
        pytest.skip("this file system takes A.png for a.png itself")
    assert [Spellings([one]).first(path) for path in (one, other, gone)] == [one, other, gone]
    folding = OneName([one])
    assert [folding.first(path) for path in (one, other, gone)] == [one, one, gone]
    assert folding.first(tmp_path / "Images/B.png") == tmp_path / "Images/B.png"


def test_an_image_under_another_spelling_of_its_name_is_there_already(
    project: Path, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = images[0].with_name("A.PNG")
    if other.exists():
        pytest.skip("this file system takes A.PNG for a.png itself")
    other.symlink_to(images[0])
    with ProjectStore.open(project) as store:
        monkeypatch.setattr("labeltool.app.project.Spellings", OneName)
        monkeypatch.setattr(OneName, "_names", lambda *_: frozenset({"a.png", "b.png", "c.png"}))
        report = add_images(store, [other, images[1]])
        assert (report.added, report.known) == ([], 2)


def test_backups_are_found_where_names_come_back_in_lower_case(project: Path) -> None:
    with ProjectStore.open(project) as store:
        made = backups.keep(project).made
        assert len(made) == 4
        for each in made:
            each.path.rename(each.path.with_name(each.path.name.lower()))
        assert len(backups.of_all_images(project)) == 3
        assert backups.keep(project).made == [], "nothing has changed"
        record = store.images()[0]
        paint(store, record, 100)
        backups.keep(project)
        assert [each.number for each in backups.of_image(project, record.id)] == [2, 1]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_folder_that_cannot_be_synced_by_itself_keeps_nobody_from_working(
    tmp_path: Path, images: list[Path], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").is_dir():
            raise OSError(code, os.strerror(code))
        real(handle)

    if not Path("/proc/self/fd").exists():
        pytest.skip("whether a handle is a folder's is asked of /proc")
    monkeypatch.setattr(atomic, "_not_synced", set())
    monkeypatch.setattr(os, "fsync", fsync)
    atomic.write_bytes(tmp_path / "file", b"x")
    atomic.make_folder(tmp_path / "one" / "two")
    assert not atomic.syncs_folders(tmp_path)
    monkeypatch.setattr(os, "fsync", real)  # another drive has come to the place
    atomic.sync_folder(tmp_path)
    assert atomic.syncs_folders(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "EIO")))
    with pytest.raises(OSError, match="EIO"):
        atomic.sync_folder(tmp_path)


def test_where_the_drive_was_nothing_is_begun_and_no_labels_are_called_damaged(project: Path) -> None:
    away = project.with_name("away")
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        project.rename(away)
        project.mkdir()  # where it was mounted
        with pytest.raises(GoneError, match="cannot be reached"):
            store.load_mask(record.id)
        with pytest.raises(GoneError, match="cannot be reached"):
            store.recheck()
        kept = backups.keep(project)
        assert (kept.made, kept.troubles, list(project.iterdir())) == ([], [], [])
        project.rmdir()
        away.rename(project)
        paint(store, record, 100)
        assert len(backups.keep(project).made) >= 1
    assert check(project) == []


def test_a_mask_whose_name_came_back_in_lower_case_is_given_to_no_other_image() -> None:
    big, small, third = (
        ImageRecord(each * 32, Path(f"/{name}.png"), Size(9, 9), "raster", each * 64, 1)
        for each, name in (("1", "A"), ("2", "a"), ("3", "Third"))
    )
    names = {"A": big, "a_2": small, "Third": third}
    sources = tuple(Source(r.id, name, r.path.name, r.sha256, "", 1) for name, r in names.items())
    matcher = Matcher([big, small, third], Manifest("png", sources, {}))
    assert [matcher.find(PurePath(f"{name}.png")) for name in names] == [big, small, third]
    assert matcher.find(PurePath("third.png")) == third
    assert "it is not clear which is meant" in str(matcher.find(PurePath("a.png")))


def test_taking_a_lock_where_there_is_room_for_a_name_alone_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with taking.alone(tmp_path / "lock", b"me", lambda _: False):
            assert [path.name for path in tmp_path.iterdir()] == [".lock.taking.partial"]
    assert list(tmp_path.iterdir()) == []


def test_unsaved_work_comes_back_to_a_project_that_is_opened_by_another_path(
    project: Path, tmp_path: Path
) -> None:
    folder, link = tmp_path / "unsaved", tmp_path / "link"
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        mask = store.load_mask(record.id)
        patch = write(mask, Box(200, 20, 230, 60), title="t", kind="brush", label=1, origin=2)
        Rescue(store, folder).keep(record.id, [Operation("do", patch, 2)])
    link.symlink_to(project)
    with ProjectStore.open(link) as store:
        assert [each.operations for each in waiting_for(store, folder)] == [1]
        (brought,) = rescuing.bring_back_all(store, folder)
        assert (brought.operations, brought.layer) == (1, "")
    assert list(folder.iterdir()) == []
