"""What the rows of the table of actions are, and the words that menus and reasons are made of."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool.ui.words import translated


@dataclass(frozen=True)
class ActionSpec:
    """An action of the window. ``needs`` says when it applies, one of :data:`REASONS` (or always).

    ``number`` is put in the place of {n} in the text. ``submenu`` is a menu inside the menu. ``repeats`` says that it
    is done again and again while its key is held.
    """

    id: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: str = "image"
    checkable: bool = False
    help: str = ""
    separated: bool = False
    number: int | None = None
    submenu: str = ""
    repeats: bool = False

    @property
    def title(self) -> str:
        """The text in the user's language, without the dots that promise a dialog."""
        text = translated(self.text).rstrip("…")
        return text if self.number is None else text.format(n=self.number)


REASONS: dict[str, object] = {
    "project": QT_TRANSLATE_NOOP("Actions", "no project is open"),
    "editable": QT_TRANSLATE_NOOP("Actions", "no project is open that may be changed"),
    "viewed": QT_TRANSLATE_NOOP("Actions", "the project may be changed already, or none is open"),
    "annotate": QT_TRANSLATE_NOOP("Actions", "it belongs to the workspace Annotate"),
    "image": QT_TRANSLATE_NOOP("Actions", "no image is open"),
    "edit_image": QT_TRANSLATE_NOOP("Actions", "no image is open that may be changed"),
    "series": QT_TRANSLATE_NOOP("Actions", "the image is no page of a series"),
    "decided": QT_TRANSLATE_NOOP("Actions", "nobody has decided on this image"),
    "comments": QT_TRANSLATE_NOOP("Actions", "no comments are listed"),
    "offer": QT_TRANSLATE_NOOP(
        "Actions", "nothing is offered; switch Teach while correcting on, then paint on the image"
    ),
    "doubt": QT_TRANSLATE_NOOP("Actions", "no model has been over this image; pre-label it first"),
    "suggestion": QT_TRANSLATE_NOOP("Actions", "nothing is ranked that is not done; rank what to label next"),
    "window": QT_TRANSLATE_NOOP("Actions", "the image is no CT, which these windows are for"),
    "file_window": QT_TRANSLATE_NOOP("Actions", "the image's file names no window"),
    "undo": QT_TRANSLATE_NOOP("Actions", "there is nothing to undo"),
    "redo": QT_TRANSLATE_NOOP("Actions", "there is nothing to redo"),
    "entry": QT_TRANSLATE_NOOP("Actions", "no disagreement is chosen in the workspace Review"),
    "training": QT_TRANSLATE_NOOP("Actions", "no training is running"),
    "round": QT_TRANSLATE_NOOP("Actions", "no project is open"),
    "stopped": QT_TRANSLATE_NOOP("Actions", "no training is chosen that can go on"),
    "model": QT_TRANSLATE_NOOP("Actions", "no model is chosen in the workspace Train"),
    "any_model": QT_TRANSLATE_NOOP("Actions", "no model is chosen in the workspace Train"),
    "unused": QT_TRANSLATE_NOOP("Actions", "no model is chosen that could be used instead"),
    "promoted": QT_TRANSLATE_NOOP("Actions", "no other model was used before"),
    "owned": QT_TRANSLATE_NOOP("Actions", "nothing is chosen in the workspace Train that may be deleted"),
}
"""Why an action does not apply, by what it needs."""

OF_TRAIN = ("stopped", "model", "unused", "promoted", "owned")
"""What there is only once the workspace Train has been shown."""


def spec(menu: str, id_: str, text: object, keys: str = "", **more: object) -> ActionSpec:
    """A row; ``keys`` are separated by spaces."""
    sequences = tuple(k for k in keys.split(" ") if k)
    return ActionSpec(id_, menu, str(text), sequences, **more)  # type: ignore[arg-type]  # names checked by the dataclass


MENUS = ("File", "Edit", "Image", "Mask", "Review", "Model", "View", "Tools", "Help")
_MENU_TEXTS = (
    QT_TRANSLATE_NOOP("Actions", "File"),
    QT_TRANSLATE_NOOP("Actions", "Edit"),
    QT_TRANSLATE_NOOP("Actions", "Image"),
    QT_TRANSLATE_NOOP("Actions", "Mask"),
    QT_TRANSLATE_NOOP("Actions", "Review"),
    QT_TRANSLATE_NOOP("Actions", "Model"),
    QT_TRANSLATE_NOOP("Actions", "View"),
    QT_TRANSLATE_NOOP("Actions", "Tools"),
    QT_TRANSLATE_NOOP("Actions", "Help"),
)

SUBMENUS: dict[str, object] = {
    "Value window": QT_TRANSLATE_NOOP("Actions", "Value window"),
    "Paint": QT_TRANSLATE_NOOP("Actions", "Where painting counts"),
    "Choose a class": QT_TRANSLATE_NOOP("Actions", "Choose a class"),
    "Show or hide a class": QT_TRANSLATE_NOOP("Actions", "Show or hide a class"),
    "Lock a class": QT_TRANSLATE_NOOP("Actions", "Lock a class"),
    "Language": QT_TRANSLATE_NOOP("Actions", "Language"),
}

DIGITS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 0)
"""In the order in which they lie on the keyboard; 0 is the background."""
