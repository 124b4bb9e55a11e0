"""The history in the real window: the list, the replay over the canvas, and the way back, by mouse and keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMessageBox, QPushButton, QToolButton

from labeltool.app.people import history as app_history
from labeltool.app.people.comments import comment
from labeltool.app.people.gold import hide
from labeltool.app.people.history import Past, mask_at
from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.mask import LabelMask
from labeltool.core.patch import write
from labeltool.core.project import Status
from labeltool.core.provenance import Origin
from labeltool.store.events import Event
from labeltool.store.history import JournalEntry
from labeltool.store.project import ProjectStore
from labeltool.ui.history import words
from labeltool.ui.history.folding import Row, rows_of
from labeltool.ui.history.history import History
from labeltool.ui.history.panel import HistoryPanel
from labeltool.ui.history.rows import WHEN, WHO
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
WIDTH, HEIGHT, GREY = 600, 400, 100
FIRST, SECOND, THIRD = Box(50, 50, 100, 100), Box(200, 150, 280, 200), Box(400, 300, 440, 340)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two grey images that nobody has touched."""
    folder = tmp_path_factory.mktemp("original")
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(folder / name), np.full((HEIGHT, WIDTH, 3), GREY, np.uint8))
    with ProjectStore.create(folder / "project", "p", ClassCatalog.from_names(["nucleus"])) as store:
        add_images(store, [folder / "a.png", folder / "b.png"])
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path, original: Path) -> Path:
    """A copy of it; the images are those of all tests."""
    return Path(shutil.copytree(original, tmp_path / "project"))


@pytest.fixture
def drawn(project: Path) -> Path:
    """The same; Ada has drawn three boxes on the first image, of which the second one was approved."""
    with ProjectStore.open(project) as store:
        store.author = "ada"
        for number, box in enumerate((FIRST, SECOND, THIRD)):
            draw(store, box)
            if number == 1:
                store.set_status(store.images()[0].id, Status.APPROVED, expected=2)
    return project


def draw(store: ProjectStore, box: Box, kind: str = "brush", label: int = 1) -> None:
    record = store.images()[0]
    patch = write(
        store.load_mask(record.id), box, title=f"{kind} stroke", kind=kind, label=label, origin=Origin.HUMAN
    )
    store.commit(record.id, patch, expected=record.revision, status=Status.IN_WORK)


Opened = Callable[[Path], MainWindow]


@pytest.fixture
def opened(app: QApplication) -> Iterator[Opened]:
    """Opens a project in a window with the panel in sight."""
    made: list[MainWindow] = []

    def open_it(project: Path) -> MainWindow:
        window = open_window(project)
        made.append(window)
        window.resize(1280, 720)
        until(lambda: window.annotate.image is not None)
        QTest.qWaitForWindowExposed(window)
        window.activateWindow()
        window.annotate.canvas.fit()
        press(window, Qt.Key.Key_H, CTRL | SHIFT)
        until(lambda: panel(window).in_sight)
        window.annotate.canvas.setFocus()
        return window

    yield open_it
    for window in made:
        window.close()


def panel(window: MainWindow) -> HistoryPanel:
    found = window.findChild(QDockWidget, "dock.history").widget()
    assert isinstance(found, HistoryPanel)
    return found


def part(window: MainWindow) -> History:
    return next(each for each in window._parts if isinstance(each, History))


def at(window: MainWindow, x: float, y: float) -> QPoint:
    return QPointF(*window.annotate.canvas.image_to_widget(x, y)).toPoint()


def press(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
    QTest.keyClick(window.annotate.canvas, key, modifier)


def paint(window: MainWindow, x: float, y: float) -> None:
    """A short stroke, by a real press and moves."""
    canvas = window.annotate.canvas
    QTest.mousePress(canvas, LEFT, NO, at(window, x, y))
    QTest.mouseMove(canvas, at(window, x + 20, y))
    QTest.mouseRelease(canvas, LEFT, NO, at(window, x + 20, y))


def texts(window: MainWindow) -> list[str]:
    tree = panel(window).list
    return [tree.model_.index(row, 0).data() for row in range(tree.model_.rowCount())]


def click(window: MainWindow, *place: int) -> None:
    """A row of the list, or a stroke of it."""
    tree, index = panel(window).list, QModelIndex()
    for row in place:
        index = tree.model_.index(row, 0, index)
    QTest.mouseClick(tree.viewport(), LEFT, NO, tree.visualRect(index).center())


def button(window: MainWindow, name: str) -> QPushButton | QToolButton:
    found = window.findChild(QPushButton, f"history.{name}") or window.findChild(
        QToolButton, f"history.{name}"
    )
    assert found is not None
    return found


def band(window: MainWindow) -> str:
    label = window.findChild(QLabel, "history.then")
    return label.text() if label.isVisible() else ""


def shows(window: MainWindow, *boxes: Box) -> bool:
    """Whether these of the boxes, and no others, are painted over the picture."""
    QApplication.processEvents()
    picture = window.annotate.canvas.grab().toImage()
    painted = {
        box
        for box in (FIRST, SECOND, THIRD)
        if picture.pixelColor(at(window, (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)).getRgb()[:3]
        != (GREY,) * 3
    }
    return painted == set(boxes)


def go_to(window: MainWindow, revision: int) -> None:
    panel(window).findChild(object, "history.slider").setValue(revision)
    until(lambda: part(window)._player.revision == revision and band(window))


def pixels(window: MainWindow) -> LabelMask:
    return window.annotate.image.session.mask.snapshot()


def note(window: MainWindow) -> str:
    return window.findChild(QLabel, "status.note").text()


# ---- the list


def test_strokes_undo_approval_and_comments_are_listed_newest_first(opened: Opened, project: Path) -> None:
    window = opened(project)
    window.actions_["brush"].trigger()
    paint(window, 100, 100)
    press(window, Qt.Key.Key_Z, CTRL)
    until(lambda: texts(window) == ["Undo brush stroke", "Brush stroke"])
    press(window, Qt.Key.Key_Return, CTRL)
    until(lambda: texts(window)[0] == "Approved")
    image_id = window.annotate.image.record.id
    window.bench.saver.after(lambda: comment(window.bench.store, image_id, 5, 5, "a doubtful rim")).result()
    window.bench.renew_record(image_id)
    until(lambda: len(texts(window)) == 4)
    assert texts(window) == ["Comment: a doubtful rim", "Approved", "Undo brush stroke", "Brush stroke"]


def test_a_row_says_who_and_when_and_its_tooltip_the_exact_time(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: texts(window) == ["Brush stroke", "Approved", "Brush stroke", "Brush stroke"])
    model = panel(window).list.model_
    assert (model.index(0, WHO).data(), model.index(0, WHEN).data()) == ("ada", "just now")
    year = str(datetime.now(UTC).astimezone().year)
    tip = model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "ada" in tip and year in tip and "Revision 3" in tip


def test_many_strokes_are_one_row_that_opens_and_stays_open_as_it_grows(
    opened: Opened, project: Path
) -> None:
    window = opened(project)
    window.actions_["brush"].trigger()
    for x in range(50, 250, 40):
        paint(window, x, 100)
    until(lambda: texts(window) == ["5 × brush stroke"])
    tree = panel(window).list
    tree.expand(tree.model_.index(0, 0))
    paint(window, 300, 100)
    press(window, Qt.Key.Key_Z, CTRL)
    until(lambda: texts(window) == ["6 × brush stroke, 1 undone"])
    run = tree.model_.index(0, 0)
    assert tree.isExpanded(run)
    strokes = [tree.model_.index(row, 0, run).data() for row in range(tree.model_.rowCount(run))]
    assert strokes == ["Undo brush stroke", *["Brush stroke"] * 6]


def test_an_image_that_nobody_has_touched_says_what_will_be_listed(opened: Opened, project: Path) -> None:
    window = opened(project)
    empty = window.findChild(QLabel, "history.empty")
    assert empty.isVisible()
    assert "newest first" in empty.text()
    assert not button(window, "play").isEnabled()
    assert not button(window, "restore").isEnabled()


def test_nothing_is_read_while_the_panel_is_out_of_sight(
    opened: Opened, drawn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    read: list[str] = []
    past = app_history.past
    monkeypatch.setattr(app_history, "past", lambda *of: read.append(of[1]) or past(*of))
    window.findChild(QDockWidget, "dock.images").raise_()
    until(lambda: not panel(window).in_sight)
    window.actions_["brush"].trigger()
    paint(window, 100, 300)
    until(lambda: window.bench.saver.waiting == 0 and not part(window)._reader.waits)
    assert read == []
    press(window, Qt.Key.Key_H, CTRL | SHIFT)
    until(lambda: len(texts(window)) == 5)
    assert len(read) == 1


def test_a_hidden_gold_image_begins_where_it_was_hidden(opened: Opened, drawn: Path) -> None:
    with ProjectStore.open(drawn) as store:
        hide(store, store.images()[:1])
        draw(store, SECOND)
    window = opened(drawn)
    until(lambda: texts(window))
    assert not any("pproved" in text for text in texts(window))
    go_to(window, 0)
    assert shows(window)
    go_to(window, panel(window).findChild(object, "history.slider").maximum())
    assert shows(window, SECOND)


# ---- the replay


def test_a_chosen_row_shows_the_mask_as_it_was_and_frames_what_changed(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    click(window, 2)
    until(lambda: band(window))
    assert shows(window, FIRST, SECOND)
    assert "revision 2 of 3" in band(window)
    assert "4,000 px changed" in band(window)
    assert part(window)._frame.changed.box == SECOND
    click(window, 3)
    until(lambda: "revision 1 of 3" in band(window))
    assert shows(window, FIRST)


def test_a_decision_shows_the_pixels_it_was_made_on(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    click(window, 1)
    until(lambda: "revision 2 of 3" in band(window))
    assert shows(window, FIRST, SECOND)


def test_nothing_can_be_changed_while_then_is_shown(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    window.actions_["brush"].trigger()
    session, before = window.annotate.image.session, pixels(window)
    click(window, 3)
    until(lambda: band(window))
    paint(window, 300, 50)
    assert "Esc goes back" in note(window)
    for key in (Qt.Key.Key_Z, Qt.Key.Key_Y, Qt.Key.Key_Return):
        press(window, key, CTRL)
    QTest.mouseClick(window.annotate.canvas, Qt.MouseButton.RightButton, NO, at(window, 75, 75))
    assert (session.revision, session.mask.same_pixels(before)) == (3, True)
    press(window, Qt.Key.Key_Escape)
    paint(window, 300, 50)
    assert session.revision == 4


@pytest.mark.parametrize("way", ["esc", "band", "button", "image", "workspace", "panel"])
def test_every_way_out_goes_back_to_now(opened: Opened, drawn: Path, way: str) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    click(window, 3)
    until(lambda: band(window) and shows(window, FIRST))
    {
        "esc": lambda: press(window, Qt.Key.Key_Escape),
        "band": lambda: button(window, "leave").click(),
        "button": lambda: button(window, "now").click(),
        "image": lambda: press(window, Qt.Key.Key_D),
        "workspace": lambda: press(window, Qt.Key.Key_2, CTRL),
        "panel": lambda: window.findChild(QDockWidget, "dock.history").close(),
    }[way]()
    until(lambda: not band(window))
    assert not part(window)._player.active
    assert window.annotate.context() is not None or way == "image"
    if way in ("esc", "band", "button", "panel"):
        assert shows(window, FIRST, SECOND, THIRD)
        assert window.actions_["approve"].isEnabled()


def test_arrows_go_from_revision_to_revision_wherever_the_keys_are(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    click(window, 0)
    until(lambda: "revision 3 of 3" in band(window))
    press(window, Qt.Key.Key_Left)
    until(lambda: "revision 2 of 3" in band(window))
    tree = panel(window).list
    QTest.keyClick(tree, Qt.Key.Key_Left)
    until(lambda: "revision 1 of 3" in band(window))
    QTest.keyClick(tree, Qt.Key.Key_Right)
    until(lambda: "revision 2 of 3" in band(window))
    assert tree.currentIndex().row() == 2
    QTest.keyClick(tree, Qt.Key.Key_Escape)
    assert not band(window)


def test_a_replay_goes_from_the_empty_mask_to_the_newest_and_stops(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    seen: list[int] = []
    part(window)._player.arrived.connect(lambda frame: seen.append(frame.revision))
    QTest.mouseClick(button(window, "play"), LEFT)
    until(lambda: seen)
    assert part(window)._player.playing
    until(lambda: not part(window)._player.playing)
    assert seen == [0, 1, 2, 3]
    assert shows(window, FIRST, SECOND, THIRD)
    assert band(window)


def test_a_slider_that_is_dragged_ends_where_it_was_let_go(opened: Opened, project: Path) -> None:
    with ProjectStore.open(project) as store:
        for number in range(40):
            draw(store, Box(10 * number, 10, 10 * number + 5, 30))
    window = opened(project)
    until(lambda: texts(window) == ["40 × brush stroke"])
    slider = panel(window).findChild(object, "history.slider")
    for value in (*range(39, 0, -1), *range(22)):
        slider.setValue(value)
    until(lambda: "revision 21 of 40" in band(window))
    store, image = window.bench.store, window.annotate.image
    assert part(window)._frame.replay.mask.same_pixels(mask_at(store, image.record.id, 21))


def test_a_change_that_comes_meanwhile_goes_back_to_now(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    go_to(window, 1)
    mask = window.annotate.image.session.mask
    window.annotate.image.session.apply(
        write(mask, Box(0, 0, 9, 9), title="pre-label", kind="prelabel", label=1, origin=Origin.MODEL)
    )
    assert not band(window)
    assert shows(window, FIRST, SECOND, THIRD)


def test_what_is_being_drawn_is_not_lost_to_a_replay(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    window.actions_["polygon"].trigger()
    for x, y in ((300, 50), (350, 60)):
        QTest.mouseClick(window.annotate.canvas, LEFT, NO, at(window, x, y))
    click(window, 3)
    assert "Finish what you are drawing" in note(window)
    assert window.annotate.canvas.busy
    assert not part(window)._player.active


def test_a_hidden_mask_is_shown_for_the_replay_and_hidden_again(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    window.annotate.switch("mask", False)
    click(window, 3)
    until(lambda: band(window))
    assert shows(window, FIRST)
    press(window, Qt.Key.Key_Escape)
    assert shows(window)


# ---- the way back


def test_restoring_is_one_step_of_undo_and_undo_brings_the_very_pixels_back(
    opened: Opened, drawn: Path
) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    window.actions_["eraser"].trigger()
    paint(window, FIRST.x0 + 10, FIRST.y0 + 20)
    before, image = pixels(window), window.annotate.image
    click(window, 2)
    until(lambda: band(window))
    wanted = mask_at(window.bench.store, image.record.id, part(window)._player.revision)
    QTest.mouseClick(button(window, "restore"), LEFT)
    until(lambda: image.session.revision == 5)
    assert image.session.mask.same_pixels(wanted)
    assert not band(window)
    until(lambda: texts(window)[0] == "Restore revision 2" and window.bench.saver.waiting == 0)
    assert window.bench.store.image(image.record.id).status is Status.APPROVED  # as these pixels were
    press(window, Qt.Key.Key_Z, CTRL)
    assert image.session.mask.same_pixels(before)
    until(lambda: texts(window)[0] == "Undo Restore revision 2")
    until(lambda: window.bench.saver.waiting == 0)
    assert window.bench.store.load_mask(image.record.id).same_pixels(before)


def test_a_locked_class_is_not_restored_away_and_the_message_names_it(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    window.bench.protection.set_locked(1, True)
    before = pixels(window)
    go_to(window, 1)
    QTest.mouseClick(button(window, "restore"), LEFT)
    until(lambda: window.findChild(QMessageBox, "dialog.failure"))
    box = window.findChild(QMessageBox, "dialog.failure")
    assert "nucleus, which is locked" in box.text()
    assert "Unlock it" in box.informativeText()
    assert window.annotate.image.session.revision == 3
    assert pixels(window).same_pixels(before)
    box.close()


def test_the_newest_revision_cannot_be_restored(opened: Opened, drawn: Path) -> None:
    window = opened(drawn)
    until(lambda: len(texts(window)) == 4)
    click(window, 0)
    until(lambda: "revision 3 of 3" in band(window))
    assert not button(window, "restore").isEnabled()
    go_to(window, 2)
    assert button(window, "restore").isEnabled()


def test_a_project_that_may_only_be_read_is_replayed_and_not_restored(opened: Opened, drawn: Path) -> None:
    window = open_read_only(opened, drawn)
    until(lambda: len(texts(window)) == 4)
    go_to(window, 1)
    assert shows(window, FIRST)
    assert not button(window, "restore").isEnabled()
    assert "looking only" in button(window, "restore").toolTip()
    press(window, Qt.Key.Key_Escape)
    assert shows(window, FIRST, SECOND, THIRD)


def open_read_only(opened: Opened, project: Path) -> MainWindow:
    """As where the folder may not be written."""
    with pytest.MonkeyPatch.context() as patched:
        open_store = ProjectStore.open
        patched.setattr(ProjectStore, "open", lambda root, **_: open_store(root, write=False))
        return opened(project)


# ---- rows


def entry(revision: int, seconds: float, kind: str = "brush", **more: Any) -> JournalEntry:
    about = {"kind": "do", "target": None, "author": "ada", "tiles": 2, "details": {}, **more}
    when = datetime.fromtimestamp(1e9 + seconds, UTC).isoformat()
    return JournalEntry(revision=revision, patch_kind=kind, title=f"{kind} stroke", at_utc=when, **about)


def spans(rows: list[Row]) -> list[tuple[int, int]]:
    return [(row.first.revision, row.last.revision) for row in rows]


def test_a_run_ends_with_a_pause_another_person_or_something_large() -> None:
    steps = [entry(n, 10 * n) for n in range(1, 4)]
    steps += [entry(n, 1000 + n) for n in range(4, 8)]
    steps += [entry(n, 1010 + n, author="ben") for n in range(8, 12)]
    steps += [entry(12, 1030, tiles=500, author="ben"), entry(13, 1031, "import", author="ben")]
    assert spans(rows_of(Past(steps, []))) == [(13, 13), (12, 12), (8, 11), (4, 7), (1, 3)]


def test_two_strokes_are_two_rows() -> None:
    assert spans(rows_of(Past([entry(1, 0), entry(2, 1)], []))) == [(2, 2), (1, 1)]


def test_a_run_does_not_go_on_for_hours_and_older_rows_stay_as_new_ones_come() -> None:
    steps = [entry(n, 20 * n) for n in range(1, 2001)]
    rows = rows_of(Past(steps, []))
    assert len(rows) < 80
    assert rows_of(Past(steps[:1000], []))[1:] == rows[-len(rows_of(Past(steps[:1000], []))) + 1 :]
    assert sum(len(row.items) for row in rows) == 2000


def test_a_decision_stands_after_the_pixels_it_is_about() -> None:
    decision = Event(
        1, "status", entry(1, 500).at_utc, "eve", {"status": "rejected", "reason": "rims", "revision": 1}
    )
    rows = rows_of(Past([entry(1, 0), entry(2, 100), entry(3, 200)], [decision]))
    assert [words.title(row) for row in rows] == [
        "Brush stroke",
        "Brush stroke",
        "Rejected: rims",
        "Brush stroke",
    ]


def test_steps_say_what_they_are_of() -> None:
    model = entry(1, 0, "prelabel", details={"model": "nuclei-3"})
    restored = entry(2, 1, "restore", details={"revision": "7"})
    assert words.title(rows_of(Past([restored], []))[0]) == "Restore revision 7"
    assert words.title(rows_of(Past([model], []))[0]) == "Pre-label by nuclei-3"
    brought = entry(3, 2, "import", details={"file": "/labels/b.png", "format": "png"})
    assert words.title(rows_of(Past([brought], []))[0]) == "Import of b.png"
    mixed = [entry(1, 0), entry(2, 1, "eraser"), entry(3, 2)]
    assert words.title(rows_of(Past(mixed, []))[0]) == "3 steps: brush stroke, eraser stroke"


@pytest.mark.parametrize(
    ("ago_s", "said"),
    [(0, "just now"), (59, "just now"), (300, "5 min ago"), (7300, "09:58"), (90000, "9 Sep 2001")],
)
def test_the_time_is_said_as_people_say_it(app: QApplication, ago_s: float, said: str) -> None:
    noon = datetime(2001, 9, 10, 12, 0).timestamp()
    assert words.when(noon - ago_s, noon).startswith(said)
