from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDoubleSpinBox, QSlider, QWidget

from labeltool.app.toolbox import Hand
from labeltool.tools.brush import BRUSH
from labeltool.tools.threshold import THRESHOLD
from labeltool.tools.tool import Tool, ValueRange
from labeltool.tools.wand import WAND
from labeltool.ui import remembered
from labeltool.ui.actions import tools
from labeltool.ui.options_bar import Help, OptionsBar


def shown(tool: Tool, **values: float) -> tuple[OptionsBar, list[tuple[str, float]]]:
    bar, said = OptionsBar(), []
    bar.option_changed.connect(lambda name, value: said.append((name, value)))
    bar.show_tool(tool, values, 8)
    return bar, said


def test_an_option_shows_its_value_and_says_a_new_one(app):
    bar, said = shown(WAND, tolerance=30)
    box = bar.findChild(QDoubleSpinBox, "option.wand.tolerance")
    assert box.value() == 30
    box.setValue(41)
    bar.findChild(QCheckBox, "option.wand.smooth").click()
    assert said == [("tolerance", 41.0), ("smooth", 1.0)]


def test_slider_and_box_say_the_same(app):
    bar, said = shown(WAND)
    slider, box = bar.findChild(QSlider), bar.findChild(QDoubleSpinBox)
    slider.setValue(50)
    assert box.value() == 50
    box.setValue(20)
    assert slider.value() == 20
    assert said == [("tolerance", 50.0), ("tolerance", 20.0)]


HOUNSFIELD = ValueRange(("CT", "int16", "HU"), -1024, 1900, 1, "HU")


def test_a_number_among_an_images_values_has_their_range_and_unit_and_may_be_typed_beyond_it(app):
    bar, said = shown(THRESHOLD.fitted(HOUNSFIELD))
    low, high = (bar.findChild(QDoubleSpinBox, f"option.threshold.{name}") for name in ("low", "high"))
    assert (low.text(), high.text()) == ("444 HU", "1900 HU")
    slider = bar.findChild(QSlider)
    slider.setValue(slider.minimum())
    high.setValue(3000)
    assert (low.text(), high.text()) == ("-1024 HU", "3000 HU")
    assert said == [("low", -1024.0), ("high", 3000.0)]


def test_values_of_every_magnitude_can_be_slid_and_typed(app):
    for least, largest, step in ((0, 2**32 - 1, 1), (0.0, 1e-6, 1e-9), (-1e15, 1e15, 0.1)):
        bar, said = shown(THRESHOLD.fitted(ValueRange(("", "", ""), least, largest, step, "")), low=least)
        bar.findChild(QSlider).setValue(bar.findChild(QSlider).maximum())
        assert said == [("low", pytest.approx(largest))]


def test_numbers_of_8_bit_images_are_remembered_and_those_among_values_are_not(app):
    remembered.keep_option(THRESHOLD, "low", 50)
    remembered.keep_option(THRESHOLD.fitted(HOUNSFIELD), "low", 200)
    remembered.keep_option(THRESHOLD.fitted(HOUNSFIELD), "least", 9)
    hand = Hand()
    remembered.restore(hand, [THRESHOLD])
    assert (hand.options_of(THRESHOLD)["low"], hand.options_of(THRESHOLD)["least"]) == (50, 9)


def test_a_choice_is_a_list(app):
    bar, said = shown(THRESHOLD, which=2)
    box = bar.findChild(QComboBox, "option.threshold.which")
    assert box.currentIndex() == 2
    box.setCurrentIndex(1)
    assert said == [("which", 1.0)]


def test_a_brush_shows_its_diameter_and_follows_it_silently(app):
    bar, _ = shown(BRUSH)
    asked: list[float] = []
    bar.diameter_changed.connect(asked.append)
    box = bar.findChild(QDoubleSpinBox, "option.diameter")
    assert box.value() == 16
    bar.show_diameter(20)
    assert (box.value(), asked) == (20, [])
    box.setValue(30)
    assert asked == [30]


def test_the_bar_is_as_high_for_a_tool_without_options_so_that_the_canvas_does_not_jump(app):
    bare = Tool("x", "X", "", "", "cross", WAND.gesture)
    parent = QWidget()
    bar = OptionsBar(parent)
    heights = set()
    for tool in (WAND, BRUSH, THRESHOLD, bare):
        bar.show_tool(tool, {}, 8)
        bar.adjustSize()
        assert not bar.isHidden()
        heights.add((bar.height(), max(bar.height(), bar.layout().minimumSize().height())))
    assert len(heights) == 1


@pytest.fixture
def bar(app) -> Iterator[OptionsBar]:
    """To be shown; Qt deletes it, as it does with a window's, when what waits in its queue has been done."""
    made = OptionsBar()
    yield made
    made.close()
    made.deleteLater()


def help_of(bar: OptionsBar) -> Help:
    return next(each for each in bar.findChildren(Help) if not each.isHidden())


def test_what_a_tool_does_can_be_read_beside_its_options_in_a_window_of_1280(bar: OptionsBar):
    bar.resize(1280 - 43 - 297, bar.height())
    bar.show()
    for tool in tools():
        bar.show_tool(tool, {}, 8)
        QApplication.processEvents()
        line = help_of(bar)
        assert line.text() == tool.help.split("\n")[0]
        assert line.width() >= line.fontMetrics().horizontalAdvance(line.text()), tool.id
        assert line.toolTip() == tool.help


def test_sliders_are_as_wide_as_they_may_be_where_there_is_room(bar: OptionsBar):
    bar.resize(2000, bar.height())
    bar.show_tool(THRESHOLD, {}, 8)
    bar.show()
    QApplication.processEvents()
    assert {slider.width() for slider in bar.findChildren(QSlider)} == {110}
    bar.resize(bar.minimumSizeHint().width(), bar.height())
    QApplication.processEvents()
    assert {slider.width() for slider in bar.findChildren(QSlider)} == {40}


def test_a_line_that_does_not_fit_is_cut_at_its_end(app):
    line = Help()
    line.setText("Click a region to give it the current class; right-click to erase it")
    line.resize(line.sizeHint())
    whole = line.grab().toImage()
    line.resize(line.width() // 2, line.height())
    begin = QRect(0, 0, 3 * line.width() // 4, line.height())
    assert line.grab().toImage().copy(begin) == whole.copy(begin)


def focused(bar: OptionsBar, tool: Tool, **values: float) -> tuple[QDoubleSpinBox, list[str]]:
    bar.show_tool(tool, values, 8)
    bar.show()
    QTest.qWaitForWindowActive(bar)
    box = bar.findChild(QDoubleSpinBox, f"option.{tool.id}.tolerance")
    gone: list[str] = []
    bar.left.connect(lambda: gone.append("left"))
    QTest.mouseClick(box.lineEdit(), Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is box
    QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, "57")
    return box, gone


def test_enter_takes_what_was_typed_and_gives_the_keys_back(bar: OptionsBar):
    said: list[float] = []
    bar.option_changed.connect(lambda _, value: said.append(value))
    box, gone = focused(bar, WAND, tolerance=30)
    assert (said, gone) == ([], [])
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert (said, gone) == ([57], ["left"])


def test_escape_takes_back_what_was_typed(bar: OptionsBar):
    said: list[float] = []
    bar.option_changed.connect(lambda _, value: said.append(value))
    box, gone = focused(bar, WAND, tolerance=30)
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert (box.value(), box.text(), said, gone) == (30, "30 %", [], ["left"])
