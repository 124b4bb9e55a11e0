"""What comparisons of annotations with other layers came to, kept so that a list over a project opens at once.

Derived from the mask files: it may be deleted at any time, and a damaged one is made anew. So nothing waits for the
disk here, and every value carries a checksum instead.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core import flate
from labeltool.core.atomic import writable
from labeltool.core.disagreement import TABLE, Table
from labeltool.store.database import BUSY_S, DamagedError, explained, transaction

T = TypeVar("T")

CACHE: Final = "cache"
"""The folder of a project for what can be made again."""
NAME: Final = "comparisons.db"
SCHEMA: Final = """CREATE TABLE IF NOT EXISTS comparisons(layer TEXT NOT NULL, image TEXT NOT NULL,
    revision INTEGER NOT NULL, answer TEXT NOT NULL, stamp TEXT NOT NULL, boundary BLOB NOT NULL, counted BLOB NOT NULL,
    regions BLOB NOT NULL, calibration BLOB NOT NULL, PRIMARY KEY(layer, image))"""
FORMAT: Final = 1 + zlib.crc32(f"1 {SCHEMA} {TABLE.descr}".encode()) // 4
"""Another one as soon as anything is kept in another form; its first number is for another meaning."""
_CHECK_BYTES: Final = 4


class State(NamedTuple):
    """What a comparison was worked out of: the ``revision`` of the annotation, the ``answer`` it was held against, and
    the ``stamp`` of the mask file, which holds both. While the stamp is the same nobody has written the file; an empty
    one says nothing."""

    revision: int
    answer: str
    stamp: str


class Sparse(NamedTuple):
    """Counts most of which are 0: ``counts`` (int64) at ``places`` (uint32) of a flat array."""

    places: NDArray[np.uint32]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, dense: NDArray[np.int64]) -> Sparse:
        """The counts of an array that are not 0."""
        flat = dense.ravel()
        places = np.flatnonzero(flat)
        return cls(places.astype(np.uint32), flat[places])

    def add_to(self, dense: NDArray[np.int64]) -> None:
        """Add these counts to those of a contiguous array, of which no two lie at the same place."""
        dense.reshape(-1)[self.places] += self.counts


@dataclass(frozen=True)
class ImageComparison:
    """An image's annotation held against another layer.

    ``counted`` are the counts of a ConfusionMatrix, ``boundary`` the boundary IoU by class value, ``regions`` the
    disagreements, and those of which the other layer says nothing too. An image without truth has none of it.
    """

    state: State
    counted: Sparse
    boundary: dict[int, float | None]
    regions: Table


class Comparisons:
    """The cache of one project. Any thread may call; each call opens the file for as long as it takes.

    Where the project's folder cannot be written the file lies in a temporary folder. ``notices`` say what was put
    right.
    """

    def __init__(self, root: Path) -> None:
        self.notices: list[str] = []
        folder = root / CACHE
        if not writable(folder if folder.is_dir() else root):
            folder = Path(tempfile.mkdtemp(prefix="labeltool-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = folder / NAME

    def of_layer(self, layer: str) -> dict[str, ImageComparison]:
        """All that is known of a layer, by image."""

        def work(db: sqlite3.Connection) -> dict[str, ImageComparison]:
            rows = db.execute(
                "SELECT image, revision, answer, stamp, boundary, counted, regions FROM comparisons WHERE layer=?",
                (layer,),
            )
            return {
                image: ImageComparison(
                    State(revision, answer, stamp),
                    _read_sparse(counted),
                    {int(value): iou for value, iou in json.loads(_unsealed(boundary)).items()},
                    np.frombuffer(_unsealed(regions), TABLE),
                )
                for image, revision, answer, stamp, boundary, counted, regions in rows
            }

        return self._with(work)

    def add_calibration(self, layer: str, images: Iterable[str], counts: NDArray[np.int64]) -> None:
        """Add the counts of a Calibration, int64 [256, 256, 2], of those of the images that are known."""
        wanted = set(images)

        def work(db: sqlite3.Connection) -> list[Sparse]:
            rows = db.execute("SELECT image, calibration FROM comparisons WHERE layer=?", (layer,))
            return [_read_sparse(data) for image, data in rows if image in wanted]

        for each in self._with(work):
            each.add_to(counts)

    def put(self, layer: str, image: str, found: ImageComparison, calibration: Sparse) -> None:
        """Keep what a comparison came to, in place of an earlier one."""
        boundary = _sealed(json.dumps(found.boundary).encode())
        values = (layer, image, *found.state, boundary, _written(found.counted))
        row = (*values, _sealed(found.regions.tobytes()), _written(calibration))
        self._with(
            lambda db: db.execute("INSERT OR REPLACE INTO comparisons VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        )

    def still_holds(self, layer: str, stamps: Iterable[tuple[str, str]]) -> None:
        """The files of these images (image, stamp) were written, and nothing in them that was compared has changed."""
        rows = [(stamp, layer, image) for image, stamp in stamps]

        def work(db: sqlite3.Connection) -> None:
            with transaction(db):
                db.executemany("UPDATE comparisons SET stamp=? WHERE layer=? AND image=?", rows)

        if rows:
            self._with(work)

    def forget(self, layer: str, images: Iterable[str]) -> None:
        """Let go of images that are not in the project any more, or not in this layer."""
        rows = [(layer, image) for image in images]

        def work(db: sqlite3.Connection) -> None:
            with transaction(db):
                db.executemany("DELETE FROM comparisons WHERE layer=? AND image=?", rows)

        if rows:
            self._with(work)

    def _with(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Work on the file; on an empty one in place of one that is damaged. StoreError where the disk fails."""
        try:
            return self._attempt(work)
        except (DamagedError, ValueError):
            self.notices.append(f"{self.path} was damaged; it is made anew from the mask files")
            with explained(self.path):
                self._remove()
            return self._attempt(work)

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with explained(self.path):
            self.path.parent.mkdir(exist_ok=True)
            with self._connected() as db:
                return work(db)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        for _ in range(2):
            with closing(sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_S)) as db:
                db.execute("PRAGMA trusted_schema=OFF")
                db.execute("PRAGMA synchronous=OFF")
                (version,) = db.execute("PRAGMA user_version").fetchone()
                if version in (0, FORMAT):
                    if not version:
                        db.execute(SCHEMA)
                        db.execute(f"PRAGMA user_version={FORMAT}")
                    yield db
                    return
            self._remove()  # another version's

    def _remove(self) -> None:
        for path in (self.path, self.path.with_name(f"{NAME}-journal")):
            path.unlink(missing_ok=True)


def _sealed(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(_CHECK_BYTES, "little") + data


def _unsealed(blob: bytes) -> bytes:
    """ValueError where the bytes are not those that were sealed."""
    data = blob[_CHECK_BYTES:]
    if _sealed(data) != blob:
        raise ValueError("the checksum is another one")
    return data


def _written(sparse: Sparse) -> bytes:
    raw = sparse.places.astype("<u4").tobytes() + sparse.counts.astype("<i8").tobytes()
    return _sealed(flate.zlib.compress(raw, 1))


def _read_sparse(blob: bytes) -> Sparse:
    raw = flate.zlib.decompress(_unsealed(blob))
    count = len(raw) // 12
    places, counts = np.frombuffer(raw, "<u4", count), np.frombuffer(raw, "<i8", count, 4 * count)
    return Sparse(places.astype(np.uint32, copy=False), counts.astype(np.int64, copy=False))
