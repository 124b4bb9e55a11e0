"""The menu Mask: what is done to a region of the mask."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool.ui.actions.spec import ActionSpec, spec

_row = partial(spec, "Mask")

ACTIONS: tuple[ActionSpec, ...] = (
    *(
        _row(id_, text, keys, needs="edit_image", separated=separated)
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
    _row(
        "teach",
        QT_TRANSLATE_NOOP("Actions", "Teach while correcting"),
        "Shift+G",
        icon="ph.graduation-cap",
        needs="editable",
        checkable=True,
        separated=True,
        help=QT_TRANSLATE_NOOP(
            "Actions",
            "What you paint teaches the model, and it offers a better mask for the rest of the image",
        ),
    ),
    *(
        _row(id_, text, keys, needs="offer", repeats=repeats, help=help_)
        for id_, text, keys, repeats, help_ in (
            (
                "take_offer",
                QT_TRANSLATE_NOOP("Actions", "Take the offered region"),
                "",
                False,
                QT_TRANSLATE_NOOP("Actions", "The one under the pointer, or that was shown last (Enter)"),
            ),
            (
                "take_offers",
                QT_TRANSLATE_NOOP("Actions", "Take all that is offered"),
                "Shift+Return Shift+Enter",
                False,
                QT_TRANSLATE_NOOP("Actions", "As one step of undo; what people have set stays"),
            ),
            (
                "decline_offer",
                QT_TRANSLATE_NOOP("Actions", "Decline what is offered"),
                "Shift+Esc",
                False,
                QT_TRANSLATE_NOOP("Actions", "Until the next stroke"),
            ),
            (
                "next_offer",
                QT_TRANSLATE_NOOP("Actions", "Next offered region"),
                "Ctrl+G",
                True,
                QT_TRANSLATE_NOOP("Actions", "The largest first; Enter takes the one that is shown"),
            ),
            (
                "previous_offer",
                QT_TRANSLATE_NOOP("Actions", "Previous offered region"),
                "Ctrl+Shift+G",
                True,
                "",
            ),
        )
    ),
)
