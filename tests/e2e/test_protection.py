"""Locks, rules of painting, the palette and the keys in the real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QSpinBox, QToolButton, QTreeWidget

from labeltool.store.project import ProjectStore
from labeltool.ui.panels.classes import LOCK
from tests.e2e import test_window
from tests.e2e.test_window import Hands

pytestmark = pytest.mark.usefixtures("settings")
original, project, hands = test_window.original, test_window.project, test_window.hands
"""Fixtures, used here as there."""

NO = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def press(hands: Hands, key: Qt.Key, modifiers: Qt.KeyboardModifier, scan_code: int) -> None:
    QApplication.sendEvent(hands.canvas, QKeyEvent(QEvent.Type.KeyPress, key, modifiers, scan_code, 0, 0, ""))


def told(hands: Hands) -> str:
    banner = hands.window.findChild(QLabel, "banner.text")
    return banner.text() if banner.isVisible() else ""


def click_padlock(hands: Hands, row: int) -> None:
    table = hands.window.findChild(QTreeWidget, "classes.list")
    at = table.visualItemRect(table.topLevelItem(row))
    at.setLeft(table.columnViewportPosition(LOCK))
    at.setWidth(table.columnWidth(LOCK))
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, NO, at.center())


def test_a_padlock_freezes_a_class_against_brush_and_undo_and_is_stored(hands: Hands, project: Path):
    hands.drag((50, 200), (150, 200))
    click_padlock(hands, 1)
    assert hands.window.bench.catalog.locked == {1}
    press(hands, Qt.Key.Key_Eacute, NO, 11)  # the 2 of a French keyboard
    hands.drag((100, 150), (100, 250))
    assert (hands.label(100, 200), hands.label(100, 160)) == (1, 2)
    hands.key(Qt.Key.Key_Z, CTRL)
    assert told(hands) == ""
    hands.key(Qt.Key.Key_Z, CTRL)
    assert hands.label(100, 200) == 1
    assert "nucleus" in told(hands) and "locked" in told(hands)
    hands.saved()
    hands.window.close()
    with ProjectStore.open(project) as store:
        assert store.catalog.locked == {1}
    again = Hands(project)
    again.drag((50, 100), (150, 100))
    assert again.label(100, 100) == 0


def test_a_stroke_of_a_locked_class_paints_nothing_and_says_so(hands: Hands):
    press(hands, Qt.Key.Key_Ampersand, CTRL | ALT, 10)
    hands.drag((50, 200), (150, 200))
    assert hands.label(100, 200) == 0
    assert told(hands).startswith("nucleus is locked")
    press(hands, Qt.Key.Key_Ampersand, CTRL | ALT, 10)
    hands.drag((50, 200), (150, 200))
    assert hands.label(100, 200) == 1


def in_vain(hands: Hands) -> None:
    """A stroke of a class that is locked."""
    hands.window.actions_["lock_class_1"].trigger()
    hands.drag((50, 200), (150, 200))
    assert told(hands).startswith("nucleus is locked")


def test_what_was_said_of_a_lock_is_taken_back_when_the_class_is_unlocked(hands: Hands):
    in_vain(hands)
    hands.window.actions_["lock_class_2"].trigger()
    assert told(hands).startswith("nucleus is locked")
    hands.window.actions_["lock_class_1"].trigger()
    assert told(hands) == ""


def test_what_was_said_of_a_lock_is_taken_back_by_a_stroke_that_counts(hands: Hands):
    in_vain(hands)
    hands.window.actions_["class_2"].trigger()
    hands.drag((50, 200), (150, 200))
    assert (hands.label(100, 200), told(hands)) == (2, "")


def test_what_was_said_of_a_lock_is_taken_back_with_the_image(hands: Hands):
    in_vain(hands)
    before = hands.window.annotate.image
    hands.key(Qt.Key.Key_D)
    hands.until(lambda: hands.window.annotate.image not in (None, before))
    assert told(hands) == ""


def test_what_is_said_twice_does_not_flicker(hands: Hands):
    in_vain(hands)
    seen: list[QEvent.Type] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            seen.append(event.type())
            return False

    watch = Watch()
    banner = hands.window.findChild(QLabel, "banner.text").parentWidget()
    banner.installEventFilter(watch)
    hands.drag((50, 200), (150, 200))
    assert told(hands).startswith("nucleus is locked")
    assert not {QEvent.Type.Hide, QEvent.Type.Show, QEvent.Type.Resize, QEvent.Type.LayoutRequest} & set(seen)
    QTest.mouseClick(hands.window.findChild(QToolButton, "banner.close"), Qt.MouseButton.LeftButton)
    assert told(hands) == ""
    hands.drag((50, 200), (150, 200))
    assert told(hands).startswith("nucleus is locked")


def test_shift_and_a_digit_hide_a_class(hands: Hands):
    press(hands, Qt.Key.Key_At, SHIFT, 11)
    assert hands.window.annotate.shown.hidden == {2}
    press(hands, Qt.Key.Key_At, SHIFT, 11)
    assert hands.window.annotate.shown.hidden == frozenset()


def test_only_where_the_image_is_bright_is_painted(hands: Hands):
    hands.window.findChild(QSpinBox, "paint.low").setValue(100)
    hands.window.findChild(QSpinBox, "paint.high").setValue(255)
    hands.window.findChild(QCheckBox, "paint.between").setChecked(True)
    hands.drag((200, 200), (400, 200))
    assert (hands.label(250, 200), hands.label(350, 200)) == (0, 1)
    button = hands.window.findChild(QToolButton, "top.paint")
    assert button.isChecked() and "100–255" in button.text()
    hands.window.actions_["paint_anywhere"].trigger()
    hands.drag((200, 200), (400, 200))
    assert hands.label(250, 200) == 1
    assert not button.isChecked()


def test_human_pixels_stay_and_rules_go_on_with_the_next_image(hands: Hands):
    hands.drag((50, 200), (150, 200))
    hands.window.actions_["keep_human"].trigger()
    hands.window.actions_["class_2"].trigger()
    hands.drag((100, 150), (100, 250))
    assert (hands.label(100, 200), hands.label(100, 160)) == (1, 2)
    before = hands.window.annotate.image
    hands.key(Qt.Key.Key_D)
    hands.until(lambda: hands.window.annotate.image not in (None, before))
    assert hands.window.annotate.image.session.guard.keep_truth


def test_only_over_a_class_and_only_unlabelled_exclude_each_other(hands: Hands):
    hands.drag((50, 200), (150, 200))
    actions = hands.window.actions_
    actions["paint_over_class"].trigger()
    actions["class_2"].trigger()
    hands.drag((100, 150), (100, 250))
    assert (hands.label(100, 200), hands.label(100, 160)) == (2, 0)
    actions["paint_unlabelled"].trigger()
    assert not actions["paint_over_class"].isChecked()
    actions["class_1"].trigger()
    hands.drag((100, 150), (100, 250))
    assert (hands.label(100, 200), hands.label(100, 160)) == (2, 1)


def test_the_palette_opens_runs_and_gives_the_keys_back(hands: Hands):
    hands.key(Qt.Key.Key_K, CTRL)
    palette = hands.window.findChild(QTreeWidget, "palette.list").window()
    QTest.keyClicks(palette.line, "eraser")
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert hands.window.annotate.tool.id == "eraser"


def test_a_class_is_chosen_in_the_palette_by_its_name(hands: Hands):
    last = hands.window.bench.catalog.classes[-1]
    hands.key(Qt.Key.Key_K, CTRL)
    palette = hands.window.findChild(QTreeWidget, "palette.list").window()
    QTest.keyClicks(palette.line, f"class {last.name}")
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert hands.window.bench.hand.value == last.value
    shown = hands.window.actions_["class_9"].isVisible()
    assert shown == (len(hands.window.bench.catalog.foreground) >= 9)


@pytest.mark.parametrize("preset", ["CVAT", "ITK-SNAP"])
def test_another_preset_is_in_force_at_once(hands: Hands, preset: str):
    actions = hands.window.actions_
    actions.keymap.choose(preset)
    actions.show_keys()
    if preset == "CVAT":
        press(hands, Qt.Key.Key_At, SHIFT, 11)
        assert hands.window.annotate.tool.id == "eraser"
    else:
        press(hands, Qt.Key.Key_QuoteDbl, NO, 12)
        assert hands.window.annotate.tool.id == "polygon"
        hands.key(Qt.Key.Key_S)
        assert not hands.window.annotate.shown.mask
