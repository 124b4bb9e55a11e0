"""A dialog about images whose masks, or what lies beside them, are written behind the session of the image at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QWidget

from labeltool.app.workbench import Workbench
from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Skipped
from labeltool.ui.dialogs.failure import as_failure, show_failure
from labeltool.ui.dialogs.findings import Findings, SkippedTable
from labeltool.ui.dialogs.formats import saved_first
from labeltool.ui.dialogs.frame import label
from labeltool.ui.dialogs.job_dialog import JobDialog

T = TypeVar("T")


class ImagesDialog(JobDialog):
    """``changed`` comes after anything may have been written of the images."""

    changed = Signal()

    def __init__(
        self,
        name: str,
        title: str,
        bench: Workbench,
        records: Sequence[ImageRecord],
        parent: QWidget,
        run: str,
    ) -> None:
        super().__init__(name, title, parent, QSize(600, 360), run)
        self._bench, self.records = bench, list(records)
        self._heading = label(heading=True)
        self._findings = Findings(f"dialog.{name}.notices", self.tr("What is worth knowing"))
        self._skipped = SkippedTable(f"dialog.{name}.skipped")
        self.report.addWidget(self._heading)
        self.report.addWidget(self._findings, 1)
        self.report.addWidget(self._skipped, 1)

    def about(self) -> str:
        """The images in a few words."""
        if len(self.records) == 1:
            return self.records[0].name
        return self.tr("{n} images").format(n=len(self.records))

    def begin(
        self, work: Callable[[CancelToken, Progress], T], done: Callable[[T], None], title: str
    ) -> None:
        """Do it, once all strokes are on disk; nobody draws on the images meanwhile."""
        bench = self._bench
        if bench.open is not None and any(each.id == bench.open.record.id for each in self.records):
            bench.hold()  # until it is opened again with what is written now

        def saved(cancel: CancelToken, progress: Progress) -> T:
            saved_first(bench.saver)
            return work(cancel, progress)

        def succeeded(found: T) -> None:
            self.set_busy(False)
            done(found)
            self.changed.emit()

        self.job.run(bench.lanes, self.objectName(), saved, succeeded, self._failed, title=title)
        self.set_busy(True)

    def _failed(self, error: BaseException) -> None:
        self.set_busy(False)
        self.changed.emit()
        if not isinstance(error, CancelledError):
            show_failure(self, as_failure(error))

    def tell(self, heading: str, notices: Iterable[str], skipped: Sequence[Skipped]) -> None:
        """Show what became of it."""
        self._heading.setText(heading)
        for notice in notices:
            self._findings.add("notice", notice)
        self._findings.setVisible(self._findings.count() > 0)
        self._skipped.show_skipped(skipped)
        self._skipped.setVisible(bool(skipped))
        self.show_answer()
