"""The report of a problem: all of it is seen, and may be changed, before it is copied or saved. It is sent nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QFileDialog, QPlainTextEdit, QPushButton, QWidget

from labeltool.app.diagnosis import names
from labeltool.core import atomic
from labeltool.core.errors import LabeltoolError
from labeltool.ui.dialogs.failure import show_failure
from labeltool.ui.dialogs.frame import GRID, Dialog, label

LAST_FOLDER = "problem/folder"
FILE_NAME = "labeltool-report.txt"
SAID_MS = 3_000

Private = Callable[[QWidget | None], Iterable[str]]
"""Gives names that are to be left out, of what is shown in a window."""


class ProblemDialog(Dialog):
    """Shows a report. Names of files and folders, and those that ``private`` gives, are left out until somebody wants
    them in."""

    def __init__(self, text: str, parent: QWidget | None = None, private: Private = lambda _: ()) -> None:
        super().__init__("problem", "", parent, QSize(880, 600))
        self.setWindowTitle(self.tr("Report of a problem"))
        self._whole = text
        self._private = private
        about = label(
            self.tr(
                "Read it before you hand it on: it goes nowhere by itself. There are no images in it. "
                "What you would rather not tell can be deleted here."
            ),
            name="problem.about",
            dim=True,
        )
        self.text = QPlainTextEdit()
        self.text.setObjectName("problem.text")
        self.text.setAccessibleName(self.tr("The report"))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.strip = QCheckBox(self.tr("Leave out the names of files and folders"))
        self.strip.setObjectName("problem.strip")
        self.strip.setChecked(True)
        self.strip.toggled.connect(self._show)
        for widget in (about, self.text, self.strip):
            self.column.addWidget(widget, int(widget is self.text))
        self.column.setSpacing(GRID)
        save = self.add_buttons(self.tr("Save…"), self.tr("Close"), "save")
        save.clicked.connect(self._ask_file)
        self._said = QTimer(self, singleShot=True, interval=SAID_MS)
        self._said.timeout.connect(self._name_copy)
        self.copy_button = QPushButton()
        self._name_copy()
        self.copy_button.setObjectName("dialog.problem.copy")
        self.copy_button.setAutoDefault(False)
        self.copy_button.clicked.connect(self._copy)
        self.buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        self._show()

    def _show(self) -> None:
        self.text.setPlainText(
            names.stripped(self._whole, self._private(self.parentWidget()))
            if self.strip.isChecked()
            else self._whole
        )

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.copy_button.setText(self.tr("Copied"))
        self._said.start()

    def _name_copy(self) -> None:
        self.copy_button.setText(self.tr("Copy"))

    def _ask_file(self) -> None:
        folder = Path(str(QSettings().value(LAST_FOLDER, Path.home())))
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the report"), str(folder / FILE_NAME), self.tr("Texts") + " (*.txt)"
        )
        if name:
            self.write(Path(name) if Path(name).suffix else Path(f"{name}.txt"))

    def write(self, path: Path) -> None:
        """Write what is shown, changes of its reader included."""
        try:
            atomic.write_bytes(path, self.text.toPlainText().encode("utf-8", "replace"))
        except OSError as error:
            show_failure(
                self,
                LabeltoolError(error.strerror or str(error), file=path),
                self.tr("The report was not saved"),
            )
        except LabeltoolError as error:
            show_failure(self, error, self.tr("The report was not saved"))
        else:
            QSettings().setValue(LAST_FOLDER, str(path.parent))


def show_report(parent: QWidget | None, text: str, private: Private = lambda _: ()) -> ProblemDialog:
    """Open the dialog over a window, or over the dialog that it explains."""
    dialog = ProblemDialog(text, parent, private)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.open()
    return dialog
