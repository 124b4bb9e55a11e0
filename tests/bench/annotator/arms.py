"""The ways to choose which images to label next, and in what portions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labeltool.inference.segmenter import Answer
from labeltool.learning.features import Features, measured
from labeltool.learning.pool import NO_VECTORS, Pool, Strategy, Vectors
from labeltool.learning.seconds import fitted
from labeltool.learning.strategies.chance import Chance
from labeltool.learning.strategies.foreground import Foreground
from labeltool.learning.strategies.stratified import Stratified
from labeltool.learning.strategies.typiclust import TypiClust
from labeltool.learning.thumbnails import appearance
from tests.bench.annotator.datasets import DataSet
from tests.bench.annotator.models import answers


class Arm(NamedTuple):
    """``start`` chooses what is drawn from nothing, ``then`` what is pre-labelled and mended; None: by name. ``of`` is
    another arm, whose images and models this one has; they are mended with a light head's help."""

    title: str
    start: Strategy | None
    then: Strategy | None
    of: str = ""


ARMS: Mapping[str, Arm] = {
    "order": Arm("pre-label, in order", None, None),
    "random": Arm("pre-label, random", Chance(), Chance()),
    "foreground": Arm("pre-label, foreground-aware random", Chance(), Foreground()),
    "ours": Arm("class-stratified noisy entropy a second", Chance(), Stratified()),
    "taught": Arm("the same, and a light head is taught", Chance(), Stratified(), of="ours"),
    "typical": Arm("the same after a TypiClust start", TypiClust(), Stratified()),
}


def portions(images: int, first: int) -> list[int]:
    """How many images are labelled after each round: a few, then twice as many each time."""
    counts = [min(first, images)]
    while counts[-1] < images:
        counts.append(min(2 * counts[-1], images))
    return counts


class Measured(NamedTuple):
    """Images that somebody has mended: what was predicted of them, float64 [m, 4], and the seconds, float64 [m]."""

    efforts: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    seconds: np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Chosen(NamedTuple):
    """The images of a portion, what a model says of each, and what its effort is predicted from (see
    :class:`Measured`); empty before there is a model."""

    names: list[str]
    answers: dict[str, Answer]
    efforts: dict[str, list[float]]


def chosen(
    strategy: Strategy | None,
    data: DataSet,
    labelled: Sequence[str],
    count: int,
    rng: np.random.Generator,
    model: Path | None,
    measured_before: Measured,
) -> Chosen:
    """The next ``count`` images of the pool, as the queue of the program would have them."""
    rest = [name for name in data.pool if name not in labelled]
    said: dict[str, Answer] = {}
    features: dict[str, Features] = {}
    if strategy is not None and strategy.predictions and model is not None:
        said = dict(zip(rest, answers(model, data.images(rest, data.truth)), strict=True))
        features = {name: _features(data, answer) for name, answer in said.items()}
    if strategy is None:
        names = rest[:count]
    else:
        pool = _pool(strategy, data, rest, labelled, features, measured_before)
        names = [rest[index] for index, _, _ in islice(strategy.choose(pool, count, rng), count)]
    if model is not None and not said:
        said = dict(zip(names, answers(model, data.images(names, data.truth)), strict=True))
        features = {name: _features(data, answer) for name, answer in said.items()}
    return Chosen(
        names,
        {name: said[name] for name in names if name in said},
        {name: features[name].effort.tolist() for name in names if name in features},
    )


def _features(data: DataSet, answer: Answer) -> Features:
    planes = {} if answer.entropy is None else {"entropy": answer.entropy}
    return measured(answer.label, planes, data.catalog.values, data.catalog.background)


def _pool(
    strategy: Strategy,
    data: DataSet,
    rest: Sequence[str],
    labelled: Sequence[str],
    features: Mapping[str, Features],
    before: Measured,
) -> Pool:
    vectors, known = (
        _appearances(data, names) if strategy.embeddings else _nothing(names) for names in (rest, labelled)
    )
    catalog = data.catalog
    pool = Pool(
        costs=np.ones(len(rest)),
        names=tuple(each.name for each in catalog.classes),
        background=None if catalog.background is None else catalog.values.index(catalog.background),
        embeddings=vectors,
        labelled=known,
    )
    if not features:
        return pool
    found = [features[name] for name in rest]
    return replace(
        pool,
        costs=fitted(before.efforts, before.seconds).of(np.stack([each.effort for each in found])),
        counts=np.stack([each.counts for each in found]),
        doubtful=np.stack([each.doubtful for each in found]),
        doubts={"entropy": np.stack([each.doubts["entropy"] for each in found])},
    )


def _appearances(data: DataSet, names: Sequence[str]) -> Vectors:
    return np.stack([appearance(data.picture(name)) for name in names]) if names else NO_VECTORS


def _nothing(names: Sequence[str]) -> Vectors:
    return np.zeros((len(names), 0), np.float32)
