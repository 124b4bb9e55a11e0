"""Other people's labels into the open project."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from labeltool import plugins
from labeltool.app.importing import GROUP, ImportReport, import_labels
from labeltool.app.workbench import Workbench
from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken, Progress
from labeltool.ui import theme
from labeltool.ui.asking import Answer, Asking
from labeltool.ui.dialogs.failure import as_failure, in_words, show_failure
from labeltool.ui.dialogs.findings import Findings, SkippedTable
from labeltool.ui.dialogs.formats import fill_formats, remember_format, saved_first, start_format
from labeltool.ui.dialogs.frame import label, show_problem
from labeltool.ui.dialogs.job_dialog import JobDialog
from labeltool.ui.dialogs.options_form import OptionsForm
from labeltool.ui.dialogs.path_edit import PathEdit, is_there


class ImportDialog(JobDialog):
    """Asks, imports, reports. ``finished_import`` comes after anything may have changed."""

    finished_import = Signal()

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__("import", self.tr("Import labels"), parent, QSize(720, 480), self.tr("Import"))
        self._bench = workbench
        self.options: OptionsForm | None = None
        self._asking = Asking(self)
        self._is_there: Answer[bool] | None = None  # None: nothing is typed
        self._make_question()
        self._make_answer()
        self._check()
        self.source.setFocus()

    # ---- the question

    def _make_question(self) -> None:
        self.format = QComboBox()
        self.format.setObjectName("dialog.import.format")
        self.format.setAccessibleName(self.tr("Format"))
        fill_formats(self.format, GROUP)
        start_format(self.format, "import", self._bench.store.images())
        self.format.currentIndexChanged.connect(self._format_changed)
        self._options_place = QVBoxLayout()
        self._options_place.setContentsMargins(0, 0, 0, 0)
        self.source = PathEdit("dialog.import.source", self.tr("Labels"), self.tr("All files (*)"))
        self.source.changed.connect(self._look)
        self._source_says = label(name="dialog.import.source.says", dim=True)
        self.form.addRow(self.tr("Format"), self.format)
        self.form.addRow(self.tr("Labels"), self.source)
        self.form.addRow("", self._source_says)
        self.form.addRow(self.tr("Options"), self._options_place)
        self.form.addRow("", self._promise())
        self._format_changed()

    def _format_changed(self) -> None:
        """Each format has options of its own."""
        if self.options is not None:
            self._options_place.removeWidget(self.options)
            self.options.deleteLater()
            self.options = None
        name = self.format.currentData()
        if name is not None:
            self.options = OptionsForm(plugins.load(GROUP, name).Options, "dialog.import", self)
            self._options_place.addWidget(self.options)

    def _promise(self) -> QWidget:
        says = Findings("dialog.import.plan", self.tr("What will happen"))
        for text in (
            self.tr("Labels go to the images of this project whose names match; nothing is guessed."),
            self.tr("Pixels that a human or a reviewer has set stay as they are."),
            self.tr("Each image gets one step that can be undone."),
            self.tr("Neither the labels nor the images themselves are changed on disk."),
        ):
            says.add("notice", text)
        return says

    def _look(self) -> None:
        """Whether there is what is typed; its drive may take long to say."""
        path, self._is_there = self.source.path, None
        if path is None:
            self._asking.forget()
            self._check()
        else:
            self._asking.ask(path, partial(is_there, path), self._heard)

    def _heard(self, answer: Answer[bool]) -> None:
        self._is_there = answer
        self._check()

    def _check(self) -> None:
        answer = self._is_there
        is_known = answer is not None and answer.is_known
        problem = ""
        if not self._bench.editable:
            problem = self.tr("The project can only be read: {why}.").format(
                why=self._bench.store.read_only_reason
            )
        elif answer is not None and answer.is_known and not answer.result():
            problem = self.tr("There is no such file or folder.")
        if problem or answer is None or answer.is_known:
            show_problem(self._source_says, problem, self.tr("The file or the folder that holds the labels."))
        else:
            answer.show(self._source_says)
        has_format = self.format.currentData() is not None
        self.run.setEnabled(is_known and has_format and not problem and not self.job.running)

    # ---- the work

    def start(self) -> None:
        """Import what is chosen."""
        source, name = self.source.path, self.format.currentData()
        if source is None or self.options is None:
            return
        bench, options = self._bench, self.options.value()

        def work(cancel: CancelToken, progress: Progress) -> ImportReport:
            saved_first(bench.saver)
            return import_labels(bench.store, source, name, options, progress=progress, cancel=cancel)

        bench.hold()  # until the image at hand is loaded again with what came in
        self.job.run(
            bench.lanes, "import", work, self._succeeded, self._failed, title=self.tr("Reading the labels…")
        )
        self.set_busy(True)

    def _succeeded(self, report: ImportReport) -> None:
        name = self.format.currentData()
        if report.images and name is not None:
            remember_format(name, "import", self._bench.store.images())
        self.set_busy(False)
        self._show_report(report)
        self.finished_import.emit()

    def _failed(self, error: BaseException) -> None:
        self.set_busy(False)
        self._check()
        self.finished_import.emit()
        if isinstance(error, CancelledError):
            self._source_says.setText(
                self.tr("Stopped. What came in before stays; undo takes it back image by image.")
            )
        else:
            show_failure(
                self, in_words(as_failure(error), self._in_words), self.tr("The labels could not be imported")
            )

    def _in_words(self, text: str) -> str:
        """Options by the names that they have here."""
        return text if self.options is None else self.options.in_words(text)

    # ---- the answer

    def _make_answer(self) -> None:
        self._heading = label(heading=True)
        self._sums = label(name="dialog.import.sums")
        self._notices = Findings("dialog.import.notices", self.tr("Notices"))
        self.skipped = SkippedTable("dialog.import.skipped")
        self._copy = QPushButton(theme.icon("ph.copy"), self.tr("Copy the list"))
        self._copy.setObjectName("dialog.import.copy")
        self._copy.setAutoDefault(False)
        self._copy.clicked.connect(lambda *_: self.skipped.copy())
        shown: list[Any] = [self._heading, self._sums, self._notices, self.skipped]
        for widget in shown:
            self.report.addWidget(widget, int(widget in (self._notices, self.skipped)))
        self.report.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignLeft)
        self.report.addStretch()

    def _show_report(self, report: ImportReport) -> None:
        self._heading.setText(
            self.tr("Labels imported") if report.images else self.tr("Nothing was imported")
        )
        self._sums.setText(
            self.tr("Images: {images}   Objects: {objects}   Left out: {skipped}").format(
                images=report.images, objects=report.objects, skipped=len(report.skipped)
            )
        )
        for notice in report.notices:
            self._notices.add("notice", self._in_words(notice))
        self.skipped.show_skipped(
            replace(each, reason=self._in_words(each.reason)) for each in report.skipped
        )
        self._notices.setVisible(bool(report.notices))
        for widget in (self.skipped, self._copy):
            widget.setVisible(bool(report.skipped))
        self.show_answer()
