"""Images are added in the window: what is left out, and what one should know of the others, is said there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from labeltool.core.catalog import ClassCatalog
from labeltool.imaging import find
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until


@pytest.fixture
def window(app: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    ProjectStore.create(tmp_path / "project", "p", ClassCatalog.from_names(["nucleus"])).close()
    (tmp_path / "in").mkdir()
    window = open_window(tmp_path / "project")
    until(lambda: window.bench is not None)
    yield window
    window.close()


def said(window: MainWindow) -> str:
    return window.findChild(QLabel, "banner.text").text()


def test_half_a_jpeg_and_names_that_differ_in_case_alone_are_told_in_the_window(
    window: MainWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    for name in ("A.png", "a.png"):
        Image.new("RGB", (30, 20)).save(folder / name)
    Image.effect_noise((400, 300), 60).save(folder / "half.jpg")
    data = (folder / "half.jpg").read_bytes()
    (folder / "half.jpg").write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    if len(list(folder.glob("*.png"))) == 1:
        pytest.skip("this file system takes the two names for one")
    window.projects.add([folder])
    until(lambda: said(window))
    assert "Images added: 2" in said(window)
    assert "A.png, a.png: one name on some systems" in said(window)
    assert "half.jpg: the JPEG file is cut off or damaged (premature end of data segment" in said(window)


def test_a_search_for_images_is_cancelled_in_the_window(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (tmp_path / "in" / str(number)).mkdir()
    looked: list[str] = []

    def slow(name: str) -> list[tuple[int, int, str]]:
        """Every folder takes as long as somebody needs to press the button."""
        looked.append(name)
        if len(looked) == 3:
            until_cancelled()
        return [(1, 0, name)]

    cancel = window.findChild(QToolButton, "status.cancel")
    pressed: list[bool] = []

    def until_cancelled() -> None:
        deadline = time.monotonic() + 20
        while not pressed and time.monotonic() < deadline:
            time.sleep(0.005)

    monkeypatch.setattr(find, "natural_key", slow)
    window.projects.add([tmp_path / "in"])
    until(lambda: cancel.isVisible() and len(looked) == 3)
    QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    pressed.append(True)
    until(lambda: not cancel.isVisible())
    assert "no images in this folder" not in said(window)
    assert window.bench is not None and window.bench.store.images() == []
