"""Holding a project for writing: its lock, and one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labeltool.core.errors import StoreError
from labeltool.store.database import explained
from labeltool.store.layout import INDEX, check_reachable
from labeltool.store.lock import Lock, LockLostError

NO_ROOM = "the disk is full: free some space"
"""Why a project cannot be written whose lock finds no room."""


class Holding:
    """Whether this process may write a project, and why not: ``reason`` is empty exactly while it has the ``lock``."""

    def __init__(self, root: Path, lock: Lock | None, reason: str) -> None:
        self.root, self.lock, self.reason = root, lock, reason
        self.mutex = threading.RLock()

    @contextmanager
    def writing(self) -> Iterator[Lock]:
        """One writer at a time; StoreError where nothing may be written, or the project is gone or somebody else's, and
        where it became that meanwhile: nobody says then that anything was saved."""
        with self.mutex, explained(self.root):
            if self.lock is None:
                raise StoreError(
                    f"the project cannot be changed: {self.reason}",
                    file=self.root,
                    hint="Open it for writing, or work on a copy",
                )
            lock = self.lock
            check_reachable(self.root)
            self._keep(lock)
            yield lock
            with suppress(OSError):  # what was written is written
                self._keep(lock)

    def recheck(self) -> None:
        """See that the project can be reached, and is still ours where it is written, or StoreError."""
        with self.mutex, explained(self.root):
            if self.lock is not None:
                check_reachable(self.root)
                self._keep(self.lock)
            else:
                (self.root / INDEX).stat()

    def end(self, reason: str) -> None:
        """Let others write."""
        with self.mutex:
            if self.lock is not None:
                self.lock.release()
                self.lock, self.reason = None, reason

    def _keep(self, lock: Lock) -> None:
        try:
            lock.hold()
        except LockLostError as error:
            self.lock, self.reason = None, error.message
            lock.release(lost=True)
            raise
