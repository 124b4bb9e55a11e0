"""Actions of classes carry the classes' names and colours, in menus and in the palette."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction, QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from labeltool.core.catalog import ClassCatalog
from labeltool.ui.actions import DIGITS, table
from labeltool.ui.class_actions import ClassActions
from labeltool.ui.keys import Keymap
from labeltool.ui.palette import KEY, Palette


class Window(QMainWindow):
    """The actions of the digits, of which 0 is the background and 1 to 9 are the others."""

    def __init__(self) -> None:
        super().__init__()
        self.specs = [spec for spec in table() if spec.number is not None]
        self.named = {spec.id: QAction(spec.title, self) for spec in self.specs}
        self.addActions(list(self.named.values()))
        self.taken: list[int] = []
        self.classes = ClassActions(self.named, self.taken.append, self)

    def show_classes(self, *names: str) -> None:
        catalog = ClassCatalog.from_names(list(names))
        self.catalog = catalog
        self.classes.show(catalog, dict(zip(sorted(DIGITS), catalog.values, strict=False)).get)

    def others(self) -> list[QAction]:
        return [each for each in self.actions() if each not in self.named.values()]

    def palette_with(self, typed: str) -> Palette:
        palette = Palette(self.specs, self.named, Keymap(table()).keys, self, self.others())
        palette.show()
        QTest.keyClicks(palette.line, typed)
        return palette


@pytest.fixture
def window(app: QApplication) -> Window:
    return Window()


def test_a_class_is_found_by_its_name_with_its_colour_and_its_key(window: Window) -> None:
    window.show_classes("road", "car")
    item = window.palette_with("car").list.topLevelItem(0)
    assert (item.text(0), item.text(KEY)) == ("Class: car", "2")
    pixel = QColor(item.icon(0).pixmap(16, 16).toImage().pixel(8, 8))
    assert pixel.getRgb()[:3] == window.catalog.by_name("car").color


def test_a_digit_without_a_class_is_not_offered(window: Window) -> None:
    window.show_classes("road", "car")
    listed = window.palette_with("class").list
    titles = [listed.topLevelItem(row).text(0) for row in range(listed.topLevelItemCount())]
    found = [title for title in titles if title.startswith("Class")]
    assert found == ["Class: car", "Class: road", "Class: background"]


def test_a_class_beyond_the_digits_is_chosen_by_its_name(window: Window) -> None:
    names = [f"kind {chr(97 + n)}" for n in range(11)]
    window.show_classes(*names)
    window.palette_with("kind k").run()
    assert window.taken == [window.catalog.by_name("kind k").value]


def test_another_catalog_takes_the_place_of_the_first(window: Window) -> None:
    window.show_classes(*(f"kind {chr(97 + n)}" for n in range(12)))
    window.show_classes("salt & pepper")
    assert window.named["class_1"].text() == "Class: salt && pepper"
    assert window.palette_with("pepper").list.topLevelItem(0).text(0) == "Class: salt & pepper"
    assert window.others() == []
