"""What disks and other programs do to the files of a project."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

Query = Callable[[sqlite3.Connection], object]


def flip(path: Path, table: str, where: str = "plane=0", column: str = "data") -> None:
    """Turn one bit in the middle of what one row of a table holds, as a failing disk does."""
    with closing(sqlite3.connect(path)) as db, db:
        rowid, value = db.execute(f"SELECT rowid, {column} FROM {table} WHERE {where}").fetchone()
        db.execute(f"UPDATE {table} SET {column}=? WHERE rowid=?", (_rotten(value), rowid))


def _rotten(value: bytes) -> bytes:
    """One bit is another, and so is what comes of it: some bits of a deflated tile make no difference."""
    for place in range(len(value) // 2, len(value)):
        rotten = bytearray(value)
        rotten[place] ^= 4
        if _inflated(value) != _inflated(bytes(rotten)):
            return bytes(rotten)
    raise AssertionError("no bit makes a difference")


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return data


def sql(path: Path, *statements: str) -> None:
    """What another program does to a file."""
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def truncate(path: Path, left: int) -> None:
    """Cut a file off."""
    path.write_bytes(path.read_bytes()[:left])


def interrupt(path: Path, *statements: str) -> None:
    """Leave a file as a kill in the middle of writing pages leaves it: changed, with a hot journal."""
    statements = statements or (
        "UPDATE tiles SET data=zeroblob(60000)",
        "UPDATE changes SET data=zeroblob(60000)",
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size=1")
        db.execute("PRAGMA cache_spill=1")
        db.execute("BEGIN IMMEDIATE")
        for statement in statements:
            db.execute(statement)
        journal = path.with_name(f"{path.name}-journal")
        half, rest = path.read_bytes(), journal.read_bytes()
        db.execute("ROLLBACK")
    path.write_bytes(half)
    journal.write_bytes(rest)
