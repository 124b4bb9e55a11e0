"""Steps of the window that a drive may hold up for ever: they are done beside it, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import shiboken6
from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.ui.asking import Answer, Asking
from labeltool.ui.dialogs.frame import Dialog, label

T = TypeVar("T")
SHOWN_AFTER_MS = 1_000
"""What takes no longer needs no dialog."""


class BesideDialog(Dialog):
    """Says what is waited for; it can be given up."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("beside", self.tr("Waiting for a drive"), parent, QSize(520, 140))
        self.says = label(name="dialog.beside.says")
        self.column.addWidget(self.says)
        self.column.addStretch()
        cancel = self.buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        cancel.setObjectName("dialog.beside.close")
        self.buttons.rejected.connect(self.reject)
        self.column.addWidget(self.buttons)


class Beside(QObject):
    """Does a step beside the window; a newer step takes the place of one that has not ended. What follows from it waits
    while a dialog is open: what that is about would be changed below it."""

    failed = Signal(Exception)

    def __init__(self, window: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self._asking = Asking(self, self._is_covered)
        self._dialog: BesideDialog | None = None
        self._words = ""
        self._is_long = False
        self._soon = QTimer(self, singleShot=True, interval=SHOWN_AFTER_MS)
        self._soon.timeout.connect(self._show)

    @property
    def place(self) -> Path | None:
        """Where a step is being done now."""
        return self._asking.place

    @property
    def opening(self) -> Path | None:
        """The project that is being opened or made now."""
        return self._asking.place if self._is_long else None

    def do(
        self,
        place: Path,
        work: Callable[[], T],
        then: Callable[[T], object],
        *,
        refused: Callable[[LabeltoolError], object] | None = None,
        unwanted: Callable[[T], object] | None = None,
        is_long: bool = False,
    ) -> None:
        """``work`` at ``place``, then what follows from it here: at once where the drive answers at once. A
        LabeltoolError goes to ``refused``, else ``failed`` tells it. ``work`` and ``unwanted`` as in
        :meth:`Asking.ask`. What ``is_long`` may be late though the drive answers: a project is opened or made."""
        self.forget()
        self._is_long = is_long
        told = partial(self._told, then, refused or self.failed.emit)
        self._asking.ask(place, work, told, unwanted=unwanted)

    def forget(self) -> None:
        """Nobody waits any more."""
        self._asking.forget()
        self._hide()

    def _told(
        self,
        then: Callable[[T], object],
        refused: Callable[[LabeltoolError], object],
        answer: Answer[T],
    ) -> None:
        if not answer.is_known:
            self._words = self._opening_words(answer) if self._is_long else answer.words()
            self._show() if answer.is_late else self._soon.start()
            return
        self._hide()
        try:
            found = answer.result()
        except LabeltoolError as error:
            refused(error)
        else:
            then(found)

    def _opening_words(self, answer: Answer[T]) -> str:
        late = self.tr("Still opening {place}: there is much to read, or its drive does not answer.")
        return (late if answer.is_late else self.tr("Opening {place} …")).format(place=answer.place)

    def _is_covered(self) -> bool:
        dialogs = self._window.findChildren(QDialog)
        return any(each.isVisible() and each.isModal() and each is not self._dialog for each in dialogs)

    def _show(self) -> None:
        if self._dialog is None and self._is_covered():
            self._soon.start()  # over what somebody reads it would keep that from being closed, and so wait for ever
            return
        if self._dialog is None:
            self._dialog = BesideDialog(self._window)
            self._dialog.rejected.connect(self.forget)
            self._dialog.open()
        self._dialog.says.setText(self._words)

    def _hide(self) -> None:
        self._soon.stop()
        dialog, self._dialog = self._dialog, None
        if dialog is not None and shiboken6.isValid(dialog):
            dialog.accept()
            # One that was there for a moment may yet be given the keys, and keep them.
            if QApplication.activeWindow() in (None, dialog, self._window):
                self._window.activateWindow()
