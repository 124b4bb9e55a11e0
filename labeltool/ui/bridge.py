"""Brings closures from any thread to the GUI thread."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

log = logging.getLogger(__name__)


class Bridge(QObject):
    """Call ``deliver`` from any thread; the closure runs on the thread that made the bridge, in order."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = True
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def deliver(self, closure: Callable[[], None]) -> None:
        """Run ``closure`` soon on the GUI thread; dropped once the bridge is closed."""
        if self._open:
            self._posted.emit(closure)

    def close(self) -> None:
        """Run nothing any more."""
        self._open = False

    def _run(self, closure: Callable[[], None]) -> None:
        if self._open:
            closure()
