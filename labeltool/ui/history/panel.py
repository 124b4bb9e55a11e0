"""The panel of the history: what was done, a slider through all of it, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID, label
from labeltool.ui.history.folding import Row
from labeltool.ui.history.rows import ROW_PX, HistoryTree
from labeltool.ui.panels.slider import Slider

CLOCK_MS = 30_000
"""How often "5 min ago" is said anew."""
FEWEST_SEEN = 1
"""Rows that are seen in the lowest window."""


class HistoryPanel(QWidget):
    """Says what was asked for and shows what is so."""

    seen = Signal(bool)
    """The panel has come into sight, or has left it."""
    revision_asked = Signal(int)
    """The slider was moved here."""
    play_asked = Signal()
    restore_asked = Signal()
    now_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel.history")
        self.in_sight = False
        self._newest = 0
        self._read_only = False
        self._at: int | None = None
        self.list = HistoryTree(self)
        self.list.setMinimumHeight(FEWEST_SEEN * ROW_PX)
        self._empty = label("", name="history.empty", dim=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        self._empty.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._pages = QStackedWidget(self)
        for page in (self._empty, self.list):
            self._pages.addWidget(page)
        self._play = QToolButton(self)
        self._play.setObjectName("history.play")
        self._play.setAutoRaise(True)
        self._play.clicked.connect(self.play_asked)
        self._slider = Slider("history.slider", self.tr("Revision"), 0, 0)
        self._slider.valueChanged.connect(self.revision_asked)
        self._count = QLabel(self)
        self._count.setObjectName("history.count")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._restore = self._button("restore", self.tr("Restore this"), "ph.clock-counter-clockwise")
        self._restore.clicked.connect(self.restore_asked)
        self._now = self._button("now", self.tr("Back to now"), "ph.arrow-u-up-left")
        self._now.setToolTip(self.tr("Show the mask as it is, and paint on  (Esc)"))
        self._now.clicked.connect(self.now_asked)
        self._clock = QTimer(self, interval=CLOCK_MS)
        self._clock.timeout.connect(self.list.viewport().update)
        self._lay_out()
        self.show_playing(False)
        self.show_rows([], 0, "")
        self.show_revision(None)

    def _button(self, name: str, text: str, icon: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(f"history.{name}")
        button.setIcon(theme.icon(icon))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setMinimumWidth(GRID)
        return button

    def _lay_out(self) -> None:
        replay = QHBoxLayout()
        replay.setContentsMargins(GRID // 2, 0, GRID, 0)
        replay.setSpacing(GRID // 2)
        replay.addWidget(self._play)
        replay.addWidget(self._slider, 1)
        replay.addWidget(self._count)
        ways = QHBoxLayout()
        ways.setContentsMargins(GRID, 0, GRID, 0)
        ways.setSpacing(GRID)
        ways.addWidget(self._restore)
        ways.addWidget(self._now)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, GRID // 4)
        column.setSpacing(GRID // 4)
        column.addWidget(self._pages, 1)
        column.addLayout(replay)
        column.addLayout(ways)

    # ---- what is so

    def show_rows(self, rows: Sequence[Row], newest: int, empty: str) -> None:
        """What was done, newest first, up to which revision; ``empty`` says why there is nothing."""
        self.list.show_rows(rows)
        self._empty.setText(empty)
        self._pages.setCurrentWidget(self.list if rows else self._empty)
        self._newest = newest
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, newest)
        widest = self.tr("{n} of {count}").format(n=newest, count=newest)
        self._count.setMinimumWidth(self._count.fontMetrics().horizontalAdvance(widest) + 2)
        self.show_revision(self._at)

    def show_revision(self, revision: int | None) -> None:
        """Which revision is shown; None for the mask of now."""
        self._at = revision
        at = self._newest if revision is None else revision
        with QSignalBlocker(self._slider):
            self._slider.setValue(at)
        there = self._newest > 0
        self._count.setText(self.tr("{n} of {count}").format(n=at, count=self._newest) if there else "")
        for widget in (self._slider, self._play):
            widget.setEnabled(there)
        self._now.setEnabled(revision is not None)
        why = self._why_not()
        self._restore.setEnabled(not why)
        self._restore.setToolTip(why or self.tr("Make the mask what is shown, as one step of undo"))
        self.list.follow(revision)

    def _why_not(self) -> str:
        """Why what is shown cannot be restored."""
        if self._read_only:
            return self.tr("The project is open for looking only")
        if self._at is None:
            return self.tr("Choose a row first: its mask is shown, and can be restored")
        return self.tr("The mask is so now") if self._at == self._newest else ""

    def show_playing(self, playing: bool) -> None:
        """Whether the replay runs."""
        self._play.setIcon(theme.icon("ph.pause" if playing else "ph.play"))
        text = self.tr("Pause") if playing else self.tr("Replay, from the first stroke if now is shown")
        self._play.setToolTip(text)
        self._play.setAccessibleName(text)

    def set_read_only(self, read_only: bool) -> None:
        """Whether nothing can be restored."""
        self._read_only = read_only
        self.show_revision(self._at)

    # ---- in sight or not

    def event(self, event: QEvent) -> bool:
        """Of tabs that lie one behind the other only their dock knows which is seen."""
        dock = self.parentWidget()
        if event.type() == QEvent.Type.ParentChange and isinstance(dock, QDockWidget):
            dock.visibilityChanged.connect(self._visibility_changed)
        return super().event(event)

    def _visibility_changed(self, visible: bool) -> None:
        if visible != self.in_sight:
            self.in_sight = visible
            self._clock.start() if visible else self._clock.stop()
            self.list.viewport().update()
            self.seen.emit(visible)

    def sizeHint(self) -> QSize:
        """A few rows are always seen."""
        return QSize(36 * GRID, 8 * ROW_PX + 9 * GRID)
