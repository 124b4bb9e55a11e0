"""The store as the saver sees it: an operation, and the status that follows from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from labeltool.app.session import Operation
from labeltool.core.errors import DiskFullError
from labeltool.store.database import DamagedError
from labeltool.store.reserve import Reserve

if TYPE_CHECKING:
    from labeltool.store.project import ProjectStore

RENEW_S = 10.0
"""A reserve that was given up is not looked after more often."""


class Journal:
    """Writes operations of sessions; when the disk is full, into the room of the project's reserve.

    ``tell`` is called with True when that was needed, and with False when the room is kept again.
    """

    def __init__(self, store: ProjectStore, tell: Callable[[bool], None] = lambda used: None) -> None:
        self._store = store
        self._reserve = Reserve(store.root)
        self._tell = tell
        self._used = False
        self._looked_s = -RENEW_S

    def hold_reserve(self) -> None:
        """Take the room of the reserve where it is not taken and there is plenty; looks once in a while."""
        now = time.monotonic()
        if not self._store.read_only_reason and now >= self._looked_s + RENEW_S:
            self._looked_s = now
            if self._reserve.hold() and self._used:
                self._used = False
                self._tell(False)

    def commit_operation(self, image_id: str, operation: Operation) -> None:
        """Write one operation; the image is in work from now on, or pre-labelled when a model began it, or what
        somebody decided on the pixels that it leads to."""
        try:
            self._commit(image_id, operation)
        except DamagedError:
            self._commit(
                image_id, operation
            )  # a read that failed once is told as damage, too; twice is believed
        except DiskFullError:
            if not self._reserve.give_up():
                raise
            self._looked_s = time.monotonic()
            self._commit(image_id, operation)
            self._used = True
            self._tell(True)
        else:
            self.hold_reserve()

    def _commit(self, image_id: str, operation: Operation) -> None:
        before = self._store.image(image_id).status
        revision = self._store.commit(
            image_id,
            operation.patch,
            kind=operation.kind,
            target=operation.target,
            expected=operation.revision - 1,
            status=before.after(operation.patch.kind),
        )
        if operation.kind == "do":
            self._store.stroke_saved(image_id, revision)
