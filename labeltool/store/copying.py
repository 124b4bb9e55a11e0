"""Copying a mask file row by row, or the index, so that the copy is known to say what the original says."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from labeltool.core.atomic import make_folder, replacing, sync_file
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.progress import CancelToken
from labeltool.store import audit
from labeltool.store.contents import SCHEMA, Contents, placed
from labeltool.store.database import (
    DamagedError,
    broken_pages,
    connect,
    explained,
    explanation,
    refuse_strange,
    snapshot,
)
from labeltool.store.predictions import DIGEST, REFERENCE

_LAST_ROW: Final = 2**63 - 1
ROWS: Final = 256
"""Rows that are copied at a time: a stroke waits for no more than that."""
BESIDE: Final = ("events", "predictions", "prediction_tiles")
"""Tables that hold no pixels of the annotation."""


# ---- a mask file


def copy_rows(
    source: Path,
    target: Path,
    *,
    wanted: Callable[[str], bool] = lambda _: True,
    cancel: CancelToken | None = None,
    to_mend: bool = False,
) -> bool:
    """Write what a mask file holds into a new file, in the order of its tables; of predictions those that are
    ``wanted`` by their key. False, and half a file, where somebody has written to the source meanwhile.

    StoreError where a table cannot be read; who is going ``to_mend`` the copy gets what can be read of those that hold
    no pixels. Strokes can be saved between one piece and the next.
    """
    target.unlink(missing_ok=True)
    with _rows_of(source, target) as db:
        version = _version(db)
        for statement in SCHEMA:
            db.execute(statement)
        tables = {name for (name,) in db.execute("SELECT name FROM src.sqlite_master WHERE type='table'")}
        numbers = ""
        with _as_far_as_it_goes(source, to_mend):
            keys = db.execute("SELECT number, model_key FROM src.predictions").fetchall()
            numbers = ",".join(str(int(number)) for number, key in keys if wanted(key))
        meta = db.execute("SELECT key, value FROM src.meta").fetchall()
        db.executemany(
            "INSERT INTO main.meta VALUES(?, ?)", (row for row in meta if _is_wanted(row[0], wanted))
        )
        for table in ("operations", "events", "predictions", "tiles", "changes", "prediction_tiles"):
            only = f" AND number IN ({numbers})" if table.startswith("prediction") else ""
            with _as_far_as_it_goes(source, to_mend and table in BESIDE):
                if table in tables and not _copy_table(db, table, only, version, cancel or CancelToken()):
                    return False
        db.execute("DELETE FROM main.sqlite_sequence")
        db.execute("INSERT INTO main.sqlite_sequence SELECT * FROM src.sqlite_sequence")
        return _version(db) == version


@contextmanager
def _rows_of(source: Path, target: Path) -> Iterator[sqlite3.Connection]:
    """A new file with another one attached as ``src``; errors are the other's."""
    with explained(source):
        address = f"{target.absolute().as_uri()}?mode=rwc"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as db:
            # Nobody reads it before it is whole, and it is synced then.
            for pragma in ("trusted_schema=OFF", "journal_mode=OFF", "synchronous=OFF", "busy_timeout=10000"):
                db.execute(f"PRAGMA {pragma}")
            db.execute("ATTACH ? AS src", (f"{source.absolute().as_uri()}?mode=ro",))
            refuse_strange(db, source, "src")
            yield db


@contextmanager
def _as_far_as_it_goes(source: Path, yes: bool) -> Iterator[None]:
    """Stop within where the source is damaged, and go on after it; a full disk is no damage."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        damaged = isinstance(error, sqlite3.IntegrityError) or isinstance(
            explanation(error, source), DamagedError
        )
        if not yes or not damaged:
            raise


def _is_wanted(key: object, wanted: Callable[[str], bool]) -> bool:
    """True for all of ``meta`` but the digests of predictions that are left out; a damaged key may be a number."""
    return not isinstance(key, str) or not key.startswith(DIGEST) or wanted(key.removeprefix(DIGEST))


def _version(db: sqlite3.Connection) -> int:
    """A number that is another one once somebody else has written to the source."""
    db.execute("SELECT COUNT(*) FROM src.sqlite_master").fetchone()
    return int(db.execute("PRAGMA src.data_version").fetchone()[0])


def _copy_table(db: sqlite3.Connection, table: str, only: str, version: int, cancel: CancelToken) -> bool:
    following = f"SELECT MIN(rowid) FROM src.{table} WHERE rowid>?"  # noqa: S608 - a name of ours
    low = -_LAST_ROW
    while (first := db.execute(following, (low,)).fetchone()[0]) is not None:  # a damaged one may be 2**62
        cancel.check()
        if _version(db) != version:
            return False
        low = min(first + ROWS, _LAST_ROW)
        db.execute(
            f"INSERT INTO main.{table} SELECT * FROM src.{table} WHERE rowid>=? AND rowid<=?{only}",  # noqa: S608
            (first, low),
        )
    return True


@contextmanager
def noticing_writes(source: Path) -> Iterator[Callable[[], bool]]:
    """Gives what tells whether somebody else has written to a mask file since."""
    with connect(source, write=False) as db:

        def number() -> int:
            return int(db.execute("PRAGMA data_version").fetchone()[0])

        first = number()
        yield lambda: number() != first


def check_copy(source: Path, copy: Path) -> None:
    """The copy says what the source says, and every tile of it is the one that was saved; DamagedError where the source
    is damaged, StoreError where only the copy is."""
    wrong = _wrong(copy)
    if wrong and _wrong(source):
        raise DamagedError(wrong, file=source)
    if wrong or not same_state(source, copy):
        raise StoreError(f"the copy is not equal to the file{f': {wrong}' if wrong else ''}", file=copy)


def _wrong(path: Path) -> str:
    """What is wrong with a mask file, first its structure and then its tiles; empty where nothing is."""
    try:
        with connect(path, write=False) as db, snapshot(db), placed(path):
            contents = Contents.of(path, db)
            return next(audit.structure(contents), "") or next(audit.damaged_tiles(contents), "")
    except DamagedError as error:
        return error.message


def same_state(source: Path, copy: Path) -> bool:
    """Whether a copy holds the newest state: all but predictions, which are left out; False where it is damaged."""
    try:
        return _state(source) == _state(copy)
    except LabeltoolError:
        return False


def _state(path: Path) -> tuple[object, ...]:
    with connect(path, write=False) as db, snapshot(db):
        contents = Contents.of(path, db)
        has_events = db.execute("SELECT 1 FROM sqlite_master WHERE name='events'").fetchone()
        events = (
            db.execute("SELECT COUNT(*), MAX(number) FROM events").fetchone() if has_events else (0, None)
        )
        rows = db.execute("SELECT key, value FROM meta ORDER BY key").fetchall()
        of_models = [
            row[0] for row in rows if row[0].startswith(DIGEST) and not row[0].startswith(DIGEST + REFERENCE)
        ]
        meta = [row for row in rows if row[0] not in of_models]
        operations = db.execute("SELECT COUNT(*), MAX(revision) FROM operations").fetchone()
        changes = db.execute("SELECT COUNT(*) FROM changes").fetchone()
        others = "SELECT number, model_key, at_utc FROM predictions WHERE model_key LIKE ? ORDER BY number"
        references = db.execute(others, (f"{REFERENCE}%",)).fetchall()
        return contents.root_hash(), meta, operations, changes, events, references


# ---- the index


def copy_index(path: Path, target: Path) -> None:
    """A copy of an index, whole or not at all: looked at once it is on the disk. StoreError where it differs."""
    with explained(target):
        make_folder(target.parent)
        with replacing(target) as temporary:
            with connect(path, write=False) as source, closing(sqlite3.connect(temporary)) as copy:
                source.backup(copy)
            sync_file(temporary)
            if not _holds(temporary, index_content(path)):
                raise StoreError(
                    "the copy of the old list of images is not equal to it, so nothing was changed",
                    file=target,
                )


def index_content(path: Path) -> tuple[str, list[list[tuple[object, ...]]]]:
    """What an index holds, and whether SQLite finds it sound."""
    with connect(path, write=False) as db:
        sound = next(iter(broken_pages(db, path, 1)), "ok")
        tables = ("project", "catalogs", "images")
        return sound, [db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]  # noqa: S608


def _holds(copy: Path, content: object) -> bool:
    try:
        return index_content(copy) == content
    except DamagedError:
        return False


def content_or_none(path: Path) -> object:
    """The same; None where it cannot be read."""
    try:
        return index_content(path)
    except StoreError:
        return None
