"""Step after step: what each of the processes does that train a network together, or the only one."""

from __future__ import annotations

import math
import os
import time
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path

import torch

from labeltool.core.errors import BadInputError, CancelledError
from labeltool.core.progress import CancelToken, Progress
from labeltool.inference.run import NOT_A_NUMBER, Manifest
from labeltool.inference.run_data import check_files, training_set
from labeltool.inference.timetable import Timetable
from labeltool.nn.engines.eager import TorchSegmenter, chosen_device
from labeltool.nn.training.cards import first_card
from labeltool.nn.training.data import Batch, CropSampler, Examples
from labeltool.nn.training.distributed import check_batch, lowest, wrapped
from labeltool.nn.training.learner import Learner
from labeltool.nn.training.pace import Pace
from labeltool.nn.training.ranks import ranks
from labeltool.nn.training.starting import first_network, measured
from labeltool.nn.training.state import Reached, load_state


@dataclass(frozen=True)
class Task:
    """A run, and by whom it is watched. ``began_s`` is since when the time counts that was given for it."""

    folder: Path
    manifest: Manifest
    cancel: CancelToken
    progress: Progress
    began_s: float


class Training:
    """One of the processes that learn together, or the only one. What it does follows from the run and the steps alone.

    This one writes nothing; the first process is a :class:`~labeltool.nn.training.lead.Lead`.
    """

    def __init__(self, task: Task) -> None:
        self.task, self.options = task, task.manifest.options
        if not task.manifest.of("train"):
            raise BadInputError("there are no labelled images to learn from", file=task.folder)
        check_batch(self.options.batch)
        kept = load_state(task.folder)
        threads = (kept[0].threads if kept else task.manifest.threads) or _threads()
        torch.set_num_threads(threads)
        check_files(task.manifest, task.cancel)
        self.device = chosen_device(self.options.device)
        self.data = training_set(task.folder, task.manifest)
        self.card = first_card(self.data.catalog, self.options)
        network, self.taken = first_network(self.card, self.options)
        self.learner = Learner(network, self.card, self.options, self.device, wrapped)
        self._sampler = CropSampler(
            Examples(self.data.train, self.card),
            self.options,
            cancel=task.cancel,
            progress=task.progress,
            unlabelled=Examples(self.data.unlabelled, self.card, labelled=False),
        )
        self.resumed = kept is not None
        if kept is not None:
            self.reached, learner = kept
            self.learner.restore(learner)
        else:
            self.reached = self._beginning(threads)
        self._began_s = (time.monotonic() if self.resumed else task.began_s) - self.reached.seconds

    def run(self) -> None:
        """Learn until the timetable ends, the loss is not a number or somebody cancels (CancelledError)."""
        with closing(self._sampler.batches(self.reached.step)) as batches:
            while self._goes_on():
                self._learn(next(batches))

    @property
    def seconds(self) -> float:
        """How long the run has taken so far, without pauses."""
        return time.monotonic() - self._began_s

    def steps(self) -> float:
        """How many steps there will be, as far as this process decides that."""
        return math.inf

    def pause(self) -> None:
        """What is to be done between two steps."""

    def learnt(self, values: dict[str, float]) -> None:
        """A step is done: its losses."""

    def _goes_on(self) -> bool:
        """Whether a step follows. All processes take part in each of these decisions, and decide alike."""
        self.pause()
        reached = self.reached
        wanted, steps, on = lowest(
            [
                not self.task.cancel.cancelled,
                self.steps(),
                not reached.ended and reached.step != reached.timetable.stop,
            ]
        )
        if steps != reached.timetable.steps:
            reached.timetable = reached.timetable.ending(reached.step, int(steps))
        if not wanted:
            raise CancelledError
        return bool(on) and reached.step < steps

    def _learn(self, batch: Batch) -> None:
        reached = self.reached
        values = self.learner.step(batch, reached.timetable.share(reached.step), reached.step)
        if math.isfinite(values["loss"]):
            reached.step += 1
            self.learnt(values)
        else:
            reached.ended = NOT_A_NUMBER

    def _beginning(self, threads: int) -> Reached:
        options, given = self.options, self.task.manifest.timetable
        if given is not None or not options.minutes:
            return Reached(given or Timetable(((0, options.steps),), options.evaluations), threads)
        segmenter = TorchSegmenter(self.card, self.learner.averaged, self.device)
        pace = measured(self.learner, self._sampler, self.data, segmenter, 60 * options.minutes)
        spent_s = time.monotonic() - self.task.began_s
        found = pace.timetable(spent_s, options.steps, options.evaluations)
        steps, evaluations = lowest([found.steps, found.evaluations])
        timetable = Timetable(((0, int(steps)),), int(evaluations))
        return Reached(timetable, threads, pace=astuple(pace))


def pace_of(reached: Reached) -> Pace | None:
    """The pace of a run whose time is limited."""
    return Pace(*reached.pace) if reached.pace else None


def _threads() -> int:
    """As many threads as the system says, or a share of the processors for each of several processes."""
    here = int(os.environ.get("LOCAL_WORLD_SIZE", ranks()))
    return int(os.environ.get("OMP_NUM_THREADS") or max(1, (os.cpu_count() or 1) // here))
