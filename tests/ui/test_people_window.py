"""People in the real window: decisions and the chip that tells them, comments pinned to places, layers set aside,
agreement and hidden gold."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest
import shiboken6
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QLabel,
    QListView,
    QMenu,
    QMessageBox,
    QToolButton,
    QWidget,
)

from labeltool.app.importing import import_labels
from labeltool.app.people.comments import Comment, Thread, comment, resolve, threads
from labeltool.app.people.deciding import decide, state
from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.project import Status
from labeltool.store.project import ProjectStore
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.main import open_window
from labeltool.ui.people.annotators import Annotators
from labeltool.ui.people.card import ThreadCard
from labeltool.ui.people.chip import StatusChip
from labeltool.ui.people.commenting import Commenting
from labeltool.ui.people.gold_dialog import GoldDialog
from labeltool.ui.people.pins import GRAB_PX, RISE_PX, Pins
from labeltool.ui.people.reasons import RejectDialog, last_reasons, remember_reason
from labeltool.ui.people.references_dialog import ReferencesDialog
from labeltool.ui.people.report import ReportDialog
from labeltool.ui.people.words import ago
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until

WIDTH, HEIGHT, GREY = 400, 300, 100
LEFT, NO = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CELL, BARE = Box(20, 20, 80, 80), Box(200, 200, 260, 220)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images, labelled by an import."""
    folder = tmp_path_factory.mktemp("original")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[CELL.slices()] = 1
    for name in "abc":
        cv2.imwrite(str(folder / "images" / f"{name}.png"), np.full((HEIGHT, WIDTH, 3), GREY, np.uint8))
        cv2.imwrite(str(folder / "labels" / f"{name}.png"), label)
    with ProjectStore.create(folder / "project", "p", ClassCatalog.from_names(["cell"])) as store:
        store.author = "ada"
        add_images(store, [folder / "images"])
        import_labels(store, folder / "labels", "png")
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path, original: Path) -> Path:
    """A copy of it; the images are those of all tests."""
    return Path(shutil.copytree(original, tmp_path / "project"))


@pytest.fixture
def window(app: QApplication, project: Path) -> Iterator[MainWindow]:
    made = shown(project)
    yield made
    made.close()


def shown(project: Path) -> MainWindow:
    made = open_window(project)
    made.resize(1280, 720)
    until(lambda: made.annotate.image is not None)
    QTest.qWaitForWindowExposed(made)
    made.activateWindow()
    made.annotate.canvas.setFocus()
    made.actions_["brush"].trigger()
    return made


def at(window: MainWindow, x: float, y: float) -> QPoint:
    return QPointF(*window.annotate.canvas.image_to_widget(x, y)).toPoint()


def key(window: MainWindow, which: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
    window.activateWindow()
    until(window.isActiveWindow)  # where a dialog was, and keys are shortcuts of it no more
    QTest.keyClick(window.annotate.canvas, which, modifier)
    QApplication.processEvents()


def paint(window: MainWindow, box: Box) -> None:
    """A stroke through a box, saved."""
    canvas, image = window.annotate.canvas, window.annotate.image
    before = image.session.revision
    QTest.mousePress(canvas, LEFT, NO, at(window, box.x0, box.y0))
    QTest.mouseMove(canvas, at(window, box.x1, box.y1))
    QTest.mouseRelease(canvas, LEFT, NO, at(window, box.x1, box.y1))
    assert image.session.revision > before
    until(lambda: image.record.revision == image.session.revision)


def chip(window: MainWindow) -> StatusChip:
    return window.findChild(StatusChip, "top.status")


def stands(window: MainWindow, text: str) -> None:
    """Wait until the chip says this and by whose word."""
    until(lambda: chip(window).text() == text and chip(window)._decided is not None)


def card(window: MainWindow) -> ThreadCard:
    return window.findChild(ThreadCard, "comments.card")


def commenting(window: MainWindow) -> Commenting:
    return window.findChild(Commenting)


def annotators(window: MainWindow) -> Annotators:
    return window.findChild(Annotators)


def comment_at(window: MainWindow, x: float, y: float, text: str) -> None:
    """By the pointer, the key and Enter."""
    count = len(commenting(window)._threads)
    QTest.mouseMove(window.annotate.canvas, at(window, x, y))
    key(window, Qt.Key.Key_K, SHIFT)
    assert card(window).writer.hasFocus()
    QTest.keyClicks(card(window).writer, text)
    QTest.keyClick(card(window).writer, Qt.Key.Key_Return)
    until(lambda: len(commenting(window)._threads) == count + 1 and not card(window).isVisible())


def listed(window: MainWindow) -> list[str]:
    rows = window.findChild(QListView, "comments.list").model()
    return [rows.index(row, 0).data() for row in range(rows.rowCount())]


def open_image(window: MainWindow, name: str) -> str:
    image_id = next(r.id for r in window.bench.store.images() if r.stem == name)
    window.bench.open_image(image_id)
    until(lambda: window.annotate.image is not None and window.annotate.image.record.id == image_id)
    return image_id


# ---- decisions


def test_an_approval_turns_stale_when_a_pixel_changes_and_holds_again_after_undo(window: MainWindow) -> None:
    stands(window, "in work")
    key(window, Qt.Key.Key_Return, CTRL)
    stands(window, "approved")
    assert "Approved by" in chip(window).words()
    before = window.annotate.image.session.mask.snapshot()
    paint(window, BARE)
    stands(window, "in work · stale")
    now = window.annotate.image.session.mask
    differ = np.zeros((HEIGHT, WIDTH), bool)
    for name in now.planes:
        differ |= before.planes[name].read(Box(0, 0, WIDTH, HEIGHT)) != now.planes[name].read(
            Box(0, 0, WIDTH, HEIGHT)
        )
    until(lambda: f"Pixels changed since: {differ.sum():,}" in chip(window).words())
    key(window, Qt.Key.Key_Z, CTRL)
    stands(window, "approved")
    assert "stale" not in chip(window).words()
    key(window, Qt.Key.Key_Y, CTRL)
    stands(window, "in work · stale")


def test_an_approval_that_was_taken_back_is_gone_and_not_stale(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = WIDTH * HEIGHT // 2
    monkeypatch.setattr(window.bench.store, "class_pixels", lambda image_id: {1: half})
    key(window, Qt.Key.Key_Return, CTRL)
    stands(window, "approved")
    banner = window.findChild(QLabel, "banner.text")
    until(lambda: "of it is unlabelled" in banner.text())
    key(window, Qt.Key.Key_D, CTRL)  # says less than what is so
    assert window.annotate.image.record.status is Status.APPROVED
    key(window, Qt.Key.Key_Return, CTRL)
    stands(window, "in work")
    assert banner.text() == ""
    paint(window, BARE)
    until(lambda: window.bench.save_state.saved == window.annotate.image.session.revision)
    until(lambda: not window._deciding._soon.isActive())
    stands(window, "in work")
    assert "stale" not in chip(window).words()


def test_keys_say_done_and_in_work_again(window: MainWindow) -> None:
    assert not window.actions_["in_work"].isEnabled()
    key(window, Qt.Key.Key_D, CTRL)
    stands(window, "done")
    assert "Called done by" in chip(window).words()
    assert window.actions_["in_work"].isEnabled()
    chip(window).menu().actions()[-1].trigger()
    stands(window, "in work")
    until(lambda: not window.actions_["in_work"].isEnabled())


def test_a_rejected_image_says_why_when_it_is_opened_again(window: MainWindow) -> None:
    key(window, Qt.Key.Key_R, CTRL)
    dialog = window.findChild(RejectDialog)
    QTest.keyClick(dialog.writer, Qt.Key.Key_Return)
    assert dialog.isVisible()  # without a reason nothing is rejected
    QTest.keyClicks(dialog.writer, "cut the halves apart")
    QTest.keyClick(dialog.writer, Qt.Key.Key_Return)
    stands(window, "rejected")
    banner = window.findChild(QLabel, "banner.text")
    assert not banner.isVisible()  # who has just said it need not read it
    open_image(window, "b")
    stands(window, "in work")
    image_id = open_image(window, "a")
    until(lambda: banner.isVisible() and "cut the halves apart" in banner.text())
    model = window._images._model
    assert "cut the halves apart" in model.data(model.index(0), Qt.ItemDataRole.ToolTipRole)
    paint(window, BARE)
    assert banner.isVisible()  # still to be done
    key(window, Qt.Key.Key_D, CTRL)
    stands(window, "done")
    until(lambda: not banner.isVisible())
    assert state(window.bench.store, image_id).rejection is None


def test_the_last_reasons_are_offered(app: QApplication) -> None:
    for reason in ("one", "two", "three", "four", "five", "one", "six"):
        remember_reason(reason)
    assert last_reasons() == ["six", "one", "five", "four", "three"]
    dialog = RejectDialog("a.png", None)
    dialog.show()
    row = dialog.earlier.visualItemRect(dialog.earlier.item(1)).center()
    QTest.mouseClick(dialog.earlier.viewport(), LEFT, NO, row)
    assert dialog.reason == "one"
    dialog.close()


def test_reasons_of_images_that_nobody_has_opened_are_in_the_list(app: QApplication, project: Path) -> None:
    with ProjectStore.open(project) as store:
        last = store.images()[-1]
        decide(store, last.id, Status.REJECTED, expected=last.revision, reason="blurred")
    window = shown(project)
    model = window._images._model
    until(lambda: "blurred" in model.data(model.index(2), Qt.ItemDataRole.ToolTipRole))
    window.close()


# ---- comments


@given(
    x=st.floats(0, 400),
    y=st.floats(0, 300),
    zoom=st.floats(0.01, 64),
    left=st.floats(-1000, 1000),
    top=st.floats(-1000, 1000),
)
def test_a_pin_is_taken_at_its_head_and_points_at_its_pixel_at_any_zoom(
    x: float, y: float, zoom: float, left: float, top: float
) -> None:
    pins, view = Pins(), Viewport(zoom, left, top)
    pins.show([Thread(7, x, y, (Comment("here", "ada", ""),))])
    tip = view.to_widget(x, y)
    head = tip[0], tip[1] - RISE_PX
    assert pins.at(*head, view).thread.number == 7
    assert pins.at(head[0] + GRAB_PX - 0.1, head[1], view) is not None
    assert pins.at(head[0] + GRAB_PX + 0.1, head[1], view) is None
    assert pins.at(*tip, view) is None  # what is meant can be painted


def test_a_comment_stays_at_its_pixel_whatever_the_zoom(window: MainWindow) -> None:
    canvas = window.annotate.canvas
    comment_at(window, 150.25, 120.5, "is this debris?")
    kept = threads(window.bench.store, window.annotate.image.record.id)[0]
    pixel = 1 / canvas.view.zoom
    assert abs(kept.x - 150.25) <= pixel
    assert abs(kept.y - 120.5) <= pixel
    for zoom in (0.5, 1, 3.7, 16):
        canvas.zoom_to(zoom)
        canvas.centre_on(kept.x, kept.y)
        head = at(window, kept.x, kept.y) - QPoint(0, round(RISE_PX))
        QTest.mouseClick(canvas, LEFT, NO, head)
        assert card(window).isVisible(), zoom
        assert card(window).place[1:3] == (kept.x, kept.y)
        key(window, Qt.Key.Key_Escape)
        assert not card(window).isVisible()
    assert (
        window.annotate.image.session.revision == window.annotate.image.record.revision
    )  # nothing was painted


def test_a_thread_is_answered_resolved_and_reopened(window: MainWindow) -> None:
    canvas = window.annotate.canvas
    comment_at(window, 150, 120, "cut this")
    comment_at(window, 300, 200, "missed")
    image_id = window.annotate.image.record.id
    QTest.mouseClick(canvas, LEFT, NO, at(window, 150, 120) - QPoint(0, round(RISE_PX)))
    assert QApplication.focusWidget() is canvas  # its keys go on
    QTest.mouseClick(card(window).writer.viewport(), LEFT)
    QTest.keyClicks(card(window).writer, "I cut it")
    QTest.keyClick(card(window).writer, Qt.Key.Key_Return)
    until(lambda: len(threads(window.bench.store, image_id)[0].comments) == 2)
    until(lambda: not card(window).isVisible())
    for resolved in (True, False):
        QTest.mouseClick(canvas, LEFT, NO, at(window, 150, 120) - QPoint(0, round(RISE_PX)))
        QTest.mouseClick(window.findChild(QToolButton, "comments.card.resolve"), LEFT)
        until(lambda resolved=resolved: commenting(window)._threads[0].resolved is resolved)
        assert listed(window) == (["missed", "cut this"] if resolved else ["cut this", "missed"])


def test_painting_beside_a_pin_goes_on_as_ever(window: MainWindow) -> None:
    comment_at(window, 230, 240, "here")
    QTest.mouseClick(window.annotate.canvas, LEFT, NO, at(window, 230, 240) - QPoint(0, round(RISE_PX)))
    paint(window, BARE)
    assert not card(window).isVisible()
    mask = window.annotate.image.session.mask
    assert mask.read("label", Box(230, 210, 231, 211))[0, 0] == 1


def test_what_was_written_and_not_sent_is_there_again(window: MainWindow) -> None:
    QTest.mouseMove(window.annotate.canvas, at(window, 50, 50))
    key(window, Qt.Key.Key_K, SHIFT)
    QTest.keyClicks(card(window).writer, "half a sen")
    open_image(window, "b")
    assert not card(window).isVisible()
    open_image(window, "a")
    key(window, Qt.Key.Key_K, SHIFT)
    assert card(window).unsent == "half a sen"
    QTest.keyClick(card(window).writer, Qt.Key.Key_Escape)
    assert not card(window).isVisible()
    assert QApplication.focusWidget() is window.annotate.canvas


def test_the_field_is_as_high_as_what_is_written(window: MainWindow) -> None:
    key(window, Qt.Key.Key_K, SHIFT)
    low, card_low = card(window).writer.height(), card(window).height()
    QTest.keyClicks(card(window).writer, "more than goes into a line of the card " * 3)
    line = card(window).writer.fontMetrics().lineSpacing()
    assert card(window).writer.height() >= low + 2 * line
    assert card(window).height() >= card_low + 2 * line
    assert not card(window).writer.verticalScrollBar().isVisible()


def test_ctrl_enter_sends_a_comment_and_approves_nothing(window: MainWindow) -> None:
    key(window, Qt.Key.Key_K, SHIFT)
    QTest.keyClicks(card(window).writer, "done?")
    QTest.keyClick(card(window).writer, Qt.Key.Key_Return, CTRL)
    until(lambda: len(commenting(window)._threads) == 1)
    assert window.annotate.image.record.status is Status.IN_WORK


def test_comments_of_the_project_are_listed_open_ones_first_and_walked_through(
    app: QApplication, project: Path
) -> None:
    with ProjectStore.open(project) as store:
        a, _, c = store.images()
        resolve(store, a.id, comment(store, a.id, 10, 10, "settled").number)
        comment(store, a.id, 100, 100, "open in a")
        comment(store, c.id, 200, 100, "open in c")
    window = shown(project)
    until(lambda: listed(window) == ["open in a", "settled"])
    panel = commenting(window).panel.widget
    panel.choose_scope("project")
    panel.scope_asked.emit()
    until(lambda: listed(window) == ["open in a", "open in c", "settled"])
    key(window, Qt.Key.Key_J, SHIFT)
    until(lambda: card(window).isVisible() and card(window).place.image_id == a.id)
    key(window, Qt.Key.Key_J, SHIFT)
    until(lambda: window.annotate.image.record.id == c.id and card(window).isVisible())
    assert card(window).place[1:3] == (200, 100)
    window.close()


def test_a_project_for_reading_only_shows_comments_and_takes_none(
    app: QApplication, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ProjectStore.open(project) as store:
        comment(store, store.images()[0].id, 100, 100, "look")
    open_store = ProjectStore.open
    monkeypatch.setattr(ProjectStore, "open", lambda root, **_: open_store(root, write=False))
    window = shown(project)
    assert not window.bench.editable
    until(lambda: listed(window) == ["look"])
    for name in ("comment", "done", "reject", "in_work"):
        assert not window.actions_[name].isEnabled()
    QTest.mouseClick(window.annotate.canvas, LEFT, NO, at(window, 100, 100) - QPoint(0, round(RISE_PX)))
    assert card(window).isVisible()
    assert not card(window).writer.isVisible()
    window.close()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "just now"),
        (60, "1 min ago"),
        (2 * 3600 + 5, "2 h ago"),
        (86400 + 5, "yesterday"),
        (3 * 86400 + 5, "3 days ago"),
    ],
)
def test_how_long_ago_something_was_is_said_in_words(seconds: float, said: str) -> None:
    now = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
    assert ago((now - timedelta(seconds=seconds)).isoformat(), now) == said
    assert ago("nonsense", now) == "nonsense"


# ---- several annotators


def keep(window: MainWindow, name: str) -> None:
    """Set the annotation at hand aside and begin afresh, through the dialog."""
    window.actions_["references"].trigger()
    dialog = window.findChild(ReferencesDialog)
    dialog.name.setText(name)
    dialog.afresh.setChecked(True)
    until(dialog.run.isEnabled)
    dialog.press()
    until(lambda: name in window.bench.store.references(window.annotate.image.record.id))
    until(lambda: not dialog.job.running and not window.annotate.image.session.frozen)
    until(
        lambda: (
            window.findChild(ReferencesDialog) is None or not window.findChild(ReferencesDialog).isVisible()
        )
    )


def test_a_second_annotator_begins_blind_and_undo_takes_that_back(window: MainWindow) -> None:
    key(window, Qt.Key.Key_Return, CTRL)
    stands(window, "approved")
    paint(window, BARE)
    keep(window, "anna")
    stands(window, "new")  # the approval was of another annotation
    assert not window.annotate.image.session.mask.read("origin", Box(0, 0, WIDTH, HEIGHT)).any()
    window.actions_["undo"].trigger()
    assert window.annotate.image.session.mask.read("label", CELL).all()


def test_agreement_says_how_far_two_annotators_agree(window: MainWindow) -> None:
    keep(window, "anna")
    window.actions_["undo"].trigger()
    until(lambda: window.bench.store.class_pixels(window.annotate.image.record.id))
    window.actions_["people_report"].trigger()
    dialog = window.findChild(ReportDialog)
    until(lambda: not dialog.job.running)
    assert dialog.agreement.together.table_.records()[0]["kappa"] == 1.0
    assert "no hidden gold" in dialog.gold._empty.text()
    for box in (dialog.agreement.together, dialog.agreement.images):  # the figures of the class are in sight
        view, heads = box.view, [column.header for column in box.table_.columns]
        of_class = max(at for at, head in enumerate(heads) if "cell" in head)
        assert view.columnViewportPosition(of_class) + view.columnWidth(of_class) <= view.viewport().width()
    dialog.agreement.images.view.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("\t")[:3] for line in lines] == [
        ["image", "layer", "other layer"],
        ["a.png", "annotation", "anna"],
    ]
    open_image(window, "b")
    index = dialog.agreement.images.view.model().index(0, 0)
    place = dialog.agreement.images.view.visualRect(index).center()
    dialog.tabs.setCurrentWidget(dialog.agreement)
    QTest.mouseClick(dialog.agreement.images.view.viewport(), LEFT, NO, place)
    until(lambda: window.annotate.image.record.stem == "a")
    dialog.close()


def test_a_layer_is_removed_by_a_second_click(window: MainWindow) -> None:
    keep(window, "anna")
    image_id = window.annotate.image.record.id
    window.actions_["references"].trigger()
    dialog = window.findChild(ReferencesDialog)
    until(lambda: dialog.findChild(QToolButton, "dialog.references.remove"))
    button = dialog.findChild(QToolButton, "dialog.references.remove")
    QTest.mouseClick(button, LEFT)
    assert window.bench.store.references(image_id) == ["anna"]
    QTest.mouseClick(button, LEFT)
    until(lambda: window.bench.store.references(image_id) == [])
    dialog.close()


def test_the_layers_may_be_read_and_removed_after_their_dialog_was_closed(window: MainWindow) -> None:
    keep(window, "anna")
    bench, image_id = window.bench, window.annotate.image.record.id
    told: list[None] = []
    bench.layers_changed.connect(told.append)
    gate = Event()
    bench.lanes.submit("io", "gate", lambda *_: gate.wait(10), done=lambda _: None, failed=lambda _: None)
    bench.lanes.submit("io", "gate too", lambda *_: gate.wait(10), done=lambda _: None, failed=lambda _: None)
    window.actions_["references"].trigger()
    dialog = window.findChild(ReferencesDialog)
    dialog._remove("anna")
    dialog.close()
    until(lambda: not shiboken6.isValid(dialog))
    gate.set()
    until(lambda: bench.store.references(image_id) == [] and told)
    until(lambda: not bench.lanes.busy)
    assert window.findChild(QMessageBox) is None


def test_a_hidden_gold_image_looks_new_and_who_labels_it_is_told_of(window: MainWindow) -> None:
    menu = QMenu(window)
    record = window.annotate.image.record
    annotators(window).fill_menu(menu, [record])
    next(each for each in menu.actions() if each.objectName() == "images.gold").trigger()
    dialog = window.findChild(GoldDialog)
    dialog.press()
    until(lambda: dialog.answered)
    dialog.press()
    stands(window, "new")
    until(lambda: not window.annotate.image.session.frozen)
    assert not window.actions_["undo"].isEnabled()  # the labels are not an undo away
    paint(window, BARE)
    key(window, Qt.Key.Key_D, CTRL)
    stands(window, "done")
    window.actions_["people_report"].trigger()
    report = window.findChild(ReportDialog)
    until(lambda: not report.job.running)
    found = report.gold.images.table_.records()
    assert [(each["image"], each["status"]) for each in found] == [(record.name, "done")]
    assert found[0]["recall cell"] == 0  # the cell is elsewhere
    report.close()


def test_no_dialog_of_people_is_larger_than_a_small_screen(window: MainWindow) -> None:
    for name in ("references", "people_report", "reject"):
        window.actions_[name].trigger()
    QApplication.processEvents()
    dialogs = [each for each in window.findChildren(QDialog) if each.isVisible()]
    assert len(dialogs) == 3
    for dialog in dialogs:
        assert dialog.width() <= 1200, dialog.objectName()
        assert dialog.height() <= 660, dialog.objectName()
    until(lambda: not window.findChild(ReportDialog).job.running)
    for dialog in dialogs:
        dialog.close()


def test_both_verbs_are_in_sight_in_a_small_window_also_after_another_style(window: MainWindow) -> None:
    for _ in range(2):
        QApplication.sendEvent(window._top, QEvent(QEvent.Type.StyleChange))
        QApplication.processEvents()
        for name in ("prelabel", "approve"):
            button = window._top.widgetForAction(window.actions_[name])
            assert isinstance(button, QWidget)
            assert button.isVisible()


def test_the_card_takes_nothing_from_the_canvas_but_its_own_place(window: MainWindow) -> None:
    comment_at(window, 150, 120, "here")
    QTest.mouseClick(window.annotate.canvas, LEFT, NO, at(window, 150, 120) - QPoint(0, round(RISE_PX)))
    shown_card = window.findChild(QFrame, "comments.card")
    assert window.annotate.canvas.rect().contains(shown_card.geometry())
    zoom = window.annotate.canvas.view.zoom
    QTest.mouseClick(shown_card, LEFT, NO, QPoint(60, 12))
    assert window.annotate.canvas.view.zoom == zoom
    assert window.annotate.image.session.revision == window.annotate.image.record.revision
