"""The workspace Train: a list of trainings and models at the left, and a page about what is chosen there."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from labeltool.app.loop import Standing
from labeltool.app.models import Model
from labeltool.app.runs import Run
from labeltool.core.errors import LabeltoolError
from labeltool.inference.run import read_state
from labeltool.inference.training_options import TrainingOptions
from labeltool.ui.action_set import ActionSet
from labeltool.ui.dialogs.failure import as_failure
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.long_work import LongWork
from labeltool.ui.rounds import Rounds
from labeltool.ui.train.compare_page import ComparePage
from labeltool.ui.train.listing import LOOP, MODEL, RUN, Listing, Thing
from labeltool.ui.train.loop_view import LoopView, read
from labeltool.ui.train.model_page import ModelPage
from labeltool.ui.train.models import Models
from labeltool.ui.train.new_page import NewPage
from labeltool.ui.train.shelf import Shelf, condition, read_shelf
from labeltool.ui.train.trainings import Trainings

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench
    from labeltool.store.project import ProjectStore
    from labeltool.ui.train.loop_page import LoopPage
    from labeltool.ui.train.run_page import RunPage

LIST_PX = 288
LEAST_PX = 400
"""Of a page. Left to themselves those that were never shown ask for as many lines as a narrow one needs."""
LOOK_MS, MODEL_MS = 1000, 3000
BUTTONS = ("train_new", "model_add")


class TrainWorkspace(QWidget):
    """Puts the pages together, and does what the actions of the menu Model say."""

    failed = Signal(Exception)
    told = Signal(str)
    models_changed = Signal()
    """There are other models now, or another one is in use."""
    model_used = Signal(object)
    """This model pre-labels from now on."""
    prelabel_asked = Signal(object, bool)
    """With this model, all images or the one at hand."""
    image_asked = Signal(str)
    """An image, by its id, is to be shown."""

    def __init__(self, actions: ActionSet, work: LongWork, rounds: Rounds, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions, self._rounds = actions, rounds
        self._bench: Workbench | None = None
        self._shelf = Shelf()
        self._chosen: Thing | None = None
        self._run_page: RunPage | None = None
        self._known = False  # what there is has been read
        self._waiting = ""  # the action that was asked for before that
        self.trainings = Trainings(self)
        rounds.by_hand = self.trainings
        self.loop = LoopView(actions, rounds, self)
        self.models = Models(work, self)
        self.list = Listing(self)
        self.new = NewPage(self)
        self.model_page = ModelPage(actions, self)
        self.compare_page = ComparePage(self)
        self._pages = QStackedWidget(self)
        self._pages.setMinimumHeight(LEAST_PX)
        for page in (self.new, self.model_page, self.compare_page):
            self._pages.addWidget(page)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._assemble()
        self._connect()
        self.setFocusProxy(self.list)

    # ---- assembly

    def _assemble(self) -> None:
        side = QFrame(self)
        side.setFixedWidth(LIST_PX)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.list, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        for name, text in zip(BUTTONS, (self.tr("New training"), self.tr("Add a model")), strict=True):
            buttons.addWidget(self._button(name, text))
        column.addLayout(buttons)
        line = QFrame(self)
        line.setFrameShape(QFrame.Shape.VLine)
        line.setFrameShadow(QFrame.Shadow.Plain)
        line.setForegroundRole(line.palette().ColorRole.Mid)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addWidget(line)
        row.addWidget(self._pages, 1)

    def _button(self, name: str, text: str) -> QPushButton:
        action = self._actions[name]
        button = QPushButton(action.icon(), text, self)
        button.setObjectName(f"train.{name}")
        button.setToolTip(action.toolTip())
        button.setEnabled(action.isEnabled())
        action.enabledChanged.connect(button.setEnabled)
        button.clicked.connect(lambda *_: action.trigger())
        return button

    def _connect(self) -> None:
        self._timer.timeout.connect(self._look)
        self.list.chosen.connect(self.show_thing)
        self.new.asked.connect(self._start)
        self.compare_page.asked.connect(self.models.compare)
        for page in (self.model_page, self.compare_page):
            page.image_asked.connect(self._find_image)
        self.models.compared.connect(self.compare_page.show_comparison)
        self.models.used.connect(self._used)
        self.models.added.connect(lambda model: self._changed((MODEL, model.key)))
        self.models.exported.connect(
            lambda path: self.told.emit(self.tr("{file} is written").format(file=path))
        )
        self.models.removed.connect(self._removed)
        self.trainings.preparing.connect(lambda done, total, _: self.new.show_preparing(done, total))
        self.trainings.begun.connect(self._begun)
        self.trainings.ended.connect(self._ended)
        self.loop.page_made.connect(self._loop_page_made)
        self.loop.changed.connect(lambda: self.list.renew_loop(self.loop.row))
        self.loop.told.connect(self.told)
        self._rounds.begun.connect(lambda _: self.renew())
        self._rounds.renewed.connect(self._round_renewed)
        self._rounds.progressed.connect(self._show_followed)
        for part in (self.trainings, self.models, self.loop):
            part.failed.connect(self.failed)

    def _loop_page_made(self, page: LoopPage) -> None:
        self._pages.addWidget(page)
        page.details.thing_asked.connect(self.show_thing)
        page.details.compare_asked.connect(self._compare_round)

    @property
    def run_page(self) -> RunPage:
        """Made when the first training is shown: what draws its curves takes a moment."""
        if self._run_page is None:
            from labeltool.ui.train.run_page import RunPage  # noqa: PLC0415

            self._run_page = RunPage(self._actions, self)
            self._pages.addWidget(self._run_page)
            self._run_page.model_asked.connect(self._show_model_of)
            self._run_page.changed.connect(self._run_changed)
        return self._run_page

    # ---- the project

    def attach(self, bench: Workbench | None) -> None:
        """The trainings and models of this project from now on."""
        self._bench, self._shelf, self._chosen = bench, Shelf(), None
        self._known, self._waiting = False, ""
        self._timer.stop()
        for part in (self.trainings, self.models, self.new, self.loop):
            part.attach(bench)
        if self._run_page is not None:
            self._run_page.forget()
        self.list.clear()
        self._pages.setCurrentWidget(self.new)
        self._enable()
        if bench is not None:
            bench.catalog_changed.connect(lambda _: self.renew())
            self.renew(self._show_first)

    def renew(self, then: Callable[[], None] = lambda: None) -> None:
        """Read again what there is, off this thread; what is shown stays shown."""
        bench = self._bench
        if bench is None:
            return

        def done(found: tuple[Shelf, Standing | LabeltoolError]) -> None:
            self._shelf, standing = found
            shelf = self._shelf
            self.loop.take(standing, shelf)
            self.list.show_shelf(shelf, self.loop.row, self._followed)
            self.compare_page.show_choices(shelf, {record.split for record in bench.store.images()})
            if self._chosen is not None and self._pages.currentWidget() is not self.compare_page:
                self.show_thing(self._chosen)
            self._enable()
            then()

        bench.lanes.submit(
            "io",
            "trainings and models",
            lambda cancel, progress: _read(bench.store),
            done=done,
            failed=lambda error: self.failed.emit(as_failure(error)),
        )

    def _show_first(self) -> None:
        self._known = True
        if self._waiting:
            self.run(self._waiting)
        elif self._chosen is None and (self.loop.standing.rounds or self._rounds.is_round):
            self.show_thing(LOOP)
        elif self._shelf.runs and self._chosen is None:
            self.show_thing((RUN, self._shelf.runs[0].name))
        if self._shelf.problem:
            self.told.emit(self._shelf.problem)

    def refresh_theme(self) -> None:
        """Curves in the colours of the scheme in force."""
        if self._run_page is not None:
            self._run_page.refresh_theme()
        self.loop.refresh_theme()

    # ---- pages

    def show_thing(self, thing: Thing) -> None:
        """Turn to the page of a training or a model."""
        self._chosen = thing
        self.list.choose(thing)
        kind, name = thing
        run, model = self._shelf.run(name), self._shelf.model(name)
        if thing == LOOP:
            self._pages.setCurrentWidget(self.loop.page)
        elif kind == RUN and run is not None and self._bench is not None:
            has_model = self._shelf.model_of(run) is not None
            self.run_page.show_run(
                run, self._bench.lanes, has_model=has_model, followed=self._is_followed(run)
            )
            self._pages.setCurrentWidget(self.run_page)
            self._timer.start()
        elif kind == MODEL and model is not None:
            images = self._bench.store.images() if self._bench is not None else []
            self.model_page.show_model(model, self._shelf.use_of(model), images)
            self._pages.setCurrentWidget(self.model_page)
        self._enable()

    def _show_model_of(self, run: Run) -> None:
        model = self._shelf.model_of(run)
        if model is not None:
            self.show_thing((MODEL, model.key))

    def _show_new(self) -> None:
        self._chosen = None
        self.list.choose(None)
        self.new.renew()
        self._pages.setCurrentWidget(self.new)
        self._enable()

    def _show_compare(self) -> None:
        model = self._model or next(iter(self._shelf.models), None)
        others = [self._shelf.used, *self._shelf.models]
        other = next((m for m in others if m is not None and model is not None and m.key != model.key), None)
        self.compare_page.choose(model, other)
        self._pages.setCurrentWidget(self.compare_page)

    def _compare_round(self, new: str, before: str) -> None:
        """The models of a round on the images that decided about it."""
        self.compare_page.choose(self._shelf.model(new), self._shelf.model(before), "test")
        self._pages.setCurrentWidget(self.compare_page)
        self.compare_page.run.click()

    @property
    def _model(self) -> Model | None:
        """The model that is chosen."""
        kind, name = self._chosen or ("", "")
        return self._shelf.model(name) if kind == MODEL else None

    @property
    def _run(self) -> Run | None:
        """The training that is chosen, as it is now."""
        kind, name = self._chosen or ("", "")
        shown = self._run_page.run if self._run_page is not None else None
        if kind == RUN and shown is not None and shown.name == name:
            return shown
        return self._shelf.run(name) if kind == RUN else None

    @property
    def _followed(self) -> Run | None:
        """The training of this window, whether it was begun by hand or is a round's."""
        at_work = self._rounds.under_way
        return None if at_work is None else at_work.run

    def _is_followed(self, run: Run) -> bool:
        return self._followed is not None and self._followed.folder == run.folder

    # ---- actions

    def run(self, action: str) -> None:
        """Do what an action of the menu Model says."""
        if not self._known:
            self._waiting = action
            return
        run, model = self._run, self._model
        does: dict[str, Callable[[], object]] = {
            "train_new": self._show_new,
            "train_round": self._start_round,
            "round_settings": self.loop.ask_settings,
            "train_stop": self._stop,
            "model_roll_back": self.models.roll_back,
            "model_compare": self._show_compare,
            "model_add": self.models.ask_file,
        }
        if run is not None:
            does["train_go_on"] = partial(self.trainings.go_on, run)
            does["model_remove"] = partial(self.models.ask_remove, run)
        if model is not None:
            does["model_use"] = partial(self.models.use, model)
            does["model_prelabel"] = partial(self.prelabel_asked.emit, model, False)
            does["model_prelabel_all"] = partial(self.prelabel_asked.emit, model, True)
            does["model_export"] = partial(self.models.ask_export, model)
            does["model_remove"] = partial(self.models.ask_remove, model)
        if action in does:
            does[action]()
        self._enable()

    def _start_round(self) -> None:
        self.show_thing(LOOP)
        self.loop.start()

    def _stop(self) -> None:
        self._rounds.stop()
        self.told.emit(self.tr("Stopping; the best weights so far are kept"))
        self._look()

    def _enable(self) -> None:
        bench, model, run = self._bench, self._model, self._run
        editable = bench is not None and bench.editable
        busy = self._rounds.under_way is not None
        shelf = self._shelf
        unused = model is not None and not (shelf.chosen and shelf.is_used(model))
        owned = unused and model is not None and model.source == "project"
        self._actions.enable(
            {
                "stopped": editable and not busy and run is not None and shelf.can_go_on(run),
                "model": editable and model is not None,
                "any_model": model is not None,
                "unused": editable and unused,
                "promoted": editable and self._shelf.can_roll_back,
                "owned": editable and (owned or (run is not None and not self._is_followed(run))),
            }
        )
        begins = self.trainings.busy and self.trainings.run is None
        text = self.tr("The training begins: its labels are being written.")
        self.new.show_busy(text if begins else self._rounds.reason)

    # ---- trainings

    def _start(self, options: TrainingOptions) -> None:
        self.trainings.start(options)
        self._rounds.look()
        self._enable()

    def _begun(self, run: Run) -> None:
        self._chosen = (RUN, run.name)
        self._rounds.look()
        self.renew()

    def _ended(self, run: Run | None, model: Model | None) -> None:
        if run is not None:
            left, none = self.tr("{name} has left a model."), self.tr("{name} has ended without a model.")
            text = left if model else none
            self.told.emit(text.format(name=run.name))
        self._rounds.look()
        self.renew(self.models_changed.emit)

    def _round_renewed(self) -> None:
        """A round has begun or ended."""
        self._enable()
        if not self._rounds.is_round:
            self.renew()

    def _show_followed(self) -> None:
        """How far the training is, in the list."""
        run = self._followed
        if run is not None and self.isVisible():
            self.list.renew_run(replace(run, state=read_state(run.folder)), followed=True)

    def _look(self) -> None:
        """Once a second: what has been written since."""
        run = self._run
        if run is not None and self._pages.currentWidget() is self._run_page and self.isVisible():
            at_work, followed = self._rounds.under_way, self._is_followed(run)
            stopping = followed and at_work is not None and at_work.stopping
            self.run_page.look(followed=followed, stopping=stopping)
            if not followed and condition(run, followed=False) != "running":
                self._timer.stop()

    def _run_changed(self, run: Run) -> None:
        followed = self._is_followed(run)
        self.list.renew_run(run, followed=followed)
        self._enable()
        if not followed and condition(run, followed=False) != "running":
            # Trained by somebody else, who puts the model into the project a moment later.
            QTimer.singleShot(MODEL_MS, self, self.renew)

    # ---- models

    def _used(self, model: Model) -> None:
        self.told.emit(self.tr("{name} pre-labels from now on").format(name=model.card.name))

        def then() -> None:
            self.models_changed.emit()
            self.model_used.emit(model)

        self.renew(then)

    def _changed(self, thing: Thing) -> None:
        self._chosen = thing
        self.renew(self.models_changed.emit)

    def _removed(self) -> None:
        self._show_new()
        self.renew(self.models_changed.emit)

    # ---- going elsewhere

    def _find_image(self, name: str) -> None:
        """By its id, or by its name where a model was trained elsewhere."""
        images = self._bench.store.images() if self._bench is not None else []
        record = next((record for record in images if name in (record.id, record.name)), None)
        if record is not None:
            self.image_asked.emit(record.id)
        else:
            text = self.tr("the project has no image called {name} any more")
            self.failed.emit(LabeltoolError(text.format(name=name)))


def _read(store: ProjectStore) -> tuple[Shelf, Standing | LabeltoolError]:
    """What draws curves takes a moment to import; here nobody waits for it."""
    for page in ("run_page", "loop_page"):
        importlib.import_module(f"labeltool.ui.train.{page}")
    return read_shelf(store), read(store)
