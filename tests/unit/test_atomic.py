from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from labeltool.core import atomic
from labeltool.core.errors import StoreError


def test_write_bytes_replaces_a_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "card.json"
    atomic.write_bytes(target, b"old")
    atomic.write_bytes(target, b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_an_exception_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    target = tmp_path / "card.json"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError), atomic.replacing(target) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_mode_of_the_old_file_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "card.json"
    target.write_bytes(b"old")
    target.chmod(0o640)
    atomic.write_bytes(target, b"new")
    assert target.stat().st_mode & 0o777 == 0o640


def held(source: Path, target: Path) -> PermissionError:
    """What Windows says of a rename while another program holds a file: it names both."""
    return PermissionError(errno.EACCES, "The process cannot access the file", str(source), None, str(target))


def test_a_file_held_for_a_moment_is_replaced_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, real = [1, 1], Path.replace

    def replace(self: Path, target: Path) -> Path:
        if left:
            left.pop()
            raise held(self, target)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    atomic.write_bytes(tmp_path / "card.json", b"new")
    assert (tmp_path / "card.json").read_bytes() == b"new"


def test_a_file_held_for_good_is_an_error_and_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "card.json"
    target.write_bytes(b"old")

    def replace(self: Path, target: Path) -> Path:
        raise held(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(atomic, "_WAITS_S", (0, 0))
    with pytest.raises(PermissionError) as told:
        atomic.write_bytes(target, b"new")
    assert (told.value.filename, told.value.filename2) == (str(target), None)
    assert str(told.value).endswith(f"'{target}'"), "the temporary file's name is nobody's"
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_reads_back_differently_does_not_replace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "card.json"
    target.write_bytes(b"old")
    monkeypatch.setattr(Path, "read_bytes", lambda self: b"rotten")
    with pytest.raises(StoreError, match="read back"):
        atomic.write_bytes(target, b"new")
    monkeypatch.undo()
    assert target.read_bytes() == b"old"


def test_an_error_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "gone" / "table.csv"
    with pytest.raises(OSError, match="table") as caught, atomic.replacing(target) as temporary:
        temporary.write_bytes(b"")
    assert str(caught.value.filename) == str(target)


def test_a_folder_that_cannot_be_synced_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tries again makes it again, and so brings its name to the disk."""
    synced: list[Path] = []

    def sync_folder(path: Path) -> None:
        synced.append(path)
        if path.name == "new":
            raise OSError("the disk failed")

    monkeypatch.setattr(atomic, "sync_folder", sync_folder)
    with pytest.raises(OSError, match="failed"):
        atomic.make_folder(tmp_path / "new" / "folder")
    assert synced == [tmp_path, tmp_path / "new"]
    assert list(tmp_path.iterdir()) == []
    atomic.make_folder(tmp_path / "other" / "folder")
    assert (tmp_path / "other" / "folder").is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_a_folder_that_holds_no_files_of_ours_cannot_be_written(tmp_path: Path) -> None:
    assert atomic.writable(tmp_path)
    assert not atomic.writable(Path("/proc"))
