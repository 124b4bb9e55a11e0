"""What a message over the canvas is about decides how long it stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from labeltool.ui import banner as banners
from labeltool.ui.banner import Banner


class Place:
    """A banner over something that is worked with."""

    def __init__(self) -> None:
        self.window = QWidget()
        column = QVBoxLayout(self.window)
        self.banner, self.work = Banner(self.window), QPushButton("work")
        column.addWidget(self.banner)
        column.addWidget(self.work)
        self.window.show()

    @property
    def text(self) -> str:
        return self.banner.findChild(QLabel, "banner.text").text()

    def go_on(self) -> None:
        QTest.mouseClick(self.work, Qt.MouseButton.LeftButton)


@pytest.fixture
def place(app: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(banners, "READ_S", 0.03)
    made = Place()
    yield made
    made.banner.leave_project()
    made.window.close()


def test_news_stays_while_nobody_is_there_and_goes_some_time_after_somebody_goes_on(place: Place) -> None:
    place.banner.tell_news("recovered to r2")
    QTest.qWait(120)
    assert place.text == "recovered to r2"
    place.go_on()
    assert place.text == "recovered to r2", "it can still be read"
    QTest.qWait(120)
    assert place.banner.isHidden()


def test_pressing_keys_is_going_on_as_well(place: Place) -> None:
    place.banner.tell_news("recovered to r2")
    QTest.keyClick(place.work, Qt.Key.Key_D)
    QTest.qWait(120)
    assert place.banner.isHidden()


def test_what_is_done_in_a_dialog_is_not_going_on(place: Place) -> None:
    place.banner.tell_news("recovered to r2")
    dialog = QDialog(place.window)
    dialog.show()
    QTest.mouseClick(dialog, Qt.MouseButton.LeftButton)
    QTest.qWait(120)
    assert place.text == "recovered to r2"
    dialog.close()


def test_what_is_so_stays_until_it_is_taken_back_and_news_goes_beside_it(place: Place) -> None:
    place.banner.tell("the disk is full")
    place.banner.tell_news("images added: 3")
    place.banner.tell_news("images found again: 2")
    assert place.text == "the disk is full\nimages added: 3\nimages found again: 2"
    place.go_on()
    QTest.qWait(120)
    assert place.text == "the disk is full"
    place.banner.take_back("the disk is full")
    assert place.banner.isHidden()


def test_news_that_comes_while_older_news_is_read_can_be_read_too(place: Place) -> None:
    place.banner.tell_news("images added: 3")
    place.go_on()
    place.banner.tell_news("images found again: 2")
    QTest.qWait(120)
    assert place.text == "images added: 3\nimages found again: 2"
    place.banner.findChild(QToolButton, "banner.close").click()
    assert place.banner.isHidden()


def test_with_the_project_all_goes_that_was_said_of_it(place: Place) -> None:
    place.banner.tell("opened for reading only")
    place.banner.tell_news("recovered to r2")
    place.banner.leave_project()
    assert place.banner.isHidden()
