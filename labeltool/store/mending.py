"""A mask file made whole: its tiles and its journal from what hashes prove, and then what lies beside them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from labeltool.core.errors import StoreError
from labeltool.core.geometry import TileIndex
from labeltool.core.mask import PLANES
from labeltool.core.patch import Place
from labeltool.core.project import Status
from labeltool.core.words import counted
from labeltool.store.account import account
from labeltool.store.contents import Contents, placed, read_meta, write_meta
from labeltool.store.database import CANNOT_SAY, DamagedError, connect
from labeltool.store.deeds import Deed, fact, passive
from labeltool.store.history import chain_next, chain_start, place_key, place_of
from labeltool.store.mending_beside import mend_beside
from labeltool.store.records import Description, dump
from labeltool.store.tiles import PLANE_NAMES, Packed, shape_of, tile_hash, unhashed

EMPTIED = "emptied damaged tiles"
"""The title of the step that lets go of tiles that nothing brings back."""

_BOTH = (
    "SELECT data, sha256 FROM tiles WHERE sha256=? UNION ALL SELECT data, sha256 FROM changes WHERE sha256=?"
)


@dataclass
class Mending:
    """Works inside the caller's transaction on a copy of a damaged file. ``deeds`` says what was done.

    ``lost_tiles`` are those whose pixels are nowhere: they stay as they are until :meth:`empty` lets go of them.
    """

    file: Contents
    donors: Sequence[Path]
    known: Description | None = None
    deeds: list[Deed] = field(default_factory=list)
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
            self.deeds += mend_beside(self.file, self.donors, self.known)

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
                    self.deeds.append(
                        passive(f"a hash in the journal of r{revision}", "made again from the pixels")
                    )
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
        self.deeds.append(passive("the newest revision", f"set to r{last}, with which the journal ends"))
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
            self.deeds.append(_restored(restored, "tile"))

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
            self.deeds.append(_restored(restored, "tile", " of the journal"))
        if lost:
            are = "is" if lost == 1 else "are"
            what = f"{counted(lost, 'tile')} of the journal {are} lost: the steps at hand cannot be undone"
            self.deeds.append(fact(what))

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
            except CANNOT_SAY:
                raise
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
        about = ("repair", EMPTIED, dump({"tiles": names}), account(), _now(), chain)
        file.db.execute("INSERT INTO operations VALUES(?, 'do', NULL, ?, ?, ?, ?, ?, ?)", (revision, *about))
        description = Description.from_meta(read_meta(file.db), revision)
        image = description.image
        image = replace(image, status=Status.IN_WORK if image.status.settled else image.status)
        meta = replace(description, image=image).to_meta()
        write_meta(file.db, {**meta, "revision": str(revision), "chain": chain.hex()})
        self.file = replace(file, revision=revision, chain=chain)
        what = f"{counted(len(tiles), 'tile')} that nothing brings back"
        self.deeds.append(passive(what, f"emptied as r{revision}", len(tiles)))


def _restored(count: int, what: str, where: str = "") -> Deed:
    return passive(f"{counted(count, what)}{where}", "restored, each proven by its hash", count)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
