"""The way into the window: from the command line, and for tests and scripts."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QByteArray, QCoreApplication, QRect, QSettings, QSize, Qt
from PySide6.QtWidgets import QApplication, QWidget

from labeltool.app.diagnosis import sessions
from labeltool.core import heap
from labeltool.ui import language, theme
from labeltool.ui.collecting import Collector
from labeltool.ui.diagnosis import Diagnosis
from labeltool.ui.ending import Ending
from labeltool.ui.window import MainWindow

FIRST_SIZE = QSize(1280, 720)
FRAME_PX = (16, 48)
"""Room for a window's frame and title, whose size is known only once it is shown."""


def application() -> QApplication:
    """The QApplication, made and dressed if there is none."""
    found = QApplication.instance()
    if isinstance(found, QApplication) and found.property("labeltool"):
        return found
    QCoreApplication.setOrganizationName("labeltool")
    QCoreApplication.setApplicationName("labeltool")
    heap.keep_small()
    app = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    app.setProperty("labeltool", True)
    language.speak(app)
    theme.apply()
    return app


def open_window(path: str | Path | None = None) -> MainWindow:
    """Show the window with a project, an image or a folder, or the start page; the event loop is not run."""
    application()
    window = MainWindow()
    if not put_where_it_was(window):
        window.resize(FIRST_SIZE)
    _keep_on_screen(window)
    window.show()
    if path is not None:
        window.open_path(Path(path).absolute())
    return window


def put_where_it_was(window: QWidget) -> bool:
    """Give a window the place that it had last; False where that is not known, or nobody can read it any more."""
    geometry = QSettings().value("window/geometry")
    return isinstance(geometry, QByteArray) and window.restoreGeometry(geometry)


def _keep_on_screen(window: MainWindow) -> None:
    """Before it is shown. Without a screen it may have any size."""
    if QApplication.platformName() == "offscreen" or window.isMaximized() or window.isFullScreen():
        return
    room = window.screen().availableGeometry()
    place = fitted(window.geometry(), room)
    if place is None:
        window.resize(
            window.size().boundedTo(room.size() - QSize(*FRAME_PX))
        )  # when it is made smaller again
        window.setWindowState(Qt.WindowState.WindowMaximized)
    elif window.testAttribute(Qt.WidgetAttribute.WA_Moved):  # else the system finds a place
        window.setGeometry(place)


def fitted(window: QRect, room: QRect) -> QRect | None:
    """The nearest place to ``window``, a geometry without its frame, where the frame is in ``room`` as well; None
    where it is too large for that."""
    side, top = FRAME_PX[0] // 2, FRAME_PX[1] - FRAME_PX[0] // 2
    room = room.adjusted(side, top, -side, -side)
    if window.width() > room.width() or window.height() > room.height():
        return None
    x = min(max(window.x(), room.x()), room.right() + 1 - window.width())
    y = min(max(window.y(), room.y()), room.bottom() + 1 - window.height())
    return QRect(x, y, window.width(), window.height())


def run(path: str | Path | None = None) -> int:
    """Open the window and stay until it is closed; the exit code."""
    app = application()
    cut_short = sessions.cut_short()
    diagnosis = Diagnosis()
    with diagnosis.watching():
        collector = Collector(app)
        window = open_window(path)
        diagnosis.follow(window, cut_short)
        ending = Ending(window)
        code = app.exec()
        ending.stop()
        diagnosis.leave()
        del window
        collector.stop()
    return code
