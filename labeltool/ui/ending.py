"""What comes from the system: the end of the program without anybody at the window, and waking up after a sleep."""

from __future__ import annotations

import logging
import signal
import socket
import time
from types import FrameType
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier, QTimer
from PySide6.QtGui import QGuiApplication, QSessionManager

if TYPE_CHECKING:
    from labeltool.ui.window import MainWindow

log = logging.getLogger(__name__)

SIGNALS = tuple(
    number
    for name in ("SIGTERM", "SIGHUP", "SIGINT", "SIGBREAK")
    if isinstance(number := getattr(signal, name, None), signal.Signals)
)
"""Ask a program to end: a shutdown, a terminal or a session that is closed, Ctrl+C."""

TICK_MS = 5_000
SLEPT_S = 30.0
"""A tick that is so much too late was slept through, or the computer was frozen for as long."""


class Ending(QObject):
    """Ends the window when the system says so, and has it look around after a sleep. On the GUI thread; ``stop`` it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self._read, self._write = socket.socketpair()
        for each in (self._read, self._write):
            each.setblocking(False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._signalled)
        # Python runs a handler between two lines of Python; while Qt waits there are none, so a byte wakes it.
        self._wakeup = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _heard) for number in SIGNALS}
        self._clocks = clocks()
        self._ticks = QTimer(self, interval=TICK_MS)
        self._ticks.timeout.connect(self.tick)
        self._ticks.start()
        app = QCoreApplication.instance()
        if isinstance(app, QGuiApplication):
            app.commitDataRequest.connect(self.commit_data)

    def stop(self) -> None:
        """Leave signals to whom they belonged."""
        self._ticks.stop()
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for each in (self._read, self._write):
            each.close()

    def _signalled(self) -> None:
        numbers = [number for number in self._read.recv(64) if number in SIGNALS]
        if numbers:
            log.info("ending: the system sent %s", signal.Signals(numbers[0]).name)
            self._window.leave_now()
            QCoreApplication.exit(128 + numbers[0])

    def commit_data(self, manager: QSessionManager) -> None:
        """The session is about to end: have everything on disk before windows are closed. Where that cannot be, it is
        asked to wait, so that somebody can decide."""
        if not self._window.commit_now() and manager.allowsInteraction():
            manager.cancel()
            manager.release()

    def tick(self) -> None:
        """See whether the computer has slept since the last time."""
        before, self._clocks = self._clocks, clocks()
        passed = max(now - then for now, then in zip(self._clocks, before, strict=True))
        if passed > TICK_MS / 1000 + SLEPT_S:
            log.info("the computer slept for %.0f s", passed)
            self._window.awake()


def clocks() -> tuple[float, ...]:
    """Seconds by a clock that goes on while the computer sleeps; some systems have none but that on the wall, which
    people set."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return (time.clock_gettime(time.CLOCK_BOOTTIME),)
    return time.monotonic(), time.time()


def _heard(number: int, frame: FrameType | None) -> None:
    """What is to be done is done when Qt hears of it."""
