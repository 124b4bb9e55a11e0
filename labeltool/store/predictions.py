"""What models say of an image: kept beside the annotation, never mixed with it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

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
FILLS = (IGNORE, 0)
"""What the label and the confidence plane hold where a model has said nothing."""

Window = tuple[Box, NDArray[np.uint8], NDArray[np.uint8]] | Prediction
"""Box, label and confidence, both uint8 [box.height, box.width]."""


class PredictionPlanes(NamedTuple):
    """A model's answer: class values (255 where it has said nothing) and confidence 0..255, uint8.

    ``complete`` is True when the model has spoken of every pixel.
    """

    label: Plane
    confidence: Plane
    complete: bool


class Pair(NamedTuple):
    """The label and confidence tile at one place, and which of their pixels the model has spoken of."""

    label: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    known: NDArray[np.bool_]


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
        """Put a window's pixels into the tiles they belong to."""
        box, label, confidence = window[:3]
        if label.shape != (box.height, box.width) or confidence.shape != label.shape:
            raise ValueError(f"a window of {box.width} x {box.height} pixels came with {label.shape} of them")
        for index in tiles_in(box, self.size):
            place = tile_box(index, self.size)
            part = place.intersect(box)
            pair = self._read(index)
            self.pixels -= int(pair.known.sum())
            pair.label[part.slices(place)] = label[part.slices(box)]
            pair.confidence[part.slices(place)] = confidence[part.slices(box)]
            pair.known[part.slices(place)] = True
            self.pixels += int(pair.known.sum())
            self._write(index, pair)

    def _read(self, index: TileIndex) -> Pair:
        shape = shape_of(index, self.size)
        rows = self.db.execute(
            "SELECT data, sha256 FROM tiles WHERE row=? AND col=? ORDER BY plane", index
        ).fetchall()
        if not rows:
            return Pair(np.full(shape, IGNORE, np.uint8), np.zeros(shape, np.uint8), np.zeros(shape, bool))
        label, confidence, known = (np.array(unpack(Packed(*row), UINT8, shape), np.uint8) for row in rows)
        return Pair(label, confidence, known.astype(bool))

    def _write(self, index: TileIndex, pair: Pair) -> None:
        for plane, tile in enumerate((pair.label, pair.confidence, pair.known.view(np.uint8))):
            self.db.execute(
                "INSERT OR REPLACE INTO tiles VALUES(?, ?, ?, ?, ?)", (plane, *index, *pack(tile))
            )


@contextmanager
def gathered(size: Size, windows: Iterable[Window]) -> Iterator[Gathered]:
    """The tiles of all windows, in memory that does not grow with the image; later windows win."""
    folder = Path(tempfile.gettempdir())
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("CREATE TABLE tiles(plane, row, col, data, sha256, PRIMARY KEY(plane, row, col))")
        result = Gathered(size, db)
        for window in windows:
            with explained(folder):
                result.add(window)
        yield result


def store(db: sqlite3.Connection, model_key: str, answer: Gathered) -> None:
    """Write a model's answer in place of its earlier one, inside the caller's transaction."""
    db.execute(
        "DELETE FROM prediction_tiles WHERE number IN (SELECT number FROM predictions WHERE model_key=?)",
        (model_key,),
    )
    db.execute("DELETE FROM predictions WHERE model_key=?", (model_key,))
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    number = db.execute(
        "INSERT INTO predictions(model_key, complete, at_utc) VALUES(?, ?, ?)",
        (model_key, answer.complete, now),
    ).lastrowid
    rows = answer.db.execute("SELECT plane, row, col, data, sha256 FROM tiles WHERE plane < 2")
    db.executemany(f"INSERT INTO prediction_tiles VALUES({number}, ?, ?, ?, ?, ?)", rows)


def load(db: sqlite3.Connection, model_key: str, size: Size, file: Path) -> PredictionPlanes | None:
    """A model's answer, or None; a damaged tile raises StoreError."""
    run = db.execute("SELECT number, complete FROM predictions WHERE model_key=?", (model_key,)).fetchone()
    if run is None:
        return None
    planes = [Plane(size, UINT8, fill) for fill in FILLS]
    for plane, row, col, *packed in db.execute(
        "SELECT plane, row, col, data, sha256 FROM prediction_tiles WHERE number=?", run[:1]
    ):
        index = TileIndex(row, col)
        try:
            planes[plane].tiles.put(index, unpack_cold(Packed(*packed), UINT8, shape_of(index, size)))
        except ValueError as error:
            raise StoreError(
                f"the prediction of {model_key} is damaged in row {row}, column {col}: {error}",
                file=file,
                hint="Pre-label the image again",
            ) from error
    return PredictionPlanes(planes[0], planes[1], bool(run[1]))


def keys(db: sqlite3.Connection) -> list[str]:
    """The models whose answers are kept, newest last."""
    return [key for (key,) in db.execute("SELECT model_key FROM predictions ORDER BY number")]
