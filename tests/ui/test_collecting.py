"""Garbage with widgets in it is collected on the GUI thread, and no widget of a dialog is without a parent."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from threading import Thread, get_ident

import cv2
import numpy as np
import pytest
import shiboken6
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from labeltool.app.project import add_images
from labeltool.core.catalog import ClassCatalog
from labeltool.store.project import ProjectStore
from labeltool.ui.collecting import Collector
from labeltool.ui.dialogs.region import RegionDialog
from labeltool.ui.main import open_window
from tests.e2e.pause import pause_ms
from tests.e2e.tidy import close_all


@pytest.fixture
def collector(app: QApplication) -> Iterator[Collector]:
    made = Collector(app)
    yield made
    made.stop()
    made.deleteLater()


class Cycle:
    """Garbage that reference counts cannot free; it says which thread destroyed it."""

    died: list[int]

    def __init__(self, died: list[int]) -> None:
        self.me, self.died = self, died

    def __del__(self) -> None:
        self.died.append(get_ident())


def test_garbage_is_collected_on_the_gui_thread_alone(collector: Collector) -> None:
    died: list[int] = []
    for _ in range(1_000):
        Cycle(died)

    def make_garbage() -> None:
        for _ in range(20_000):
            made: list[object] = []
            made.append(made)

    worker = Thread(target=make_garbage)
    worker.start()
    worker.join()
    assert not died
    while len(died) < 1_000:
        pause_ms(50)
    assert set(died) == {get_ident()}


def test_python_takes_over_again_when_the_collector_stops(app: QApplication) -> None:
    made = Collector(app)
    assert not gc.isenabled()
    made.stop()
    assert gc.isenabled()
    made.deleteLater()


def test_no_widget_of_a_region_dialog_is_left_to_python(app: QApplication) -> None:
    window = QWidget()
    for adds in (True, False):
        dialog: QDialog = RegionDialog("fill", "Fill holes", None, [("class", "All of a")], window, adds=adds)
        parts = [value for value in vars(dialog).values() if isinstance(value, QWidget)]
        assert len(parts) >= 4
        assert not any(shiboken6.ownedByPython(part) for part in parts)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one grey image."""
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((40, 60), 99, np.uint8))
    with ProjectStore.create(tmp_path / "project", "p", ClassCatalog.from_names(["cell"])) as store:
        add_images(store, [tmp_path / "grey.png"])
    return tmp_path / "project"


def test_ten_windows_that_were_closed_leave_no_widget_behind(app: QApplication, project: Path) -> None:
    """Some show the start page, some a project in every workspace, with all that is made when it is first shown."""
    before = len(app.allWidgets())
    for number in range(10):
        window = open_window(None if number % 3 else project)
        if window.bench is not None:
            for name in ("workspace_review", "workspace_train", "workspace_annotate"):
                window.actions_[name].trigger()
                pause_ms(20)
        pause_ms(0)
        assert len(app.allWidgets()) > before + 100
        close_all(app)
        assert not shiboken6.isValid(window)
        assert len(app.allWidgets()) == before
