"""The window beside another process, at the end of the system's session, and after a sleep (rows 13, 15, 70)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QListView, QPushButton, QToolButton, QTreeWidget, QWidget

from labeltool.app.people.deciding import decided, state
from labeltool.core.project import Status
from labeltool.store import lock as locks
from labeltool.store.fsck import check
from labeltool.store.index import Index
from labeltool.store.layout import mask_path
from labeltool.store.mask_file import MaskFile
from labeltool.store.project import ProjectStore
from labeltool.ui import ending, recent, sharing
from labeltool.ui.dialogs import locked
from labeltool.ui.ending import Ending
from labeltool.ui.main import application, open_window
from labeltool.ui.panels.image_rows import RECORD_ROLE
from labeltool.ui.window import COMMIT_S, MainWindow
from tests.e2e.pause import pause_ms, until
from tests.faults.sharing_scene import (
    edited_elsewhere,
    held_elsewhere,
    make_images,
    make_project,
    on_another_computer,
    paint,
)

LEFT = Qt.MouseButton.LeftButton

pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project", make_images(tmp_path / "images"))


def press(window: QWidget, name: str) -> None:
    until(lambda: window.findChild(QPushButton, name) is not None)
    window.findChild(QPushButton, name).click()


def banner(window: MainWindow) -> str:
    return window.findChild(QLabel, "banner.text").text()


def opened(project: Path) -> MainWindow:
    window = open_window(project)
    until(lambda: window.annotate.image is not None)
    return window


def drag(window: MainWindow, *points: tuple[float, float], release: bool = True) -> None:
    canvas = window.findChild(QWidget, "canvas")
    places = [QPointF(*canvas.image_to_widget(*point)).toPoint() for point in points]
    QTest.mousePress(canvas, LEFT, Qt.KeyboardModifier.NoModifier, places[0])
    for place in places[1:]:
        QTest.mouseMove(canvas, place)
    if release:
        QTest.mouseRelease(canvas, LEFT, Qt.KeyboardModifier.NoModifier, places[-1])


def test_a_project_that_somebody_edits_is_opened_to_view_with_one_click_and_edited_when_it_is_free(
    project: Path,
) -> None:
    with held_elsewhere(project) as other:
        window = open_window(project)
        until(lambda: window.findChild(QLabel, "dialog.locked.owner") is not None)
        assert window.findChild(QLabel, "heading").text() == "Somebody is editing this project"
        owner = window.findChild(QLabel, "dialog.locked.owner").text()
        assert owner.startswith("It is open for editing here: ") and f"(process {other.pid}), since" in owner
        assert window.findChild(QPushButton, "dialog.locked.view").text() == "Open to view"
        press(window, "dialog.locked.view")
        until(lambda: window.annotate.image is not None)
        assert f"process {other.pid}" in banner(window)
        assert "read only" in window.windowTitle()
        assert not window.actions_["done"].isEnabled()
        drag(window, (100, 100), (150, 100))
        assert window.annotate.image.session.revision == 1
        window._sharing.look()
        pause_ms(100)
        assert window.findChild(QToolButton, "banner.do").text() != "Edit now"
        window._sharing.edit_now()  # too early
        press(window, "dialog.locked.close")
        assert not window.bench.editable
        other.kill()
        other.wait()
    window._sharing.look()
    button = window.findChild(QToolButton, "banner.do")
    until(lambda: button.isVisible() and button.text() == "Edit now")
    assert banner(window) == "Nobody edits the project any more."
    button.click()
    until(lambda: window.bench is not None and window.bench.editable and window.annotate.image is not None)
    assert "read only" not in window.windowTitle()
    drag(window, (100, 100), (150, 100))
    until(lambda: window.bench.save_state.saved == 2)
    window.close()
    assert check(project) == []


def viewed(project: Path) -> MainWindow:
    """A window that only looks, and does so often."""
    window = open_window(project)
    press(window, "dialog.locked.view")
    until(lambda: window.annotate.image is not None)
    window._sharing._follow.setInterval(20)
    return window


def test_a_window_that_only_looks_shows_what_others_do_meanwhile(project: Path) -> None:
    with edited_elsewhere(project) as do:
        window = viewed(project)
        canvas, image = window.annotate.canvas, window.annotate.image
        canvas.zoom_to(3)
        canvas.centre_on(115, 40)
        before, view = canvas.grab().toImage(), canvas.view
        do("paint 0 100")
        until(lambda: window.annotate.image.session.revision == 2)
        assert window.annotate.image is image  # it was not read again: nothing jumps
        assert image.session.mask.read("label")[30, 110] == 1
        assert canvas.view == view
        assert canvas.grab().toImage() != before
        cell = window.findChild(QTreeWidget, "classes.list").topLevelItem(1)
        until(lambda: cell.text(5).strip() == "3.1 %")
        rows = window.findChild(QListView, "images.list").model()
        do("class tissue")
        until(lambda: window.findChild(QTreeWidget, "classes.list").topLevelItemCount() == 4)
        do("approve 1")
        until(lambda: rows.index(1, 0).data(RECORD_ROLE).status is Status.APPROVED)
        do("approve 0")
        until(lambda: window.findChild(QWidget, "top.status").text() == "approved")
        assert rows.index(0, 0).data(RECORD_ROLE).status is Status.APPROVED
        do("remove 2")
        until(lambda: rows.rowCount() == 2)
        assert window.annotate.image is image
        do("remove 0")
        until(lambda: window.annotate.image is None)
        assert banner(window) == "a.png was taken out of the project by whoever edits it."
        assert rows.rowCount() == 1
        window.close()


def test_who_looks_reads_nothing_that_was_not_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    with held_elsewhere(project):
        for path in project.rglob("*"):
            os.utime(path, (1_000_000_000, 1_000_000_000))
        window = viewed(project)
        until(lambda: not window.bench.lanes.busy)
        pause_ms(100)
        for module in (MaskFile, Index):
            name = "reading" if module is MaskFile else "_reading"
            real = getattr(module, name)
            monkeypatch.setattr(module, name, lambda self, real=real: opened.append(self.path) or real(self))
        looks: list[object] = []
        take = window._sharing._take
        monkeypatch.setattr(window._sharing, "_take", lambda *args: looks.append(args) or take(*args))
        until(lambda: len(looks) >= 3)
        assert opened == []
        window.close()


def test_del_and_backspace_where_nothing_can_be_changed_are_answered_with_the_way_to_edit(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "QUIET_S", 0)
    with held_elsewhere(project):
        window = viewed(project)
        canvas, listed = window.annotate.canvas, window.findChild(QListView, "images.list")
        for place, key in (
            (canvas, Qt.Key.Key_Delete),
            (canvas, Qt.Key.Key_Backspace),
            (listed, Qt.Key.Key_Delete),
        ):
            window._banner.tell("")
            QTest.keyClick(place, key)
            assert banner(window).startswith("Nothing can be changed here: the project is being edited by ")
        window.close()


def test_drawing_where_nothing_can_be_drawn_is_answered_with_the_way_to_edit_and_not_each_time(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_elsewhere(project) as other:
        window = viewed(project)
        said: list[str] = []
        window._sharing.offered.connect(lambda text, *_: said.append(text))
        close = window.findChild(QToolButton, "banner.close")
        close.click()
        drag(window, (100, 100), (150, 100))
        button = window.findChild(QToolButton, "banner.do")
        assert button.isVisible() and button.text() == "Edit here…"
        assert banner(window).startswith("Nothing can be drawn here: the project is being edited by ")
        assert f"process {other.pid}" in banner(window)
        close.click()
        drag(window, (100, 100), (150, 100))
        assert len(said) == 1
        monkeypatch.setattr(sharing, "QUIET_S", 0)
        drag(window, (100, 100), (150, 100))
        assert len(said) == 2
        button.click()
        press(window, "dialog.locked.close")
        assert not window.bench.editable
        window.close()


def test_the_lock_of_another_computer_is_taken_over_once_somebody_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_another_computer(project)
    monkeypatch.setattr(locked, "SILENCE_S", 0.1)
    window = open_window(project)
    until(lambda: window.findChild(QPushButton, "dialog.locked.take_over") is not None)
    assert any(
        "from here nobody can look whether it still runs" in each.text()
        for each in window.findChildren(QLabel)
    )
    press(window, "dialog.locked.take_over")
    until(lambda: window.findChild(QCheckBox, "dialog.take_over.sure") is not None)
    sure, run = (
        window.findChild(QCheckBox, "dialog.take_over.sure"),
        window.findChild(QPushButton, "dialog.take_over.run"),
    )
    assert not run.isEnabled()
    until(sure.isEnabled)
    assert sure.text() == "I know that nobody edits it on ward-3"
    says = window.findChild(QLabel, "dialog.take_over.says").text()
    assert says.startswith("No sign of life for") and "Should ward-3 be asleep" in says
    assert not run.isEnabled()
    sure.click()
    run.click()
    until(lambda: window.bench is not None and window.bench.editable)
    window.close()


@pytest.mark.slow
def test_who_gives_a_sign_of_life_is_not_taken_over(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_another_computer(project)
    monkeypatch.setattr(locked, "SILENCE_S", 20)
    window = open_window(project)
    press(window, "dialog.locked.take_over")
    until(lambda: window.findChild(QLabel, "dialog.take_over.says") is not None)
    on_another_computer(project, beat=8)
    says = window.findChild(QLabel, "dialog.take_over.says")
    until(lambda: "There was a sign of life" in says.text())
    assert not window.findChild(QCheckBox, "dialog.take_over.sure").isEnabled()
    press(window, "dialog.take_over.close")
    assert window.bench is None


def test_after_a_sleep_the_window_sees_that_the_project_was_taken_over(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(project)
    watch = Ending(window)
    try:
        watch.tick()
        pause_ms(50)
        assert banner(window) == ""
        on_another_computer(project)
        now = ending.clocks()
        monkeypatch.setattr(ending, "clocks", lambda: tuple(clock + 3600 for clock in now))
        watch.tick()
        until(lambda: "taken over by anna" in banner(window))
        assert banner(window).startswith("The project was taken over by anna on ward-3 (process 4711), since")
        assert not window.bench.editable
        assert "read only" in window.windowTitle()
        before = window.annotate.image.session.revision
        drag(window, (100, 100), (150, 100))
        assert window.annotate.image.session.revision == before
    finally:
        watch.stop()
    window.close()
    assert check(project) == []


@pytest.mark.slow
def test_after_a_sleep_the_window_says_that_the_drive_is_gone_and_takes_it_back(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(project)
    away = project.with_name("away")
    project.rename(away)
    window.awake()
    until(lambda: "cannot be reached" in banner(window))
    assert banner(window).startswith("The project cannot be reached: ")
    assert banner(window).endswith("What you draw is kept until it can.")
    away.rename(project)
    drag(window, (100, 100), (150, 100))
    until(lambda: window.bench.save_state.saved == 2)
    until(lambda: "cannot be reached" not in banner(window))
    window.close()
    assert check(project) == []


def test_the_end_of_the_session_commits_a_stroke_that_is_being_painted(project: Path) -> None:
    class Manager:
        cancelled = False

        def allowsInteraction(self) -> bool:
            return True

        def cancel(self) -> None:
            self.cancelled = True

        def release(self) -> None:
            pass

    window = opened(project)
    watch, manager = Ending(window), Manager()
    try:
        drag(window, (100, 100), (150, 100), release=False)
        assert window.annotate.image.session.painting
        watch.commit_data(manager)  # type: ignore[arg-type]
        assert not manager.cancelled
        image = window.annotate.image.record.id
        with ProjectStore.open(project, write=False) as store:
            assert store.load_mask(image).read("label")[100, 125] == 1
    finally:
        watch.stop()
    window.close()


PAINTER = """
import sys
from PySide6.QtCore import QTimer, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from labeltool.ui import main

def paint():
    window = next(w for w in QApplication.topLevelWidgets() if w.objectName() == "main")
    if window.annotate.image is None:
        QTimer.singleShot(20, paint)
        return
    canvas = window.findChild(QWidget, "canvas")
    at = [QPoint(*(round(v) for v in canvas.image_to_widget(x, 100))) for x in (100, 125, 150)]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at[0])
    for each in at[1:]:
        QTest.mouseMove(canvas, each)
    print("painting", window.annotate.image.record.id, flush=True)

main.application()
QTimer.singleShot(0, paint)
sys.exit(main.run(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends programs in another way")
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(pytest.param(each, marks=pytest.mark.slow) for each in (signal.SIGHUP, signal.SIGINT)),
    ],
)
def test_a_signal_that_ends_the_program_saves_the_stroke_and_gives_the_project_back(
    project: Path, tmp_path: Path, number: signal.Signals
) -> None:
    homes = {name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", **homes}
    with subprocess.Popen(
        [sys.executable, "-c", PAINTER, str(project)], stdout=subprocess.PIPE, text=True, env=env
    ) as child:
        assert child.stdout is not None
        words = child.stdout.readline().split()
        assert words[0] == "painting"
        sent_s = time.time()
        child.send_signal(number)
        assert child.wait(timeout=60) == 128 + number
    took_s = mask_path(project, words[1]).stat().st_mtime - sent_s
    print(f"{number.name}: the stroke was on disk after {took_s:.2f} s")
    assert 0 < took_s < COMMIT_S, (
        "the session of the system waits for no more than a second on an idle machine"
    )
    assert (project / "lock").read_bytes().strip() == b""
    with ProjectStore.open(project) as store:
        assert store.recovery is None
        assert store.history(words[1]).revision == 2
        assert store.load_mask(words[1]).read("label")[100, 125] == 1
    assert check(project) == []


def test_a_sleep_is_noticed_and_a_busy_moment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Window:
        def awake(self) -> None:
            told.append("awake")

    application()
    watch = Ending(Window())  # type: ignore[arg-type]
    try:
        for late_s, known in ((5.0, 0), (20.0, 0), (90.0, 1)):
            now = ending.clocks()
            monkeypatch.setattr(
                ending, "clocks", lambda now=now, late_s=late_s: tuple(c + late_s for c in now)
            )
            watch.tick()
            monkeypatch.undo()
            watch._clocks = ending.clocks()
            assert len(told) == known
    finally:
        watch.stop()
    assert locks.BEAT_S < locked.SILENCE_S / 3


@pytest.mark.slow
def test_a_view_never_writes(project: Path) -> None:
    """Row 14: whoever only looks leaves every byte of the project as it is."""
    with held_elsewhere(project):
        before = {p: p.read_bytes() for p in project.rglob("*") if p.is_file() and p.name != "lock"}
        window = open_window(project)
        press(window, "dialog.locked.view")
        until(lambda: window.annotate.image is not None)
        for record in window.bench.store.images():
            window.bench.open_image(record.id)
            until(lambda record=record: window.bench.open and window.bench.open.record.id == record.id)
        window.close()
        assert {p: p.read_bytes() for p in project.rglob("*") if p.is_file() and p.name != "lock"} == before
    with ProjectStore.open(project) as store:
        paint(store, store.images()[0], 100)


def test_an_approval_holds_for_the_pixels_on_the_screen_and_turns_stale_in_sight(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 71: the disk is slow, so that approving and drawing on wait for each other."""
    window = opened(project)
    store, image = window.bench.store, window.annotate.image.record.id
    chip = window.findChild(QWidget, "top.status")
    free, commit = threading.Event(), store.commit

    def slowly(*args: object, **kw: object) -> int:
        free.wait(20)
        return commit(*args, **kw)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "commit", slowly)
    drag(window, (100, 100), (150, 100))
    window.actions_["approve"].trigger()
    drag(window, (100, 150), (150, 150))  # before anything of that is on disk
    free.set()
    until(lambda: window.bench.save_state.saved == 3)
    pause_ms(50)
    assert decided(store, image) == []  # nobody has approved what is there now
    window.actions_["approve"].trigger()
    until(lambda: window.annotate.image.record.status is Status.APPROVED)
    assert [each.root_hash for each in decided(store, image)] == [store.root_hash(image)]
    drag(window, (100, 200), (150, 200))
    until(lambda: state(store, image).stale is not None)
    until(lambda: "stale" in chip.words())
    window.actions_["undo"].trigger()
    until(lambda: window.annotate.image.record.status is Status.APPROVED)
    assert state(store, image).stale is None
    window.close()


def test_a_folder_without_permission_to_write_is_looked_at_and_the_window_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 11. Root may write everywhere, so the system is overheard; test_sharing_lock asks a real user."""
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **kw: mode != os.W_OK and real(path, mode, **kw))
    before = {p: p.read_bytes() for p in project.rglob("*") if p.is_file()}
    window = opened(project)
    assert banner(window) == "Opened for reading only: the folder may not be written"
    assert "read only" in window.windowTitle()
    assert window.findChild(QLabel, "status.saved").text() == "read only"
    assert len(window.bench.store.images()) == 3
    drag(window, (100, 100), (150, 100))
    window.close()
    assert {p: p.read_bytes() for p in project.rglob("*") if p.is_file()} == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_folder_that_may_not_be_entered_is_named_and_never_an_empty_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.stat

    def forbidden(path: Path, **kw: bool) -> os.stat_result:
        if path.is_relative_to(project) and path != project:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **kw)

    monkeypatch.setattr(Path, "stat", forbidden)
    recent.remember(project)
    window = open_window(project)
    until(lambda: window.findChild(QLabel, "qt_msgbox_label") is not None)
    assert window.findChild(QLabel, "qt_msgbox_label").text() == "Permission denied."
    more = window.findChild(QLabel, "qt_msgbox_informativelabel").text()
    assert str(project) in more
    assert "Ask whoever owns the folder for permission to read it" in more
    assert window.bench is None
    window.projects.open_all([project])
    window.projects.closed.emit()  # the start page lists what was open last
    monkeypatch.undo()
