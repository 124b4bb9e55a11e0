"""Plays the history of an image: steps are made on a lane, one at a time, and of those asked for meanwhile only the
last one is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from labeltool.core.errors import CancelledError
from labeltool.core.patch import Patch
from labeltool.core.progress import CancelToken, Progress

if TYPE_CHECKING:
    from labeltool.app.people.history import Extent, Replay
    from labeltool.app.workbench import Workbench

TICK_MS = 40
SLOWEST_S = 0.3
"""A revision is shown at most this long while a replay runs."""
HURRIED_S = 0.15
"""A replay that shows each revision for less than this is too fast to follow single changes."""
LONGEST_S = 20.0
"""A replay takes no longer: of very many revisions some are passed over."""


class Wish(NamedTuple):
    """A revision to be shown, and the one since which changes are framed; None for the one that is shown before."""

    revision: int
    since: int | None


@dataclass(frozen=True)
class Frame:
    """A revision that can be shown: ``patch`` leads to it from the one before, None where the replay begins."""

    replay: Replay
    revision: int
    patch: Patch | None
    changed: Extent


class Player(QObject):
    """Goes to revisions of one image; the mask of its replay is theirs."""

    arrived = Signal(object)
    """A :class:`Frame` to be shown."""
    playing_changed = Signal(bool)
    failed = Signal(Exception)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._bench: Workbench | None = None
        self._image_id = ""
        self._replay: Replay | None = None
        self._wish: Wish | None = None
        self._at_work = False
        self._number = 0  # of the replay; an answer to an older one is dropped
        self._began = (0.0, 0, 0)
        """When the replay was started, at which revision, and which is the newest."""
        self._ticks = QTimer(self, interval=TICK_MS)
        self._ticks.timeout.connect(self._tick)

    @property
    def active(self) -> bool:
        """Whether a revision is shown, or on its way."""
        return self._replay is not None or self._wish is not None or self._at_work

    @property
    def revision(self) -> int | None:
        """The one that is shown."""
        return None if self._replay is None else self._replay.revision

    @property
    def playing(self) -> bool:
        """Whether one revision follows the other by itself."""
        return self._ticks.isActive()

    @property
    def hurries(self) -> bool:
        """Whether revisions follow so fast that what is said of a single one would flicker."""
        return self.playing and self._pace_s < HURRIED_S

    def show(self, bench: Workbench, image_id: str, revision: int, since: int | None) -> None:
        """Show a revision of an image, soon."""
        self._bench, self._image_id = bench, image_id
        self._wish = Wish(revision, since)
        self._go_on()

    def play(self, bench: Workbench, image_id: str, newest: int) -> None:
        """Go through the revisions from the one that is shown, from the first where that is the newest."""
        at = self.revision
        first = 0 if at is None or at >= newest else at
        self._began = time.monotonic(), first, newest
        self.show(bench, image_id, first, None)
        self._ticks.start()
        self.playing_changed.emit(True)

    def pause(self) -> None:
        """Stay where the replay is."""
        if self.playing:
            self._ticks.stop()
            self.playing_changed.emit(False)

    def stop(self) -> None:
        """Nothing is shown any more."""
        self.pause()
        self._number += 1
        self._replay, self._wish, self._at_work = None, None, False

    @property
    def _pace_s(self) -> float:
        """For how long each revision is shown."""
        _, first, newest = self._began
        return min(SLOWEST_S, LONGEST_S / max(1, newest - first))

    def _tick(self) -> None:
        """What is to be seen follows from the time, however long a step takes."""
        began_s, first, newest = self._began
        revision = min(newest, first + int((time.monotonic() - began_s) / self._pace_s))
        if self._bench is not None and revision != self.revision:
            self.show(self._bench, self._image_id, revision, None)
        elif revision == newest:
            self.pause()

    def _go_on(self) -> None:
        wish, bench = self._wish, self._bench
        if wish is None or bench is None or self._at_work:
            return
        self._wish, self._at_work = None, True
        number, replay, store, image_id = self._number, self._replay, bench.store, self._image_id

        def work(cancel: CancelToken, progress: Progress) -> Frame:
            from labeltool.app.people.history import Replay, extent  # noqa: PLC0415

            if replay is None:
                begun = Replay(store, image_id, wish.revision)
                since = wish.revision if wish.since is None else wish.since
                return Frame(begun, wish.revision, None, begun.changed(since, wish.revision))
            patch = replay.step(wish.revision)
            if wish.since is None:
                return Frame(replay, wish.revision, patch, extent(patch, replay.mask))
            return Frame(replay, wish.revision, patch, replay.changed(wish.since, wish.revision))

        def done(frame: Frame) -> None:
            if number == self._number:
                self._at_work, self._replay = False, frame.replay
                if frame.patch is not None:
                    frame.replay.take(frame.revision, frame.patch)
                self.arrived.emit(frame)
                self._go_on()

        def failed(error: BaseException) -> None:
            if number == self._number:
                self.stop()
                if not isinstance(error, CancelledError):
                    self.failed.emit(error)

        bench.lanes.submit("io", "history step", work, done=done, failed=failed, title="History")
