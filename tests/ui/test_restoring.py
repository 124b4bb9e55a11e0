"""Damaged mask files in the window: named, with what can be done about them, and backups in the background."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.store import backups
from labeltool.store.layout import mask_path
from labeltool.store.mending import EMPTIED
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until
from tests.unit.store.damage import flip, sql, truncate


class Damaged:
    """A window on a project of one labelled image, opened once its mask file was damaged."""

    def __init__(self, root: Path, app: QApplication) -> None:
        self.root, self.app = root, app
        picture = root.parent / "cells.png"
        Image.fromarray(np.zeros((300, 600, 3), np.uint8)).save(picture)
        with ProjectStore.create(root, "demo", ClassCatalog.from_names(["cell"])) as store:
            add_images(store, [picture])
            (record,) = store.images()
            self.image_id = record.id
            self.mask = store.load_mask(record.id)
            for revision in range(2):
                self._stroke(store, revision)
            self.backed_up = self.mask.snapshot()
            backups.keep(root)
            self._stroke(store, 2)
        self.path = mask_path(root, self.image_id)
        self.window: MainWindow | None = None

    def _stroke(self, store: ProjectStore, revision: int) -> None:
        box = Box(10 + 200 * revision, 20, 60 + 200 * revision, 80)
        patch = write(self.mask, box, title="brush", kind="brush", label=1, origin=2)
        self.mask.apply(patch)
        store.commit(self.image_id, patch, expected=revision)

    def open(self) -> QMessageBox:
        self.window = open_window(self.root)
        self.until(lambda: self.app.activeModalWidget() is not None or self.box() is not None)
        found = self.box()
        assert found is not None
        return found

    def box(self) -> QMessageBox | None:
        assert self.window is not None
        return self.window.findChild(QMessageBox, "dialog.damaged")

    def press(self, name: str) -> LabelMask:
        """Press a button of the offer, and wait for the image."""
        found = self.box()
        assert found is not None and self.window is not None
        button = found.findChild(QPushButton, name)
        assert button is not None, name
        button.click()
        bench = self.window.bench
        assert bench is not None
        self.until(lambda: bench.open is not None)
        assert bench.open is not None
        return bench.open.session.mask

    def buttons(self, box: QMessageBox) -> list[str]:
        return sorted(each.objectName() for each in box.findChildren(QPushButton) if each.objectName())

    def until(self, reached: Callable[[], object]) -> None:
        until(reached)


@pytest.fixture
def damaged(app: QApplication, tmp_path: Path) -> Iterator[Damaged]:
    yield Damaged(tmp_path / "project", app)


def test_a_truncated_file_is_named_and_one_click_restores_the_backup(damaged: Damaged) -> None:
    truncate(damaged.path, 5000)
    box = damaged.open()
    assert "cells.png" in box.text() and str(damaged.path) in box.informativeText()
    assert "The newest whole backup is r2 of" in box.informativeText()
    assert "Steps after it that would be lost: 1" in box.informativeText()
    assert damaged.buttons(box) == ["damaged.backup", "damaged.leave"]
    button = box.findChild(QPushButton, "damaged.backup")
    assert button is not None and button.text().startswith("Restore r2 of ")
    assert damaged.press("damaged.backup").same_pixels(damaged.backed_up)
    (kept,) = (damaged.root / "quarantine").iterdir()
    assert kept.stat().st_size == 5000


def test_a_file_that_is_gone_is_offered_its_backup(damaged: Damaged) -> None:
    damaged.path.unlink()
    assert "gone" in damaged.open().informativeText()
    assert damaged.press("damaged.backup").same_pixels(damaged.backed_up)


def test_a_damaged_tile_that_the_journal_has_is_restored_and_nothing_is_lost(damaged: Damaged) -> None:
    flip(damaged.path, "tiles")
    box = damaged.open()
    assert "label tile in row 0, column 0" in box.informativeText() and "still holds" in box.informativeText()
    assert damaged.buttons(box) == ["damaged.leave", "damaged.mend"]
    assert {button.text() for button in box.buttons()} == {"Restore the labels", "Leave it as it is"}
    assert damaged.press("damaged.mend").same_pixels(damaged.mask)


def test_a_tile_that_nothing_brings_back_is_emptied_only_by_consent(damaged: Damaged) -> None:
    shutil.rmtree(damaged.root / "backups")
    flip(damaged.path, "tiles")
    sql(damaged.path, "UPDATE changes SET data=x'00' WHERE plane=0 AND row=0 AND col=0")
    before = damaged.path.read_bytes()
    box = damaged.open()
    assert damaged.buttons(box) == ["damaged.empty", "damaged.leave"]
    assert "Go on without the damaged tiles" in {button.text() for button in box.buttons()}
    assert "at (0, 0)" in box.informativeText()
    assert damaged.path.read_bytes() == before
    mask = damaged.press("damaged.empty")
    assert not mask.read("label", Box(0, 0, 256, 256)).any()
    assert np.array_equal(
        mask.read("label", Box(256, 0, 600, 256)), damaged.mask.read("label", Box(256, 0, 600, 256))
    )
    assert damaged.window is not None and damaged.window.bench is not None
    assert damaged.window.bench.store.history(damaged.image_id).undo[-1].title == EMPTIED


def test_without_a_backup_the_file_stays_and_no_empty_mask_is_shown(damaged: Damaged) -> None:
    shutil.rmtree(damaged.root / "backups")
    truncate(damaged.path, 5000)
    box = damaged.open()
    assert damaged.buttons(box) == ["damaged.afresh", "damaged.leave"]
    assert "no backup" in box.informativeText()
    leave = box.findChild(QPushButton, "damaged.leave")
    assert leave is not None
    leave.click()
    assert damaged.window is not None and damaged.window.bench is not None
    assert damaged.window.bench.open is None
    assert damaged.path.stat().st_size == 5000


def test_where_nothing_brings_the_labels_back_they_begin_afresh_by_consent(damaged: Damaged) -> None:
    shutil.rmtree(damaged.root / "backups")
    truncate(damaged.path, 100)
    broken = damaged.path.read_bytes()
    box = damaged.open()
    assert "lose all labels" in box.informativeText()
    mask = damaged.press("damaged.afresh")
    assert mask.same_pixels(LabelMask(mask.size, mask.planes["label"].fill))
    kept = [path for path in (damaged.root / "quarantine").iterdir() if path.read_bytes() == broken]
    assert len(kept) == 1


def test_who_opens_a_project_has_backups_of_what_changed(damaged: Damaged) -> None:
    damaged.window = open_window(damaged.root)
    bench = damaged.window.bench
    assert bench is not None
    damaged.until(lambda: bench.open is not None)
    damaged.window._restoring.back_up()
    damaged.until(lambda: not bench.lanes.busy)
    assert [each.revision for each in backups.of_image(damaged.root, damaged.image_id)] == [3, 2]


def test_a_file_that_was_damaged_meanwhile_is_told_and_its_backups_stay(damaged: Damaged) -> None:
    damaged.window = open_window(damaged.root)
    bench = damaged.window.bench
    assert bench is not None
    damaged.until(lambda: bench.open is not None)
    flip(damaged.path, "tiles")
    said: list[str] = []
    damaged.window._restoring.noted.connect(said.append)
    damaged.window._restoring.back_up()
    damaged.window._restoring.back_up()
    damaged.until(lambda: not bench.lanes.busy)
    (text,) = said
    assert str(damaged.path) in text and "row 0, column 0" in text
    assert [each.revision for each in backups.of_image(damaged.root, damaged.image_id)] == [2]
