"""The workspaces Review and Train: made when they are first shown, and what they ask of the rest of the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QVBoxLayout, QWidget

from labeltool.ui.actions import ACTIONS, OF_TRAIN
from labeltool.ui.part import Part
from labeltool.ui.workspaces import REVIEW, TRAIN, Space, Workspaces

if TYPE_CHECKING:
    # What a workspace needs is imported when it is first shown: the window is up sooner.
    from labeltool.app.workbench import Workbench
    from labeltool.ui.action_set import ActionSet
    from labeltool.ui.annotate import Annotate
    from labeltool.ui.label_errors import LabelErrorFinder
    from labeltool.ui.long_work import LongWork
    from labeltool.ui.review.review import Review
    from labeltool.ui.rounds import Rounds
    from labeltool.ui.train.workspace import TrainWorkspace


class OtherSpaces(Part):
    """Hands the project and the actions of the menus Review and Model to the workspaces that they belong to."""

    models_changed = Signal()
    """There are other models now, or another one is in use."""
    model_used = Signal(object)
    """This model pre-labels from now on."""
    prelabel_asked = Signal(object, bool)
    """With this model, all images or the one at hand."""
    image_asked = Signal(str)
    """An image, by its id, is to be shown."""

    def __init__(
        self,
        annotate: Annotate,
        work: LongWork,
        rounds: Rounds,
        finder: LabelErrorFinder,
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._annotate, self._work, self._window = annotate, work, window
        self._rounds, self._finder = rounds, finder
        self._bench: Workbench | None = None
        self._actions: ActionSet | None = None
        self._workspaces: Workspaces | None = None
        self._page = QWidget(window)
        self.review: Review | None = None
        self.train: TrainWorkspace | None = None
        finder.found.connect(self._hold_against)
        finder.list_asked.connect(self._show_label_errors)

    def spaces(self, canvas: QWidget, bars: Sequence[QWidget]) -> dict[str, Space]:
        """Review has the canvas with bars and tools, and panels of its own."""
        return {
            REVIEW: Space(canvas, lambda: [*bars, *self._review_docks()], self._make_review),
            TRAIN: Space(self._page, list, self._make_train),
        }

    def follow(self, workspaces: Workspaces) -> None:
        """These are the workspaces of the window."""
        self._workspaces = workspaces
        workspaces.shown.connect(self._shown)
        self._rounds.tab_changed.connect(lambda text: workspaces.say(TRAIN, text))

    # ---- a part of the window

    def take_actions(self, actions: ActionSet) -> None:
        """For the buttons of the workspaces."""
        self._actions = actions

    def attach(self, bench: Workbench | None) -> None:
        """Nothing is looked at before a workspace is seen."""
        self._bench = bench
        for each in (self.review, self.train):
            if each is not None:
                each.attach(bench)

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """Each action brings the workspace that it belongs to."""
        return {
            **{spec.id: partial(self._in_review, spec.id) for spec in ACTIONS if spec.menu == "Review"},
            **{spec.id: partial(self._in_train, spec.id) for spec in ACTIONS if spec.menu == "Model"},
        }

    def has(self) -> Mapping[str, bool]:
        """What belongs to a workspace that nobody has seen yet is not there."""
        not_yet = () if self.train is not None else OF_TRAIN
        if self.review is None:
            return dict.fromkeys((*not_yet, "entry"), False)
        found = dict.fromkeys(not_yet, False)
        return {**found, "doubt": True} if self.review.can_walk else found

    # ---- Review

    def _review_docks(self) -> list[QDockWidget]:
        return [] if self.review is None else self.review.docks

    def _make_review(self) -> None:
        from labeltool.ui.review.review import Review  # noqa: PLC0415

        assert self._actions is not None
        self.review = made = Review(self._annotate, self._work, self._actions, self._window)
        made.failed.connect(self.failed)
        made.told.connect(self.told)
        made.walkable.connect(self.changed)
        made.attach(self._bench)
        made.hold_against(self._finder.key)

    def _shown(self, name: str) -> None:
        if self.review is not None:
            self.review.set_in_sight(name == REVIEW)

    def _in_review(self, action: str) -> None:
        self._show(REVIEW)
        if self.review is not None:
            self.review.runs()[action]()

    def walk(self, by: int) -> bool:
        """To the next (+1) or previous (-1) disagreement, where Review is in front."""
        if self.review is None or self._workspaces is None or self._workspaces.current != REVIEW:
            return False
        self.review.walk(by)
        return True

    def _hold_against(self, key: str) -> None:
        """Who is in another workspace meanwhile is left there."""
        if self.review is not None:
            self.review.hold_against(key)

    def _show_label_errors(self, key: str) -> None:
        self._hold_against(key)
        self._show(REVIEW)

    def _show(self, name: str) -> None:
        assert self._workspaces is not None
        self._workspaces.show(name)

    # ---- Train

    def _make_train(self) -> None:
        from labeltool.ui.train.workspace import TrainWorkspace  # noqa: PLC0415

        assert self._actions is not None
        self.train = train = TrainWorkspace(self._actions, self._work, self._rounds, self._page)
        column = QVBoxLayout(self._page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(train)
        self._page.setFocusProxy(train)
        train.failed.connect(self.failed)
        train.told.connect(self.told)
        train.models_changed.connect(self.models_changed)
        train.model_used.connect(self.model_used)
        train.prelabel_asked.connect(self.prelabel_asked)
        train.image_asked.connect(self.image_asked)
        train.attach(self._bench)

    def _in_train(self, action: str) -> None:
        self._show(TRAIN)
        if self.train is not None:
            self.train.run(action)

    def refresh_theme(self) -> None:
        """Curves in the colours of the scheme in force."""
        if self.train is not None:
            self.train.refresh_theme()
        if self.review is not None:
            self.review.figures.refresh_theme()
