"""A new project: where it lies, which classes it has, which images are referenced."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shiboken6
from PySide6.QtCore import QSize, QStandardPaths, Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.app.jobs import Lanes
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, Progress
from labeltool.imaging.find import find_images
from labeltool.imaging.open import readable_suffixes
from labeltool.store.layout import is_project
from labeltool.ui import theme
from labeltool.ui.bridge import Bridge
from labeltool.ui.dialogs.failure import as_failure, explain
from labeltool.ui.dialogs.frame import GRID, Dialog, label, show_problem
from labeltool.ui.dialogs.path_edit import PathEdit
from labeltool.ui.knowing import who_fits
from labeltool.ui.panels.classes import swatch

DEFAULT_CLASS = "object"


@dataclass(frozen=True)
class NewProject:
    """What was asked for; nothing is made yet."""

    root: Path
    catalog: ClassCatalog
    paths: tuple[Path, ...]


class NewProjectDialog(Dialog):
    """Asks for a project; ``paths`` are images and folders that shall be in it."""

    def __init__(self, parent: QWidget | None = None, paths: Sequence[Path] = ()) -> None:
        super().__init__("new", self.tr("New project"), parent, QSize(720, 560))
        self._paths: list[Path] = []
        self._bridge = Bridge(self)
        self._lanes = Lanes(self._bridge.deliver)
        self._build()
        self.folder.set_path(default_root(paths))
        self.classes.setText(DEFAULT_CLASS if paths else "")
        self.add_paths(paths)
        self._check()
        self.classes.setFocus()

    def result_(self) -> NewProject:
        """The project as it is asked for; BadInputError while the dialog shows a problem."""
        return NewProject(self.folder.path or default_root(()), self._catalog(), tuple(self._paths))

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add images and folders, each once."""
        for path in paths:
            if path not in self._paths:
                self._paths.append(path)
                item = QListWidgetItem(theme.icon("ph.folder" if path.is_dir() else "ph.image"), str(path))
                self.images.addItem(item)
        self._count_images()

    # ---- making the widgets

    def _build(self) -> None:
        self.folder = PathEdit("dialog.new.folder", self.tr("Folder of the project"))
        self.folder.changed.connect(self._check)
        self.classes = QLineEdit()
        self.classes.setObjectName("dialog.new.classes")
        self.classes.setAccessibleName(self.tr("Classes"))
        self.classes.setPlaceholderText(self.tr("nucleus, cell, …"))
        self.classes.textChanged.connect(self._check)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Folder"), self.folder)
        self._folder_says = label(name="dialog.new.folder.says", dim=True)
        form.addRow("", self._folder_says)
        form.addRow(self.tr("Classes"), self._with_button(self.classes))
        self.chips = self._make_chips()
        form.addRow("", self.chips)
        self._classes_say = label(name="dialog.new.classes.says", dim=True)
        form.addRow("", self._classes_say)
        form.addRow(self.tr("Images"), self._make_images())
        self.column.addLayout(form, 1)
        self._says = label(name="dialog.new.says")
        self.column.addWidget(self._says)
        self._run = self.add_buttons(self.tr("Make the project"), self.tr("Cancel"))
        self._run.clicked.connect(self.accept)

    def _with_button(self, line: QLineEdit) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(line, 1)
        layout.addWidget(
            self._button("dialog.new.classes.file", "ph.file", self.tr("From a file…"), self._choose_classes)
        )
        return row

    def _make_chips(self) -> QListWidget:
        chips = QListWidget()
        chips.setObjectName("dialog.new.chips")
        chips.setAccessibleName(self.tr("Classes as they will be"))
        chips.setFlow(QListView.Flow.LeftToRight)
        chips.setWrapping(True)
        chips.setResizeMode(QListView.ResizeMode.Adjust)
        chips.setSpacing(GRID // 2)
        chips.setFixedHeight(8 * GRID)
        chips.setFrameShape(QListWidget.Shape.NoFrame)
        chips.viewport().setAutoFillBackground(False)
        chips.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        chips.setTabKeyNavigation(False)
        return chips

    def _make_images(self) -> QWidget:
        self.images = QListWidget()
        self.images.setObjectName("dialog.new.images")
        self.images.setAccessibleName(self.tr("Images and folders"))
        self.images.setIconSize(QSize(16, 16))
        self.images.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self._images_say = label(name="dialog.new.images.says", dim=True)
        self._remove = self._button("dialog.new.remove", "ph.minus", self.tr("Remove"), self._remove_selected)
        self._remove.setEnabled(False)
        self.images.itemSelectionChanged.connect(
            lambda: self._remove.setEnabled(bool(self.images.selectedItems()))
        )
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(
            self._button("dialog.new.add_images", "ph.image", self.tr("Add images…"), self._ask_images)
        )
        row.addWidget(
            self._button("dialog.new.add_folder", "ph.folder", self.tr("Add a folder…"), self._ask_folder)
        )
        row.addStretch()
        row.addWidget(self._remove)
        box = QWidget()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.images, 1)
        layout.addLayout(row)
        layout.addWidget(self._images_say)
        return box

    @staticmethod
    def _button(name: str, icon: str, text: str, run: object) -> QPushButton:
        button = QPushButton(theme.icon(icon), text)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(run)
        return button

    # ---- asking

    def _choose_classes(self) -> None:
        dialog = QFileDialog(self, self.tr("Classes"), filter=self.tr("Lists of classes (*.json)"))
        dialog.fileSelected.connect(self.classes.setText)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _ask_images(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in readable_suffixes())
        dialog = QFileDialog(self, self.tr("Add images"), filter=self.tr("Images") + f" ({patterns})")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda files: self.add_paths([Path(f) for f in files]))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Add a folder of images"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda folder: self.add_paths([Path(folder)]))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _remove_selected(self) -> None:
        for item in self.images.selectedItems():
            row = self.images.row(item)
            self.images.takeItem(row)
            del self._paths[row]
        self._count_images()

    # ---- saying what will happen

    def _catalog(self) -> ClassCatalog:
        return ClassCatalog.read(self.classes.text().strip())

    def _check(self) -> None:
        root = self.folder.path
        folder_problem = self._folder_problem(root)
        show_problem(
            self._folder_says, folder_problem, self.tr("Labels are kept here, saved as you draw them.")
        )
        classes_problem = self._check_classes()
        self._run.setEnabled(not folder_problem and not classes_problem)
        self._says.setText(
            ""
            if root is None or folder_problem
            else self.tr("The project is made in {root}.").format(root=root)
        )

    def _check_classes(self) -> str:
        self.chips.clear()
        if not self.classes.text().strip(" ,"):
            show_problem(
                self._classes_say, "", self.tr("Name at least one class; commas stand between them.")
            )
            return self._classes_say.text()
        try:
            catalog = self._catalog()
        except BadInputError as error:
            problem = explain(error)
            show_problem(self._classes_say, problem)
            return problem
        for each in catalog.classes:
            self.chips.addItem(QListWidgetItem(swatch(each.color), f"{each.value}  {each.name}"))
        later = self.tr("Classes can be added, renamed and recoloured later.")
        # In a new folder there are no models; what is typed so far may be anything, such as the name of a file.
        show_problem(self._classes_say, "", f"{who_fits(catalog, default_root(()))} {later}".strip())
        return ""

    def _folder_problem(self, root: Path | None) -> str:
        if root is None:
            return self.tr("A project needs a folder.")
        try:
            if is_project(root):
                return self.tr("There is a project here already; open it, or choose another folder.")
            if root.exists() and (not root.is_dir() or any(root.iterdir())):
                return self.tr("The folder is not empty; choose a new or an empty one.")
        except OSError as error:
            return self.tr("The folder cannot be read: {reason}.").format(reason=error.strerror)
        above = next(p for p in (root, *root.parents) if p.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            return self.tr("Nothing can be written in {folder}.").format(folder=above)
        return ""

    def _count_images(self) -> None:
        """Look for images off the GUI thread: a folder may hold a hundred thousand."""
        if not self._paths:
            self._images_say.setText(self.tr("Images can be added later as well."))
            return
        self._images_say.setText(self.tr("Looking for images…"))
        paths = list(self._paths)

        def work(cancel: CancelToken, progress: Progress) -> tuple[int, int]:
            found, skipped = find_images(paths, progress=lambda *_: cancel.check())
            return len(found), len(skipped)

        self._lanes.submit(
            "files", "find", work, done=self._show_count, failed=self._show_no_count, quiet=True
        )

    def _show_count(self, counts: tuple[int, int]) -> None:
        found, skipped = counts
        text = self.tr("Images found: {n}. They stay where they are; they are never copied or changed.")
        left_out = self.tr(" Left out: {n}.").format(n=skipped) if skipped else ""
        if shiboken6.isValid(self):
            self._images_say.setText(text.format(n=found) + left_out)

    def _show_no_count(self, error: BaseException) -> None:
        if shiboken6.isValid(self):
            show_problem(self._images_say, explain(as_failure(error)))

    def done(self, result: int) -> None:
        """Let the search end before the dialog does."""
        self._bridge.close()
        self._lanes.close()
        super().done(result)


def default_root(paths: Sequence[Path]) -> Path:
    """A folder that does not exist yet: Documents/labeltool/<name of the images' folder>."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    name = "project"
    if paths:
        first = paths[0].absolute()
        name = (first if first.is_dir() else first.parent).name or name
    root = Path(documents) / "labeltool" / name
    number = 2
    while root.exists():
        root = root.with_name(f"{name}-{number}")
        number += 1
    return root
