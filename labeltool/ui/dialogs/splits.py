"""Train, val and test: draw them, or take them from folders; what would be so is shown before it is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QWidget

from labeltool.app.choices import Draw
from labeltool.app.splits import Assignment, by_names, drawn
from labeltool.app.workbench import Workbench
from labeltool.core.errors import LabeltoolError
from labeltool.core.project import SPLITS
from labeltool.ui.dialogs.findings import Findings
from labeltool.ui.dialogs.frame import GRID, Dialog, label
from labeltool.ui.dialogs.options_form import OptionsForm
from labeltool.ui.words import plural


class SplitDialog(Dialog):
    """Shows what a draw comes to while it is being set up."""

    decided = Signal(Assignment)
    """These splits are to be kept."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__("splits", self.tr("Train, val and test"), parent, QSize(620, 520))
        self._bench = workbench
        self._assignment: Assignment | None = None
        self.way = QComboBox(self)
        self.way.setObjectName("dialog.splits.way")
        self.way.addItem(self.tr("Draw by a seed"), "draw")
        self.way.addItem(self.tr("By folders called train, val, test"), "names")
        self.options = OptionsForm(Draw, "dialog.splits", self)
        self._says = label(name="dialog.splits.says")
        self.findings = Findings("dialog.splits.notices", self.tr("What is worth knowing"), self)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.addRow(self.tr("How"), self.way)
        self.column.addLayout(form)
        self.column.addWidget(self.options)
        self.column.addWidget(self._says)
        self.column.addWidget(self.findings, 1)
        self.column.addWidget(
            label(self.tr("By hand: mark images in the list and press the right mouse button."), dim=True)
        )
        self.run = self.add_buttons(self.tr("Keep these splits"), self.tr("Close"))
        self.run.clicked.connect(self._keep)
        self.way.currentIndexChanged.connect(self._look)
        self.options.changed.connect(self._look)
        self._look()

    def _look(self) -> None:
        """What would be so."""
        by_seed = self.way.currentData() == "draw"
        self.options.setVisible(by_seed)
        self.findings.clear()
        records = self._bench.store.images()
        try:
            self._assignment = drawn(records, self.options.value()) if by_seed else by_names(records)
        except LabeltoolError as error:
            self._assignment = None
            self._says.setText("")
            self.findings.add("problem", f"{error.message}. {error.hint or ''}".strip())
        else:
            self._tell(self._assignment)
        self.run.setEnabled(self._assignment is not None and self._bench.editable)

    def _tell(self, assignment: Assignment) -> None:
        before = {record.id: record.split for record in self._bench.store.images()}
        changed = sum(before[image] != split for image, split in assignment.splits.items())
        counts, total = assignment.counts(), max(1, len(assignment.splits))
        parts = [
            f"{split} {counts.get(split, 0)} ({100 * counts.get(split, 0) / total:.0f} %)" for split in SPLITS
        ]
        one = self.tr("1 image would have another split than now.")
        moved = plural(changed, one, self.tr("{n} images would have another split than now."))
        units = f" ({assignment.units})" if assignment.units else ""
        self._says.setText(f"{',  '.join(parts)}{units}.  {moved}")
        for notice in assignment.notices:
            self.findings.add("notice", notice)

    def _keep(self) -> None:
        if self._assignment is not None:
            self.decided.emit(self._assignment)
            self.accept()
