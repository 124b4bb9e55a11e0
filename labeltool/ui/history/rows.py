"""The list of what was done as a tree of two levels: rows, and the strokes of those that are runs."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QIcon, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeView, QWidget

from labeltool.store.history import JournalEntry
from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.history import words
from labeltool.ui.history.folding import Row

Index = QModelIndex | QPersistentModelIndex

WHAT, WHO, WHEN = range(3)
ROW_PX = 3 * GRID
NOWHERE = QModelIndex()
DISPLAY = int(Qt.ItemDataRole.DisplayRole)


class HistoryModel(QAbstractItemModel):
    """Rows newest first, and below a run its strokes. The index of a stroke knows the number of its run's oldest."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._widget = parent
        self.rows: list[Row] = []
        self._place: dict[int, int] = {}
        """Of each run in the rows, by the number of its oldest item."""
        self._steps: list[tuple[int, int]] = []
        """The newest revision of each row that changed pixels, oldest first, and how many rows lie below it."""
        self._looks: dict[int, Callable[[Row, int], Any]] = {
            DISPLAY: self._text,
            int(Qt.ItemDataRole.ToolTipRole): lambda row, _: words.tooltip(row),
            int(Qt.ItemDataRole.DecorationRole): self._icon,
            int(Qt.ItemDataRole.ForegroundRole): self._ink,
            int(Qt.ItemDataRole.TextAlignmentRole): lambda _, column: _side(column),
        }

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows. What is old already stays as it is: marked, opened, scrolled to."""
        old, new = self.rows, list(rows)
        same = 0
        while same < min(len(old), len(new)) and old[-1 - same] == new[-1 - same]:
            same += 1
        fresh, gone = len(new) - same, len(old) - same
        if fresh and gone and _grows(old[gone - 1], new[fresh - 1]):
            self._grow(gone - 1, new[fresh - 1])
            fresh, gone = fresh - 1, gone - 1
        if gone:
            self.beginRemoveRows(NOWHERE, 0, gone - 1)
            self._set_rows(self.rows[gone:])
            self.endRemoveRows()
        if fresh:
            self.beginInsertRows(NOWHERE, 0, fresh - 1)
            self._set_rows(new)
            self.endInsertRows()

    def _grow(self, at: int, row: Row) -> None:
        """A run has become longer."""
        more = len(row.items) - len(self.rows[at].items)
        if more:
            self.beginInsertRows(self.index(at, WHAT), 0, more - 1)
        self._set_rows([*self.rows[:at], row, *self.rows[at + 1 :]])
        if more:
            self.endInsertRows()
        self.dataChanged.emit(self.index(at, WHAT), self.index(at, WHEN))

    def _set_rows(self, rows: list[Row]) -> None:
        self.rows = rows
        self._place = {row.first.number: place for place, row in enumerate(rows)}
        self._steps = [
            (row.last.revision, below)
            for below, row in enumerate(reversed(rows))
            if isinstance(row.last.what, JournalEntry)
        ]

    def row(self, index: Index) -> Row | None:
        """What an index stands for: a row, or a stroke of a run as a row of its own."""
        if not index.isValid():
            return None
        run = index.internalId()
        if not run:
            return self.rows[index.row()]
        items = self.rows[self._place[run]].items
        return Row((items[len(items) - 1 - index.row()],))

    def find(self, revision: int, *, inside: bool) -> QModelIndex:
        """The row that led to a revision; with ``inside`` the stroke of a run."""
        at = bisect_left(self._steps, (revision, -1))
        if revision < 1 or at == len(self._steps):
            return QModelIndex()
        place = len(self.rows) - 1 - self._steps[at][1]
        row, index = self.rows[place], self.index(place, WHAT)
        if not (inside and row.is_run):
            return index
        return self.index(row.last.revision - revision, WHAT, index)

    # ---- Qt asks

    def index(self, row: int, column: int, parent: Index = NOWHERE) -> QModelIndex:
        """Qt asks."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self.rows[parent.row()].first.number if parent.isValid() else 0)

    def parent(self, child: Index = NOWHERE) -> QModelIndex:  # type: ignore[override]  # Qt has two of this name
        """Qt asks."""
        run = child.internalId() if child.isValid() else 0
        place = self._place.get(run)
        return QModelIndex() if not run or place is None else self.createIndex(place, WHAT, 0)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Qt asks."""
        if not parent.isValid():
            return len(self.rows)
        if parent.internalId() or parent.column() != WHAT:
            return 0
        row = self.rows[parent.row()]
        return len(row.items) if row.is_run else 0

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """Qt asks."""
        return 3

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        """Qt asks."""
        row, look = self.row(index), self._looks.get(role)
        return None if row is None or look is None else look(row, index.column())

    def _text(self, row: Row, column: int) -> str:
        if column == WHAT:
            return words.title(row)
        return row.last.what.author if column == WHO else words.when(row.last.at_s, time.time())

    def _icon(self, row: Row, column: int) -> QIcon | None:
        return theme.icon(words.icon_name(row)) if column == WHAT else None

    def _ink(self, row: Row, column: int) -> QBrush | None:
        """Who and when are paler than what, and so is what took something back."""
        what = row.last.what
        pale = column != WHAT or (isinstance(what, JournalEntry) and what.kind == "undo" and not row.is_run)
        return self._widget.palette().placeholderText() if pale else None


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column == WHEN else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _grows(old: Row, new: Row) -> bool:
    return old.is_run and new.is_run and new.items[: len(old.items)] == old.items


class HistoryTree(QTreeView):
    """The rows, one chosen. Keys that mean something elsewhere are left to the window."""

    chosen = Signal(object)
    """Somebody wants to see this row's mask: a :class:`Row`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("history.list")
        self.setAccessibleName(self.tr("What was done to the image, newest first"))
        self.model_ = HistoryModel(self)
        self.setModel(self.model_)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setIndentation(2 * GRID)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setIconSize(QSize(16, 16))
        self.setStyleSheet(f"QTreeView::item {{ height: {ROW_PX}px; padding-right: {GRID // 2}px; }}")
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(GRID)
        header.setSectionResizeMode(WHAT, QHeaderView.ResizeMode.Stretch)
        for column in (WHO, WHEN):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._following = False
        self.selectionModel().currentChanged.connect(lambda now, _: self._choose(now))
        self.clicked.connect(self._choose)  # it may be marked already, and another revision be shown

    def _choose(self, index: QModelIndex) -> None:
        row = self.model_.row(index)
        if row is not None and not self._following:
            self.chosen.emit(row)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows, without saying that somebody chose one."""
        self._following = True
        try:
            self.model_.show_rows(rows)
        finally:
            self._following = False

    def follow(self, revision: int | None) -> None:
        """Mark what led to a revision, or nothing, without saying that somebody chose it."""
        self._following = True
        try:
            row = self.model_.row(self.currentIndex())
            if revision is None:
                self.setCurrentIndex(QModelIndex())
                self.clearSelection()
            elif row is None or row.last.revision != revision:
                self._mark(revision)
        finally:
            self._following = False

    def _mark(self, revision: int) -> None:
        run = self.model_.find(revision, inside=False)
        index = self.model_.find(revision, inside=self.isExpanded(run))
        self.setCurrentIndex(index)
        if index.isValid():
            self.scrollTo(index)
        else:
            self.clearSelection()

    def keyboardSearch(self, search: str) -> None:
        """Letters are keys of the window."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens a run, or closes it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.setExpanded(self.currentIndex(), not self.isExpanded(self.currentIndex()))
        else:
            super().keyPressEvent(event)
