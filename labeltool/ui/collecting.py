"""Python's cyclic garbage, collected on the GUI thread alone.

A collection begins on whichever thread makes the next object. A widget that is garbage would then be destroyed on a
worker's thread, which ends the program sooner or later.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 500
ALL_EVERY = 10
"""Garbage may hold an image's worth of pixels, which Python does not count: so all of it goes within seconds."""
WORTH_IT = 100
"""New objects below which nothing is looked for."""


class Collector(QObject):
    """Takes over from Python's own timing until it is stopped. What is there already stays for good and is not looked
    through again."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()
        self._since_all = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(EVERY_MS)

    def collect(self) -> None:
        """Collect the young objects, and every so often all of them."""
        if sum(gc.get_count()) < WORTH_IT and self._since_all == 0:
            return
        self._since_all = (self._since_all + 1) % ALL_EVERY
        gc.collect(1 if self._since_all else 2)

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
