"""The queue of the project that is open, with what became of each entry, kept true while images are worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.ui.dialogs.failure import as_failure
from labeltool.ui.queue.reading import Reading, read
from labeltool.ui.queue.words import Entry

if TYPE_CHECKING:
    from labeltool.app.queue import Queue, State
    from labeltool.app.workbench import Workbench


class FollowedQueue(QObject):
    """Nobody ticks anything off: whether an entry is done is asked of its image, again whenever that has changed."""

    failed = Signal(Exception)
    taken = Signal(bool)
    """The file was read: whether there is another queue than before."""
    entry_changed = Signal(int)
    counted = Signal()
    """So many are done now as ``entries`` says."""
    decided = Signal(str)
    """Somebody has said of the image of an entry that it is right."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._bench: Workbench | None = None
        self.reading: Reading | None = None
        """None before the file was read for the first time."""
        self.entries: list[Entry] = []
        self._stale: set[str] = set()
        """Ids of images whose entries are to be looked at again."""
        self._looks = False
        """Somebody is asking what became of stale entries."""
        self._unread = False
        """Masks were replaced since the file was read."""

    @property
    def queue(self) -> Queue | None:
        """None where there is none, or none that can be read."""
        return None if self.reading is None else self.reading.queue

    @property
    def is_left(self) -> bool:
        """Whether there is something to do."""
        return any(entry.is_left for entry in self.entries)

    def attach(self, bench: Workbench | None) -> None:
        """The queue of this project from now on."""
        self._bench, self.reading, self.entries = bench, None, []
        self._looks = self._unread = False
        self._stale.clear()
        if bench is not None:
            bench.record_changed.connect(self._record_changed)
            bench.catalog_changed.connect(lambda _: self.renew(again=True))  # perhaps all masks are others
            self.renew()

    def renew(self, *, again: bool = False) -> None:
        """Read the queue where it is another now, or ``again`` in any case."""
        bench = self._bench
        if bench is None:
            return
        self._unread |= again
        known = None if self._unread or self.reading is None else self.reading.stamp

        def work(cancel: CancelToken, progress: Progress) -> Reading | None:
            return read(bench.store, known, cancel)

        def done(found: Reading | None) -> None:
            if found is not None:
                self._unread = False
                self._take(bench, found)

        bench.lanes.submit(
            "io", "queue", work, done=done, failed=lambda error: self.failed.emit(as_failure(error))
        )

    def _take(self, bench: Workbench, reading: Reading) -> None:
        before, self.reading, self.entries = self.reading, reading, []
        if reading.queue is not None:
            records = {record.id: record for record in bench.store.images()}
            pairs = zip(reading.queue.suggestions, reading.states, strict=True)
            self.entries = [Entry(each, records.get(each.image), state) for each, state in pairs]
        self.taken.emit(before is None or before.queue != reading.queue)

    def _record_changed(self, record: ImageRecord) -> None:
        """An image was worked on, or somebody decided on it."""
        mine = [index for index, entry in enumerate(self.entries) if entry.suggestion.image == record.id]
        if not mine:
            return
        before, settled = self.entries[mine[0]].record, record.status.settled
        for index in mine:
            state: State = "done" if settled else self.entries[index].state
            self._set(index, self.entries[index]._replace(record=record, state=state))
        self._stale.add(record.id)
        self.counted.emit()
        if settled and not (before is not None and before.status.settled):
            self.decided.emit(record.id)
        self._look_again()

    def _look_again(self) -> None:
        """Ask what became of stale entries, unless somebody is asking."""
        bench = self._bench
        if bench is None or self._looks or not self._stale:
            return
        asked = [entry.suggestion for entry in self.entries if entry.suggestion.image in self._stale]
        self._looks = True
        self._stale.clear()

        def work(cancel: CancelToken, progress: Progress) -> list[State]:
            from labeltool.app.queue import states_of  # noqa: PLC0415

            return states_of(bench.store, asked, cancel)

        def done(states: list[State]) -> None:
            self._looks = False
            found = {id(suggestion): state for suggestion, state in zip(asked, states, strict=True)}
            for index, entry in enumerate(self.entries):
                if id(entry.suggestion) in found:
                    self._set(index, entry._replace(state=found[id(entry.suggestion)]))
            self.counted.emit()
            self._look_again()

        def failed(error: BaseException) -> None:
            self._looks = False

        bench.lanes.submit("io", "states of suggestions", work, done=done, failed=failed, quiet=True)

    def _set(self, index: int, entry: Entry) -> None:
        if entry != self.entries[index]:
            self.entries[index] = entry
            self.entry_changed.emit(index)
