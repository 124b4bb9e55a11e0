"""The training of a window: begun, followed, stopped, gone on with. The run's own process does the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from labeltool.app.jobs import Job
from labeltool.app.models import Model
from labeltool.app.runs import Run, begin, follow
from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken, Progress
from labeltool.inference.run import read_state
from labeltool.inference.training_options import TrainingOptions
from labeltool.ui.dialogs.formats import saved_first
from labeltool.ui.train.words import share_done, translate

if TYPE_CHECKING:
    from labeltool.app.workbench import Workbench


class Trainings(QObject):
    """One at a time, on a lane of its own: painting and pre-labelling go on beside it."""

    preparing = Signal(float, float, str)
    """Before there is a run: how much of its labels is written."""
    begun = Signal(object)
    """This run is being followed from now on."""
    ended = Signal(object, object)
    """The run, and the model it has left, if any."""
    failed = Signal(Exception)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._bench: Workbench | None = None
        self._job: Job[Model] | None = None
        self.run: Run | None = None
        """What is being trained."""

    def attach(self, bench: Workbench | None) -> None:
        """The trainings of this project; one of another has been stopped."""
        self._bench, self._job, self.run = bench, None, None

    @property
    def busy(self) -> bool:
        """True while a training is prepared or runs."""
        return self._job is not None

    @property
    def stopping(self) -> bool:
        """True once it was asked to stop."""
        return self._job is not None and self._job.cancel.cancelled

    @property
    def share(self) -> float:
        """How many of its steps are done, 0..1."""
        return 0.0 if self.run is None else share_done(read_state(self.run.folder))

    def start(self, options: TrainingOptions) -> None:
        """Begin a training."""
        bench = self._bench
        if bench is None or self.busy:
            return

        def work(cancel: CancelToken, progress: Progress) -> Model:
            saved_first(bench.saver)
            run = begin(bench.store, options, progress=progress, cancel=cancel)
            bench.lanes.deliver(lambda: self._begun(run))
            return follow(bench.store.root, run, cancel=cancel)

        self._submit(work, options.name)

    def go_on(self, run: Run) -> None:
        """Go on with a training that was stopped, interrupted or has failed."""
        bench = self._bench
        if bench is None or self.busy:
            return
        self._submit(lambda cancel, progress: follow(bench.store.root, run, cancel=cancel), run.name)
        self._begun(run)

    def stop(self) -> None:
        """Ask for it to stop; the best weights so far are kept."""
        if self._job is not None:
            self._job.cancel.cancel()

    def _submit(self, work: Callable[[CancelToken, Progress], Model], name: str) -> None:
        assert self._bench is not None
        self._job = self._bench.lanes.submit(
            "training",
            "training",
            work,
            done=self._end,
            failed=self._failed,
            progress=lambda done, total, text="": self.preparing.emit(done, total, text),
            title=name,
        )

    def _begun(self, run: Run) -> None:
        self.run = run
        self.begun.emit(run)

    def _end(self, model: Model | None) -> None:
        run, self.run, self._job = self.run, None, None
        self.ended.emit(run, model)

    def _failed(self, error: BaseException) -> None:
        self._end(None)
        if not isinstance(error, CancelledError):
            self.failed.emit(error)


def may_stop(window: QWidget, *, a_round: bool) -> bool:
    """Ask whether a training, or the round that it belongs to, is to be stopped because its project is closed."""
    if a_round:
        what = translate("Train", "A round is running.")
        then = translate(
            "Train",
            "It stops when the project is closed, and the model in use stays. What it has learnt until then is kept.",
        )
    else:
        what = translate("Train", "A training is running.")
        then = translate(
            "Train", "It stops when the project is closed. It can go on when the project is opened again."
        )
    box = QMessageBox(window)
    box.setObjectName("train.leave")
    box.setIcon(QMessageBox.Icon.Question)
    box.setText(what)
    box.setInformativeText(then)
    stay = box.addButton(translate("Train", "Stay"), QMessageBox.ButtonRole.RejectRole)
    leave = box.addButton(translate("Train", "Stop it and close"), QMessageBox.ButtonRole.AcceptRole)
    leave.setObjectName("train.leave.close")
    box.setDefaultButton(stay)
    box.exec()
    return box.clickedButton() is leave
