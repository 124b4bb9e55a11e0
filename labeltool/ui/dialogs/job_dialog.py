"""A dialog that asks, does one long job, and says what became of it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from labeltool.ui.dialogs.frame import GRID, Dialog
from labeltool.ui.dialogs.job_bar import JobBar


class JobDialog(Dialog):
    """Two pages, ``form`` with the question and ``report`` with the answer; ``run`` starts, then closes."""

    def __init__(self, name: str, title: str, parent: QWidget | None, size: QSize, run: str) -> None:
        super().__init__(name, title, parent, size)
        self.question, self.answer = QWidget(), QWidget()
        self.form = QFormLayout(self.question)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setHorizontalSpacing(2 * GRID)
        self.form.setVerticalSpacing(GRID)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.report = QVBoxLayout(self.answer)
        self.report.setContentsMargins(0, 0, 0, 0)
        self.report.setSpacing(2 * GRID)
        self.job = JobBar(f"dialog.{name}")
        self.column.addWidget(self.question, 1)
        self.column.addWidget(self.answer, 1)
        self.column.addWidget(self.job)
        self.answer.hide()
        self.run = self.add_buttons(run, self.tr("Close"))
        self.run.clicked.connect(self.press)

    @property
    def answered(self) -> bool:
        """True once the page with the answer is shown."""
        return not self.answer.isHidden()

    def press(self) -> None:
        """What the button does that Enter presses."""
        if self.answered:
            self.accept()
        elif self.run.isEnabled():
            self.start()

    def start(self) -> None:
        """Begin the job."""
        raise NotImplementedError

    def set_busy(self, busy: bool) -> None:
        """While the job runs nothing can be changed, only stopped."""
        self.question.setEnabled(not busy)
        self.run.setEnabled(not busy)
        self.close_button.setEnabled(not busy)

    def show_answer(self) -> None:
        """Turn to the page with the answer."""
        self.question.hide()
        self.answer.show()
        self.close_button.hide()
        self.run.setText(self.tr("Done"))
        self.run.setFocus()

    def reject(self) -> None:
        """While the job runs, stop that first."""
        if self.job.running:
            self.job.cancel()
        else:
            super().reject()
