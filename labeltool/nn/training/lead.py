"""The process that writes: it evaluates, keeps the best weights and the state, and tells how far the run is."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import astuple, replace
from typing import Any

import torch

from labeltool.core.errors import CancelledError, ModelError
from labeltool.core.progress import Progress
from labeltool.inference.card import ModelCard
from labeltool.inference.run import BEST, NOT_A_NUMBER, Manifest, RunState
from labeltool.nn.checkpoint import load_network
from labeltool.nn.engines.eager import TorchSegmenter
from labeltool.nn.training.board import Board
from labeltool.nn.training.calibrate import offsets, shift
from labeltool.nn.training.cards import learnt_card
from labeltool.nn.training.evaluate import Evaluated, evaluate, score
from labeltool.nn.training.journal import Journal
from labeltool.nn.training.loop import Task, Training, pace_of
from labeltool.nn.training.progress_text import told
from labeltool.nn.training.ranks import ranks
from labeltool.nn.training.samples import write_samples
from labeltool.nn.training.state import (
    best_card,
    forget_state,
    keep_best,
    keep_manifest,
    save_state,
    settle_best,
    tell,
)

_SAVE_S, _TELL_S, _PACE_S = 60.0, 0.5, 5.0
_ROWS = 400
_LEAST_EVALUATIONS = 3


class Lead(Training):
    """The only process, or the first of several: all of :mod:`labeltool.inference.run` that a trainer writes."""

    def __init__(self, task: Task, journal: Journal) -> None:
        self._journal = journal
        settle_best(task.folder)
        super().__init__(task)
        self._board = Board(task.folder, task.manifest.catalog, self.reached.step)
        self._best = best_card(task.folder) if self.resumed else None
        self._saved_s = self._told_s = self._paced_s = time.monotonic()
        self._paced_step = self.reached.step
        self._loss: float | None = None
        self._begin_rows()

    def complete(self) -> ModelCard:
        """Learn to the end, correct the bias of chosen crops, and give the card of the best weights."""
        ended_before = self.reached.ended
        try:
            self.run()
            if self.reached.ended != ended_before:
                self._row(event=self.reached.ended, step=self.reached.step, best=self.reached.best_step)
            if self._best is None:
                raise ModelError(
                    f"{NOT_A_NUMBER} before anything was learnt",
                    file=self.task.folder,
                    hint="Lower --learning-rate",
                )
            self._save()
            best = self._best
            if self.reached.timetable.stop is None:
                self._tell("running", "calibrating")
                best = self._calibrated(best)
            keep_manifest(self.task.folder, self._manifest())
        except CancelledError:
            self._row(event="cancelled", step=self.reached.step)
            self._save()
            self._tell("running", "stopping")
            raise
        finally:
            self._board.close()
        self._row(event="finished", step=self.reached.step, seconds=self.seconds)
        self._tell("finished")
        forget_state(self.task.folder)
        return best

    def steps(self) -> float:
        """How many there will be: the lead's word counts."""
        return self.reached.timetable.steps

    def pause(self) -> None:
        """Evaluate where the timetable says so, keep the state now and then, and see whether there is enough time."""
        reached = self.reached
        self._keep_up()
        if reached.timetable.evaluates(reached.step) and reached.evaluated < reached.step:
            with suppress(CancelledError):  # the next decision of all processes is to stop
                self._evaluate()
        elif time.monotonic() - self._saved_s > _SAVE_S:
            self._save()
        if time.monotonic() - self._told_s > _TELL_S:
            self._tell("running", "learning")

    def learnt(self, values: dict[str, float]) -> None:
        """Write every few steps a row."""
        self._loss = values["loss"]
        if self.reached.step % max(1, self.reached.timetable.steps // _ROWS) == 0:
            self._row(step=self.reached.step, **values, seconds=self.seconds)

    def _begin_rows(self) -> None:
        reached, manifest = self.reached, self.task.manifest
        self._journal.cut(reached.place)
        self._row(
            event="resumed" if self.resumed else "started",
            step=reached.step,
            steps=reached.timetable.last,
            evaluations=reached.timetable.evaluations,
            images={name: len(manifest.of(name)) for name in ("train", "val", "unlabelled")},
            device=self.device,
            threads=reached.threads,
            processes=ranks(),
            **({"weights": self.taken} if self.taken else {}),
            **({"notice": self._board.lacks} if self._board.lacks else {}),
        )
        self._save()
        self._tell("running", "learning")

    def _evaluate(self) -> None:
        reached, step = self.reached, self.reached.step
        self._tell("running", "evaluating")
        began_s = time.monotonic()
        found = self._evaluated(TorchSegmenter(self.card, self.learner.averaged, self.device), "evaluating")
        points = self._score(found) if found.figures else float(step)
        if self._best is None or reached.score is None or points > reached.score:
            reached.score, reached.best_step, reached.seconds = points, step, self.seconds
            card = learnt_card(
                self.card, self.task.folder, self.task.manifest, reached, self.device, found.figures
            )
            self._best = self._kept(card, self.learner.averaged, found, stop=step)
        reached.evaluated, reached.evaluations = step, reached.evaluations + 1
        samples = write_samples(self.task.folder, step, found.samples) if found.samples else None
        self._row(step=step, seconds=self.seconds, score=points, val=found.figures, samples=samples)
        for number, plane in found.samples.items():
            self._board.sample(step, number, plane)
        if self._hopeless():
            reached.ended = "stopped early"
        self._save()
        self._paced_s, self._paced_step = time.monotonic(), step
        if reached.pace:
            reached.pace = (*reached.pace[:2], time.monotonic() - began_s, *reached.pace[3:])

    def _hopeless(self) -> bool:
        """Whether the score has not risen for as much of the schedule as the options have patience for."""
        reached, patience = self.reached, self.options.patience
        if not patience or reached.evaluations < _LEAST_EVALUATIONS or not self.data.val:
            return False
        waited = reached.timetable.share(reached.step) - reached.timetable.share(reached.best_step)
        return waited >= patience and reached.step < reached.timetable.steps

    def _calibrated(self, best: ModelCard) -> ModelCard:
        """Undo the bias of chosen crops, on whole training images; kept unless validation says it does harm."""
        if "offsets" in best.training:  # before a kill
            return best
        cancel = self.task.cancel
        card, network = load_network(self.task.folder / BEST)
        telling = self._telling("calibrating")
        by = offsets(self.data.train, TorchSegmenter(card, network, self.device), cancel, telling)
        shift(network, by)
        found = self._evaluated(TorchSegmenter(card, network, self.device), "calibrating")
        points = self._score(found) if found.figures else None
        better = points is None or (
            points >= (self.reached.score or 0.0) and found.figures["miou"] >= best.figures["miou"]
        )
        self._row(event="calibrated", offsets=by, score=points, kept=better, val=found.figures)
        if not better:
            return best
        if points is not None:
            self.reached.score = points
        card = replace(card, training={**card.training, "offsets": by}, figures=found.figures)
        return self._kept(card, network.cpu(), found)

    def _evaluated(self, segmenter: TorchSegmenter, doing: str) -> Evaluated:
        if not self.data.val:
            return Evaluated({}, [], {})
        return evaluate(self.data.val, segmenter, self.task.cancel, self._telling(doing))

    def _telling(self, doing: str) -> Progress:
        """A progress that is seen in the state: at which image of how many it is."""

        def report(done: float, total: float, text: str = "") -> None:
            if time.monotonic() - self._told_s > _TELL_S:
                self._tell("running", f"{doing} {done + 1:g}/{total:g}")

        return report

    def _score(self, found: Evaluated) -> float:
        return score(found.figures, [c.name for c in self.data.catalog.foreground])

    def _kept(
        self, card: ModelCard, network: torch.nn.Module, found: Evaluated, stop: int | None = None
    ) -> ModelCard:
        """The best so far, with the manifest that makes it again: if the run goes no further, by a stop there."""
        manifest = self._manifest()
        if stop is not None and manifest.timetable is not None:
            manifest = replace(manifest, timetable=replace(manifest.timetable, stop=stop))
        return keep_best(self.task.folder, card, network, manifest, found.per_image)

    def _manifest(self) -> Manifest:
        """That of the run, with the steps and threads that came of it."""
        return replace(self.task.manifest, timetable=self.reached.timetable, threads=self.reached.threads)

    def _keep_up(self) -> None:
        """See every few seconds whether the machine keeps its pace, and do fewer or more steps where it does not."""
        reached, pace, now_s = self.reached, pace_of(self.reached), time.monotonic()
        steps = reached.step - self._paced_step
        if pace is None or now_s - self._paced_s < _PACE_S or not steps:
            return
        pace.saw(steps, now_s - self._paced_s)
        reached.pace = astuple(pace)
        self._paced_s, self._paced_step = now_s, reached.step
        before = reached.timetable.steps
        reached.timetable = pace.kept_up(reached.timetable, reached.step, self.seconds, self.options.steps)
        if (after := reached.timetable.steps) != before:
            event = "shortened" if after < before else "lengthened"
            self._row(event=event, step=reached.step, steps=after, before=before)

    def _row(self, **values: Any) -> None:
        self._journal.add(**values)
        self._board.row(values)

    def _save(self) -> None:
        self.reached.seconds, self.reached.place = self.seconds, self._journal.place
        save_state(self.task.folder, self.reached, self.learner.state())
        self._saved_s = time.monotonic()

    def _tell(self, state: str, doing: str = "") -> None:
        reached = self.reached
        now = RunState(
            state,
            reached.step,
            reached.timetable.last,
            round(self.seconds, 1),
            reached.score if self.data.val else None,
            reached.best_step,
            os.getpid() if state == "running" else 0,
            doing=doing,
        )
        tell(self.task.folder, now)
        limit_s = 60 * self.options.minutes if reached.pace and self.options.minutes else None
        self.task.progress(now.step, now.steps, told(now, self._loss, limit_s))
        self._told_s = time.monotonic()
