"""The rounds of a window: begun by hand, or by themselves after so many approvals, on the lane of trainings."""

from __future__ import annotations

from collections.abc import Callable

from labeltool.app.jobs import Job
from labeltool.app.loop.journal import Round
from labeltool.app.loop.rounds import PARTS, TRAINING, before, is_due, run_round
from labeltool.app.runs import Run
from labeltool.app.workbench import Workbench
from labeltool.core.change import Signal
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord, Status
from labeltool.inference.run import read_state
from labeltool.inference.training_options import TrainingOptions


class Loop:
    """One round at a time, on a lane of its own: painting and pre-labelling go on beside it. Lives on the thread that
    owns the workbench's state, where all signals are told. While ``held`` says so none begins: somebody is training."""

    def __init__(self, bench: Workbench, held: Callable[[], bool] = lambda: False) -> None:
        self.started: Signal[None] = Signal()
        """A round has begun, by hand or by itself."""
        self.begun: Signal[Run] = Signal()
        """Its training run."""
        self.progress: Signal[tuple[float, float, str]] = Signal()
        self.ended: Signal[Round] = Signal()
        """What came of it; pre-labels are made by the model in use from then on."""
        self.failed: Signal[BaseException] = Signal()
        """CancelledError after :meth:`stop`; the model in use is as it was."""
        self.run: Run | None = None
        """The training run of the round that is under way."""
        self.part = ""
        """What it is at: one of :data:`~labeltool.app.loop.rounds.PARTS`."""
        self._bench, self._held = bench, held
        self._share = 0.0
        self._job: Job[Round] | None = None
        bench.record_changed.connect(self._record_changed)

    @property
    def busy(self) -> bool:
        """True while a round is under way."""
        return self._job is not None

    @property
    def stopping(self) -> bool:
        """True once it was asked to stop."""
        return self._job is not None and self._job.cancel.cancelled

    @property
    def share(self) -> float:
        """How much of it is done, 0..1; while it trains the steps say so, not the images that are read before."""
        if self.part != TRAINING or self.run is None:
            return self._share
        state = read_state(self.run.folder)
        return before(TRAINING) + PARTS[TRAINING] * (state.step / state.steps if state.steps else 0.0)

    def start(self, options: TrainingOptions | None = None, *, fresh: bool | None = None) -> None:
        """Begin a round as :func:`~labeltool.app.loop.rounds.run_round` does, unless one is under way or held back."""
        bench = self._bench
        if self.busy or self._held():
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
                begun=lambda run: bench.lanes.deliver(lambda: self._begun(run)),
            )

        self.run, self._share, self.part = None, 0.0, ""
        self._job = bench.lanes.submit(
            "training",
            "round",
            work,
            done=self._done,
            failed=self._fail,
            progress=self._progress,
            title="round",
        )
        self.started.emit(None)

    def stop(self) -> None:
        """Ask for the round to stop; it is written down as cancelled."""
        if self._job is not None:
            self._job.cancel.cancel()

    def look(self) -> None:
        """Begin a round if so many images are approved that one is due."""
        bench = self._bench
        if self.busy or self._held():
            return

        def known(due: bool) -> None:
            if due:
                self.start()

        bench.lanes.submit(
            "io",
            "is a round due",
            lambda cancel, progress: is_due(bench.store),
            done=known,
            failed=self.failed.emit,
            quiet=True,
        )

    def _record_changed(self, record: ImageRecord) -> None:
        """An image may have been approved."""
        if record.status is Status.APPROVED:
            self.look()

    def _begun(self, run: Run) -> None:
        self.run = run
        self.begun.emit(run)

    def _progress(self, done: float, total: float, text: str = "") -> None:
        self._share, self.part = done / max(total, 1), text
        self.progress.emit((done, total, text))

    def _done(self, this: Round) -> None:
        self._job = self.run = None
        self.ended.emit(this)

    def _fail(self, error: BaseException) -> None:
        self._job = self.run = None
        self.failed.emit(error)
