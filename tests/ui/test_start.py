"""The start page: three choices, what was open last, and dropping."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QListWidget, QMenu, QPushButton

from labeltool.core.catalog import ClassCatalog
from labeltool.store.project import ProjectStore
from labeltool.ui import recent, theme
from labeltool.ui.start import StartPage

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "cells"
    ProjectStore.create(root, "cells", ClassCatalog.from_names(["cell"])).close()
    return root


@pytest.fixture
def page(app: QApplication) -> Iterator[StartPage]:
    made = StartPage()
    made.resize(1280, 660)
    made.show()
    QTest.qWaitForWindowExposed(made)
    yield made
    made.deleteLater()


def test_a_click_asks_for_one_of_the_sample_projects(page: StartPage) -> None:
    asked: list[str] = []
    page.sample_asked.connect(asked.append)
    for name in ("start.sample", "start.sample.aerial"):
        QTest.mouseClick(page.findChild(QPushButton, name), LEFT)
    assert asked == ["cells", "aerial"]


def test_the_choices_are_pressed_with_the_keyboard(page: StartPage) -> None:
    asked: list[str] = []
    page.sample_asked.connect(lambda kind: asked.append(f"sample {kind}"))
    page.new_asked.connect(lambda: asked.append("new"))
    for name, key in (("start.sample", Qt.Key.Key_Return), ("start.new", Qt.Key.Key_Space)):
        button = page.findChild(QPushButton, name)
        button.setFocus()
        QTest.keyClick(button, key)
    assert asked == ["sample cells", "new"]


def test_every_choice_has_a_name_for_screen_readers(page: StartPage) -> None:
    for name in ("start.images", "start.sample", "start.open"):
        button = page.findChild(QPushButton, name)
        assert button.accessibleName() and button.accessibleDescription()


def test_open_images_offers_files_or_a_folder_without_stopping_the_program(page: StartPage) -> None:
    QTest.mouseClick(page.findChild(QPushButton, "start.images"), LEFT)
    menu = page.findChild(QMenu, "start.images.menu")
    assert menu.isVisible() and len(menu.actions()) == 2
    menu.close()


def test_chosen_files_are_told_as_paths(page: StartPage, tmp_path: Path) -> None:
    told: list[list[Path]] = []
    page.images_chosen.connect(told.append)
    page.findChild(QAction, "start.images.files").trigger()
    page.findChild(QFileDialog).filesSelected.emit([str(tmp_path / "a.png")])
    assert told == [[tmp_path / "a.png"]]


def test_what_was_open_last_comes_first_and_is_opened_by_a_click(page: StartPage, project: Path) -> None:
    recent.remember(project.parent / "older")
    recent.remember(project)
    page.refresh()
    opened: list[Path] = []
    page.project_chosen.connect(opened.append)
    shown = page.findChild(QListWidget, "start.recent")
    assert shown.item(0).text().startswith("cells")
    QTest.mouseClick(shown.viewport(), LEFT, pos=shown.visualItemRect(shown.item(0)).center())
    assert opened == [project]


def test_a_project_that_is_gone_says_so_is_not_opened_and_can_be_forgotten(
    page: StartPage, tmp_path: Path
) -> None:
    recent.remember(tmp_path / "gone")
    page.refresh()
    opened: list[Path] = []
    page.project_chosen.connect(opened.append)
    shown = page.findChild(QListWidget, "start.recent")
    assert "not there" in shown.item(0).text()
    QTest.mouseClick(shown.viewport(), LEFT, pos=shown.visualItemRect(shown.item(0)).center())
    assert opened == []
    shown.setCurrentRow(0)
    page.findChild(QAction, "start.forget").trigger()
    assert recent.recent() == [] and not shown.isVisible()


def test_recent_projects_are_each_listed_once_and_the_oldest_drop_out(app: QApplication) -> None:
    for number in (*range(recent.MOST + 2), 5):
        recent.remember(Path(f"/p{number}"))
    found = recent.recent()
    assert found[0] == Path("/p5") and len(found) == len(set(found)) == recent.MOST


def test_a_single_recent_project_survives_the_settings_file(app: QApplication, tmp_path: Path) -> None:
    recent.remember(tmp_path)
    assert recent.recent() == [tmp_path]


def drop(page: StartPage, paths: list[Path]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 6.12 wants a QPointF, which 6.11 does not take
        enter = QDragEnterEvent(
            QPoint(20, 20), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier
        )
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(page, event)
    QApplication.processEvents()


def test_what_is_dropped_is_told_whatever_it_is(page: StartPage, project: Path) -> None:
    dropped: list[list[Path]] = []
    page.dropped.connect(dropped.append)
    drop(page, [project])
    drop(page, [project.parent / "a.png", project.parent / "folder"])
    assert dropped == [[project], [project.parent / "a.png", project.parent / "folder"]]


def test_it_fits_the_smallest_screen_and_its_icons_follow_the_colours(page: StartPage) -> None:
    for number in range(recent.MOST):
        recent.remember(Path(f"/projects/p{number}"))
    page.refresh()
    least = page.minimumSizeHint()
    assert least.width() <= 1280 and least.height() <= 640
    dark = page.grab().toImage()
    theme.choose("light")
    QApplication.processEvents()
    light = page.grab().toImage()
    theme.choose("dark")
    assert dark.pixelColor(4, 4).lightness() < 100 < light.pixelColor(4, 4).lightness()
