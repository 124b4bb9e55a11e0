"""What bars and panels say of the image at hand while its files are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import GoneError
from labeltool.store.project import ProjectStore
from labeltool.ui.main import open_window
from labeltool.ui.panels.classes import SHARE
from labeltool.ui.window import MainWindow
from tests.e2e.pause import until


@pytest.fixture
def window(app: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    Image.fromarray(np.zeros((60, 80), np.uint8)).save(tmp_path / "a.png")
    with ProjectStore.create(tmp_path / "p", "p", ClassCatalog.from_names(["cell"])) as store:
        add_images(store, [tmp_path / "a.png"])
    window = open_window(tmp_path / "p")
    until(lambda: window.bench is not None and window.bench.open is not None)
    yield window
    window.close()


def test_a_drive_that_goes_as_a_stroke_is_saved_leaves_the_shares_of_classes_as_they_were(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas, bench = window.annotate.canvas, window.bench
    assert bench is not None and bench.open is not None
    cell = window._classes.list.topLevelItem(1)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    until(lambda: cell.text(SHARE))
    share = cell.text(SHARE)

    def gone(*_: object) -> dict[int, int]:
        raise GoneError("the project's folder cannot be reached", file=str(bench.store.root))

    monkeypatch.setattr(ProjectStore, "class_pixels", gone)
    bench.record_changed.emit(bench.open.record)
    assert cell.text(SHARE) == share
