"""Letting the window work as the program's own event loop does.

QTest.qWait would hold the interpreter's lock and so hide races between threads; processEvents alone would never delete
what was asked to be deleted later.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

TURN_S = 0.005


def pause_ms(milliseconds: float) -> None:
    """Handle events for this long, and let other threads run in between."""
    deadline = time.monotonic() + milliseconds / 1000
    while True:
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if time.monotonic() >= deadline:
            return
        time.sleep(TURN_S)
