"""How far annotators agree, and how well they label hidden gold images, as tables to be sorted, copied and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QSettings, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.app.people.agreement import compared
from labeltool.app.people.gold import report
from labeltool.app.people.tables import Tables, agreement_tables, gold_tables
from labeltool.app.tables import Table, refuse_csv, write_csv
from labeltool.app.workbench import Workbench
from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import Skipped
from labeltool.ui import theme
from labeltool.ui.dialogs.failure import as_failure, show_failure
from labeltool.ui.dialogs.findings import Findings
from labeltool.ui.dialogs.formats import saved_first
from labeltool.ui.dialogs.frame import GRID, Dialog, label
from labeltool.ui.dialogs.job_bar import JobBar
from labeltool.ui.dialogs.measures import LAST_FOLDER, Index, MeasuresTable, TableModel

ROW_PX, MOST_ROWS = 3 * GRID, 6
DASH = "–"


class Found(NamedTuple):
    """What was worked out; ``waiting`` are gold images that nobody has called done or approved."""

    agreement: Tables
    gold: Tables
    waiting: int
    skipped: list[Skipped]


class ScoreModel(TableModel):
    """Shares of one with three decimals; what has none is a dash."""

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See Qt."""
        if role == Qt.ItemDataRole.DisplayRole and self.table.columns[index.column()].kind == "number":
            value = self.table.value(self.row_of(index.row()), index.column())
            return DASH if value is None else f"{value:.3f}"
        if role == Qt.ItemDataRole.DisplayRole and self.table.columns[index.column()].kind == "count":
            return f"{self.table.value(self.row_of(index.row()), index.column()):,}"
        return super().data(index, role)


class ScoreTable(MeasuresTable):
    """A table of scores."""

    model_type = ScoreModel
    room_px = GRID // 2
    """There are many columns, and their headings are wider than their figures."""


class TableBox(QWidget):
    """A table under its heading, with buttons to copy it and to write it to a file."""

    file_asked = Signal()

    def __init__(self, name: str, heading: str) -> None:
        super().__init__()
        self.table_: Table | None = None
        self.view = ScoreTable(name)
        self.view.setAccessibleName(heading)
        self._heading = heading
        above = QHBoxLayout()
        above.addWidget(label(heading, dim=True), 1)
        for icon, tip, run in (
            ("ph.copy", self.tr("Copy the selected rows, or all, as text  (Ctrl+C)"), self.view.copy),
            ("ph.export", self.tr("Export to CSV…"), self.file_asked.emit),
        ):
            button = QToolButton()
            button.setObjectName(f"{name}.{icon.removeprefix('ph.')}")
            button.setIcon(theme.icon(icon))
            button.setAutoRaise(True)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.clicked.connect(lambda *_, run=run: run())
            above.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(above)
        column.addWidget(self.view, 1)

    def show_table(self, table: Table) -> None:
        """Show another table."""
        self.table_ = table
        self.view.show_table(table)

    def fit(self) -> None:
        """As high as its rows, within reason."""
        rows = 0 if self.table_ is None else min(MOST_ROWS, len(self.table_))
        bar = self.view.horizontalScrollBar().sizeHint().height()
        self.view.setFixedHeight(rows * ROW_PX + self.view.horizontalHeader().sizeHint().height() + bar + 4)


class ReportPage(QStackedWidget):
    """Figures over all images above those of each image; without any, what is to be done."""

    def __init__(self, name: str, together: str, images: str) -> None:
        super().__init__()
        self._empty = label(name=f"dialog.people.{name}.empty", dim=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.together = TableBox(f"dialog.people.{name}.together", together)
        self.images = TableBox(f"dialog.people.{name}.images", images)
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(GRID, GRID, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(self.together)
        column.addWidget(self.images, 1)
        self.addWidget(self._empty)
        self.addWidget(both)

    def say(self, text: str) -> None:
        """There is nothing to show, for this reason."""
        self._empty.setText(text)
        self.setCurrentIndex(0)

    def show_tables(self, tables: Tables) -> None:
        """Show what was worked out."""
        self.together.show_table(tables.together)
        self.together.fit()
        self.images.show_table(tables.images)
        self.setCurrentIndex(1)


class ReportDialog(Dialog):
    """Stays beside the window: an image that a row is about is looked at there."""

    image_asked = Signal(str)

    def __init__(self, bench: Workbench, parent: QWidget) -> None:
        super().__init__("people", self.tr("Agreement and gold"), parent, QSize(1200, 640))
        self._bench = bench
        self.agreement = ReportPage("agreement", self.tr("Together"), self.tr("Image by image"))
        self.gold = ReportPage(
            "gold",
            self.tr("Each annotator's newest word on each image"),
            self.tr("Over time, image by image"),
        )
        self.tabs = QTabWidget()
        self.tabs.setObjectName("dialog.people.tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.agreement, self.tr("Agreement"))
        self.tabs.addTab(self.gold, self.tr("Hidden gold"))
        self.findings = Findings("dialog.people.notices", self.tr("What is worth knowing"), self)
        self.findings.hide()
        self._says = label(name="dialog.people.says", dim=True)
        self.job = JobBar("dialog.people")
        for widget in (self.tabs, self._says, self.findings, self.job):
            self.column.addWidget(widget, int(widget is self.tabs))
        self.run: QPushButton = self.add_buttons(self.tr("Work out again"), self.tr("Close"))
        self.run.clicked.connect(self.start)
        for page in (self.agreement, self.gold):
            for box in (page.together, page.images):
                box.file_asked.connect(lambda box=box: self._ask_file(box))
            page.images.view.place_asked.connect(lambda row, box=page.images: self._ask_image(box, row))
        self.start()

    # ---- working it out

    def start(self) -> None:
        """Work out both, as everything is on the disk now."""
        if self.job.running:
            return
        bench = self._bench

        def work(cancel: CancelToken, progress: Progress) -> Found:
            saved_first(bench.saver)
            store, records = bench.store, bench.store.images()

            def half(first: int) -> Progress:
                return lambda done, total, text="": progress(first * total + done, 2 * total, text)

            pairs, skipped = compared(store, records, progress=half(0), cancel=cancel)
            found = report(store, half(1), cancel)
            left_out = list(dict.fromkeys([*skipped, *found.skipped]))
            return Found(agreement_tables(pairs, store.catalog), gold_tables(found), found.waiting, left_out)

        for page in (self.agreement, self.gold):
            if page.currentIndex() == 0:
                page.say(self.tr("Comparing…"))
        self._set_busy(True)
        self.job.run(bench.lanes, "people", work, self._show, self._failed, title=self.tr("Comparing…"))

    def _show(self, found: Found) -> None:
        self._set_busy(False)
        self.findings.clear()
        for each in found.skipped:
            self.findings.add("left out", f"{each.file}: {each.reason}")
        self.findings.setVisible(bool(found.skipped))
        if len(found.agreement.together):
            self.agreement.show_tables(found.agreement)
        else:
            self.agreement.say(
                self.tr(
                    "No image has labels of two annotators.\n\n"
                    "Image, Other annotators' layers… keeps an annotation aside, so that somebody else can begin "
                    "afresh.\nOr import another person's labels: labeltool import PROJECT LABELS --as NAME"
                )
            )
        waiting = self.tr("Gold images that nobody has called done or approved yet: {n}.").format(
            n=found.waiting
        )
        if len(found.gold.together):
            self.gold.show_tables(found.gold)
        else:
            self.gold.say(waiting if found.waiting else self._no_gold())
        hint = self.tr("A click on a row opens its image; a click on a heading sorts.")
        self._says.setText(f"{hint} {waiting}" if found.waiting else hint)

    def _no_gold(self) -> str:
        return self.tr(
            "There are no hidden gold images.\n\n"
            "Mark images that are labelled well in the panel Images and press the right mouse button, Hidden gold…\n"
            "Or on the command line: labeltool gold PROJECT add IMAGES"
        )

    def _failed(self, error: BaseException) -> None:
        self._set_busy(False)
        for page in (self.agreement, self.gold):
            if page.currentIndex() == 0:
                page.say(self.tr("Stopped. Work out again begins anew."))
        if not isinstance(error, CancelledError):
            show_failure(self, as_failure(error))

    def _set_busy(self, busy: bool) -> None:
        self.run.setEnabled(not busy)

    # ---- what is done with it

    def _ask_image(self, box: TableBox, row: int) -> None:
        if box.table_ is not None and row < len(box.table_.images):
            self.image_asked.emit(box.table_.images[row])

    def _ask_file(self, box: TableBox) -> None:
        root = self._bench.store.root
        folder = Path(str(QSettings().value(LAST_FOLDER, root.parent)))
        what = box.view.objectName().removeprefix("dialog.people.").replace(".", "-")
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export to CSV"), str(folder / f"{root.name}-{what}.csv"), "CSV (*.csv)"
        )
        if name:
            self.write(box, Path(name) if Path(name).suffix else Path(f"{name}.csv"))

    def write(self, box: TableBox, path: Path) -> None:
        """Write a table to a file; a few rows, so here and now."""
        if box.table_ is None:
            return
        try:
            refuse_csv(path, self._bench.store.root)
            write_csv(box.table_, path)
        except (LabeltoolError, OSError) as error:
            show_failure(self, as_failure(error), self.tr("The table could not be written"))
            return
        QSettings().setValue(LAST_FOLDER, str(path.parent))
        self._says.setText(self.tr("Written: {file}.").format(file=path))

    def done(self, result: int) -> None:
        """Whatever is being worked out is not wanted any more."""
        self.job.cancel()
        super().done(result)
