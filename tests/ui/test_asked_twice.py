"""What is asked twice, and what answers after somebody has moved on: one project, never below a dialog, never another's
hand."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QPushButton,
    QToolButton,
)

from labeltool.app import demo, watching
from labeltool.app.diagnosis.sessions import CutShort
from labeltool.app.project import add_images
from labeltool.app.workbench import Workbench
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import StoreError
from labeltool.store.lock import Sign
from labeltool.store.project import ProjectStore
from labeltool.ui import asking, opening, recent
from labeltool.ui.bridge import Bridge
from labeltool.ui.diagnosis import Diagnosis
from labeltool.ui.dialogs import beside
from labeltool.ui.dialogs.failure import as_failure, show_failure
from labeltool.ui.dialogs.path_edit import PathEdit
from labeltool.ui.dialogs.removing import RemovedDialog
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import pause_ms, until
from tests.faults.sharing_scene import make_images

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AT_ONCE_S", 0.02)
    monkeypatch.setattr(asking, "SOON_S", 0.05)
    monkeypatch.setattr(asking, "LOOK_MS", 10)
    monkeypatch.setattr(beside, "SHOWN_AFTER_MS", 100)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What is slow ends once this is set."""
    made = threading.Event()
    yield made
    made.set()


@pytest.fixture
def window(app: QApplication, gate: threading.Event) -> Iterator[MainWindow]:
    made = open_window()
    yield made
    gate.set()
    made.close()


def project(tmp_path: Path, name: str = "project") -> Path:
    images = make_images(tmp_path / f"images-{name}", "ab")
    with ProjectStore.create(tmp_path / name, name, ClassCatalog.from_names(["cell", "dirt"])) as store:
        add_images(store, images)
    return tmp_path / name


def shown(window: MainWindow) -> set[str]:
    return {each.objectName() for each in window.findChildren(QDialog) if each.isVisible()}


def open_first(window: MainWindow, root: Path) -> Workbench:
    window.open_path(root)
    until(lambda: window.annotate.image is not None and not window.bench.lanes.busy)
    return window.bench


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, gate: threading.Event) -> list[Path]:
    """Projects as they were opened. A slow drive: each takes until the gate is open."""
    edit, made = opening.edit, list[Path]()

    def slow(root: Path, take_over: Sign | None) -> opening.Opened:
        found = edit(root, take_over)
        made.append(root)
        assert gate.wait(60)
        return found

    monkeypatch.setattr(opening, "edit", slow)
    return made


def test_two_clicks_on_a_project_that_opens_slowly_open_it_once(
    app: QApplication, tmp_path: Path, opened: list[Path], gate: threading.Event
) -> None:
    recent.remember(project(tmp_path))
    window = open_window()
    rows = window.findChild(QListWidget, "start.recent")
    at = rows.visualItemRect(rows.item(0)).center()
    QTest.mouseClick(rows.viewport(), LEFT, NO, at)
    until(lambda: opened)
    QTest.mouseClick(rows.viewport(), LEFT, NO, at)
    pause_ms(80)
    assert shown(window) <= {"dialog.beside"}, "nobody else edits it"
    gate.set()
    until(lambda: window.annotate.image is not None)
    assert len(opened) == 1
    window.close()


def test_a_project_that_was_given_up_is_opened_when_it_is_asked_for_again(
    window: MainWindow, tmp_path: Path, opened: list[Path], gate: threading.Event
) -> None:
    root = project(tmp_path)
    window.projects.open(root)
    until(lambda: opened and shown(window) == {"dialog.beside"})
    QTest.mouseClick(window.findChild(QPushButton, "dialog.beside.close"), LEFT)
    window.projects.open(root)
    pause_ms(80)
    assert shown(window) <= {"dialog.beside"}, "who held it is the window itself"
    gate.set()
    until(lambda: window.annotate.image is not None)
    assert len(opened) == 2 and window.bench.editable


def test_a_project_is_not_changed_below_a_dialog_that_is_about_another(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    one, two = project(tmp_path, "one"), project(tmp_path, "two")
    bench, look = open_first(window, one), opening.project_among
    monkeypatch.setattr(opening, "project_among", lambda paths: look(paths) if gate.wait(60) else None)
    window.projects.open_all([two])
    window.actions_["export"].trigger()
    gate.set()
    pause_ms(80)
    assert window.bench is bench and "dialog.export" in shown(window)
    window.findChild(QDialog, "dialog.export").reject()
    until(lambda: window.bench is not None and window.bench.store.root == two)


def test_no_dialog_of_a_slow_opening_covers_one_that_is_open_already(
    window: MainWindow, tmp_path: Path, opened: list[Path], gate: threading.Event
) -> None:
    """Or neither could be closed: the project waits for the first, and the second for the project."""
    window.projects.open(project(tmp_path))
    until(lambda: opened)
    first = show_failure(window, as_failure(StoreError("something else")))
    pause_ms(250)
    assert shown(window) == {"dialog.failure"}
    gate.set()
    pause_ms(50)
    assert window.bench is None, "it waits"
    first.accept()
    until(lambda: window.annotate.image is not None)


def test_what_the_last_session_left_is_told_once_a_slow_project_is_there(
    window: MainWindow, tmp_path: Path, opened: list[Path], gate: threading.Event
) -> None:
    window.projects.open(project(tmp_path))
    diagnosis = Diagnosis()
    diagnosis.follow(window, [CutShort("2026-01-01T09:00:00", 4711, "0.1.0", "")])
    until(lambda: shown(window) == {"dialog.beside"})
    gate.set()
    until(lambda: window.bench is not None and shown(window) == {"dialog.cut_short"})
    box = window.findChild(QMessageBox, "dialog.cut_short")
    assert "Open the project" not in box.informativeText()
    box.close()
    diagnosis.leave()


def test_a_sample_that_is_made_while_somebody_has_gone_on_takes_no_place(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    sample, ended = project(tmp_path, "sample"), list[bool]()
    monkeypatch.setattr(demo, "default_root", lambda kind: sample)
    monkeypatch.setattr(
        demo, "open_demo", lambda *_: ProjectStore.open(sample, write=False) if gate.wait(60) else None
    )
    window.projects.open_sample("cells")
    window.projects.open(project(tmp_path, "mine"))
    until(lambda: window.annotate.image is not None)
    window._work.ended.connect(lambda: ended.append(True))
    gate.set()
    until(lambda: ended)
    pause_ms(50)
    assert window.bench is not None and window.bench.store.root.name == "mine"


@pytest.fixture
def slow_classes(window: MainWindow, tmp_path: Path, gate: threading.Event) -> Callable[[], None]:
    """A project is open, and a class was added that its disk has not taken up; the call lets it."""
    store = open_first(window, project(tmp_path)).store
    keep = store.set_catalog
    store.set_catalog = lambda catalog: keep(catalog) if gate.wait(60) else None  # type: ignore[method-assign]
    window.actions_["add_class"].trigger()
    line = window.findChild(QLineEdit, "dialog.class.name")
    QTest.keyClicks(line, "nucleus")
    QTest.keyClick(line, Qt.Key.Key_Return)

    def arrive() -> None:
        gate.set()
        until(lambda: window.bench.catalog.by_name("nucleus") is not None)
        pause_ms(20)

    return arrive


def test_a_class_that_arrives_late_leaves_the_one_that_was_taken_meanwhile(
    window: MainWindow, slow_classes: Callable[[], None]
) -> None:
    window.actions_["class_2"].trigger()
    slow_classes()
    assert window.bench.hand.value == 2


def test_no_labels_are_imported_while_a_class_is_not_on_the_disk(
    window: MainWindow, slow_classes: Callable[[], None]
) -> None:
    window.actions_["import"].trigger()
    assert shown(window) == {"dialog.failure"}, "classes of the labels would take its place"
    window.findChild(QDialog, "dialog.failure").accept()
    slow_classes()
    window.actions_["import"].trigger()
    assert shown(window) == {"dialog.import"}
    window.findChild(QDialog, "dialog.import").reject()


def test_a_stroke_ends_where_a_dialog_takes_the_mouse(window: MainWindow, tmp_path: Path) -> None:
    open_first(window, project(tmp_path))
    window.actions_["brush"].trigger()
    canvas, mouse = window._canvas, window.windowHandle()
    middle = canvas.mapTo(window, canvas.rect().center())
    QTest.mousePress(mouse, LEFT, NO, middle)
    QTest.mouseMove(mouse, middle + QPoint(20, 0))
    assert canvas.drawing
    window.actions_["export"].trigger()
    QTest.mouseRelease(mouse, LEFT, NO, middle + QPoint(20, 0))  # which Qt lets nobody hear
    assert not canvas.drawing and window.annotate.image.session.revision == 1
    window.findChild(QDialog, "dialog.export").reject()
    pause_ms(0)
    QTest.mouseMove(mouse, middle + QPoint(0, 60))
    assert not canvas.drawing, "the pointer merely moves"


def test_two_clicks_on_a_message_close_no_polygon(window: MainWindow, tmp_path: Path) -> None:
    open_first(window, project(tmp_path))
    window.actions_["polygon"].trigger()
    canvas = window._canvas
    window._banner.tell("something is so")
    pause_ms(20)
    for corner in (QPoint(200, 200), QPoint(400, 200), QPoint(400, 400)):
        QTest.mouseClick(canvas, LEFT, NO, corner)
    close = window.findChild(QToolButton, "banner.close")
    pressed_ms = canvas._pressed_ms
    assert pressed_ms is not None
    canvas._pressed_ms = pressed_ms - QApplication.doubleClickInterval() - 1  # it is a while ago
    QTest.mouseDClick(window.windowHandle(), LEFT, NO, close.mapTo(window, close.rect().center()))
    assert window._banner.isHidden() and canvas.busy
    canvas.cancel_gesture()


def test_nothing_of_a_project_is_kept_once_it_is_closed(window: MainWindow, tmp_path: Path) -> None:
    bench = open_first(window, project(tmp_path))
    kept = weakref.ref(bench), weakref.ref(bench.store), weakref.ref(bench.open.pyramid)
    del bench
    window.actions_["close_project"].trigger()

    def gone() -> bool:
        gc.collect()
        return not any(each() is not None for each in kept)

    until(gone)


def test_a_name_of_nobody_after_a_tilde_is_a_path_like_any_other(app: QApplication, tmp_path: Path) -> None:
    edit = PathEdit("path", "Path")
    told: list[Path | None] = []
    edit.changed.connect(lambda: told.append(edit.path))
    QTest.keyClicks(edit.line, "~nobody-is-called-so")
    assert told[-1] == Path("~nobody-is-called-so").absolute()
    edit.line.setText("~")
    assert edit.path == Path.home()
    edit.deleteLater()


def test_images_are_brought_back_one_after_another(
    app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    bridge = Bridge()
    bench = Workbench(ProjectStore.open(project(tmp_path)), bridge.deliver)
    bench.store.remove_images([each.id for each in bench.store.images()])
    back = bench.store.bring_back
    monkeypatch.setattr(bench.store, "bring_back", lambda ids: back(ids) if gate.wait(60) else None)
    dialog = RemovedDialog(bench, None)
    dialog.open()
    until(lambda: dialog.table.rowCount() == 2)
    dialog.table.selectRow(0)
    QTest.mouseClick(dialog.back, LEFT)
    dialog.table.selectRow(1)
    assert dialog.job.running and not dialog.back.isEnabled()
    gate.set()
    until(lambda: dialog.table.rowCount() == 1)
    assert dialog.back.isEnabled()
    dialog.reject()
    bridge.close()
    bench.close()
