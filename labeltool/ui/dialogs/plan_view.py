"""What an export would do, shown before it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from labeltool.core.project import Skipped
from labeltool.formats.dataset import UNLABELLED
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

    def show_plan(
        self, plan: ExportPlan, more_problems: tuple[str, ...] = (), more_notices: tuple[str, ...] = ()
    ) -> None:
        """A plan, and what else stands against it or is worth knowing."""
        self._list.clear()
        size = self.locale().formattedDataSize(plan.nbytes)
        self._sums.setText(
            self.tr("Images: {images}   Objects: {objects}   At most {size}").format(
                images=plan.images, objects=plan.objects, size=size
            )
        )
        for text in (*plan.problems, *more_problems):
            self._list.add("problem", text)
        for text in (*more_notices, *plan.notices):
            self._list.add("notice", text)
        self._list.add(
            "notice", self.tr("Everything is read back from the disk and compared pixel by pixel.")
        )
        lines = self._left_out(plan.skipped)
        for text in lines[:MOST_LEFT_OUT]:
            self._list.add("left out", text)
        if len(lines) > MOST_LEFT_OUT:
            more = len(lines) - MOST_LEFT_OUT
            self._list.add("left out", self.tr("… and {n} more").format(n=more))

    def _left_out(self, skipped: Iterable[Skipped]) -> list[str]:
        """A line for each reason; a file that has a reason of its own is named."""
        by_reason: defaultdict[str, list[str]] = defaultdict(list)
        for each in skipped:
            by_reason[each.reason].append(each.file)
        return [
            f"{files[0]}: {reason}"
            if len(files) == 1
            else self.tr("{n} images left out: {reason}").format(n=len(files), reason=self._of_many(reason))
            for reason, files in by_reason.items()
        ]

    def _of_many(self, reason: str) -> str:
        return self.tr("nobody has labelled them yet") if reason == UNLABELLED else reason
