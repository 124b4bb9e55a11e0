"""Opening an SQLite file so that what is committed stays, and saying in words what went wrong."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from labeltool.core.atomic import sync_folder, syncs_folders
from labeltool.core.errors import DiskFullError, StoreError

log = logging.getLogger(__name__)

BUSY_S = 10.0
MOST_BYTES = 1 << 26
"""No value in a file of ours is larger."""

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


class RefusedError(StoreError):
    """A file cannot be read or written as things are: its disk fails, another program holds it, permission is lacking.
    That says nothing of what it holds."""


class UnfinishedError(StoreError):
    """Saving was interrupted, and a reader may not tidy up."""


class NewerError(StoreError):
    """A file belongs to a newer version of the program."""

    may_pass = False


class LostError(DamagedError):
    """Pixels of the journal that are known to be gone."""


CAUSES: dict[str, tuple[type[StoreError], str, str]] = {
    "SQLITE_FULL": (DiskFullError, "the disk is full", "Free some space; what was saved before is safe"),
    "SQLITE_READONLY_ROLLBACK": (
        UnfinishedError,
        "saving was interrupted here",
        "Open the project for writing once: that brings back the last saved state",
    ),
    "SQLITE_READONLY": (StoreError, "may not be written", "Check the permissions of the project's folder"),
    "SQLITE_BUSY": (
        RefusedError,
        "another program is using the file",
        "Close the other program and try again",
    ),
    "SQLITE_CORRUPT": (
        DamagedError,
        "the file is damaged",
        "`labeltool fsck --repair` restores what can be restored",
    ),
    "SQLITE_NOTADB": (
        DamagedError,
        "the file is not ours, or damaged",
        "`labeltool fsck --repair` restores what can be restored",
    ),
    "SQLITE_CANTOPEN": (
        RefusedError,
        "cannot be opened",
        "Is the drive connected, and may you read the file?",
    ),
    "SQLITE_IOERR": (RefusedError, "the disk failed", "Save a copy of the project on another disk"),
    "SQLITE_ERROR": (
        DamagedError,
        "the file lacks what we wrote",
        "`labeltool fsck --repair` restores what can be restored",
    ),
}

CANNOT_SAY = (NewerError, RefusedError, DiskFullError)
"""Whoever looks for damage and meets one of these has found none, and knows of none."""

_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
FULL = (errno.ENOSPC, errno.EDQUOT)
_SAID = (errno.ENOSPC, errno.EIO)
"""Of what the system says our words say the same."""
FAILING = frozenset(
    getattr(errno, name)
    for name in (
        *("EIO", "ENXIO", "ENODEV", "EREMOTEIO", "ENOMEDIUM", "EUCLEAN", "EBADMSG"),
        *("ESTALE", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENOTCONN", "ECONNABORTED", "ECONNRESET"),
    )
    if hasattr(errno, name)
)
"""What the system says where a drive or a network share fails."""
_PERHAPS_FAILING = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN")
"""What SQLite says where a page cannot be read, too: of a read that fails with EIO it says that the file is damaged."""
_PIECE_BYTES = 1 << 20
_PERHAPS_FULL = ("SQLITE_CANTOPEN", "SQLITE_IOERR")
"""What SQLite says where there is no room to make its journal, or no room within a quota."""
_LEAST_BYTES = 16 << 10
_NO_TEXT = "Could not decode to UTF-8"
"""What Python says of a text of a row; of a name in the schema it raises UnicodeDecodeError."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors about ``path`` into StoreError."""
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise explanation(error, path) from error


def explanation(error: BaseException, path: Path) -> StoreError:
    """The words for an error of SQLite or of the system, which the log has with what those say themselves."""
    log.info("%s: %s (%s)", path, error, getattr(error, "sqlite_errorname", None) or type(error).__name__)
    name = getattr(error, "sqlite_errorname", "") or ""
    refused = refusal(path) if name.startswith(_PERHAPS_FAILING) else None
    if refused is not None and refused.errno in FAILING:
        error, name = refused, ""
    if isinstance(error, UnicodeDecodeError) or str(error).startswith(_NO_TEXT):
        name = "SQLITE_CORRUPT"
    if getattr(error, "errno", None) in FULL or (name.startswith(_PERHAPS_FULL) and _no_room(path)):
        name = "SQLITE_FULL"
    if getattr(error, "errno", None) in FAILING:
        name = "SQLITE_IOERR"
    for code, (kind, message, hint) in CAUSES.items():
        if name.startswith(code):
            no_file = code == "SQLITE_CANTOPEN" and _is_no_file(path)
            return (StoreError if no_file else kind)(message + _more(error, code), file=path, hint=hint)
    return _in_its_words(error, path)


def _more(error: BaseException, code: str) -> str:
    """In brackets what an error says beyond our words for it: which network share or drive has gone and how, or what a
    file lacks. That "the disk failed" is a "disk I/O error" helps nobody but who reads the log."""
    if isinstance(error, OSError):
        said = "" if error.errno in _SAID else error.strerror
    else:
        said = str(error) if code == "SQLITE_ERROR" else ""
    return f" ({said})" if said else ""


def _in_its_words(error: BaseException, path: Path) -> StoreError:
    """The words for an error of the system that we have none for."""
    reason = getattr(error, "strerror", None) or str(error)
    hint = "Check the permissions of the folder, or work in one that is yours"
    denied = getattr(error, "errno", None) in _DENIED
    return (RefusedError if denied else StoreError)(
        f"could not be read or written: {reason}", file=path, hint=hint if denied else None
    )


def refusal(path: Path) -> OSError | None:
    """Why a file of ours, or the journal beside it, cannot be read to its end; None where it can. Takes as long as that
    takes, so it is only asked where the file seems to be damaged."""
    for each in (path, path.with_name(f"{path.name}-journal")):
        try:
            _read_through(each)
        except FileNotFoundError:
            continue
        except OSError as error:
            return error
    return None


def _read_through(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if stat.S_ISREG(os.fstat(file).st_mode):
            while os.read(file, _PIECE_BYTES):
                pass
    finally:
        os.close(file)


def broken_pages(db: sqlite3.Connection, path: Path, most: int = 100) -> list[str]:
    """What SQLite finds wrong with the structure of a file, at most so many lines; none where it is sound. RefusedError
    where a page cannot be read: SQLite says of that what it says of a broken one."""
    lines = [str(line) for (line,) in db.execute(f"PRAGMA integrity_check({most})") if line != "ok"]
    refused = refusal(path) if lines else None
    if refused is not None:
        raise explanation(refused, path) from refused
    return lines


def _is_no_file(path: Path) -> bool:
    """True where nothing lies under the name, or a folder or the like."""
    try:
        return not path.is_file()
    except OSError:
        return False


def _no_room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _LEAST_BYTES
    except OSError:
        return False


@contextmanager
def connect(path: Path, *, write: bool) -> Iterator[sqlite3.Connection]:
    """A connection for one call on one thread; StoreError names the file and the cause."""
    with explained(path):
        address = f"{path.absolute().as_uri()}?mode={'rw' if write else 'ro'}"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)) as connection:
            refuse_strange(connection, path)
            if write:
                for pragma in DURABLE:
                    connection.execute(pragma)
                leave_folder(connection, path)
            yield connection


def leave_folder(connection: sqlite3.Connection, path: Path) -> None:
    """Where folders cannot be synced SQLite is not to ask for it: it would call every commit a failure."""
    if not syncs_folders(path.parent):
        connection.execute("PRAGMA synchronous=FULL")


def refuse_strange(connection: sqlite3.Connection, path: Path, name: str = "main") -> None:
    """DamagedError where a file holds more than tables: a view under a table's name may never end, a trigger may undo
    what is written. Neither is ours. No value may be larger than any that we write. ``name`` is that of the database
    within the connection."""
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    strange = f"SELECT type, name FROM {name}.sqlite_master WHERE type IN ('view', 'trigger') LIMIT 1"  # noqa: S608
    for kind, called in connection.execute(strange):
        raise DamagedError(
            f"the file holds a {kind} ({called!r}), which we never write",
            file=path,
            hint="Somebody else has put it there; open a copy from before",
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing of it, on the disk once this ends.

    A block that changes nothing may be the repetition, by whatever process, of one that was said to have failed because
    the folder could not be synced. So it is synced then, too.
    """
    connection.execute("BEGIN IMMEDIATE")
    before = connection.total_changes
    try:
        yield
        sure = _commit(connection)
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if not sure or connection.total_changes == before:
        sync_folder(Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent)


def _commit(connection: sqlite3.Connection) -> bool:
    """False where it has failed and yet stands: the journal is gone, and only whether that is so after a power cut is
    open until the folder is synced."""
    try:
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_IOERR_DIR_FSYNC":
            raise
        return False
    return True


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Every read of the block sees one state of the file."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:  # a disk that fails has ended it already
            connection.execute("ROLLBACK")
