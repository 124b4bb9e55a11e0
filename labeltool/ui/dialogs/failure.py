"""An error as a person reads it: what happened, to which file, what to do; the rest can be unfolded."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from labeltool.app.diagnosis.log import trace_of
from labeltool.core.errors import LabeltoolError
from labeltool.core.memory import ran_out

log = logging.getLogger(__name__)
translate = QCoreApplication.translate
_OF_QT = re.compile(r"(?:Error calling Python override of [\w:]+\(\): )+")
"""What Qt for Python puts before the words of an error that came out of a paint event, say."""
FIRST_CJK = "\u2e80"
"""Chinese and Japanese letters begin here: their sentences end with another stop."""


def as_failure(error: BaseException) -> LabeltoolError:
    """The error itself, or one that says that it was not expected; the cause goes with it."""
    if isinstance(error, LabeltoolError):
        return error
    if ran_out(error):
        failure = LabeltoolError(
            translate("Failure", "there is not enough memory for this"),
            hint=translate(
                "Failure", "Close other programs, or open a smaller image. What was saved before is safe"
            ),
        )
        failure.__cause__ = error
        return failure
    failure = LabeltoolError(
        translate("Failure", "something went wrong that the program does not know: {error}").format(
            error=_OF_QT.sub("", str(error)) or repr(error)
        ),
        hint=translate("Failure", "What was saved before is safe. The details help whoever looks into it"),
    )
    failure.__cause__ = error
    return failure


class Message(QMessageBox):
    """A message that does not block, and whose text can be selected; it goes when it is closed."""

    def __init__(self, parent: QWidget | None, name: str, title: str, text: str, more: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setOption(QMessageBox.Option.DontUseNativeDialog)
        self.setIcon(QMessageBox.Icon.Warning)
        self.setWindowTitle(title)
        self.setStyleSheet("#qt_msgbox_informativelabel { min-width: 400px; }")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setInformativeText(more)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setStandardButtons(QMessageBox.StandardButton.Close)
        self.setDefaultButton(QMessageBox.StandardButton.Close)
        self._report: Callable[[QWidget | None], object] = lambda parent: None

    def offer_report(self, show: Callable[[QWidget | None], object]) -> None:
        """Add a button that shows a report over what this message lies over."""
        self._report = show
        button = self.addButton(translate("Failure", "Show report…"), QMessageBox.ButtonRole.ActionRole)
        button.setObjectName(f"{self.objectName()}.report")
        button.clicked.connect(self._show_report)  # a closure would hold the window that this lies over

    def _show_report(self) -> None:
        self._report(self.parentWidget())


def show_failure(
    parent: QWidget | None, error: LabeltoolError, title: str = "", details: str = ""
) -> QMessageBox:
    """Open a message that does not block; it is called ``dialog.failure``. ``details`` is a traceback, where the error
    has none of its own any more. What has details has a report as well."""
    file = translate("Failure", "File: {file}").format(file=error.file) if error.file else ""
    box = Message(
        parent,
        "dialog.failure",
        title or translate("Failure", "That did not work"),
        sentence(error.message),
        "\n\n".join(filter(None, (file, sentence(error.hint or "")))),
    )
    details = details or _details(error)
    log.info("shown: %s", error)
    if details:
        box.setDetailedText(details)
        box.offer_report(lambda over: _show_report(over, details))
    box.open()
    return box


def _show_report(parent: QWidget | None, details: str) -> None:
    from labeltool.ui.diagnosis import report_of_now  # noqa: PLC0415 - it shows failures itself

    report_of_now(parent, details)


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
    return trace_of(error) if error.__traceback__ or error.__cause__ else ""
