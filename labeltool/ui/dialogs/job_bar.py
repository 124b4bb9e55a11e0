"""A job of a lane as a dialog shows it: how far it is, the time left, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from labeltool.app.jobs import Job, Lanes
from labeltool.core.progress import CancelToken, Progress, TimeLeft
from labeltool.ui.dialogs.frame import GRID

T = TypeVar("T")
STEPS = 1000


class JobBar(QWidget):
    """Hidden until a job runs; its object names begin with ``name``."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job: Job[Any] | None = None
        self._left = TimeLeft()
        self.bar = QProgressBar()
        self.bar.setObjectName(f"{name}.progress")
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(GRID)
        self._text = QLabel()
        self._text.setObjectName(f"{name}.progress.text")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._time = QLabel()
        self._time.setObjectName(f"{name}.progress.left")
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setObjectName(f"{name}.cancel")
        self.stop.setAutoDefault(False)
        self.stop.clicked.connect(self.cancel)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(2 * GRID)
        layout.setVerticalSpacing(GRID // 2)
        layout.addWidget(self._text, 0, 0)
        layout.addWidget(self._time, 0, 1, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self.bar, 1, 0, 1, 2)
        layout.addWidget(self.stop, 0, 2, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.setColumnStretch(0, 1)
        self.hide()

    @property
    def running(self) -> bool:
        """True until the job has answered."""
        return self._job is not None

    def run(
        self,
        lanes: Lanes,
        key: str,
        work: Callable[[CancelToken, Progress], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
        *,
        title: str,
    ) -> None:
        """Start the job on the lane for files; nothing is called once this widget is gone."""
        self._left = TimeLeft()
        self._text.setText(title)
        self._time.clear()
        self.bar.setRange(0, 0)
        self.stop.setEnabled(True)
        self.show()

        def ended(then: Callable[[Any], None], value: Any) -> None:
            if shiboken6.isValid(self):
                self._job = None
                self.hide()
                then(value)

        self._job = lanes.submit(
            "files",
            key,
            work,
            done=lambda value: ended(done, value),
            failed=lambda error: ended(failed, error),
            progress=self._show,
            title=title,
        )

    def cancel(self) -> None:
        """Ask the job to stop; it answers with CancelledError."""
        if self._job is not None:
            self._job.cancel.cancel()
            self.stop.setEnabled(False)
            self._text.setText(self.tr("Stopping…"))
            self._time.clear()

    def forget(self) -> None:
        """The project is closed; the answer will not come."""
        self._job = None
        self.hide()

    def _show(self, done: float, total: float, text: str = "") -> None:
        if not shiboken6.isValid(self) or not self.stop.isEnabled():
            return
        self.bar.setRange(0, STEPS if total > 0 else 0)
        if total > 0:
            self.bar.setValue(round(STEPS * done / total))
        self._text.setText(text or self._text.text())
        self._time.setText(self._words(self._left.seconds(done, total)))

    def _words(self, seconds: float | None) -> str:
        if seconds is None:
            return ""
        if seconds < 90:
            return self.tr("about {n} s left").format(n=max(1, round(seconds)))
        return self.tr("about {n} min left").format(n=round(seconds / 60))
