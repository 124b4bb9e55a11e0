"""Garbage with widgets in it is collected on the GUI thread, and no widget of a dialog is without a parent."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from threading import Thread, get_ident

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from labeltool.ui.collecting import Collector
from labeltool.ui.dialogs.region import RegionDialog
from tests.e2e.pause import pause_ms


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
