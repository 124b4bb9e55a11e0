"""A message lies over the canvas, and hides nothing of a fitted image; under a hand nothing moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from labeltool.core.geometry import Size
from labeltool.ui.banner import Banner
from labeltool.ui.canvas.widget import Canvas
from labeltool.ui.canvas_page import CanvasPage
from tests.e2e.pause import pause_ms, until

SIZE = Size(400, 300)
PLACE = QPoint(60, 200)


class Page:
    """The canvas with an image, as the window lays it out."""

    def __init__(self) -> None:
        self.canvas, self.banner = Canvas(lambda: None), Banner()
        self.page = CanvasPage(QLabel("options"), self.canvas, QLabel("pages"), self.banner)
        self.page.resize(600, 500)
        self.canvas.show_image(SIZE, {})
        self.page.show()
        until(lambda: self.canvas.height() > 300)

    @property
    def top(self) -> float:
        return self.canvas.view.top

    def tell(self, text: str) -> None:
        self.banner.tell(text)
        pause_ms(20)


@pytest.fixture
def page(app: QApplication) -> Iterator[Page]:
    made = Page()
    QTest.mouseRelease(made.canvas, Qt.MouseButton.LeftButton)  # a test before may have held it to its end
    yield made
    made.page.close()


def test_a_fitted_image_lies_below_a_message_however_many_lines_it_has(page: Page) -> None:
    page.tell("the disk is full")
    until(lambda: page.top >= page.banner.height())
    one = page.banner.height()
    page.tell("\n".join(["the disk is full"] * 5))
    until(lambda: page.banner.height() > one and page.top >= page.banner.height())
    left, bottom = page.canvas.image_to_widget(0, SIZE.height)
    assert left >= 0 and bottom <= page.canvas.height()


def test_nothing_moves_when_a_message_goes_until_the_image_is_fitted_again(page: Page) -> None:
    before = page.canvas.view
    page.tell("the disk is full")
    until(lambda: page.top >= page.banner.height())
    lower = page.canvas.view
    page.tell("")
    assert page.canvas.view == lower
    page.canvas.fit()
    until(lambda: page.canvas.view == before)


def test_an_image_that_is_not_fitted_stays_where_somebody_has_put_it(page: Page) -> None:
    page.canvas.zoom_to(3)
    before = page.canvas.view
    page.tell("the disk is full")
    assert page.canvas.view == before


def test_nothing_moves_while_a_button_is_held(page: Page) -> None:
    before = page.canvas.view
    QTest.mousePress(page.canvas, Qt.MouseButton.LeftButton, pos=PLACE)
    page.tell("the disk is full")
    assert page.canvas.view == before
    QTest.mouseRelease(page.canvas, Qt.MouseButton.LeftButton, pos=PLACE)
    pause_ms(20)
    assert page.canvas.view == before, "somebody may be about to go on"
