"""A project that several people share, and a window whose saves can fail, for tests that ask for them. Qt is imported
where a window is asked for: most of the tests here need none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.sharing_scene import make_images, make_project

if TYPE_CHECKING:
    from tests.faults.saving_scene import FullDisk


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """Three images, each of other pixels."""
    return make_images(tmp_path / "images")


@pytest.fixture
def project(tmp_path: Path, images: list[Path]) -> Path:
    """A project of the three, with a stroke on each."""
    return make_project(tmp_path / "project", images)


@pytest.fixture
def failing_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: None) -> Iterator[None]:
    """A window that soon tries again what it could not save, and keeps it in the folder ``unsaved`` until then."""
    from labeltool.app import rescuing, saving
    from tests.faults.saving_scene import let_go

    monkeypatch.setattr(saving, "RETRY_S", 0.05)
    monkeypatch.setattr(rescuing, "rescue_folder", lambda: tmp_path / "unsaved")
    yield
    let_go()


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """A project on a drive, of two grey images that nobody has labelled."""
    from tests.faults.saving_scene import make_project

    return make_project(tmp_path / "drive" / "project", tmp_path / "images")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[FullDisk]:
    """The disk of the project's masks, which can be filled."""
    from tests.faults.saving_scene import FullDisk

    disk = FullDisk(monkeypatch)
    yield disk
    disk.free()
