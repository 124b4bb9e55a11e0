"""Saving one operation: all of it or nothing, and never over somebody else's work."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from labeltool.core.cold import Held, warm
from labeltool.core.errors import ConflictError
from labeltool.core.mask import Tile
from labeltool.core.patch import Patch, Place
from labeltool.core.project import ImageRecord
from labeltool.core.pulse import beating
from labeltool.store.contents import Contents, read_meta, tile_name, write_meta
from labeltool.store.counts import count_change
from labeltool.store.decisions import standing
from labeltool.store.history import OperationKind, chain_next, chain_start, place_key
from labeltool.store.records import Description, dump
from labeltool.store.tiles import Packed, is_constant, pack_held, tile_hash

Hashes = Mapping[Place, bytes | None]


@dataclass(frozen=True)
class Operation:
    """What is committed: a patch made against revision ``expected``.

    An undo or redo names the operation it is about in ``target`` and brings that patch's inverse or itself.
    """

    patch: Patch
    expected: int
    kind: OperationKind = "do"
    target: int | None = None
    author: str = ""


def commit(file: Contents, operation: Operation, description: Description) -> ImageRecord:
    """Write an operation inside the caller's transaction; returns the image with its revision and status.

    The status is that of ``description``, unless the operation leads to pixels on which somebody has decided.
    The newest operation once more changes nothing. ConflictError when the file is not what the patch was made on.
    """
    patch = operation.patch
    after = {
        place: _packed(delta.held_after, file.fill_of(place))
        for place, delta in beating(patch.deltas.items())
    }
    hashes = {place: packed.sha256 if packed else None for place, packed in after.items()}
    if _is_newest(file, operation, hashes):
        return Description.from_meta(read_meta(file.db), file.revision).image
    _check(file, operation)
    revision = file.revision + 1
    chain = chain_next(file.chain, revision, operation.kind, operation.target, hashes)
    counts = count_change(json.loads(read_meta(file.db)["class_pixels"]), patch, file.current, file.blank)
    head = {"revision": str(revision), "chain": chain.hex(), "class_pixels": dump(counts)}
    _write_tiles(file.db, revision, after)
    _write_operation(file.db, revision, operation, chain)
    image = replace(
        description.image, revision=revision, status=standing(file, counts) or description.image.status
    )
    file.describe(replace(description, image=image))
    write_meta(file.db, head)
    return image


def _is_newest(file: Contents, operation: Operation, hashes: Hashes) -> bool:
    """True when this very operation was the last one: its outcome was unclear, and it is being repeated."""
    if file.revision != operation.expected + 1:
        return False
    row = file.db.execute("SELECT chain FROM operations WHERE revision=?", (operation.expected,)).fetchone()
    before = row[0] if row else chain_start(file.image_id)
    return file.chain == chain_next(before, file.revision, operation.kind, operation.target, hashes)


def _check(file: Contents, operation: Operation) -> None:
    """Nothing is overwritten that the patch does not know of."""
    if file.revision != operation.expected:
        raise ConflictError(
            f"somebody else has changed this annotation: it is at r{file.revision}, not at r{operation.expected}",
            file=file.path,
            hint="Open the image again to see what is saved",
        )
    if operation.kind != "do":
        history = file.history()
        stack = history.undo if operation.kind == "undo" else history.redo
        if not stack or stack[-1].revision != operation.target:
            raise ConflictError(f"there is no r{operation.target} to {operation.kind}", file=file.path)
    for place, delta in beating(operation.patch.deltas.items()):
        if file.current_hash(place) != _hash(delta.before, file.fill_of(place)):
            raise ConflictError(
                f"{tile_name(place)} is not the one this change was made on",
                file=file.path,
                hint="Open the image again to see what is saved",
            )


def _write_tiles(db: sqlite3.Connection, revision: int, after: Mapping[Place, Packed | None]) -> None:
    db.executemany(
        "INSERT INTO changes VALUES(?, ?, ?, ?, ?, ?)",
        (
            (revision, *place_key(place), *(packed or (None, None)))
            for place, packed in beating(after.items())
        ),
    )
    db.executemany(
        "DELETE FROM tiles WHERE plane=? AND row=? AND col=?",
        (place_key(place) for place, packed in beating(after.items()) if packed is None),
    )
    db.executemany(
        "INSERT OR REPLACE INTO tiles VALUES(?, ?, ?, ?, ?)",
        ((*place_key(place), *packed) for place, packed in beating(after.items()) if packed is not None),
    )


def _write_operation(db: sqlite3.Connection, revision: int, operation: Operation, chain: bytes) -> None:
    patch = operation.patch
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    about = (patch.kind, patch.title, dump(dict(patch.details)), operation.author, now)
    db.execute(
        "INSERT INTO operations VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (revision, operation.kind, operation.target, *about, chain),
    )


def _packed(tile: Held | None, fill: int) -> Packed | None:
    return None if tile is None or _is_fill(warm(tile), fill) else pack_held(tile)


def _hash(tile: Tile | None, fill: int) -> bytes | None:
    return None if tile is None or _is_fill(tile, fill) else tile_hash(tile)


def _is_fill(tile: Tile, fill: int) -> bool:
    return bool(tile[0, 0] == fill) and is_constant(tile)
