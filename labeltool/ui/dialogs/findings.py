"""Lists of what was noticed and what was left out; both can be copied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from labeltool.core.project import Skipped
from labeltool.ui import theme

Kind = Literal["problem", "notice", "left out"]
ICONS = {"problem": "ph.warning", "notice": "ph.info", "left out": "ph.minus-circle"}


class Findings(QListWidget):
    """Sentences with a sign in front: problems in the colour of errors, notices, what is left out."""

    def __init__(self, name: str, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setWordWrap(True)
        self.setSpacing(2)
        self.setIconSize(QSize(16, 16))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def add(self, kind: Kind, text: str) -> None:
        """Append a sentence."""
        item = QListWidgetItem(theme.icon(ICONS[kind]), text)
        if kind == "problem":
            item.setForeground(self.palette().brightText())
        self.addItem(item)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the selected sentences."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText("\n".join(i.text() for i in self.selectedItems()))
        else:
            super().keyPressEvent(event)


class SkippedTable(QTableWidget):
    """Files that were left out and why; Ctrl+C copies the selected rows, or all, as tab-separated text."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self.setObjectName(name)
        self.setAccessibleName(self.tr("Files that were left out"))
        self.setHorizontalHeaderLabels([self.tr("File"), self.tr("Left out because")])
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        self.setColumnWidth(0, 260)

    def show_skipped(self, skipped: Iterable[Skipped]) -> None:
        """List these files."""
        rows = list(skipped)
        self.setRowCount(len(rows))
        for row, each in enumerate(rows):
            for column, text in enumerate((each.file, each.reason)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.setItem(row, column, item)
        self.resizeRowsToContents()

    def copy(self) -> None:
        """Put the selected rows, or all, on the clipboard."""
        selected = sorted({index.row() for index in self.selectedIndexes()}) or range(self.rowCount())
        QGuiApplication.clipboard().setText("\n".join(self._line(row) for row in selected))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def _line(self, row: int) -> str:
        items = (self.item(row, column) for column in range(self.columnCount()))
        return "\t".join(item.text() for item in items if item is not None)
