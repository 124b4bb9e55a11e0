"""The dialogs: what they say before, what they do, what they report."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QPushButton,
    QSpinBox,
    QWidget,
)

from labeltool.app.choices import Draw, Ranking
from labeltool.app.project import add_images
from labeltool.app.workbench import Workbench
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import Skipped, Status
from labeltool.core.provenance import Origin
from labeltool.formats.protocol import ExportPlan
from labeltool.formats.vector import VectorImportOptions
from labeltool.store.project import ProjectStore
from labeltool.ui.bridge import Bridge
from labeltool.ui.dialogs import export as export_module
from labeltool.ui.dialogs import import_ as import_module
from labeltool.ui.dialogs.class_dialog import ClassDialog
from labeltool.ui.dialogs.export import ExportDialog
from labeltool.ui.dialogs.failure import as_failure, show_failure
from labeltool.ui.dialogs.import_ import ImportDialog
from labeltool.ui.dialogs.keys import KeysDialog
from labeltool.ui.dialogs.new_project import NewProjectDialog
from labeltool.ui.dialogs.new_project_looks import default_root
from labeltool.ui.dialogs.options_form import OptionsForm
from labeltool.ui.dialogs.plan_view import PlanView
from tests.e2e.pause import until

SIDE = 32
LEFT = Qt.MouseButton.LeftButton


def click(dialog: QWidget, name: str) -> None:
    QTest.mouseClick(dialog.findChild(QPushButton, name), LEFT)


def text_of(dialog: QWidget, name: str) -> str:
    return dialog.findChild(QLabel, name).text()


def lines_of(dialog: QWidget, name: str) -> list[str]:
    shown = dialog.findChild(QListWidget, name)
    return [shown.item(i).text() for i in range(shown.count())]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (1, 2):
        cv2.imwrite(str(folder / f"image_{number}.png"), np.full((SIDE, SIDE, 3), 90, np.uint8))
    return folder


@pytest.fixture
def bench(app: QApplication, tmp_path: Path, images: Path) -> Iterator[Workbench]:
    store = ProjectStore.create(tmp_path / "project", "test", ClassCatalog.from_names(["cell"]))
    add_images(store, [images])
    bridge = Bridge()
    made = Workbench(store, bridge.deliver)
    yield made
    bridge.close()
    made.close()


def paint(bench: Workbench, number: int = 0) -> None:
    """A human sets the upper half of an image to the class 1."""
    record = bench.store.images()[number]
    mask = bench.store.load_mask(record.id)
    label = np.zeros((SIDE, SIDE), np.uint8)
    label[: SIDE // 2] = 1
    patch = write(mask, mask.size.box, label > 0, title="", kind="brush", label=label, origin=Origin.HUMAN)
    bench.store.commit(record.id, patch, expected=record.revision)


# ---- new project


def test_opened_images_suggest_a_folder_that_is_new_and_one_class(app: QApplication, images: Path) -> None:
    dialog = NewProjectDialog(None, [images])
    dialog.show()
    wanted = dialog.result_()
    assert wanted.root == default_root([images]) and wanted.root.name == "pictures"
    assert not wanted.root.exists()
    assert wanted.paths == (images,)
    assert [c.name for c in wanted.catalog.classes] == ["background", "object"]
    until(lambda: "2" in text_of(dialog, "dialog.new.images.says"))


def test_classes_are_shown_as_they_are_typed_and_enter_makes_the_project(
    app: QApplication, tmp_path: Path
) -> None:
    dialog = NewProjectDialog()
    dialog.show()
    run = dialog.findChild(QPushButton, "dialog.new.run")
    assert not run.isEnabled(), "no class is named yet"
    dialog.folder.set_path(tmp_path / "new")
    line = dialog.findChild(QLineEdit, "dialog.new.classes")
    QTest.keyClicks(line, "nucleus, cell")
    assert lines_of(dialog, "dialog.new.chips") == ["0  background", "1  nucleus", "2  cell"]
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert dialog.result() == NewProjectDialog.DialogCode.Accepted
    assert dialog.result_().root == tmp_path / "new"


@pytest.mark.parametrize(
    ("classes", "said"),
    [("nucleus", "The model nuclei will pre-label these."), ("dragon", "nuclei knows: nucleus")],
)
def test_which_model_fits_the_classes_is_said_as_they_are_typed(
    app: QApplication, tmp_path: Path, classes: str, said: str
) -> None:
    dialog = NewProjectDialog()
    dialog.folder.set_path(tmp_path / "new")
    dialog.classes.setText(classes)
    assert said in text_of(dialog, "dialog.new.classes.says")
    dialog.reject()


@pytest.mark.parametrize("classes", ["cell, cell", "missing.json", ","])
def test_bad_classes_are_refused_with_a_reason(app: QApplication, tmp_path: Path, classes: str) -> None:
    dialog = NewProjectDialog()
    dialog.folder.set_path(tmp_path / "new")
    dialog.classes.setText(classes)
    assert not dialog.findChild(QPushButton, "dialog.new.run").isEnabled()
    assert text_of(dialog, "dialog.new.classes.says")
    dialog.reject()


def test_a_folder_that_is_not_empty_or_holds_a_project_is_refused(bench: Workbench, images: Path) -> None:
    dialog = NewProjectDialog()
    dialog.classes.setText("cell")
    for root, reason in ((images, "not empty"), (bench.store.root, "project here already")):
        dialog.folder.set_path(root)
        assert reason in text_of(dialog, "dialog.new.folder.says")
        assert not dialog.findChild(QPushButton, "dialog.new.run").isEnabled()
    dialog.reject()


def test_a_file_typed_as_the_folder_of_a_new_project_is_refused_in_words(
    app: QApplication, images: Path
) -> None:
    dialog = NewProjectDialog()
    dialog.folder.set_path(images / "image_1.png")
    dialog.classes.setText("dragon")
    assert "not empty" in text_of(dialog, "dialog.new.folder.says")
    assert "nuclei knows" in text_of(dialog, "dialog.new.classes.says")
    dialog.reject()


def test_a_name_longer_than_any_file_has_can_be_typed_and_a_folder_chosen_after_it(
    app: QApplication, tmp_path: Path
) -> None:
    dialog = NewProjectDialog()
    dialog.folder.set_path(tmp_path / ("a" * 300))
    assert "too long" in text_of(dialog, "dialog.new.folder.says")
    click(dialog, "dialog.new.folder.folder")
    chooser = dialog.findChild(QFileDialog)
    assert chooser is not None and Path(chooser.directory().absolutePath()) == tmp_path
    chooser.close()
    dialog.reject()


def test_a_source_of_labels_with_a_name_longer_than_any_is_not_there(
    bench: Workbench, tmp_path: Path
) -> None:
    dialog = ImportDialog(bench)
    dialog.source.set_path(tmp_path / ("a" * 300))
    assert "no such file" in text_of(dialog, "dialog.import.source.says")
    dialog.reject()


def test_the_seed_of_a_draw_is_never_negative(app: QApplication) -> None:
    for options in (Draw, Ranking):
        form = OptionsForm(options, "form")
        spin = form.findChild(QSpinBox, "form.seed")
        spin.setValue(-5)
        assert form.value().seed == 0


def test_an_image_can_be_taken_off_the_list_again(app: QApplication, images: Path) -> None:
    dialog = NewProjectDialog(None, [images, images / "image_1.png"])
    dialog.show()
    dialog.images.item(0).setSelected(True)
    click(dialog, "dialog.new.remove")
    assert dialog.result_().paths == (images / "image_1.png",)
    dialog.reject()


# ---- export


def planned(bench: Workbench) -> ExportDialog:
    dialog = ExportDialog(bench)
    dialog.open()
    until(dialog.run.isEnabled)
    return dialog


def choose(dialog: QWidget, name: str, data: object) -> None:
    combo = dialog.findChild(QComboBox, name)
    combo.setCurrentIndex(combo.findData(data))


def test_the_plan_is_shown_before_anything_is_written(bench: Workbench, tmp_path: Path) -> None:
    paint(bench)
    dialog = planned(bench)
    sums = text_of(dialog, "dialog.export.sums")
    assert "Images: 1" in sums and "Objects: 1" in sums
    assert any("image_2" in line for line in lines_of(dialog, "dialog.export.plan"))
    assert not dialog.target.path.exists()
    dialog.reject()


def test_the_plan_says_how_many_images_a_model_alone_has_labelled(bench: Workbench) -> None:
    paint(bench, 0)
    paint(bench, 1)
    for record, status in zip(bench.store.images(), (Status.PRELABELLED, Status.APPROVED), strict=True):
        bench.store.update_image(replace(record, status=status))
    dialog = planned(bench)
    lines = lines_of(dialog, "dialog.export.plan")
    assert "Images: 2. Approved: 1. Pre-labelled by a model only: 1." in lines
    dialog.reject()


def test_equal_reasons_are_one_line_of_the_plan(app: QApplication) -> None:
    view = PlanView()
    skipped = (
        *(Skipped(f"{n}.png", "nobody has labelled it yet") for n in range(37)),
        Skipped("x.png", "gone"),
    )
    view.show_plan(ExportPlan(1, 0, 0, skipped=skipped))
    lines = lines_of(view, "dialog.export.plan")
    assert lines[-2:] == ["37 images left out: nobody has labelled them yet", "x.png: gone"]


def test_an_option_makes_the_plan_again(bench: Workbench) -> None:
    paint(bench)
    dialog = planned(bench)
    QTest.mouseClick(
        dialog.findChild(QCheckBox, "dialog.export.option.include_unlabelled"), LEFT, pos=QPoint(8, 10)
    )
    assert not dialog.run.isEnabled(), "what was planned is not what is asked for now"
    until(lambda: "Images: 2" in text_of(dialog, "dialog.export.sums"))
    dialog.reject()


@pytest.mark.parametrize("format_name", ["voc", "coco", "png"])
def test_enter_exports_and_the_answer_says_what_was_written(
    bench: Workbench, tmp_path: Path, format_name: str
) -> None:
    paint(bench)
    dialog = planned(bench)
    choose(dialog, "dialog.export.format", format_name)
    dialog.target.set_path(tmp_path / "out")
    until(dialog.run.isEnabled)
    QTest.keyClick(dialog.target.line, Qt.Key.Key_Return)
    until(lambda: dialog.answered)
    assert "Images: 1" in text_of(dialog, "dialog.export.result")
    assert any((tmp_path / "out").rglob("image_1.*"))
    click(dialog, "dialog.export.run")
    assert not dialog.isVisible()


def test_what_the_plan_has_read_is_not_read_again_for_the_export(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(bench)
    read, load = [], ProjectStore.load_mask

    def counted(store: ProjectStore, image_id: str, **how: bool) -> LabelMask:
        read.append(image_id)
        return load(store, image_id, **how)

    monkeypatch.setattr(ProjectStore, "load_mask", counted)
    dialog = planned(bench)
    choose(dialog, "dialog.export.format", "voc")
    dialog.target.set_path(tmp_path / "out")
    until(dialog.run.isEnabled)
    by_plans = list(read)
    assert by_plans
    QTest.keyClick(dialog.target.line, Qt.Key.Key_Return)
    until(lambda: dialog.answered)
    assert "Images: 1" in text_of(dialog, "dialog.export.result")
    assert read == by_plans


def test_a_target_that_is_refused_says_why_and_cannot_be_exported_to(bench: Workbench, images: Path) -> None:
    paint(bench)
    dialog = planned(bench)
    for target, reason in ((images, "not empty"), (bench.store.root / "out", "inside the project")):
        dialog.target.set_path(target)
        assert reason in text_of(dialog, "dialog.export.folder.says")
        assert not dialog.run.isEnabled()
    dialog.reject()


def test_a_project_without_labels_has_nothing_to_export(bench: Workbench) -> None:
    dialog = ExportDialog(bench)
    dialog.open()
    until(lambda: lines_of(dialog, "dialog.export.plan"))
    assert not dialog.run.isEnabled()
    dialog.reject()


def test_only_the_chosen_split_is_exported(bench: Workbench) -> None:
    paint(bench, 0)
    paint(bench, 1)
    bench.store.update_image(replace(bench.store.images()[0], split="train"))
    dialog = planned(bench)
    choose(dialog, "dialog.export.split", "train")
    until(lambda: "Images: 1" in text_of(dialog, "dialog.export.sums"))
    dialog.reject()


def test_what_a_killed_export_has_left_is_offered_for_deletion_and_nothing_else_is_deleted(
    bench: Workbench, tmp_path: Path
) -> None:
    left, other = tmp_path / "out-coco.partial-0123abcd", tmp_path / "out-coco.partial-mine"
    for folder in (left, other):
        folder.mkdir()
        (folder / "half.json").write_bytes(b"x" * 300_000)
    paint(bench)
    dialog = planned(bench)
    dialog.target.set_path(tmp_path / "elsewhere" / "out")
    assert not dialog.findChild(QPushButton, "dialog.export.left.delete").isVisible()
    dialog.target.set_path(tmp_path / "out")
    said = text_of(dialog, "dialog.export.left")
    assert "An export that was killed has left this; nobody needs it:" in said
    assert f"{left} (1 file, 0.3 MB)" in said and str(other) not in said
    assert dialog.findChild(QPushButton, "dialog.export.left.delete").text() == "Delete what is left"
    click(dialog, "dialog.export.left.delete")
    until(lambda: not left.exists() and not dialog.job.running)
    assert not dialog.findChild(QPushButton, "dialog.export.left.delete").isVisible()
    assert other.is_dir() and dialog.run.isEnabled()
    dialog.reject()


def test_stopping_an_export_leaves_the_dialog_open_and_nothing_written(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object, progress: Progress, cancel: CancelToken, **more: object) -> None:
        while True:
            cancel.check()
            progress(1, 4, "image_1.png")
            time.sleep(0.01)

    monkeypatch.setattr(export_module, "export_images", endless)
    paint(bench)
    dialog = planned(bench)
    click(dialog, "dialog.export.run")
    until(lambda: "left" in text_of(dialog, "dialog.export.progress.left"))
    click(dialog, "dialog.export.cancel")
    until(lambda: not dialog.job.running)
    assert dialog.isVisible() and dialog.run.isEnabled()
    assert "Stopped" in text_of(dialog, "dialog.export.folder.says")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_failed_export_says_what_failed_and_can_be_tried_again(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **more: object) -> None:
        raise LabeltoolError("the disk failed", file="/out/a.png", hint="Use another disk")

    monkeypatch.setattr(export_module, "export_images", fails)
    paint(bench)
    dialog = planned(bench)
    click(dialog, "dialog.export.run")
    until(lambda: dialog.findChild(QMessageBox, "dialog.failure") is not None)
    box = dialog.findChild(QMessageBox, "dialog.failure")
    assert box.text() == "The disk failed."
    assert "/out/a.png" in box.informativeText() and "Use another disk." in box.informativeText()
    box.close()
    assert dialog.run.isEnabled()


@pytest.mark.parametrize(
    ("kind", "suited"), [("png", "coco"), ("geotiff", "geotiff"), ("dicom", "nifti"), ("nifti", "nifti")]
)
def test_both_dialogs_start_with_a_format_that_suits_the_images(
    bench: Workbench, kind: str, suited: str
) -> None:
    for record in bench.store.images():
        bench.store.update_image(replace(record, kind=kind))
    for dialog in (ExportDialog(bench), ImportDialog(bench)):
        assert dialog.format.currentData() == suited
        assert dialog.format.itemData(0) == "coco"
        dialog.reject()


def test_a_dialog_starts_with_the_format_last_used(bench: Workbench, tmp_path: Path) -> None:
    paint(bench)
    dialog = planned(bench)
    choose(dialog, "dialog.export.format", "voc")
    dialog.target.set_path(tmp_path / "out")
    until(dialog.run.isEnabled)
    QTest.keyClick(dialog.target.line, Qt.Key.Key_Return)
    until(lambda: dialog.answered)
    dialog.reject()
    assert ExportDialog(bench).format.currentData() == "voc"
    assert ImportDialog(bench).format.currentData() == "coco"


def test_a_format_that_holds_none_of_the_images_cannot_be_exported_to(bench: Workbench) -> None:
    paint(bench)
    dialog = planned(bench)
    for name, reason in (
        ("geojson", "No image can be exported as GeoJSON: none has a place on the map"),
        ("nifti", "There is no labelled volume to export"),
    ):
        choose(dialog, "dialog.export.format", name)
        until(lambda r=reason: r in lines_of(dialog, "dialog.export.plan"))
        assert "Images: 0" in text_of(dialog, "dialog.export.sums")
        assert not dialog.run.isEnabled()
        assert not any("Approved:" in line for line in lines_of(dialog, "dialog.export.plan"))
    dialog.reject()


# ---- import


def test_an_import_that_wants_an_option_names_the_field_and_no_flag(bench: Workbench, tmp_path: Path) -> None:
    file = tmp_path / "a.geojson"
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"use": "x", "cover": "y"}, "geometry": geometry}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    dialog = ImportDialog(bench)
    dialog.open()
    choose(dialog, "dialog.import.format", "geojson")
    dialog.source.set_path(file)
    click(dialog, "dialog.import.run")
    until(lambda: dialog.answered or dialog.findChild(QMessageBox, "dialog.failure") is not None)
    box = dialog.findChild(QMessageBox, "dialog.failure")
    said = box.informativeText() if box is not None else "\n".join(told(dialog))
    labels = [each.metadata["label"] for each in fields(VectorImportOptions) if "class" in each.name]
    assert "--" not in said and any(f"“{label}”" in said for label in labels)
    if box is not None:
        box.close()


def told(dialog: ImportDialog) -> list[str]:
    return [dialog.skipped.item(row, 1).text() for row in range(dialog.skipped.rowCount())]


def label_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    label = np.zeros((SIDE, SIDE), np.uint8)
    label[:, :8] = 1
    cv2.imwrite(str(folder / "image_1.png"), label)
    cv2.imwrite(str(folder / "stranger.png"), label)
    return folder


def test_an_import_reports_what_came_in_and_what_was_left_out(bench: Workbench, tmp_path: Path) -> None:
    dialog = ImportDialog(bench)
    dialog.open()
    finished: list[bool] = []
    dialog.finished_import.connect(lambda: finished.append(True))
    assert not dialog.run.isEnabled()
    choose(dialog, "dialog.import.format", "png")
    QTest.keyClicks(dialog.findChild(QLineEdit, "dialog.import.source"), str(label_folder(tmp_path)))
    click(dialog, "dialog.import.run")
    until(lambda: dialog.answered)
    assert finished == [True]
    assert "Images: 1" in text_of(dialog, "dialog.import.sums")
    click(dialog, "dialog.import.copy")
    assert "stranger.png\t" in QApplication.clipboard().text()
    mask = bench.store.load_mask(bench.store.images()[0].id)
    assert int(mask.read("label").sum()) == SIDE * 8


def test_what_a_human_drew_survives_an_import(bench: Workbench, tmp_path: Path) -> None:
    paint(bench)
    dialog = ImportDialog(bench)
    dialog.open()
    choose(dialog, "dialog.import.format", "png")
    dialog.source.set_path(label_folder(tmp_path))
    click(dialog, "dialog.import.run")
    until(lambda: dialog.answered)
    label = bench.store.load_mask(bench.store.images()[0].id).read("label")
    assert (label[: SIDE // 2] == 1).all() and (label[SIDE // 2 :, 8:] == 0).all()


def test_a_source_of_another_format_is_explained(bench: Workbench, tmp_path: Path) -> None:
    dialog = ImportDialog(bench)
    dialog.open()
    choose(dialog, "dialog.import.format", "coco")
    dialog.source.set_path(label_folder(tmp_path))
    click(dialog, "dialog.import.run")
    until(lambda: dialog.findChild(QMessageBox, "dialog.failure") is not None)
    assert dialog.isVisible() and not dialog.answered
    dialog.findChild(QMessageBox, "dialog.failure").close()


def test_escape_stops_an_import_first_and_the_image_at_hand_is_read_again(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object, cancel: CancelToken, **more: object) -> None:
        while True:
            cancel.check()
            time.sleep(0.01)

    monkeypatch.setattr(import_module, "import_labels", endless)
    dialog = ImportDialog(bench)
    dialog.open()
    finished: list[bool] = []
    dialog.finished_import.connect(lambda: finished.append(True))
    dialog.source.set_path(label_folder(tmp_path))
    click(dialog, "dialog.import.run")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible(), "it stays until the work has stopped"
    until(lambda: not dialog.job.running)
    assert finished == [True]


# ---- classes, keys, failures, options, frame


def test_a_class_is_added_with_the_colour_the_catalog_would_give(app: QApplication) -> None:
    catalog = ClassCatalog.from_names(["cell"])
    dialog = ClassDialog(None, catalog)
    dialog.show()
    QTest.keyClicks(dialog.name, "debris")
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    assert dialog.result() == ClassDialog.DialogCode.Accepted
    assert dialog.catalog() == catalog.add("debris")


def test_a_class_is_renamed_and_recoloured_under_its_value(app: QApplication) -> None:
    dialog = ClassDialog(None, ClassCatalog.from_names(["cell"]), 1)
    dialog.name.setText("nucleus")
    dialog.set_color((1, 2, 3))
    changed = dialog.catalog().by_value(1)
    assert changed is not None and (changed.name, changed.color) == ("nucleus", (1, 2, 3))


@pytest.mark.parametrize("name", ["", "   ", "cell", "a\tb", "x" * 300])
def test_a_name_that_no_class_can_have_is_refused(app: QApplication, name: str) -> None:
    dialog = ClassDialog(None, ClassCatalog.from_names(["cell"]))
    dialog.name.setText(name)
    assert not dialog.findChild(QPushButton, "dialog.class.run").isEnabled()


def test_no_class_becomes_the_background_by_a_name_and_the_background_may_have_any(app: QApplication) -> None:
    catalog = ClassCatalog.from_names(["cell"]).edit(0, name="ground")
    for value in (None, 1):
        dialog = ClassDialog(None, catalog, value)
        dialog.name.setText("Background")
        assert not dialog.findChild(QPushButton, "dialog.class.run").isEnabled()
        assert "Only the background" in text_of(dialog, "dialog.class.says")
    dialog = ClassDialog(None, catalog, 0)
    dialog.name.setText("background")
    assert dialog.findChild(QPushButton, "dialog.class.run").isEnabled()
    assert dialog.catalog().background == 0


def test_a_full_catalog_takes_no_class_more_and_says_so(app: QApplication) -> None:
    dialog = ClassDialog(None, ClassCatalog.from_names([f"c{i}" for i in range(253)]))
    dialog.name.setText("one more")
    assert not dialog.findChild(QPushButton, "dialog.class.run").isEnabled()
    assert text_of(dialog, "dialog.class.says")


def test_keys_are_found_by_action_and_by_key(app: QApplication) -> None:
    dialog = KeysDialog()
    dialog.show()
    assert "Ctrl+Z" in shown_keys(dialog)
    QTest.keyClicks(dialog.search, "undo")
    assert shown_keys(dialog) == ["Ctrl+Z"]
    dialog.search.setText("wheel")
    assert len(shown_keys(dialog)) == 4


def shown_keys(dialog: KeysDialog) -> list[str]:
    sections = [dialog.table.topLevelItem(i) for i in range(dialog.table.topLevelItemCount())]
    rows = [s.child(i) for s in sections if not s.isHidden() for i in range(s.childCount())]
    return [row.text(1) for row in rows if not row.isHidden()]


def test_a_failure_names_the_file_and_the_remedy_and_unfolds_its_cause(app: QApplication) -> None:
    try:
        raise BadInputError("not an image", file="/a/b.png", hint="Choose another file")
    except BadInputError as error:
        box = show_failure(None, error)
    assert (box.text(), box.isVisible()) == ("Not an image.", True)
    assert "/a/b.png" in box.informativeText() and "Choose another file." in box.informativeText()
    assert "BadInputError" in box.detailedText()


def test_an_error_nobody_expected_is_explained_with_its_cause(app: QApplication) -> None:
    failure = as_failure(ZeroDivisionError("division by zero"))
    assert "division by zero" in failure.message and failure.hint
    box = show_failure(None, failure)
    assert "ZeroDivisionError" in box.detailedText()


class Depth(StrEnum):
    EIGHT = "8 bit"
    SIXTEEN = "16 bit"


@dataclass(frozen=True)
class Options:
    boxes: bool = field(default=True, metadata={"label": "Boxes", "help": "Write boxes"})
    depth: Depth = Depth.SIXTEEN
    order: Literal["rgb", "bgr"] = field(default="rgb", metadata={"choices": {"rgb": "Red first"}})
    count: int = 3
    share: float = 0.5
    note: str = "x"


def test_options_of_every_kind_come_back_as_they_are_set(app: QApplication) -> None:
    form = OptionsForm(Options, "o")
    assert form.value() == Options()
    form.findChild(QCheckBox, "o.boxes").click()
    form.findChild(QComboBox, "o.depth").setCurrentIndex(0)
    form.findChild(QComboBox, "o.order").setCurrentIndex(1)
    form.findChild(QSpinBox, "o.count").setValue(7)
    form.findChild(QLineEdit, "o.note").setText("y")
    assert form.value() == Options(False, Depth.EIGHT, "bgr", 7, 0.5, "y")


def test_choices_and_messages_have_the_words_of_the_form(app: QApplication) -> None:
    form = OptionsForm(Options, "o")
    order = form.findChild(QComboBox, "o.order")
    assert [order.itemText(i) for i in range(order.count())] == ["Red first", "bgr"]
    assert form.value().order == "rgb"
    for text, said in (
        ("name it with --boxes (a, b)", "name it with “Boxes” (a, b)"),
        ("--order rgb keeps them", "“Order: Red first” keeps them"),
        ("export --no-boxes and see", "export without “Boxes” and see"),
        ("--device cpu may help", "--device cpu may help"),
    ):
        assert form.in_words(text) == said


def test_an_option_without_a_widget_is_refused(app: QApplication) -> None:
    @dataclass
    class Odd:
        where: bytes = b""

    Odd.__annotations__["where"] = bytes
    with pytest.raises(LabeltoolError):
        OptionsForm(Odd, "o")


def test_a_dialog_remembers_its_size_and_fits_the_smallest_screen(app: QApplication) -> None:
    first = KeysDialog()
    first.resize(800, 500)
    first.show()
    first.close()
    assert KeysDialog().size() == QSize(800, 500)
    second = KeysDialog()
    second.resize(4000, 3000)
    second.show()
    second.close()
    third = KeysDialog()
    assert third.width() <= 1280 and third.height() <= 680
