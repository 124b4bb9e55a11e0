"""Which images or regions of a project to label next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice

import numpy as np

from labeltool import plugins
from labeltool.app.choices import Ranking
from labeltool.app.models import Model
from labeltool.app.prelabel import part, predict
from labeltool.app.queue.candidates import WAITING, Candidate, Shown, candidates, pool, waiting_images
from labeltool.app.queue.likeness import embeddings, near_doubles
from labeltool.app.queue.measuring import learnt_seconds
from labeltool.app.queue.queue import FILE, Double, Outcome, Queue, Suggestion, outcomes, read_queue
from labeltool.core.errors import BadInputError, ModelError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.inference.options import DOUBTS, FROM_ONE_ANSWER, InferenceOptions
from labeltool.learning.control import drawn, mixed
from labeltool.learning.pool import NO_VECTORS, Pool, Strategy, Vectors
from labeltool.learning.seconds import Seconds
from labeltool.store.layout import quarantine
from labeltool.store.project import ProjectStore

GROUP = "labeltool.strategies"
AUTO = "auto"
CHANCE = "random"
"""The strategy that needs no control, being one."""
FIRST = 10
"""Labelled images below which typical ones are chosen: before that a model's doubt is not worth much."""
_GONE = "the image is not there any more. Put it back, or add it again from where it is now"


def strategy_called(name: str) -> Strategy:
    """A strategy by the name of its entry point. LabeltoolError says which there are."""
    found: Strategy = plugins.load(GROUP, name)()
    return found


def usual_strategy(labelled: int, model: Model | None) -> str:
    """What ``auto`` means where so many images are labelled."""
    return "typiclust" if model is None or labelled < FIRST else "stratified"


def rank(
    store: ProjectStore,
    model: Model | None,
    strategy: str = AUTO,
    options: Ranking | None = None,
    how: InferenceOptions | None = None,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Queue:
    """Make the queue of a project, and keep it in place of the one before, whose entries that are done go to its past.

    Ranked are images that nobody has begun with, and regions that are not labelled yet, never of the split test unless
    ``options`` say so. Predictions with their doubt, and embeddings, are made where they are missing. The same project,
    options and seed give the same queue. BadInputError where there is nothing to rank; ModelError where a strategy
    needs a model and there is none, or it cannot be loaded.
    """
    options = options or Ranking()
    labelled = [record for record in store.images() if record.status not in WAITING]
    name = usual_strategy(len(labelled), model) if strategy == AUTO else strategy
    notices = []
    if name == "bald" and model is not None and not model.card.dropout:
        name = "entropy"
        notices.append(f"The model {model.card.name} was trained without dropout: the queue is by entropy")
    run = _Run(
        store, model, strategy_called(name), options, how or InferenceOptions(), cancel or CancelToken()
    )
    run.notices += notices
    past = _past(store, run.notices)
    records = run.predicted(part(progress, 0, 3, "looking at images"))
    asked = {record.id for record in records}
    others = [record for record in labelled if record.id not in asked]  # regions are of images in work, too
    compared = part(progress, 1, 3, "comparing images")
    doubles = {} if options.doubles else near_doubles(records, others, compared, run.cancel)
    seconds = learnt_seconds(store, labelled)
    left = [record for record in records if record.id not in doubles]
    suggestions = run.suggested(left, labelled, seconds, name, part(progress, 2, 3, "ranking"))
    queue = Queue(
        name,
        "" if model is None else model.key,
        datetime.now(UTC).isoformat(timespec="seconds"),
        seconds.measured,
        tuple(suggestions),
        tuple(Double(one, other) for one, other in doubles.items()),
        past,
        tuple(dict.fromkeys(run.skipped)),
        tuple(dict.fromkeys(run.notices)),
    )
    run.cancel.check()
    queue.save(store.root)
    progress(3, 3)
    return queue


@dataclass
class _Run:
    """One ranking on its way, with what is to be said in the end."""

    store: ProjectStore
    model: Model | None
    strategy: Strategy
    options: Ranking
    how: InferenceOptions
    cancel: CancelToken
    skipped: list[Skipped] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        wanted = {*FROM_ONE_ANSWER, *self.strategy.doubts}
        self.how = replace(self.how, doubts=tuple(name for name in DOUBTS if name in wanted))
        self.key = "" if self.model is None else self.model.prediction_key(self.how)
        self.cut = self.options.regions and not self.strategy.embeddings
        if self.options.regions and not self.cut:
            self.notices.append(f"The strategy {self.strategy.title} suggests whole images only")

    def predicted(self, progress: Progress) -> list[ImageRecord]:
        """The images to choose from; where the strategy looks at predictions those that have one."""
        records = waiting_images(self.store.images(), regions=self.cut, test=self.options.test)
        if not records:
            raise BadInputError(
                "there is no image to suggest",
                file=self.store.root,
                hint="All are labelled, begun with or in the split test; add others",
            )
        if not self.strategy.predictions:
            self.skipped += [Skipped(str(r.path), _GONE) for r in records if not r.is_there]
            return [record for record in records if record.is_there]
        if self.model is None:
            raise ModelError(
                f"the strategy {self.strategy.title} needs a model, and there is none for this project",
                hint="Choose typiclust or random, or train a model first",
            )
        found: list[ImageRecord] = []
        report = predict(
            self.store,
            records,
            self.model,
            self.how,
            progress=progress,
            cancel=self.cancel,
            done=found.append,
        )
        self.skipped += report.skipped
        self.notices += report.notices
        return found

    def suggested(
        self,
        records: Sequence[ImageRecord],
        labelled: Sequence[ImageRecord],
        seconds: Seconds,
        name: str,
        progress: Progress,
    ) -> list[Suggestion]:
        """The entries of the queue in their order, a tenth of them drawn at random."""
        shown = Shown(self.store, self.key)
        records, vectors, known = self._embedded(records, labelled, progress)
        rows = self._measured(
            candidates(self.store, records, cut=self.cut, skipped=self.skipped), shown, progress
        )
        if not rows:
            return []
        seen = self._pool(rows, shown, seconds, vectors, known)
        by_strategy, for_control, places = np.random.default_rng(self.options.seed).spawn(3)
        control = [] if name == CHANCE else drawn(len(rows), self.options.count, for_control)

        def entry(index: int, score: float, why: str, *, control: bool) -> Suggestion:
            row, there = rows[index], shown.of(rows[index])
            needed = None if there is None else float(seconds.of(there.effort[None])[0])
            return Suggestion(row.record.id, row.box, name, score, why, needed, control, self.key)

        picks = (
            pick
            for pick in self.strategy.choose(seen, self.options.count, by_strategy)
            if pick.number not in control
        )
        ranked = [
            entry(*pick, control=False) for pick in islice(picks, max(0, self.options.count - len(control)))
        ]
        why = "drawn at random, to see whether ranking helps"
        return mixed(ranked, [entry(index, 0.0, why, control=True) for index in control], places)

    def _embedded(
        self, records: Sequence[ImageRecord], labelled: Sequence[ImageRecord], progress: Progress
    ) -> tuple[Sequence[ImageRecord], Vectors, Vectors]:
        """Where the strategy looks at embeddings: the images that have one, theirs, and those of labelled images."""
        if not self.strategy.embeddings:
            return records, NO_VECTORS, np.zeros((len(labelled), 0), np.float32)
        found = embeddings(self.store, [*records, *labelled], self.model, self.how, progress, self.cancel)
        self.skipped += found.skipped
        self.notices += found.notices
        described = {record.id for record in found.records}
        there = [record for record in records if record.id in described]
        return there, found.of(there), found.of(labelled)

    def _measured(self, rows: list[Candidate], shown: Shown, progress: Progress) -> list[Candidate]:
        """Where the strategy looks at predictions: the candidates of which the model has said anything."""
        if not self.strategy.predictions:
            return rows
        found = []
        for number, row in enumerate(rows):
            self.cancel.check()
            progress(number, len(rows), row.record.name)
            if shown.of(row) is not None:
                found.append(row)
        return found

    def _pool(
        self, rows: Sequence[Candidate], shown: Shown, seconds: Seconds, vectors: Vectors, known: Vectors
    ) -> Pool:
        """What the strategy chooses from."""
        found = [there for row in rows if (there := shown.of(row))] if self.strategy.predictions else []
        costs = np.ones(len(rows))
        if found and self.options.seconds:
            costs = seconds.of(np.array([each.effort for each in found]))
        elif found:
            costs = np.array([max(each.pixels, 1) for each in found], np.float64)
        return pool(self.store.catalog, found, costs, vectors, known, "region" if self.cut else "image")


def _past(store: ProjectStore, notices: list[str]) -> tuple[Outcome, ...]:
    """What became of the entries of the queue so far and of those before it; a damaged one is set aside."""
    try:
        before = read_queue(store.root)
    except BadInputError as error:
        aside = quarantine(store.root, store.root / FILE)
        notices.append(f"The queue so far could not be read and was set aside as {aside}: {error.message}")
        return ()
    return () if before is None else (*before.past, *outcomes(store, before))
