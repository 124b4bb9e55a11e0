"""What people read when SQLite or the system refuses: our words, and theirs in the log and in the chain of causes."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
from pathlib import Path

import pytest

from labeltool.core.errors import StoreError
from labeltool.store.database import explained


def of_sqlite(name: str, words: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorname = name  # type: ignore[misc]
    return error


def of_system(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (of_sqlite("SQLITE_IOERR_WRITE", "disk I/O error"), "the disk failed"),
        (of_sqlite("SQLITE_FULL", "database or disk is full"), "the disk is full"),
        (of_sqlite("SQLITE_READONLY", "attempt to write a readonly database"), "may not be written"),
        (of_sqlite("SQLITE_BUSY", "database is locked"), "another program is using the file"),
        (of_sqlite("SQLITE_CORRUPT", "database disk image is malformed"), "the file is damaged"),
        (of_sqlite("SQLITE_NOTADB", "file is not a database"), "the file is not ours, or damaged"),
        (of_sqlite("SQLITE_CANTOPEN", "unable to open database file"), "cannot be opened"),
        (
            of_sqlite("SQLITE_ERROR", "no such table: tiles"),
            "the file lacks what we wrote (no such table: tiles)",
        ),
        (of_system(errno.EIO), "the disk failed"),
        (of_system(errno.ENOSPC), "the disk is full"),
        (of_system(errno.ESTALE), f"the disk failed ({os.strerror(errno.ESTALE)})"),
        (of_system(errno.EDQUOT), f"the disk is full ({os.strerror(errno.EDQUOT)})"),
        (of_system(errno.EACCES), f"could not be read or written: {os.strerror(errno.EACCES)}"),
    ],
)
def test_people_read_our_words_and_the_log_has_those_of_sqlite_and_the_system(
    tmp_path: Path, cause: Exception, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "labeltool")
    path = tmp_path / "a.ltm"
    path.touch()
    with pytest.raises(StoreError) as told, explained(path):
        raise cause
    assert told.value.message == words
    assert told.value.__cause__ is cause
    assert str(cause) in caplog.text and str(path) in caplog.text
