"""The annotation of the open project in other people's formats: choose, see what will happen, write, verify."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

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
from labeltool.core.errors import BadInputError, CancelledError, LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import Status
from labeltool.formats.items import Watched
from labeltool.formats.left_over import delete, described, left_over
from labeltool.formats.protocol import Exporter, ExportPlan, ExportReport
from labeltool.store.project import ProjectStore
from labeltool.ui import theme
from labeltool.ui.asking import Answer, Asking
from labeltool.ui.dialogs.failure import as_failure, explain, in_words, show_failure
from labeltool.ui.dialogs.findings import Findings, SkippedTable
from labeltool.ui.dialogs.formats import fill_formats, remember_format, saved_first, start_format
from labeltool.ui.dialogs.frame import label, show_problem
from labeltool.ui.dialogs.job_bar import JobBar
from labeltool.ui.dialogs.job_dialog import JobDialog
from labeltool.ui.dialogs.options_form import OptionsForm
from labeltool.ui.dialogs.path_edit import PathEdit, is_there
from labeltool.ui.dialogs.plan_view import PlanView

PLAN_AFTER_MS = 150
LAST_FOLDER = "dialogs/export/folder"


class Target(NamedTuple):
    """A folder that somebody wants to export to: why not, or None, and what exports that were killed have left beside
    it, each with words for people."""

    problem: LabeltoolError | None
    left: list[tuple[Path, str]]


def look_at(target: Path, store: ProjectStore, plan: ExportPlan) -> Target:
    """Beside the window: a drive may never answer."""
    problem = None
    try:
        refuse_export(store, plan, target)
    except (BadInputError, OSError) as error:
        problem = as_failure(error)
    return Target(problem, [(each, described(each)) for each in left_over(target.parent)])


def free_name(folder: Path, stem: str) -> Path:
    """A folder below that does not exist yet."""
    wanted, number = folder / stem, 2
    while is_there(wanted):
        wanted = folder / f"{stem}-{number}"
        number += 1
    return wanted


class ExportDialog(JobDialog):
    """Plans on every change, and exports only what was planned without a problem."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__("export", self.tr("Export"), parent, QSize(760, 560), self.tr("Export"))
        self._bench = workbench
        self._plan: ExportPlan | None = None
        self._exporters: dict[str, Exporter] = {}  # they know the masks that they have read
        self._suggested = ""
        self._naming, self._looking = Asking(self), Asking(self)
        self._name: Answer[Path] | None = None  # only while a folder to suggest is looked for
        self._target: Answer[Target] | None = None  # None: no folder is typed
        self.options: OptionsForm | None = None
        self._soon = QTimer(self, singleShot=True, interval=PLAN_AFTER_MS)
        self._soon.timeout.connect(self._start_planning)
        self.planning = JobBar("dialog.export.planning")
        self._make_question()
        self._make_answer()
        self.form.setRowVisible(self._left, False)
        self._format_changed()

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
        self.target.changed.connect(self._look_at_target)
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

    def _look_at_target(self) -> None:
        """Whether one can export there, and what is left there; its drive may take long to say."""
        target, self._target, self._name = self.target.path, None, None
        self._naming.forget()
        if target is None:
            self._looking.forget()
            self._show_target()
        else:
            plan = replace(self._plan or ExportPlan(0, 0, 0), problems=())
            self._looking.ask(target, partial(look_at, target, self._bench.store, plan), self._heard)

    def _heard(self, answer: Answer[Target]) -> None:
        self._target = answer
        self._show_target()

    def _show_target(self) -> None:
        answer = self._target
        left = answer.result().left if answer is not None and answer.is_known else []
        self._left_over = [path for path, _ in left]
        text = self.tr("An export that was killed has left this; nobody needs it:\n{names}")
        self._left_says.setText(text.format(names="\n".join(words for _, words in left)))
        self.form.setRowVisible(self._left, bool(left))
        self._show_plan()

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
        self._look_at_target()

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
        root = self._bench.store.root
        folder = Path(str(QSettings().value(LAST_FOLDER, root.parent)))

        def told(answer: Answer[Path]) -> None:
            self._name = answer
            if answer.is_known:
                self._suggested = str(answer.result())
                self.target.set_path(answer.result())
            else:
                self._show_plan()

        self._naming.ask(folder, partial(free_name, folder, f"{root.name}-{name}"), told)

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
        if self._name is None:
            self._look_at_target()
        else:
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
        target_problem = self._show_target_problem()
        if self._plan is None:
            return
        known = self._plan.images or self._plan.problems
        nothing = () if known else (self.tr("There is no image to export."),)
        self._plan_view.show_plan(self._plan, nothing, self._how_far(self._plan))
        refused = bool(self._plan.problems or nothing or target_problem)
        self.run.setEnabled(not refused and not self.job.running)

    def _show_target_problem(self) -> str:
        """Say whether one can export there; why not, or why that is not known yet, empty where one can."""
        answer = self._target
        asked = self._name if answer is None else answer
        if asked is not None and not asked.is_known:
            asked.show(self._target_says)
            return asked.words()
        found = None if answer is None else answer.result().problem
        problem = self.tr("Choose a folder that is new or empty.") if answer is None else ""
        problem = explain(found) if found is not None else problem
        promise = self.tr("The folder appears whole and verified, or not at all; nothing is overwritten.")
        show_problem(self._target_says, problem, promise)
        return problem

    def _how_far(self, plan: ExportPlan) -> tuple[str, ...]:
        """How many of the images a person has not looked at, and how many are finished."""
        records = [r for r in self._bench.store.images() if r.id in plan.ids]
        if not records:
            return ()
        approved = sum(record.status is Status.APPROVED for record in records)
        text = self.tr("Images: {n}. Approved: {approved}. Pre-labelled by a model only: {by_model}.")
        return (text.format(n=len(records), approved=approved, by_model=len(drawn_by_model(records))),)

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
        self._look_at_target()
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
