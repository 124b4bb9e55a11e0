"""Reads what was done to the image at hand, on a lane, as long as somebody looks, and again as something is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken, Progress
from labeltool.ui.annotate import Annotate
from labeltool.ui.history.folding import Row, rows_of

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench

SOON_MS = 300
"""How long after something was saved it is read again."""


class Read(NamedTuple):
    """What was read of a history: its rows, newest first, and when each operation was done, oldest first."""

    rows: list[Row]
    times_s: list[float]

    @property
    def newest(self) -> int:
        """The newest revision."""
        return len(self.times_s)


NOTHING = Read([], [])


class Reader(QObject):
    """Tells what it has read of the image at hand."""

    read = Signal(object)
    """A :class:`Read`."""
    failed = Signal(Exception)

    def __init__(self, annotate: Annotate, parent: QObject) -> None:
        super().__init__(parent)
        self._annotate = annotate
        self._bench: Workbench | None = None
        self._in_sight, self._unread = False, True
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.renew)

    @property
    def waits(self) -> bool:
        """Whether something has been saved that is to be read soon."""
        return self._soon.isActive()

    def attach(self, bench: Workbench | None) -> None:
        """The images of this project from now on."""
        self._bench = bench
        if bench is not None:
            bench.saved.connect(lambda state: self._touched(state.image_id))
            bench.record_changed.connect(lambda record: self._touched(record.id))

    def set_in_sight(self, in_sight: bool) -> None:
        """Whether somebody looks."""
        self._in_sight = in_sight
        if in_sight and self._unread:
            self.renew()

    def _touched(self, image_id: str) -> None:
        """Something was written about an image."""
        image = self._annotate.image
        if image is not None and image.record.id == image_id and not self._soon.isActive():
            self._soon.start()

    def renew(self) -> None:
        """Read what was done, once somebody looks."""
        bench, image = self._bench, self._annotate.image
        self._unread = not self._in_sight
        if bench is None or image is None or self._unread:
            return
        store, image_id = bench.store, image.record.id

        def work(cancel: CancelToken, progress: Progress) -> Read:
            from labeltool.app.people.history import past  # noqa: PLC0415

            found = past(store, image_id)
            rows = rows_of(found)
            at_s = {item.revision: item.at_s for row in rows for item in row.items if item.is_operation}
            return Read(rows, [at_s[entry.revision] for entry in found.operations])

        def done(found: Read) -> None:
            if self._annotate.image is image:
                self.read.emit(found)

        def failed(error: BaseException) -> None:
            if self._annotate.image is image and not isinstance(error, CancelledError):
                self.failed.emit(error)

        bench.lanes.submit("io", "history", work, done=done, failed=failed, title="History", quiet=True)
