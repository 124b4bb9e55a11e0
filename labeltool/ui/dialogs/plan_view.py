"""What an export would do, shown before it is done."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from labeltool.formats.protocol import ExportPlan
from labeltool.ui.dialogs.findings import Findings
from labeltool.ui.dialogs.frame import GRID, label

MOST_LEFT_OUT = 100


class PlanView(QWidget):
    """One line of sums, and under it what refuses, what is converted or lost, what is left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sums = label(name="dialog.export.sums")
        self._list = Findings("dialog.export.plan", self.tr("What will be written"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._sums)
        layout.addWidget(self._list, 1)

    def wait(self) -> None:
        """Nothing is known yet."""
        self._list.clear()
        self._sums.setText(self.tr("Working out what will be written…"))

    def show_problem(self, text: str) -> None:
        """There is no plan, and why."""
        self._list.clear()
        self._sums.setText(self.tr("Nothing can be exported like this."))
        self._list.add("problem", text)

    def show_plan(self, plan: ExportPlan, more_problems: tuple[str, ...] = ()) -> None:
        """A plan, and what else stands against it."""
        self._list.clear()
        size = self.locale().formattedDataSize(plan.nbytes)
        self._sums.setText(
            self.tr("Images: {images}   Objects: {objects}   At most {size}").format(
                images=plan.images, objects=plan.objects, size=size
            )
        )
        for text in (*plan.problems, *more_problems):
            self._list.add("problem", text)
        for text in plan.notices:
            self._list.add("notice", text)
        self._list.add(
            "notice", self.tr("Everything is read back from the disk and compared pixel by pixel.")
        )
        for each in plan.skipped[:MOST_LEFT_OUT]:
            self._list.add("left out", f"{each.file}: {each.reason}")
        if len(plan.skipped) > MOST_LEFT_OUT:
            more = len(plan.skipped) - MOST_LEFT_OUT
            self._list.add("left out", self.tr("… and {n} more").format(n=more))
