"""Opening an SQLite file so that what is committed stays, and saying in words what went wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from labeltool.core.errors import StoreError

BUSY_S = 10.0

DURABLE = (
    # The default, FULL, may lose an acknowledged transaction in a power cut: EXTRA also syncs the folder
    # once the rollback journal is gone. WAL hangs on network shares.
    "PRAGMA journal_mode=DELETE",
    "PRAGMA synchronous=EXTRA",
    "PRAGMA fullfsync=ON",
)


class DamagedError(StoreError):
    """A file of ours does not hold what we wrote, or is gone."""

    may_pass = False


class UnfinishedError(StoreError):
    """Saving was interrupted, and a reader may not tidy up."""


CAUSES: dict[str, tuple[type[StoreError], str, str]] = {
    "SQLITE_FULL": (StoreError, "the disk is full", "Free some space; what was saved before is safe"),
    "SQLITE_READONLY_ROLLBACK": (
        UnfinishedError,
        "saving was interrupted here",
        "Open the project for writing once: that brings back the last saved state",
    ),
    "SQLITE_READONLY": (StoreError, "may not be written", "Check the permissions of the project's folder"),
    "SQLITE_BUSY": (StoreError, "another program is using the file", "Close the other program and try again"),
    "SQLITE_CORRUPT": (DamagedError, "the file is damaged", "`labeltool fsck` says what is left of it"),
    "SQLITE_NOTADB": (
        DamagedError,
        "the file is not ours, or damaged",
        "`labeltool fsck` says what is left of it",
    ),
    "SQLITE_CANTOPEN": (StoreError, "cannot be opened", "Is the drive connected, and may you read the file?"),
    "SQLITE_IOERR": (StoreError, "the disk failed", "Save a copy of the project on another disk"),
    "SQLITE_ERROR": (
        DamagedError,
        "the file lacks what we wrote",
        "`labeltool fsck` says what is left of it",
    ),
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors about ``path`` into StoreError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise explanation(error, path) from error


def explanation(error: BaseException, path: Path) -> StoreError:
    """The words for an error of SQLite or of the system."""
    name = getattr(error, "sqlite_errorname", "") or ""
    for code, (kind, message, hint) in CAUSES.items():
        if name.startswith(code):
            return kind(f"{message} ({error})", file=path, hint=hint)
    reason = getattr(error, "strerror", None) or str(error)
    return StoreError(f"could not be read or written: {reason}", file=path)


@contextmanager
def connect(path: Path, *, write: bool) -> Iterator[sqlite3.Connection]:
    """A connection for one call on one thread; StoreError names the file and the cause."""
    with explained(path):
        address = f"{path.absolute().as_uri()}?mode={'rw' if write else 'ro'}"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            if write:
                for pragma in DURABLE:
                    connection.execute(pragma)
            yield connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Every read of the block sees one state of the file."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
