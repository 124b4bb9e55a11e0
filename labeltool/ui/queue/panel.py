"""The panel of the queue: how far it is, its entries, and the way through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QSettings, Qt, Signal
from PySide6.QtGui import QAction, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.ui.dialogs.frame import GRID, label
from labeltool.ui.panels.pictures import Pictures
from labeltool.ui.queue.rows import QueueList
from labeltool.ui.queue.words import Entry, Notes
from labeltool.ui.topbar import ElidedLabel

GO_ON = "queue/go_on_when_approved"


class QueuePanel(QWidget):
    """Shows and asks; it knows of nothing."""

    chosen = Signal(int)
    """A row of the list."""
    rank_asked = Signal()
    seen = Signal()
    """It is looked at, perhaps after a while."""

    def __init__(self, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel.queue")
        self._dock: QDockWidget | None = None
        self._far = _line("queue.far")
        self._made = _line("queue.made", dim=True)
        self._notes = _line("queue.notes", dim=True)
        self._hint = QWidget(self)
        self._hint_says = label("", name="queue.hint")
        self._again = QPushButton(self.tr("Rank again"))
        self._again.setObjectName("queue.again")
        self.list = QueueList(pictures, self)
        self.list.chosen.connect(self.chosen)
        self._go_on = QCheckBox(self.tr("Go on when approved"))
        self._go_on.setObjectName("queue.go_on")
        self._go_on.setToolTip(self.tr("When the suggestion at hand is approved or done, the next one opens"))
        self._go_on.setChecked(QSettings().value(GO_ON, False, bool) is True)
        self._go_on.toggled.connect(lambda on: QSettings().setValue(GO_ON, on))
        self._empty = label("", name="queue.empty", dim=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._first = QPushButton(self.tr("Rank what to label next…"))
        self._first.setObjectName("queue.rank")
        self._buttons = {
            name: QToolButton(self) for name in ("previous_suggestion", "next_suggestion", "rank")
        }
        for button in (self._again, self._first):
            button.clicked.connect(lambda _: self.rank_asked.emit())
        self._pages = QStackedWidget(self)
        for page in (self._lay_out_empty(), self._lay_out_list()):
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)

    def take_actions(self, actions: Mapping[str, QAction]) -> None:
        """What the buttons do, and by which keys."""
        for name, button in self._buttons.items():
            button.setObjectName(f"queue.{name}")
            button.setDefaultAction(actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setAutoRaise(True)
            button.setAccessibleName(actions[name].text())

    def _lay_out_empty(self) -> QWidget:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.addStretch()
        column.addWidget(self._empty)
        column.addWidget(self._first, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch()
        return page

    def _lay_out_list(self) -> QWidget:
        page = QWidget(self)
        hint = QHBoxLayout(self._hint)
        hint.setContentsMargins(0, 0, 0, 0)
        hint.addWidget(self._hint_says, 1)
        hint.addWidget(self._again)
        head = QVBoxLayout()
        head.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        head.setSpacing(2)
        for line in (self._far, self._made, self._notes, self._hint):
            head.addWidget(line)
        foot = QHBoxLayout()
        foot.setContentsMargins(GRID // 2, GRID // 4, GRID, GRID // 4)
        foot.setSpacing(GRID // 2)
        for name in ("previous_suggestion", "next_suggestion"):
            foot.addWidget(self._buttons[name])
        foot.addWidget(self._go_on, 1)
        foot.addWidget(self._buttons["rank"])
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addLayout(foot)
        return page

    # ---- what is so

    def show_empty(self, text: str, *, can_rank: bool) -> None:
        """There is no entry: why, and what to do."""
        self.list.rows.show_entries([])
        self._empty.setText(text)
        self._first.setVisible(can_rank)
        self._pages.setCurrentIndex(0)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """List these."""
        self.list.rows.show_entries(entries)
        self._pages.setCurrentIndex(1)

    def show_made(self, made: str, times: str, notes: Notes) -> None:
        """How it was made, where predicted ``times`` come from, and what is worth knowing of it."""
        self._far.setToolTip(times)
        for line, text, tip in ((self._made, made, made), (self._notes, *notes)):
            line.setText(text)
            line.setToolTip(tip)
        self._notes.setVisible(bool(notes.line))

    def show_far(self, far: str) -> None:
        """How far it is."""
        self._far.setText(far)

    def show_hint(self, text: str, *, can_rank: bool) -> None:
        """Why it may be time to rank again; empty for no reason."""
        self._hint_says.setText(text)
        self._hint.setVisible(bool(text))
        self._again.setVisible(can_rank)

    @property
    def goes_on(self) -> bool:
        """Whether the next suggestion is to be opened when one is approved."""
        return self._go_on.isChecked()

    # ---- whether somebody looks

    def showEvent(self, event: QShowEvent) -> None:
        """It is seen, or lies behind another tab of its dock, which tells when it comes to the front."""
        super().showEvent(event)
        dock = self.parent()
        if isinstance(dock, QDockWidget) and self._dock is not dock:
            self._dock = dock
            dock.visibilityChanged.connect(self._turned)
        self.seen.emit()

    def _turned(self, to_the_front: bool) -> None:
        if to_the_front:
            self.seen.emit()

    def changeEvent(self, event: QEvent) -> None:
        """The window was come back to from another program."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and self.isActiveWindow():
            self.seen.emit()


def _line(name: str, *, dim: bool = False) -> QLabel:
    made = ElidedLabel(Qt.TextElideMode.ElideRight)
    made.setObjectName(name)
    if dim:
        made.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return made
