"""A mask file that is open: what its tables say, in our terms."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labeltool.core.cold import Held, warm
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.geometry import TILE, Size
from labeltool.core.mask import PLANES, Tile
from labeltool.core.patch import Patch, Place, TileDelta
from labeltool.store import events, predictions, soundness
from labeltool.store.database import DamagedError, LostError, NewerError, broken_pages
from labeltool.store.history import (
    History,
    JournalEntry,
    OperationInfo,
    chain_next,
    chain_start,
    place_key,
    place_of,
    replay,
)
from labeltool.store.tiles import Packed, blank_tile, shape_of, unpack, unpack_cold

if TYPE_CHECKING:
    from labeltool.store.records import Description

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

_READABLE_BY = "readable_by"
"""The oldest format whose readers may look at a file, where that is older than its own: for newer versions to write."""

FSCK = "`labeltool fsck --repair` restores what can be restored"
MASK_SHA256 = "mask_sha256"
"""The row of ``meta`` that vouches for the size and the fill value of a mask; files of the first versions lack it."""
CHECKED_BYTES = 64 << 20
"""Up to this length a file's pages are looked at before it is worked on: that takes some tenths of a second."""


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
    def of(cls, path: Path, db: sqlite3.Connection, *, write: bool = False) -> Contents:
        """Read what every call needs; DamagedError where this is no mask file, NewerError where a newer version does
        not let this one read it, or ``write`` it."""
        _check_format(path, db, write=write)
        with sensible(path):
            meta = read_meta(db)
            if meta.get(MASK_SHA256, sha256_of(meta["mask"])) != sha256_of(meta["mask"]):
                raise ValueError("size or fill value were changed")
            mask = json.loads(meta["mask"])
            if mask["tile"] != TILE:
                raise ValueError(f"tiles of {mask['tile']} pixels")
            width, height = mask["size"]
            if not Size(int(width), int(height)).is_possible:
                raise ValueError(f"a mask of {width} x {height} pixels")
            if _size_of_image(meta) not in (None, [width, height]):
                raise ValueError(f"a mask of {width} x {height} pixels, which the image has not")
            return cls(
                path,
                db,
                str(mask["image"]),
                Size(int(width), int(height)),
                int(mask["fill"]),
                int(meta["revision"]),
                bytes.fromhex(meta["chain"]),
            )

    def check_structure(self) -> None:
        """DamagedError where pages of the file belong to two tables, or an index leads elsewhere: what is written might
        lie on what is there, what is read be of another row. Looked at once, and again when somebody else has written
        the file; larger ones than ``CHECKED_BYTES`` are looked at by backups and fsck alone."""
        if soundness.is_whole(self.path):
            return
        if self.path.stat().st_size <= CHECKED_BYTES:
            for found in broken_pages(self.db, self.path, 1):
                what = found.splitlines()[-1]  # behind a line that names the database
                raise DamagedError(f"the file is damaged ({what})", file=self.path, hint=FSCK)
        soundness.keep_whole(self.path)

    def describe(self, description: Description) -> None:
        """Write what is known of the image and the project; DamagedError, about the list of images, where that says
        another size than the mask has."""
        image = description.image
        if image.size != self.size:
            here, there = (f"{each.width} x {each.height}" for each in (self.size, image.size))
            raise DamagedError(
                f"the labels of {image.name} have {here} pixels, and the list of images says {there}",
                file=self.path.parents[2],
                hint="`labeltool fsck --rebuild` makes the list again from the mask files",
            )
        write_meta(self.db, description.to_meta())

    def check_journal(self) -> None:
        """DamagedError where an operation is gone or was changed: then nobody knows what the revisions after it were.

        Costs what was committed since somebody last looked.
        """
        self.check_structure()
        sound = soundness.known(self.path)
        if sound is None or sound.chain != self._chain_at(sound.revision):
            sound = soundness.Sound(0, chain_start(self.image_id))
        last, chain = sound
        for table in ("operations", "changes"):
            least, most = self.db.execute(f"SELECT MIN(revision), MAX(revision) FROM {table}").fetchone()  # noqa: S608
            if least is not None and not (1 <= least <= most <= self.revision):
                what = (
                    f"the journal speaks of r{least} to r{most}, and the newest revision is r{self.revision}"
                )
                raise DamagedError(what, file=self.path, hint=FSCK)
        for revision, kind, target, stored in self.db.execute(
            "SELECT revision, kind, target, chain FROM operations WHERE revision>? ORDER BY revision", (last,)
        ):
            rows = self.db.execute(
                "SELECT plane, row, col, sha256 FROM changes WHERE revision=?", (revision,)
            )
            after = {place_of(*key): sha256 for *key, sha256 in rows}
            chain = chain_next(chain, revision, kind, target, after)
            if revision != last + 1 or chain != stored:
                raise DamagedError(f"the journal was changed at r{last + 1}", file=self.path, hint=FSCK)
            last = revision
        if (last, chain) != (self.revision, self.chain):
            what = f"the newest revision is said to be r{self.revision}, and the journal ends at r{last}"
            raise DamagedError(what, file=self.path, hint=FSCK)
        soundness.keep(self.path, soundness.Sound(last, chain))

    def _chain_at(self, revision: int) -> bytes | None:
        row = self.db.execute("SELECT chain FROM operations WHERE revision=?", (revision,)).fetchone()
        return row[0] if row else chain_start(self.image_id)

    def astray(self) -> dict[Place, bytes | None]:
        """The tiles that are not those the journal ends with, and what those hash to (None: nobody had set anything).

        A tile that is gone, or lies in another's place, has no hash of its own that would tell.
        """
        last = "SELECT plane, row, col, MAX(revision), sha256 FROM changes GROUP BY plane, row, col"
        wanted = {key[:3]: key[4] for key in self.db.execute(last) if key[4] is not None}
        there = {key[:3]: key[3] for key in self.db.execute("SELECT plane, row, col, sha256 FROM tiles")}
        if wanted == there:
            return {}
        keys = sorted(key for key in {*wanted, *there} if wanted.get(key) != there.get(key))
        return {place_of(*key): wanted.get(key) for key in keys}

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
        """SHA-256 over the hashes of all tiles: equal pixels give equal roots, whatever way led there.

        DamagedError where they are not those that the journal ends with.
        """
        for place in self.astray():
            raise DamagedError(
                f"{tile_name(place)} is not the one the journal ends with", file=self.path, hint=FSCK
            )
        root = hashlib.sha256(f"{self.size.width} {self.size.height} {self.fill}".encode())
        for *key, sha256 in self.db.execute("SELECT plane, row, col, sha256 FROM tiles ORDER BY 1, 2, 3"):
            root.update("{} {} {} ".format(*key).encode() + sha256)
        return root.hexdigest()

    def root_hash_at(self, revision: int) -> str:
        """The same of the mask as a revision left it, from the journal."""
        if revision == self.revision:
            return self.root_hash()
        root = hashlib.sha256(f"{self.size.width} {self.size.height} {self.fill}".encode())
        rows = self.db.execute(
            """SELECT plane, row, col, sha256 FROM changes AS newest WHERE sha256 IS NOT NULL AND revision=(
                 SELECT MAX(revision) FROM changes WHERE plane=newest.plane AND row=newest.row
                 AND col=newest.col AND revision<=?) ORDER BY 1, 2, 3""",
            (revision,),
        )
        for *key, sha256 in rows:
            root.update("{} {} {} ".format(*key).encode() + sha256)
        return root.hexdigest()

    def journaled(self, place: Place, revision: int) -> Held | None:
        """The tile as ``revision`` left it, or None where nobody had set anything; LostError where it is known to be
        gone."""
        return self._unpacked(place, self._packed(place, revision))

    def _packed(self, place: Place, revision: int) -> Packed | None:
        row = self.db.execute(
            """SELECT data, sha256 FROM changes WHERE plane=? AND row=? AND col=? AND revision<=?
               ORDER BY revision DESC LIMIT 1""",
            (*place_key(place), revision),
        ).fetchone()
        if (
            row and row[0] is None and row[1] is not None
        ):  # never an empty tile in the place of one that was lost
            raise LostError(f"{tile_name(place)} as it was at r{revision} is lost", file=self.path)
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
                f"{tile_name(place)} is damaged: {error}", file=self.path, hint=FSCK
            ) from error

    def history(self) -> History:
        """The undo and redo stacks."""
        self.check_journal()
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
        self.check_journal()
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
        self.check_journal()
        keys = self.db.execute("SELECT plane, row, col FROM changes WHERE revision=?", (revision,)).fetchall()
        deltas = {
            place: TileDelta(self.journaled(place, revision - 1), self.journaled(place, revision))
            for place in (place_of(*key) for key in keys)
        }
        with sensible(self.path):
            return Patch(row[0], row[1], deltas, json.loads(row[2]))


def sha256_of(text: str) -> str:
    """The hash of a row of ``meta``."""
    return hashlib.sha256(text.encode()).hexdigest()


def _size_of_image(meta: Mapping[str, str]) -> object:
    """What the image's record says of its size; None where that cannot be read, which is told elsewhere."""
    try:
        return json.loads(meta["image"])["size"]
    except (LookupError, TypeError, ValueError):
        return None


@contextmanager
def sensible(path: Path) -> Iterator[None]:
    """Values that make no sense are damage."""
    try:
        yield
    except LabeltoolError as error:
        raise DamagedError(error.message, file=path, hint=FSCK) from error
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise DamagedError(f"the file is damaged: {error!r}", file=path, hint=FSCK) from error


@contextmanager
def placed(path: Path) -> Iterator[None]:
    """What stands in a column and cannot is damage: SQLite lets anything into any column."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise DamagedError(f"the file is damaged: {error!r}", file=path, hint=FSCK) from error


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


def _check_format(path: Path, db: sqlite3.Connection, *, write: bool) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise DamagedError("is not a mask file", file=path, hint="Another program has put it here")
    if version <= FORMAT:
        return
    newer = f"was written by a newer labeltool (format {version}, this one writes {FORMAT})"
    if not _is_readable(db):
        raise NewerError(newer, file=path, hint="Install the newer version to open it; nothing was changed")
    if write:
        hint = "Open the project for viewing, or install the newer version; nothing was changed"
        raise NewerError(newer, file=path, hint=hint)


def _is_readable(db: sqlite3.Connection) -> bool:
    """Whether a newer version says that this one understands what it wrote."""
    try:
        row = db.execute("SELECT value FROM meta WHERE key=?", (_READABLE_BY,)).fetchone()
        return row is not None and int(row[0]) <= FORMAT
    except (sqlite3.Error, ValueError):
        return False
