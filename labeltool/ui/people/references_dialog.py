"""Other annotators' layers of images: keep the annotation as one, begin afresh beside it, remove one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import shiboken6
from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHeaderView,
    QLineEdit,
    QRadioButton,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from labeltool.app.people import references
from labeltool.app.people.references import Reference, SetAside
from labeltool.app.saving import Behind
from labeltool.app.workbench import Workbench
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.ui import theme
from labeltool.ui.dialogs.failure import as_failure, explain, show_failure
from labeltool.ui.dialogs.frame import GRID, label, show_problem
from labeltool.ui.people.images_dialog import ImagesDialog
from labeltool.ui.people.words import ago, exact, who
from labeltool.ui.people.writing import write

ROW_PX, MOST_ROWS = 3 * GRID + 4, 5
NAME, BY, REMOVE = range(3)


class ReferencesDialog(ImagesDialog):
    """Of one image it lists the layers it has; of many it keeps the annotation of each."""

    def __init__(self, bench: Workbench, records: Sequence[ImageRecord], parent: QWidget) -> None:
        title = self.tr("Other annotators' layers")
        super().__init__("references", title, bench, records, parent, self.tr("Keep as a layer"))
        self._names: list[str] = []
        self._make_list()
        self._make_question()
        self._check()
        self.name.setFocus()
        self.name.selectAll()
        if len(self.records) == 1:
            self._read()

    # ---- those that there are

    def _make_list(self) -> None:
        self._rows = QTreeWidget()
        self._rows.setObjectName("dialog.references.list")
        self._rows.setAccessibleName(self.tr("Layers of this image"))
        self._rows.setColumnCount(3)
        self._rows.setHeaderHidden(True)
        self._rows.setRootIsDecorated(False)
        self._rows.setFrameShape(QFrame.Shape.NoFrame)
        self._rows.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        header = self._rows.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(BY, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(REMOVE, QHeaderView.ResizeMode.Fixed)
        self._rows.setColumnWidth(REMOVE, 4 * GRID)
        self._none = label(name="dialog.references.none", dim=True)
        self.form.addRow(self.tr("Of"), label(self.about()))
        self.form.addRow(self._none)
        self.form.addRow(self._rows)
        self._rows.hide()
        self._none.setVisible(len(self.records) == 1)

    def _read(self) -> None:
        """Which there are is on disk."""
        bench, image_id = self._bench, self.records[0].id

        def work(cancel: CancelToken, progress: Progress) -> list[Reference]:
            return references.kept(bench.store, image_id)

        def while_here(then: Callable[[Any], None]) -> Callable[[Any], None]:
            """Nobody is told once the dialog is gone."""
            return lambda answer: then(answer) if shiboken6.isValid(self) else None

        bench.lanes.submit(
            "io",
            "references",
            work,
            done=while_here(self._show),
            failed=while_here(self._told),
            title=self.windowTitle(),
        )

    def _show(self, found: list[Reference]) -> None:
        self._names = [each.name for each in found]
        self._rows.clear()
        for each in found:
            item = QTreeWidgetItem(self._rows, [each.name, self._kept(each), ""])
            item.setSizeHint(NAME, QSize(0, ROW_PX))
            item.setToolTip(BY, exact(each.at_utc))
            self._rows.setItemWidget(item, REMOVE, self._remover(each.name))
        self._rows.setFixedHeight(min(MOST_ROWS, len(found)) * ROW_PX + 2)
        self._rows.setVisible(bool(found))
        self._none.setText(
            self.tr("Beside the annotation there are:")
            if found
            else self.tr("Nothing by other annotators is kept beside this image's annotation yet.")
        )
        self._check()

    def _kept(self, each: Reference) -> str:
        if not each.at_utc:
            return ""
        return self.tr("kept by {who}, {ago}").format(who=who(each.author), ago=ago(each.at_utc))

    def _remover(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName("dialog.references.remove")
        button.setIcon(theme.icon("ph.trash"))
        button.setAutoRaise(True)
        button.setToolTip(self.tr("Remove the layer {name}; it cannot be brought back").format(name=name))
        button.setAccessibleName(self.tr("Remove the layer {name}").format(name=name))
        button.setEnabled(self._bench.editable)
        button.clicked.connect(partial(self._ask_removal, name, button))
        return button

    def _ask_removal(self, name: str, button: QToolButton) -> None:
        """The first click asks, the second one removes."""
        if button.property("asked"):
            self._remove(name)
            return
        button.setProperty("asked", True)
        button.setIcon(theme.icon("ph.warning"))
        show_problem(self._says, self.tr("Click again to remove {name} for good.").format(name=name))

    def _remove(self, name: str) -> None:
        bench, image_id = self._bench, self.records[0].id

        def work() -> list[Reference]:
            references.remove(bench.store, image_id, name)
            return references.kept(bench.store, image_id)

        def done(found: list[Reference]) -> None:
            if shiboken6.isValid(self):
                self._show(found)
                self.changed.emit()
            else:  # it was closed meanwhile; the window has to hear of it all the same
                bench.layers_changed.emit(None)

        write(bench, Behind("reference", image_id), work, done, self._told)

    def _told(self, error: BaseException) -> None:
        show_failure(self if shiboken6.isValid(self) else None, as_failure(error))

    # ---- another one

    def _make_question(self) -> None:
        self.name = QLineEdit(self._bench.store.author)
        self.name.setObjectName("dialog.references.name")
        self.name.setAccessibleName(self.tr("Name"))
        self.name.setMaxLength(references.LONGEST)
        self.name.setPlaceholderText(self.tr("who labelled it"))
        self.name.textChanged.connect(lambda _: self._check())
        self.afresh = QRadioButton(
            self.tr("Begin afresh: the annotation is emptied, for somebody to label it blind")
        )
        self.afresh.setObjectName("dialog.references.afresh")
        self.afresh.setToolTip(self.tr("One step that undo takes back"))
        self.stay = QRadioButton(self.tr("The annotation stays as it is"))
        self.stay.setObjectName("dialog.references.stay")
        self.afresh.setChecked(True)
        self.replace = QCheckBox(self.tr("Take the place of a layer of the same name"))
        self.replace.setObjectName("dialog.references.replace")
        self.replace.toggled.connect(lambda _: self._check())
        self._says = label(name="dialog.references.says", dim=True)
        self.form.addRow(self.tr("Keep it as"), self.name)
        for widget in (self.afresh, self.stay, self.replace, self._says):
            self.form.addRow("", widget)

    def _check(self) -> None:
        problem = ""
        try:
            name = references.checked_name(self.name.text())
        except BadInputError as error:
            problem = explain(error)
        else:
            if name in self._names and not self.replace.isChecked():
                problem = self.tr("This image has a layer called {name} already.").format(name=name)
        if not self._bench.editable:
            problem = self.tr("The project can only be read: {why}.").format(
                why=self._bench.store.read_only_reason
            )
        else_ = self.tr(
            "Review then holds the annotation against it, and Agreement says how far the two agree."
        )
        show_problem(self._says, problem, else_)
        for widget in (self.name, self.afresh, self.stay, self.replace):
            widget.setEnabled(self._bench.editable)
        self.run.setEnabled(not problem and not self.job.running)

    def start(self) -> None:
        """Keep the annotation of each image."""
        bench, records, name = self._bench, self.records, self.name.text()
        clear, replace = self.afresh.isChecked(), self.replace.isChecked()

        def work(cancel: CancelToken, progress: Progress) -> SetAside:
            return references.set_all_aside(
                bench.store, records, name, clear=clear, replace=replace, progress=progress, cancel=cancel
            )

        self.begin(work, self._kept_all, self.tr("Keeping {name}…").format(name=name.strip()))

    def _kept_all(self, found: SetAside) -> None:
        if found.images and not found.skipped:
            self.accept()
            return
        done = self.tr("Layers kept: {n}").format(n=len(found.images))
        self.tell(done if found.images else self.tr("Nothing was kept"), (), found.skipped)
