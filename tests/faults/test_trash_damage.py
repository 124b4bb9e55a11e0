"""Damage in the trash: it is named, it hides no labels, and what is not whole does not come back as if it were
(row 69)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QTableWidget

from labeltool.__main__ import main
from labeltool.core.errors import StoreError
from labeltool.store.backups import keep
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from tests.e2e.pause import pause_ms
from tests.faults.sharing_scene import paint, until


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def delete(path: Path) -> None:
    path.unlink()


def swap(path: Path) -> None:
    """What another image has takes the place of this one's."""
    other = next(each for each in sorted(path.parent.glob(f"*{path.suffix}")) if each != path)
    shutil.copy(other, path)


def files(project: Path) -> dict[str, bytes]:
    """What lies in a project but for its lock."""
    paths = (path for path in project.rglob("*") if path.is_file() and path.name != "lock")
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


class Scene:
    """A project, two images of which lie in its trash: a.png at r2, which is looked at, and b.png at r1."""

    def __init__(self, project: Path) -> None:
        self.project = project
        with ProjectStore.open(project) as store:
            a, b, _ = store.images()
            paint(store, a, 100)
            self.id, self.root = a.id, store.root_hash(a.id)
            self.kept = project / "trash" / f"{a.id}.ltm"
            self.tombstone = project / "trash" / f"{a.id}.json"
            keep(project, [a.id], index=False)
            store.remove_images([a.id, b.id])
        assert check(project) == []

    def errors(self) -> list[tuple[Path, str]]:
        """What a check finds, with the image that is named."""
        return [(each.file, each.image) for each in check(self.project) if each.severity == "error"]

    def came_back(self) -> str:
        """The root hash of a.png, once it is in the project again."""
        with ProjectStore.open(self.project) as store:
            store.bring_back([self.id])
            found = store.root_hash(self.id)
        assert check(self.project) == []
        return found


@pytest.fixture
def scene(project: Path) -> Scene:
    return Scene(project)


@pytest.mark.parametrize("damage", [shorten, delete, swap])
def test_a_damaged_tombstone_hides_no_labels_and_is_made_again_from_them(
    scene: Scene, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(scene.tombstone)
    with ProjectStore.open(scene.project, write=False) as store:
        assert [each.record.name for each in store.removed_images()] == ["b.png"]
        assert ["a.png" in error.message for error in store.unread_removed()] == [True]
    assert main(["remove", str(scene.project)]) == 1
    said = capsys.readouterr()
    assert "a.png" in said.err and "fsck --repair" in said.err and "No image was removed" not in said.out
    assert scene.errors() == [(scene.tombstone, "a.png")]
    before = files(scene.project)
    known = r"what is known of the removed image a\.png is"
    with ProjectStore.open(scene.project) as store, pytest.raises(StoreError, match=known):
        store.bring_back([scene.id])
    assert files(scene.project) == before
    assert main(["fsck", str(scene.project), "--repair"]) == 0
    assert "made again from its labels" in capsys.readouterr().out
    assert scene.came_back() == scene.root


def test_where_nothing_says_which_image_it_was_the_damaged_tombstone_is_set_aside(scene: Scene) -> None:
    shorten(scene.tombstone)
    scene.kept.unlink()
    shutil.rmtree(scene.project / "backups" / "masks")
    assert scene.errors() == [(scene.tombstone, "")]
    assert main(["fsck", str(scene.project), "--repair"]) == 0
    assert len(list((scene.project / "quarantine").glob(f"*{scene.tombstone.name}"))) == 1


@pytest.mark.parametrize("damage", [shorten, delete, swap])
def test_labels_that_are_not_whole_do_not_come_back_and_a_backup_takes_their_place(
    scene: Scene, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    damage(scene.kept)
    before = files(scene.project)
    assert (scene.kept, "a.png") in scene.errors()
    assert main(["remove", str(scene.project), "--back", "a.png"]) == 1
    said = capsys.readouterr()
    assert "brought back" not in said.out
    assert "a.png cannot come back as it was" in said.err and str(scene.kept) in said.err
    after = files(scene.project)
    assert {name: after[name] for name in before} == before
    assert [name for name in after if name not in before and not name.startswith("backups/project.")] == []
    assert main(["fsck", str(scene.project), "--repair"]) == 0
    assert scene.came_back() == scene.root


@pytest.mark.parametrize("place", ["kept", "tombstone", "taken"])
def test_of_several_images_those_that_are_whole_come_back_and_the_others_are_named(
    scene: Scene, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if place == "taken":
        taken = scene.project / "masks" / scene.id[:2] / f"{scene.id}.ltm"
        shutil.copy(scene.kept, taken)
    else:
        shorten(getattr(scene, place))
    assert main(["remove", str(scene.project), "--back", "*", "--json"]) == 1
    said = capsys.readouterr()
    result = json.loads(said.out)
    assert result["images"] == ["b.png"]
    assert len(result["skipped"]) == 1
    assert "a.png" in said.err and "b.png" not in said.err
    with ProjectStore.open(scene.project, write=False) as store:
        assert {each.name for each in store.images()} == {"b.png", "c.png"}
    assert scene.kept.exists()


def test_an_image_with_damaged_labels_stays_where_it_is_and_the_others_are_removed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ProjectStore.open(project, write=False) as store:
        first = store.images()[0]
    shorten(project / "masks" / first.id[:2] / f"{first.id}.ltm")
    assert main(["remove", str(project), "*"]) == 1
    said = capsys.readouterr()
    assert "2 images removed" in said.out and f"skipped {first.path}" in said.err
    with ProjectStore.open(project, write=False) as store:
        assert [each.id for each in store.images()] == [first.id]


@pytest.mark.usefixtures("settings")
def test_the_window_brings_back_what_is_whole_and_names_the_others(scene: Scene) -> None:
    shorten(scene.kept)
    window = open_window(scene.project)
    until(lambda: window.annotate.image is not None, lambda: pause_ms(10))
    window.actions_["removed_images"].trigger()
    until(lambda: window.findChild(QTableWidget, "dialog.removed.table") is not None, lambda: pause_ms(10))
    window.findChild(QTableWidget, "dialog.removed.table").selectAll()
    window.findChild(QPushButton, "dialog.removed.back").click()
    until(lambda: window.findChild(QMessageBox, "dialog.failure") is not None, lambda: pause_ms(10))
    assert "A.png cannot come back as it was" in window.findChild(QMessageBox, "dialog.failure").text()
    assert {each.name for each in window.bench.store.images()} == {"b.png", "c.png"}
    window.close()


def test_labels_that_nothing_restores_stay_until_somebody_lets_go_of_them(scene: Scene) -> None:
    shutil.rmtree(scene.project / "backups" / "masks")
    scene.kept.unlink()
    assert main(["fsck", str(scene.project), "--repair"]) == 1
    assert scene.errors() == [(scene.kept, "a.png")]
    assert main(["fsck", str(scene.project), "--repair", "--accept-loss"]) == 0
    with ProjectStore.open(scene.project, write=False) as store:
        assert [each.record.revision for each in store.removed_images()] == [0, 1]
    assert scene.came_back() != scene.root


def test_an_older_copy_of_labels_is_not_taken_for_what_was_removed(project: Path) -> None:
    with ProjectStore.open(project) as store:
        image = store.images()[0]
        mask = project / "masks" / image.id[:2] / f"{image.id}.ltm"
        older = shutil.copy(mask, project.with_name("older"))
        paint(store, image, 100)
        store.remove_images([image.id])
    kept = project / "trash" / mask.name
    shutil.copy(older, kept)
    assert [str(each.severity) for each in check(project)] == ["error"]
    with ProjectStore.open(project) as store, pytest.raises(StoreError, match="those of r1, and were at r2"):
        store.bring_back([image.id])
    assert kept.exists() and not mask.exists()
    assert main(["fsck", str(project), "--repair"]) == 1
    assert main(["fsck", str(project), "--repair", "--accept-loss"]) == 0
    with ProjectStore.open(project) as store:
        assert [each.revision for each in store.bring_back([image.id])] == [1]


def test_an_older_backup_is_told_and_comes_back_after_the_repair(scene: Scene) -> None:
    """A backup of r1 alone: the tombstone, which knew of r2, follows what the mask file says itself."""
    with ProjectStore.open(scene.project) as store:
        store.bring_back([scene.id])
        paint(store, store.image(scene.id), 200)
        store.remove_images([scene.id])
    shorten(scene.kept)
    assert main(["fsck", str(scene.project), "--repair"]) == 0
    assert scene.came_back() == scene.root


def test_a_repair_leaves_a_removal_that_was_cut_off_to_its_own_end(scene: Scene) -> None:
    """The mask file lies in the trash and the image is still listed: no backup may come into its place."""
    with ProjectStore.open(scene.project) as store:
        record = store.removed_images()[0].record
        store._images.add([record])
    assert check(scene.project) == []
    assert main(["fsck", str(scene.project), "--repair"]) == 0
    with ProjectStore.open(scene.project) as store:
        assert scene.id not in {each.id for each in store.images()}
    assert scene.came_back() == scene.root


@pytest.mark.usefixtures("settings")
def test_the_window_tells_of_a_removed_image_that_it_cannot_list(scene: Scene) -> None:
    shorten(scene.tombstone)
    window = open_window(scene.project)
    until(lambda: window.annotate.image is not None, lambda: pause_ms(10))
    window.actions_["removed_images"].trigger()
    until(lambda: window.findChild(QLabel, "dialog.removed.says") is not None, lambda: pause_ms(10))
    says = window.findChild(QLabel, "dialog.removed.says").text()
    assert "removed image a.png is damaged" in says and "fsck --repair" in says
    window.close()
