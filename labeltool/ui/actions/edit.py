"""The menu Edit: undo, classes, and where painting counts."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool.ui.actions.spec import DIGITS, ActionSpec, spec

_row = partial(spec, "Edit")

ACTIONS: tuple[ActionSpec, ...] = (
    _row(
        "undo",
        QT_TRANSLATE_NOOP("Actions", "Undo"),
        "Ctrl+Z",
        icon="ph.arrow-counter-clockwise",
        needs="undo",
        repeats=True,
    ),
    _row(
        "redo",
        QT_TRANSLATE_NOOP("Actions", "Redo"),
        "Ctrl+Shift+Z Ctrl+Y",
        icon="ph.arrow-clockwise",
        needs="redo",
        repeats=True,
    ),
    _row(
        "swap_class",
        QT_TRANSLATE_NOOP("Actions", "Swap with the previous class"),
        "X",
        separated=True,
    ),
    _row("add_class", QT_TRANSLATE_NOOP("Actions", "Add a class…"), icon="ph.plus", needs="editable"),
    _row("next_class", QT_TRANSLATE_NOOP("Actions", "Next class"), ".", repeats=True),
    _row("previous_class", QT_TRANSLATE_NOOP("Actions", "Previous class"), ",", repeats=True),
    _row(
        "paint_anywhere",
        QT_TRANSLATE_NOOP("Actions", "Paint anywhere"),
        checkable=True,
        submenu="Paint",
        needs="annotate",
    ),
    _row(
        "paint_over_class",
        QT_TRANSLATE_NOOP("Actions", "Paint only over the class at hand"),
        checkable=True,
        submenu="Paint",
        needs="annotate",
    ),
    _row(
        "paint_unlabelled",
        QT_TRANSLATE_NOOP("Actions", "Paint only what is unlabelled"),
        checkable=True,
        submenu="Paint",
        needs="annotate",
    ),
    _row(
        "keep_human",
        QT_TRANSLATE_NOOP("Actions", "Human pixels stay"),
        checkable=True,
        submenu="Paint",
        needs="annotate",
        help=QT_TRANSLATE_NOOP("Actions", "What people have set or imported is not painted over"),
    ),
    *(
        _row(
            f"class_{n}",
            QT_TRANSLATE_NOOP("Actions", "Class {n}") if n else QT_TRANSLATE_NOOP("Actions", "Background"),
            str(n),
            submenu="Choose a class",
            number=n,
        )
        for n in DIGITS
    ),
    *(
        _row(
            f"show_class_{n}",
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
        _row(
            f"lock_class_{n}",
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
)
