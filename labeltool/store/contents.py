"""A mask file that is open: what its tables say, in our terms."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labeltool.core.cold import Held, warm
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.geometry import TILE, Size
from labeltool.core.mask import PLANES, Tile
from labeltool.core.patch import Patch, Place, TileDelta
from labeltool.store import events, predictions
from labeltool.store.database import DamagedError
from labeltool.store.history import History, JournalEntry, OperationInfo, place_key, place_of, replay
from labeltool.store.tiles import Packed, blank_tile, shape_of, unpack, unpack_cold

APPLICATION_ID = 0x4C544D31
FORMAT = 1

SCHEMA = (
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE tiles(plane INTEGER, row INTEGER, col INTEGER, data BLOB NOT NULL, sha256 BLOB NOT NULL,
        PRIMARY KEY(plane, row, col))""",
    """CREATE TABLE operations(revision INTEGER PRIMARY KEY, kind TEXT NOT NULL, target INTEGER,
        patch_kind TEXT NOT NULL, title TEXT NOT NULL, details TEXT NOT NULL, author TEXT NOT NULL,
        at_utc TEXT NOT NULL, chain BLOB NOT NULL)""",
    # A change holds the tile it left. What was there before is what the change before it left.
    """CREATE TABLE changes(revision INTEGER, plane INTEGER, row INTEGER, col INTEGER, data BLOB, sha256 BLOB,
        PRIMARY KEY(plane, row, col, revision))""",
    "CREATE INDEX changes_by_revision ON changes(revision)",
    *predictions.SCHEMA,
    *events.SCHEMA,
    f"PRAGMA application_id={APPLICATION_ID}",
    f"PRAGMA user_version={FORMAT}",
)

_FSCK = "`labeltool fsck` says what is left of the file"


@dataclass(frozen=True)
class Contents:
    """One state of a mask file.

    ``fill`` is the label of pixels nobody has set, ``revision`` the newest one, ``chain`` its hash.
    """

    path: Path
    db: sqlite3.Connection
    image_id: str
    size: Size
    fill: int
    revision: int
    chain: bytes

    @classmethod
    def of(cls, path: Path, db: sqlite3.Connection) -> Contents:
        """Read what every call needs; StoreError where this is no mask file, or one of a newer version."""
        _check_format(path, db)
        with sensible(path):
            meta = read_meta(db)
            mask = json.loads(meta["mask"])
            if mask["tile"] != TILE:
                raise ValueError(f"tiles of {mask['tile']} pixels")
            width, height = mask["size"]
            return cls(
                path,
                db,
                str(mask["image"]),
                Size(int(width), int(height)),
                int(mask["fill"]),
                int(meta["revision"]),
                bytes.fromhex(meta["chain"]),
            )

    def fill_of(self, place: Place) -> int:
        """The value of a pixel nobody has set."""
        return self.fill if place[0] == "label" else 0

    def blank(self, place: Place) -> Tile:
        """The tile where nobody has set anything."""
        return blank_tile(place, self.size, self.fill_of(place))

    def current_hash(self, place: Place) -> bytes | None:
        """The hash of a tile, or None where nobody has set anything."""
        row = self.db.execute(
            "SELECT sha256 FROM tiles WHERE plane=? AND row=? AND col=?", place_key(place)
        ).fetchone()
        return row[0] if row else None

    def current(self, place: Place) -> Tile:
        """The tile as it is; DamagedError where its pixels are not those that were saved."""
        row = self.db.execute(
            "SELECT data, sha256 FROM tiles WHERE plane=? AND row=? AND col=?", place_key(place)
        ).fetchone()
        return warm(self.unpack(place, Packed(*row))) if row else self.blank(place)

    def root_hash(self) -> str:
        """SHA-256 over the hashes of all tiles: equal pixels give equal roots, whatever way led there."""
        root = hashlib.sha256(f"{self.size.width} {self.size.height} {self.fill}".encode())
        for *key, sha256 in self.db.execute("SELECT plane, row, col, sha256 FROM tiles ORDER BY 1, 2, 3"):
            root.update("{} {} {} ".format(*key).encode() + sha256)
        return root.hexdigest()

    def journaled(self, place: Place, revision: int) -> Held | None:
        """The tile as ``revision`` left it, or None where nobody had set anything."""
        return self._unpacked(place, self._packed(place, revision))

    def _packed(self, place: Place, revision: int) -> Packed | None:
        row = self.db.execute(
            """SELECT data, sha256 FROM changes WHERE plane=? AND row=? AND col=? AND revision<=?
               ORDER BY revision DESC LIMIT 1""",
            (*place_key(place), revision),
        ).fetchone()
        return Packed(*row) if row and row[0] is not None else None

    def _unpacked(self, place: Place, packed: Packed | None) -> Held | None:
        return None if packed is None else self.unpack(place, packed)

    def unpack(self, place: Place, packed: Packed, *, inflated: bool = False) -> Held:
        """A stored tile, deflated as it is but held against its hash; DamagedError names the tile."""
        name, index = place
        try:
            return (unpack if inflated else unpack_cold)(packed, PLANES[name], shape_of(index, self.size))
        except ValueError as error:
            raise DamagedError(
                f"{tile_name(place)} is damaged: {error}", file=self.path, hint=_FSCK
            ) from error

    def history(self) -> History:
        """The undo and redo stacks."""
        rows = self.db.execute(
            "SELECT revision, title, kind, at_utc, target FROM operations ORDER BY revision"
        )
        with sensible(self.path):
            return replay(((OperationInfo(*row[:4]), row[4]) for row in rows), self.revision)

    def journal(self) -> list[JournalEntry]:
        """All operations, oldest first."""
        tiles = dict(self.db.execute("SELECT revision, COUNT(*) FROM changes GROUP BY revision"))
        rows = self.db.execute(
            """SELECT revision, kind, target, patch_kind, title, author, at_utc, details FROM operations
               ORDER BY revision"""
        )
        with sensible(self.path):
            return [
                JournalEntry._make((*row, tiles.get(row[0], 0), json.loads(details)))
                for *row, details in rows
            ]

    def between(self, start: int, end: int) -> dict[Place, TileDelta]:
        """The tiles in which two revisions differ, as ``start`` left them and as ``end`` did; either may be the older.

        Costs the tiles that were changed between the two, not the operations. StoreError where there is none such.
        """
        for revision in (start, end):
            if not 0 <= revision <= self.revision:
                raise StoreError(
                    f"there is no revision {revision}; the newest is {self.revision}", file=self.path
                )
        keys = self.db.execute(
            "SELECT DISTINCT plane, row, col FROM changes WHERE revision>? AND revision<=? ORDER BY 1, 2, 3",
            (min(start, end), max(start, end)),
        ).fetchall()
        found: dict[Place, TileDelta] = {}
        for place in (place_of(*key) for key in keys):
            before, after = self._packed(place, start), self._packed(place, end)
            if (before and before.sha256) != (after and after.sha256):
                found[place] = TileDelta(self._unpacked(place, before), self._unpacked(place, after))
        return found

    def patch(self, revision: int) -> Patch:
        """The patch of an operation; StoreError when there is none or a tile is damaged."""
        row = self.db.execute(
            "SELECT title, patch_kind, details FROM operations WHERE revision=?", (revision,)
        ).fetchone()
        if row is None:
            raise StoreError(f"there is no operation r{revision}", file=self.path)
        keys = self.db.execute("SELECT plane, row, col FROM changes WHERE revision=?", (revision,)).fetchall()
        deltas = {
            place: TileDelta(self.journaled(place, revision - 1), self.journaled(place, revision))
            for place in (place_of(*key) for key in keys)
        }
        with sensible(self.path):
            return Patch(row[0], row[1], deltas, json.loads(row[2]))


@contextmanager
def sensible(path: Path) -> Iterator[None]:
    """Values that make no sense are damage."""
    try:
        yield
    except LabeltoolError as error:
        raise DamagedError(error.message, file=path, hint=_FSCK) from error
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DamagedError(f"the file is damaged: {error!r}", file=path, hint=_FSCK) from error


def tile_name(place: Place) -> str:
    """A tile in words."""
    name, index = place
    return f"the {name} tile in row {index.row}, column {index.col}"


def read_meta(db: sqlite3.Connection) -> dict[str, str]:
    """The table ``meta``."""
    return dict(db.execute("SELECT key, value FROM meta"))


def write_meta(db: sqlite3.Connection, meta: Mapping[str, str]) -> None:
    """Write what is new in ``meta``."""
    db.executemany(
        """INSERT INTO meta VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value=excluded.value
           WHERE value<>excluded.value""",
        meta.items(),
    )


def _check_format(path: Path, db: sqlite3.Connection) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise DamagedError("is not a mask file", file=path, hint="Another program has put it here")
    if version > FORMAT:
        raise StoreError(
            f"was written by a newer labeltool (format {version}, this one reads {FORMAT})",
            file=path,
            hint="Install the newer version to open it; nothing was changed",
        )
