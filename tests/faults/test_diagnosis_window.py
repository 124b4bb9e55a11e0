"""The real window when something goes wrong in it: told once, the strokes are saved, and a report can be had."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, QSettings, Qt, qWarning
from PySide6.QtGui import QDesktopServices, QGuiApplication, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton, QToolButton, QWidget

from labeltool.app.diagnosis import log
from labeltool.app.diagnosis.sessions import CutShort
from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.change import Change
from labeltool.imaging.thumbnail import thumbnail
from labeltool.store.fsck import check
from labeltool.store.project import ProjectStore
from labeltool.ui import diagnosis
from labeltool.ui.canvas.stack import LayerStack
from labeltool.ui.diagnosis import Diagnosis
from labeltool.ui.dialogs.problem_report import ProblemDialog
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import pause_ms, until

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier

pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "logs"
    for module in ("log", "sessions"):
        monkeypatch.setattr(f"labeltool.app.diagnosis.{module}.folder", lambda: folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    Image.fromarray(np.full((300, 400), 90, np.uint8)).save(tmp_path / "images" / "Jane Doe.png")
    with ProjectStore.create(tmp_path / "project", "p", ClassCatalog.from_names(["nucleus"])) as store:
        add_images(store, [tmp_path / "images"])
    return tmp_path / "project"


class Person:
    """Somebody at the window, with the diagnosis that goes with it."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.diagnosis = Diagnosis()
        self.watching = self.diagnosis.watching()
        self.watching.__enter__()
        self.window: MainWindow = open_window(project)
        self.diagnosis.follow(self.window, [])
        self.canvas = self.window.findChild(QWidget, "canvas")
        until(lambda: self.window.annotate.image is not None)
        QTest.qWaitForWindowExposed(self.window)

    def close(self) -> None:
        for box in self.boxes():
            box.close()
        self.window.close()
        pause_ms(0)
        self.diagnosis.leave()
        self.watching.__exit__(None, None, None)

    def at(self, x: float, y: float) -> QPointF:
        return QPointF(*self.canvas.image_to_widget(x, y))

    def drag(self, *points: tuple[float, float]) -> None:
        QTest.mousePress(self.canvas, LEFT, NO, self.at(*points[0]).toPoint())
        for point in points[1:]:
            QTest.mouseMove(self.canvas, self.at(*point).toPoint())
        QTest.mouseRelease(self.canvas, LEFT, NO, self.at(*points[-1]).toPoint())

    def label(self, x: int, y: int) -> int:
        return int(self.window.annotate.image.session.mask.read("label")[y, x])

    def boxes(self) -> list[QMessageBox]:
        return [box for box in self.window.findChildren(QMessageBox) if box.isVisible()]

    def saved(self) -> None:
        until(lambda: self.window.bench.saver.waiting == 0)

    def on_disk(self) -> np.ndarray:
        self.saved()
        with ProjectStore.open(self.project, write=False) as store:
            return store.load_mask(store.images()[0].id).read("label")

    def sound(self) -> bool:
        self.window.close()
        return check(self.project) == []

    def in_memory(self) -> np.ndarray:
        return self.window.annotate.image.session.mask.read("label")


@pytest.fixture
def person(project: Path, logs: Path) -> Iterator[Person]:
    made = Person(project)
    yield made
    made.close()


# ---- a paint event, a slot


def test_a_paint_event_that_fails_is_told_once_and_what_is_painted_is_saved(
    person: Person, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[int] = []

    def paint(*args: object) -> None:
        failures.append(1)
        raise ValueError("the layers cannot be painted")

    with monkeypatch.context() as broken:
        broken.setattr(LayerStack, "paint", paint)
        for painted in range(20):
            person.canvas.update()
            until(lambda painted=painted: len(failures) > painted)
        until(person.boxes)
        person.drag((50, 100), (150, 100))
        assert [box.text() for box in person.boxes()] == [
            "Something went wrong that the program does not know: the layers cannot be painted."
        ]
        assert person.label(100, 100) == 1
        assert np.array_equal(person.on_disk(), person.in_memory())
        assert person.window.bench.open.session.undo()
        assert not person.on_disk().any()
        for box in person.boxes():
            box.close()
        pause_ms(50)
        assert person.boxes() == [], "closed is closed"
    person.drag((50, 200), (150, 200))
    assert np.array_equal(person.on_disk(), person.in_memory()) and person.label(100, 200) == 1
    text = (logs / log.NAME).read_text(encoding="utf-8")
    assert text.count("Traceback") <= 3 and "the layers cannot be painted" in text
    assert person.sound()


class Sloppy(QWidget):
    """Leaves its painter to its frame, which the traceback of a failure keeps."""

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.red)
        fails()


def test_a_painter_that_stays_open_in_a_failed_paint_event_is_closed(person: Person) -> None:
    """Otherwise Qt ends the program when the widget goes, if not before."""
    sloppy = Sloppy(person.window)
    sloppy.setGeometry(0, 0, 50, 50)
    sloppy.show()
    for _ in range(10):
        sloppy.update()
        pause_ms(2)
    until(person.boxes)
    sloppy.setParent(None)
    sloppy.deleteLater()
    person.drag((150, 100), (250, 100))
    assert np.array_equal(person.on_disk(), person.in_memory()) and person.label(200, 100) == 1


def test_our_own_widgets_end_their_painters_themselves() -> None:
    folder = Path(diagnosis.__file__).parent
    bare = re.compile(r"QPainter\(self\)(?! as )")
    assert [path.name for path in folder.rglob("*.py") if bare.search(path.read_text(encoding="utf-8"))] == []


def fails(*args: object) -> None:
    raise RuntimeError("broken on purpose")


def test_a_listener_that_fails_during_a_stroke_leaves_no_half_stroke(person: Person) -> None:
    session = person.window.annotate.image.session
    for row, moment in enumerate(("press", "move", "release")):
        heard: list[Change] = []

        def listener(change: Change, heard: list[Change] = heard, moment: str = moment) -> None:
            heard.append(change)
            if {"press": len(heard) == 1, "move": len(heard) == 2, "release": change.box.is_empty}[moment]:
                raise RuntimeError("a panel is broken")

        forget = session.changed.connect(listener)
        y = 60 + 40 * row
        person.drag((50, y), (90, y), (150, y))
        forget()
        until(person.boxes)
        assert "a panel is broken" in person.boxes()[0].text()
        assert not person.canvas.busy and not session.painting
        assert np.array_equal(person.on_disk(), person.in_memory()) and person.label(100, y) == 1
    person.drag((50, 200), (150, 200))
    assert np.array_equal(person.on_disk(), person.in_memory()) and person.label(100, 200) == 1
    assert person.sound()


def test_a_preview_that_cannot_be_shown_takes_its_stroke_back(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(person.canvas._drawing, "_shown", fails)
        person.drag((50, 100), (90, 100), (150, 100))
        pause_ms(20)
    person.canvas.cancel_gesture()
    assert not person.canvas.busy
    assert np.array_equal(person.on_disk(), person.in_memory())
    person.drag((50, 200), (150, 200))
    assert person.label(100, 200) == 1
    assert np.array_equal(person.on_disk(), person.in_memory())


def test_a_slot_that_fails_is_told_with_a_report_and_the_next_one_is_not_a_second_message(
    person: Person,
) -> None:
    button = QPushButton(person.window)
    button.clicked.connect(fails)
    other = QPushButton(person.window)
    other.clicked.connect(lambda: 1 // 0)
    for each in (button, other, button):
        each.click()
    until(person.boxes)
    pause_ms(20)
    (box,) = person.boxes()
    box.findChild(QPushButton, "dialog.failure.report").click()
    until(lambda: person.window.findChild(ProblemDialog))
    shown = person.window.findChild(ProblemDialog).text.toPlainText()
    assert "RuntimeError: broken on purpose" in shown
    assert "ZeroDivisionError" in shown, "from the log"
    person.window.findChild(ProblemDialog).close()


def test_a_view_that_fails_when_an_image_is_opened_leaves_nobody_waiting(person: Person) -> None:
    bench = person.window.bench
    bench.image_opened.connect(fails)
    bench.open_image(bench.open.record.id)
    until(person.boxes)
    until(lambda: bench.open is not None and not bench.open.session.frozen)
    came: list[int] = []
    assert bench._at_hand.waits(lambda: came.append(1)) is False
    person.drag((50, 100), (150, 100))
    assert np.array_equal(person.on_disk(), person.in_memory()) and person.label(100, 100) == 1


def test_what_qt_says_is_in_the_log_and_an_error_before_the_window_is_kept_for_it(logs: Path) -> None:
    diagnosing = Diagnosis()
    with diagnosing.watching():
        qWarning("the widget is upset")
        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()
        until(lambda: diagnosing._early)
    text = (logs / log.NAME).read_text(encoding="utf-8")
    assert "qt: default: the widget is upset" in text
    assert "RuntimeError: broken on purpose" in text and "ended by this" in text


# ---- the report


def test_a_report_is_read_first_and_without_names_until_they_are_wanted(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.getLogger("labeltool.test").error("cannot read %s, for Jane Doe", tmp_path / "scan of Doe.png")
    person.window.actions_["report"].trigger()
    dialog = person.window.findChild(ProblemDialog)
    shown = dialog.text.toPlainText()
    assert "Doe" not in shown and str(tmp_path) not in shown and "<name" in shown
    assert "Qt: 6" in shown and "opened <name" in shown
    dialog.strip.setChecked(False)
    assert "scan of Doe.png" in dialog.text.toPlainText()
    dialog.strip.setChecked(True)
    dialog.text.appendPlainText("seen by its reader")
    dialog.write(tmp_path / "report.txt")
    written = (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert written == dialog.text.toPlainText() and "seen by its reader" in written
    dialog.copy_button.click()
    assert "seen by its reader" in QGuiApplication.clipboard().text()
    dialog.close()


def test_a_report_that_cannot_be_written_says_so_and_stays(tmp_path: Path) -> None:
    dialog = ProblemDialog("the whole text")
    dialog.show()
    dialog.write(tmp_path / "no such folder" / "report.txt")
    (box,) = [box for box in dialog.findChildren(QMessageBox) if box.isVisible()]
    assert "report.txt" in box.informativeText()
    box.close()
    assert dialog.isVisible()
    dialog.close()


def test_the_folder_of_logs_is_opened_or_named(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: asked.append(url.toLocalFile()) or len(asked) == 1
    )
    window = QWidget()
    diagnosis.open_logs(window)
    assert asked == [str(logs)] and window.findChildren(QMessageBox) == []
    diagnosis.open_logs(window)
    (box,) = window.findChildren(QMessageBox)
    assert str(logs) in box.informativeText()
    box.close()


# ---- the next start


def test_the_next_start_says_that_the_last_session_crashed_and_shows_its_report(
    person: Person, logs: Path
) -> None:
    (logs / log.NAME).write_text("2026-01-01T09:00:01.000Z 4711 INFO ui.projects: opened ⟨/data/Doe⟩\n")
    last = CutShort("2026-01-01T09:00:00", 4711, "0.1.0", "Fatal Python error: Segmentation fault")
    person.diagnosis.follow(person.window, [last])
    (box,) = person.boxes()
    assert box.text() == "labeltool crashed the last time it ran."
    box.findChild(QPushButton, "dialog.cut_short.report").click()
    until(lambda: person.window.findChild(ProblemDialog))
    dialog = person.window.findChild(ProblemDialog)
    shown = dialog.text.toPlainText()
    assert "Fatal Python error: Segmentation fault" in shown and "opened <name 1>" in shown
    dialog.close()


def test_a_session_that_was_killed_is_not_called_a_crash() -> None:
    window = QWidget()
    box = diagnosis.tell_of_last(window, [CutShort("2026-01-01T09:00:00", 4711, "0.1.0", "")])
    assert "ended from outside" in box.text()
    box.close()


REAL = """
import ctypes, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMessageBox
from labeltool.ui import main
def soon():
    window = main.QApplication.instance().topLevelWidgets()
    boxes = [b.text() for w in window for b in w.findChildren(QMessageBox)]
    print("boxes:", *boxes, flush=True)
    if sys.argv[2] == "crash":
        ctypes.string_at(0)
    for w in window:
        w.close()
main.application()
QTimer.singleShot(1500, soon)
sys.exit(main.run(Path(sys.argv[1])))
"""


@pytest.mark.slow
def test_a_real_window_that_crashed_is_told_of_by_the_next_one_and_not_by_the_one_after(
    project: Path, tmp_path: Path
) -> None:
    def run(what: str) -> subprocess.CompletedProcess[str]:
        homes = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("STATE", "CONFIG", "CACHE", "DATA")}
        return subprocess.run(
            [sys.executable, "-c", REAL, str(project), what],
            env={**os.environ, **homes, "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    crashed = run("crash")
    assert crashed.returncode < 0, crashed.stderr
    again = run("end")
    assert again.returncode == 0, again.stderr
    assert "boxes: labeltool crashed the last time it ran." in again.stdout
    last = run("end")
    assert "boxes:\n" in last.stdout or last.stdout.strip() == "boxes:"
    assert check(project) == []


# ---- a home that takes nothing


def test_where_nothing_of_the_home_can_be_written_one_notice_says_so_and_strokes_are_saved(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    for module in ("log", "sessions"):
        monkeypatch.setattr(f"labeltool.app.diagnosis.{module}.folder", lambda: tmp_path / "home" / "logs")
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home" / name))
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "home" / "settings")
    )
    person = Person(project)
    try:
        banner = person.window.findChild(QWidget, "banner.text")
        until(banner.text)
        said = banner.text()
        assert "The log cannot be written" in said and "The settings cannot be kept" in said
        assert "Your labels are not touched by this" in said
        person.window.findChild(QToolButton, "banner.close").click()
        person.drag((50, 100), (150, 100))
        logging.getLogger("labeltool.test").error("again")
        pause_ms(20)
        person.window.projects.opened.emit(person.window.bench)
        pause_ms(20)
        assert banner.text() == "", "one notice"
        assert np.array_equal(person.on_disk(), person.in_memory()) and person.label(100, 100) == 1
        assert thumbnail(tmp_path / "images" / "Jane Doe.png", 64).shape == (48, 64, 3)
    finally:
        person.close()
    assert check(project) == []
