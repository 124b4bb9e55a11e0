"""Who gets how much of a window that is small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QAbstractItemView, QDoubleSpinBox, QScrollArea, QToolButton

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.store.project import ProjectStore
from labeltool.ui.actions import tools
from labeltool.ui.docks import shares
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import pause_ms

CLASSES, IMAGES = 11, 9
heights = st.integers(1, 400)


@pytest.fixture
def window(tmp_path: Path, app: object) -> Iterator[MainWindow]:
    """Eleven classes and nine images."""
    (tmp_path / "images").mkdir()
    for number in range(IMAGES):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), np.zeros((30, 40, 3), np.uint8))
    names = [f"class {number}" for number in range(CLASSES)]
    with ProjectStore.create(tmp_path / "project", "p", ClassCatalog.from_names(names)) as store:
        add_images(store, [tmp_path / "images"])
    made = open_window(tmp_path / "project")
    made.resize(1280, 720)
    pause_ms(100)
    made._docks.arrange()
    pause_ms(50)
    yield made
    made.close()


def test_a_workspace_is_come_back_to_though_what_had_the_keys_is_gone(window: MainWindow) -> None:
    window.activateWindow()
    field = window.findChild(QDoubleSpinBox, "option.diameter")
    field.setFocus()
    assert window.focusWidget() is field
    window.actions_["workspace_train"].trigger()
    field.deleteLater()
    pause_ms(50)
    window._workspaces.show("annotate")
    assert window.annotate.canvas.isVisible()


def rows_in_sight(window: MainWindow, name: str) -> float:
    rows = window.findChild(QAbstractItemView, name)
    return rows.viewport().height() / rows.visualRect(rows.model().index(0, 0)).height()


def test_a_low_window_shows_some_classes_and_some_images(window: MainWindow) -> None:
    assert rows_in_sight(window, "classes.list") >= 5
    assert rows_in_sight(window, "images.list") >= 3
    assert window.findChild(QScrollArea, "panel.layers").verticalScrollBar().maximum() == 0


def test_with_both_sections_of_the_layers_open_everything_can_be_reached(window: MainWindow) -> None:
    layers = window.findChild(QScrollArea, "panel.layers")
    for button in layers.findChildren(QToolButton):
        button.click()
        pause_ms(50)
        assert layers.verticalScrollBar().maximum() <= layers.height() // 2
    assert rows_in_sight(window, "classes.list") >= 3
    assert rows_in_sight(window, "images.list") >= 1
    for button in layers.findChildren(QToolButton):
        button.click()
    pause_ms(50)
    assert rows_in_sight(window, "images.list") >= 3


def test_with_another_tab_before_the_images_a_section_that_was_open_costs_the_layers_nothing(
    window: MainWindow,
) -> None:
    window._docks.bring("queue")
    pause_ms(50)
    layers, section = (
        window.findChild(QScrollArea, "panel.layers"),
        window.findChild(QToolButton, "section.look"),
    )
    for _ in range(2):
        section.click()
        pause_ms(50)
    assert layers.verticalScrollBar().maximum() == 0


def test_an_open_section_leaves_room_for_more_than_one_image(window: MainWindow) -> None:
    window.findChild(QToolButton, "section.look").click()
    pause_ms(50)
    assert window.findChild(QScrollArea, "panel.layers").verticalScrollBar().maximum() == 0
    assert rows_in_sight(window, "images.list") >= 1.5


def test_the_window_fits_a_small_screen_with_any_tool(window: MainWindow) -> None:
    for tool in tools():
        window._tool.use(tool)
        pause_ms(5)
        window.resize(1024, 640)
        pause_ms(5)
        assert window.size().toTuple() == (1024, 640), tool.id


@given(st.integers(0, 2000), st.lists(heights, min_size=3, max_size=3), st.lists(heights, max_size=5))
def test_nobody_gets_less_than_needed_and_nothing_is_left_over(
    room: int, least: list[int], wished: list[int]
):
    found = shares(room, least, [(number % 3, height) for number, height in enumerate(wished)])
    assert all(height >= needed for height, needed in zip(found, least, strict=True))
    assert sum(found) == max(room, sum(least))


def test_what_is_wished_first_comes_first() -> None:
    wishes = [(1, 50), (0, 40), (2, 30)]
    assert shares(75, [10, 10, 10], wishes) == [15, 50, 10]
    assert shares(200, [10, 10, 10], wishes) == [40, 50, 110]
