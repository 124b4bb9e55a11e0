"""The file of an image is not there, or another one now: what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal, SignalInstance
from PySide6.QtWidgets import QDialogButtonBox, QPushButton, QWidget

from labeltool.app.sources import Problem, SourceError
from labeltool.ui.dialogs.frame import Dialog, label


class SourceDialog(Dialog):
    """Asks; whoever opens it does what is asked for."""

    locate_asked = Signal()
    search_asked = Signal()
    keep_asked = Signal()

    def __init__(self, error: SourceError, parent: QWidget | None, *, editable: bool) -> None:
        changed = error.problem is Problem.CHANGED
        title = self.tr("The image file is another one now") if changed else self.tr("The image is missing")
        super().__init__("source", title, parent, QSize(620, 300))
        self.column.addWidget(label(title, heading=True))
        self.column.addWidget(label(str(error.record.path), name="dialog.source.file"))
        self.column.addWidget(label(self._says(error), name="dialog.source.says"))
        if changed and editable:
            text = self.tr(
                "Keep both: the file that lies there now becomes an image of its own, and the labelled one stays "
                "missing until its own file is found."
            )
            self.column.addWidget(label(text, dim=True))
        text = self.tr("An image is found again by what is in the file, whatever its name is now.")
        self.column.addWidget(label(text, dim=True))
        self.column.addStretch(1)
        self.locate = self.add_buttons(self.tr("Locate…"), self.tr("Close"), "locate")
        self.locate.clicked.connect(lambda: self._end(self.locate_asked))
        self.locate.setEnabled(editable)
        search = self._button(self.tr("Search a folder…"), "search", self.search_asked)
        search.setEnabled(editable)
        if changed:
            self._button(self.tr("Keep both"), "keep", self.keep_asked).setEnabled(editable)

    def _says(self, error: SourceError) -> str:
        if error.problem is Problem.CHANGED:
            return self.tr(
                "It holds other bytes than when it was added. Its labels are safe in the project, and are not shown on "
                "a picture that they do not belong to."
            )
        if error.problem is Problem.MISSING:
            return self.tr(
                "It was moved, renamed or deleted, or its drive is not connected. Its labels are safe in the project."
            )
        return self.tr("{reason}. Its labels are safe in the project.").format(
            reason=error.message[:1].upper() + error.message[1:]
        )

    def _button(self, text: str, name: str, asked: SignalInstance) -> QPushButton:
        button = self.buttons.addButton(text, QDialogButtonBox.ButtonRole.ActionRole)
        button.setObjectName(f"dialog.source.{name}")
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._end(asked))
        return button

    def _end(self, asked: SignalInstance) -> None:
        self.accept()
        asked.emit()
