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


def add(db: sqlite3.Connection, kind: str, data: Mapping[str, Any], author: str) -> None:
    """Write an event inside the caller's transaction. TypeError where ``data`` is not made of JSON values."""
    for statement in SCHEMA:
        db.execute(statement)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    db.execute(
        "INSERT INTO events(kind, at_utc, author, data) VALUES(?, ?, ?, ?)",
        (kind, now, author, dump(dict(data))),
    )


def read(db: sqlite3.Connection, kinds: Container[str] | None = None) -> list[Event]:
    """The events of some kinds, or all, oldest first. ValueError where a row is not an event."""
    return list(_rows(db, kinds))


def _rows(db: sqlite3.Connection, kinds: Container[str] | None) -> Iterator[Event]:
    if db.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name='events'").fetchone() is None:
        return
    rows = db.execute("SELECT number, kind, at_utc, author, data FROM events ORDER BY number")
    for number, kind, at_utc, author, text in rows:
        if kinds is None or kind in kinds:
            data = json.loads(text)
            if not isinstance(data, dict):
                raise ValueError(f"event {number} is no object")
            yield Event(number, kind, at_utc, author, data)
