"""What a hand meets in the real window: fields to type in, keys that are held, what is hidden and what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QDoubleSpinBox, QLabel, QToolButton, QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.ui.banner import Banner
from labeltool.ui.dialogs.failure import show_failure
from labeltool.ui.main import FRAME_PX, fitted
from labeltool.ui.panels.layers import LayerPanel
from tests.e2e import test_window
from tests.e2e.pause import pause_ms
from tests.e2e.test_window import Hands

pytestmark = pytest.mark.usefixtures("settings")
original, project, hands = test_window.original, test_window.project, test_window.hands
"""Fixtures, used here as there."""

LEFT = Qt.MouseButton.LeftButton
NO = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def told(hands: Hands) -> str:
    banner = hands.window.findChild(QLabel, "banner.text")
    return banner.text() if banner.isVisible() else ""


# ---- fields to type in


def type_into(hands: Hands, name: str, text: str) -> QDoubleSpinBox:
    """Click into a field and type over what it says, to whatever has the keys then."""
    pause_ms(20)  # a bar that is new has to be laid out
    box = hands.window.findChild(QDoubleSpinBox, name)
    QTest.mouseClick(box.lineEdit(), LEFT, NO, QPoint(5, box.height() // 2))
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_A, CTRL)
    for letter in text:
        QTest.keyClick(QApplication.focusWidget(), letter)
    return box


def test_the_size_of_the_brush_is_typed_and_the_digits_choose_no_class(hands: Hands):
    type_into(hands, "option.diameter", "60")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert (hands.window.bench.hand.radius_px, hands.window.bench.hand.value) == (30, 1)
    assert QApplication.focusWidget() is hands.canvas
    hands.key(Qt.Key.Key_2)
    assert hands.window.bench.hand.value == 2


def test_a_letter_in_a_field_chooses_no_tool(hands: Hands):
    type_into(hands, "option.diameter", "6e")
    assert hands.window.annotate.tool.id == "brush"


def test_escape_leaves_a_field_as_it_was(hands: Hands):
    box = type_into(hands, "option.diameter", "60")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert (box.value(), hands.window.bench.hand.radius_px) == (16, 8)
    assert QApplication.focusWidget() is hands.canvas


def test_a_press_on_the_canvas_takes_what_was_typed_and_paints_with_it(hands: Hands):
    type_into(hands, "option.diameter", "60")
    hands.drag((100, 200), (150, 200))
    assert hands.label(120, 225) == 1
    assert QApplication.focusWidget() is hands.canvas


def test_what_is_typed_belongs_to_the_tool_it_was_typed_for(hands: Hands):
    actions, hand = hands.window.actions_, hands.window.bench.hand
    actions["wand"].trigger()
    wand, brush = hands.window.annotate.tool, "option.wand.tolerance"
    type_into(hands, brush, "77")
    actions["fill"].trigger()
    assert hand.options_of(wand)["tolerance"] == 77
    assert ("fill", "tolerance") not in hand.options or hand.options["fill", "tolerance"] != 77
    assert QApplication.focusWidget() is hands.canvas


# ---- keys that are held


def test_no_switch_is_repeated_while_its_key_is_held(hands: Hands):
    actions = hands.window.actions_
    assert not [name for name, each in actions.items() if each.isCheckable() and each.autoRepeat()]
    assert not actions["prelabel"].autoRepeat()
    going_on = ("undo", "redo", "larger_brush", "zoom_in", "next_image", "more_opacity")
    assert all(actions[name].autoRepeat() for name in going_on)


def repeat(hands: Hands, key: Qt.Key, modifier: Qt.KeyboardModifier, *, marked: bool) -> None:
    """As the system repeats a key: let go and pressed at once, which it may say or not."""
    if marked:
        for kind in (QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride):
            QApplication.sendEvent(hands.canvas, QKeyEvent(kind, key, modifier, "", True))
    else:
        QTest.keyRelease(hands.canvas, key, modifier)
        QTest.keyPress(hands.canvas, key, modifier)
    pause_ms(60)


@pytest.mark.parametrize("marked", [True, False])
def test_a_peek_lasts_until_the_key_is_let_go_however_the_system_repeats_it(hands: Hands, marked: bool):
    QTest.keyPress(hands.canvas, Qt.Key.Key_V)
    pause_ms(300)
    seen = []
    for _ in range(5):
        repeat(hands, Qt.Key.Key_V, NO, marked=marked)
        seen.append((hands.window.annotate.shown.mask, hands.window.actions_["show_mask"].isChecked()))
    assert set(seen) == {(False, False)}
    QTest.keyRelease(hands.canvas, Qt.Key.Key_V)
    hands.until(lambda: hands.window.annotate.shown.mask)


def test_a_switch_is_not_repeated_where_the_system_does_not_say_that_a_key_is_held(hands: Hands):
    QTest.keyPress(hands.canvas, Qt.Key.Key_W, SHIFT)
    pause_ms(300)
    for _ in range(3):
        repeat(hands, Qt.Key.Key_W, SHIFT, marked=False)
        assert hands.canvas.compare.mode == "swipe"
    QTest.keyRelease(hands.canvas, Qt.Key.Key_W, SHIFT)
    QTest.keyClick(hands.canvas, Qt.Key.Key_W, SHIFT)
    assert hands.canvas.compare.mode == "swipe"
    pause_ms(60)
    QTest.keyClick(hands.canvas, Qt.Key.Key_W, SHIFT)
    assert hands.canvas.compare.mode == "off"


def test_a_brush_grows_as_long_as_its_key_is_held(hands: Hands):
    sizes = [hands.window.bench.hand.radius_px]
    QTest.keyPress(hands.canvas, Qt.Key.Key_BracketRight)
    pause_ms(300)
    for _ in range(3):
        repeat(hands, Qt.Key.Key_BracketRight, NO, marked=False)
        sizes.append(hands.window.bench.hand.radius_px)
    assert sizes == sorted(set(sizes))


# ---- what is hidden


def test_a_stroke_shows_a_mask_that_was_hidden_and_says_so(hands: Hands):
    bare = hands.color(100, 200)
    hands.key(Qt.Key.Key_V)
    QTest.mousePress(hands.canvas, LEFT, NO, hands.at(50, 200))
    QTest.mouseMove(hands.canvas, hands.at(150, 200))
    assert hands.window.actions_["show_mask"].isChecked()
    assert hands.color(100, 200) != bare
    assert "hidden" in hands.window.findChild(QLabel, "status.note").text()
    assert not told(hands), "nothing lies over what is painted"
    QTest.mouseRelease(hands.canvas, LEFT, NO, hands.at(150, 200))


def test_undo_leaves_a_mask_hidden(hands: Hands):
    hands.drag((50, 200), (150, 200))
    hands.key(Qt.Key.Key_V)
    hands.key(Qt.Key.Key_Z, CTRL)
    assert not hands.window.annotate.shown.mask


def test_a_mask_shown_by_a_stroke_stays_when_the_key_of_a_peek_is_let_go(hands: Hands):
    QTest.keyPress(hands.canvas, Qt.Key.Key_V)
    pause_ms(300)
    hands.drag((50, 200), (150, 200))
    QTest.keyRelease(hands.canvas, Qt.Key.Key_V)
    pause_ms(100)
    assert hands.window.annotate.shown.mask


def test_a_message_about_an_image_goes_with_it(hands: Hands):
    hands.window.findChild(Banner).tell_of_image("Something is so with this image.")
    assert told(hands)
    hands.key(Qt.Key.Key_D)
    hands.until(lambda: hands.window.annotate.image.record.name == "b.png")
    assert told(hands) == ""


# ---- the outline of the brush


def on_screen(canvas: QWidget) -> QImage:
    """What was painted bit by bit, not what a new painting would be."""
    window = canvas.window()
    whole = window.screen().grabWindow(window.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    return whole.copy(QRect(canvas.mapTo(window, QPoint(0, 0)), canvas.size()))


@pytest.mark.parametrize("change", ["zoom", "tool", "tip", "hide"])
def test_no_outline_of_the_brush_stays_where_it_was(hands: Hands, change: str):
    hands.window.bench.hand.radius_px = 40
    if change == "tool":
        hands.key(Qt.Key.Key_P)
    for x in (250, 300):
        QTest.mouseMove(hands.canvas, hands.at(x, 200))
        pause_ms(20)
    if change == "zoom":
        hands.wheel(300, 200, 3)
    elif change == "tool":
        hands.key(Qt.Key.Key_B)
    elif change == "tip":
        hands.window.bench.hand.radius_px = 90
        hands.canvas.update()
    else:
        hands.key(Qt.Key.Key_V)
    pause_ms(50)
    QTest.mouseMove(hands.canvas, hands.at(420, 260))
    pause_ms(50)
    bits = on_screen(hands.canvas)
    assert bits == hands.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


# ---- what is kept, and where the window is


def test_the_brush_and_the_options_are_as_they_were_left(hands: Hands, project: Path):
    type_into(hands, "option.diameter", "60")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    hands.window.actions_["wand"].trigger()
    type_into(hands, "option.wand.tolerance", "77")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    hands.window.close()
    again = Hands(project)
    assert again.window.bench.hand.radius_px == 30
    assert again.window.findChild(QDoubleSpinBox, "option.diameter").value() == 60
    again.window.actions_["wand"].trigger()
    assert again.window.findChild(QDoubleSpinBox, "option.wand.tolerance").value() == 77


@given(*(st.integers(low, 4000) for low in (-2000, -2000, 1, 1, 400, 400)))
def test_a_window_is_put_where_all_of_it_is_seen_or_not_at_all(
    x: int, y: int, width: int, height: int, wide: int, high: int
):
    room = QRect(0, 0, wide, high)
    place = fitted(QRect(x, y, width, height), room)
    if place is None:
        assert width + FRAME_PX[0] > wide or height + FRAME_PX[1] > high
    else:
        assert place.size().toTuple() == (width, height)
        assert room.contains(place.adjusted(-8, -40, 8, 8))
        assert fitted(place, room) == place


# ---- what is said


@pytest.mark.parametrize("words", range(3, 12))
def test_all_of_a_failure_can_be_read_however_long_it_is(hands: Hands, words: int):
    names = "Sky Building Pole Road Pavement Tree SignSymbol Fence Car Pedestrian Bicyclist".split()[:words]
    error = LabeltoolError(
        f"no model knows the classes of this project ({', '.join(names)})", hint="Add some. " * 20
    )
    box = show_failure(hands.window, error)
    pause_ms(20)
    label = box.findChild(QLabel, "qt_msgbox_label")
    assert label.minimumWidth() == 0  # or Qt would think that it fits, on a screen that is wide enough
    if label.wordWrap():
        assert label.height() >= label.heightForWidth(label.width())
    else:
        assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())


def test_what_the_layers_do_not_need_is_below_them(hands: Hands):
    panel = LayerPanel()
    panel.resize(288, 1000)
    panel.show()
    pause_ms(20)
    lowest = panel.findChild(QToolButton, "section.compare")
    assert lowest.mapTo(panel, QPoint(0, lowest.height())).y() <= panel.preferred_height()
    first, last = (panel.findChild(QCheckBox, f"layer.{name}") for name in ("mask", "confidence"))
    assert last.y() - first.y() < 150
    panel.close()


def test_human_pixels_stay_is_called_so_and_leaves_painting_anywhere(hands: Hands):
    actions = hands.window.actions_
    actions["keep_human"].trigger()
    button = hands.window.findChild(QToolButton, "top.paint")
    assert button.text() == actions["keep_human"].text()
    assert actions["keep_human"].isChecked() and actions["paint_anywhere"].isChecked()
    actions["paint_unlabelled"].trigger()
    assert button.text() == "Only unlabelled · Human pixels stay"
    assert not actions["paint_anywhere"].isChecked()
    actions["paint_anywhere"].trigger()
    assert hands.window.bench.protection.rules.keep_truth
    assert actions["paint_anywhere"].isChecked() and not actions["paint_unlabelled"].isChecked()
