"""One project and several people: who edits it, and how one comes to edit it oneself."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.ui.annotate import Annotate
from labeltool.ui.part import Part
from labeltool.ui.projects import Locked, Projects

if TYPE_CHECKING:
    from labeltool.app.following import Following, News
    from labeltool.app.saving import SaveState
    from labeltool.app.workbench import Workbench
    from labeltool.store.lock import Sign
    from labeltool.ui.action_set import ActionSet

LOOK_MS = 3_000
"""Whoever only looks at a project asks this often whether it is free."""
ROOM_BYTES = 1 << 16
"""A project that found no room for its lock is offered to be edited once there is so much."""
FOLLOW_MS = 2_000
"""And so often what others have done to it."""
QUIET_S = 20.0
"""Whoever draws where nothing can be drawn is told so, and not again before that time."""


def room(root: Path) -> int:
    """How many bytes find room where a project is. OSError where nobody can say."""
    return shutil.disk_usage(root).free


class Sharing(Part):
    """Asks what to do with a project that somebody else edits, and says when it is free or was taken over."""

    offered = Signal(str, str, object)
    """Something to read with a button: its text and what it does."""
    lost = Signal()
    """Somebody else has taken the project over: nothing more can be changed here."""
    images_changed = Signal()
    """Others have added or removed images."""

    def __init__(self, projects: Projects, annotate: Annotate, window: QWidget) -> None:
        super().__init__(window)
        self._projects, self._annotate, self._window = projects, annotate, window
        self._bench: Workbench | None = None
        self._free = False
        self._offer = ""
        self._away = ""  # what is said of a project that cannot be reached
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self.look)
        self._following: Following | None = None
        self._at_work = False
        self._follow = QTimer(self, interval=FOLLOW_MS)
        self._follow.timeout.connect(self.follow)
        self._told_s = -QUIET_S
        projects.locked.connect(self._ask)

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {"edit_now": self.edit_now}

    def take_actions(self, actions: ActionSet) -> None:
        """See the base. Whatever else takes a press of the pointer is asked first."""
        self._annotate.canvas.claims.append(self._pressed)
        self._annotate.canvas.deleted.connect(self.refuse)

    def has(self) -> Mapping[str, bool]:
        """Whether a project is open that is only looked at because somebody else edited it, or the disk was full."""
        return {"viewed": self._may_be_free()}

    def attach(self, bench: Workbench | None) -> None:
        """See the base."""
        self._bench, self._free, self._offer, self._away = bench, False, "", ""
        self._following, self._at_work, self._told_s = None, False, -QUIET_S
        for timer in (self._look, self._follow):
            timer.stop()
        if bench is None:
            return
        bench.saved.connect(self._saved)
        if self._may_be_free():
            self._look.start()
        if not bench.editable:
            self._follow.start()
            self.follow()

    def _may_be_free(self) -> bool:
        bench = self._bench
        return bench is not None and (self._projects.viewed is not None or bench.store.no_room)

    # ---- somebody else edits it, or there is no room

    def _ask(self, locked: Locked) -> None:
        from labeltool.ui.dialogs.locked import LockedDialog  # noqa: PLC0415

        dialog = LockedDialog(locked.error, self._window)
        dialog.view_asked.connect(lambda: self._projects.view(locked))
        dialog.take_over_asked.connect(lambda: self._take_over(locked))
        dialog.open()

    def _take_over(self, locked: Locked) -> None:
        from labeltool.store.layout import LOCK  # noqa: PLC0415
        from labeltool.ui.dialogs.locked import TakeOverDialog  # noqa: PLC0415

        if locked.error.sign is None:
            return

        def agreed(sign: Sign) -> None:
            self._projects.open(locked.root, take_over=sign)

        dialog = TakeOverDialog(locked.root / LOCK, locked.error.sign, self._projects.lanes(), self._window)
        dialog.agreed.connect(agreed)
        dialog.open()

    def look(self) -> None:
        """See whether the project that is only looked at is free by now, and whether there is room to edit it."""
        bench = self._bench
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> bool:
            from labeltool.store.layout import LOCK  # noqa: PLC0415
            from labeltool.store.lock import holder  # noqa: PLC0415

            root = bench.store.root
            return holder(root / LOCK) is None and (not bench.store.no_room or room(root) >= ROOM_BYTES)

        def done(free: bool) -> None:
            if self._bench is bench:
                self._show(free)

        # A drive that is away for a while is told of when something is read from it.
        bench.lanes.submit("ahead", "free", work, done=done, failed=lambda _: None, quiet=True)

    def _show(self, free: bool) -> None:
        if free == self._free:
            return
        self._free = free
        if free:
            full = self._bench is not None and self._bench.store.no_room
            nobody = self.tr("Nobody edits the project any more.")
            self._offer = self.tr("There is room on the disk again.") if full else nobody
            self.offered.emit(self._offer, self.tr("Edit now"), self.edit_now)
        else:
            self.outdated.emit(self._offer)
        self.changed.emit()

    def edit_now(self) -> None:
        """Open the project for writing in the place of the view, where the lock allows it."""
        if self._bench is not None:
            self._projects.open(self._bench.store.root)

    # ---- what others do meanwhile

    def follow(self) -> None:
        """Take up what others have done to the project that is only looked at: to its list of images, and to the image
        at hand. Files that were not written since are not opened, and nothing of it is done on this thread."""
        bench = self._bench
        if bench is None or bench.editable or self._at_work:
            return
        if self._following is None:
            from labeltool.app.following import Following  # noqa: PLC0415

            self._following = Following(bench.store)
        following, image = self._following, bench.open
        image_id, revision = ("", 0) if image is None else (image.record.id, image.session.revision)
        self._at_work = True

        def done(news: News) -> None:
            self._at_work = False
            if self._bench is bench:
                self._take(bench, news)

        def failed(error: BaseException) -> None:
            self._at_work = False  # whoever writes just now is done at the next look

        bench.lanes.submit(
            "ahead",
            "follow",
            lambda *_: following.look(image_id, revision),
            done=done,
            failed=failed,
            quiet=True,
        )

    def _take(self, bench: Workbench, news: News) -> None:
        image = bench.open
        there = image is not None and image.record.id == news.image_id
        if news.classed:
            bench.catalog_changed.emit(bench.catalog)
        if news.listed:
            self.images_changed.emit()
        if image is not None and there and image.session.revision == news.since:
            if news.gone:
                text = self.tr("{name} was taken out of the project by whoever edits it.")
                self.noted.emit(text.format(name=image.record.name))
                bench.clear()
            elif news.lost:
                bench.open_image(news.image_id)
            elif news.patch is not None:
                image.session.follow(news.patch, news.revision)
        for image_id in news.changed:
            bench.renew_record(image_id)

    def _pressed(self, x: float, y: float) -> bool:
        """A press that would draw: where nothing can be drawn this is said again. It stays a press for the tool."""
        if self._bench is not None and self._bench.open is not None:
            here = self.tr("Nothing can be drawn here: the project is being edited by {who}.")
            full = self.tr("Nothing can be drawn: the disk is full. Free some space first.")
            reason = self.tr("Nothing can be drawn: the project is open for reading only ({reason}).")
            self._say_why_not(here, full, reason)
        return False

    def refuse(self) -> None:
        """Somebody has pressed a key that would delete: where nothing can be changed this is said again."""
        here = self.tr("Nothing can be changed here: the project is being edited by {who}.")
        full = self.tr("Nothing can be changed: the disk is full. Free some space first.")
        reason = self.tr("Nothing can be changed: the project is open for reading only ({reason}).")
        self._say_why_not(here, full, reason)

    def _say_why_not(self, here: str, full: str, reason: str) -> None:
        bench, now_s = self._bench, time.monotonic()
        if bench is None or bench.editable or now_s - self._told_s < QUIET_S:
            return
        self._told_s = now_s
        viewed = self._projects.viewed
        if self._free:
            self.offered.emit(self._offer, self.tr("Edit now"), self.edit_now)
        elif viewed is not None:
            from labeltool.ui.dialogs.locked import in_words  # noqa: PLC0415

            text = here.format(who=in_words(viewed.error.sign))
            self.offered.emit(text, self.tr("Edit here…"), self.edit_now)
        elif bench.store.no_room:
            self.noted.emit(full)
        else:
            self.noted.emit(reason.format(reason=bench.store.read_only_reason))

    # ---- it was taken over

    def _saved(self, state: SaveState) -> None:
        from labeltool.store.lock import LockLostError  # noqa: PLC0415

        if isinstance(state.error, LockLostError):
            self.tell_lost(state.error)
        elif state.error is None:
            self._is_back()

    def recheck(self) -> None:
        """The computer has slept: see that the project can be reached and is still ours."""
        bench = self._bench
        if bench is None:
            return

        def work() -> None:
            bench.store.recheck()

        def answered(error: BaseException | None) -> None:
            if self._bench is bench:
                self._is_back() if error is None else self.tell_lost(error)

        # After what is being written: the saver is the one who writes.
        bench.saver.after(work).add_done_callback(
            lambda future: bench.lanes.deliver(lambda: answered(future.exception()))
        )

    def _is_back(self) -> None:
        """The project can be reached again: something was saved, or it was looked at."""
        if self._away:
            self.outdated.emit(self._away)
            self._away = ""

    def tell_lost(self, error: BaseException) -> None:
        """The project cannot be reached, or was taken over: say so, and draw nothing that could not be saved."""
        from labeltool.store.lock import LockLostError  # noqa: PLC0415

        if self._bench is None or not isinstance(error, LabeltoolError):
            return
        if not isinstance(error, LockLostError):
            text = self.tr("The project cannot be reached: {reason}. What you draw is kept until it can.")
            self._away = text.format(reason=error.message)
            self.noted.emit(self._away)
            return
        from labeltool.ui.dialogs.locked import in_words  # noqa: PLC0415

        self._bench.hold()
        text = self.tr(
            "The project was taken over by {who}. It can only be looked at here: close it, and open it again."
        )
        self.noted.emit(text.format(who=in_words(error.sign)))
        self.lost.emit()
        self.changed.emit()
