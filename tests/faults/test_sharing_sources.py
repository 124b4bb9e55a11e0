"""Sources that are missing, moved or replaced (rows 23, 24)."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton

from labeltool.__main__ import main
from labeltool.app import at_hand, relinking, sources
from labeltool.app.project import add_images
from labeltool.app.sources import Known, Problem, SourceError
from labeltool.core.digest import file_hash
from labeltool.core.errors import BadInputError, CancelledError, LabeltoolError
from labeltool.core.progress import CancelToken
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until
from tests.faults.sharing_scene import HEIGHT, WIDTH, make_images, make_project, paint


def other_picture(path: Path) -> None:
    """A picture of the same size and the same length in bytes, with other pixels."""
    length = path.stat().st_size
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 99, np.uint8)).save(path)
    assert path.stat().st_size <= length
    path.write_bytes(path.read_bytes().ljust(length, b"\0"))


def test_moved_images_are_found_by_their_bytes_and_never_by_their_name(
    project: Path, images: list[Path], tmp_path: Path
) -> None:
    """Names are exchanged on the way: b lies where one would look for a."""
    new = tmp_path / "archive" / "2026"
    new.mkdir(parents=True)
    a, b, c = images
    a.rename(new / "b.png")
    b.rename(new / "a.png")
    c.rename(new / "renamed.dat")
    (new / "noise.png").write_bytes(b"x" * (new / "a.png").stat().st_size)
    (new / "loop").symlink_to(new.parent)
    with ProjectStore.open(project) as store:
        before = {r.path.name: (r.id, store.root_hash(r.id)) for r in store.images()}
        report = relinking.search(store, [tmp_path / "archive"])
        assert not report.lost
        now = {r.id: r for r in store.images()}
    for name, where in (("a.png", "b.png"), ("b.png", "a.png"), ("c.png", "renamed.dat")):
        assert now[before[name][0]].path == new / where
    with ProjectStore.open(project) as store:
        assert {i: store.root_hash(i) for i in now} == dict(before.values())
        assert all(sources.check(record) for record in store.images())
    assert check(project) == []


def test_a_search_names_what_is_still_missing_and_can_be_cancelled(
    project: Path, images: list[Path], tmp_path: Path
) -> None:
    found, gone = tmp_path / "found", images[1]
    found.mkdir()
    images[0].rename(found / "x.png")
    gone.unlink()
    with ProjectStore.open(project) as store:
        cancel = CancelToken()
        cancel.cancel()
        with pytest.raises(CancelledError):
            relinking.search(store, [found], cancel=cancel)
        report = relinking.search(store, [found])
        assert [r.path for r in report.found] == [found / "x.png"]
        assert [r.path for r in report.lost] == [gone]
        assert report.read == 1


@pytest.mark.slow
def test_copies_of_one_picture_each_get_a_file_of_their_own(tmp_path: Path) -> None:
    first = make_images(tmp_path / "images", "a")[0]
    second = Path(shutil.copy(first, tmp_path / "images" / "copy.png"))
    project = make_project(tmp_path / "project", [first, second])
    new = tmp_path / "new"
    new.mkdir()
    for path in (first, second):
        path.rename(new / path.name)
    with ProjectStore.open(project) as store:
        assert not relinking.search(store, [new]).lost
        assert {r.path.name for r in store.images()} == {"a.png", "copy.png"}


def test_a_file_with_other_bytes_is_not_taken_for_the_image(project: Path, images: list[Path]) -> None:
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        with pytest.raises(BadInputError, match="it holds other bytes"):
            relinking.locate(store, record, images[1])
        assert store.image(record.id) == record


@pytest.mark.parametrize(
    "how",
    ["other bytes", "gone", *(pytest.param(s, marks=pytest.mark.slow) for s in ("other size", "folder"))],
)
def test_labels_are_never_shown_on_another_picture(project: Path, images: list[Path], how: str) -> None:
    path = images[0]
    if how == "other bytes":
        other_picture(path)
    elif how == "other size":
        Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(path)
    else:
        path.unlink()
        if how == "folder":
            path.mkdir()
    with ProjectStore.open(project) as store, pytest.raises(SourceError) as error:
        sources.check(store.images()[0])
    assert error.value.problem is (Problem.MISSING if how == "gone" else Problem.CHANGED)
    assert str(path) in str(error.value)
    assert "labels are safe" in str(error.value)


def test_both_pictures_are_kept_and_the_old_one_comes_back_by_its_bytes(
    project: Path, images: list[Path], tmp_path: Path
) -> None:
    path, kept = images[0], tmp_path / "kept" / "old.png"
    kept.parent.mkdir()
    shutil.copy(path, kept)
    other_picture(path)
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        root = store.root_hash(record.id)
        new = relinking.keep_both(store, record)[0]
        assert new.path == path
        assert not store.load_mask(new.id).read("label").any()
        assert sources.lost(store.images()) == [record]
        with pytest.raises(SourceError):
            sources.check(record)
        with pytest.raises(LabeltoolError, match="already"):
            relinking.keep_both(store, record)
        paint(store, new, 200, label=2)
        assert relinking.search(store, [kept.parent]).found[0].id == record.id
        assert store.image(record.id).path == kept
        assert sources.check(store.image(record.id))
        assert sources.check(store.image(new.id))
        assert store.root_hash(record.id) == root
    assert check(project) == []


@pytest.mark.slow
def test_a_large_file_is_read_once_and_again_when_it_was_written(
    project: Path, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(
        sources, "file_hash", lambda path, cancel=None: read.append(path) or real(path, cancel)
    )
    real = relinking.file_hash
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        for _ in range(3):
            Known(project, write=True).check(record)
        assert len(read) == 1
        (project / sources.CACHE).write_bytes(b"{ damaged")
        Known(project, write=False).check(record)
        assert len(read) == 2
        assert (project / sources.CACHE).read_bytes() == b"{ damaged"
        known = Known(project, write=True)
        known.check(record)
        other_picture(images[0])
        with pytest.raises(SourceError):
            known.check(record)
    assert check(project) == []


@pytest.mark.slow
def test_the_command_line_finds_images_again(
    project: Path, images: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new"
    images[0].parent.rename(new)
    (new / "c.png").unlink()
    assert main(["relink", str(project), str(new)]) == 1
    said = capsys.readouterr()
    assert f"a.png lies here now: {new / 'a.png'}" in said.out
    assert "2 images found again, 1 still missing" in said.out
    assert str(images[2]) in said.err


@pytest.mark.slow
def test_adding_the_folder_takes_an_image_that_was_replaced_for_the_old_one(
    project: Path, images: list[Path], tmp_path: Path
) -> None:
    """Where the new picture is an image of its own already, the old one is still looked for."""
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(images[0], new / "was_a.png")
    other_picture(images[0])
    with ProjectStore.open(project) as store:
        record = store.images()[0]
        relinking.keep_both(store, record)
        report = add_images(store, [new])
        assert [r.id for r in report.relinked] == [record.id]


# ---- what is told without opening it


def told_by_status(project: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[str, str]:
    """What is said of files that are others now, and of those that may be."""
    assert main(["status", str(project), *more]) == 0
    lines = capsys.readouterr().err.splitlines()
    return tuple(  # type: ignore[return-value]
        " ".join(line for line in lines if words in line)
        for words in ("is no longer the file that was added", "may be another image now")
    )


def test_status_names_an_image_that_was_replaced_by_one_of_the_same_length_and_reads_no_other(
    project: Path, images: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(sources, "file_hash", lambda path, cancel=None: read.append(path) or file_hash(path))
    assert told_by_status(project, capsys) == ("", "")
    assert read == []
    other_picture(images[0])
    images[1].touch()
    changed, unsure = told_by_status(project, capsys)
    assert str(images[0]) in changed and str(images[1]) not in changed and unsure == ""
    assert sorted(read) == images[:2]


def test_a_file_that_is_too_large_to_read_for_a_line_is_said_to_be_unsure_and_read_when_that_is_asked_for(
    project: Path, images: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sources, "MOST_BYTES", 1)
    other_picture(images[0])
    changed, unsure = told_by_status(project, capsys)
    assert changed == "" and str(images[0]) in unsure and "--sources" in unsure
    changed, unsure = told_by_status(project, capsys, "--sources")
    assert str(images[0]) in changed and unsure == ""


def test_without_a_note_of_what_files_were_like_they_are_compared_as_well(
    project: Path, images: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (project / sources.CACHE).unlink()  # as in a project of an older version
    other_picture(images[0])
    changed, unsure = told_by_status(project, capsys)
    assert str(images[0]) in changed and str(images[1]) not in changed and unsure == ""


def test_who_notes_one_file_forgets_none_that_somebody_else_has_noted_meanwhile(
    project: Path, images: list[Path]
) -> None:
    with ProjectStore.open(project) as store:
        first, second, third = store.images()
    (project / sources.CACHE).unlink()
    one, another = Known(project, write=True), Known(project, write=True)
    one.check(first)
    another.check(second)
    one.check(third)
    doubtful = {record.path for record, _ in Known(project, write=False).doubtful([first, second, third])}
    assert doubtful == set()


# ---- the window


def press(window: MainWindow, name: str) -> None:
    until(lambda: window.findChild(QPushButton, name) is not None)
    window.findChild(QPushButton, name).click()


def shown(window: MainWindow) -> Path | None:
    image = window.annotate.image
    return None if image is None else image.record.path


@pytest.mark.usefixtures("settings")
def test_the_window_locates_one_image_and_refuses_another_file(
    project: Path, images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "moved.png"
    images[0].rename(new)
    window = open_window(project)
    until(lambda: window.findChild(QLabel, "dialog.source.file") is not None)
    assert str(images[0]) in window.findChild(QLabel, "dialog.source.file").text()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(images[1]), ""))
    press(window, "dialog.source.locate")
    until(lambda: window.findChild(QLabel, "qt_msgbox_label") is not None)
    assert "it holds other bytes" in window.findChild(QLabel, "qt_msgbox_label").text()
    window.bench.open_image(window.bench.store.images()[0].id)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(new), ""))
    press(window, "dialog.source.locate")
    until(lambda: shown(window) == new)
    assert window.annotate.image.session.revision == 1


@pytest.mark.usefixtures("settings")
def test_the_window_searches_a_folder_for_all_missing_images(
    project: Path, images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images[0].parent.rename(tmp_path / "new")
    (tmp_path / "new" / "c.png").unlink()
    window = open_window(project)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    press(window, "dialog.source.search")
    until(lambda: shown(window) == tmp_path / "new" / "a.png")
    text = window.findChild(QLabel, "banner.text").text()
    assert "Images found again: 2" in text
    assert "Still missing: 1 (c.png)" in text


@pytest.mark.slow
@pytest.mark.usefixtures("settings")
def test_the_window_keeps_both_pictures(project: Path, images: list[Path]) -> None:
    other_picture(images[0])
    window = open_window(project)
    press(window, "dialog.source.keep")
    until(lambda: shown(window) == images[0])
    assert window.annotate.image.session.revision == 0
    assert len(window.bench.store.images()) == 4


@pytest.mark.usefixtures("settings")
def test_a_large_image_that_was_replaced_is_taken_off_the_canvas(
    project: Path, images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its length is the same, so it is shown until it has been read to its end."""
    for module in (at_hand, sources):
        monkeypatch.setattr(module, "fits_whole", lambda size, pixel_bytes=3: False)
    other_picture(images[0])
    window = open_window(project)
    until(lambda: window.findChild(QLabel, "dialog.source.says") is not None)
    assert "other bytes" in window.findChild(QLabel, "dialog.source.says").text()
    assert window.annotate.image is None
    assert not window.findChildren(QPushButton, "dialog.source.keep")[0].isHidden()


def test_what_files_were_like_is_not_noted_in_the_empty_folder_of_a_drive_that_is_away(
    project: Path, tmp_path: Path
) -> None:
    with ProjectStore.open(project, write=False) as store:
        record = store.images()[0]
    project.rename(tmp_path / "away")
    project.mkdir()
    Known(project, write=True).check(record)
    assert [*project.iterdir()] == []
