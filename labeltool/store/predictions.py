"""What models say of an image: kept beside the annotation, never mixed with it."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.core.errors import StoreError
from labeltool.core.geometry import Box, Size, TileIndex, tile_box, tiles_in
from labeltool.core.mask import Plane
from labeltool.inference.segmenter import Prediction
from labeltool.store.database import explained
from labeltool.store.tiles import Packed, pack, shape_of, unpack, unpack_cold

SCHEMA = (
    """CREATE TABLE predictions(number INTEGER PRIMARY KEY AUTOINCREMENT, model_key TEXT NOT NULL UNIQUE,
        complete INTEGER NOT NULL, at_utc TEXT NOT NULL)""",
    """CREATE TABLE prediction_tiles(number INTEGER, plane INTEGER, row INTEGER, col INTEGER,
        data BLOB NOT NULL, sha256 BLOB NOT NULL, PRIMARY KEY(number, plane, row, col))""",
)

UINT8 = np.dtype(np.uint8)
PLANES: Final = ("label", "confidence", "margin", "entropy", "bald")
"""By their number in a file. Those after the confidence are there where somebody asked for them."""
FILLS: Final = (IGNORE, 0, 0, 0, 0)
"""What each plane holds where a model has said nothing: such tiles are not kept."""
_KNOWN: Final = len(PLANES)
"""The number of a plane of truth values, while tiles are put together: of which pixels the model has spoken."""

DIGEST: Final = "prediction:"
"""How the rows of ``meta`` begin that hold number and digest of an answer, by the model's key. All answers of a file
have one, or none: those that older versions have kept get theirs with the next."""

REFERENCE: Final = "reference:"
"""How the keys of references begin: masks of other people, kept as if a model had given them."""
GOLD: Final = "gold"
"""The reference that a hidden gold image is held against. It is listed nowhere."""

OUT_OF_FOLD: Final = "out-of-fold:"
"""How the keys of predictions begin that only judge labels: each is of a model that was trained without the image."""

Window = tuple[Box, NDArray[np.uint8], NDArray[np.uint8]] | Prediction
"""Box, label and confidence, both uint8 [box.height, box.width], and perhaps more planes."""


def reference_key(name: str) -> str:
    """The key under which another annotator's mask is kept."""
    return REFERENCE + name


class PredictionPlanes(NamedTuple):
    """A model's answer: class values (255 where it has said nothing) and confidence 0..255, uint8.

    ``complete`` is True when the model has spoken of every pixel. ``margin``, ``entropy`` and ``bald``, 0..255, are as
    in :class:`~labeltool.inference.segmenter.Answer`; None where they are not kept.
    """

    label: Plane
    confidence: Plane
    complete: bool
    margin: Plane | None = None
    entropy: Plane | None = None
    bald: Plane | None = None


@dataclass
class Gathered:
    """Tiles put together from windows, in a database on disk that disappears when it is closed."""

    size: Size
    db: sqlite3.Connection
    pixels: int = 0

    @property
    def complete(self) -> bool:
        """True when every pixel has been spoken of."""
        return self.pixels == self.size.pixels

    def add(self, window: Window) -> None:
        """Put a window's pixels into the tiles they belong to. One that says nothing must not lie over another."""
        window = window if isinstance(window, Prediction) else Prediction(*window)
        box, shape = window.box, window.label.shape
        if any(plane.shape != (box.height, box.width) for plane in window.planes.values()):
            raise ValueError(f"a window of {box.width} x {box.height} pixels came with {shape} of them")
        if window.is_nothing:
            self.pixels += box.width * box.height
            return
        new = {PLANES.index(name): plane for name, plane in window.planes.items()}
        new[_KNOWN] = np.broadcast_to(np.uint8(1), shape)
        for index in tiles_in(box, self.size):
            self._merge(index, box, new)

    def _merge(self, index: TileIndex, box: Box, new: dict[int, NDArray[np.uint8]]) -> None:
        """Put what a window says of a tile over what was said before."""
        place = tile_box(index, self.size)
        part = place.intersect(box)
        tiles = self._read(index)
        before = int(tiles[_KNOWN].sum()) if tiles else 0
        for number, plane in new.items():
            if number not in tiles:
                tiles[number] = np.full((place.height, place.width), (*FILLS, 0)[number], np.uint8)
            tiles[number][part.slices(place)] = plane[part.slices(box)]
        self.pixels += int(tiles[_KNOWN].sum()) - before
        for number, tile in tiles.items():
            self.db.execute(
                "INSERT OR REPLACE INTO tiles VALUES(?, ?, ?, ?, ?)", (number, *index, *pack(tile))
            )

    def _read(self, index: TileIndex) -> dict[int, NDArray[np.uint8]]:
        shape = shape_of(index, self.size)
        rows = self.db.execute("SELECT plane, data, sha256 FROM tiles WHERE row=? AND col=?", index)
        return {
            number: np.array(unpack(Packed(*row), UINT8, shape), np.uint8) for number, *row in rows.fetchall()
        }


@contextmanager
def gathered(size: Size, windows: Iterable[Window]) -> Iterator[Gathered]:
    """The tiles of all windows, in memory that does not grow with the image; later windows win."""
    folder = Path(tempfile.gettempdir())
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("CREATE TABLE tiles(plane, row, col, data, sha256, PRIMARY KEY(row, col, plane))")
        result = Gathered(size, db)
        for window in windows:
            with explained(folder):
                result.add(window)
        yield result


def store(db: sqlite3.Connection, model_key: str, answer: Gathered) -> None:
    """Write a model's answer in place of its earlier one, inside the caller's transaction."""
    rows = answer.db.execute(
        "SELECT plane, row, col, data, sha256 FROM tiles WHERE plane < ? ORDER BY plane, row, col", (_KNOWN,)
    )
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    _replace(db, model_key, (answer.complete, now), rows)


def _replace(
    db: sqlite3.Connection, model_key: str, about: tuple[bool, str], rows: Iterable[tuple[object, ...]]
) -> None:
    if not _has_digests(db):
        for each, key in db.execute("SELECT number, model_key FROM predictions").fetchall():
            _keep_digest(db, key, each)
    remove(db, model_key)
    number = db.execute(
        "INSERT INTO predictions(model_key, complete, at_utc) VALUES(?, ?, ?)", (model_key, *about)
    ).lastrowid
    db.executemany(f"INSERT INTO prediction_tiles VALUES({number}, ?, ?, ?, ?, ?)", rows)
    _keep_digest(db, model_key, number)


def _keep_digest(db: sqlite3.Connection, model_key: str, number: int | None) -> None:
    row = (DIGEST + model_key, f"{number} {_digest(db, number)}")
    db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", row)


def _has_digests(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM meta WHERE key LIKE ? LIMIT 1", (f"{DIGEST}%",)).fetchone() is not None


def remove(db: sqlite3.Connection, model_key: str) -> None:
    """Forget a model's answer, inside the caller's transaction; nothing where there is none."""
    db.execute("DELETE FROM meta WHERE key=?", (DIGEST + model_key,))
    db.execute(
        "DELETE FROM prediction_tiles WHERE number IN (SELECT number FROM predictions WHERE model_key=?)",
        (model_key,),
    )
    db.execute("DELETE FROM predictions WHERE model_key=?", (model_key,))


def load(db: sqlite3.Connection, model_key: str, size: Size, file: Path) -> PredictionPlanes | None:
    """A model's answer, or None; a damaged tile raises StoreError."""
    run = db.execute("SELECT number, complete FROM predictions WHERE model_key=?", (model_key,)).fetchone()
    if run is None:
        return None
    if not _is_what_was_kept(db, model_key, run[0]):
        raise _damaged(model_key, "and not what was kept", file)
    planes = {name: Plane(size, UINT8, fill) for name, fill in zip(PLANES, FILLS, strict=True)}
    found = {"label", "confidence"}
    for number, row, col, *packed in db.execute(
        "SELECT plane, row, col, data, sha256 FROM prediction_tiles WHERE number=?", run[:1]
    ):
        index, name = TileIndex(row, col), PLANES[number]
        found.add(name)
        try:
            planes[name].tiles.put(index, unpack_cold(Packed(*packed), UINT8, shape_of(index, size)))
        except ValueError as error:
            raise _damaged(model_key, f"in row {row}, column {col}: {error}", file) from error
    return PredictionPlanes(
        complete=bool(run[1]), **{name: plane for name, plane in planes.items() if name in found}
    )


def _is_what_was_kept(db: sqlite3.Connection, model_key: str, number: int) -> bool:
    """True also of an answer that an older version has kept: it took away all of the one before, and says nothing."""
    kept, digest = _kept(db, model_key)
    if not digest and _has_digests(db):
        return False
    if not digest:
        strays = "SELECT 1 FROM prediction_tiles WHERE number NOT IN (SELECT number FROM predictions) LIMIT 1"
        return not db.execute(strays).fetchone()
    if kept == str(number):
        return bool(digest == _digest(db, number))
    return not db.execute("SELECT 1 FROM prediction_tiles WHERE number=? LIMIT 1", (kept,)).fetchone()


def _kept(db: sqlite3.Connection, model_key: str) -> tuple[str, str]:
    """Number and digest of an answer when it was kept; empty where that was not written down."""
    row = db.execute("SELECT value FROM meta WHERE key=?", (DIGEST + model_key,)).fetchone()
    number, _, digest = row[0].partition(" ") if row else ("", "", "")
    return number, digest


def _digest(db: sqlite3.Connection, number: int | None) -> str:
    """SHA-256 over all that is kept of an answer: a tile that is gone has no hash of its own that would tell."""
    found = hashlib.sha256()
    for table, columns in (
        ("predictions", "model_key, complete"),
        ("prediction_tiles", "plane, row, col, sha256"),
    ):
        rows = db.execute(f"SELECT {columns} FROM {table} WHERE number=? ORDER BY {columns}", (number,))  # noqa: S608
        for row in rows:
            found.update(repr(row).encode())
    return found.hexdigest()


def _damaged(model_key: str, what: str, file: Path) -> StoreError:
    is_reference = model_key.startswith(REFERENCE)
    hint = (
        "`labeltool fsck --repair` restores what can be restored"
        if is_reference
        else "Pre-label the image again"
    )
    return StoreError(f"the {called(model_key)} is damaged {what}", file=file, hint=hint)


def called(model_key: str) -> str:
    """What a key stands for, in words."""
    if model_key.startswith(REFERENCE):
        return f"reference {model_key.removeprefix(REFERENCE)}"
    return f"prediction of {model_key}"


def keys(db: sqlite3.Connection) -> list[str]:
    """The models whose answers are kept, newest last."""
    found = [key for (key,) in db.execute("SELECT model_key FROM predictions ORDER BY number")]
    if not all(isinstance(key, str) for key in found):
        raise ValueError("a prediction without a name")
    return found


def gone(db: sqlite3.Connection) -> list[str]:
    """The models whose answers were kept and are not there any more, though nobody has removed them."""
    rows = db.execute("SELECT key FROM meta WHERE key LIKE ? ORDER BY key", (f"{DIGEST}%",)).fetchall()
    there = set(keys(db))
    return [key for key in (row.removeprefix(DIGEST) for (row,) in rows) if key not in there]


def take_over(db: sqlite3.Connection, model_key: str, donor: sqlite3.Connection) -> bool:
    """Put an answer of another file in the place of a damaged one, inside the caller's transaction; False, and nothing
    is done, where that is not proven to be the one that was kept."""
    digest = _kept(db, model_key)[1]
    if not digest and made(db, model_key) == made(donor, model_key):
        digest = _kept(donor, model_key)[1]
    query = "SELECT number, complete, at_utc FROM predictions WHERE model_key=?"
    offered = donor.execute(query, (model_key,)).fetchone()
    if offered is None or not digest or _digest(donor, offered[0]) != digest:
        return False
    number, complete, at_utc = offered
    rows = donor.execute(
        "SELECT plane, row, col, data, sha256 FROM prediction_tiles WHERE number=?", (number,)
    )
    _replace(db, model_key, (complete, at_utc), rows)
    return True


def made(db: sqlite3.Connection, model_key: str) -> str:
    """Number and time of a model's answer, which no two answers of an image share; empty where none is kept."""
    row = db.execute("SELECT number, at_utc FROM predictions WHERE model_key=?", (model_key,)).fetchone()
    return "" if row is None else "{} {}".format(*row)


def names(db: sqlite3.Connection, model_key: str) -> set[str]:
    """The planes of a model's answer that hold anything; empty where it is not kept, or says nothing at all."""
    rows = db.execute(
        "SELECT DISTINCT plane FROM prediction_tiles JOIN predictions USING(number) WHERE model_key=?",
        (model_key,),
    )
    return {PLANES[number] for (number,) in rows}
