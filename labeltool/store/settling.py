"""What to think of a journal of SQLite's that lies beside a file of ours.

Usually somebody died while a step was written, and the journal takes back the half of it. But SQLite asks no journal
whose it is: one that was copied there, or put back by a program that syncs folders, would be written over good pages.
So it is applied to a copy first, and hashes say what came of it.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.store import audit, backups
from labeltool.store.contents import Contents, placed
from labeltool.store.database import (
    CANNOT_SAY,
    FULL,
    DamagedError,
    UnfinishedError,
    connect,
    explained,
    explanation,
    snapshot,
    transaction,
)
from labeltool.store.mending_beside import is_described

Verdict = Literal["none", "own", "foreign", "neither"]
"""Of a journal: there is none; what it takes back leaves a whole file; the file is whole without it; it is not whole
either way."""
_UNDESCRIBED = "it does not say of which image and project it is"

Check = Callable[[Path], str]
"""What is wrong with a file, in words; empty where nothing is."""


def journal_of(path: Path) -> Path:
    """Where SQLite keeps what it needs to take a half-written step back."""
    return path.with_name(f"{path.name}-journal")


def is_unfinished(path: Path) -> bool:
    """True when SQLite would apply the journal beside a file. One that begins with a zero was ended."""
    try:
        with journal_of(path).open("rb") as journal:
            return journal.read(1) not in (b"", b"\0")
    except OSError:
        return False


def is_left(path: Path) -> bool:
    """True when nobody is at the writing any more that the journal beside a file belongs to: SQLite would apply it to
    whoever opens the file next."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=0)) as db:
            db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:  # who is at it keeps the file busy
        return getattr(error, "sqlite_errorname", "") == "SQLITE_READONLY_ROLLBACK"
    return False


@contextmanager
def rolled_back(path: Path) -> Iterator[Path]:
    """A copy of a file to which its journal was applied; the original stays as it is."""
    with explained(path), tempfile.TemporaryDirectory() as folder:
        copy = _copied(path, Path(folder))
        if journal_of(path).exists():
            _copied(journal_of(path), Path(folder))
            with connect(copy, write=True) as db:
                db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        yield copy


@contextmanager
def as_settled(path: Path) -> Iterator[Path]:
    """A file, or where writing it was cut off a copy of it as it was before: who only looks writes nothing. Errors name
    the file."""
    try:
        with connect(path, write=False):
            pass
    except UnfinishedError:
        with rolled_back(path) as copy, _called(path, copy):
            yield copy
    else:
        yield path


@contextmanager
def _called(path: Path, copy: Path) -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        error.file = str(path) if error.file == str(copy) else error.file
        raise


def owner(path: Path) -> str:
    """The image whose mask file this is, or a copy of it, by its name."""
    backup = backups.Backup.parse(path)
    return backup.of if backup is not None else path.stem


def structural(path: Path) -> str:
    """What is wrong with a mask file but for its pixels."""
    return _wrong(path, audit.structure)


def sound(path: Path) -> str:
    """The same, pixels included."""
    return structural(path) or _wrong(path, audit.damaged_tiles)


def _wrong(path: Path, look: Callable[[Contents], Iterator[str]]) -> str:
    try:
        with connect(path, write=False) as db, snapshot(db), explained(path), placed(path):
            contents = Contents.of(path, db)
            if contents.image_id != owner(path):
                return f"it holds the mask of another image, {contents.image_id}"
            return next(look(contents), "") or ("" if is_described(contents) else _UNDESCRIBED)
    except CANNOT_SAY:
        raise
    except LabeltoolError as error:
        return error.message


def verdict(path: Path, checks: tuple[Check, ...] = (sound, structural)) -> tuple[Verdict, str]:
    """Whose the journal beside a file is, and what is wrong where it was applied. The stricter check goes first."""
    if not is_unfinished(path):
        return "none", ""
    with_it = [_tried(path, check, applied=True) for check in checks]
    without = [_tried(path, check, applied=False) for check in checks]
    for applied, alone in zip(with_it, without, strict=True):
        if not applied:
            return "own", ""
        if not alone:
            return "foreign", with_it[0]
    return "neither", with_it[0]


def is_whole_alone(path: Path) -> bool:
    """Whether a mask file is sound, to its last pixel, without the journal beside it."""
    return not _tried(path, sound, applied=False)


def _tried(path: Path, check: Check, *, applied: bool) -> str:
    try:
        if applied:
            with rolled_back(path) as copy:
                return check(copy)
        with explained(path), tempfile.TemporaryDirectory() as folder:
            return check(_copied(path, Path(folder)))
    except CANNOT_SAY:
        raise
    except (LabeltoolError, sqlite3.Error, OSError) as error:
        return error.message if isinstance(error, LabeltoolError) else str(error)


def _copied(path: Path, folder: Path) -> Path:
    """A copy in a folder of the system; where there is no room in that, its disk is full and not the project's."""
    try:
        return Path(shutil.copy(path, folder))
    except OSError as error:
        raise explanation(error, folder if error.errno in FULL else path) from error


def take_back(path: Path) -> None:
    """Have SQLite apply a journal, or remove one that has nothing to take back: that goes with a commit."""
    with connect(path, write=True) as db:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if journal_of(path).exists():
            with transaction(db):
                db.execute(f"PRAGMA user_version={version}")


def settle(path: Path) -> None:
    """Take back what was half written of a mask file. DamagedError, and both files as they were, where the journal is
    not its own, or nobody can say."""
    found, wrong = verdict(path)
    if found in ("none", "own"):
        take_back(path)
        return
    raise DamagedError(
        f"beside it lies a journal that {'is not its own' if found == 'foreign' else 'does not make it whole'}: "
        f"applied, it would leave this: {wrong}",
        file=path,
        hint="Nothing was changed. `labeltool fsck --repair` sets aside what does not belong here",
    )
