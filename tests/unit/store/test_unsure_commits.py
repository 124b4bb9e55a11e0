"""A commit of the list of images that stands, and whose name in the folder may not have reached the disk."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from labeltool.core.errors import StoreError
from labeltool.store import index as module
from labeltool.store.index import Index
from labeltool.store.layout import INDEX


class UnsureError(sqlite3.OperationalError):
    """What SQLite says where the folder could not be synced."""

    sqlite_errorname = "SQLITE_IOERR_DIR_FSYNC"


def commit_unsurely(root: Path) -> None:
    with Index(root / INDEX, write=True)._explained():
        raise sa.exc.OperationalError("COMMIT", {}, UnsureError("disk I/O error"))


def test_its_folder_is_synced_before_it_counts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(module, "sync_folder", synced.append)
    commit_unsurely(root)
    assert synced == [root]


def test_where_that_fails_too_it_does_not_count(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(module, "sync_folder", fail)
    with pytest.raises(StoreError, match="the disk failed"):
        commit_unsurely(root)
