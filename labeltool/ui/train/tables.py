"""Small tables of figures: numbers to the right, sorted as numbers, better and worse told by sign and colour."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from labeltool.core.catalog import ClassDef
from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.panels.classes import swatch
from labeltool.ui.train.words import difference_text, score_text

ROW_PX = 3 * GRID
NUMBER_PX, WIDEST_PX = 13 * GRID, 25 * GRID
LEAST_PX, NAME_PX = 8 * GRID, 20 * GRID
"""Numbers make room as far as the one, so that names have as much as the other, unless a table wants another width for
them, where they need it."""
ID_ROLE = int(Qt.ItemDataRole.UserRole)
STYLE = """
    QHeaderView::section { background: palette(window); border: 0; border-bottom: 1px solid palette(mid);
        padding: 3px 8px; }
    QTableView::item { padding: 0 5px; }
"""
BETTER, WORSE = {"dark": "#56b4e9", "light": "#0072b2"}, {"dark": "#e69f00", "light": "#b35900"}
"""Blue and orange, which people with any kind of colour blindness can tell apart."""


class Cell(QTableWidgetItem):
    """A cell that is sorted by its number; one without a number comes last."""

    def __init__(self, text: str, number: float | None = None, *, left: bool = False) -> None:
        super().__init__(text)
        self._number = number
        side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        self.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        """Qt asks when it sorts."""
        if isinstance(other, Cell) and (self._number is not None or other._number is not None):
            a, b = self._number, other._number
            return b is None if a is not None and b is None else a is not None and b is not None and a < b
        return self.text().casefold() < other.text().casefold()


def text_cell(text: str) -> Cell:
    """A name."""
    cell = Cell(text, left=True)
    cell.setToolTip(text)
    return cell


def class_cell(each: ClassDef) -> Cell:
    """A class with its colour."""
    cell = text_cell(each.name)
    cell.setIcon(swatch(each.color))
    return cell


def number_cell(text: str, number: float | None) -> Cell:
    """A number as it is written."""
    return Cell(text, number)


def marked_cell(text: str, colour: str) -> Cell:
    """A text after a mark that tells its kind by its colour."""
    cell = text_cell(text)
    cell.setIcon(swatch(rgb(QColor(colour))))
    return cell


def rgb(colour: QColor) -> tuple[int, int, int]:
    """Its parts, 0..255."""
    return colour.red(), colour.green(), colour.blue()


def score_cell(score: float | None) -> Cell:
    """A share of one."""
    return Cell(score_text(score), score)


def difference_cell(difference: float | None) -> Cell:
    """More is better."""
    text = difference_text(difference)
    cell = Cell(text, difference)
    for sign, colours in (("▲", BETTER), ("▼", WORSE)):
        if text.startswith(sign):
            cell.setForeground(QColor(colours[theme.effective()]))
    return cell


class Figures(QTableWidget):
    """The first column, of names, is as wide as there is room, which numbers in the others make. Ctrl+C copies."""

    row_asked = Signal(str)
    """Somebody wants to see what this row is about, by the id that was given with it."""

    def __init__(self, name: str, title: str, parent: QWidget, name_px: int = NAME_PX) -> None:
        super().__init__(parent)
        self._name_px = name_px
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setStyleSheet(STYLE)
        self._wanted: list[int] = []
        self._needed: list[int] = []
        self.itemActivated.connect(self._ask)
        self.itemDoubleClicked.connect(self._ask)

    def show_rows(
        self,
        headers: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        ids: Sequence[str] = (),
        *,
        sortable: bool = False,
    ) -> None:
        """Show other rows; ``ids`` says what each is about."""
        self.setSortingEnabled(False)
        self.clear()
        self.setColumnCount(len(headers))
        self.setRowCount(len(rows))
        for column, text in enumerate(headers):
            self.setHorizontalHeaderItem(column, Cell(text, left=column == 0))
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                cell.setData(ID_ROLE, ids[number] if ids else "")
                self.setItem(number, column, cell)
        header = self.horizontalHeader()
        header.setStretchLastSection(False)
        for column in range(len(headers)):
            fixed = QHeaderView.ResizeMode.Fixed
            header.setSectionResizeMode(column, fixed if column else QHeaderView.ResizeMode.Stretch)
        advance = self.fontMetrics().horizontalAdvance
        self._wanted = [max(NUMBER_PX, min(WIDEST_PX, advance(text) + 3 * GRID)) for text in headers[1:]]
        self._needed = [
            max((advance(row[column].text()) for row in rows), default=0) + 3 * GRID
            for column in range(1, len(headers))
        ]
        self._share_width()
        if sortable:
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            self.setSortingEnabled(True)

    def fit(self, most: int) -> None:
        """As high as its rows, of which at most so many are seen at once."""
        rows = min(most, max(1, self.rowCount()))
        self.setFixedHeight(rows * ROW_PX + self.horizontalHeader().sizeHint().height() + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width among the columns."""
        super().resizeEvent(event)
        self._share_width()

    @property
    def whole_px(self) -> int:
        """As wide as it has to be for nothing to be cut."""
        return self._names() + sum(max(LEAST_PX, needed) for needed in self._needed)

    def _names(self) -> int:
        """Room for the names and what stands over them."""
        head = self.horizontalHeaderItem(0)
        above = 0 if head is None else self.fontMetrics().horizontalAdvance(head.text()) + 3 * GRID
        return min(self._name_px, max(self.sizeHintForColumn(0) + GRID, above))

    def _share_width(self) -> None:
        seen = [not self.isColumnHidden(column) for column in range(1, 1 + len(self._wanted))]
        wanted_px = sum(px for px, is_seen in zip(self._wanted, seen, strict=True) if is_seen)
        share = (self.viewport().width() - self._names()) / max(1, wanted_px)
        for column, (wanted, needed) in enumerate(zip(self._wanted, self._needed, strict=True), start=1):
            self.setColumnWidth(column, max(LEAST_PX, min(needed, WIDEST_PX), int(wanted * min(1.0, share))))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the selected rows, or all."""
        if event.matches(QKeySequence.StandardKey.Copy):
            chosen = sorted({index.row() for index in self.selectedIndexes()}) or range(self.rowCount())
            columns = range(self.columnCount())
            lines = [[self.horizontalHeaderItem(column) for column in columns]]
            lines += [[self.item(row, column) for column in columns] for row in chosen]
            texts = ("\t".join(cell.text() for cell in line if cell is not None) for line in lines)
            QGuiApplication.clipboard().setText("\n".join(texts))
        else:
            super().keyPressEvent(event)

    def _ask(self, item: QTableWidgetItem) -> None:
        wanted = item.data(ID_ROLE)
        if wanted:
            self.row_asked.emit(wanted)
