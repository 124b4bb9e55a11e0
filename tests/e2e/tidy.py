"""What every test of the window leaves behind: nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import shiboken6
from PySide6.QtWidgets import QApplication, QWidget

from labeltool.ui.collecting import Collector
from tests.e2e.pause import pause_ms

ALL_EVERY = 200
"""Tests after which all that is there is looked through for garbage, the libraries too: that takes a second where torch
is loaded. Otherwise only what is new since the test before began."""
_tests = count(1)


class _OfATest(Collector):
    """Leaves what was there before the test out of the search when it has ended, too."""

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()


@contextmanager
def tidy(app: QApplication) -> Iterator[None]:
    """Garbage is collected as in the program, never while Qt's list of widgets is read: one that died meanwhile ends
    the run. Afterwards no window is open, and the widgets of those that were are gone."""
    if next(_tests) % ALL_EVERY == 0:
        gc.unfreeze()
    gc.collect()  # what pytest still had in its hands when the last test had ended
    collector = _OfATest(app)
    try:
        yield
    finally:
        try:
            close_all(app)
        finally:
            gc.collect()
            collector.stop()
            collector.deleteLater()
            pause_ms(0)


def close_all(app: QApplication) -> None:
    """Close every window and delete it with all that belongs to it."""
    gc.collect()
    for widget in app.topLevelWidgets():
        widget.close()
    pause_ms(0)
    for widget in made_here(app):
        widget.deleteLater()
    pause_ms(0)


def made_here(app: QApplication) -> list[QWidget]:
    """Widgets without a parent that Python has made; all others go with what they belong to. That holds for some that
    have no parent as well: the layout of each plot keeps a hidden widget of its own to ask the style, and deletes it
    itself."""
    return [
        widget
        for widget in app.topLevelWidgets()
        if widget.parentWidget() is None and shiboken6.createdByPython(widget)
    ]
