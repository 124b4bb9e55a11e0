"""Letting the window work as the program's own event loop does.

QTest.qWait would hold the interpreter's lock and so hide races between threads; processEvents alone would never delete
what was asked to be deleted later.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

TURN_S = 0.005
LOOK_S = 0.002
"""Between two looks whether something has come about."""
PATIENCE_S = 60
"""How long a busy machine may take for what takes a blink on an idle one."""


def pause_ms(milliseconds: float) -> None:
    """Handle events for this long, and let other threads run in between."""
    deadline = time.monotonic() + milliseconds / 1000
    while True:
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if time.monotonic() >= deadline:
            return
        time.sleep(TURN_S)


def until(
    reached: Callable[[], object], seconds: float = PATIENCE_S, so_far: Callable[[], object] | None = None
) -> None:
    """Handle events until this has come about; it has to before long. ``so_far`` tells how far it came, if it fails."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"it did not come to that in time: {so_far() if so_far else ''}"
        pause_ms(0)
        time.sleep(LOOK_S)
