"""Images out of the project, and what lies in its trash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from labeltool.app.workbench import Workbench
from labeltool.core.errors import CancelledError, LabeltoolError, StoreError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.store.project import ProjectStore
from labeltool.store.scope import is_of_one_image
from labeltool.store.trash import KEPT_DAYS, Removed
from labeltool.ui.asking import Answer, Asking
from labeltool.ui.dialogs.failure import as_failure, sentence, show_failure
from labeltool.ui.dialogs.frame import Dialog, label, show_problem
from labeltool.ui.dialogs.job_bar import JobBar
from labeltool.ui.people.words import ago, status_text, who
from labeltool.ui.words import plural

NAMED = 5
"""Images that the question names."""

translate = QCoreApplication.translate


def as_one(failures: Sequence[LabeltoolError]) -> LabeltoolError:
    """What is said of one or more images that stay where they are: the first of them at length, of the others why."""
    first = failures[0]
    if len(failures) == 1:
        return first
    title = translate("Removing", "{n} images stay where they are").format(n=len(failures))
    lines = [sentence(each.message) for each in failures[:NAMED]]
    more = [translate("Removing", "and {n} more").format(n=len(failures) - NAMED)] if failures[NAMED:] else []
    said = LabeltoolError(title, hint="\n".join((*lines, *more, sentence(first.hint or ""))))
    said.__cause__ = first
    return said


def look_into(store: ProjectStore) -> tuple[list[Removed], list[StoreError]]:
    """What lies in the trash, and why more of it cannot be listed. Beside the window: a drive may never answer."""
    return store.removed_images(), store.unread_removed()


class RemoveDialog(Dialog):
    """Says what will happen, before it does."""

    def __init__(self, records: list[ImageRecord], parent: QWidget | None) -> None:
        super().__init__("remove", self.tr("Remove images"), parent, QSize(560, 260))
        one = self.tr("Take 1 image out of the project?")
        many = self.tr("Take {n} images out of the project?")
        self.column.addWidget(label(plural(len(records), one, many), heading=True))
        names = ", ".join(record.name for record in records[:NAMED])
        more = ", …" if len(records) > NAMED else ""
        self.column.addWidget(label(names + more, name="dialog.remove.names"))
        text = self.tr(
            "The image files stay where they are. Labels, comments and history are kept in the project's trash for at "
            "least {days} days: Image, Removed images… brings them back."
        )
        self.column.addWidget(label(text.format(days=KEPT_DAYS), dim=True))
        self.column.addStretch(1)
        self.run = self.add_buttons(self.tr("Remove"), self.tr("Cancel"))
        self.run.clicked.connect(self.accept)


class RemovedDialog(Dialog):
    """The project's trash."""

    changed = Signal()
    """Images came back."""

    def __init__(self, bench: Workbench, parent: QWidget | None) -> None:
        super().__init__("removed", self.tr("Removed images"), parent, QSize(680, 440))
        self._bench = bench
        self._removed: list[Removed] = []
        self._damaged: list[StoreError] = []  # of those that are not listed
        self._news = ""  # what has come of the last thing that was done here
        self._asking = Asking(self)
        self._waiting: Answer[tuple[list[Removed], list[StoreError]]] | None = (
            None  # while the list is not known
        )
        self._says = label(name="dialog.removed.says", dim=True)
        self.column.addWidget(self._says)
        heads = (self.tr("Image"), self.tr("Status"), self.tr("Revision"), self.tr("Removed"), self.tr("By"))
        self.table = QTableWidget(0, len(heads))
        self.table.setObjectName("dialog.removed.table")
        self.table.setAccessibleName(self.tr("Removed images"))
        self.table.setHorizontalHeaderLabels(heads)
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.itemSelectionChanged.connect(self._enable)
        self.column.addWidget(self.table, 1)
        self.job = JobBar("dialog.removed")
        self.column.addWidget(self.job)
        self.back = self.add_buttons(self.tr("Bring back"), self.tr("Close"), "back")
        self.back.clicked.connect(self._bring_back)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.delete = self.buttons.addButton(self.tr("Delete for good"), role)
        self.delete.setObjectName("dialog.removed.delete")
        self.delete.setAutoDefault(False)
        self.delete.clicked.connect(self._delete)
        self._sure = False
        self._list(lambda: None)

    def _list(self, then: Callable[[], object]) -> None:
        """Look into the trash, which may take long; ``then`` something that is said of it."""
        store = self._bench.store

        def told(answer: Answer[tuple[list[Removed], list[StoreError]]]) -> None:
            self._waiting = None if answer.is_known else answer
            if answer.is_known:
                try:
                    self._removed, self._damaged = answer.result()
                except LabeltoolError as error:
                    show_failure(self, error)
                then()
                self._show()
            else:
                self._enable()

        self._asking.ask(store.root, partial(look_into, store), told)

    def _show(self) -> None:
        self.table.setRowCount(len(self._removed))
        for row, each in enumerate(self._removed):
            record = each.record
            texts = (record.name, status_text(record.status), str(record.revision), ago(each.at_utc))
            for column, text in enumerate((*texts, who(each.author))):
                item = QTableWidgetItem(text)
                if column == 2:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(str(record.path))
                self.table.setItem(row, column, item)
        self.table.clearSelection()
        if len(self._removed) == 1:
            self.table.selectRow(0)
        self._enable()

    def _enable(self) -> None:
        is_free = self._waiting is None and not self.job.running
        chosen, editable = self._chosen(), self._bench.editable and is_free
        self.back.setEnabled(bool(chosen) and editable)
        old = bool(chosen) and all(each.is_old() for each in chosen)
        self.delete.setEnabled(old and editable)
        self._sure = False
        self.delete.setText(self.tr("Delete for good"))
        if self._waiting is not None:
            self._waiting.show(self._says)
            return
        text = self.tr("Labels stay here for {n} days; after that they can be deleted for good.")
        nothing = self.tr("There is no removed image.")
        says = text.format(n=KEPT_DAYS) if self._removed else "" if self._damaged else nothing
        show_problem(self._says, "", " ".join(filter(None, (self._news, says, self._told_damage()))))

    def _told_damage(self) -> str:
        if not self._damaged:
            return ""
        text = self.tr("Not listed, for what is known of them is damaged: {n}.")
        first = self._damaged[0]
        more = (sentence(each) for each in (first.message, first.hint) if each)
        return " ".join((text.format(n=len(self._damaged)), *more))

    def _chosen(self) -> list[Removed]:
        rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        return [self._removed[row] for row in rows]

    def _bring_back(self) -> None:
        done = self.tr("In the project again, with their labels: {n}.")
        self._do(self._bench.store.bring_back, self.tr("Bringing images back"), done)

    def _delete(self) -> None:
        """The second press does it."""
        if self._sure:
            done = self.tr("Deleted for good: {n}.")
            self._do(self._bench.store.delete_removed, self.tr("Deleting labels"), done)
            return
        self._sure = True
        text = self.tr("Really delete the labels of {n} images")
        self.delete.setText(text.format(n=len(self._chosen())))

    def _do(self, change: Callable[[list[str]], object], title: str, news: str) -> None:
        """One image after the other: what was done before a failure or a cancel stays so, and what is wrong with the
        labels of one leaves the others alone. ``news`` says what came of it, with the number of images that lie here no
        more."""
        ids = [each.record.id for each in self._chosen()]
        before = len(self._removed)

        def work(cancel: CancelToken, progress: Progress) -> list[LabeltoolError]:
            left: list[LabeltoolError] = []
            for done, image_id in enumerate(ids):
                cancel.check()
                progress(done, len(ids), "")
                try:
                    change([image_id])
                except StoreError as error:
                    if not is_of_one_image(error):
                        raise
                    left.append(error)
            return left

        for button in (self.back, self.delete):
            button.setEnabled(False)
        lanes = self._bench.lanes

        def done(errors: Sequence[BaseException]) -> None:
            self._done(errors, lambda left: news.format(n=before - left) if left < before else "")

        self.job.run(lanes, "removed", work, done, lambda error: done([error]), title=title)

    def _done(self, errors: Sequence[BaseException], news: Callable[[int], str]) -> None:
        def told() -> None:
            self._news = news(len(self._removed))

        self._list(told)
        self.changed.emit()
        failures = [as_failure(each) for each in errors if not isinstance(each, CancelledError)]
        if failures:
            show_failure(self, as_one(failures))

    def reject(self) -> None:
        """While the job runs, stop that first."""
        if self.job.running:
            self.job.cancel()
        else:
            super().reject()
