"""A mask file made whole from what its hashes prove: tiles, journal, counts, events and predictions."""

from __future__ import annotations

import getpass
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.geometry import TileIndex
from labeltool.core.mask import PLANES
from labeltool.core.patch import Place
from labeltool.core.project import Status
from labeltool.core.words import counted
from labeltool.store import predictions
from labeltool.store.contents import Contents, placed, read_meta, write_meta
from labeltool.store.database import DamagedError, connect
from labeltool.store.history import chain_next, chain_start, place_key, place_of
from labeltool.store.predictions import REFERENCE
from labeltool.store.records import Description, dump
from labeltool.store.tiles import PLANE_NAMES, Packed, pack, shape_of, tile_hash, unhashed

LOST = "lost"
"""The kind of an event that cannot be read any more."""
EMPTIED = "emptied damaged tiles"
"""The title of the step that lets go of tiles that nothing brings back."""

_BOTH = (
    "SELECT data, sha256 FROM tiles WHERE sha256=? UNION ALL SELECT data, sha256 FROM changes WHERE sha256=?"
)


_MOST_GONE = 10_000
"""Events that are looked for where numbers are missing."""


@dataclass
class Mending:
    """Works inside the caller's transaction on a copy of a damaged file. ``notes`` says what was done.

    ``lost_tiles`` are those whose pixels are nowhere: they stay as they are until :meth:`empty` lets go of them.
    """

    file: Contents
    donors: Sequence[Path]
    known: Description | None = None
    notes: list[str] = field(default_factory=list)
    lost_tiles: list[TileIndex] = field(default_factory=list)

    @classmethod
    def of(
        cls, path: Path, db: sqlite3.Connection, donors: Sequence[Path], known: Description | None
    ) -> Mending:
        """``path`` is what messages name, ``donors`` are backups of the same image, the newest first, ``known`` is what
        the index says of it."""
        return cls(Contents.of(path, db), donors, known)

    def run(self) -> None:
        """Everything that hashes prove; what they do not is left as it is."""
        with placed(self.file.path):
            self._journal_hashes()
            if self._chain_holds():
                self._tiles()
                self._journal_tiles()
            self._description()
            self._details()
            self._events()
            self._predictions()

    # ---- the chain

    def _journal_hashes(self) -> None:
        """A hash of the journal that was damaged itself is made again from its pixels, if the chain then holds."""
        chain = chain_start(self.file.image_id)
        for revision, kind, target, stored in self._operations():
            after = self._after(revision)
            found = chain_next(chain, revision, kind, target, after)
            if found != stored:
                again = {place: self._hash_of(place, revision) for place in after}
                if chain_next(chain, revision, kind, target, again) == stored:
                    for place, sha256 in again.items():
                        self._set_change(place, revision, "sha256", sha256)
                    self.notes.append(f"a hash in the journal of r{revision} made again from the pixels")
            chain = stored

    def _chain_holds(self) -> bool:
        """True when the operations lead to the head, or where one of the two was damaged and the other proves it."""
        chain, last, differing = chain_start(self.file.image_id), 0, []
        for revision, kind, target, stored in self._operations():
            if revision != last + 1:
                return False
            chain, last = chain_next(chain, revision, kind, target, self._after(revision)), revision
            differing += [(chain, revision)] if chain != stored else []
        if (last, chain) == (self.file.revision, self.file.chain):
            self.file.db.executemany("UPDATE operations SET chain=? WHERE revision=?", differing)
            return True
        if differing:
            return False
        write_meta(self.file.db, {"revision": str(last), "chain": chain.hex()})
        self.file = replace(self.file, revision=last, chain=chain)
        self.notes.append(f"the newest revision set to r{last}, with which the journal ends")
        return True

    def _operations(self) -> list[tuple[int, str, int | None, bytes]]:
        rows = "SELECT revision, kind, target, chain FROM operations ORDER BY revision"
        return self.file.db.execute(rows).fetchall()

    def _after(self, revision: int) -> dict[Place, bytes | None]:
        rows = self.file.db.execute(
            "SELECT plane, row, col, sha256 FROM changes WHERE revision=?", (revision,)
        )
        return {place_of(*key): sha256 for *key, sha256 in rows}

    def _hash_of(self, place: Place, revision: int) -> bytes | None:
        (data, sha256) = self._change(place, revision)
        if data is None:
            return sha256
        try:
            return tile_hash(unhashed(data, PLANES[place[0]], shape_of(place[1], self.file.size)))
        except ValueError:
            return sha256

    def _change(self, place: Place, revision: int) -> tuple[bytes | None, bytes | None]:
        row = self.file.db.execute(
            "SELECT data, sha256 FROM changes WHERE revision=? AND plane=? AND row=? AND col=?",
            (revision, *place_key(place)),
        ).fetchone()
        return row[0], row[1]

    def _set_change(self, place: Place, revision: int, column: str, value: bytes | None) -> None:
        self.file.db.execute(
            f"UPDATE changes SET {column}=? WHERE revision=? AND plane=? AND row=? AND col=?",  # noqa: S608
            (value, revision, *place_key(place)),
        )

    # ---- tiles

    def _tiles(self) -> None:
        """Every tile of the mask is the one that the journal ends with."""
        newest: dict[Place, bytes | None] = {}
        for *key, sha256 in self.file.db.execute(
            "SELECT plane, row, col, sha256 FROM changes ORDER BY revision"
        ):
            newest[place_of(*key)] = sha256
        there = {
            place_of(*key): Packed(data, sha256)
            for *key, data, sha256 in self.file.db.execute("SELECT plane, row, col, data, sha256 FROM tiles")
        }
        restored, lost = 0, set()
        for place in {*newest, *there}:
            wanted, packed = newest.get(place), there.get(place)
            if wanted is None:
                if packed is not None:
                    self.file.db.execute(
                        "DELETE FROM tiles WHERE plane=? AND row=? AND col=?", place_key(place)
                    )
                    restored += 1
            elif packed is None or packed.sha256 != wanted or not self._opens(place, packed):
                found = self._found(place, wanted, [packed.data] if packed else [])
                if found is None:
                    lost.add(place[1])
                    continue
                row = (*place_key(place), *found)
                self.file.db.execute("INSERT OR REPLACE INTO tiles VALUES(?, ?, ?, ?, ?)", row)
                restored += 1
        self.lost_tiles = sorted(lost)
        if restored:
            self.notes.append(f"{counted(restored, 'tile')} restored, each proven by its hash")

    def _journal_tiles(self) -> None:
        """A tile of the journal that is nowhere else is marked as lost: what needs it says so, nothing is made up."""
        restored = lost = 0
        rows = self.file.db.execute(
            "SELECT revision, plane, row, col, data, sha256 FROM changes WHERE data IS NOT NULL"
        ).fetchall()
        for revision, *key, data, sha256 in rows:
            place = place_of(*key)
            if sha256 is None or self._opens(place, Packed(data, sha256)):
                continue
            found = self._found(place, sha256, [])
            self._set_change(place, revision, "data", found.data if found else None)
            restored, lost = restored + (found is not None), lost + (found is None)
        if restored:
            self.notes.append(f"{counted(restored, 'tile')} of the journal restored, each proven by its hash")
        if lost:
            self.notes.append(
                f"{counted(lost, 'tile')} of the journal lost: the steps at hand cannot be undone"
            )

    def _found(self, place: Place, sha256: bytes, own: Sequence[bytes]) -> Packed | None:
        """Pixels with this hash, from anywhere."""
        for data in (*own, *self._offered(sha256)):
            packed = Packed(data, sha256)
            if self._opens(place, packed):
                return packed
        return None

    def _offered(self, sha256: bytes) -> Iterator[bytes]:
        yield from (data for data, _ in self.file.db.execute(_BOTH, (sha256, sha256)).fetchall() if data)
        for donor in self.donors:
            try:
                with connect(donor, write=False) as db:
                    rows = db.execute(_BOTH, (sha256, sha256)).fetchall()
            except StoreError:
                continue  # a backup that is damaged itself
            yield from (data for data, _ in rows if data)

    def _opens(self, place: Place, packed: Packed) -> bool:
        try:
            self.file.unpack(place, packed, inflated=True)
        except DamagedError:
            return False
        return True

    def empty(self, tiles: Sequence[TileIndex]) -> None:
        """Let go of tiles for good, in all planes, as a step of the history: nobody has set these pixels then. A class
        without the word of who set it, or the other way round, would be taken for truth that it is not."""
        file, revision = self.file, self.file.revision + 1
        places = [(name, index) for index in tiles for name in PLANE_NAMES]
        after: dict[Place, bytes | None] = dict.fromkeys(places)
        chain = chain_next(file.chain, revision, "do", None, after)
        for key in map(place_key, places):
            file.db.execute("DELETE FROM tiles WHERE plane=? AND row=? AND col=?", key)
            file.db.execute("INSERT INTO changes VALUES(?, ?, ?, ?, NULL, NULL)", (revision, *key))
        names = ", ".join(f"row {index.row}, column {index.col}" for index in tiles)
        about = ("repair", EMPTIED, dump({"tiles": names}), _author(), _now(), chain)
        file.db.execute("INSERT INTO operations VALUES(?, 'do', NULL, ?, ?, ?, ?, ?, ?)", (revision, *about))
        description = Description.from_meta(read_meta(file.db), revision)
        image = description.image
        image = replace(image, status=Status.IN_WORK if image.status.settled else image.status)
        meta = replace(description, image=image).to_meta()
        write_meta(file.db, {**meta, "revision": str(revision), "chain": chain.hex()})
        self.file = replace(file, revision=revision, chain=chain)
        self.notes.append(f"{counted(len(tiles), 'tile')} that nothing brings back emptied as r{revision}")

    # ---- the rest

    def _description(self) -> None:
        """What the file says of its image and of the project is in the index, too."""
        if self.known is None or is_described(self.file):
            return
        image = replace(self.known.image, revision=self.file.revision)
        write_meta(self.file.db, replace(self.known, image=image).to_meta())
        self.notes.append(
            "what the file says of its image and its project written anew from the list of images"
        )

    def _details(self) -> None:
        """What a step says of itself is no pixel."""
        for revision, text in self.file.db.execute("SELECT revision, details FROM operations").fetchall():
            if not _is_object(text):
                self.file.db.execute("UPDATE operations SET details='{}' WHERE revision=?", (revision,))
                self.notes.append(f"what r{revision} said of itself could not be read, and is left out")

    def _events(self) -> None:
        """An event comes from a backup, or is marked as lost: the others keep their numbers."""
        known: dict[int, str] = dict(self.file.db.execute("SELECT number, data FROM events").fetchall())
        last = max(known, default=0)
        if last > len(known) + _MOST_GONE:  # that is a number that was damaged, and not a gap
            return
        for number in range(1, last + 1):
            if number in known and _is_object(known[number]):
                continue
            row = self._event(number)
            self.file.db.execute("INSERT OR REPLACE INTO events VALUES(?, ?, ?, ?, ?)", row)
            what = "could not be read, and is left out" if row[1] == LOST else "came from a backup"
            self.notes.append(f"event {number} of what people did {what}")

    def _event(self, number: int) -> tuple[int, str, str, str, str]:
        for donor in self.donors:
            try:
                with connect(donor, write=False) as db:
                    row = db.execute("SELECT * FROM events WHERE number=?", (number,)).fetchone()
            except StoreError:
                continue
            if row is not None and _is_object(row[4]):
                return row[0], row[1], row[2], row[3], row[4]
        return number, LOST, _now(), "", "{}"

    def _predictions(self) -> None:
        """What a model has said can be made again; what another person drew comes from a backup, or is said to be
        gone."""
        for key in predictions.keys(self.file.db):
            if not self._is_whole(key):
                self._prediction(key)

    def _prediction(self, key: str) -> None:
        for data, sha256, *place in self._tiles_of(key):
            index = TileIndex(place[1], place[2])
            if self._is_answer(data, sha256, index):
                continue
            found = next((d for d in self._answers(sha256) if self._is_answer(d, sha256, index)), None)
            if found is not None:
                self.file.db.execute(
                    "UPDATE prediction_tiles SET data=? WHERE sha256=? AND plane=? AND row=? AND col=?",
                    (found, sha256, *place),
                )
        if self._is_whole(key):
            self.notes.append(f"{key} restored from a backup")
            return
        predictions.remove(self.file.db, key)
        again = "" if key.startswith(REFERENCE) else ": pre-label the image again"
        self.notes.append(f"{key} could not be read, and is left out{again}")

    def _is_whole(self, key: str) -> bool:
        try:
            predictions.load(self.file.db, key, self.file.size, self.file.path)
        except (LabeltoolError, ValueError, IndexError):
            return False
        return True

    def _tiles_of(self, key: str) -> list[tuple[bytes, bytes, int, int, int]]:
        query = """SELECT data, sha256, plane, row, col FROM prediction_tiles JOIN predictions USING(number)
            WHERE model_key=?"""
        return self.file.db.execute(query, (key,)).fetchall()

    def _is_answer(self, data: bytes, sha256: bytes, index: TileIndex) -> bool:
        try:
            found = unhashed(data, predictions.UINT8, shape_of(index, self.file.size))
        except ValueError:
            return False
        return pack(found).sha256 == sha256

    def _answers(self, sha256: bytes) -> Iterator[bytes]:
        for donor in self.donors:
            try:
                with connect(donor, write=False) as db:
                    rows = db.execute(
                        "SELECT data FROM prediction_tiles WHERE sha256=?", (sha256,)
                    ).fetchall()
            except StoreError:
                continue
            yield from (data for (data,) in rows)


def is_described(file: Contents) -> bool:
    """Whether a file says of which image and project it is, and that image is its own."""
    try:
        return Description.from_meta(read_meta(file.db), file.revision).image.id == file.image_id
    except (LabeltoolError, KeyError, TypeError, ValueError, IndexError, OverflowError, RecursionError):
        return False


def _is_object(text: object) -> bool:
    try:
        return isinstance(text, str) and isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _author() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
