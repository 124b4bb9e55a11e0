"""Images and classes that are deleted: nothing is gone at once, and all of it comes back (row 69)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListView, QPushButton, QTableWidget, QWidget

from labeltool.__main__ import main
from labeltool.core import atomic
from labeltool.core.errors import StoreError
from labeltool.store import database, index, trash
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from tests.e2e.pause import pause_ms, until
from tests.faults.sharing_scene import make_project, paint


def state(project: Path) -> dict[str, tuple[str, int]]:
    """Of each image its root hash and its revision."""
    with ProjectStore.open(project, write=False) as store:
        return {r.id: (store.root_hash(r.id), r.revision) for r in store.images()}


def test_a_removed_image_comes_back_with_every_pixel_and_step_of_undo(
    project: Path, images: list[Path]
) -> None:
    before, pixels = state(project), [path.read_bytes() for path in images]
    with ProjectStore.open(project) as store:
        gone = store.images()[0]
        store.remove_images([gone.id])
        assert gone.id not in {r.id for r in store.images()}
        with pytest.raises(StoreError, match="there is no image"):
            store.load_mask(gone.id)
        assert [r.record.name for r in store.removed_images()] == ["a.png"]
    assert check(project) == []
    assert (
        main(["fsck", str(project), "--rebuild"]) == 0
    )  # a removed image does not come back when the list is made again
    with ProjectStore.open(project) as store:
        assert gone.id not in {r.id for r in store.images()}
        store.bring_back([gone.id])
        assert len(store.history(gone.id).undo) == 1
        paint(store, store.image(gone.id), 100)
    after = state(project)
    assert after.pop(gone.id)[1] == 2
    assert after == {image: found for image, found in before.items() if image != gone.id}
    assert [path.read_bytes() for path in images] == pixels
    assert check(project) == []


def test_nothing_is_deleted_for_good_before_thirty_days(project: Path) -> None:
    with ProjectStore.open(project) as store:
        gone = store.images()[0].id
        store.remove_images([gone])
        with pytest.raises(StoreError, match="30 days"):
            store.delete_removed([gone])
        tombstone = project / "trash" / f"{gone}.json"
        data = json.loads(tombstone.read_text())
        for days, kept in ((29, True), (-400, True), (31, False)):
            data["at_utc"] = (datetime.now(UTC) - timedelta(days=days)).isoformat()
            tombstone.write_text(json.dumps(data))
            if kept:
                with pytest.raises(StoreError, match="30 days"):
                    store.delete_removed([gone])
                assert (project / "trash" / f"{gone}.ltm").exists()
        store.delete_removed([gone])
    assert not list((project / "trash").iterdir())
    assert check(project) == []


class Killed(BaseException):
    """As good as a kill: nothing catches it."""


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("worked", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_kill_at_any_step_leaves_an_image_in_the_project_or_in_the_trash(
    tmp_path: Path, images: list[Path], monkeypatch: pytest.MonkeyPatch, back: bool, worked: bool
) -> None:
    """Before and after each step that changes something on the disk; then the project is opened again."""
    for module in (database, index):  # a kill takes nothing away that the disk has not
        monkeypatch.setattr(module, "DURABLE", ("PRAGMA synchronous=OFF",))
    killed = 0
    for step in range(1, 6):
        project = make_project(tmp_path / f"p{step}", images[:2])
        with ProjectStore.open(project) as store:
            image = store.images()[0].id
            if not worked:
                (project / "masks" / image[:2] / f"{image}.ltm").unlink()
                store._images.update(replace(store.image(image), revision=0))
            if back:
                store.remove_images([image])
        root = state(project).get(image)
        store = ProjectStore.open(project)
        with monkeypatch.context() as patched:
            _kill_at(patched, step)
            try:
                store.bring_back([image]) if back else store.remove_images([image])
            except Killed:
                killed += 1
        store._holding.lock.release()
        with ProjectStore.open(project) as again:
            there = {r.id for r in again.images()}
            in_trash = {each.record.id for each in again.removed_images()}
            assert (image in there) != (image in in_trash), step
            if image in in_trash:
                again.bring_back([image])
            assert again.load_mask(image).read("label")[30, 20] == (1 if worked else 0)
            if root is not None:
                assert again.root_hash(image) == root[0]
        assert check(project) == [], step
    assert killed == (3 if worked else 2) + (not back)  # a tombstone is written aside and moved


def _kill_at(patched: pytest.MonkeyPatch, step: int) -> None:
    """Die before the n-th change."""
    left = [step]

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kw: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return real(*args, **kw)

        return call

    patched.setattr(atomic, "write_bytes", dying(atomic.write_bytes))
    patched.setattr(atomic, "move", dying(atomic.move))
    for name in ("add", "remove"):
        patched.setattr(trash.ImageList, name, dying(getattr(trash.ImageList, name)))
    patched.setattr(trash, "forget", dying(trash.forget))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_processes_killed_while_they_remove_and_bring_back_lose_no_image(project: Path) -> None:
    code = """
import sys
from pathlib import Path
from labeltool.store.project import ProjectStore
store = ProjectStore.open(Path(sys.argv[1]))
ids = [r.id for r in store.images()] + [r.record.id for r in store.removed_images()]
print("open", flush=True)
while True:
    there = [r.id for r in store.images()]
    store.remove_images(there[:2])
    store.bring_back([r.record.id for r in store.removed_images()])
"""
    before = state(project)
    for turn in range(40):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(project)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "open\n"
            pause_ms(3 + 7 * turn % 41)
            child.kill()
        with ProjectStore.open(project) as store:
            store.bring_back([each.record.id for each in store.removed_images()])
        assert state(project) == before
        assert check(project) == []


@pytest.mark.slow
def test_the_command_line_removes_and_brings_back(
    project: Path, images: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    before = state(project)
    assert main(["remove", str(project), "a*", "b.png"]) == 0
    assert "2 images removed" in capsys.readouterr().out
    assert main(["remove", str(project)]) == 0
    assert "a.png: at r1, removed" in capsys.readouterr().out
    assert main(["remove", str(project), "--back", "x*"]) == 1
    assert "no removed image was meant" in capsys.readouterr().err
    assert main(["remove", str(project), "--back", "*"]) == 0
    assert state(project) == before
    assert all(path.exists() for path in images)


def test_a_class_that_is_taken_off_the_list_keeps_its_value_and_its_pixels(project: Path) -> None:
    """Its value is a tombstone: no second class gets it, so what was labelled with it is never read as another one."""
    with ProjectStore.open(project) as store:
        image = store.images()[0]
        paint(store, image, 100, label=2)
        catalog = store.catalog
        store.set_catalog(replace(catalog, classes=catalog.classes[:-1], retired=(2,)))
        assert store.class_pixels(image.id)[2] == 30 * 40
        assert store.catalog.add("new").by_name("new").value == 3
    assert check(project) == []
    with ProjectStore.open(project) as store:
        assert store.load_mask(image.id).read("label")[30, 110] == 2
        store.set_catalog(replace(store.catalog, classes=catalog.classes, retired=()))
    assert check(project) == []


# ---- the window


def press(window: QWidget, name: str) -> None:
    until(lambda: window.findChild(QPushButton, name) is not None)
    window.findChild(QPushButton, name).click()


@pytest.mark.usefixtures("settings")
def test_the_window_asks_in_words_removes_and_brings_back(project: Path) -> None:
    window = open_window(project)
    until(lambda: window.annotate.image is not None)
    first = window.annotate.image.record
    listed = window.findChild(QListView, "images.list")
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    until(lambda: window.findChild(QLabel, "dialog.remove.names") is not None)
    assert window.findChild(QLabel, "dialog.remove.names").text() == "a.png"
    press(window, "dialog.remove.close")
    pause_ms(20)
    assert len(window.bench.store.images()) == 3
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    press(window, "dialog.remove.run")
    until(lambda: window.annotate.image is not None and window.annotate.image.record.id != first.id)
    assert [r.name for r in window.bench.store.images()] == ["b.png", "c.png"]
    assert listed.model().rowCount() == 2
    window.actions_["removed_images"].trigger()
    until(lambda: window.findChild(QTableWidget, "dialog.removed.table") is not None)
    table = window.findChild(QTableWidget, "dialog.removed.table")
    assert table.item(0, 0).text() == "a.png"
    assert not window.findChild(QPushButton, "dialog.removed.delete").isEnabled()
    press(window, "dialog.removed.back")
    until(lambda: listed.model().rowCount() == 3)
    says = window.findChild(QLabel, "dialog.removed.says").text()
    assert says == "In the project again, with their labels: 1. There is no removed image."
    window.bench.open_image(first.id)
    until(lambda: window.annotate.image is not None and window.annotate.image.record.id == first.id)
    assert window.annotate.image.session.revision == 1
    window.close()
    assert check(project) == []


@pytest.mark.slow
@pytest.mark.usefixtures("settings")
def test_the_last_image_can_be_removed_too(project: Path) -> None:
    window = open_window(project)
    until(lambda: window.annotate.image is not None)
    window._removing.remove(window.bench.store.images())
    until(lambda: not window.bench.store.images() and window.annotate.image is None)
    window._removing.remove([])
    with ProjectStore.open(project, write=False) as store:
        assert len(store.removed_images()) == 3
