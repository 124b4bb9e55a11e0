"""One QApplication for all tests of the window, without a screen and without the user's settings."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from labeltool.ui import theme
from tests.e2e.tidy import tidy


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> QApplication:
    """The application, themed as the program's; its settings go to a folder of the test run."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path_factory.mktemp("settings"))
    )
    made = QApplication.instance() or QApplication(["labeltool"])
    assert isinstance(made, QApplication)
    made.setOrganizationName("labeltool")
    made.setApplicationName("labeltool")
    theme.apply()
    return made


@pytest.fixture(autouse=True)
def _fresh_settings(app: QApplication) -> Iterator[None]:
    """No test sees what another one remembered, nor a window that it left open."""
    QSettings().clear()
    with tidy(app):
        yield


@pytest.fixture(autouse=True, scope="module")
def _quick_disk(quick_disk: None) -> None:
    """Windows are looked at here, not what is on the disk."""
