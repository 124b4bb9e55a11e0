"""One table of everything the window can do: menus, toolbars and shortcuts are views of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from labeltool.ui import theme

CONTEXT = "Actions"


@dataclass(frozen=True)
class ActionSpec:
    """An action of the window. ``needs`` says when it applies: always, project, image, undo or redo."""

    id: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: str = "image"
    checkable: bool = False
    help: str = ""
    separated: bool = False


def _spec(id_: str, menu: str, text: object, keys: str = "", **more: object) -> ActionSpec:
    sequences = tuple(k for k in keys.split(" ") if k)
    return ActionSpec(id_, menu, str(text), sequences, **more)  # type: ignore[arg-type]  # names checked by the dataclass


MENUS = ("File", "Edit", "Image", "View", "Tools", "Help")
_MENU_TEXTS = (
    QT_TRANSLATE_NOOP("Actions", "File"),
    QT_TRANSLATE_NOOP("Actions", "Edit"),
    QT_TRANSLATE_NOOP("Actions", "Image"),
    QT_TRANSLATE_NOOP("Actions", "View"),
    QT_TRANSLATE_NOOP("Actions", "Tools"),
    QT_TRANSLATE_NOOP("Actions", "Help"),
)

# What the layers below say in English and the window translates: steps of undo, and the built-in tools.
_TITLES = (
    QT_TRANSLATE_NOOP("Actions", "brush stroke"),
    QT_TRANSLATE_NOOP("Actions", "eraser stroke"),
    QT_TRANSLATE_NOOP("Actions", "polygon"),
    QT_TRANSLATE_NOOP("Actions", "pre-label"),
    QT_TRANSLATE_NOOP("Actions", "import"),
    QT_TRANSLATE_NOOP("Actions", "Brush"),
    QT_TRANSLATE_NOOP("Actions", "Eraser"),
    QT_TRANSLATE_NOOP("Actions", "Polygon"),
)

ACTIONS: tuple[ActionSpec, ...] = (
    _spec(
        "new_project",
        "File",
        QT_TRANSLATE_NOOP("Actions", "New project…"),
        "Ctrl+N",
        icon="ph.file-plus",
        needs="always",
    ),
    _spec(
        "open_project",
        "File",
        QT_TRANSLATE_NOOP("Actions", "Open project…"),
        "Ctrl+O",
        icon="ph.folder-open",
        needs="always",
    ),
    _spec(
        "add_images",
        "File",
        QT_TRANSLATE_NOOP("Actions", "Add images…"),
        "Ctrl+Shift+O",
        icon="ph.image",
        needs="editable",
    ),
    _spec("add_folder", "File", QT_TRANSLATE_NOOP("Actions", "Add a folder of images…"), needs="editable"),
    _spec(
        "import",
        "File",
        QT_TRANSLATE_NOOP("Actions", "Import labels…"),
        "Ctrl+I",
        icon="ph.download-simple",
        needs="editable",
        separated=True,
    ),
    _spec(
        "export", "File", QT_TRANSLATE_NOOP("Actions", "Export…"), "Ctrl+E", icon="ph.export", needs="project"
    ),
    _spec(
        "save",
        "File",
        QT_TRANSLATE_NOOP("Actions", "Save now"),
        "Ctrl+S",
        needs="project",
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "Everything is saved anyway, as each stroke ends"),
    ),
    _spec("close_project", "File", QT_TRANSLATE_NOOP("Actions", "Close project"), "Ctrl+W", needs="project"),
    _spec("quit", "File", QT_TRANSLATE_NOOP("Actions", "Quit"), "Ctrl+Q", needs="always"),
    _spec(
        "undo",
        "Edit",
        QT_TRANSLATE_NOOP("Actions", "Undo"),
        "Ctrl+Z",
        icon="ph.arrow-counter-clockwise",
        needs="undo",
    ),
    _spec(
        "redo",
        "Edit",
        QT_TRANSLATE_NOOP("Actions", "Redo"),
        "Ctrl+Shift+Z Ctrl+Y",
        icon="ph.arrow-clockwise",
        needs="redo",
    ),
    _spec(
        "swap_class",
        "Edit",
        QT_TRANSLATE_NOOP("Actions", "Swap with the previous class"),
        "X",
        separated=True,
    ),
    _spec(
        "add_class", "Edit", QT_TRANSLATE_NOOP("Actions", "Add a class…"), icon="ph.plus", needs="editable"
    ),
    _spec(
        "next_image",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Next image"),
        "D",
        icon="ph.caret-right",
        needs="project",
    ),
    _spec(
        "previous_image",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Previous image"),
        "A",
        icon="ph.caret-left",
        needs="project",
    ),
    _spec(
        "prelabel",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Pre-label this image"),
        "Ctrl+P",
        icon="ph.sparkle",
        needs="edit_image",
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "A model draws the mask; pixels set by a human never change"),
    ),
    _spec(
        "prelabel_all",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Pre-label all images"),
        "Ctrl+Shift+P",
        icon="ph.stack",
        needs="editable",
    ),
    _spec(
        "approve",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Approve"),
        "Ctrl+Return",
        icon="ph.check",
        needs="edit_image",
        help=QT_TRANSLATE_NOOP("Actions", "Mark this image as finished; any edit takes that back"),
    ),
    _spec("zoom_in", "View", QT_TRANSLATE_NOOP("Actions", "Zoom in"), "Ctrl++ Ctrl+="),
    _spec("zoom_out", "View", QT_TRANSLATE_NOOP("Actions", "Zoom out"), "Ctrl+-"),
    _spec("fit", "View", QT_TRANSLATE_NOOP("Actions", "Fit the window"), "F", icon="ph.corners-out"),
    _spec("actual_size", "View", QT_TRANSLATE_NOOP("Actions", "100 %"), "Ctrl+0"),
    _spec(
        "show_mask",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Mask"),
        "V",
        icon="ph.eye",
        checkable=True,
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "Press to switch, hold to peek"),
    ),
    _spec("show_model", "View", QT_TRANSLATE_NOOP("Actions", "Model's answer"), "M", checkable=True),
    _spec(
        "show_confidence",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Confidence"),
        "C",
        icon="ph.thermometer",
        checkable=True,
        help=QT_TRANSLATE_NOOP("Actions", "Shows where the model is in doubt"),
    ),
    _spec(
        "auto_contrast",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Auto contrast"),
        "Shift+C",
        icon="ph.circle-half",
        checkable=True,
        help=QT_TRANSLATE_NOOP("Actions", "Stretches dark images for the eye; pixels never change"),
    ),
    _spec("more_opacity", "View", QT_TRANSLATE_NOOP("Actions", "More opacity"), "="),
    _spec("less_opacity", "View", QT_TRANSLATE_NOOP("Actions", "Less opacity"), "-"),
    _spec("larger_brush", "Tools", QT_TRANSLATE_NOOP("Actions", "Larger brush"), "]"),
    _spec("smaller_brush", "Tools", QT_TRANSLATE_NOOP("Actions", "Smaller brush"), "["),
    _spec(
        "scheme",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Dark or light"),
        "Ctrl+Shift+L",
        icon="ph.moon",
        needs="always",
        separated=True,
    ),
    _spec("keys", "Help", QT_TRANSLATE_NOOP("Actions", "Keys and mouse"), "F1", needs="always"),
    _spec("about", "Help", QT_TRANSLATE_NOOP("Actions", "About labeltool"), needs="always"),
)


def translated(text: str) -> str:
    """A text of this table in the user's language."""
    return QCoreApplication.translate(CONTEXT, text)


def make_action(spec: ActionSpec, parent: QWidget, run: Callable[[], object]) -> QAction:
    """The QAction of a row; its object name is ``action.<id>``, its tooltip shows the key."""
    action = QAction(translated(spec.text), parent)
    action.setObjectName(f"action.{spec.id}")
    action.setShortcuts([QKeySequence(k) for k in spec.keys])
    action.setCheckable(spec.checkable)
    tip = translated(spec.help) if spec.help else action.text().rstrip("…")
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setToolTip(f"{tip}  ({keys})" if keys else tip)
    if spec.icon:
        action.setIcon(theme.icon(spec.icon))
    action.triggered.connect(lambda *_: run())
    return action
