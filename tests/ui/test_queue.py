"""The queue in the real window: the list, the walk, what becomes of entries, ranking anew."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QDockWidget, QLabel, QPushButton, QWidget

from labeltool.app.choices import Ranking
from labeltool.app.project import add_images
from labeltool.app.queue import Double, Queue, Suggestion, read_queue
from labeltool.app.queue.queue import FILE
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box, Size
from labeltool.core.patch import write
from labeltool.core.project import Skipped
from labeltool.core.provenance import Origin
from labeltool.store.project import ProjectStore
from labeltool.ui.dialogs.failure import explain
from labeltool.ui.main import open_window
from labeltool.ui.panels import pictures
from labeltool.ui.queue.dialog import OPTIONS, RankDialog, remembered
from labeltool.ui.queue.rows import QueueList, aside_text, region_in, wrapped
from labeltool.ui.queue.walk import following
from labeltool.ui.queue.words import Entry, how_far
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

CATALOG = ClassCatalog.from_names(["cell", "debris"])
MODEL = "some@1-00000000"
NAMES = "abcd"
LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SIZES = {"a": Size(400, 300), "b": Size(400, 300), "c": Size(1200, 600), "d": Size(400, 300)}
REGION = Box(600, 0, 1200, 600)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four images, c larger than the others."""
    folder = tmp_path_factory.mktemp("original")
    (folder / "images").mkdir()
    for number, name in enumerate(NAMES):  # no near-doubles
        spots = np.random.default_rng(number).integers(0, 160, (8, 8, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / "images" / f"{name}.png"), cv2.resize(spots, SIZES[name]))
    with ProjectStore.create(folder / "project", "p", CATALOG) as store:
        add_images(store, [folder / "images"])
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path, original: Path) -> Path:
    """A copy of it; the images are those of all tests."""
    return Path(shutil.copytree(original, tmp_path / "project"))


def ids_of(project: Path) -> dict[str, str]:
    with ProjectStore.open(project) as store:
        return {record.stem: record.id for record in store.images()}


def suggested(image: str, box: Box | None = None, **more: Any) -> Suggestion:
    return Suggestion(image, box, "entropy", 1.0, **{"why": "unsure about class cell", **more})


def keep(project: Path, *entries: Suggestion, **more: Any) -> Queue:
    """What ``labeltool rank`` would have written."""
    made = Queue("entropy", MODEL, "2026-03-01T12:00:00+00:00", suggestions=entries, **more)
    made.save(project)
    return made


@pytest.fixture
def queued(project: Path) -> Path:
    """b, two regions of c, and d as a control."""
    ids = ids_of(project)
    keep(
        project,
        suggested(ids["b"], seconds=40.0),
        suggested(ids["c"], REGION, seconds=100.0),
        suggested(ids["c"], Box(0, 0, 600, 600), seconds=100.0),
        suggested(ids["d"], why="drawn at random, to see whether ranking helps", control=True),
    )
    return project


@pytest.fixture
def window(app: QApplication, queued: Path) -> Iterator[MainWindow]:
    made = shown(queued, 4)
    yield made
    made.close()


def shown(project: Path, count: int) -> MainWindow:
    """The window with the panel in front, once so many entries are listed."""
    made = open_window(project)
    made.resize(1280, 720)
    until(lambda: made.bench is not None and (made.annotate.image or not made.bench.store.images()))
    QTest.qWaitForWindowExposed(made)
    made._docks.bring("queue")
    until(lambda: len(entries(made)) == count and not made.bench.lanes.busy)  # type: ignore[union-attr]
    return made


def listed(window: MainWindow) -> QueueList:
    found = window.findChild(QueueList, "queue.list")
    assert found is not None
    return found


def entries(window: MainWindow) -> list[Entry]:
    return listed(window).rows.entries


def states(window: MainWindow) -> list[str]:
    return [entry.state for entry in entries(window)]


def text(window: MainWindow, name: str) -> str:
    found = window.findChild(QLabel, f"queue.{name}")
    assert found is not None
    return found.text()


def button(window: MainWindow, name: str) -> QPushButton:
    found = window.findChild(QPushButton, f"queue.{name}")
    assert found is not None
    return found


def note(window: MainWindow) -> str:
    found = window.findChild(QLabel, "status.note")
    assert found is not None
    return found.text()


def at_hand(window: MainWindow) -> str:
    return "" if window.annotate.image is None else window.annotate.image.record.stem


def key(window: MainWindow, which: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
    QTest.keyClick(window.annotate.canvas, which, modifier)
    QApplication.processEvents()


def go_on(window: MainWindow, name: str, modifier: Qt.KeyboardModifier = SHIFT, which: Any = None) -> None:
    key(window, which or Qt.Key.Key_D, modifier)
    until(lambda: at_hand(window) == name and not window.annotate.image.session.frozen)  # type: ignore[union-attr]


def click(window: MainWindow, row: int) -> None:
    place = listed(window).visualRect(listed(window).rows.index(row)).center()
    QTest.mouseClick(listed(window).viewport(), LEFT, NO, place)


def paint(window: MainWindow, box: Box) -> None:
    """What a person would have painted."""
    image = window.annotate.image
    assert image is not None
    image.session.apply(
        write(image.session.mask, box, title="brush stroke", kind="brush", label=1, origin=Origin.HUMAN)
    )


def asked(window: MainWindow) -> RankDialog:
    window.activateWindow()  # as the system does where a dialog was closed
    until(window.isActiveWindow)
    key(window, Qt.Key.Key_D, CTRL | SHIFT)
    dialog = window.findChild(RankDialog, "dialog.rank")
    assert dialog is not None
    return dialog


def choose(dialog: RankDialog, strategy: str) -> None:
    dialog.strategy.setCurrentIndex(dialog.strategy.findData(strategy))


def says(dialog: RankDialog) -> str:
    found = dialog.findChild(QLabel, "dialog.rank.says")
    assert found is not None
    return found.text()


# ---- the list


def test_the_list_says_of_each_entry_which_image_why_and_how_long(window: MainWindow) -> None:
    assert [entry.name for entry in entries(window)] == ["b.png", "c.png", "c.png", "d.png"]
    assert [aside_text(entry) for entry in entries(window)] == ["40 s", "2 min", "2 min", "open"]
    rows = listed(window).rows
    tips = [rows.index(row).data(Qt.ItemDataRole.ToolTipRole) for row in range(4)]
    assert "Unsure about class cell" in tips[0]
    assert "region 600 × 600 at 600, 0" in tips[1]
    assert "Random control" in tips[3] and "Random control" not in tips[0]


def test_the_head_says_how_far_it_is_and_how_it_was_made(window: MainWindow) -> None:
    assert text(window, "far") == "0 of 4 done · about 4 min left"
    assert text(window, "made").startswith("Entropy · some · ")


def test_what_was_left_out_is_said_in_a_line_and_listed_in_its_tooltip(
    app: QApplication, project: Path
) -> None:
    ids = ids_of(project)
    keep(
        project,
        suggested(ids["a"]),
        doubles=(Double(ids["b"], ids["a"]),),
        skipped=tuple(Skipped(f"/images/{n}.png", "is broken") for n in range(20)),
        notices=("Memory ran out",),
    )
    window = shown(project, 1)
    try:
        notes = window.findChild(QLabel, "queue.notes")
        assert notes.text() == "Skipped: 20 · Near-doubles left out: 1 · Memory ran out"
        assert "  b.png as a.png" in notes.toolTip() and "/images/3.png: is broken" in notes.toolTip()
        assert "… and 8 others" in notes.toolTip()
    finally:
        window.close()


def test_a_region_is_framed_in_its_thumbnail(app: QApplication) -> None:
    picture = QRect(10, 20, 48, 24)
    assert region_in(picture, SIZES["c"], REGION).getRect() == (34, 20, 23, 23)
    tiny = region_in(picture, Size(48_000, 24_000), Box(24_000, 12_000, 24_010, 12_010))
    assert tiny.width() == pytest.approx(4) and QRect(10, 20, 48, 24).contains(tiny.toRect())


def test_a_reason_takes_two_lines_and_is_shortened_at_the_end(app: QApplication) -> None:
    metrics = QLabel().fontMetrics()
    why = "unsure about class cell over 3.2 % of the image"
    width = metrics.horizontalAdvance("unsure about class cell over") + 2
    assert wrapped(why, metrics, width) == ["unsure about class cell over", "3.2 % of the image"]
    assert wrapped(why, metrics, 10_000) == [why]
    assert wrapped(f"{why} {why}", metrics, width)[1].endswith("…")
    assert wrapped("", metrics, width) == []


def test_a_thumbnail_is_made_once_for_both_lists(
    app: QApplication, queued: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = pictures.thumbnail

    def counted(path: Path, *how: Any, **more: Any) -> Any:
        made.append(path.stem)
        return make(path, *how, **more)

    monkeypatch.setattr(pictures, "thumbnail", counted)
    window = shown(queued, 4)
    try:
        role = Qt.ItemDataRole.DecorationRole
        lists = listed(window).rows, window._images.list.model()
        until(lambda: all(rows.index(row, 0).data(role) is not None for rows in lists for row in range(4)))
        assert sorted(made) == [*NAMES]
    finally:
        window.close()


# ---- walking


def test_shift_d_goes_from_one_entry_to_the_next_and_shift_a_back(window: MainWindow) -> None:
    for name in ("b", "c"):
        go_on(window, name)
    assert listed(window).currentIndex().row() == 1
    key(window, Qt.Key.Key_D, SHIFT)
    assert listed(window).currentIndex().row() == 2
    go_on(window, "d")
    go_on(window, "b")  # from the beginning again, as none of them is done
    go_on(window, "d", which=Qt.Key.Key_A)


def test_done_entries_are_passed_over(window: MainWindow) -> None:
    go_on(window, "b")
    key(window, Qt.Key.Key_Return, CTRL)
    until(lambda: states(window)[0] == "done")
    go_on(window, "c")
    key(window, Qt.Key.Key_D, SHIFT)
    go_on(window, "d")
    go_on(window, "c")
    assert listed(window).currentIndex().row() == 1


def test_a_click_goes_to_the_region_and_frames_it_whatever_is_shown(window: MainWindow) -> None:
    click(window, 1)
    until(lambda: at_hand(window) == "c")
    canvas = window.annotate.canvas
    seen = canvas.what_is_seen().visible
    assert seen is not None and seen.intersect(REGION) == REGION
    assert REGION.height * canvas.view.zoom >= 0.7 * canvas.height()
    assert not window.annotate.shown.error and not window.annotate.shown.confidence
    assert column_of_a_frame(window, 600) and not column_of_a_frame(window, 0)
    key(window, Qt.Key.Key_D, SHIFT)
    assert column_of_a_frame(window, 0) and not column_of_a_frame(window, 1200)
    click(window, 0)
    until(lambda: at_hand(window) == "b")
    assert not column_of_a_frame(window, 0)


def column_of_a_frame(window: MainWindow, x: float) -> bool:
    """Whether white pixels stand above each other near a column of the image."""
    QApplication.processEvents()
    canvas = window.annotate.canvas
    left = round(canvas.image_to_widget(x, 0)[0])
    found = canvas.grab(QRect(left - 9, canvas.height() // 2 - 20, 19, 40)).toImage()
    whites = [
        sum(found.pixelColor(column, row).lightness() > 240 for row in range(found.height()))
        for column in range(found.width())
    ]
    return max(whites, default=0) >= 30


def test_keys_stay_with_the_canvas_after_a_click(window: MainWindow) -> None:
    window.annotate.canvas.setFocus()
    click(window, 0)
    until(lambda: at_hand(window) == "b")
    assert QApplication.focusWidget() is window.annotate.canvas


def test_enter_opens_the_row_that_was_gone_to_by_tab_and_arrows(window: MainWindow) -> None:
    listed(window).setFocus(Qt.FocusReason.TabFocusReason)
    for which in (Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(listed(window), which)
    until(lambda: at_hand(window) == "d")


def test_an_image_opened_otherwise_is_where_the_walk_goes_on(window: MainWindow) -> None:
    assert window.bench is not None
    window.bench.open_image(entries(window)[1].suggestion.image)
    until(lambda: at_hand(window) == "c")
    assert listed(window).currentIndex().row() == 1
    go_on(window, "c")
    assert listed(window).currentIndex().row() == 2


def test_an_image_that_is_in_no_entry_marks_none(window: MainWindow) -> None:
    go_on(window, "b")
    assert window.bench is not None
    window.bench.open_image(window.bench.store.images()[0].id)
    until(lambda: at_hand(window) == "a")
    assert not listed(window).selectionModel().hasSelection()
    go_on(window, "c")


def test_the_way_goes_round_and_leaves_out_what_is_done() -> None:
    def made(*states: str) -> list[Entry]:
        return [Entry(suggested("x"), None, cast(Any, state)) for state in states]

    assert following(made("open", "done", "open"), 0, 1) == 2
    assert following(made("open", "done", "in_work"), 2, 1) == 0
    assert following(made("open", "gone", "open"), 2, -1) == 0
    assert following(made("done", "open", "open"), None, 1) == 1
    assert following(made("open", "open", "done"), None, -1) == 1
    assert following(made("done", "open"), 1, 1) is None
    assert following([], None, 1) is None


def test_an_image_that_is_gone_is_said_and_not_gone_to(app: QApplication, project: Path) -> None:
    keep(project, suggested("0" * 32), suggested(ids_of(project)["d"]))
    window = shown(project, 2)
    try:
        assert states(window) == ["gone", "open"]
        assert text(window, "far") == "0 of 1 done"
        click(window, 0)
        assert "not in the project" in note(window)
        go_on(window, "d")
    finally:
        window.close()


def test_while_something_is_being_drawn_nobody_goes_anywhere(window: MainWindow) -> None:
    canvas = window.annotate.canvas
    window.actions_["polygon"].trigger()
    for x, y in ((300, 200), (340, 220)):
        QTest.mouseClick(canvas, LEFT, NO, QPoint(x, y))
    assert canvas.busy
    key(window, Qt.Key.Key_D, SHIFT)
    assert at_hand(window) == "a"
    assert note(window).startswith("Finish what you are drawing first")


# ---- what becomes of entries


def test_entries_follow_the_work_on_their_images(window: MainWindow) -> None:
    go_on(window, "b")
    paint(window, Box(10, 10, 30, 30))
    until(lambda: states(window)[0] == "in_work")
    key(window, Qt.Key.Key_Return, CTRL)
    until(lambda: states(window)[0] == "done")
    assert text(window, "far") == "1 of 4 done · about 3 min left"
    key(window, Qt.Key.Key_Z, CTRL)  # another state of the pixels than the one that was approved
    until(lambda: states(window)[0] == "in_work")


def test_a_region_is_done_when_most_of_it_is_labelled(window: MainWindow) -> None:
    click(window, 1)
    until(lambda: at_hand(window) == "c")
    paint(window, Box(600, 0, 1200, 200))
    until(lambda: states(window)[1:3] == ["in_work", "open"])
    paint(window, Box(600, 0, 1200, 500))
    until(lambda: states(window)[1:3] == ["done", "open"])


def test_an_approved_image_has_all_its_regions_done(window: MainWindow) -> None:
    click(window, 1)
    until(lambda: at_hand(window) == "c")
    key(window, Qt.Key.Key_Return, CTRL)
    until(lambda: states(window) == ["open", "done", "done", "open"])


def test_approving_stays_unless_somebody_wants_to_go_on(window: MainWindow) -> None:
    go_on(window, "b")
    key(window, Qt.Key.Key_Return, CTRL)
    until(lambda: states(window)[0] == "done" and not window.bench.lanes.busy)  # type: ignore[union-attr]
    assert at_hand(window) == "b"


def test_who_wants_to_goes_on_with_the_approval_and_is_remembered(window: MainWindow) -> None:
    box = window.findChild(QCheckBox, "queue.go_on")
    assert not box.isChecked()
    box.click()
    go_on(window, "b")
    key(window, Qt.Key.Key_Return, CTRL)
    until(lambda: at_hand(window) == "c")
    until(lambda: "100.0 % of b.png is unlabelled" in note(window))
    key(window, Qt.Key.Key_Return, CTRL)
    until(lambda: at_hand(window) == "d")
    assert QSettings().value("queue/go_on_when_approved", False, bool) is True


def test_all_done_is_said_and_ranking_again_is_offered(app: QApplication, project: Path) -> None:
    keep(project, suggested(ids_of(project)["b"]))
    window = shown(project, 1)
    try:
        go_on(window, "b")
        key(window, Qt.Key.Key_Return, CTRL)
        until(lambda: text(window, "far") == "1 of 1 done")
        assert button(window, "again").isVisible()
        assert not window.actions_["next_suggestion"].isEnabled()
        button(window, "again").click()
        assert window.findChild(RankDialog, "dialog.rank") is not None
    finally:
        window.close()


def test_time_left_is_of_what_is_not_done() -> None:
    record = SimpleNamespace(name="a.png")
    made = [
        Entry(suggested("x", seconds=50.0), cast(Any, record), "done"),
        Entry(suggested("y", seconds=70.0), cast(Any, record), "in_work"),
        Entry(suggested("z"), cast(Any, record), "open"),
    ]
    assert how_far(made) == "1 of 3 done · about 70 s left"
    assert how_far(made[:1]) == "1 of 1 done"
    assert how_far(made[2:]) == "0 of 1 done"


# ---- another queue, or none


def test_a_queue_that_another_program_has_written_is_seen_when_the_panel_is(window: MainWindow) -> None:
    assert window.bench is not None
    window.findChild(QDockWidget, "dock.images").raise_()
    QApplication.processEvents()
    (image, *_) = window.bench.store.images()
    keep(window.bench.store.root, suggested(image.id))
    os.utime(window.bench.store.root / FILE, ns=(1, 1))  # whatever the clock of the disk says
    window._docks.bring("queue")
    until(lambda: [entry.name for entry in entries(window)] == ["a.png"])


def test_a_queue_that_is_as_it_was_is_not_read_again(window: MainWindow) -> None:
    before = window._queue._followed.reading
    window._queue._followed.renew()
    until(lambda: not window.bench.lanes.busy)  # type: ignore[union-attr]
    assert window._queue._followed.reading is before


def test_without_a_queue_the_panel_says_what_to_do(app: QApplication, project: Path) -> None:
    window = shown(project, 0)
    try:
        until(lambda: "not ranked yet" in text(window, "empty"))
        assert button(window, "rank").isVisible()
        assert not window.actions_["next_suggestion"].isEnabled()
        button(window, "rank").click()
        assert window.findChild(RankDialog, "dialog.rank") is not None
    finally:
        window.close()


def test_without_images_the_panel_says_how_they_come_in_and_then_offers_to_rank(
    app: QApplication, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((30, 40, 3), np.uint8))
    ProjectStore.create(tmp_path / "project", "p", CATALOG).close()
    window = shown(tmp_path / "project", 0)
    try:
        until(lambda: "Add images" in text(window, "empty"))
        assert not button(window, "rank").isVisible()
        window.projects.add([tmp_path / "a.png"])
        until(lambda: button(window, "rank").isVisible())
    finally:
        window.close()


def test_a_damaged_queue_is_said_and_ranking_again_replaces_it(app: QApplication, project: Path) -> None:
    (project / FILE).write_text('{"version": 1}')
    window = shown(project, 0)
    try:
        until(lambda: "cannot be read" in text(window, "empty"))
        assert "Rank again" in text(window, "empty")
        dialog = asked(window)
        choose(dialog, "random")
        dialog.run.click()
        until(lambda: len(entries(window)) == 4)
        assert "set aside" in text(window, "notes")
        assert len(list((project / "quarantine").glob("*queue.json"))) == 1
    finally:
        window.close()


@pytest.mark.parametrize("broken", ["why", "seconds", "box", "score"])
def test_a_queue_with_a_value_of_another_kind_is_damaged(queued: Path, broken: str) -> None:
    data = json.loads((queued / FILE).read_text())
    data["suggestions"][0][broken] = {"why": None, "seconds": "long", "box": [1], "score": "high"}[broken]
    (queued / FILE).write_text(json.dumps(data))
    if broken == "why":
        found = read_queue(queued)
        assert found is not None and isinstance(found.suggestions[0].why, str)
    else:
        with pytest.raises(Exception, match="not a queue") as caught:
            read_queue(queued)
        assert "Rank again" in explain(cast(Any, caught.value))


def test_a_project_that_is_read_only_can_be_walked_but_not_ranked(
    app: QApplication, queued: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store = ProjectStore.open
    monkeypatch.setattr(ProjectStore, "open", lambda root, **_: open_store(root, write=False))
    window = shown(queued, 4)
    try:
        assert window.bench is not None and not window.bench.editable
        go_on(window, "b")
        assert not window.actions_["rank"].isEnabled()
        (queued / FILE).unlink()
        window._queue._followed.renew()
        until(lambda: "reading only" in text(window, "empty"))
        assert not button(window, "rank").isVisible()
    finally:
        window.close()


# ---- ranking


def test_ranking_from_the_window_shows_what_came_of_it(app: QApplication, project: Path) -> None:
    window = shown(project, 0)
    try:
        window.findChild(QDockWidget, "dock.images").raise_()
        dialog = asked(window)
        choose(dialog, "random")
        dialog.findChild(QWidget, "dialog.rank.count").setValue(3)
        QTest.keyClick(dialog, Qt.Key.Key_Return)
        until(lambda: len(entries(window)) == 3)
        assert text(window, "far") == "0 of 3 done"
        assert text(window, "made").startswith("Random · ")
        assert not listed(window).visibleRegion().isEmpty()
        assert window.actions_["next_suggestion"].isEnabled()
        again = asked(window)
        assert again.strategy.currentData() == "random"
        assert again.options.value() == Ranking(count=3)
    finally:
        window.close()


def test_a_strategy_without_the_model_that_it_needs_cannot_be_asked_for(window: MainWindow) -> None:
    dialog = asked(window)
    choose(dialog, "entropy")
    assert "needs a model" in says(dialog) and not dialog.run.isEnabled()
    choose(dialog, "typiclust")
    assert "choose from: 4" in says(dialog) and dialog.run.isEnabled()
    dialog.findChild(QCheckBox, "dialog.rank.regions").click()
    assert "whole images only" in says(dialog)


def test_no_suggestion_cannot_be_asked_for(window: MainWindow) -> None:
    dialog = asked(window)
    choose(dialog, "random")
    count = dialog.findChild(QWidget, "dialog.rank.count")
    count.setValue(0)
    assert count.value() == dialog.options.value().count == 1


def test_where_all_is_labelled_there_is_nothing_to_rank(window: MainWindow) -> None:
    assert window.bench is not None
    store = window.bench.store
    for record in store.images():
        store.update_image(replace(record, split="test"))
    dialog = asked(window)
    choose(dialog, "random")
    assert "no image to suggest" in says(dialog) and not dialog.run.isEnabled()
    dialog.findChild(QCheckBox, "dialog.rank.test").click()
    assert dialog.run.isEnabled()


def test_every_strategy_is_offered_with_a_sentence(window: MainWindow) -> None:
    dialog = asked(window)
    found = {}
    for row in range(dialog.strategy.count()):
        dialog.strategy.setCurrentIndex(row)
        found[dialog.strategy.currentData()] = dialog.findChild(QLabel, "dialog.rank.help").text()
    assert set(found) >= {
        "auto",
        "typiclust",
        "stratified",
        "entropy",
        "margin",
        "bald",
        "foreground",
        "random",
    }
    assert all(sentence.endswith(".") for sentence in found.values())
    assert "Typical images" in found["auto"]


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"count": "many"}', '{"gone": 1}'])
def test_remembered_options_that_make_no_sense_are_as_none(app: QApplication, kept: str) -> None:
    QSettings().setValue(OPTIONS, kept)
    assert remembered() == Ranking()


def test_a_queue_of_another_model_says_so(window: MainWindow) -> None:
    part = window._queue
    for model, hint in (
        (SimpleNamespace(key=MODEL, card=SimpleNamespace(name="some")), ""),
        (
            SimpleNamespace(key="new@1-1", card=SimpleNamespace(name="new")),
            "Ranked by some; new pre-labels now.",
        ),
        (SimpleNamespace(key="some@2-1", card=SimpleNamespace(name="some")), "another version of some"),
        (None, ""),
    ):
        part._model = cast(Any, lambda model=model: model)
        window._top.model_changed.emit()
        assert hint in text(window, "hint")
        assert button(window, "again").isVisible() == bool(hint)


def test_the_tab_is_in_front_as_it_was_after_a_look_at_another_workspace(window: MainWindow) -> None:
    width = listed(window).width()
    for which in (Qt.Key.Key_2, Qt.Key.Key_1):
        key(window, which, CTRL)
        until(lambda: not window._work.busy)
    until(lambda: not listed(window).visibleRegion().isEmpty() and listed(window).width() == width)
