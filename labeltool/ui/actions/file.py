"""The menu File: projects, and what goes in and out of them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool.ui.actions.spec import ActionSpec, spec

_row = partial(spec, "File")

ACTIONS: tuple[ActionSpec, ...] = (
    _row(
        "new_project",
        QT_TRANSLATE_NOOP("Actions", "New project…"),
        "Ctrl+N",
        icon="ph.file-plus",
        needs="always",
    ),
    _row(
        "open_project",
        QT_TRANSLATE_NOOP("Actions", "Open project…"),
        "Ctrl+O",
        icon="ph.folder-open",
        needs="always",
    ),
    _row(
        "add_images",
        QT_TRANSLATE_NOOP("Actions", "Add images…"),
        "Ctrl+Shift+O",
        icon="ph.image",
        needs="editable",
    ),
    _row("add_folder", QT_TRANSLATE_NOOP("Actions", "Add a folder of images…"), needs="editable"),
    _row(
        "find_images",
        QT_TRANSLATE_NOOP("Actions", "Find missing images…"),
        needs="editable",
        help=QT_TRANSLATE_NOOP("Actions", "Those that were moved or renamed, by what is in the files"),
    ),
    _row(
        "import",
        QT_TRANSLATE_NOOP("Actions", "Import labels…"),
        "Ctrl+I",
        icon="ph.download-simple",
        needs="editable",
        separated=True,
    ),
    _row("export", QT_TRANSLATE_NOOP("Actions", "Export…"), "Ctrl+E", icon="ph.export", needs="project"),
    _row(
        "save",
        QT_TRANSLATE_NOOP("Actions", "Save now"),
        "Ctrl+S",
        needs="project",
        separated=True,
        help=QT_TRANSLATE_NOOP("Actions", "Everything is saved anyway, as each stroke ends"),
    ),
    _row(
        "edit_now",
        QT_TRANSLATE_NOOP("Actions", "Edit this project now"),
        needs="viewed",
        help=QT_TRANSLATE_NOOP("Actions", "Where it was opened to view, and whoever edited it is done"),
    ),
    _row(
        "bring_back",
        QT_TRANSLATE_NOOP("Actions", "Bring back unsaved work…"),
        needs="always",
        help=QT_TRANSLATE_NOOP("Actions", "Changes that could not be saved, and were kept in a file"),
    ),
    _row("close_project", QT_TRANSLATE_NOOP("Actions", "Close project"), "Ctrl+W", needs="project"),
    _row("quit", QT_TRANSLATE_NOOP("Actions", "Quit"), "Ctrl+Q", needs="always"),
)
