"""The loop of the project that is open: rounds begin by hand or by themselves, whichever workspace is in front. What is
being trained, by whom, and what came of it is asked and told here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from labeltool.core.errors import CancelledError, LabeltoolError
from labeltool.ui.dialogs.failure import as_failure, explain
from labeltool.ui.part import Part
from labeltool.ui.round_words import news, outcome_name
from labeltool.ui.statusbar import FIGURE_SPACE
from labeltool.ui.words import plural

if TYPE_CHECKING:
    from labeltool.app.loop import Round
    from labeltool.app.loop.background import Loop
    from labeltool.app.models import Model
    from labeltool.app.runs import Run
    from labeltool.app.workbench import Workbench

LOOK_MS = 1000


class AtWork(Protocol):
    """What may be training: a round, or a training begun by hand."""

    @property
    def busy(self) -> bool:
        """True until it has ended."""

    @property
    def stopping(self) -> bool:
        """True once it was asked to stop."""

    @property
    def share(self) -> float:
        """How much of it is done, 0..1."""

    run: Run | None
    """The training run, once there is one."""

    def stop(self) -> None:
        """Ask for it to stop."""


class Rounds(Part):
    """One thing trains at a time: while a training begun by hand runs no round begins, and the other way round."""

    tab_changed = Signal(str)
    """What the tab of the workspace Train says."""
    begun = Signal(object)
    """The training run of a round, which is there from now on."""
    progressed = Signal()
    """Once a second while something is trained."""
    renewed = Signal()
    """A round has begun or ended."""
    models_changed = Signal()
    """There are other models now, or another one is in use."""
    model_used = Signal(object)
    """This model pre-labels from now on."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._bench: Workbench | None = None
        self.loop: Loop | None = None
        """None where the project may not be changed."""
        self.by_hand: AtWork | None = None
        """Trainings begun by hand, once the workspace Train is there."""
        self.folds: AtWork | None = None
        """Models that look for label errors."""
        self._news = ""
        self._told_tab = ""  # what the tab says of the last round, until it is read
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    # ---- what is at work

    @property
    def under_way(self) -> AtWork | None:
        """What is being trained; None where nothing is."""
        every = (self.loop, self.by_hand, self.folds)
        return next((each for each in every if each is not None and each.busy), None)

    @property
    def is_round(self) -> bool:
        """Whether that is a round."""
        return self.loop is not None and self.loop.busy

    @property
    def reason(self) -> str:
        """Why neither a training nor a round can begin now; empty where one can."""
        if self.loop is None:
            return self.tr("The project was opened for reading only.")
        if self.is_round:
            return self.tr("A round is running. A training can begin when it has ended.")
        if self.under_way is not None:
            return self.tr("A training is running. The next one can begin when it has ended.")
        return ""

    def start(self) -> None:
        """Begin a round."""
        if self.loop is not None:
            self.loop.start()

    def stop(self) -> None:
        """Ask for what is being trained to stop."""
        if self.under_way is not None:
            self.under_way.stop()
            self._look()

    def look(self) -> None:
        """A training by hand has begun or ended: a round may have waited for that."""
        self._watch()
        if self.loop is not None:
            self.loop.look()

    # ---- as a part of the window

    def attach(self, bench: Workbench | None) -> None:
        """Rounds of this project from now on."""
        self._bench, self.loop, self._news, self._told_tab = bench, None, "", ""
        if bench is not None and bench.editable:
            from labeltool.app.loop.background import Loop  # noqa: PLC0415

            self.loop = loop = Loop(bench, lambda: self.under_way is not None)
            loop.started.connect(lambda _: self._started())
            loop.begun.connect(self._begun)
            loop.ended.connect(self._ended)
            loop.failed.connect(self._round_failed)
        self._watch()

    def has(self) -> Mapping[str, bool]:
        """Whether a round may begin, and whether there is something to be stopped."""
        at_work = self.under_way
        return {
            "round": self.loop is not None and at_work is None,
            "training": at_work not in (None, self.folds) and not at_work.stopping,
        }

    def why(self) -> Mapping[str, str]:
        """Why no round may begin."""
        if self._bench is None:
            return {}
        if self.loop is None:
            return {"round": self.tr("the project is open for reading only")}
        if self.is_round:
            return {"round": self.tr("a round is running")}
        if self.under_way is not None and self.under_way is self.folds:
            return {"round": self.tr("label errors are being looked for")}
        return {"round": self.tr("a training is running")} if self.under_way is not None else {}

    def may_close(self) -> bool:
        """Ask before what is being trained is stopped because the project is closed."""
        if self.under_way is None:
            return True
        from labeltool.ui.train.trainings import may_stop  # noqa: PLC0415

        return may_stop(self._window, a_round=self.is_round)

    # ---- the course of a round

    def _started(self) -> None:
        self.told.emit(self.tr("A round begins"))
        self._watch()
        self.renewed.emit()

    def _begun(self, run: Run) -> None:
        one = self.tr("The round learns from 1 image; you can go on working")
        many = self.tr("The round learns from {n} images; you can go on working")
        self.told.emit(plural(len(run.manifest.of("train")), one, many))
        self.begun.emit(run)

    def _ended(self, this: Round) -> None:
        text = self.tr("Round {n}: {outcome}").format(n=this.number, outcome=outcome_name(this.outcome))
        self.told.emit(text)
        self._note(news(this), text)
        if this.outcome == "promoted":
            self._use(this.model)
        else:
            self.models_changed.emit()

    def _round_failed(self, error: BaseException) -> None:
        if isinstance(error, CancelledError):
            self._note("", "")
            self.told.emit(self.tr("The round was stopped; the model in use is as it was"))
            return
        if not isinstance(error, LabeltoolError):
            self.failed.emit(error)
        text = self.tr("A round could not be done. {why}")
        self._note(text.format(why=explain(as_failure(error))), self.tr("round failed"))

    def _note(self, text: str, tab: str) -> None:
        """It has ended: say what came of it until that is read."""
        self.mark_read()
        self._news, self._told_tab = text, tab
        self._watch()
        if text:
            self.noted.emit(text)
        self.renewed.emit()

    def mark_read(self) -> None:
        """Somebody has seen what came of the last round."""
        if self._news:
            self.outdated.emit(self._news)
        if self._told_tab:
            self._news = self._told_tab = ""
            self._say_tab()

    def _use(self, key: str) -> None:
        bench = self._bench
        if bench is None:
            return
        from labeltool.app.models import in_use  # noqa: PLC0415

        def done(model: Model | None) -> None:
            if model is not None and model.key == key:
                self.model_used.emit(model)
            self.models_changed.emit()

        bench.lanes.submit(
            "io",
            "model of a round",
            lambda cancel, progress: in_use(bench.store.root, bench.catalog),
            done=done,
            failed=lambda error: self.failed.emit(as_failure(error)),
        )

    # ---- what is seen of it

    def _watch(self) -> None:
        """Something begins or has ended."""
        if self.under_way is not None:
            self._timer.start()
        else:
            self._timer.stop()
        self._say_tab()
        self.changed.emit()

    def _look(self) -> None:
        self._say_tab()
        self.changed.emit()
        self.progressed.emit()

    def _say_tab(self) -> None:
        at_work, text = self.under_way, self.tr("Train")
        if at_work is not None:
            percent = str(int(100 * at_work.share)).rjust(2, FIGURE_SPACE)
            text = self.tr("Train · {percent} %").format(percent=percent)
            if at_work.share >= 1:
                text = self.tr("Train · finishing")
        elif self._told_tab:
            text = f"{text} · {self._told_tab}"
        self.tab_changed.emit(text)
