"""SQLite files made wrong: cells of a file that stays valid, its schema, and its pages."""

from __future__ import annotations

import random
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

from fuzz.basic import BYTES, WORDS, cut, flip, json_, splice

_NUMBERS: Final = (
    0,
    1,
    -1,
    2,
    3,
    5,
    255,
    256,
    2**31,
    2**32,
    2**62,
    2**63 - 1,
    -(2**63),
    0.5,
    -0.5,
    1e300,
    float("inf"),
)
_NAMES: Final = "sqlite_master", "sqlite_sequence"

Db = sqlite3.Connection


def cells(data: bytes, rng: random.Random) -> bytes:
    """A cell with another value or of another type, a row gone, doubled or with another's cells: the file is valid."""
    return _changed(data, rng, rng.choice((_cell, _cell, _cell, _swap, _swap, _without, _doubled)))


def schema(data: bytes, rng: random.Random) -> bytes:
    """A table gone or renamed, a view or a trigger in its place, another version of the format."""
    return _changed(
        data, rng, rng.choice((_dropped, _renamed, _viewed, _triggered, _pragma, _unindexed, _widened))
    )


def pages(data: bytes, rng: random.Random) -> bytes:
    """What SQLite finds its way by: the header of the file, the headers and pointers of its pages."""
    found = bytearray(data)
    size = struct.unpack_from(">H", data, 16)[0] or 4096
    page = rng.randrange(max(1, len(data) // size))
    start = page * size + (100 if page == 0 else 0)
    how = rng.randrange(6)
    if how == 0:
        found[rng.randrange(100)] = rng.choice(BYTES)
    elif how == 1:
        found[start + rng.randrange(12)] = rng.choice((*BYTES, 2, 5, 10, 13))
    elif how == 2:
        at = start + 8 + rng.randrange(64)
        struct.pack_into(">H", found, min(at, len(found) - 2), rng.choice((0, 1, 8, 100, size - 1, 0xFFFF)))
    elif how == 3:
        other = rng.randrange(max(1, len(data) // size)) * size
        found[page * size : page * size + size] = found[other : other + size]
    elif how == 4:
        found[page * size : page * size + size] = bytes(size)
    else:
        del found[page * size :]
    return bytes(found)


def _changed(data: bytes, rng: random.Random, change: Callable[[Db, str, random.Random], None]) -> bytes:
    """ValueError where the file is none any more, or does not take the change."""
    try:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
            db.deserialize(data)
            db.execute("PRAGMA writable_schema=ON")
            names = [
                name
                for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")
                if isinstance(name, str) and not name.startswith("sqlite_")
            ]
            change(db, rng.choice(names), rng)
            return db.serialize()
    except (sqlite3.Error, OverflowError, IndexError, MemoryError) as error:
        raise ValueError(str(error)) from error


def _columns(db: Db, table: str) -> list[str]:
    return [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]


def _rows(db: Db, table: str) -> list[tuple[Any, ...]]:
    """Where each row is: its key, for tables without numbers too."""
    keys = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")') if row[5]] or ["rowid"]
    names = ", ".join(f'"{key}"' for key in keys)
    return [
        tuple(zip(keys, row, strict=True))
        for row in db.execute(f'SELECT {names} FROM "{table}" ORDER BY {names}')
    ]


def _where(row: tuple[Any, ...]) -> tuple[str, list[Any]]:
    return " AND ".join(f'"{key}" IS ?' for key, _ in row), [value for _, value in row]


def _cell(db: Db, table: str, rng: random.Random) -> None:
    where, keys = _where(rng.choice(_rows(db, table)))
    column = rng.choice(_columns(db, table))
    found = db.execute(f'SELECT "{column}" FROM "{table}" WHERE {where}', keys).fetchone()
    if found is None:
        raise ValueError("an index does not lead to this row any more")
    (value,) = found
    if rng.random() < 0.03:
        db.execute(f'UPDATE "{table}" SET "{column}" = CAST(x\'fffe41\' AS TEXT) WHERE {where}', keys)
        return
    db.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE {where}', (_other(value, rng), *keys))


def _other(value: Any, rng: random.Random) -> Any:
    """Another value, rather one of the same kind."""
    if rng.random() < 0.2:
        return rng.choice((None, "", "x", b"", b"\0", *_NUMBERS))
    if isinstance(value, bytes):
        return rng.choice((flip, cut, splice))(value, rng)
    if isinstance(value, str):
        return _other_text(value, rng)
    if isinstance(value, int | float) and rng.random() < 0.5:
        return value + rng.choice((1, -1, 2, 256))
    return rng.choice(_NUMBERS)


def _other_text(value: str, rng: random.Random) -> str:
    text = value.encode()
    if text[:1] in (b"{", b"[") and rng.random() < 0.8:
        return json_(text, rng).decode("utf-8", "replace")
    if value.isdecimal():
        return str(rng.choice(_NUMBERS))
    if rng.random() < 0.5:
        return rng.choice(WORDS)
    return flip(text, rng).decode("utf-8", "replace")


def _swap(db: Db, table: str, rng: random.Random) -> None:
    """One row's cell in another: a tile with the pixels and the hash of its neighbour is a valid one."""
    columns = _columns(db, table)
    one, other = (_where(rng.choice(_rows(db, table))) for _ in range(2))
    chosen = [c for c in columns if c in ("data", "sha256")] if rng.random() < 0.5 else [rng.choice(columns)]
    for column in chosen or columns[-1:]:
        found = db.execute(f'SELECT "{column}" FROM "{table}" WHERE {one[0]}', one[1]).fetchone()
        value = found[0] if found else None  # the cell before may have been the key by which the row is found
        db.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE {other[0]}', (value, *other[1]))


def _without(db: Db, table: str, rng: random.Random) -> None:
    where, keys = _where(rng.choice(_rows(db, table)))
    db.execute(
        f'DELETE FROM "{table}"' + ("" if rng.random() < 0.15 else f" WHERE {where}"),
        keys if "?" in where else [],
    )


def _doubled(db: Db, table: str, rng: random.Random) -> None:
    """A row once more, under another key."""
    row = rng.choice(_rows(db, table))
    where, keys = _where(row)
    columns = _columns(db, table)
    found = db.execute(f'SELECT * FROM "{table}" WHERE {where}', keys).fetchone()
    if found is None:
        raise ValueError("an index does not lead to this row any more")
    values = list(found)
    key = rng.choice([name for name, _ in row if name in columns] or columns)
    values[columns.index(key)] = _other(values[columns.index(key)], rng)
    marks = ", ".join("?" * len(columns))
    db.execute(f'INSERT OR REPLACE INTO "{table}" VALUES({marks})', values)


def _dropped(db: Db, table: str, rng: random.Random) -> None:
    db.execute(f'DROP TABLE "{table}"')


def _renamed(db: Db, table: str, rng: random.Random) -> None:
    if rng.random() < 0.5:
        db.execute(f'ALTER TABLE "{table}" RENAME TO "{rng.choice(("x", "tile", "images2"))}"')
    else:
        db.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{rng.choice(_columns(db, table))}" TO "x"')


def _viewed(db: Db, table: str, rng: random.Random) -> None:
    """A view that never ends, or one that tells something else, under the name of a table."""
    columns = ", ".join(f'n AS "{name}"' for name in _columns(db, table))
    plain = ", ".join(f'"{name}"' for name in _columns(db, table))
    endless = f"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT {columns} FROM t"
    large = f"SELECT {columns} FROM (SELECT zeroblob(900000000) AS n)"
    db.execute(f'ALTER TABLE "{table}" RENAME TO "kept"')
    text = rng.choice((endless, large, f'SELECT {plain} FROM "kept" LIMIT 1'))
    db.execute(f'CREATE VIEW "{table}" AS {text}')


def _triggered(db: Db, table: str, rng: random.Random) -> None:
    """What undoes quietly what is written."""
    event = rng.choice(("INSERT", "UPDATE", "DELETE"))
    done = rng.choice((f'DELETE FROM "{table}"', "SELECT RAISE(IGNORE)", "SELECT RAISE(ABORT, 'no')"))
    when = "BEFORE" if "RAISE" in done else "AFTER"
    db.execute(f'CREATE TRIGGER quietly {when} {event} ON "{table}" BEGIN {done}; END')


def _pragma(db: Db, table: str, rng: random.Random) -> None:
    name = rng.choice(("application_id", "user_version", "user_version"))
    db.execute(f"PRAGMA {name}={rng.choice((0, 1, 2, 3, 4, 99, -1, 2**31 - 1))}")


def _unindexed(db: Db, table: str, rng: random.Random) -> None:
    names = [
        n
        for (n,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type='index' AND sql NOT NULL ORDER BY 1"
        )
    ]
    db.execute(f'DROP INDEX "{rng.choice(names)}"')


def _widened(db: Db, table: str, rng: random.Random) -> None:
    db.execute(
        f'ALTER TABLE "{table}" ADD COLUMN "{rng.choice(("x", "y"))}" TEXT DEFAULT \'{rng.choice(WORDS[:20])}\''
    )
