"""What is written down beside people's work though nobody asked for it: where they looked, how long they worked.

Its failure is no reason to stop anybody: it is logged, and what could not be written waits in memory for the next such
write. Strokes tell that a disk fails, and have its last room.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from labeltool.core.errors import LabeltoolError, StoreError

if TYPE_CHECKING:
    from labeltool.app.saving import Saver
    from labeltool.store.project import ProjectStore

MOST = 500
"""Of more that waits the oldest is given up; with a write a minute that is a day's."""

log = logging.getLogger(__name__)


class _Note(NamedTuple):
    """What is to be written of an image."""

    image_id: str
    write: Callable[[], object]


class Unasked:
    """Writes on the saver's thread, after the strokes that wait, oldest first. What still waits when the session ends
    is lost."""

    def __init__(self, store: ProjectStore, saver: Saver) -> None:
        self._store, self._saver = store, saver
        self._waiting: deque[_Note] = deque()
        self._lock = Lock()
        self._last: Future[None] | None = None
        self._failing = False

    @property
    def waiting(self) -> int:
        """What is not written yet."""
        return len(self._waiting)

    def write(self, image_id: str, work: Callable[[], object]) -> Future[None]:
        """Do this, and what waits from before; the same ``work`` is called again where it failed. The future never
        holds an error."""
        with self._lock:
            if len(self._waiting) >= MOST:
                log.warning("of what was counted too much waits to be written; the oldest is given up")
                self._waiting.popleft()
            self._waiting.append(_Note(image_id, work))
        self._last = self._saver.after(self._write_all)
        return self._last

    def wait(self, timeout_s: float) -> None:
        """Until all was tried that has been given to it."""
        if self._last is not None:
            wait([self._last], timeout_s)

    # ---- on the saver's thread

    def _write_all(self) -> None:
        with self._lock:
            notes = list(self._waiting)
        failed: set[str] = set()  # of an image nothing is written before what came earlier
        for note in notes:
            if note.image_id not in failed:
                if self._written(note):
                    self._settle(note)
                else:
                    failed.add(note.image_id)
        self._failing = bool(failed)

    def _settle(self, note: _Note) -> None:
        with self._lock:
            if note in self._waiting:
                self._waiting.remove(note)

    def _written(self, note: _Note) -> bool:
        """Whether nothing more is to be done about it."""
        try:
            note.write()
        except StoreError as error:
            if error.may_pass and self._is_there(note.image_id):
                if not self._failing:  # else it was told
                    log.warning("what was counted of an image waits to be written: %s", error)
                return False
            log.warning("what was counted of an image is given up: %s", error)
        except LabeltoolError as error:
            log.warning("what was counted of an image is given up: %s", error)
        except Exception:
            log.exception("what was counted of an image is given up")
        return True

    def _is_there(self, image_id: str) -> bool:
        return any(record.id == image_id for record in self._store.images())
