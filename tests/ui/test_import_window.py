"""Labels that come in over what people have drawn, and with more classes than fit: what the window says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QListWidget, QMessageBox, QPushButton

from labeltool.app.project import add_images
from labeltool.app.workbench import Workbench
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from labeltool.ui.bridge import Bridge
from labeltool.ui.dialogs.import_ import ImportDialog
from labeltool.ui.dialogs.new_project import NewProjectDialog
from tests.e2e.pause import until

SIDE = 32
HALF = Box(0, 0, SIDE, SIDE // 2)
HALVES = SIDE * SIDE // 2


@pytest.fixture
def bench(app: QApplication, tmp_path: Path) -> Iterator[Workbench]:
    """A project of one image whose upper half a human has set to the class 2."""
    cv2.imwrite(str(tmp_path / "a.png"), np.full((SIDE, SIDE, 3), 90, np.uint8))
    store = ProjectStore.create(tmp_path / "project", "test", ClassCatalog.from_names(["cell", "nucleus"]))
    add_images(store, [tmp_path / "a.png"])
    image = store.images()[0]
    mask = store.load_mask(image.id)
    patch = write(mask, HALF, title="brush", kind="brush", label=2, origin=Origin.HUMAN)
    store.commit(image.id, patch, expected=0)
    bridge = Bridge()
    made = Workbench(store, bridge.deliver)
    yield made
    bridge.close()
    made.close()


def run(bench: Workbench, source: Path, format_name: str, *, add_classes: bool = False) -> ImportDialog:
    """The dialog after it has imported, or has failed."""
    dialog = ImportDialog(bench)
    dialog.open()
    dialog.format.setCurrentIndex(dialog.format.findData(format_name))
    dialog.source.set_path(source)
    assert dialog.options is not None
    if add_classes:
        dialog.options.findChild(QCheckBox, "dialog.import.add_classes").setChecked(True)
    dialog.run.click()
    until(lambda: dialog.answered or dialog.findChild(QMessageBox, "dialog.failure") is not None)
    return dialog


def notices(dialog: ImportDialog) -> list[str]:
    shown = dialog.findChild(QListWidget, "dialog.import.notices")
    return [shown.item(row).text() for row in range(shown.count())]


def mask_file(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.ones((SIDE, SIDE), np.uint8))
    return folder


def test_the_report_counts_what_people_hold_and_one_undo_takes_the_rest_back(
    bench: Workbench, tmp_path: Path
) -> None:
    dialog = run(bench, mask_file(tmp_path), "png")
    assert f"{HALVES} pixels stay as set by people (in a.png)" in notices(dialog)
    image = bench.store.images()[0]
    bench.open_image(image.id)
    until(lambda: bench.open is not None)
    session = bench.open.session
    label, origin = session.mask.read("label"), session.mask.read("origin")
    assert (label[: SIDE // 2] == 2).all() and (label[SIDE // 2 :] == 1).all()
    assert session.undo()
    label, origin = session.mask.read("label"), session.mask.read("origin")
    assert (label[: SIDE // 2] == 2).all() and (origin[: SIDE // 2] == Origin.HUMAN).all()
    assert (origin[SIDE // 2 :] == Origin.NOBODY).all()
    assert session.undo_title == "brush"


def test_the_report_counts_what_a_locked_class_holds(bench: Workbench, tmp_path: Path) -> None:
    bench.store.set_catalog(bench.store.catalog.lock(1, True))
    dialog = run(bench, mask_file(tmp_path), "png")
    assert f"{HALVES} pixels stay unchanged, because a class is locked (in a.png)" in notices(dialog)


def test_more_classes_than_fit_are_refused_with_their_number_and_the_field_is_named(
    bench: Workbench, tmp_path: Path
) -> None:
    names = [{"id": each, "name": f"k{each}"} for each in range(300)]
    ring = [1, 1, 4, 1, 4, 4]
    objects = [{"id": e, "image_id": 1, "category_id": e, "segmentation": [ring]} for e in range(300)]
    file = tmp_path / "many.json"
    file.write_text(
        json.dumps({"images": [{"id": 1, "file_name": "a.png"}], "categories": names, "annotations": objects})
    )
    before = bench.store.catalog
    dialog = run(bench, file, "coco", add_classes=True)
    box = dialog.findChild(QMessageBox, "dialog.failure")
    assert not dialog.answered
    assert "300 classes that the project lacks, and it has room for 251 more" in box.text()
    assert "without “Add classes that the project lacks”" in box.informativeText()
    assert bench.store.catalog == before and bench.store.images()[0].revision == 1
    box.close()


def test_a_new_project_of_too_many_classes_is_not_made(app: QApplication, tmp_path: Path) -> None:
    dialog = NewProjectDialog()
    dialog.folder.set_path(tmp_path / "new")
    dialog.classes.setText(", ".join(f"k{each}" for each in range(300)))
    said = dialog.findChild(QLabel, "dialog.new.classes.says").text()
    assert said.startswith(
        "301 classes: at most 254 fit into a project, its background among them. Leave out"
    )
    assert not dialog.findChild(QPushButton, "dialog.new.run").isEnabled()
    dialog.reject()
