"""A new project: where it lies, which classes it has, which images are referenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt
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

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.progress import CancelToken
from labeltool.imaging.open import readable_suffixes
from labeltool.ui import theme
from labeltool.ui.asking import Answer, Asking
from labeltool.ui.dialogs.failure import as_failure, explain
from labeltool.ui.dialogs.frame import GRID, Dialog, label, show_problem
from labeltool.ui.dialogs.new_project_looks import (
    Classes,
    count_images,
    default_root,
    folder_problem,
    folders_among,
    read_classes,
)
from labeltool.ui.dialogs.path_edit import PathEdit
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
        (
            self._finding_root,
            self._looking_at_folder,
            self._reading_classes,
            self._telling_folders,
            self._counting,
        ) = (Asking(self) for _ in range(5))
        self._suggested: Answer[Path] | None = None  # only while nobody has typed a folder
        self._folder: Answer[str] | None = None  # None: nothing is typed
        self._catalog: Answer[Classes] | None = None
        self._count = CancelToken()
        self._build()
        self._finding_root.ask(
            paths[0] if paths else Path.home(), partial(default_root, tuple(paths)), self._suggest
        )
        self.classes.setText(DEFAULT_CLASS if paths else "")
        self.add_paths(paths)
        self._check()
        self.classes.setFocus()

    def result_(self) -> NewProject:
        """The project as it is asked for; BadInputError while the dialog shows a problem."""
        root, found = self.folder.path, self._catalog
        if root is None or found is None or not found.is_known:
            raise BadInputError(self._folder_says.text() if root is None else self._classes_say.text())
        return NewProject(root, found.result().catalog, tuple(self._paths))

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add images and folders, each once."""
        for path in paths:
            if path not in self._paths:
                self._paths.append(path)
                self.images.addItem(QListWidgetItem(theme.icon("ph.image"), str(path)))
        if self._paths:
            all_ = tuple(self._paths)
            self._telling_folders.ask(
                all_[0], partial(folders_among, all_), self._show_folders, at_once=False
            )
        self._count_images()

    def _show_folders(self, answer: Answer[frozenset[Path]]) -> None:
        folders = answer.result() if answer.is_known else frozenset[Path]()
        for row, path in enumerate(self._paths):
            if path in folders:
                self.images.item(row).setIcon(theme.icon("ph.folder"))

    # ---- making the widgets

    def _build(self) -> None:
        self.folder = PathEdit("dialog.new.folder", self.tr("Folder of the project"))
        self.folder.changed.connect(self._look_at_folder)
        self.classes = QLineEdit()
        self.classes.setObjectName("dialog.new.classes")
        self.classes.setAccessibleName(self.tr("Classes"))
        self.classes.setPlaceholderText(self.tr("nucleus, cell, …"))
        self.classes.textChanged.connect(self._read_classes)
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

    # ---- asking the drives

    def _suggest(self, answer: Answer[Path]) -> None:
        """A folder, unless somebody has typed one meanwhile."""
        self._suggested = answer
        if answer.is_known:
            self.folder.set_path(answer.result())
        self._check()

    def _look_at_folder(self) -> None:
        root, self._folder, self._suggested = self.folder.path, None, None
        self._finding_root.forget()
        if root is None:
            self._looking_at_folder.forget()
            self._check()
        else:
            self._looking_at_folder.ask(root, partial(folder_problem, root), self._show_folder)

    def _show_folder(self, answer: Answer[str]) -> None:
        self._folder = answer
        self._check()

    def _read_classes(self) -> None:
        text, self._catalog = self.classes.text().strip(), None
        if not text.strip(" ,"):
            self._reading_classes.forget()
            self._check()
        else:
            self._reading_classes.ask(Path(text), partial(read_classes, text), self._show_classes)

    def _show_classes(self, answer: Answer[Classes]) -> None:
        self._catalog = answer
        self._check()

    def _count_images(self) -> None:
        """A folder may hold a hundred thousand images."""
        self._count.cancel()
        if not self._paths:
            self._counting.forget()
            self._images_say.setText(self.tr("Images can be added later as well."))
            return
        cancel, paths = CancelToken(), tuple(self._paths)
        self._count = cancel
        self._counting.ask(paths[0], partial(count_images, paths, cancel), self._show_count, at_once=False)

    def _show_count(self, answer: Answer[tuple[int, int]]) -> None:
        if not answer.is_known:
            still = self.tr("Still looking for images: there are many, or the drive does not answer.")
            show_problem(self._images_say, "", still if answer.is_late else self.tr("Looking for images…"))
            return
        try:
            found, skipped = answer.result()
        except (LabeltoolError, OSError) as error:
            show_problem(self._images_say, explain(as_failure(error)))
            return
        text = self.tr("Images found: {n}. They stay where they are; they are never copied or changed.")
        left_out = self.tr(" Left out: {n}.").format(n=skipped) if skipped else ""
        show_problem(self._images_say, "", text.format(n=found) + left_out)

    # ---- saying what will happen

    def _check(self) -> None:
        is_good = self._check_folder()
        is_good = self._check_classes() and is_good  # both say what is wrong
        self._run.setEnabled(is_good)
        made = self.tr("The project is made in {root}.").format(root=self.folder.path)
        self._says.setText(made if self._is_good_folder() else "")

    def _is_good_folder(self) -> bool:
        return self._folder is not None and self._folder.is_known and not self._folder.result()

    def _check_folder(self) -> bool:
        if self._suggested is not None:
            self._suggested.show(self._folder_says)
        elif self._folder is None:
            show_problem(self._folder_says, self.tr("A project needs a folder."))
        elif not self._folder.is_known:
            self._folder.show(self._folder_says)
        else:
            calm = self.tr("Labels are kept here, saved as you draw them.")
            show_problem(self._folder_says, self._folder.result(), calm)
        return self._is_good_folder()

    def _check_classes(self) -> bool:
        self.chips.clear()
        if self._catalog is None:
            text = self.tr("Name at least one class; commas stand between them.")
            show_problem(self._classes_say, "", text)
            return False
        if not self._catalog.is_known:
            self._catalog.show(self._classes_say)
            return False
        try:
            catalog, fitting = self._catalog.result()
        except LabeltoolError as error:
            show_problem(self._classes_say, explain(error))
            return False
        for each in catalog.classes:
            self.chips.addItem(QListWidgetItem(swatch(each.color), f"{each.value}  {each.name}"))
        later = self.tr("Classes can be added, renamed and recoloured later.")
        show_problem(self._classes_say, "", f"{fitting} {later}".strip())
        return True

    def done(self, result: int) -> None:
        """Nobody wants to know how many images there are any more."""
        self._count.cancel()
        super().done(result)
