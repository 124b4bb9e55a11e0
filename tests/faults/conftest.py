"""A project that several people share, and a window with settings of its own, for tests that ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.sharing_scene import make_images, make_project


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """Three images, each of other pixels."""
    return make_images(tmp_path / "images")


@pytest.fixture
def project(tmp_path: Path, images: list[Path]) -> Path:
    """A project of the three, with a stroke on each."""
    return make_project(tmp_path / "project", images)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[None]:
    """Nobody's settings for the window; the windows of the test are gone after it."""
    from PySide6.QtCore import QSettings  # most of the tests here need no window

    from labeltool.ui.main import application
    from tests.e2e.tidy import tidy

    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    with tidy(application()):
        yield
