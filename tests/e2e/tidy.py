"""What every test of the window leaves behind: nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtWidgets import QApplication

from labeltool.ui.collecting import Collector
from tests.e2e.pause import pause_ms


@contextmanager
def tidy(app: QApplication) -> Iterator[None]:
    """Garbage is collected as in the program, never while Qt's list of widgets is read: one that died meanwhile ends
    the run. Afterwards no window is open."""
    collector = Collector(app)
    try:
        yield
    finally:
        gc.collect()
        for widget in app.topLevelWidgets():
            widget.close()
        pause_ms(0)
        collector.stop()
        collector.deleteLater()
