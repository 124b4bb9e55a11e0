"""The menu Help: the keys, finding things, and what to do about problems."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool.ui.actions.spec import ActionSpec, spec

_row = partial(spec, "Help")

ACTIONS: tuple[ActionSpec, ...] = (
    _row("keys", QT_TRANSLATE_NOOP("Actions", "Keys and mouse…"), "F1", needs="always"),
    _row(
        "palette",
        QT_TRANSLATE_NOOP("Actions", "Find an action…"),
        "Ctrl+K",
        icon="ph.magnifying-glass",
        needs="always",
    ),
    _row("report", QT_TRANSLATE_NOOP("Actions", "Report of a problem…"), needs="always", separated=True),
    _row("logs", QT_TRANSLATE_NOOP("Actions", "Open the folder of logs"), needs="always"),
    _row("about", QT_TRANSLATE_NOOP("Actions", "About labeltool"), needs="always"),
)
