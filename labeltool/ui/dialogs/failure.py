"""An error as a person reads it: what happened, to which file, what to do; the rest can be unfolded."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from labeltool.core.errors import LabeltoolError

translate = QCoreApplication.translate
FIRST_CJK = "\u2e80"
"""Chinese and Japanese letters begin here: their sentences end with another stop."""


def as_failure(error: BaseException) -> LabeltoolError:
    """The error itself, or one that says that it was not expected; the cause goes with it."""
    if isinstance(error, LabeltoolError):
        return error
    failure = LabeltoolError(
        translate("Failure", "something went wrong that the program does not know: {error}").format(
            error=error or repr(error)
        ),
        hint=translate("Failure", "What was saved before is safe. The details help whoever looks into it"),
    )
    failure.__cause__ = error
    return failure


def show_failure(parent: QWidget | None, error: LabeltoolError, title: str = "") -> QMessageBox:
    """Open a message that does not block; it is called ``dialog.failure``."""
    box = QMessageBox(parent)
    box.setObjectName("dialog.failure")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setOption(QMessageBox.Option.DontUseNativeDialog)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(title or translate("Failure", "That did not work"))
    box.setStyleSheet("#qt_msgbox_informativelabel { min-width: 400px; }")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(sentence(error.message))
    file = translate("Failure", "File: {file}").format(file=error.file) if error.file else ""
    box.setInformativeText("\n\n".join(filter(None, (file, sentence(error.hint or "")))))
    details = _details(error)
    if details:
        box.setDetailedText(details)
    box.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    box.setDefaultButton(QMessageBox.StandardButton.Close)
    box.open()
    return box


def in_words(error: LabeltoolError, words: Callable[[str], str]) -> LabeltoolError:
    """The error with its texts as ``words`` puts them; the cause goes with it."""
    message, hint = words(error.message), words(error.hint or "")
    if (message, hint) == (error.message, error.hint or ""):
        return error
    said = LabeltoolError(message, file=error.file, hint=hint or None)
    said.__cause__, said.__traceback__ = error.__cause__, error.__traceback__
    return said


def explain(error: LabeltoolError) -> str:
    """What happened and what to do, where the file is plain from the place."""
    return " ".join(sentence(text) for text in (error.message, error.hint) if text)


def sentence(text: str) -> str:
    """The text with a capital and a full stop, as errors are written without them."""
    text = text[:1].upper() + text[1:]
    if not text or text.endswith(tuple(".!?。！？")):
        return text
    return text + ("。" if text[-1] >= FIRST_CJK else ".")


def _details(error: LabeltoolError) -> str:
    return "".join(traceback.format_exception(error)) if error.__traceback__ or error.__cause__ else ""
