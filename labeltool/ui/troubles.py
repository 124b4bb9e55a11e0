"""What is known to be wrong with images. Nobody looks for it: it is noted when it turns out, and over when an image can
be opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, Signal

from labeltool.app.sources import Problem, SourceError
from labeltool.core.errors import BadInputError
from labeltool.ui.dialogs.failure import sentence

translate = QCoreApplication.translate

Of = Literal["file", "labels"]
"""Whether the image's file is in trouble, or what was drawn on it."""


class Troubles(QObject):
    """By image, in words. Both the file and the labels of an image may be in trouble."""

    changed = Signal(str)
    """Something else is known of this image now; of many where it is empty."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: dict[str, dict[Of, str]] = {}

    def note(self, image_id: str, of: Of, text: str) -> None:
        """What is wrong; empty where nothing is any more."""
        if self._put(image_id, of, text):
            self.changed.emit(image_id)

    def note_all(self, image_ids: Iterable[str], of: Of, text: str) -> None:
        """The same is wrong with many images; whoever shows them is told once."""
        new = [image_id for image_id in image_ids if self._put(image_id, of, text)]
        if new:
            self.changed.emit("")

    def _put(self, image_id: str, of: Of, text: str) -> bool:
        """Whether that is anything new."""
        known = self._known.setdefault(image_id, {})
        before, known[of] = known.get(of, ""), text
        return before != text

    def clear(self, image_id: str) -> None:
        """Nothing is wrong: it could be opened."""
        for of in tuple(self._known.get(image_id, ())):
            self.note(image_id, of, "")

    def forget(self) -> None:
        """Another project is open."""
        self._known.clear()

    def of(self, image_id: str) -> str:
        """What is wrong, a line each; empty where nothing is known to be."""
        return "\n".join(filter(None, self._known.get(image_id, {}).values()))


def words_of_file(error: Exception) -> str:
    """What is said of an image whose file gave this error; empty where that says nothing about the file."""
    if isinstance(error, SourceError) and error.problem is Problem.MISSING:
        return translate("Troubles", "Its file is missing.")
    if isinstance(error, SourceError) and error.problem is Problem.CHANGED:
        return translate("Troubles", "Its file is another one now.")
    if isinstance(error, BadInputError):
        return sentence(error.message)
    return ""


def words_of_labels() -> str:
    """What is said of an image whose mask file is damaged."""
    return translate("Troubles", "Its labels are damaged.")


def words_of_scan() -> str:
    """What is said of an image that a search has not found, and looked at from outside only."""
    return translate("Troubles", "Its file is missing, or another one now.")
