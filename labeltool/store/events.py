"""What people did to an image besides changing its pixels: decisions, comments, time spent. A table that only grows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from labeltool.store.records import dump

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS events(number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
        at_utc TEXT NOT NULL, author TEXT NOT NULL, data TEXT NOT NULL)""",
)
"""Files of older versions lack the table: it is made with the first event, and until then there are none."""


class Event(NamedTuple):
    """One thing that somebody did. ``number`` counts from 1 in each image and gives the order, never the time.

    ``at_utc`` is ISO 8601, ``author`` the name of the account, ``data`` plain JSON values that the kind says.
    """

    number: int
    kind: str
    at_utc: str
    author: str
    data: dict[str, Any]


class Entry(NamedTuple):
    """An event before it has a number. It is the same event however often it is written: ``data`` is JSON."""

    kind: str
    at_utc: str
    author: str
    data: str

    @classmethod
    def now(cls, kind: str, data: Mapping[str, Any], author: str) -> Entry:
        """What somebody does just now. TypeError where ``data`` is not made of JSON values."""
        return cls(kind, datetime.now(UTC).isoformat(timespec="milliseconds"), author, dump(dict(data)))


def add(db: sqlite3.Connection, entry: Entry) -> None:
    """Write an event inside the caller's transaction."""
    for statement in SCHEMA:
        db.execute(statement)
    db.execute("INSERT INTO events(kind, at_utc, author, data) VALUES(?, ?, ?, ?)", entry)


def holds(db: sqlite3.Connection, entry: Entry) -> bool:
    """Whether this very entry is there already."""
    there = "SELECT 1 FROM events WHERE kind=? AND at_utc=? AND author=? AND data=?"
    return _has_table(db) and db.execute(there, entry).fetchone() is not None


def read(db: sqlite3.Connection, kinds: Container[str] | None = None) -> list[Event]:
    """The events of some kinds, or all, oldest first. ValueError where a row is not an event."""
    return list(_rows(db, kinds))


def _rows(db: sqlite3.Connection, kinds: Container[str] | None) -> Iterator[Event]:
    if not _has_table(db):
        return
    rows = db.execute("SELECT number, kind, at_utc, author, data FROM events ORDER BY number")
    for number, kind, at_utc, author, text in rows:
        if not all(isinstance(each, str) for each in (kind, at_utc, author)):
            raise ValueError(f"event {number} does not say who did what and when")
        if kinds is None or kind in kinds:
            data = json.loads(text)
            if not isinstance(data, dict):
                raise ValueError(f"event {number} is no object")
            yield Event(number, kind, at_utc, author, data)


def _has_table(db: sqlite3.Connection) -> bool:
    named = "SELECT 1 FROM sqlite_master WHERE type='table' AND name='events'"
    return db.execute(named).fetchone() is not None


def last_number(db: sqlite3.Connection) -> int:
    """The number of the newest event that was ever written: it is counted apart from the events themselves."""
    if not _has_table(db):
        return 0
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name='events'").fetchone()
    return int(row[0]) if row is not None else 0


def count_from_newest(db: sqlite3.Connection) -> None:
    """Let the count go on behind the newest event that is there, inside the caller's transaction."""
    newest = "SELECT COALESCE(MAX(number), 0) FROM events"
    db.execute(f"UPDATE sqlite_sequence SET seq=({newest}) WHERE name='events'")  # noqa: S608
