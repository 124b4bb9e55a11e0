"""Bringing an index of an older format up to date, with a copy of the old one that was looked at first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from labeltool.core.atomic import sync_file, sync_folder
from labeltool.core.errors import StoreError
from labeltool.store.database import connect, explained, transaction
from labeltool.store.index import ADDED, FORMAT, Index, images
from labeltool.store.layout import BACKUPS, INDEX


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
    """A copy of the index in the folder of backups that holds the same rows."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = root / BACKUPS / f"project-format{version}-{stamp}.db"
    with explained(copy):
        copy.parent.mkdir(exist_ok=True)
        with connect(path, write=False) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        sync_file(copy)
        sync_folder(copy.parent)
    if _content(copy) != _content(path):
        raise StoreError(
            "the copy of the old list of images is not equal to it, so nothing was changed", file=copy
        )
    return copy


def _content(path: Path) -> tuple[str, list[list[tuple[object, ...]]]]:
    """What an index holds, and whether SQLite finds it sound."""
    with connect(path, write=False) as db:
        sound = str(db.execute("PRAGMA integrity_check").fetchone()[0])
        tables = ("project", "catalogs", "images")
        return sound, [db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]  # noqa: S608
