"""Bringing an index of an older format up to date, with a copy of the old one that was looked at first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from labeltool.core.errors import StoreError
from labeltool.store.copying import copy_index
from labeltool.store.database import NewerError, connect, transaction
from labeltool.store.index import ADDED, FORMAT, Index, images, newer
from labeltool.store.layout import BACKUPS, INDEX


def too_new(root: Path) -> str:
    """Why this version may look at a project and not change it; empty where it may. NewerError where it cannot even
    read it. Nothing is written to find out."""
    try:
        version = Index(root / INDEX, write=False).format()
    except NewerError:
        raise
    except StoreError:  # whoever opens it says what is wrong with it
        return ""
    return newer(version) if version > FORMAT else ""


def migrate(root: Path, index: Index) -> list[str]:
    """Bring ``project.db``, which ``index`` has open for writing, to the format of this version and say what was done;
    nothing where it is up to date.

    Needs the project's lock. StoreError, and an index that is as it was, when the copy cannot be made or differs.
    """
    path = root / INDEX
    version = index.format()
    if version >= FORMAT:
        return []
    copy = _copy(root, path, version)
    with connect(path, write=True) as db, transaction(db):
        there = {row[1] for row in db.execute("PRAGMA table_info(images)")}
        for column in (images.c[name] for name in ADDED if name not in there):
            kind, default = ("REAL", "0") if column.name == "place" else ("TEXT", "''")
            db.execute(f"ALTER TABLE images ADD COLUMN {column.name} {kind} NOT NULL DEFAULT {default}")
        db.execute("UPDATE project SET value = ? WHERE key = 'format'", (str(FORMAT),))
    return [
        f"the list of images was brought from format {version} to {FORMAT}; the old one is kept as {copy}"
    ]


def _copy(root: Path, path: Path, version: int) -> Path:
    """A copy of the index in the folder of backups that holds the same rows; never one of the half of them."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = root / BACKUPS / f"project-format{version}-{stamp}.db"
    copy_index(path, copy)
    return copy
