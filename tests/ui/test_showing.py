"""What bars and panels say of the image at hand while its files are not there, or their drive does not answer."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import GoneError
from labeltool.core.project import Status
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
    until(lambda: not bench.lanes.busy)
    assert cell.text(SHARE) == share


def test_nobody_who_draws_undoes_and_approves_waits_for_the_drive(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas, bench = window.annotate.canvas, window.bench
    assert bench is not None and bench.open is not None
    readers: list[threading.Thread] = []
    connect = sqlite3.connect

    def noted(*where: Any, **how: Any) -> sqlite3.Connection:
        readers.append(threading.current_thread())
        return connect(*where, **how)

    monkeypatch.setattr(sqlite3, "connect", noted)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    for name in ("undo", "redo", "approve"):
        until(lambda: not bench.saver.waiting and not bench.lanes.busy)
        window.actions_[name].trigger()
    until(lambda: bench.open.record.status is Status.APPROVED and not bench.lanes.busy)
    cell = window._classes.list.topLevelItem(1)
    assert cell.text(SHARE)
    assert readers and threading.main_thread() not in readers
