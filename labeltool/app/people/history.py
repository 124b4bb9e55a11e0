"""The history of an image: what was done, by whom and when, the mask as it was, and the way back to it.

Revisions are counted as people see them: those of a hidden gold image begin where it was hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labeltool.app.people.comments import COMMENT
from labeltool.app.people.hidden import start
from labeltool.app.people.references import REFERENCE
from labeltool.core.errors import BadInputError, LockedError
from labeltool.core.geometry import Box, TileIndex, tile_box
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask, Tile
from labeltool.core.patch import Patch, Place, TileDelta
from labeltool.core.project import Status
from labeltool.store.decisions import STATUS
from labeltool.store.events import Event
from labeltool.store.history import JournalEntry
from labeltool.store.project import ProjectStore

KIND = "restore"
TOLD = frozenset({STATUS, COMMENT, REFERENCE})
"""The events that are told beside operations; what else is written down is about effort, or has an operation."""
MOST_COMPARED = 400
"""Tiles of a change whose pixels are looked at; the box around more says enough."""


class Past(NamedTuple):
    """What was done to an image, each oldest first: its pixels, and what people said of them."""

    operations: list[JournalEntry]
    events: list[Event]


class Extent(NamedTuple):
    """A box around all pixels that differ, and how many they are: None where nobody has counted so many."""

    box: Box
    pixels: int | None


def past(store: ProjectStore, image_id: str) -> Past:
    """All that may be seen of what was done to an image. Decisions name revisions as people count them."""
    first = start(store, image_id)
    told = [
        _event_from(first.revision, event)
        for event in store.events(image_id, TOLD)
        if event.number > first.event and event.data.get("status") != Status.NEW
    ]
    return Past(operations(store, image_id), told)


def operations(store: ProjectStore, image_id: str) -> list[JournalEntry]:
    """All operations on an image, oldest first, undo and redo included."""
    first = start(store, image_id).revision
    return [_counted_from(first, entry) for entry in store.journal(image_id) if entry.revision > first]


def mask_at(store: ProjectStore, image_id: str, revision: int) -> LabelMask:
    """The mask of an image as a revision left it, 0 being empty; BadInputError where there is no such revision."""
    return store.mask_at(image_id, _Revisions.of(store, image_id).stored(revision))


class Replay:
    """The mask of an image as it was, to be gone through revision by revision, either way.

    A step costs the tiles that were changed between the two revisions. One thread makes and shows steps, or a lane
    makes them for the thread that shows: :meth:`step` changes nothing.
    """

    def __init__(self, store: ProjectStore, image_id: str, revision: int) -> None:
        self._store, self._image_id = store, image_id
        self._revisions = _Revisions.of(store, image_id)
        self.mask = store.mask_at(image_id, self._revisions.stored(revision))
        self.revision = revision

    def go(self, revision: int) -> frozenset[TileIndex]:
        """Show another revision that was there when the replay began; returns the tiles in which a pixel may differ
        from the one before. BadInputError where there is none."""
        patch = self.step(revision)
        self.take(revision, patch)
        return patch.touched

    def step(self, revision: int) -> Patch:
        """The patch from the revision that is shown to another one. BadInputError where there is none."""
        return self._between(self.revision, revision)

    def take(self, revision: int, patch: Patch) -> None:
        """Show the revision that this :meth:`step` leads to."""
        self.mask.apply(patch)
        self.revision = revision

    def changed(self, since: int, revision: int) -> Extent:
        """Where two revisions differ."""
        return extent(self._between(since, revision), self.mask)

    def _between(self, since: int, revision: int) -> Patch:
        here, there = (self._revisions.stored(each) for each in (since, revision))
        return Patch("", KIND, self._store.between(self._image_id, here, there))


def extent(patch: Patch, mask: LabelMask) -> Extent:
    """Where a patch of this mask changes it, whatever the mask holds now."""
    if len(patch.touched) > MOST_COMPARED:
        return Extent(patch.box(mask.size), None)
    differ = differing(patch.deltas, mask)
    boxes = [_box_of(found, tile_box(index, mask.size)) for index, found in differ.items()]
    return Extent(
        reduce(Box.union, boxes, Box(0, 0, 0, 0)),
        sum(int(np.count_nonzero(each)) for each in differ.values()),
    )


def differing(deltas: Mapping[Place, TileDelta], mask: LabelMask) -> dict[TileIndex, Tile]:
    """Where a pixel is another one in class, object or origin, bool, by tile."""
    found: dict[TileIndex, Tile] = {}
    for (name, index), delta in deltas.items():
        empty = mask.planes[name].empty_tile(index)
        before, after = (empty if tile is None else tile for tile in (delta.before, delta.after))
        found[index] = (before != after) | found.get(index, np.False_)
    return found


def _box_of(found: Tile, tile: Box) -> Box:
    """Around what is true of a tile."""
    rows, cols = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    if not len(rows):
        return Box(0, 0, 0, 0)
    x, y = tile.x0, tile.y0
    return Box(x + int(cols[0]), y + int(rows[0]), x + int(cols[-1]) + 1, y + int(rows[-1]) + 1)


def restoring(store: ProjectStore, image_id: str, revision: int) -> Patch:
    """The patch from the mask as it is on disk to what an earlier revision left; empty where they are equal.

    For :meth:`labeltool.app.session.Session.restore`, once the session's strokes are saved and before there are others.
    """
    revisions = _Revisions.of(store, image_id)
    deltas = store.between(image_id, revisions.newest, revisions.stored(revision))
    return Patch(f"Restore revision {revision}", KIND, deltas, {"revision": str(revision)})


def restore(store: ProjectStore, image_id: str, revision: int) -> int | None:
    """Bring back what a revision left, as one step of undo, on an image that nobody has open.

    Returns the new revision, None where the mask is the same already. LockedError where a locked class would change.
    """
    patch = restoring(store, image_id, revision)
    if not patch:
        return None
    value = Guard(store.catalog.locked).violated(store.load_mask(image_id), patch)
    if value is not None:
        raise LockedError("restoring this would change a class that is locked", value)
    record = store.image(image_id)
    new = store.commit(image_id, patch, expected=record.revision, status=record.status.after(KIND))
    return new - start(store, image_id).revision


class _Revisions(NamedTuple):
    """The revisions of an image that may be seen, as the store counts them."""

    first: int
    newest: int
    path: Path

    @classmethod
    def of(cls, store: ProjectStore, image_id: str) -> _Revisions:
        return cls(
            start(store, image_id).revision, store.history(image_id).revision, store.image(image_id).path
        )

    def stored(self, revision: int) -> int:
        """How the store counts a revision; BadInputError where there is none."""
        if not 0 <= revision <= self.newest - self.first:
            raise BadInputError(
                f"there is no revision {revision} of this image; the newest is {self.newest - self.first}",
                file=self.path,
            )
        return self.first + revision


def _counted_from(first: int, entry: JournalEntry) -> JournalEntry:
    target = None if entry.target is None else entry.target - first
    return entry._replace(revision=entry.revision - first, target=target)


def _event_from(first: int, event: Event) -> Event:
    revision = event.data.get("revision")
    if event.kind != STATUS or not isinstance(revision, int):
        return event
    return event._replace(data={**event.data, "revision": revision - first})
