"""What can be wrong inside a mask file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise

from labeltool.core.catalog import IGNORE
from labeltool.core.errors import StoreError
from labeltool.core.patch import Place
from labeltool.store import events, predictions
from labeltool.store.contents import Contents
from labeltool.store.counts import count_mask
from labeltool.store.database import CANNOT_SAY, DamagedError, LostError, broken_pages
from labeltool.store.history import chain_next, chain_start, place_of
from labeltool.store.mask_file import Damage, MaskFile
from labeltool.store.tiles import Packed


def problems(file: MaskFile) -> Iterator[str]:
    """Everything that is wrong, in sentences; a file that cannot be read at all raises StoreError."""
    with file.reading() as contents:
        yield from structure(contents)
        yield from (f"the {predictions.called(key)} is gone" for key in predictions.gone(contents.db))
        revisions = [r for (r,) in contents.db.execute("SELECT revision FROM operations ORDER BY revision")]
    damaged: list[Damage] = []
    mask = file.load(damaged)
    for each in damaged:
        yield f"{each.reason}{' (the journal still has it)' if each.restored else ''}"
    if not damaged and count_mask(mask) != file.class_pixels():
        yield "the pixels counted are not those in the mask"
    yield from _unreadable(file, revisions)
    yield from _unknown_classes(file)


def structure(file: Contents) -> Iterator[str]:
    """What is wrong but for pixels: whether the file is whole, and its operations lead to the tiles it holds."""
    for line in broken_pages(file.db, file.path):
        yield f"the database is damaged: {line}"
    yield from _chain(file)
    yield from _tiles_against_journal(file.db)
    yield from _events(file)


def damaged_tiles(file: Contents) -> Iterator[str]:
    """The tiles of the mask whose pixels are not those that were saved, one at a time."""
    for *key, data, sha256 in file.db.execute("SELECT plane, row, col, data, sha256 FROM tiles"):
        try:
            file.unpack(place_of(*key), Packed(data, sha256), inflated=True)
        except DamagedError as error:
            yield error.message


def _chain(file: Contents) -> Iterator[str]:
    """The operations follow each other without a gap, and each vouches for all before it."""
    chain, last = chain_start(file.image_id), 0
    for revision, kind, target, stored in file.db.execute(
        "SELECT revision, kind, target, chain FROM operations ORDER BY revision"
    ):
        rows = file.db.execute("SELECT plane, row, col, sha256 FROM changes WHERE revision=?", (revision,))
        after: dict[Place, bytes | None] = {place_of(*key): sha256 for *key, sha256 in rows}
        chain = chain_next(chain, revision, kind, target, after)
        if revision != last + 1:
            yield f"the journal has a gap between r{last} and r{revision}"
        if chain != stored:
            yield f"the journal was changed at r{revision}"
            chain = stored
        last = revision
    if (last, chain) != (file.revision, file.chain):
        yield f"the newest revision is said to be r{file.revision}, and the journal ends at r{last}"


def _tiles_against_journal(db: sqlite3.Connection) -> Iterator[str]:
    """The journal's last word on every tile is the tile."""
    newest = """SELECT plane, row, col, sha256 FROM changes AS c WHERE revision =
        (SELECT MAX(revision) FROM changes WHERE plane=c.plane AND row=c.row AND col=c.col)"""
    journal = {tuple(key): sha256 for *key, sha256 in db.execute(newest) if sha256 is not None}
    tiles = {tuple(key): sha256 for *key, sha256 in db.execute("SELECT plane, row, col, sha256 FROM tiles")}
    for plane, row, col in sorted(key for key in {*journal, *tiles} if journal.get(key) != tiles.get(key)):
        name = place_of(plane, row, col)[0]
        yield f"the {name} tile in row {row}, column {col} is not the one the journal ends with"


def _events(file: Contents) -> Iterator[str]:
    """What people did can be read, and nothing of it is gone."""
    try:
        found = events.read(file.db)
    except ValueError as error:
        yield f"what people did to the image cannot be read: {error}"
        return
    for before, event in pairwise([0, *(event.number for event in found)]):
        if event != before + 1:
            yield f"of what people did to the image, something is gone before number {event}"
    newest, last = found[-1].number if found else 0, events.last_number(file.db)
    if newest < last:
        yield f"of what people did to the image, something is gone after number {newest}: there was a number {last}"


def _unreadable(file: MaskFile, revisions: list[int]) -> Iterator[str]:
    """Everything that undo, redo and the confidence overlay may ask for."""
    try:
        file.history()
    except CANNOT_SAY:
        raise
    except StoreError as error:
        yield error.message
    for revision in revisions:
        try:
            file.patch(revision)
        except LostError:
            continue  # somebody has been told
        except CANNOT_SAY:
            raise
        except StoreError as error:
            yield f"r{revision} cannot be undone: {error.message}"
    for key in file.prediction_keys():
        try:
            file.prediction(key)
        except CANNOT_SAY:
            raise
        except StoreError as error:
            yield error.message


def _unknown_classes(file: MaskFile) -> Iterator[str]:
    catalog = file.description().catalog
    for value in file.class_pixels():
        if value not in {*catalog.values, *catalog.retired, IGNORE}:
            yield f"there are pixels of value {value}, which is no class"
