"""Areas and lengths as a table: choose of what, sort, look at an object, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSettings,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QTableView,
    QWidget,
)

from labeltool.app.choices import Measures
from labeltool.app.measures import measure
from labeltool.app.project import chosen
from labeltool.app.tables import Table, harmless, refuse_csv, write_csv
from labeltool.app.workbench import Workbench
from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import SPLITS
from labeltool.ui.dialogs.failure import as_failure, show_failure
from labeltool.ui.dialogs.findings import Findings
from labeltool.ui.dialogs.formats import saved_first
from labeltool.ui.dialogs.frame import GRID, Dialog, label
from labeltool.ui.dialogs.job_bar import JobBar
from labeltool.ui.dialogs.options_form import OptionsForm
from labeltool.ui.words import heading

LAST_FOLDER = "dialogs/measures/folder"
SHOWN_DIGITS, COPIED_DIGITS = 6, 10
NOTICE_HEIGHT, MOST_NOTICES = 32, 3
WIDEST = 260

Index = QModelIndex | QPersistentModelIndex


class TableModel(QAbstractTableModel):
    """The rows of a table in the order of a column; numbers are sorted as numbers."""

    def __init__(self, table: Table, parent: QWidget) -> None:
        super().__init__(parent)
        self.table = table
        self._order = np.arange(len(table))

    def row_of(self, row: int) -> int:
        """The table's own number of a row that is shown."""
        return int(self._order[row])

    def rowCount(self, parent: Index | None = None) -> int:
        """See Qt."""
        return 0 if parent is not None and parent.isValid() else len(self.table)

    def columnCount(self, parent: Index | None = None) -> int:
        """See Qt."""
        return 0 if parent is not None and parent.isValid() else len(self.table.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts to the left, numbers to the right."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self.table.text(self.row_of(index.row()), index.column(), SHOWN_DIGITS)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.table.text(self.row_of(index.row()), index.column(), COPIED_DIGITS)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Names with their units, over the numbers."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return heading(self.table.columns[section])
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        return None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        text = self.table.columns[column].kind == "text"
        side = Qt.AlignmentFlag.AlignLeft if text else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 is the order of the table."""
        self.layoutAboutToBeChanged.emit()
        if 0 <= column < len(self.table.columns):
            self._order = self.table.order(column, order == Qt.SortOrder.DescendingOrder)
        else:
            self._order = np.arange(len(self.table))
        self.layoutChanged.emit()

    def lines(self, rows: list[int]) -> str:
        """Rows as they are shown, with the header, as tab-separated text; a spreadsheet runs nothing of it."""
        lines = [[column.header for column in self.table.columns]]
        lines += [
            [self.table.text(self.row_of(row), k, COPIED_DIGITS) for k in range(len(self.table.columns))]
            for row in rows
        ]
        texts = [column.kind == "text" for column in self.table.columns]
        return "\n".join(
            "\t".join(harmless(cell) if text else cell for cell, text in zip(line, texts, strict=True))
            for line in lines
        )


class MeasuresTable(QTableView):
    """Ctrl+C copies the selected rows, or all."""

    model_type: type[TableModel] = TableModel
    room_px = 3 * GRID
    """Beside the texts of a column."""

    place_asked = Signal(int)
    """Somebody has clicked on this row of the table, or pressed Enter on it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(self.tr("Measures"))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(3 * GRID)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.horizontalHeader().setResizeContentsPrecision(50)
        self.horizontalHeader().setHighlightSections(False)
        self.setSortingEnabled(True)
        self.clicked.connect(self._ask)

    def show_table(self, table: Table) -> None:
        """Show another table, in its own order."""
        before = self.model()
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setModel(self.model_type(table, self))
        if before is not None:
            before.deleteLater()
        for column, cells in enumerate(table.data):
            self.setColumnHidden(column, isinstance(cells, list) and not any(cells))
        self.resizeColumnsToContents()
        for column in range(len(table.columns)):
            self.setColumnWidth(column, min(WIDEST, self.columnWidth(column) + self.room_px))

    def copy(self) -> None:
        """Put the selected rows, or all, on the clipboard."""
        model = self.model()
        if isinstance(model, TableModel):
            chosen_ = sorted(index.row() for index in self.selectionModel().selectedRows())
            QGuiApplication.clipboard().setText(model.lines(chosen_ or list(range(model.rowCount()))))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, or look at the row."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._ask(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _ask(self, index: Index) -> None:
        model = self.model()
        if isinstance(model, TableModel):
            self.place_asked.emit(model.row_of(index.row()))


class MeasuresDialog(Dialog):
    """Stays beside the window: what a row is about is looked at there."""

    place_asked = Signal(str, object)
    """An image by its id is to be shown, with a box of it in the middle."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__("measures", self.tr("Measures"), parent, QSize(980, 560))
        self._bench = workbench
        self._table: Table | None = None
        self.images = self._images()
        self.options = OptionsForm(Measures, "dialog.measures", self)
        self.table = MeasuresTable("dialog.measures.table")
        self._empty = label(name="dialog.measures.empty", dim=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.table)
        self.findings = Findings("dialog.measures.notices", self.tr("What is worth knowing"), self)
        self._says = label(name="dialog.measures.says", dim=True)
        self.job = JobBar("dialog.measures")
        self._assemble()
        self.table.place_asked.connect(self._ask_place)
        self._say_empty(self.tr("Choose what to measure, then press Measure."))

    def _images(self) -> QComboBox:
        combo = QComboBox(self)
        combo.setObjectName("dialog.measures.images")
        combo.setAccessibleName(self.tr("Images"))
        combo.addItem(self.tr("All images"), "all")
        combo.addItem(self.tr("The image at hand"), "at hand")
        there = {record.split for record in self._bench.store.images()}
        for split in SPLITS:
            if split in there:
                combo.addItem(self.tr("Only the split {name}").format(name=split), split)
        return combo

    def _assemble(self) -> None:
        question, left = QHBoxLayout(), QFormLayout()
        question.setSpacing(4 * GRID)
        left.setHorizontalSpacing(2 * GRID)
        left.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        left.addRow(self.tr("Images"), self.images)
        question.addLayout(left, 1)
        question.addWidget(self.options, 1)
        self.column.addLayout(question)
        self.column.addWidget(self._pages, 1)
        self.column.addWidget(self._says)
        self.column.addWidget(self.findings)
        self.column.addWidget(self.job)
        self.run = self.add_buttons(self.tr("Measure"), self.tr("Close"))
        self.run.clicked.connect(self.start)
        self.export = QPushButton(self.tr("Export to CSV…"))
        self.export.setObjectName("dialog.measures.export")
        self.export.setAutoDefault(False)
        self.export.clicked.connect(self._ask_file)
        self.buttons.addButton(self.export, QDialogButtonBox.ButtonRole.ActionRole)
        self.export.setEnabled(False)
        self.findings.hide()

    # ---- measuring

    def start(self) -> None:
        """Measure what is chosen, as it is on the screen now."""
        if self.job.running:
            return
        bench, options, which = self._bench, self.options.value(), self.images.currentData()
        at_hand = bench.open.record.id if bench.open is not None else None
        if which == "at hand" and at_hand is None:
            self._say_empty(self.tr("No image is open. Open one, or measure all images."))
            return

        def work(cancel: CancelToken, progress: Progress) -> Table:
            saved_first(bench.saver)
            if which == "at hand" and at_hand is not None:
                records = [bench.store.image(at_hand)]
            else:
                records = chosen(bench.store, None if which == "all" else which)
            return measure(bench.store, records, options, progress=progress, cancel=cancel)

        self._set_busy(True)
        self.job.run(bench.lanes, "measures", work, self._show, self._failed, title=self.tr("Measuring…"))

    def _show(self, table: Table) -> None:
        self._set_busy(False)
        self._table = table
        self.findings.clear()
        for each in table.skipped:
            self.findings.add("left out", f"{each.file}: {each.reason}")
        for notice in table.notices:
            self.findings.add("notice", notice)
        self.findings.setVisible(self.findings.count() > 0)
        self.findings.setMaximumHeight(min(MOST_NOTICES, self.findings.count()) * NOTICE_HEIGHT)
        self.export.setEnabled(len(table) > 0)
        if not len(table):
            self._say_empty(
                self.tr(
                    "Nothing is labelled in these images. Paint or pre-label something, then measure again."
                )
            )
            return
        self.table.show_table(table)
        self._pages.setCurrentWidget(self.table)
        rows = self.tr("Rows: {n}.").format(n=f"{len(table):,}")
        hint = self.tr("A click on a row shows its place in the image; a click on a heading sorts.")
        self._says.setText(f"{rows} {hint}" if any(table.images) else rows)

    def _failed(self, error: BaseException) -> None:
        self._set_busy(False)
        if not isinstance(error, CancelledError):
            show_failure(self, as_failure(error), self.tr("Measuring did not work"))
        elif self._table is None:
            self._say_empty(self.tr("Stopped. Press Measure to begin again."))

    def _say_empty(self, text: str) -> None:
        self._empty.setText(text)
        self._says.setText("")
        self._pages.setCurrentWidget(self._empty)

    def _set_busy(self, busy: bool) -> None:
        for widget in (self.images, self.options, self.run, self.close_button):
            widget.setEnabled(not busy)
        self.export.setEnabled(not busy and self._table is not None and len(self._table) > 0)

    def _ask_place(self, row: int) -> None:
        if self._table is not None and self._table.images[row]:
            x0, y0, x1, y1 = self._table.boxes[row].tolist()
            self.place_asked.emit(self._table.images[row], Box(x0, y0, x1, y1))

    # ---- handing over

    def _ask_file(self) -> None:
        root = self._bench.store.root
        folder = Path(str(QSettings().value(LAST_FOLDER, root.parent)))
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export to CSV"), str(folder / f"{root.name}-measures.csv"), "CSV (*.csv)"
        )
        if name:
            self.write(Path(name) if Path(name).suffix else Path(f"{name}.csv"))

    def write(self, path: Path) -> None:
        """Write the table that is shown."""
        table, root = self._table, self._bench.store.root
        if table is None or self.job.running:
            return

        def work(cancel: CancelToken, progress: Progress) -> list[str]:
            refuse_csv(path, root)
            return write_csv(table, path)

        def done(notices: list[str]) -> None:
            self._set_busy(False)
            QSettings().setValue(LAST_FOLDER, str(path.parent))
            self._says.setText(" ".join([self.tr("Written: {file}.").format(file=path), *notices]))

        def failed(error: BaseException) -> None:
            self._set_busy(False)
            show_failure(self, as_failure(error), self.tr("The table could not be written"))

        self._set_busy(True)
        self.job.run(self._bench.lanes, "measures file", work, done, failed, title=self.tr("Writing…"))

    def done(self, result: int) -> None:
        """Whatever is being measured is not wanted any more."""
        self.job.cancel()
        super().done(result)

    def reject(self) -> None:
        """While something is being measured, stop that first."""
        if self.job.running:
            self.job.cancel()
        else:
            super().reject()
