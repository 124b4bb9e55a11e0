"""A path to type or to choose."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

from PySide6.QtCore import QDir, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from labeltool.ui import theme
from labeltool.ui.asking import Answer, Asking
from labeltool.ui.dialogs.frame import GRID


class PathEdit(QWidget):
    """A line with a path, and buttons that choose a folder and, if ``files`` is given, a file.

    ``files`` is the filter of the file dialog, such as "Labels (*.json)". Object names begin with ``name``.
    """

    changed = Signal()

    def __init__(self, name: str, label: str, files: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label
        self._files = files
        self._asking = Asking(self)
        self.line = QLineEdit()
        self.line.setObjectName(name)
        self.line.setAccessibleName(label)
        self.line.textChanged.connect(lambda _: self.changed.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.line, 1)
        if files:
            row.addWidget(self._button("ph.file", self.tr("File…"), f"{name}.file", self._choose_file))
        row.addWidget(self._button("ph.folder", self.tr("Folder…"), f"{name}.folder", self._choose_folder))
        self.setFocusProxy(self.line)

    @property
    def path(self) -> Path | None:
        """What is typed, absolute; None while nothing is."""
        text = self.line.text().strip()
        path = Path(text)
        with suppress(RuntimeError):  # nobody is called so, yet
            path = path.expanduser()
        return path.absolute() if text else None

    def set_path(self, path: Path) -> None:
        """Show a path."""
        self.line.setText(str(path))

    def _button(self, icon: str, text: str, name: str, run: object) -> QPushButton:
        button = QPushButton(theme.icon(icon), text)
        button.setObjectName(name)
        button.setAccessibleName(f"{self._label}: {text.rstrip('…')}")
        button.setAutoDefault(False)
        button.clicked.connect(run)
        return button

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, self._label)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._open(dialog)

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self._label, filter=self._files)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._open(dialog)

    def _open(self, dialog: QFileDialog) -> None:
        """Near what is typed, where its drive answers at once; else at home, from where one gets anywhere."""

        def told(answer: Answer[Path]) -> None:
            self._asking.forget()
            dialog.setDirectory(str(answer.result()) if answer.is_known else QDir.homePath())

        if self.path is not None:
            self._asking.ask(self.path, partial(nearest_folder, self.path), told)
        dialog.fileSelected.connect(self.line.setText)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder; False, too, of what cannot be looked at: a name that is typed may be
    longer than any."""
    try:
        return path.exists()
    except OSError:
        return False


def nearest_folder(path: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next((each for each in (path, *path.parents) if is_there(each) and each.is_dir()), path)
