"""The way into the window: from the command line, and for tests and scripts."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QSettings, QSize, QTranslator
from PySide6.QtWidgets import QApplication

from labeltool.core import heap
from labeltool.core.resources import resource
from labeltool.ui import theme
from labeltool.ui.collecting import Collector
from labeltool.ui.window import MainWindow

FIRST_SIZE = QSize(1280, 720)


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
    translator = QTranslator(app)
    if translator.load(QLocale(), "labeltool", "_", str(resource("translations"))):
        app.installTranslator(translator)
    theme.apply()
    return app


def open_window(path: str | Path | None = None) -> MainWindow:
    """Show the window with a project, an image or a folder, or the start page; the event loop is not run."""
    application()
    window = MainWindow()
    geometry = QSettings().value("window/geometry")
    if geometry is None or not window.restoreGeometry(geometry):
        window.resize(FIRST_SIZE)
    window.show()
    if path is not None:
        window.open_path(Path(path).absolute())
    return window


def run(path: str | Path | None = None) -> int:
    """Open the window and stay until it is closed; the exit code."""
    app = application()
    collector = Collector(app)
    window = open_window(path)
    code = app.exec()
    del window
    collector.stop()
    return code
