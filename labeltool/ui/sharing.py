"""One project and several people: who edits it, and how one comes to edit it oneself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.ui.part import Part
from labeltool.ui.projects import Locked, Projects

if TYPE_CHECKING:
    from labeltool.app.saving import SaveState
    from labeltool.app.workbench import Workbench
    from labeltool.store.lock import ProjectLockedError, Sign

LOOK_MS = 3_000
"""Whoever only looks at a project asks this often whether it is free."""


class Sharing(Part):
    """Asks what to do with a project that somebody else edits, and says when it is free or was taken over."""

    said = Signal(str)
    offered = Signal(str, str, object)
    """Something to read with a button: its text and what it does."""
    outdated = Signal(str)
    """This is no longer so."""
    lost = Signal()
    """Somebody else has taken the project over: nothing more can be changed here."""

    def __init__(self, projects: Projects, window: QWidget) -> None:
        super().__init__(window)
        self._projects, self._window = projects, window
        self._bench: Workbench | None = None
        self._free = False
        self._offer = ""
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self.look)
        projects.locked.connect(self._ask)

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {"edit_now": self.edit_now}

    def has(self) -> Mapping[str, bool]:
        """Whether a project is open that is only looked at because somebody else edited it."""
        return {"viewed": self._bench is not None and self._projects.viewed is not None}

    def attach(self, bench: Workbench | None) -> None:
        """See the base."""
        self._bench, self._free, self._offer = bench, False, ""
        self._look.stop()
        if bench is not None:
            bench.saved.connect(self._saved)
            if self._projects.viewed is not None:
                self._look.start()

    # ---- somebody else edits it

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
        """See whether the project that is only looked at is free by now."""
        bench = self._bench
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> ProjectLockedError | None:
            from labeltool.store.layout import LOCK  # noqa: PLC0415
            from labeltool.store.lock import holder  # noqa: PLC0415

            return holder(bench.store.root / LOCK)

        def done(found: ProjectLockedError | None) -> None:
            if self._bench is bench:
                self._show(found is None)

        # A drive that is away for a while is told of when something is read from it.
        bench.lanes.submit("ahead", "free", work, done=done, failed=lambda _: None, quiet=True)

    def _show(self, free: bool) -> None:
        if free == self._free:
            return
        self._free = free
        if free:
            self._offer = self.tr("Nobody edits the project any more.")
            self.offered.emit(self._offer, self.tr("Edit now"), self.edit_now)
        else:
            self.outdated.emit(self._offer)
        self.changed.emit()

    def edit_now(self) -> None:
        """Open the project for writing in the place of the view, where the lock allows it."""
        if self._bench is not None:
            self._projects.open(self._bench.store.root)

    # ---- it was taken over

    def _saved(self, state: SaveState) -> None:
        from labeltool.store.lock import LockLostError  # noqa: PLC0415

        if isinstance(state.error, LockLostError):
            self.tell_lost(state.error)

    def recheck(self) -> None:
        """The computer has slept: see that the project can be reached and is still ours."""
        bench = self._bench
        if bench is None:
            return

        def work() -> None:
            bench.store.recheck()

        def answered(error: BaseException | None) -> None:
            if error is not None and self._bench is bench:
                self.tell_lost(error)

        # After what is being written: the saver is the one who writes.
        bench.saver.after(work).add_done_callback(
            lambda future: bench.lanes.deliver(lambda: answered(future.exception()))
        )

    def tell_lost(self, error: BaseException) -> None:
        """The project cannot be reached, or was taken over: say so, and draw nothing that could not be saved."""
        from labeltool.store.lock import LockLostError  # noqa: PLC0415

        if self._bench is None or not isinstance(error, LabeltoolError):
            return
        if not isinstance(error, LockLostError):
            text = self.tr("The project cannot be reached: {reason}. What you draw is kept until it can.")
            self.said.emit(text.format(reason=error.message))
            return
        from labeltool.ui.dialogs.locked import in_words  # noqa: PLC0415

        self._bench.hold()
        text = self.tr(
            "The project was taken over by {who}. It can only be looked at here: close it, and open it again."
        )
        self.said.emit(text.format(who=in_words(error.sign)))
        self.lost.emit()
        self.changed.emit()
