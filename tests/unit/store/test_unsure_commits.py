"""A commit that stands, and whose journal's end may not have reached the disk: the folder could not be synced."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from labeltool.store import database
from labeltool.store.database import transaction


class Unsure(sqlite3.Connection):
    """Says of a statement, once it is done, that the folder could not be synced."""

    of = "COMMIT"

    def execute(self, statement: str, *values: object) -> sqlite3.Cursor:  # type: ignore[override]
        cursor = super().execute(statement, *values)
        if statement.startswith(self.of):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_DIR_FSYNC"
            raise error
        return cursor


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Unsure]:
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("CREATE TABLE t(x)")
    with closing(sqlite3.connect(path, isolation_level=None, factory=Unsure)) as unsure:
        yield unsure


def rows(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COUNT(*) FROM t").fetchone()[0])


def test_its_folder_is_synced_before_it_counts(
    db: Unsure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(database, "sync_folder", synced.append)
    with transaction(db):
        db.execute("INSERT INTO t VALUES(1)")
    assert synced == [tmp_path.resolve()]
    assert rows(db) == 1


def test_where_that_fails_too_it_does_not_count(db: Unsure, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(database, "sync_folder", fail)
    with pytest.raises(OSError, match="Input/output"), transaction(db):
        db.execute("INSERT INTO t VALUES(1)")


def test_the_same_words_before_the_commit_are_a_failure(db: Unsure) -> None:
    """They may be about a journal of before that was applied: nothing of this block has been written then."""
    db.of = "INSERT"
    with pytest.raises(sqlite3.OperationalError), transaction(db):
        db.execute("INSERT INTO t VALUES(1)")
    assert rows(db) == 0


def test_who_finds_everything_as_it_should_be_syncs_the_folder(
    db: Unsure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the repetition of a call that was said to have failed."""
    synced: list[Path] = []
    monkeypatch.setattr(database, "sync_folder", synced.append)
    db.of = "nothing"
    with transaction(db):
        db.execute("INSERT INTO t VALUES(1)")
    assert synced == []
    with transaction(db):
        db.execute("DELETE FROM t WHERE x=2")
    assert synced == [tmp_path.resolve()]
