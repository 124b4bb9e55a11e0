"""What the page of the loop shows: read off this thread when it is seen, and followed while a round is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from labeltool.app.loop import (
    LoopSettings,
    Prospects,
    Standing,
    prospects,
    read_settings,
    read_standing,
    write_settings,
)
from labeltool.app.loop.rounds import TRAINING
from labeltool.core.catalog import ClassDef
from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.inference.run import read_state
from labeltool.store.project import ProjectStore
from labeltool.ui.action_set import ActionSet
from labeltool.ui.dialogs.failure import as_failure
from labeltool.ui.dialogs.formats import saved_first
from labeltool.ui.round_words import part_name
from labeltool.ui.rounds import Rounds
from labeltool.ui.train.rows import Row
from labeltool.ui.train.shelf import Shelf
from labeltool.ui.train.words import how_far, last_words

if TYPE_CHECKING:
    from labeltool.app.queue import Helping
    from labeltool.app.workbench import Workbench
    from labeltool.ui.train.loop_page import LoopPage

SOON_MS = 400
"""Of several images that change one after the other the last one counts."""


class LoopView(QObject):
    """Connects the rounds of the window with their page, which is made when it is first shown."""

    failed = Signal(Exception)
    told = Signal(str)
    page_made = Signal(object)
    changed = Signal()
    """The loop stands elsewhere: its :attr:`row` says where."""

    def __init__(self, actions: ActionSet, rounds: Rounds, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions, self._rounds, self._window = actions, rounds, parent
        self._bench: Workbench | None = None
        self._shelf = Shelf()
        self._page: LoopPage | None = None
        self.standing = Standing()
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.look)
        rounds.progressed.connect(self.follow)
        rounds.renewed.connect(self._renewed)
        rounds.changed.connect(self._show_reason)

    @property
    def page(self) -> LoopPage:
        """What draws the curve takes a moment to be imported."""
        if self._page is None:
            from labeltool.ui.train.loop_page import LoopPage  # noqa: PLC0415

            self._page = LoopPage(self._actions, self._window)
            self.page_made.emit(self._page)
            self._page.shown.connect(self.look)
        return self._page

    @property
    def row(self) -> Row:
        """The loop in the list of the workspace."""
        from labeltool.ui.train.loop_page import loop_row  # noqa: PLC0415

        return loop_row(self.standing, self._share)

    @property
    def _share(self) -> float | None:
        loop = self._rounds.loop
        return loop.share if loop is not None and loop.busy else None

    @property
    def _in_sight(self) -> bool:
        return self._page is not None and self._page.isVisible()

    def refresh_theme(self) -> None:
        """The curve in the colours of the scheme in force."""
        if self._page is not None:
            self._page.refresh_theme()

    # ---- the project

    def attach(self, bench: Workbench | None) -> None:
        """The rounds of this project from now on."""
        self._bench, self._shelf, self.standing = bench, Shelf(), Standing()
        self._soon.stop()
        if bench is not None:
            bench.record_changed.connect(lambda _: self._soon.start())
        if self._page is not None:
            self._page.show_standing(self.standing, self._shelf, self._classes)
            self._page.show_prospects(None)
            self._page.show_helping(None)

    @property
    def _classes(self) -> tuple[ClassDef, ...]:
        return () if self._bench is None else self._bench.catalog.classes

    def take(self, found: Standing | LabeltoolError, shelf: Shelf) -> None:
        """What has been read of the rounds, the trainings and the models."""
        self._shelf = shelf
        self._take(found)

    def _take(self, found: Standing | LabeltoolError) -> None:
        if isinstance(found, LabeltoolError):
            self.page.show_prospects(Prospects(problem=found))
        else:
            self.standing = found
        self.page.show_standing(self.standing, self._shelf, self._classes)
        self.follow()
        self.changed.emit()

    def look(self) -> None:
        """Read it again; what takes longer only while it is seen."""
        bench = self._bench
        if bench is None:
            return
        self._read("rounds so far", lambda store, cancel: read(store), self._take)
        if self._in_sight:
            self._rounds.mark_read()
            self._read("what a round would find", _prospects, self.page.show_prospects)
            self._read("whether ranking helps", _helping, self.page.show_helping)

    def _read(self, key: str, work: object, done: object) -> None:
        bench = self._bench
        assert bench is not None

        def run(cancel: CancelToken, progress: Progress) -> object:
            saved_first(bench.saver)
            return work(bench.store, cancel)  # type: ignore[operator]

        bench.lanes.submit(
            "io",
            key,
            run,
            done=done,  # type: ignore[arg-type]
            failed=lambda error: self.failed.emit(as_failure(error)),
            quiet=True,
        )

    # ---- a round

    def start(self) -> None:
        """Begin a round, unless it is known that it would fail: the page says why."""
        if not self.page.problem:
            self._rounds.start()

    def follow(self) -> None:
        """How far the round is that is under way."""
        loop = self._rounds.loop
        if self._page is not None:
            stopping = loop is not None and loop.stopping
            self._page.show_work(self._share, self._doing(), stopping)
            self._show_reason()
        self.changed.emit()

    def _doing(self) -> str:
        loop = self._rounds.loop
        if loop is None or not loop.busy:
            return ""
        text = part_name(loop.part)
        if loop.part == TRAINING and loop.run is not None:
            state = read_state(loop.run.folder)
            text = ": ".join(filter(None, (text, last_words(state) or how_far(state, running=True))))
        return f"{text}…"

    def _renewed(self) -> None:
        """A round has begun or ended."""
        if self._in_sight:
            self._rounds.mark_read()
        self.follow()
        self._soon.start()

    def _show_reason(self) -> None:
        if self._page is not None:
            self._page.show_reason("" if self._bench is None else self._rounds.reason)

    # ---- settings

    def ask_settings(self) -> None:
        """Ask when a round begins by itself, and how it trains."""
        from labeltool.ui.train.round_settings import RoundSettings  # noqa: PLC0415

        bench = self._bench
        if bench is None:
            return
        try:
            settings = read_settings(bench.store.root)
        except LabeltoolError:
            settings = LoopSettings()  # what is kept anew takes the place of the damaged file
        dialog = RoundSettings(settings, self._window.window())
        dialog.decided.connect(self._keep)
        dialog.open()

    def _keep(self, settings: LoopSettings) -> None:
        bench = self._bench
        if bench is None:
            return
        try:
            write_settings(bench.store.root, settings)
        except (LabeltoolError, OSError) as error:
            self.failed.emit(as_failure(error))
            return
        self.told.emit(self.tr("The settings of rounds are kept"))
        self.look()


def read(store: ProjectStore) -> Standing | LabeltoolError:
    """Where the loop stands, or why nobody knows."""
    try:
        return read_standing(store)
    except (LabeltoolError, OSError) as error:
        return as_failure(error)


def _prospects(store: ProjectStore, cancel: CancelToken) -> Prospects:
    return prospects(store)


def _helping(store: ProjectStore, cancel: CancelToken) -> Helping | None:
    from labeltool.app.queue import helping, read_queue  # noqa: PLC0415

    queue = read_queue(store.root)
    return None if queue is None else helping(store, queue, cancel)
