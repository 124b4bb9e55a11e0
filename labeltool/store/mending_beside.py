"""What lies beside the pixels in a damaged mask file, made whole: what it says of its image, what steps say of
themselves, what people did, and what models and other people say."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.store import events, predictions
from labeltool.store.contents import Contents, read_meta, write_meta
from labeltool.store.database import CANNOT_SAY, connect
from labeltool.store.deeds import Deed, passive
from labeltool.store.predictions import REFERENCE
from labeltool.store.records import Description

LOST = "lost"
"""The kind of an event that cannot be read any more."""
_MOST_GONE = 10_000
"""Events that are looked for where numbers are missing: more are not gone, but a number was damaged."""


def mend_beside(file: Contents, donors: Sequence[Path], known: Description | None) -> Iterator[Deed]:
    """Everything but pixels, inside the caller's transaction. ``donors`` are backups of the same image, the newest
    first, ``known`` is what the index says of it."""
    yield from _description(file, known)
    yield from _details(file.db)
    yield from _events(file.db, donors)
    for key in predictions.keys(file.db):
        if not _is_whole(file, key):
            yield _prediction(file, donors, key)
    for key in predictions.gone(file.db):
        yield _prediction(file, donors, key)


def is_described(file: Contents) -> bool:
    """Whether a file says of which image and project it is, and that image is its own."""
    try:
        return Description.from_meta(read_meta(file.db), file.revision).image.id == file.image_id
    except (LabeltoolError, KeyError, TypeError, ValueError, IndexError, OverflowError, RecursionError):
        return False


def _description(file: Contents, known: Description | None) -> Iterator[Deed]:
    """What the file says of its image and of the project is in the index, too."""
    if known is not None and not is_described(file):
        image = replace(known.image, revision=file.revision)
        write_meta(file.db, replace(known, image=image).to_meta())
        yield passive("what the file says of its image and project", "written anew from the list of images")


def _details(db: sqlite3.Connection) -> Iterator[Deed]:
    """What a step says of itself is no pixel."""
    for revision, text in db.execute("SELECT revision, details FROM operations").fetchall():
        if not _is_object(text):
            db.execute("UPDATE operations SET details='{}' WHERE revision=?", (revision,))
            yield _left_out(f"what r{revision} said of itself")


def _is_object(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _left_out(what: str, more: str = "") -> Deed:
    return Deed(f"{what} could not be read, and was left out{more}", f"{what} would be left out{more}")


# ---- what people did


_Row = tuple[int, str, str, str, str]


def _events(db: sqlite3.Connection, donors: Sequence[Path]) -> Iterator[Deed]:
    """An event comes from a backup, or is marked as lost: the others keep their numbers."""
    yield from _numbers(db)
    known: dict[int, _Row] = {row[0]: row for row in db.execute("SELECT * FROM events").fetchall()}
    for number in range(1, max(events.last_number(db), max(known, default=0)) + 1):
        if number in known and _is_event(known[number]):
            continue
        row = _event(number, donors)
        db.execute("INSERT OR REPLACE INTO events VALUES(?, ?, ?, ?, ?)", row)
        what = f"event {number} of what people did"
        yield (
            _left_out(what)
            if row[1] == LOST
            else Deed(f"{what} came from a backup", f"{what} would come from a backup")
        )


def _numbers(db: sqlite3.Connection) -> Iterator[Deed]:
    """An event whose number cannot be is given one that is missing; a count that cannot be, the newest number."""
    count = db.execute("SELECT COUNT(*) FROM events").fetchone()[0]
    most = count + _MOST_GONE
    wrong = "SELECT number FROM events WHERE number<1 OR number>? ORDER BY at_utc"
    for (number,) in db.execute(wrong, (most,)).fetchall():
        taken = {row[0] for row in db.execute("SELECT number FROM events")}
        free = next(each for each in range(1, count + 1) if each not in taken)
        db.execute("UPDATE events SET number=? WHERE number=?", (free, number))
        yield passive(f"the damaged number of event {free} of what people did", "put right")
    if not 0 <= events.last_number(db) <= most:
        events.count_from_newest(db)


def _is_event(row: _Row) -> bool:
    return all(isinstance(each, str) for each in row[1:4]) and _is_object(row[4])


def _event(number: int, donors: Sequence[Path]) -> _Row:
    for donor in donors:
        try:
            with connect(donor, write=False) as db:
                row = db.execute("SELECT * FROM events WHERE number=?", (number,)).fetchone()
        except CANNOT_SAY:
            raise
        except StoreError:
            continue  # a backup that is damaged itself
        if row is not None and _is_event(row):
            return row[0], row[1], row[2], row[3], row[4]
    return number, LOST, datetime.now(UTC).isoformat(timespec="milliseconds"), "", "{}"


# ---- what models and other people say


def _prediction(file: Contents, donors: Sequence[Path], key: str) -> Deed:
    """What a model has said can be made again; what another person drew comes from a backup, or is said to be gone."""
    what = f"the {predictions.called(key)}"
    if any(_is_taken_over(file, donor, key) for donor in donors):
        return passive(what, "restored from a backup")
    predictions.remove(file.db, key)
    return _left_out(what, "" if key.startswith(REFERENCE) else ": pre-label the image again")


def _is_taken_over(file: Contents, donor: Path, key: str) -> bool:
    try:
        with connect(donor, write=False) as db:
            return predictions.take_over(file.db, key, db) and _is_whole(file, key)
    except CANNOT_SAY:
        raise
    except StoreError:
        return False  # a backup that is damaged itself


def _is_whole(file: Contents, key: str) -> bool:
    try:
        predictions.load(file.db, key, file.size, file.path)
    except (LabeltoolError, ValueError, IndexError):
        return False
    return True
