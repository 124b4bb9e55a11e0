"""A round of the loop: train on what people have labelled, hold the model against the one in use, promote or refuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from labeltool.app.effort import worked_in_all
from labeltool.app.loop.gate import judge
from labeltool.app.loop.journal import Outcome, Round, read_rounds, write_round
from labeltool.app.loop.settings import LoopSettings, read_settings
from labeltool.app.loop.training import beginning, model_in_use, round_options
from labeltool.app.loop.yardstick import keep, read_yardstick
from labeltool.app.models import promote
from labeltool.app.runs import Run, begin, follow
from labeltool.core.errors import CancelledError, LabeltoolError, StoreError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Status
from labeltool.inference.options import InferenceOptions
from labeltool.inference.run import read_state
from labeltool.inference.training_options import TrainingOptions
from labeltool.inference.training_process import Log
from labeltool.store.project import ProjectStore

TRAINING = "Training"
PARTS = {"Labels": 0.03, TRAINING: 0.87, "Comparing": 0.1}
"""What a round does one after the other, as its progress calls it, and about what share of its time that takes."""
FEW_STEPS = 50
"""A training of fewer steps has hardly learnt anything, whatever the comparison says."""


def run_round(
    store: ProjectStore,
    options: TrainingOptions | None = None,
    how: InferenceOptions | None = None,
    *,
    fresh: bool | None = None,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    begun: Callable[[Run], object] = lambda run: None,
    log: Log = lambda row: None,
) -> Round:
    """Do a whole round, for minutes; the project must be open for writing.

    ``options`` and ``fresh`` are the project's (:func:`~labeltool.app.loop.training.round_options`) where they are
    None. ``begun`` is called with the training run as soon as there is one. A round that fails or is cancelled is
    written down as such, leaves the model in use as it is, and raises what was raised.
    """
    if store.read_only_reason:
        raise StoreError("a round changes the project", file=store.root, hint=store.read_only_reason)
    work = _Work(store, how, progress, cancel or CancelToken(), begun, log)
    try:
        work.run(options, fresh)
    except (Exception, KeyboardInterrupt) as error:
        stopped = isinstance(error, CancelledError | KeyboardInterrupt)
        work.ends("cancelled" if stopped else "failed", _told(error, store) or type(error).__name__)
        raise
    return work.this


def before(name: str) -> float:
    """About what share of a round's time comes before a part."""
    names = list(PARTS)
    return sum(PARTS[each] for each in names[: names.index(name)])


def is_due(store: ProjectStore, settings: LoopSettings | None = None) -> bool:
    """Whether so many images were approved since the last round began that the next is to begin by itself."""
    every = (settings or read_settings(store.root)).every
    if not every or store.read_only_reason:
        return False
    return newly_approved(store, read_rounds(store.root).rounds) >= every


def newly_approved(store: ProjectStore, rounds: Sequence[Round]) -> int:
    """How many images were approved since the last of these rounds began."""
    return max(0, len(approved(store)) - (rounds[-1].approved if rounds else 0))


def approved(store: ProjectStore) -> list[ImageRecord]:
    """The approved images but for those of the split test, which teach nothing."""
    return [r for r in store.images() if r.split != "test" and r.status is Status.APPROVED]


@dataclass
class _Work:
    """A round under way; ``this`` is what is known of it so far."""

    store: ProjectStore
    how: InferenceOptions | None
    progress: Progress
    cancel: CancelToken
    begun: Callable[[Run], object]
    log: Log

    def __post_init__(self) -> None:
        store, done = self.store, read_rounds(self.store.root).rounds
        self.this = Round(
            number=done[-1].number + 1 if done else 1,
            outcome="undecided",
            began=_now(),
            ended="",
            why="",
            approved=len(approved(store)),
            worked=worked_in_all(store, (r for r in store.images() if r.split != "test")),
        )

    def run(self, options: TrainingOptions | None, fresh: bool | None) -> None:
        """Train, judge, and promote what is not worse."""
        store, cancel = self.store, self.cancel
        self._measure()
        if fresh is None:
            fresh = read_settings(store.root).fresh
        options = beginning(options or round_options(store), model_in_use(store), fresh=fresh)
        run = begin(store, options, progress=self._part("Labels"), cancel=cancel)
        self._know(run=run.name, labelled=sum(len(run.manifest.of(subset)) for subset in ("train", "val")))
        self.begun(run)
        candidate = follow(store.root, run, progress=self._part(TRAINING), cancel=cancel, log=self.log)
        self._know(model=candidate.key)
        cancel.check()  # what was learnt by then is kept, and not promoted
        records = self._measure()  # labels may have changed while the network learnt
        in_use = model_in_use(store, but=candidate.key)
        self._know(against="" if in_use is None else in_use.key)
        decision = judge(
            store, candidate, in_use, records, self.how, progress=self._part("Comparing"), cancel=cancel
        )
        self._know(decision=decision)
        if decision.verdict == "promoted":
            promote(store.root, candidate)
        self.ends(decision.verdict, decision.why + _brief(read_state(run.folder).step))

    def ends(self, outcome: Outcome, why: str) -> None:
        """Write the round down."""
        try:
            in_use = model_in_use(self.store, but=self.this.model)
        except LabeltoolError:
            in_use = None  # it is damaged, and whoever wants to use it is told so
        self._know(outcome=outcome, why=why, ended=_now(), in_use="" if in_use is None else in_use.key)
        write_round(self.store.root, self.this)

    def _measure(self) -> list[ImageRecord]:
        """The test images, whose digest is written down."""
        records, yardstick = read_yardstick(self.store)
        keep(self.store.root, yardstick)
        self._know(yardstick=yardstick.digest)
        return records

    def _know(self, **values: Any) -> None:
        self.this = replace(self.this, **values)

    def _part(self, name: str) -> Progress:
        def report(done: float, total: float, text: str = "") -> None:
            self.progress(before(name) + PARTS[name] * min(1.0, done / max(total, 1)), 1, name)

        return report


def _brief(steps: int) -> str:
    """What is to be known of a training that was over before it had learnt much."""
    if steps >= FEW_STEPS:
        return ""
    return f". It was trained for {steps} step{'' if steps == 1 else 's'} only: give it more minutes"


def _told(error: BaseException, store: ProjectStore) -> str:
    """What went wrong; that it was in this project is plain from the place."""
    if isinstance(error, LabeltoolError) and error.file == str(store.root):
        return str(LabeltoolError(error.message, hint=error.hint))
    return str(error)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
