"""Keys: presets, what the user sets, digits by their place, the palette and the editor."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QPushButton, QWidget

from labeltool.ui.actions import DIGITS, ActionSpec, table
from labeltool.ui.dialogs.keys import KeysDialog
from labeltool.ui.digits import DigitKeys, digit_of
from labeltool.ui.fuzzy import score
from labeltool.ui.keys import FIXED, OWN_SETTING, PRESETS, Keymap, portable, resolve
from labeltool.ui.palette import Palette, Row, ranked

NO, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
LATER = {"superpixel", "threshold"}
"""Tools that presets speak of and that may not be installed."""


@pytest.fixture
def keymap(app: QApplication) -> Keymap:
    return Keymap(table())


# ---- presets


@pytest.mark.parametrize("preset", PRESETS)
def test_no_two_actions_share_a_key_in_any_preset(app: QApplication, preset: str) -> None:
    keymap = Keymap(table(), preset)
    keys = [key for spec in table() for key in keymap.keys(spec.id)]
    assert len(keys) == len(set(keys))
    assert not set(keys) & set(FIXED)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_key_that_a_preset_names_does_what_it_says(app: QApplication, preset: str) -> None:
    keymap = Keymap(table(), preset)
    missing = LATER - {spec.id for spec in table()}
    wanted = {id_: keys for id_, keys in PRESETS[preset].items() if id_ not in missing}
    assert {id_: keymap.keys(id_) for id_ in wanted} == {
        id_: tuple(map(portable, keys)) for id_, keys in wanted.items()
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_leaves_no_action_without_a_key_that_it_does_not_name(
    app: QApplication, preset: str
) -> None:
    keymap = Keymap(table(), preset)
    lost = {spec.id for spec in table() if spec.keys and not keymap.keys(spec.id)}
    assert lost == {id_ for id_, keys in PRESETS[preset].items() if not keys}


def test_the_table_itself_gives_no_key_twice(app: QApplication) -> None:
    keys = [portable(key) for spec in table() for key in spec.keys]
    assert sorted(keys) == sorted(set(keys))


def test_a_key_given_away_by_a_higher_layer_is_not_given_again() -> None:
    found = resolve({"a": ("X",)}, {"b": ("X", "Y")}, {"a": ("A",), "b": ("B",), "c": ("Y", "C")})
    assert found == {"a": ("X",), "b": ("Y",), "c": ("C",)}


# ---- what the user sets


def test_a_key_that_is_assigned_is_taken_from_whoever_had_it(keymap: Keymap) -> None:
    keymap.assign("fit", ["B"])
    assert keymap.action_of("B") == "fit"
    assert keymap.keys("brush") == ()
    keymap.assign("brush", ["B"])
    assert (keymap.keys("brush"), keymap.keys("fit")) == (("B",), ())
    keymap.reset("fit")
    assert (keymap.keys("brush"), keymap.keys("fit")) == (("B",), ("F",))


def test_assigned_keys_are_there_again_after_a_restart(keymap: Keymap) -> None:
    keymap.choose("CVAT")
    keymap.assign("fit", ["Ctrl+Shift+F"])
    keymap.save()
    again = Keymap.load(table())
    assert again.preset == "CVAT"
    assert again.keys("fit") == ("Ctrl+Shift+F",)
    assert again.keys("next_image") == ("F",)


@pytest.mark.parametrize("stored", ["", "[1]", '{"fit": 3}', "{", '{"gone": ["F"]}'])
def test_settings_that_make_no_sense_are_as_none(app: QApplication, stored: str) -> None:
    QSettings().setValue(OWN_SETTING, stored)
    assert Keymap.load(table()).keys("fit") == ("F",)


# ---- digits by physical key


class Digits:
    """A window with an action for each of a few keys, and a canvas that has the focus."""

    def __init__(self) -> None:
        self.window, self.run = QMainWindow(), []
        self.actions: dict[str, QAction] = {}
        for key in ("1", "0", "Shift+3", "Ctrl+Alt+2"):
            self.actions[key] = QAction(self.window)
            self.actions[key].triggered.connect(lambda *_, key=key: self.run.append(key))
        self.window.installEventFilter(DigitKeys(self.actions.get, self.window))
        self.canvas = QWidget()
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.window.setCentralWidget(self.canvas)
        self.window.show()
        self.canvas.setFocus()

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier, scan_code: int, to: QWidget | None = None):
        press = QKeyEvent(QEvent.Type.KeyPress, key, modifiers, scan_code, 0, 0, "")
        QApplication.sendEvent(to or self.canvas, press)


@pytest.mark.parametrize(
    ("key", "modifiers", "scan_code", "expected"),
    [
        (Qt.Key.Key_Ampersand, NO, 10, ["1"]),  # the key of the 1 on a French keyboard
        (Qt.Key.Key_Agrave, NO, 19, ["0"]),
        (Qt.Key.Key_NumberSign, SHIFT, 12, ["Shift+3"]),
        (Qt.Key.Key_At, CTRL_ALT, 11, ["Ctrl+Alt+2"]),
        (Qt.Key.Key_Ampersand, NO, 24, []),
        (Qt.Key.Key_Eacute, NO, 11, []),  # nothing has the plain 2
        (Qt.Key.Key_Ampersand, Qt.KeyboardModifier.ControlModifier, 10, []),
    ],
)
def test_a_digit_is_known_by_its_place(app: QApplication, key, modifiers, scan_code, expected) -> None:
    digits = Digits()
    digits.press(key, modifiers, scan_code)
    assert digits.run == expected


def test_an_action_that_does_not_apply_is_not_run_by_its_digit(app: QApplication) -> None:
    digits = Digits()
    digits.actions["1"].setEnabled(False)
    digits.press(Qt.Key.Key_Ampersand, NO, 10)
    assert digits.run == []


def test_digits_go_into_a_text_field_that_has_the_focus(app: QApplication) -> None:
    digits = Digits()
    field = QLineEdit()
    digits.window.setCentralWidget(field)
    digits.window.activateWindow()
    field.setFocus()
    QTest.qWaitForWindowActive(digits.window)
    digits.press(Qt.Key.Key_At, CTRL_ALT, 11, field)
    digits.press(Qt.Key.Key_Ampersand, NO, 10, field)
    assert digits.run == []


def test_a_physical_digit_is_no_other_shortcut_but_an_ordinary_one_stays_ordinary(app: QApplication) -> None:
    digits = Digits()
    for key, taken in ((Qt.Key.Key_Ampersand, True), (Qt.Key.Key_1, False)):
        override = QKeyEvent(QEvent.Type.ShortcutOverride, key, NO, 10, 0, 0, "")
        override.ignore()
        QApplication.sendEvent(digits.canvas, override)
        assert override.isAccepted() is taken
    assert digits.run == []


@pytest.mark.parametrize(
    ("platform", "codes"),
    [("xcb", range(10, 20)), ("wayland", range(10, 20)), ("windows", range(0x02, 0x0C))],
)
def test_scan_codes_of_the_digit_row_in_order(app: QApplication, platform: str, codes: range) -> None:
    events = [QKeyEvent(QEvent.Type.KeyPress, 0, NO, code, 0, 0, "") for code in codes]
    assert tuple(digit_of(event, platform) for event in events) == DIGITS


def test_virtual_keys_of_the_digit_row_on_macos(app: QApplication) -> None:
    codes = (0x12, 0x13, 0x14, 0x15, 0x17, 0x16, 0x1A, 0x1C, 0x19, 0x1D)
    events = [QKeyEvent(QEvent.Type.KeyPress, 0, NO, 0, code, 0, "") for code in codes]
    assert tuple(digit_of(event, "cocoa") for event in events) == DIGITS


# ---- the palette


def found(query: str, keymap: Keymap) -> list[str]:
    rows = [
        Row(QAction(spec.title, objectName=spec.id), spec.menu, keymap.keys(spec.id), spec.help)
        for spec in table()
    ]
    return [row.action.objectName() for row in ranked(query, rows)]


def test_letters_fit_in_their_order_only() -> None:
    assert score("fw", "Fit the window") is not None
    assert score("wf", "Fit the window") is None


def test_a_letter_begins_a_word_or_goes_on_in_one() -> None:
    assert score("grw", "Grow") is not None
    assert score("car", "Lock or unlock the background") is None
    assert score("a", "") is None


@given(text=st.text(alphabet="ab c-", min_size=1), data=st.data())
def test_a_word_as_it_stands_fits_and_each_more_letter_fits_no_worse(text: str, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from([word for word in re.split(r"[^abc]", text) if word] or ["a"]))
    scores = [score(word[:count], f"{text} {word}") for count in range(1, len(word) + 1)]
    assert scores == sorted(scores)


def test_initials_and_whole_words_come_first(app: QApplication, keymap: Keymap) -> None:
    assert found("fit", keymap)[0] == "fit"
    assert found("pti", keymap)[0] == "prelabel"
    assert found("undo", keymap)[0] == "undo"


@pytest.mark.parametrize(
    ("query", "action"),
    [
        ("grw", "region_grow"),
        ("grow mask", "region_grow"),
        ("mask grow", "region_grow"),
        ("fillholes", "region_fill_holes"),
        ("island", "region_remove_islands"),
        ("prlab", "prelabel"),
        ("outlines", "show_outlines"),
        ("side", "side_by_side"),
        ("dark", "scheme"),
        ("minimap", "show_minimap"),
        ("wand", "wand"),
        ("eraser", "eraser"),
    ],
)
def test_people_find_what_they_mean(app: QApplication, keymap: Keymap, query: str, action: str) -> None:
    assert found(query, keymap)[0] == action


def test_an_action_is_found_by_its_key_its_menu_and_its_help(app: QApplication, keymap: Keymap) -> None:
    assert "save" in found("ctrl+s", keymap)
    assert "scheme" in found("view dark", keymap)
    assert "show_mask" in found("peek", keymap)
    assert "pick" in found("cut", keymap)
    assert "pick" in found("join", keymap)
    assert found("qqqq", keymap) == []


def some_actions(run: list[str]) -> tuple[list[ActionSpec], dict[str, QAction]]:
    specs = [
        ActionSpec("fit", "View", "Fit the window", ("F",)),
        ActionSpec("undo", "Edit", "Undo", ("Ctrl+Z",), needs="undo"),
        ActionSpec("fill", "View", "Fill"),
    ]
    actions = {spec.id: QAction(spec.text) for spec in specs}
    for id_, action in actions.items():
        action.triggered.connect(lambda *_, id_=id_: run.append(id_))
    actions["undo"].setEnabled(False)
    return specs, actions


def test_the_palette_is_used_with_the_keyboard_alone(app: QApplication) -> None:
    run: list[str] = []
    specs, actions = some_actions(run)
    palette = Palette(specs, actions, Keymap(tuple(specs)).keys)
    palette.show()
    QTest.keyClicks(palette.line, "fi")
    QTest.keyClick(palette.line, Qt.Key.Key_Down)
    chosen = palette.list.currentItem().text(0)
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert run == [{"Fit the window": "fit", "Fill": "fill"}[chosen]]
    assert not palette.isVisible()


def test_an_action_that_does_not_apply_says_why_and_is_not_run(app: QApplication) -> None:
    run: list[str] = []
    specs, actions = some_actions(run)
    palette = Palette(specs, actions, Keymap(tuple(specs)).keys)
    palette.show()
    QTest.keyClicks(palette.line, "undo")
    assert palette.list.currentItem().text(1) == "there is nothing to undo"
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert run == []
    assert palette.isVisible()
    QTest.keyClick(palette.line, Qt.Key.Key_Escape)


# ---- the editor


def editor(keymap: Keymap, action: str) -> KeysDialog:
    dialog = KeysDialog(None, keymap)
    dialog.show()
    dialog.choose(action)
    return dialog


def button(dialog: KeysDialog, name: str) -> QPushButton:
    found = dialog.findChild(QPushButton, f"dialog.keys.{name}")
    assert found is not None
    return found


def test_a_free_key_is_assigned_at_once_and_remembered(keymap: Keymap) -> None:
    dialog = editor(keymap, "fit")
    told = []
    dialog.changed.connect(lambda: told.append(keymap.keys("fit")))
    QTest.keyClick(dialog.line, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert told == [("Ctrl+J",)]
    assert Keymap.load(table()).keys("fit") == ("Ctrl+J",)
    button(dialog, "reset").click()
    assert keymap.keys("fit") == ("F",)


def test_a_key_in_use_says_whose_it_is_and_is_taken_over_on_request(keymap: Keymap) -> None:
    dialog = editor(keymap, "fit")
    QTest.keyClick(dialog.line, Qt.Key.Key_B)
    assert keymap.keys("fit") == ("F",)
    assert "Brush" in dialog.says.text()
    button(dialog, "take").click()
    assert (keymap.keys("fit"), keymap.keys("brush")) == (("B",), ())
    assert not button(dialog, "take").isVisible()


def test_a_key_of_the_canvas_cannot_be_taken(keymap: Keymap) -> None:
    dialog = editor(keymap, "fit")
    QTest.keyClick(dialog.line, Qt.Key.Key_Space)
    assert keymap.keys("fit") == ("F",)
    assert "Move the picture" in dialog.says.text()


def test_a_preset_is_chosen_and_everything_is_reset(keymap: Keymap) -> None:
    dialog = editor(keymap, "next_image")
    dialog.presets.setCurrentIndex(dialog.presets.findData("CVAT"))
    dialog.presets.activated.emit(dialog.presets.currentIndex())
    assert keymap.keys("next_image") == ("F",)
    QTest.keyClick(dialog.line, Qt.Key.Key_Z)
    assert keymap.keys("next_image") == ("Z",)
    button(dialog, "all").click()
    assert keymap.keys("next_image") == ("F",)


def test_the_digit_of_a_french_keyboard_is_assigned_as_a_digit(keymap: Keymap) -> None:
    dialog = editor(keymap, "class_1")
    keymap.assign("class_1", [])
    press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Ampersand, NO, 10, 0, 0, "&")
    QApplication.sendEvent(dialog.line, press)
    assert keymap.keys("class_1") == ("1",)
