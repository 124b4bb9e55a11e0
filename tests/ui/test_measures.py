"""The dialog of measures: a table that sorts, copies, exports, and leads back to the image."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.patch import write
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from labeltool.ui.dialogs import measures as module
from labeltool.ui.dialogs.measures import MeasuresDialog, TableModel
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

SIDES = (4, 12, 8)


@pytest.fixture
def window(app: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """Two images of 300 x 200 pixels; in the second there are three squares."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((200, 300, 3), np.uint8)).save(folder / name)
    with ProjectStore.create(tmp_path / "project", "test", ClassCatalog.from_names(["=nucleus"])) as store:
        add_images(store, [folder])
        image_id = store.images()[1].id
        for number, side in enumerate(SIDES):
            box = Box(20, 60 * number, 20 + side, 60 * number + side)
            mask = store.load_mask(image_id)
            patch = write(mask, box, title="t", kind="k", label=1, origin=Origin.HUMAN.value)
            store.commit(image_id, patch, expected=store.image(image_id).revision)
    made = MainWindow()
    made.resize(1280, 720)
    made.show()
    made.open_path(tmp_path / "project")
    until(lambda: made.annotate.image is not None)
    yield made
    made.close()


@pytest.fixture
def dialog(window: MainWindow) -> MeasuresDialog:
    window.actions_["measures"].trigger()
    found = window.findChild(MeasuresDialog)
    assert found is not None
    return found


def run(dialog: MeasuresDialog) -> None:
    dialog.run.click()
    until(lambda: not dialog.job.running)


def cells(dialog: MeasuresDialog, header: str) -> list[str]:
    model = dialog.table.model()
    assert isinstance(model, TableModel)
    column = [each.header for each in model.table.columns].index(header)
    return [model.index(row, column).data() for row in range(model.rowCount())]


def text(dialog: MeasuresDialog, name: str) -> str:
    found = dialog.findChild(QLabel, f"dialog.measures.{name}")
    assert found is not None
    return found.text()


def test_before_anything_is_measured_it_says_what_to_do(dialog: MeasuresDialog) -> None:
    assert "press Measure" in text(dialog, "empty")
    assert not dialog.export.isEnabled()


def test_numbers_are_sorted_as_numbers_and_stand_to_the_right(dialog: MeasuresDialog) -> None:
    run(dialog)
    assert cells(dialog, "pixels") == ["16", "144", "64"]
    model = dialog.table.model()
    assert isinstance(model, TableModel)
    heads = [each.header for each in model.table.columns]
    dialog.table.sortByColumn(heads.index("pixels"), Qt.SortOrder.DescendingOrder)
    assert cells(dialog, "pixels") == ["144", "64", "16"]
    for head, side in (("pixels", Qt.AlignmentFlag.AlignRight), ("class", Qt.AlignmentFlag.AlignLeft)):
        assert model.index(0, heads.index(head)).data(Qt.ItemDataRole.TextAlignmentRole) & side


def test_a_row_leads_to_its_object_in_its_image(window: MainWindow, dialog: MeasuresDialog) -> None:
    run(dialog)
    heads = [each.header for each in dialog.table.model().table.columns]  # type: ignore[attr-defined]
    dialog.table.sortByColumn(heads.index("pixels"), Qt.SortOrder.DescendingOrder)
    index = dialog.table.model().index(1, 0)
    QTest.mouseClick(
        dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=dialog.table.visualRect(index).center()
    )
    until(lambda: window.annotate.image is not None and window.annotate.image.record.path.name == "b.png")
    canvas = window.annotate.canvas

    def middle() -> tuple[float, float]:
        return canvas.widget_to_image(canvas.width() / 2, canvas.height() / 2)

    until(lambda: middle() == pytest.approx((24, 124), abs=1))
    dialog.table.setCurrentIndex(dialog.table.model().index(0, 0))
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    until(lambda: middle() == pytest.approx((26, 66), abs=1))


def test_copied_rows_have_their_header_and_run_nothing(dialog: MeasuresDialog, app: QApplication) -> None:
    run(dialog)
    dialog.table.selectRow(1)
    QTest.keyClick(dialog.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, row = app.clipboard().text().split("\n")
    found = dict(zip(head.split("\t"), row.split("\t"), strict=True))
    assert (found["pixels"], found["class"], found["image"]) == ("144", "'=nucleus", "b.png")
    dialog.table.clearSelection()
    QTest.keyClick(dialog.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert len(app.clipboard().text().split("\n")) == 4


def test_the_table_is_exported(dialog: MeasuresDialog, tmp_path: Path) -> None:
    run(dialog)
    dialog.write(tmp_path / "out.csv")
    until(lambda: not dialog.job.running)
    assert len((tmp_path / "out.csv").read_text("utf-8").splitlines()) == 4
    assert "out.csv" in text(dialog, "says")


def test_a_file_that_cannot_be_written_is_named(
    dialog: MeasuresDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(module, "show_failure", lambda parent, error, title: said.append(str(error)))
    run(dialog)
    dialog.write(tmp_path / "nowhere" / "out.csv")
    until(lambda: said)
    assert "no such folder" in said[0]


def test_what_was_just_painted_is_measured(window: MainWindow, dialog: MeasuresDialog) -> None:
    image = window.annotate.image
    assert image is not None
    dialog.images.setCurrentIndex(1)
    run(dialog)
    assert "Nothing is labelled" in text(dialog, "empty")
    session = image.session
    session.apply(
        write(session.mask, Box(5, 5, 8, 9), title="t", kind="k", label=1, origin=Origin.HUMAN.value)
    )
    run(dialog)
    assert (cells(dialog, "image"), cells(dialog, "pixels")) == (["a.png"], ["12"])


def test_classes_of_all_images_have_no_place_to_go_to(dialog: MeasuresDialog) -> None:
    by = dialog.findChild(QComboBox, "dialog.measures.by")
    assert by is not None
    by.setCurrentIndex(by.findText("total"))
    asked: list[object] = []
    dialog.place_asked.connect(lambda *place: asked.append(place))
    run(dialog)
    assert cells(dialog, "objects") == ["", "3"]
    dialog.table.setCurrentIndex(dialog.table.model().index(1, 0))
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert not asked


def test_it_goes_with_its_project(window: MainWindow, dialog: MeasuresDialog) -> None:
    run(dialog)
    assert window.projects.close_project()
    assert not dialog.isVisible()


def test_measuring_can_be_stopped(dialog: MeasuresDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(store: object, records: object, options: object, *, progress: object, cancel: object) -> None:
        while True:
            time.sleep(0.005)
            cancel.check()  # type: ignore[attr-defined]

    monkeypatch.setattr(module, "measure", slow)
    dialog.run.click()
    dialog.reject()
    until(lambda: not dialog.job.running)
    assert dialog.isVisible()
    assert "Stopped" in text(dialog, "empty")
    assert dialog.run.isEnabled()
