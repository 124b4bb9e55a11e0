"""The projects that were open last, newest first, kept in the user's settings."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

KEY = "recent"
MOST = 8


def recent() -> list[Path]:
    """Folders of the projects, newest first; some may not be there any more."""
    kept = QSettings().value(KEY, [])
    # A list of one entry comes back from an INI file as a string.
    names = kept if isinstance(kept, list) else [kept]
    return [Path(str(name)) for name in names if name]


def remember(path: Path) -> None:
    """Put a project first."""
    first = path.absolute()
    _keep([first, *(p for p in recent() if p != first)])


def forget(path: Path) -> None:
    """Take a project off the list; its folder stays as it is."""
    _keep([p for p in recent() if p != path])


def _keep(paths: list[Path]) -> None:
    QSettings().setValue(KEY, [str(p) for p in paths[:MOST]])
