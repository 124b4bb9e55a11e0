"""Dialogs and a window on a drive that does not answer: nothing stands still, and what is said is what is so (rows 14,
15)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QDir, QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QWidget,
)

from labeltool.app import watching
from labeltool.app.project import add_images
from labeltool.app.workbench import Workbench
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.store.lock import Sign
from labeltool.store.project import ProjectStore
from labeltool.ui import asking, opening
from labeltool.ui.bridge import Bridge
from labeltool.ui.dialogs import beside
from labeltool.ui.dialogs.export import LAST_FOLDER, ExportDialog
from labeltool.ui.dialogs.import_ import ImportDialog
from labeltool.ui.dialogs.new_project import NewProjectDialog
from labeltool.ui.dialogs.removing import RemovedDialog
from labeltool.ui.main import open_window
from labeltool.ui.train.new_page import NewPage
from labeltool.ui.window import MainWindow
from tests.e2e.pause import pause_ms, until
from tests.faults.sharing_scene import make_images, paint
from tests.ui.silent_drive import SilentDrive

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
LOOKING, SILENT = "Looking at", "The drive does not answer"


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AT_ONCE_S", 0.02)
    monkeypatch.setattr(watching, "ANSWER_S", 0.1)
    monkeypatch.setattr(asking, "SOON_S", 0.05)
    monkeypatch.setattr(asking, "LOOK_MS", 10)
    monkeypatch.setattr(beside, "SHOWN_AFTER_MS", 20)


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SilentDrive]:
    """It holds a folder with two images and a project with them."""
    root = tmp_path / "share"
    images = make_images(root / "pictures", "ab")
    with ProjectStore.create(root / "project", "test", ClassCatalog.from_names(["cell"])) as store:
        add_images(store, images)
    made = SilentDrive(root, monkeypatch)
    yield made
    made.answer()
    pause_ms(20)
    assert not made.frozen, made.frozen[0]


@pytest.fixture
def bench(app: QApplication, drive: SilentDrive) -> Iterator[Workbench]:
    bridge = Bridge()
    made = Workbench(ProjectStore.open(drive.root / "project"), bridge.deliver)
    yield made
    drive.answer()
    bridge.close()
    made.close()


def says(widget: QWidget, name: str) -> str:
    return widget.findChild(QLabel, name).text()


def type_in(line: QLineEdit, path: Path) -> None:
    """Paste what a path begins with, and type its end."""
    line.setText(str(path)[:-3])
    QTest.keyClicks(line, str(path)[-3:])


def asked() -> int:
    """Threads that wait for a drive."""
    return sum(each.name == "labeltool-asked" for each in threading.enumerate())


def new_project(app: QApplication, *paths: Path) -> NewProjectDialog:
    dialog = NewProjectDialog(None, paths)
    dialog.open()
    dialog.classes.setText("cell")
    return dialog


def test_a_project_in_a_silent_folder_waits_and_is_made_once_the_drive_answers(
    app: QApplication, drive: SilentDrive
) -> None:
    dialog = new_project(app)
    until(dialog._run.isEnabled)
    drive.hang()
    type_in(dialog.folder.line, drive.root / "new")
    assert asked() < 3, "not for every letter"
    assert says(dialog, "dialog.new.folder.says") == f"Looking at {drive.root / 'new'} …"
    assert not dialog._run.isEnabled()
    QTest.keyClick(dialog.folder.line, Qt.Key.Key_Return)
    until(lambda: says(dialog, "dialog.new.folder.says").startswith(f"{SILENT}: {drive.root / 'new'}."))
    assert dialog.isVisible() and not dialog._run.isEnabled()
    drive.answer()
    until(dialog._run.isEnabled)
    assert says(dialog, "dialog.new.folder.says").startswith("Labels are kept here")
    QTest.keyClick(dialog.folder.line, Qt.Key.Key_Return)
    assert dialog.result_().root == drive.root / "new"


def test_the_answer_to_a_path_that_was_typed_before_is_never_shown(
    app: QApplication, drive: SilentDrive, tmp_path: Path
) -> None:
    dialog = new_project(app)
    drive.hang()
    type_in(dialog.folder.line, drive.root / "pictures")
    until(lambda: says(dialog, "dialog.new.folder.says").startswith(SILENT))
    type_in(dialog.folder.line, tmp_path / "new")
    until(dialog._run.isEnabled)  # though the share has not answered yet
    drive.answer()  # that folder is not empty
    pause_ms(60)
    assert dialog._run.isEnabled()
    assert "not empty" not in says(dialog, "dialog.new.folder.says")
    dialog.reject()


def test_images_of_a_silent_drive_begin_a_project_and_its_dialog_can_be_left(
    app: QApplication, drive: SilentDrive
) -> None:
    drive.hang()
    dialog = new_project(app, drive.root / "pictures")
    assert says(dialog, "dialog.new.folder.says").startswith(LOOKING)
    until(lambda: says(dialog, "dialog.new.folder.says").startswith(SILENT))
    until(lambda: says(dialog, "dialog.new.images.says").startswith("Still looking for images"))
    other = new_project(app, drive.root / "pictures")
    QTest.mouseClick(other.findChild(QPushButton, "dialog.new.close"), LEFT)
    drive.answer()
    until(dialog._run.isEnabled)
    assert dialog.folder.path is not None and dialog.folder.path.name == "pictures"
    until(lambda: says(dialog, "dialog.new.images.says").startswith("Images found: 2."))
    dialog.reject()


def test_classes_of_a_file_on_a_silent_drive_are_taken_when_it_answers(
    app: QApplication, drive: SilentDrive
) -> None:
    (drive.root / "classes.json").write_text('["nucleus"]', encoding="ascii")
    dialog = new_project(app)
    drive.hang()
    dialog.classes.setText(str(drive.root / "classes.json"))
    assert says(dialog, "dialog.new.classes.says").startswith(LOOKING)
    assert not dialog._run.isEnabled()
    drive.answer()
    until(lambda: not says(dialog, "dialog.new.classes.says").startswith((LOOKING, SILENT)))
    dialog.reject()


def test_a_folder_is_chosen_from_home_where_the_drive_of_the_typed_one_is_silent(
    app: QApplication, drive: SilentDrive
) -> None:
    dialog = new_project(app)
    drive.hang()
    dialog.folder.set_path(drive.root / "new")
    QTest.mouseClick(dialog.findChild(QPushButton, "dialog.new.folder.folder"), LEFT)
    chooser = dialog.findChild(QFileDialog)
    assert chooser is not None and chooser.isVisible()
    assert chooser.directory().absolutePath() == QDir.homePath()
    chooser.reject()
    dialog.reject()


def test_labels_on_a_silent_drive_are_imported_once_it_answers(bench: Workbench, drive: SilentDrive) -> None:
    dialog = ImportDialog(bench)
    dialog.open()
    drive.hang()
    type_in(dialog.source.line, drive.root / "pictures")
    assert says(dialog, "dialog.import.source.says").startswith(LOOKING)
    assert not dialog.run.isEnabled()
    until(lambda: says(dialog, "dialog.import.source.says").startswith(SILENT))
    drive.answer()
    until(dialog.run.isEnabled)
    dialog.reject()


def test_an_export_waits_for_a_silent_target_and_for_none_that_was_typed_before(
    bench: Workbench, drive: SilentDrive, tmp_path: Path
) -> None:
    QSettings().setValue(LAST_FOLDER, str(drive.root / "exports"))
    drive.hang()
    dialog = ExportDialog(bench)
    dialog.open()
    assert says(dialog, "dialog.export.folder.says").startswith(LOOKING)
    until(lambda: says(dialog, "dialog.export.folder.says").startswith(SILENT))
    assert not dialog.run.isEnabled()
    drive.answer()
    until(lambda: dialog.target.path is not None and dialog.target.path.parent == drive.root / "exports")
    until(lambda: says(dialog, "dialog.export.folder.says").startswith("The folder appears whole"))
    drive.hang()
    type_in(dialog.target.line, drive.root / "pictures")
    assert says(dialog, "dialog.export.folder.says").startswith(LOOKING)
    drive.answer()
    until(lambda: "not empty" in says(dialog, "dialog.export.folder.says"))
    dialog.reject()


def test_the_trash_of_a_silent_drive_is_listed_when_it_answers(bench: Workbench, drive: SilentDrive) -> None:
    bench.store.remove_images([bench.store.images()[0].id])
    drive.hang()
    dialog = RemovedDialog(bench, None)
    dialog.open()
    assert says(dialog, "dialog.removed.says").startswith(LOOKING)
    until(lambda: says(dialog, "dialog.removed.says").startswith(SILENT))
    assert dialog.table.rowCount() == 0 and not dialog.back.isEnabled()
    drive.answer()
    until(lambda: dialog.table.rowCount() == 1)
    assert dialog.back.isEnabled()
    QTest.mouseClick(dialog.back, LEFT)
    until(lambda: dialog.table.rowCount() == 0)
    assert says(dialog, "dialog.removed.says").startswith("In the project again, with their labels: 1.")
    dialog.reject()


def test_the_name_of_a_training_is_looked_up_on_a_silent_drive_without_standing_still(
    bench: Workbench, drive: SilentDrive
) -> None:
    paint(bench.store, bench.store.images()[0])
    parent = QWidget()
    page = NewPage(parent)
    page.attach(bench)
    until(page.start.isEnabled)
    assert page.name.text() == "test-1"
    (drive.root / "project" / "models" / "taken").mkdir(parents=True)
    drive.hang()
    type_in(page.name, Path("taken"))
    assert says(page, "train.new.problem").startswith(LOOKING)
    until(lambda: says(page, "train.new.problem").startswith(SILENT))
    assert not page.start.isEnabled()
    drive.answer()
    until(lambda: says(page, "train.new.problem").startswith("There is a training or model called taken"))
    type_in(page.name, Path("free"))
    until(page.start.isEnabled)
    page.attach(None)


def test_a_class_that_has_waited_in_vain_is_told_and_can_be_added_again(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[LabeltoolError] = []
    bench.catalog_failed.connect(told.append)
    gate, wider = threading.Event(), bench.catalog.add("nucleus")

    def fails(catalog: ClassCatalog) -> None:
        gate.wait(60)
        raise StoreError("the drive is gone")

    with monkeypatch.context() as patched:
        patched.setattr(bench.store, "set_catalog", fails)
        bench.change_catalog(wider)
        with pytest.raises(StoreError, match="not on the disk yet"):
            bench.change_catalog(wider)
        gate.set()
        until(lambda: told)
    assert told[0].message == "the drive is gone" and bench.catalog.by_name("nucleus") is None
    bench.change_catalog(wider)
    until(lambda: bench.catalog.by_name("nucleus") is not None)


# ---- the window


@pytest.fixture
def window(app: QApplication, drive: SilentDrive) -> Iterator[MainWindow]:
    made = open_window()
    yield made
    drive.answer()
    made.close()


def waiting(window: MainWindow) -> QDialog | None:
    found = window.findChild(QDialog, "dialog.beside")
    return found if found is not None and found.isVisible() else None


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    window.dropEvent(QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, data, LEFT, NO))


def test_a_project_that_is_dropped_from_a_silent_drive_is_opened_when_it_answers(
    window: MainWindow, drive: SilentDrive
) -> None:
    drive.hang()
    drop(window, drive.root / "project")
    until(lambda: waiting(window) is not None)
    until(lambda: says(waiting(window), "dialog.beside.says").startswith(SILENT))
    assert window.bench is None
    drive.answer()
    until(lambda: window.annotate.image is not None)
    assert waiting(window) is None


def test_waiting_for_a_silent_drive_can_be_given_up_and_nothing_is_opened_then(
    window: MainWindow, drive: SilentDrive
) -> None:
    for begin in (window.open_path, window.projects.open):
        drive.hang()
        begin(drive.root / "project")
        until(lambda: waiting(window) is not None)
        QTest.mouseClick(waiting(window).findChild(QPushButton, "dialog.beside.close"), LEFT)
        drive.answer()
        pause_ms(60)
        assert window.bench is None and waiting(window) is None


def test_a_project_that_nobody_waits_for_any_more_is_free_for_others(
    window: MainWindow, drive: SilentDrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, late, edit = threading.Event(), list[opening.Opened](), opening.edit

    def slow(root: Path, take_over: Sign | None) -> opening.Opened:
        gate.wait(60)
        late.append(edit(root, take_over))
        return late[0]

    monkeypatch.setattr(opening, "edit", slow)
    window.projects.open(drive.root / "project")
    until(lambda: waiting(window) is not None)
    until(lambda: says(waiting(window), "dialog.beside.says").startswith("Still opening"))
    QTest.mouseClick(waiting(window).findChild(QPushButton, "dialog.beside.close"), LEFT)
    gate.set()
    until(lambda: late and late[0].store.read_only_reason)
    assert window.bench is None
    with ProjectStore.open(drive.root / "project") as store:
        assert not store.read_only_reason


def test_a_class_that_waits_for_a_silent_drive_is_shown_once_it_is_there(
    window: MainWindow, drive: SilentDrive
) -> None:
    window._hand._soon.setInterval(50)
    window.open_path(drive.root / "project")
    until(lambda: window.annotate.image is not None and not window.bench.lanes.busy)
    listed = window.findChild(QTreeWidget, "classes.list")
    before = listed.topLevelItemCount()
    drive.hang()
    add(window, "nucleus")
    until(lambda: "not on the disk yet" in says(window, "banner.text"))
    assert listed.topLevelItemCount() == before
    window.actions_["add_class"].trigger()  # it would know nothing of the first one
    until(lambda: window.findChild(QLabel, "qt_msgbox_label") is not None)
    assert "not on the disk yet" in says(window, "qt_msgbox_label")
    window.findChild(QDialog, "dialog.failure").accept()
    drive.answer()
    until(lambda: listed.topLevelItemCount() == before + 1)
    assert window.bench.catalog.by_value(window.bench.hand.value).name == "nucleus"
    assert "not on the disk yet" not in says(window, "banner.text")


def add(window: MainWindow, name: str) -> None:
    window.actions_["add_class"].trigger()
    line = window.findChild(QLineEdit, "dialog.class.name")
    QTest.keyClicks(line, name)
    QTest.keyClick(line, Qt.Key.Key_Return)
