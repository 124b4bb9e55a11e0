"""The history of an image: what was done, by whom and when, the mask as it was, and the way back to it.

Revisions are counted as people see them: those of a hidden gold image begin where it was hidden.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from labeltool.app.people.hidden import start
from labeltool.core.errors import BadInputError, LockedError
from labeltool.core.geometry import TileIndex
from labeltool.core.guard import Guard
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch
from labeltool.store.history import JournalEntry
from labeltool.store.project import ProjectStore

KIND = "restore"


def operations(store: ProjectStore, image_id: str) -> list[JournalEntry]:
    """All operations on an image, oldest first, undo and redo included."""
    first = start(store, image_id).revision
    return [_counted_from(first, entry) for entry in store.journal(image_id) if entry.revision > first]


def mask_at(store: ProjectStore, image_id: str, revision: int) -> LabelMask:
    """The mask of an image as a revision left it, 0 being empty; BadInputError where there is no such revision."""
    return store.mask_at(image_id, _Revisions.of(store, image_id).stored(revision))


class Replay:
    """The mask of an image as it was, to be gone through revision by revision, either way.

    A step costs the tiles that were changed between the two revisions. For one thread at a time, best a lane's.
    """

    def __init__(self, store: ProjectStore, image_id: str, revision: int) -> None:
        self._store, self._image_id = store, image_id
        self._revisions = _Revisions.of(store, image_id)
        self.mask = store.mask_at(image_id, self._revisions.stored(revision))
        self.revision = revision

    def go(self, revision: int) -> frozenset[TileIndex]:
        """Show another revision that was there when the replay began; returns the tiles in which a pixel may differ
        from the one before. BadInputError where there is none."""
        here, there = (self._revisions.stored(each) for each in (self.revision, revision))
        patch = Patch("", KIND, self._store.between(self._image_id, here, there))
        self.mask.apply(patch)
        self.revision = revision
        return patch.touched


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
