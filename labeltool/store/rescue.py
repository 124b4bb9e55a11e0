"""Operations that could not be saved, in a file of their own on another disk, until they can.

A rescue file is an SQLite file that belongs to one image: its operations in their order, each with the tiles that it
leaves, packed and hashed as in a mask file, and the hashes of those that it was made on. So whoever commits them later
knows whether they follow on what is there.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from labeltool.core.atomic import make_folder, replacing
from labeltool.core.cold import Held
from labeltool.core.errors import StoreError
from labeltool.core.mask import PLANES
from labeltool.core.patch import Patch, Place, TileDelta
from labeltool.core.regular import no_file
from labeltool.store.commit import Operation
from labeltool.store.contents import read_meta, sensible, write_meta
from labeltool.store.database import DamagedError, connect, explained, snapshot, transaction
from labeltool.store.history import OperationKind, place_key, place_of
from labeltool.store.records import Description, dump
from labeltool.store.settling import as_settled, journal_of, take_back
from labeltool.store.tiles import Packed, pack_held, shape_of, tile_hash, unpack_cold

SUFFIX = ".unsaved"
APPLICATION_ID = 0x4C545531
FORMAT = 1
_LONGEST_NAME = 40

SCHEMA = (
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE operations(revision INTEGER PRIMARY KEY, kind TEXT NOT NULL, target INTEGER,
        patch_kind TEXT NOT NULL, title TEXT NOT NULL, details TEXT NOT NULL, author TEXT NOT NULL,
        at_utc TEXT NOT NULL)""",
    # ``before`` is the hash of the tile that it was made on; NULL stands for a tile of the fill value.
    """CREATE TABLE changes(revision INTEGER, plane INTEGER, row INTEGER, col INTEGER, before BLOB, data BLOB,
        sha256 BLOB, PRIMARY KEY(revision, plane, row, col))""",
    f"PRAGMA application_id={APPLICATION_ID}",
    f"PRAGMA user_version={FORMAT}",
)


class About(NamedTuple):
    """Whose operations a rescue file holds. ``root`` is where the project was, ``expected`` the revision on which the
    first operation was made, ``changes`` how many operations there are, ``at_utc`` when the first could not be saved
    (ISO 8601)."""

    description: Description
    root: Path
    expected: int
    changes: int
    author: str
    at_utc: str


@dataclass(frozen=True)
class Rescued:
    """One operation as a rescue file holds it: the tiles that it leaves (None: fill value), with their hashes, and the
    hashes of those that it was made on."""

    expected: int
    kind: OperationKind
    target: int | None
    patch_kind: str
    title: str
    details: Mapping[str, str]
    author: str
    after: Mapping[Place, Held | None]
    after_hashes: Mapping[Place, bytes | None]
    before_hashes: Mapping[Place, bytes | None]

    def patch(self, before: Mapping[Place, Held | None]) -> Patch:
        """The patch that leads from the tiles ``before`` to those after."""
        deltas = {place: TileDelta(before[place], tile) for place, tile in self.after.items()}
        return Patch(self.title, self.patch_kind, deltas, self.details)


@dataclass(frozen=True)
class RescueFile:
    """A file of operations. Each call opens it for as long as it takes; StoreError names it where that fails."""

    path: Path

    @classmethod
    def create(cls, folder: Path, description: Description, root: Path) -> RescueFile:
        """Make an empty file in ``folder`` under a name that nobody has, for the image of ``description``."""
        image = description.image
        name = "-".join((_plain(description.project), _plain(image.name), secrets.token_hex(4)))
        path = folder / f"{name}{SUFFIX}"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        where = {"root": str(root), "at_utc": now}
        with explained(path):
            make_folder(folder)
            with replacing(path) as temporary:
                temporary.touch(0o600)
                with connect(temporary, write=True) as db, transaction(db):
                    for statement in SCHEMA:
                        db.execute(statement)
                    write_meta(db, {**description.to_meta(), "rescue": dump(where)})
        return cls(path)

    def append(self, operations: Iterable[Operation]) -> None:
        """Write operations behind those that are there, in one transaction that survives anything from then on. Where
        the outcome was unclear they may be written again, and are there once."""
        with connect(self.path, write=True) as db, transaction(db):
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            for each in operations:
                patch, revision = each.patch, each.expected + 1
                said = (patch.kind, patch.title, dump(dict(patch.details)), each.author, now)
                db.execute("DELETE FROM changes WHERE revision=?", (revision,))
                db.execute(
                    "INSERT OR REPLACE INTO operations VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                    (revision, each.kind, each.target, *said),
                )
                db.executemany("INSERT INTO changes VALUES(?, ?, ?, ?, ?, ?, ?)", _rows(each))

    def settle(self) -> None:
        """Take back what a kill or a power cut has cut off while it was written, so that nothing lies beside the file.
        DamagedError, and both as they were, where that leaves nothing that can be read."""
        _refuse_no_file(self.path)
        if journal_of(self.path).exists():
            self.operations()
            take_back(self.path)

    def about(self) -> About:
        """Whose operations these are; DamagedError where the file is not one of ours."""
        with self._reading() as (db, meta), sensible(self.path):
            where = json.loads(meta["rescue"])
            first, count = db.execute("SELECT MIN(revision), COUNT(*) FROM operations").fetchone()
            author = db.execute("SELECT author FROM operations ORDER BY revision LIMIT 1").fetchone()
            expected = (first or 1) - 1
            return About(
                Description.from_meta(meta, expected),
                Path(where["root"]),
                expected,
                int(count),
                author[0] if author else "",
                str(where["at_utc"]),
            )

    def operations(self) -> list[Rescued]:
        """All operations, oldest first, every tile held against its hash."""
        with self._reading() as (db, meta), sensible(self.path):
            description = Description.from_meta(meta, 0)
            rows = db.execute(
                """SELECT revision, kind, target, patch_kind, title, details, author FROM operations
                   ORDER BY revision"""
            ).fetchall()
            return [self._operation(db, description, row) for row in rows]

    @staticmethod
    def _operation(db: sqlite3.Connection, description: Description, row: tuple[Any, ...]) -> Rescued:
        revision, kind, target, patch_kind, title, details, author = row
        after: dict[Place, Held | None] = {}
        hashes: dict[Place, bytes | None] = {}
        before: dict[Place, bytes | None] = {}
        for *key, was, data, sha256 in db.execute(
            "SELECT plane, row, col, before, data, sha256 FROM changes WHERE revision=?", (revision,)
        ):
            place = place_of(*key)
            shape = shape_of(place[1], description.image.size)
            after[place] = (
                None if data is None else unpack_cold(Packed(data, sha256), PLANES[place[0]], shape)
            )
            hashes[place], before[place] = sha256, was
        return Rescued(
            revision - 1, kind, target, patch_kind, title, json.loads(details), author, after, hashes, before
        )

    @contextmanager
    def _reading(self) -> Iterator[tuple[sqlite3.Connection, dict[str, str]]]:
        _refuse_no_file(self.path)
        with _without_fsck(), as_settled(self.path) as path, connect(path, write=False) as db, snapshot(db):
            (application,) = db.execute("PRAGMA application_id").fetchone()
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if application != APPLICATION_ID:
                raise DamagedError("holds no unsaved work", file=self.path)
            if version > FORMAT:
                raise StoreError(
                    f"was written by a newer labeltool (format {version}, this one reads {FORMAT})",
                    file=self.path,
                    hint="Install the newer version to open it; nothing was changed",
                )
            yield db, read_meta(db)


def rescue_files(folder: Path) -> list[Path]:
    """The rescue files of a folder, oldest first; none where there is no such folder."""
    found = [path for path in folder.glob(f"*{SUFFIX}") if path.is_file()]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _refuse_no_file(path: Path) -> None:
    """StoreError where there is no file to read. Of a folder SQLite would say that the disk has failed, and for a pipe
    it would wait."""
    with explained(path):
        if what := no_file(path):
            raise StoreError(what, file=path, hint=f"Choose a file {SUFFIX}")


@contextmanager
def _without_fsck() -> Iterator[None]:
    """What is advised where a file of the project is damaged mends no file outside of it."""
    try:
        yield
    except DamagedError as error:
        error.hint = f"Choose another file {SUFFIX}, or an older copy of this one; nothing was changed"
        raise


def at_revision(description: Description, revision: int) -> Description:
    """The same of an image that is at ``revision``."""
    return replace(description, image=replace(description.image, revision=revision))


def _rows(operation: Operation) -> Iterator[tuple[object, ...]]:
    for place, delta in operation.patch.deltas.items():
        before = None if delta.before is None else tile_hash(delta.before)
        packed = (None, None) if delta.held_after is None else pack_held(delta.held_after)
        yield (operation.expected + 1, *place_key(place), before, *packed)


def _plain(name: str) -> str:
    """A name as every system takes it in a file's name."""
    return re.sub(r"[^\w.]+", "_", name, flags=re.ASCII).strip("_.")[:_LONGEST_NAME] or "image"
