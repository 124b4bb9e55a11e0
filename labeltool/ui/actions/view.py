"""The menu View: what is shown and how."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool.ui.actions.spec import ActionSpec, spec

_row = partial(spec, "View")

ACTIONS: tuple[ActionSpec, ...] = (
    _row(
        "workspace_annotate",
        QT_TRANSLATE_NOOP("Actions", "Annotate"),
        "Ctrl+1",
        checkable=True,
        needs="project",
        help=QT_TRANSLATE_NOOP("Actions", "The workspace where masks are drawn"),
    ),
    _row(
        "workspace_review",
        QT_TRANSLATE_NOOP("Actions", "Review"),
        "Ctrl+2",
        checkable=True,
        needs="project",
        help=QT_TRANSLATE_NOOP(
            "Actions", "The workspace where annotation and model are compared, error by error"
        ),
    ),
    _row(
        "workspace_train",
        QT_TRANSLATE_NOOP("Actions", "Train"),
        "Ctrl+3",
        checkable=True,
        needs="project",
        help=QT_TRANSLATE_NOOP("Actions", "The workspace where networks are trained and models compared"),
    ),
    _row(
        "zoom_in",
        QT_TRANSLATE_NOOP("Actions", "Zoom in"),
        "Ctrl++ Ctrl+=",
        repeats=True,
        separated=True,
    ),
    _row("zoom_out", QT_TRANSLATE_NOOP("Actions", "Zoom out"), "Ctrl+-", repeats=True),
    _row("fit", QT_TRANSLATE_NOOP("Actions", "Fit the window"), "F", icon="ph.corners-out"),
    _row("actual_size", QT_TRANSLATE_NOOP("Actions", "100 %"), "Ctrl+0"),
    _row(
        "show_mask",
        QT_TRANSLATE_NOOP("Actions", "Mask"),
        "V",
        icon="ph.eye",
        checkable=True,
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "Press to switch, hold to peek"),
    ),
    _row("show_model", QT_TRANSLATE_NOOP("Actions", "Model's answer"), "M", checkable=True),
    _row(
        "show_error",
        QT_TRANSLATE_NOOP("Actions", "Errors"),
        "Y",
        checkable=True,
        help=QT_TRANSLATE_NOOP(
            "Actions", "Where annotation and model differ: missed, where none is, confused"
        ),
    ),
    _row(
        "show_confidence",
        QT_TRANSLATE_NOOP("Actions", "Confidence"),
        "C",
        icon="ph.thermometer",
        checkable=True,
        help=QT_TRANSLATE_NOOP("Actions", "Shows where the model is in doubt"),
    ),
    _row(
        "show_unlooked",
        QT_TRANSLATE_NOOP("Actions", "Never looked at"),
        "Shift+U",
        checkable=True,
        help=QT_TRANSLATE_NOOP(
            "Actions", "Veils what was never on the screen at half of its resolution or larger"
        ),
    ),
    _row(
        "auto_contrast",
        QT_TRANSLATE_NOOP("Actions", "Auto contrast"),
        "Shift+C",
        icon="ph.circle-half",
        checkable=True,
        help=QT_TRANSLATE_NOOP("Actions", "Stretches dark images for the eye; pixels never change"),
    ),
    *(
        _row(f"window_{name}", text, needs=needs, submenu="Value window", help=about)
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
    _row("show_fill", QT_TRANSLATE_NOOP("Actions", "Fill of the mask"), checkable=True),
    _row("show_outlines", QT_TRANSLATE_NOOP("Actions", "Outlines of the mask"), checkable=True),
    _row(
        "swipe",
        QT_TRANSLATE_NOOP("Actions", "Compare by swiping"),
        "Shift+W",
        icon="ph.arrows-left-right",
        checkable=True,
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "Two layers on either side of a line that can be dragged"),
    ),
    _row(
        "side_by_side",
        QT_TRANSLATE_NOOP("Actions", "Compare side by side"),
        "Shift+B",
        icon="ph.columns",
        checkable=True,
        help=QT_TRANSLATE_NOOP("Actions", "Two layers of the same place, each in a half of the canvas"),
    ),
    _row(
        "flicker",
        QT_TRANSLATE_NOOP("Actions", "Compare in turns"),
        "Shift+F",
        icon="ph.arrows-clockwise",
        checkable=True,
        help=QT_TRANSLATE_NOOP(
            "Actions", "Two layers of the same place, one after the other: what differs flickers"
        ),
    ),
    _row(
        "show_minimap",
        QT_TRANSLATE_NOOP("Actions", "Minimap"),
        "Ctrl+Shift+M",
        checkable=True,
        separated=True,
    ),
    _row(
        "wheel_turns",
        QT_TRANSLATE_NOOP("Actions", "Wheel turns slices"),
        checkable=True,
        needs="series",
        help=QT_TRANSLATE_NOOP("Actions", "In a series the wheel turns slices, and with Ctrl it zooms"),
    ),
    _row("show_crosshair", QT_TRANSLATE_NOOP("Actions", "Crosshair"), "Shift+X", checkable=True),
    _row("more_opacity", QT_TRANSLATE_NOOP("Actions", "More opacity"), "=", repeats=True),
    _row("less_opacity", QT_TRANSLATE_NOOP("Actions", "Less opacity"), "-", repeats=True),
    _row(
        "scheme",
        QT_TRANSLATE_NOOP("Actions", "Dark or light"),
        "Ctrl+Shift+L",
        icon="ph.moon",
        needs="always",
        separated=True,
    ),
    *(
        _row(
            id_,
            text,
            needs="always",
            checkable=True,
            submenu="Language",
            help=QT_TRANSLATE_NOOP("Actions", "From the next start on"),
        )
        for id_, text in (
            ("language_system", QT_TRANSLATE_NOOP("Actions", "As the system")),
            ("language_en", QT_TRANSLATE_NOOP("Actions", "English")),
            ("language_zh", QT_TRANSLATE_NOOP("Actions", "中文")),
        )
    ),
)
