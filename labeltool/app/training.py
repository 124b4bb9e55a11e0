"""A project's own labels as something to learn from, and the model that comes of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeltool import plugins
from labeltool.app.choices import Draw
from labeltool.app.models import Model, new_folder, read_model
from labeltool.app.project import source_problem
from labeltool.app.splits import units_of
from labeltool.app.truth import truth, with_truth
from labeltool.core.errors import BadInputError
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord, Skipped
from labeltool.inference.segmenter import Plane8
from labeltool.inference.training import TrainingImage, TrainingSet
from labeltool.inference.training_options import TrainingOptions
from labeltool.store.project import ProjectStore

GROUP = "labeltool.trainers"
HELD_OUT = 0.2
"""Share of the images that only choose among the checkpoints, where the project has no split `val`."""


@dataclass(frozen=True)
class Labels:
    """The truth of an image, read when it is wanted; the rest is ignore."""

    store: ProjectStore
    image_id: str

    def __call__(self) -> Plane8:
        """uint8 [height, width] of class values."""
        mask = self.store.load_mask(self.image_id)
        return truth(mask, mask.size.box)


def training_set(store: ProjectStore, seed: int) -> tuple[TrainingSet, list[Skipped]]:
    """The images that somebody but a model has labelled, and those left out because their file is not whole.

    The splits `train` and `val` are taken as they are. Images without a split are learnt from where the
    project has no split `train`; without a split `val` a fifth is held out by chance (``seed``): of subjects and
    volumes, where there is more than one.
    """
    labelled, skipped = with_truth(store, store.images())
    problems = {r.id: source_problem(r) for r in labelled}
    whole = [r for r in labelled if not problems[r.id]]
    train = [r for r in whole if r.split == "train"] or [r for r in whole if not r.split]
    val = [r for r in whole if r.split == "val"]
    if not train:
        raise BadInputError(
            "nobody has labelled an image to learn from",
            file=store.root,
            hint="Paint or import labels first: what a model has drawn does not count",
        )
    if not val and len(train) > 1:
        train, val = _hold_out(train, seed)
    skipped += [Skipped(str(r.path), problems[r.id]) for r in labelled if problems[r.id]]
    return TrainingSet(_images(store, train), _images(store, val), store.catalog), skipped


def train_model(
    store: ProjectStore,
    data: TrainingSet,
    options: TrainingOptions,
    target: Path,
    *,
    trainer: str = "smp",
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    log: Callable[[dict[str, Any]], None] = lambda row: None,
) -> Model:
    """Train, and put the model at ``target``, whole or not at all. A cancel keeps the best weights so far."""
    train = plugins.load(GROUP, trainer)
    with new_folder(target) as folder:
        train(data, options, folder, progress=progress, cancel=cancel, log=log)
    source = "project" if target.is_relative_to(store.root) else "path"
    return read_model(target, source)


def _hold_out(records: Sequence[ImageRecord], seed: int) -> tuple[list[ImageRecord], list[ImageRecord]]:
    """Units that are never divided: a slice tells too much of the one beside it."""
    unit = units_of(records, Draw(unit="subject"))
    units = list(dict.fromkeys(unit.values()))
    if len(units) == 1:
        unit = {record.id: record.id for record in records}
        units = list(unit)
    count = max(1, round(HELD_OUT * len(units)))
    held = set(random.Random(seed).sample(units, count))  # noqa: S311 - a draw, not a secret
    return [r for r in records if unit[r.id] not in held], [r for r in records if unit[r.id] in held]


def _images(store: ProjectStore, records: Sequence[ImageRecord]) -> tuple[TrainingImage, ...]:
    return tuple(TrainingImage(r.id, r.path, Labels(store, r.id), page=r.page) for r in records)
