"""One SQLite file per annotated image: its tiles, the journal of what was done, and predictions. The truth."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from labeltool.core.atomic import make_folder, replacing
from labeltool.core.cold import Held, warm
from labeltool.core.errors import ConflictError, StoreError
from labeltool.core.geometry import TILE
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, Place, TileDelta
from labeltool.core.project import ImageRecord
from labeltool.store import decisions, events, predictions, soundness
from labeltool.store.commit import Operation, commit
from labeltool.store.contents import (
    FSCK,
    MASK_SHA256,
    SCHEMA,
    Contents,
    placed,
    read_meta,
    sensible,
    sha256_of,
    tile_name,
    write_meta,
)
from labeltool.store.counts import count_mask
from labeltool.store.database import DamagedError, connect, explained, snapshot, transaction
from labeltool.store.events import Event
from labeltool.store.history import History, JournalEntry, chain_start, place_of
from labeltool.store.records import Description, dump
from labeltool.store.tiles import Packed, tile_hash

__all__ = ["SUFFIX", "Damage", "MaskFile", "Operation"]

SUFFIX = ".ltm"


class Damage(NamedTuple):
    """A tile whose stored pixels are not those that were saved; ``restored`` when the journal still has them."""

    place: Place
    reason: str
    restored: bool


@dataclass(frozen=True)
class MaskFile:
    """A mask file. Each call opens it for as long as it takes, so any thread may call.

    Every call raises StoreError, which names the file, when it is damaged, busy or unreachable.
    """

    path: Path
    write: bool = False

    @classmethod
    def create(cls, path: Path, description: Description) -> MaskFile:
        """Make a file without operations, whole or not at all; StoreError where one exists."""
        image, catalog = description.image, description.catalog
        mask = dump(
            {"image": image.id, "tile": TILE, "size": list(image.size), "fill": catalog.unlabelled_value}
        )
        meta = {
            **description.to_meta(),
            "mask": mask,
            MASK_SHA256: sha256_of(mask),
            "revision": "0",
            "chain": chain_start(image.id).hex(),
            "class_pixels": "{}",
        }
        with explained(path):
            _refuse_leftovers(path)
            make_folder(path.parent)
            with replacing(path) as temporary:
                temporary.touch()
                with connect(temporary, write=True) as db, transaction(db):
                    for statement in SCHEMA:
                        db.execute(statement)
                    write_meta(db, meta)
        return cls(path, write=True)

    @classmethod
    def open(cls, path: Path, write: bool = False) -> MaskFile:
        """The file, once it is known to be one that this version reads."""
        file = cls(path, write)
        with file.reading():
            return file

    @contextmanager
    def reading(self) -> Iterator[Contents]:
        """One state of the file for several reads."""
        with connect(self.path, write=self.write) as db, snapshot(db), placed(self.path):
            yield Contents.of(self.path, db, write=self.write)

    @contextmanager
    def writing(self) -> Iterator[Contents]:
        """One transaction."""
        if not self.write:
            raise StoreError("the file was opened for reading only", file=self.path)
        with connect(self.path, write=True) as db:
            with transaction(db), placed(self.path):
                sound = soundness.known(self.path)
                contents = Contents.of(self.path, db, write=True)
                contents.check_structure()
                yield contents
            soundness.keep_whole(self.path)
            if sound is not None:
                soundness.keep(self.path, sound)

    def revision(self) -> int:
        """The newest revision; 0 when nothing was ever committed."""
        with self.reading() as file:
            return file.revision

    def description(self) -> Description:
        """What the file says of its image and project."""
        with self.reading() as file, sensible(self.path):
            return Description.from_meta(read_meta(file.db), file.revision)

    def decide(self, description: Description, expected: int, reason: str, author: str) -> ImageRecord:
        """Write what somebody decided (the status in ``description``) on the pixels of revision ``expected``.

        ConflictError where the file is at another one: nobody has seen these pixels.
        """
        with self.writing() as file:
            if file.revision != expected:
                raise ConflictError(
                    f"the annotation is at r{file.revision}, and the decision was on r{expected}",
                    file=self.path,
                    hint="Look at the image again",
                )
            decisions.decide(file, description.image.status, reason, author)
            file.describe(description)
            return replace(description.image, revision=file.revision)

    def describe(self, description: Description) -> None:
        """Write what is known of the image and the project; the annotation stays as it is."""
        with self.writing() as file:
            file.describe(description)

    def load(self, damaged: list[Damage] | None = None, *, inflated: bool = False) -> LabelMask:
        """The mask, every tile held against its hash. With ``inflated`` its tiles are arrays: for who reads all of it
        at once, and has the memory.

        A damaged tile raises DamagedError. With a list given, damage goes there instead: the tile comes from
        the journal where that has it, and stays empty where it has not.
        """
        with self.reading() as file:
            mask, astray = LabelMask(file.size, file.fill), file.astray()
            for *key, data, sha256 in file.db.execute("SELECT plane, row, col, data, sha256 FROM tiles"):
                place = place_of(*key)
                if place not in astray:
                    tile = _load_tile(file, place, Packed(data, sha256), damaged, inflated=inflated)
                    if tile is not None:
                        mask.planes[place[0]].tiles.put(place[1], tile)
            for place, wanted in astray.items():
                tile = _load_astray(file, place, wanted, damaged)
                if tile is not None:
                    mask.planes[place[0]].tiles.put(place[1], tile)
            return mask

    def commit(self, operation: Operation, description: Description) -> ImageRecord:
        """Write an operation in one transaction; it survives anything from then on. Returns the image with the revision
        and the status that it has now.

        Committing the newest operation again changes nothing, so a commit of unclear outcome may be retried.
        StoreError when the file is not at ``operation.expected``, or not what the patch was made on.
        """
        with self.writing() as file:
            return commit(file, operation, description)

    def history(self) -> History:
        """The undo and redo stacks."""
        with self.reading() as file:
            return file.history()

    def patch(self, revision: int) -> Patch:
        """The patch of an operation, from the journal; StoreError when there is none or a tile is damaged."""
        with self.reading() as file:
            return file.patch(revision)

    def journal(self) -> list[JournalEntry]:
        """All operations, oldest first."""
        with self.reading() as file:
            return file.journal()

    def between(self, start: int, end: int) -> dict[Place, TileDelta]:
        """The tiles in which two revisions differ; StoreError when there is none such or a tile is damaged."""
        with self.reading() as file:
            return file.between(start, end)

    def mask_at(self, revision: int) -> LabelMask:
        """The mask as a revision left it, from the journal; StoreError when there is none or a tile is damaged."""
        with self.reading() as file:
            mask = LabelMask(file.size, file.fill)
            mask.apply(Patch("", "", file.between(0, revision)))
            return mask

    def root_hash(self) -> str:
        """SHA-256 over the hashes of all tiles: equal pixels give equal roots, whatever way led there."""
        with self.reading() as file:
            return file.root_hash()

    def root_hash_at(self, revision: int) -> str:
        """The same of the mask as a revision left it."""
        with self.reading() as file:
            return file.root_hash_at(revision)

    def class_pixels(self) -> dict[int, int]:
        """Pixels of every class value that somebody has set; counted at commit."""
        with self.reading() as file, sensible(self.path):
            counts = json.loads(read_meta(file.db)["class_pixels"])
            if not all(isinstance(n, int) for n in counts.values()):
                raise ValueError(f"numbers of pixels {counts}")
            return {int(value): n for value, n in counts.items()}

    def recount(self) -> None:
        """Count the pixels of each class anew, from the mask itself."""
        counts = {str(value): n for value, n in count_mask(self.load()).items()}
        with self.writing() as file:
            write_meta(file.db, {"class_pixels": dump(counts)})

    def add_event(self, entry: events.Entry, *, again: bool = False) -> None:
        """Write down what somebody did, in one transaction; the annotation stays as it is.

        ``again`` where that has failed once, with an outcome that may be unclear: nothing is written twice.
        """
        with self.writing() as file:
            if not (again and events.holds(file.db, entry)):
                events.add(file.db, entry)

    def events(self, kinds: Container[str] | None = None) -> list[Event]:
        """What people did, of some kinds or all, oldest first."""
        with self.reading() as file, sensible(self.path):
            return events.read(file.db, kinds)

    def save_prediction(self, model_key: str, windows: Iterable[predictions.Window]) -> None:
        """Keep what a model says, in place of what the same model said before; the annotation stays as it is.

        Windows are gathered in a temporary file first, so that strokes can be saved while the model works.
        """
        with self.reading() as file:
            size = file.size
        with predictions.gathered(size, windows) as answer, self.writing() as file:
            predictions.store(file.db, model_key, answer)

    def prediction(self, model_key: str) -> predictions.PredictionPlanes | None:
        """What a model said of the image, or None."""
        with self.reading() as file:
            file.check_structure()  # rows that an index does not lead to would be missing in silence
            return predictions.load(file.db, model_key, file.size, self.path)

    def remove_prediction(self, model_key: str) -> None:
        """Forget what a model said."""
        with self.writing() as file:
            predictions.remove(file.db, model_key)

    def prediction_keys(self) -> list[str]:
        """The models whose predictions are kept, newest last."""
        with self.reading() as file:
            return predictions.keys(file.db)

    def states(self, model_key: str) -> tuple[int, str]:
        """The revision of the annotation, and which answer of a model is kept beside it; empty where none is."""
        with self.reading() as file:
            return file.revision, predictions.made(file.db, model_key)

    def prediction_planes(self, model_key: str) -> set[str]:
        """The planes of a prediction that hold anything."""
        with self.reading() as file:
            return predictions.names(file.db, model_key)


def _refuse_leftovers(path: Path) -> None:
    """SQLite would apply a journal that lies there to the new file."""
    for taken in (path, path.with_name(f"{path.name}-journal")):
        if taken.exists():
            raise StoreError(
                "there is a mask file already, or a rest of one",
                file=taken,
                hint="Move it into the project's quarantine folder",
            )


def _load_tile(
    file: Contents, place: Place, packed: Packed, damaged: list[Damage] | None, *, inflated: bool
) -> Held | None:
    try:
        return file.unpack(place, packed, inflated=inflated)
    except DamagedError as error:
        if damaged is None:
            raise
        tile = _from_journal(file, place, packed.sha256)
        damaged.append(Damage(place, error.message, tile is not None))
        return tile


def _load_astray(
    file: Contents, place: Place, wanted: bytes | None, damaged: list[Damage] | None
) -> Held | None:
    """A tile that is gone, or is not the one the journal ends with, from the journal."""
    reason = f"{tile_name(place)} is not the one the journal ends with"
    if damaged is None:
        raise DamagedError(reason, file=file.path, hint=FSCK)
    tile = None if wanted is None else _from_journal(file, place, wanted)
    damaged.append(Damage(place, reason, wanted is None or tile is not None))
    return tile


def _from_journal(file: Contents, place: Place, sha256: bytes) -> Held | None:
    try:
        tile = file.journaled(place, file.revision)
    except DamagedError:
        return None
    return tile if tile is not None and tile_hash(warm(tile)) == sha256 else None
