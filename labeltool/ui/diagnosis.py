"""What goes wrong while the window runs: logged, told once, and put into a report for whoever asks for one."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QCoreApplication,
    QMessageLogContext,
    QSettings,
    QTimer,
    QtMsgType,
    QUrl,
    qInstallMessageHandler,
    qVersion,
)
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from labeltool.app.diagnosis import log, report, sessions
from labeltool.app.diagnosis.sessions import CutShort
from labeltool.app.diagnosis.unexpected import Hooks, Unexpected
from labeltool.core.errors import LabeltoolError
from labeltool.ui.bridge import Bridge
from labeltool.ui.dialogs.failure import Message, as_failure, show_failure
from labeltool.ui.dialogs.problem_report import ProblemDialog, show_report

if TYPE_CHECKING:
    from labeltool.ui.window import MainWindow

translate = QCoreApplication.translate
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_LOOK_MS = 50
_MOST_NAMES = 20_000
"""Names of images that a report is searched for."""

of_qt = logging.getLogger("labeltool.qt")


class Diagnosis:
    """Goes with the window from its start to its end."""

    def __init__(self) -> None:
        self._bridge = Bridge()
        self._window: MainWindow | None = None
        self._box: QMessageBox | None = None
        self._early: list[Unexpected] = []
        self._trouble = ""
        self._noticed = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Log, catch and mark while the block runs."""
        before = qInstallMessageHandler(_qt_says)
        hooks = Hooks(lambda found: self._bridge.deliver(lambda: self._tell(found)))
        try:
            with log.kept("window", self._log_fails), sessions.marked(), hooks.installed():
                yield
        finally:
            self._bridge.close()
            qInstallMessageHandler(before)

    def follow(self, window: MainWindow, cut_short: list[CutShort]) -> None:
        """Tell whoever sits before this window, first of all of sessions that were cut short before it."""
        self._window = window
        window.projects.opened.connect(lambda _: self._bridge.deliver(self._notice))
        window.projects.closed.connect(self._notice)
        if cut_short:
            self._tell_of_last(cut_short)
        early, self._early = self._early, []
        for found in early:
            self._tell(found)

    def leave(self) -> None:
        """The window goes."""
        self._window = None

    def _tell_of_last(self, cut_short: list[CutShort]) -> None:
        """What was recovered is told with it, so it waits for a project that is being opened."""
        window = self._window
        if window is not None and window.projects.is_opening:
            QTimer.singleShot(_LOOK_MS, partial(self._tell_of_last, cut_short))
        elif window is not None:
            tell_of_last(window, cut_short, window.projects.found if window.bench is not None else None)

    def _tell(self, found: Unexpected) -> None:
        """One message at a time; what comes while one is open is in the log, and so in its report."""
        if self._window is None:
            self._early.append(found)
        elif self._box is None:
            self._box = show_failure(self._window, as_failure(found.error), details=found.trace)
            self._box.finished.connect(self._told)

    def _told(self) -> None:
        self._box = None

    def _log_fails(self, why: str) -> None:
        self._trouble = why
        self._bridge.deliver(self._notice)

    def _notice(self) -> None:
        """Once: what cannot be kept. Shown where a project is open, as the first page has no place for it."""
        if self._noticed or self._window is None or self._window.bench is None:
            return
        lines = []
        if self._trouble:
            lines.append(
                translate("Diagnosis", "The log cannot be written ({reason}): {folder}").format(
                    reason=self._trouble, folder=log.folder()
                )
            )
        if not settings_are_kept():
            lines.append(
                translate("Diagnosis", "The settings cannot be kept: {file}").format(
                    file=QSettings().fileName()
                )
            )
        if lines:
            self._noticed = True
            lines.append(
                translate("Diagnosis", "Your labels are not touched by this; they are saved in the project.")
            )
            self._window.notice("\n".join(lines))


def settings_are_kept() -> bool:
    """False where the settings cannot be written: a full disk, a home that is only read."""
    settings = QSettings()
    settings.sync()
    return settings.status() == QSettings.Status.NoError and settings.isWritable()


def _qt_says(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    category = getattr(context, "category", None) or "default"
    of_qt.log(_LEVELS.get(kind, logging.WARNING), "%s: %s", category, text)
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")


# ---- reports


def about_the_window() -> dict[str, str]:
    """What a report says of Qt and the screens."""
    screens = [
        f"{screen.size().width()} x {screen.size().height()} at {screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    ]
    return {
        "Qt": f"{qVersion()} ({QGuiApplication.platformName()})",
        "screens": ", ".join(screens),
        "language": str(QSettings().value("language", "") or "the system's"),
    }


def report_of_now(parent: QWidget | None, what: str = "") -> ProblemDialog:
    """Open the report of this session; ``what`` went wrong."""
    return show_report(parent, report.of_now(what, about_the_window()), _names_around)


def _names_around(widget: QWidget | None) -> list[str]:
    """Names of the images of the project that is open, and its own: they may be those of patients."""
    bench: Any = None
    while bench is None and widget is not None:
        bench, widget = getattr(widget, "bench", None), widget.parentWidget()
    if bench is None:
        return []
    found = [bench.store.name]
    for record in bench.store.images()[:_MOST_NAMES]:
        found += [record.name, Path(record.name).stem]
    return found


def tell_of_last(
    parent: QWidget, found: list[CutShort], recovered: Sequence[str] | None = None
) -> QMessageBox:
    """Say that a session was cut short, with its report for whoever wants it, and what was ``recovered`` in the project
    that is open behind; None where none is."""
    last = found[0]
    happened = (
        translate("Diagnosis", "labeltool crashed the last time it ran.")
        if last.crashed
        else translate(
            "Diagnosis", "labeltool was ended from outside the last time it ran, or the power went."
        )
    )
    safe = translate("Diagnosis", "Every stroke that was saved is there.")
    if recovered is None:
        later = translate("Diagnosis", "Open the project as always; it says what was recovered.")
        safe = f"{safe} {later}"
    else:
        safe = "\n\n".join(filter(None, (safe, "\n".join(recovered))))
    box = Message(parent, "dialog.cut_short", translate("Diagnosis", "The last session"), happened, safe)
    box.offer_report(lambda over: show_report(over, report.of_session(last, about_the_window())))
    box.open()
    return box


def open_logs(parent: QWidget) -> None:
    """Show the folder of logs in the system's file manager, or say where it is."""
    folder = log.folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        show_failure(
            parent,
            LabeltoolError(
                translate("Diagnosis", "there is no program here that shows folders"),
                file=folder,
                hint=translate("Diagnosis", "The log is labeltool.log in that folder"),
            ),
        )
