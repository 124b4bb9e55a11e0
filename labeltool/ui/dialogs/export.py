"""The annotation of the open project in other people's formats: choose, see what will happen, write, verify."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from labeltool import plugins
from labeltool.app.exporting import (
    GROUP,
    StoredImages,
    drawn_by_model,
    export_images,
    exporter_of,
    refuse_export,
)
from labeltool.app.project import chosen
from labeltool.app.workbench import Workbench
from labeltool.core.errors import BadInputError, CancelledError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import Status
from labeltool.formats.items import Watched
from labeltool.formats.left_over import delete, described, left_over
from labeltool.formats.protocol import Exporter, ExportPlan, ExportReport
from labeltool.ui import theme
from labeltool.ui.dialogs.failure import as_failure, explain, in_words, show_failure
from labeltool.ui.dialogs.findings import Findings, SkippedTable
from labeltool.ui.dialogs.formats import fill_formats, remember_format, saved_first, start_format
from labeltool.ui.dialogs.frame import label, show_problem
from labeltool.ui.dialogs.job_bar import JobBar
from labeltool.ui.dialogs.job_dialog import JobDialog
from labeltool.ui.dialogs.options_form import OptionsForm
from labeltool.ui.dialogs.path_edit import PathEdit
from labeltool.ui.dialogs.plan_view import PlanView

PLAN_AFTER_MS = 150
LAST_FOLDER = "dialogs/export/folder"


class ExportDialog(JobDialog):
    """Plans on every change, and exports only what was planned without a problem."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__("export", self.tr("Export"), parent, QSize(760, 560), self.tr("Export"))
        self._bench = workbench
        self._plan: ExportPlan | None = None
        self._exporters: dict[str, Exporter] = {}  # they know the masks that they have read
        self._suggested = ""
        self.options: OptionsForm | None = None
        self._soon = QTimer(self, singleShot=True, interval=PLAN_AFTER_MS)
        self._soon.timeout.connect(self._start_planning)
        self.planning = JobBar("dialog.export.planning")
        self._make_question()
        self._make_answer()
        self._format_changed()
        self._show_left_over()

    # ---- the question

    def _make_question(self) -> None:
        self.format = QComboBox()
        self.format.setObjectName("dialog.export.format")
        self.format.setAccessibleName(self.tr("Format"))
        fill_formats(self.format, GROUP)
        start_format(self.format, "export", self._bench.store.images())
        self.format.currentIndexChanged.connect(self._format_changed)
        self.split = QComboBox()
        self.split.setObjectName("dialog.export.split")
        self.split.setAccessibleName(self.tr("Images"))
        self.split.addItem(self.tr("All images"), None)
        splits = sorted({r.split for r in self._bench.store.images() if r.split})
        for name in splits:
            self.split.addItem(self.tr("Only the split {name}").format(name=name), name)
        self.split.currentIndexChanged.connect(self._replan)
        self.target = PathEdit("dialog.export.folder", self.tr("Target folder"))
        self.target.changed.connect(self._show_plan)
        self.target.changed.connect(self._show_left_over)
        self._target_says = label(name="dialog.export.folder.says", dim=True)
        self._make_left_over()
        self._plan_view = PlanView()
        self.form.addRow(self.tr("Format"), self.format)
        self.form.addRow(self.tr("Images"), self.split)
        self.form.setRowVisible(self.split, bool(splits))
        self.form.addRow(self.tr("Folder"), self.target)
        self.form.addRow("", self._target_says)
        self.form.addRow(self.tr("Left over"), self._left)
        self.form.addRow(self.tr("Plan"), self._plan_view)
        self.form.addRow("", self.planning)

    def _make_left_over(self) -> None:
        """What exports that were killed have left where this one would go, and the button that deletes it."""
        self._left, self._left_over = QWidget(), list[Path]()
        self._left_says = label(name="dialog.export.left")
        self._delete = QPushButton(theme.icon("ph.trash"), self.tr("Delete what is left"))
        self._delete.setObjectName("dialog.export.left.delete")
        self._delete.setAutoDefault(False)
        self._delete.clicked.connect(self._delete_left_over)
        column = QVBoxLayout(self._left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._left_says)
        column.addWidget(self._delete, alignment=Qt.AlignmentFlag.AlignLeft)

    def _show_left_over(self) -> None:
        target = self.target.path
        self._left_over = [] if target is None else left_over(target.absolute().parent)
        names = "\n".join(described(left) for left in self._left_over)
        text = self.tr("An export that was killed has left this; nobody needs it:\n{names}")
        self._left_says.setText(text.format(names=names))
        self.form.setRowVisible(self._left, bool(self._left_over))

    def _delete_left_over(self) -> None:
        """Delete what is shown, and nothing else."""
        wanted = list(self._left_over)

        def work(cancel: CancelToken, progress: Progress) -> None:
            for number, left in enumerate(wanted):
                cancel.check()
                progress(number, len(wanted), left.name)
                delete(left)

        self.set_busy(True)
        self.job.run(
            self._bench.lanes,
            "export",
            work,
            lambda _: self._deleted(),
            self._not_deleted,
            title=self.tr("Deleting…"),
        )

    def _deleted(self) -> None:
        self.set_busy(False)
        self._show_left_over()
        self._show_plan()

    def _not_deleted(self, error: BaseException) -> None:
        self._deleted()
        if not isinstance(error, CancelledError):
            show_failure(self, as_failure(error), self.tr("Not everything could be deleted"))

    def _format_changed(self) -> None:
        name = self.format.currentData()
        if self.options is not None:
            self.form.removeRow(self.options)
            self.options = None
        if name is not None:
            options = plugins.load(GROUP, name).Options
            self.options = OptionsForm(options, "dialog.export.option")
            self.options.changed.connect(self._replan)
            self.form.insertRow(2, self.tr("Options"), self.options)
            self._suggest(name)
        self._replan()

    def _suggest(self, name: str) -> None:
        """A folder that does not exist yet, unless one was typed."""
        if self.target.line.text() != self._suggested:
            return
        folder = Path(str(QSettings().value(LAST_FOLDER, self._bench.store.root.parent)))
        wanted = folder / f"{self._bench.store.root.name}-{name}"
        number = 2
        while wanted.exists():
            wanted = wanted.with_name(f"{self._bench.store.root.name}-{name}-{number}")
            number += 1
        self._suggested = str(wanted)
        self.target.set_path(wanted)

    # ---- the plan

    def _replan(self) -> None:
        self._plan = None
        self._plan_view.wait()
        self.run.setEnabled(False)
        self.planning.cancel()
        self._soon.start()

    def _start_planning(self) -> None:
        name = self.format.currentData()
        if name is None or self.options is None:
            self._plan_view.show_problem(self.tr("No format could be loaded; `labeltool doctor` says why."))
            return
        bench, options, split = self._bench, self.options.value(), self.split.currentData()
        text, exporters = self.tr("Looking at"), self._exporters

        def work(cancel: CancelToken, progress: Progress) -> ExportPlan:
            saved_first(bench.saver)
            images = Watched(StoredImages(bench.store, chosen(bench.store, split)), progress, cancel, text)
            if name not in exporters:
                exporters[name] = exporter_of(name)
            return exporters[name].plan(images, bench.catalog, options)

        self.planning.run(
            bench.lanes, "export plan", work, self._planned, self._not_planned, title=self.tr("Planning…")
        )

    def _planned(self, plan: ExportPlan) -> None:
        self._plan = replace(
            plan,
            problems=tuple(map(self._in_words, plan.problems)),
            notices=tuple(map(self._in_words, plan.notices)),
            skipped=tuple(replace(each, reason=self._in_words(each.reason)) for each in plan.skipped),
        )
        self._show_plan()

    def _not_planned(self, error: BaseException) -> None:
        if isinstance(error, CancelledError):
            if not self._soon.isActive():
                self._plan_view.show_problem(self.tr("Planning was stopped; change something to plan again."))
            return
        self._plan_view.show_problem(self._in_words(explain(as_failure(error))))

    def _in_words(self, text: str) -> str:
        """Options by the names that they have here."""
        return text if self.options is None else self.options.in_words(text)

    def _show_plan(self) -> None:
        target_problem = self._target_problem()
        promise = self.tr("The folder appears whole and verified, or not at all; nothing is overwritten.")
        show_problem(self._target_says, target_problem, promise)
        if self._plan is None:
            return
        known = self._plan.images or self._plan.problems
        nothing = () if known else (self.tr("There is no image to export."),)
        self._plan_view.show_plan(self._plan, nothing, self._how_far(self._plan))
        refused = bool(self._plan.problems or nothing or target_problem)
        self.run.setEnabled(not refused and not self.job.running)

    def _how_far(self, plan: ExportPlan) -> tuple[str, ...]:
        """How many of the images a person has not looked at, and how many are finished."""
        records = [r for r in self._bench.store.images() if r.id in plan.ids]
        if not records:
            return ()
        approved = sum(record.status is Status.APPROVED for record in records)
        text = self.tr("Images: {n}. Approved: {approved}. Pre-labelled by a model only: {by_model}.")
        return (text.format(n=len(records), approved=approved, by_model=len(drawn_by_model(records))),)

    def _target_problem(self) -> str:
        target = self.target.path
        if target is None:
            return self.tr("Choose a folder that is new or empty.")
        try:
            refuse_export(self._bench.store, replace(self._plan or ExportPlan(0, 0, 0), problems=()), target)
        except (BadInputError, OSError) as error:
            return explain(as_failure(error))
        return ""

    # ---- the work

    def start(self) -> None:
        """Export what was planned."""
        target, name = self.target.path, self.format.currentData()
        if target is None or self.options is None:
            return
        bench, options, split = self._bench, self.options.value(), self.split.currentData()
        exporter = self._exporters.get(name)

        def work(cancel: CancelToken, progress: Progress) -> ExportReport:
            saved_first(bench.saver)
            return export_images(
                bench.store,
                target,
                name,
                options,
                split=split,
                exporter=exporter,
                progress=progress,
                cancel=cancel,
            )

        self.set_busy(True)
        self.job.run(
            bench.lanes,
            "export",
            work,
            lambda report: self._succeeded(report, target),
            self._failed,
            title=self.tr("Writing…"),
        )

    def _succeeded(self, report: ExportReport, target: Path) -> None:
        QSettings().setValue(LAST_FOLDER, str(target.parent))
        remember_format(report.format, "export", self._bench.store.images())
        self.set_busy(False)
        self._show_report(report, target)

    def _failed(self, error: BaseException) -> None:
        self.set_busy(False)
        self._show_plan()
        if isinstance(error, CancelledError):
            show_problem(self._target_says, "", self.tr("Stopped. Nothing of the export was kept."))
        else:
            show_failure(
                self, in_words(as_failure(error), self._in_words), self.tr("The export did not work")
            )

    def done(self, result: int) -> None:
        """A plan that is being made is not wanted any more."""
        self._soon.stop()
        self.planning.cancel()
        self._exporters = {}
        super().done(result)

    # ---- the answer

    def _make_answer(self) -> None:
        self._sums = label(name="dialog.export.result")
        self._notices = Findings("dialog.export.notices", self.tr("Notices"))
        self._skipped = SkippedTable("dialog.export.skipped")
        self._open = QPushButton(theme.icon("ph.folder-open"), self.tr("Open the folder"))
        self._open.setObjectName("dialog.export.open")
        self._open.setAutoDefault(False)
        shown: list[Any] = [
            label(self.tr("Written, read back and equal"), heading=True),
            self._sums,
            self._open,
        ]
        for widget in shown:
            self.report.addWidget(widget)
        self.report.setAlignment(self._open, Qt.AlignmentFlag.AlignLeft)
        self.report.addWidget(self._notices, 1)
        self.report.addWidget(self._skipped, 1)
        self.report.addStretch()

    def _show_report(self, report: ExportReport, target: Path) -> None:
        self._sums.setText(
            self.tr("Images: {images}   Objects: {objects}   Files: {files}\n{folder}").format(
                images=report.images, objects=report.objects, files=report.files, folder=target
            )
        )
        for notice in report.notices:
            self._notices.add("notice", self._in_words(notice))
        self._skipped.show_skipped(report.skipped)
        self._notices.setVisible(bool(report.notices))
        self._skipped.setVisible(bool(report.skipped))
        self._open.clicked.connect(lambda *_: QDesktopServices.openUrl(QUrl.fromLocalFile(str(target))))
        self.show_answer()
