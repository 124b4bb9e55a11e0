"""The rounds of a window: begun by hand, or by themselves after so many approvals, on the lane of trainings."""

from __future__ import annotations

from labeltool.app.jobs import Job
from labeltool.app.loop.journal import Round
from labeltool.app.loop.rounds import is_due, run_round
from labeltool.app.runs import Run
from labeltool.app.workbench import Workbench
from labeltool.core.change import Signal
from labeltool.core.errors import LabeltoolError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Status
from labeltool.inference.training_options import TrainingOptions


class Loop:
    """One round at a time, on a lane of its own: painting and pre-labelling go on beside it. Lives on the thread that
    owns the workbench's state, where all signals are told."""

    def __init__(self, bench: Workbench) -> None:
        self.begun: Signal[Run] = Signal()
        """The training run of a round."""
        self.progress: Signal[tuple[float, float, str]] = Signal()
        self.ended: Signal[Round] = Signal()
        """What came of it; pre-labels are made by the model in use from then on."""
        self.failed: Signal[BaseException] = Signal()
        """CancelledError after :meth:`stop`; the model in use is as it was."""
        self._bench = bench
        self._job: Job[Round] | None = None
        bench.record_changed.connect(self._look)

    @property
    def busy(self) -> bool:
        """True while a round is under way, or waits for a training."""
        return self._job is not None

    def start(self, options: TrainingOptions | None = None, *, fresh: bool | None = None) -> None:
        """Begin a round as :func:`~labeltool.app.loop.rounds.run_round` does, unless one is under way."""
        bench = self._bench
        if self.busy:
            return
        bench.timesheet.flush()

        def work(cancel: CancelToken, progress: Progress) -> Round:
            bench.saver.after(lambda: None).result()  # until all strokes, and the time they took, are on disk
            return run_round(
                bench.store,
                options,
                fresh=fresh,
                progress=progress,
                cancel=cancel,
                begun=lambda run: bench.lanes.deliver(lambda: self.begun.emit(run)),
            )

        self._job = bench.lanes.submit(
            "training",
            "round",
            work,
            done=self._done,
            failed=self._fail,
            progress=lambda done, total, text="": self.progress.emit((done, total, text)),
            title="round",
        )

    def stop(self) -> None:
        """Ask for the round to stop; it is written down as cancelled."""
        if self._job is not None:
            self._job.cancel.cancel()

    def _look(self, record: ImageRecord) -> None:
        """An image may have been approved."""
        if record.status is not Status.APPROVED or self.busy:
            return
        try:
            due = is_due(self._bench.store)
        except (LabeltoolError, OSError) as error:
            self.failed.emit(error)
            return
        if due:
            self.start()

    def _done(self, this: Round) -> None:
        self._job = None
        self.ended.emit(this)

    def _fail(self, error: BaseException) -> None:
        self._job = None
        self.failed.emit(error)
