"""One table of everything the window can do: menus, toolbars and shortcuts are views of it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool import plugins
from labeltool.tools.tool import Tool
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
    "annotate": QT_TRANSLATE_NOOP("Actions", "it belongs to the workspace Annotate"),
    "image": QT_TRANSLATE_NOOP("Actions", "no image is open"),
    "edit_image": QT_TRANSLATE_NOOP("Actions", "no image is open that may be changed"),
    "series": QT_TRANSLATE_NOOP("Actions", "the image is no page of a series"),
    "doubt": QT_TRANSLATE_NOOP("Actions", "no model has been over this image; pre-label it first"),
    "window": QT_TRANSLATE_NOOP("Actions", "the image is no CT, which these windows are for"),
    "file_window": QT_TRANSLATE_NOOP("Actions", "the image's file names no window"),
    "undo": QT_TRANSLATE_NOOP("Actions", "there is nothing to undo"),
    "redo": QT_TRANSLATE_NOOP("Actions", "there is nothing to redo"),
    "entry": QT_TRANSLATE_NOOP("Actions", "no disagreement is chosen in the workspace Review"),
    "training": QT_TRANSLATE_NOOP("Actions", "no training is running"),
    "stopped": QT_TRANSLATE_NOOP("Actions", "no training is chosen that can go on"),
    "model": QT_TRANSLATE_NOOP("Actions", "no model is chosen in the workspace Train"),
    "any_model": QT_TRANSLATE_NOOP("Actions", "no model is chosen in the workspace Train"),
    "unused": QT_TRANSLATE_NOOP("Actions", "no model is chosen that could be used instead"),
    "promoted": QT_TRANSLATE_NOOP("Actions", "no other model was used before"),
    "owned": QT_TRANSLATE_NOOP("Actions", "nothing is chosen in the workspace Train that may be deleted"),
}
"""Why an action does not apply, by what it needs."""

OF_TRAIN = ("training", "stopped", "model", "unused", "promoted", "owned")
"""What there is only once the workspace Train has been shown."""


def _spec(id_: str, menu: str, text: object, keys: str = "", **more: object) -> ActionSpec:
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

USUAL = (
    "brush",
    "eraser",
    "polygon",
    "lasso",
    "pick",
    "fill",
    "wand",
    "superpixel",
    "threshold",
    "grabcut",
    "refine",
)
"""The order of the tools that everybody knows."""

SUBMENUS: dict[str, object] = {
    "Value window": QT_TRANSLATE_NOOP("Actions", "Value window"),
    "Paint": QT_TRANSLATE_NOOP("Actions", "Where painting counts"),
    "Choose a class": QT_TRANSLATE_NOOP("Actions", "Choose a class"),
    "Show or hide a class": QT_TRANSLATE_NOOP("Actions", "Show or hide a class"),
    "Lock a class": QT_TRANSLATE_NOOP("Actions", "Lock a class"),
}

DIGITS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 0)
"""In the order in which they lie on the keyboard; 0 is the background."""

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
        repeats=True,
    ),
    _spec(
        "redo",
        "Edit",
        QT_TRANSLATE_NOOP("Actions", "Redo"),
        "Ctrl+Shift+Z Ctrl+Y",
        icon="ph.arrow-clockwise",
        needs="redo",
        repeats=True,
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
        needs="annotate",
        repeats=True,
    ),
    _spec(
        "previous_image",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Previous image"),
        "A",
        icon="ph.caret-left",
        needs="annotate",
        repeats=True,
    ),
    _spec(
        "next_page",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Next page or slice"),
        "PgDown",
        needs="series",
        repeats=True,
        separated=True,
    ),
    _spec(
        "previous_page",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Previous page or slice"),
        "PgUp",
        needs="series",
        repeats=True,
    ),
    _spec(
        "next_spot",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Next doubtful spot or error"),
        "N",
        needs="doubt",
        repeats=True,
        separated=True,
        help=QT_TRANSLATE_NOOP(
            "Actions",
            "Where the model is less sure than the slider says and nobody has looked, most doubt first",
        ),
    ),
    _spec(
        "previous_spot",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Previous doubtful spot or error"),
        "Shift+N",
        needs="doubt",
        repeats=True,
    ),
    _spec(
        "next_unlooked",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Next part never looked at"),
        "Shift+L",
        repeats=True,
        help=QT_TRANSLATE_NOOP("Actions", "At 100 % or more, as large as the canvas has room for"),
    ),
    _spec(
        "splits",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Train, val and test…"),
        needs="project",
        separated=True,
    ),
    _spec(
        "measures",
        "Image",
        QT_TRANSLATE_NOOP("Actions", "Measures…"),
        icon="ph.ruler",
        needs="project",
        help=QT_TRANSLATE_NOOP("Actions", "Areas and lengths of objects and classes as a table"),
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
    _spec("next_class", "Edit", QT_TRANSLATE_NOOP("Actions", "Next class"), ".", repeats=True),
    _spec("previous_class", "Edit", QT_TRANSLATE_NOOP("Actions", "Previous class"), ",", repeats=True),
    _spec(
        "paint_anywhere",
        "Edit",
        QT_TRANSLATE_NOOP("Actions", "Paint anywhere"),
        checkable=True,
        submenu="Paint",
        needs="annotate",
    ),
    _spec(
        "paint_over_class",
        "Edit",
        QT_TRANSLATE_NOOP("Actions", "Paint only over the class at hand"),
        checkable=True,
        submenu="Paint",
        needs="annotate",
    ),
    _spec(
        "paint_unlabelled",
        "Edit",
        QT_TRANSLATE_NOOP("Actions", "Paint only what is unlabelled"),
        checkable=True,
        submenu="Paint",
        needs="annotate",
    ),
    _spec(
        "keep_human",
        "Edit",
        QT_TRANSLATE_NOOP("Actions", "Human pixels stay"),
        checkable=True,
        submenu="Paint",
        needs="annotate",
        help=QT_TRANSLATE_NOOP("Actions", "What people have set or imported is not painted over"),
    ),
    *(
        _spec(
            f"class_{n}",
            "Edit",
            QT_TRANSLATE_NOOP("Actions", "Class {n}") if n else QT_TRANSLATE_NOOP("Actions", "Background"),
            str(n),
            submenu="Choose a class",
            number=n,
        )
        for n in DIGITS
    ),
    *(
        _spec(
            f"show_class_{n}",
            "Edit",
            QT_TRANSLATE_NOOP("Actions", "Show or hide class {n}")
            if n
            else QT_TRANSLATE_NOOP("Actions", "Show or hide the background"),
            f"Shift+{n}",
            submenu="Show or hide a class",
            number=n,
        )
        for n in DIGITS
    ),
    *(
        _spec(
            f"lock_class_{n}",
            "Edit",
            QT_TRANSLATE_NOOP("Actions", "Lock or unlock class {n}")
            if n
            else QT_TRANSLATE_NOOP("Actions", "Lock or unlock the background"),
            f"Ctrl+Alt+{n}",
            submenu="Lock a class",
            needs="editable",
            number=n,
        )
        for n in DIGITS
    ),
    *(
        _spec(id_, "Mask", text, keys, needs="edit_image", separated=separated)
        for id_, text, keys, separated in (
            ("new_object", QT_TRANSLATE_NOOP("Actions", "New object"), "O", False),
            ("take_answer", QT_TRANSLATE_NOOP("Actions", "Take the model's answer here"), "T", False),
            (
                "copy_previous",
                QT_TRANSLATE_NOOP("Actions", "Copy from the previous image"),
                "Ctrl+Shift+V",
                False,
            ),
            ("region_grow", QT_TRANSLATE_NOOP("Actions", "Grow…"), "Ctrl+]", True),
            ("region_shrink", QT_TRANSLATE_NOOP("Actions", "Shrink…"), "Ctrl+[", False),
            ("region_smooth", QT_TRANSLATE_NOOP("Actions", "Smooth…"), "", False),
            ("region_fill_holes", QT_TRANSLATE_NOOP("Actions", "Fill holes…"), "Ctrl+H", False),
            ("region_remove_islands", QT_TRANSLATE_NOOP("Actions", "Remove islands…"), "", False),
            ("region_keep_largest", QT_TRANSLATE_NOOP("Actions", "Keep the largest…"), "", False),
            ("split_objects", QT_TRANSLATE_NOOP("Actions", "Split touching objects…"), "Shift+O", True),
        )
    ),
    *(
        _spec(id_, "Model", text, keys, needs=needs, icon=icon, separated=separated, help=about)
        for id_, text, keys, needs, icon, separated, about in (
            (
                "train_new",
                QT_TRANSLATE_NOOP("Actions", "New training…"),
                "Ctrl+T",
                "editable",
                "ph.plus",
                False,
                QT_TRANSLATE_NOOP("Actions", "Train a network on what people have labelled"),
            ),
            (
                "train_stop",
                QT_TRANSLATE_NOOP("Actions", "Stop the training"),
                "",
                "training",
                "ph.stop",
                False,
                QT_TRANSLATE_NOOP("Actions", "The best weights so far are kept, and it can go on later"),
            ),
            (
                "train_go_on",
                QT_TRANSLATE_NOOP("Actions", "Go on with the training"),
                "",
                "stopped",
                "ph.play",
                False,
                QT_TRANSLATE_NOOP("Actions", "From where it stopped, as if it had never been stopped"),
            ),
            (
                "model_use",
                QT_TRANSLATE_NOOP("Actions", "Use this model"),
                "",
                "unused",
                "ph.check-circle",
                True,
                QT_TRANSLATE_NOOP("Actions", "It pre-labels from now on, here and on the command line"),
            ),
            (
                "model_roll_back",
                QT_TRANSLATE_NOOP("Actions", "Back to the model used before"),
                "",
                "promoted",
                "ph.arrow-u-up-left",
                False,
                "",
            ),
            (
                "model_compare",
                QT_TRANSLATE_NOOP("Actions", "Compare two models…"),
                "",
                "project",
                "ph.scales",
                False,
                QT_TRANSLATE_NOOP("Actions", "Both on the same images, class by class and image by image"),
            ),
            (
                "model_prelabel",
                QT_TRANSLATE_NOOP("Actions", "Pre-label the image at hand with it"),
                "",
                "model",
                "",
                False,
                "",
            ),
            (
                "model_prelabel_all",
                QT_TRANSLATE_NOOP("Actions", "Pre-label all images with it"),
                "",
                "model",
                "",
                False,
                "",
            ),
            (
                "model_add",
                QT_TRANSLATE_NOOP("Actions", "Add a model from a file…"),
                "",
                "editable",
                "ph.download-simple",
                True,
                QT_TRANSLATE_NOOP("Actions", "Copies weights (safetensors) with their card into the project"),
            ),
            (
                "model_export",
                QT_TRANSLATE_NOOP("Actions", "Export the model as ONNX…"),
                "",
                "any_model",
                "ph.export",
                False,
                QT_TRANSLATE_NOOP(
                    "Actions", "One file for other programs: pixels in, classes and confidence out"
                ),
            ),
            (
                "model_remove",
                QT_TRANSLATE_NOOP("Actions", "Delete the training or model…"),
                "",
                "owned",
                "ph.trash",
                False,
                "",
            ),
        )
    ),
    _spec(
        "workspace_annotate",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Annotate"),
        "Ctrl+1",
        checkable=True,
        needs="project",
        help=QT_TRANSLATE_NOOP("Actions", "The workspace where masks are drawn"),
    ),
    _spec(
        "review_compare",
        "Review",
        QT_TRANSLATE_NOOP("Actions", "Compare again"),
        "F5",
        icon="ph.arrows-clockwise",
        needs="project",
        help=QT_TRANSLATE_NOOP(
            "Actions", "Hold the annotation against the layer; what has not changed is not looked at"
        ),
    ),
    _spec(
        "model_right",
        "Review",
        QT_TRANSLATE_NOOP("Actions", "The other layer is right"),
        "",
        icon="ph.robot",
        needs="entry",
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "These pixels become what the other layer says (Enter)"),
    ),
    _spec(
        "human_right",
        "Review",
        QT_TRANSLATE_NOOP("Actions", "The annotation is right"),
        "R",
        icon="ph.user",
        needs="entry",
        help=QT_TRANSLATE_NOOP("Actions", "These pixels stay as they are, and are not listed any more"),
    ),
    _spec(
        "both_wrong",
        "Review",
        QT_TRANSLATE_NOOP("Actions", "Both are wrong"),
        "Shift+R",
        icon="ph.paint-brush",
        needs="entry",
        help=QT_TRANSLATE_NOOP("Actions", "These pixels are unlabelled again, to be painted now"),
    ),
    _spec(
        "ignore_region",
        "Review",
        QT_TRANSLATE_NOOP("Actions", "Ignore these pixels"),
        "Shift+I",
        icon="ph.prohibit",
        needs="entry",
        help=QT_TRANSLATE_NOOP("Actions", "Nobody trains on them and nobody counts them"),
    ),
    _spec(
        "workspace_review",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Review"),
        "Ctrl+2",
        checkable=True,
        needs="project",
        help=QT_TRANSLATE_NOOP(
            "Actions", "The workspace where annotation and model are compared, error by error"
        ),
    ),
    _spec(
        "workspace_train",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Train"),
        "Ctrl+3",
        checkable=True,
        needs="project",
        help=QT_TRANSLATE_NOOP("Actions", "The workspace where networks are trained and models compared"),
    ),
    _spec(
        "zoom_in",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Zoom in"),
        "Ctrl++ Ctrl+=",
        repeats=True,
        separated=True,
    ),
    _spec("zoom_out", "View", QT_TRANSLATE_NOOP("Actions", "Zoom out"), "Ctrl+-", repeats=True),
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
        "show_error",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Errors"),
        "Y",
        checkable=True,
        help=QT_TRANSLATE_NOOP(
            "Actions", "Where annotation and model differ: missed, where none is, confused"
        ),
    ),
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
        "show_unlooked",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Never looked at"),
        "Shift+U",
        checkable=True,
        help=QT_TRANSLATE_NOOP(
            "Actions", "Veils what was never on the screen at half of its resolution or larger"
        ),
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
    *(
        _spec(f"window_{name}", "View", text, needs=needs, submenu="Value window", help=about)
        for name, text, needs, about in (
            ("file", QT_TRANSLATE_NOOP("Actions", "Window as the file says"), "file_window", ""),
            (
                "auto",
                QT_TRANSLATE_NOOP("Actions", "Window: auto, between percentiles"),
                "image",
                QT_TRANSLATE_NOOP("Actions", "Auto: percentiles of the values of each image"),
            ),
            ("opened", QT_TRANSLATE_NOOP("Actions", "Window as opened"), "image", ""),
            ("bone", QT_TRANSLATE_NOOP("Actions", "Window: bone"), "window", ""),
            ("lung", QT_TRANSLATE_NOOP("Actions", "Window: lung"), "window", ""),
            ("brain", QT_TRANSLATE_NOOP("Actions", "Window: brain"), "window", ""),
            ("abdomen", QT_TRANSLATE_NOOP("Actions", "Window: abdomen"), "window", ""),
            ("soft_tissue", QT_TRANSLATE_NOOP("Actions", "Window: soft tissue"), "window", ""),
        )
    ),
    _spec("show_fill", "View", QT_TRANSLATE_NOOP("Actions", "Fill of the mask"), checkable=True),
    _spec("show_outlines", "View", QT_TRANSLATE_NOOP("Actions", "Outlines of the mask"), checkable=True),
    _spec(
        "swipe",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Compare by swiping"),
        "Shift+W",
        icon="ph.arrows-left-right",
        checkable=True,
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "Two layers on either side of a line that can be dragged"),
    ),
    _spec(
        "side_by_side",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Compare side by side"),
        "Shift+B",
        icon="ph.columns",
        checkable=True,
        help=QT_TRANSLATE_NOOP("Actions", "Two layers of the same place, each in a half of the canvas"),
    ),
    _spec(
        "flicker",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Compare in turns"),
        "Shift+F",
        icon="ph.arrows-clockwise",
        checkable=True,
        help=QT_TRANSLATE_NOOP(
            "Actions", "Two layers of the same place, one after the other: what differs flickers"
        ),
    ),
    _spec(
        "show_minimap",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Minimap"),
        "Ctrl+Shift+M",
        checkable=True,
        separated=True,
    ),
    _spec(
        "wheel_turns",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Wheel turns slices"),
        checkable=True,
        needs="series",
        help=QT_TRANSLATE_NOOP("Actions", "In a series the wheel turns slices, and with Ctrl it zooms"),
    ),
    _spec("show_crosshair", "View", QT_TRANSLATE_NOOP("Actions", "Crosshair"), "Shift+X", checkable=True),
    _spec("more_opacity", "View", QT_TRANSLATE_NOOP("Actions", "More opacity"), "=", repeats=True),
    _spec("less_opacity", "View", QT_TRANSLATE_NOOP("Actions", "Less opacity"), "-", repeats=True),
    _spec("larger_brush", "Tools", QT_TRANSLATE_NOOP("Actions", "Larger brush"), "]", repeats=True),
    _spec("smaller_brush", "Tools", QT_TRANSLATE_NOOP("Actions", "Smaller brush"), "[", repeats=True),
    _spec(
        "scheme",
        "View",
        QT_TRANSLATE_NOOP("Actions", "Dark or light"),
        "Ctrl+Shift+L",
        icon="ph.moon",
        needs="always",
        separated=True,
    ),
    _spec("keys", "Help", QT_TRANSLATE_NOOP("Actions", "Keys and mouse…"), "F1", needs="always"),
    _spec(
        "palette",
        "Help",
        QT_TRANSLATE_NOOP("Actions", "Find an action…"),
        "Ctrl+K",
        icon="ph.magnifying-glass",
        needs="always",
    ),
    _spec("about", "Help", QT_TRANSLATE_NOOP("Actions", "About labeltool"), needs="always"),
)


def tool_spec(tool: Tool) -> ActionSpec:
    """The row of a tool."""
    keys = (tool.key,) if tool.key else ()
    return ActionSpec(tool.id, "Tools", tool.title, keys, tool.icon, "always", True, tool.help)


def tools() -> list[Tool]:
    """The tools of the entry-point group, the built-in ones in their usual order first."""
    names = plugins.names("labeltool.tools")
    names = sorted(names, key=lambda n: (USUAL.index(n) if n in USUAL else len(USUAL), n))
    return [plugins.load("labeltool.tools", name) for name in names]


def table() -> tuple[ActionSpec, ...]:
    """All rows: the actions, then the tools."""
    return *ACTIONS, *map(tool_spec, tools())
