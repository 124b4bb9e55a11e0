"""From rows to figures: seconds, quality against seconds, and how sure one can be of a difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.bench.annotator.loop import effort_of
from tests.bench.annotator.rows import Row, Rows

Factors = Mapping[str, float]
Floats = NDArray[np.float64]

ENOUGH = 0.95
"""Of the quality that all true labels give."""

_DRAWS = 1000


class Interval(NamedTuple):
    """A mean and where it lies with 95 % confidence; the bounds are NaN where one value is all there is."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Run:
    """One arm with one seed, from nothing to the last image: ``rounds`` as the loop wrote them, ``polygons`` the counts
    of each image drawn from scratch by name, ``tools`` those with the cheapest tools, ``full`` the quality that all
    true labels give."""

    rounds: Sequence[Row]
    polygons: Mapping[str, dict[str, dict[str, float]]]
    tools: Mapping[str, dict[str, dict[str, float]]]
    full: float

    def images(self, factors: Factors) -> dict[str, float]:
        """Seconds of each image."""
        return {
            name: effort_of(tools).seconds(factors)
            for row in self.rounds
            for name, tools in row["efforts"].items()
        }

    def by_hand(self, factors: Factors, how: str = "polygons") -> dict[str, float]:
        """Seconds of each image of the pool from scratch, by polygons or with the cheapest "tools"."""
        made = self.polygons if how == "polygons" else self.tools
        return {name: effort_of(tools).seconds(factors) for name, tools in made.items()}

    @property
    def finished(self) -> bool:
        """Whether the whole pool is labelled."""
        return sum(len(row["efforts"]) for row in self.rounds) == len(self.polygons)

    def curve(self, factors: Factors) -> tuple[Floats, Floats]:
        """Human seconds when each round's model was there, and its mean IoU."""
        seconds = [sum(effort_of(t).seconds(factors) for t in row["efforts"].values()) for row in self.rounds]
        return np.cumsum(seconds), np.array([row["miou"] for row in self.rounds])

    def share_to_enough(self, factors: Factors) -> float | None:
        """Seconds until the model is good enough, and stays so, over those of polygons for the whole set; None where it
        never was.

        Between two models that were measured quality is taken to grow evenly with the seconds.
        """
        seconds, quality = self.curve(factors)
        reached = crossing(seconds, quality, ENOUGH * self.full)
        return None if reached is None else reached / sum(self.by_hand(factors).values())


def crossing(seconds: Floats, quality: Floats, wanted: float) -> float | None:
    """When a curve reaches a quality for good; None where it does not. What it falls below again does not count."""
    (below,) = np.nonzero(quality < wanted)
    if not len(below):
        return float(seconds[0])
    k = int(below[-1]) + 1
    if k == len(quality):
        return None
    share = (wanted - quality[k - 1]) / (quality[k] - quality[k - 1])
    return float(seconds[k - 1] + share * (seconds[k] - seconds[k - 1]))


def runs(rows: Rows, data: str, arm: str) -> dict[int, Run]:
    """The finished runs of an arm, by seed."""
    polygons, tools = (rows.first(row="scratch", data=data, how=how) for how in ("polygons", "tools"))
    found: dict[int, Run] = {}
    if polygons is None or tools is None:
        return found
    for row in rows.all(row="full", data=data):
        rounds = rows.all(row="round", data=data, arm=arm, seed=row["seed"])
        run = Run(rounds, polygons["efforts"], tools["efforts"], row["miou"])
        if run.finished:
            found[row["seed"]] = run
    return found


def ratio(above: Sequence[dict[str, float]], below: Sequence[dict[str, float]]) -> Interval:
    """How many times the seconds of one way are those of another, seed by seed and image by image; the interval by
    drawing seeds, and images of each, anew (bootstrap)."""
    rng = np.random.default_rng(1)
    pairs = [np.array([(a[name], b[name]) for name in b]) for a, b in zip(above, below, strict=True)]
    draws = []
    for _ in range(_DRAWS):
        some = [pairs[k] for k in rng.integers(len(pairs), size=len(pairs))]
        sums = np.sum([each[rng.integers(len(each), size=len(each))].sum(0) for each in some], axis=0)
        draws.append(sums[0] / sums[1])
    sums = np.sum([each.sum(0) for each in pairs], axis=0)
    low, high = np.percentile(draws, (2.5, 97.5))
    return Interval(float(sums[0] / sums[1]), float(low), float(high))


def mean(values: Sequence[float]) -> Interval:
    """Over seeds, with Student's interval."""
    from scipy import stats  # type: ignore[import-untyped] # comes with scikit-image; takes a second

    middle = float(np.mean(values))
    if len(values) < 2:
        return Interval(middle, np.nan, np.nan)
    half = float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)
    return Interval(middle, middle - half, middle + half)


def area_between(a: Run, b: Run, factors: Factors) -> float:
    """By how much the mean IoU of one run is above another's after the same human seconds, on average over those that
    both curves have."""
    (xa, ya), (xb, yb) = a.curve(factors), b.curve(factors)
    start, end = max(xa[0], xb[0]), min(xa[-1], xb[-1])
    if end <= start:
        return float(ya[-1] - yb[-1])
    points = np.linspace(start, end, 200)
    return float(np.mean(np.interp(points, xa, ya) - np.interp(points, xb, yb)))


def label_quality(rows: Sequence[Row], values: Sequence[int], classes: Sequence[int]) -> float:
    """Mean IoU of labels against the truth over the classes ``values``, of the pixels that rows counted."""
    counts = np.sum([row["pixels"] for row in rows], axis=0)
    hit, truth, given = np.diag(counts), counts.sum(1), counts.sum(0)
    places = [classes.index(value) for value in values]
    ious = [hit[k] / (truth[k] + given[k] - hit[k]) for k in places if truth[k] + given[k]]
    return float(np.mean(ious))


Conclusion = Callable[[Mapping[str, Mapping[int, Run]], Factors], float | None]


def conclusions(arm: str) -> dict[str, Conclusion]:
    """What is concluded of an arm, from the runs of all arms by seed."""

    def against_polygons(all_: Mapping[str, Mapping[int, Run]], factors: Factors) -> float | None:
        mine = all_[arm].values()
        hand = sum(sum(run.by_hand(factors).values()) for run in mine)
        return hand / sum(sum(run.images(factors).values()) for run in mine)

    def against(other: str) -> Conclusion:
        def factor(all_: Mapping[str, Mapping[int, Run]], factors: Factors) -> float | None:
            seeds = all_[arm].keys() & all_.get(other, {}).keys()
            if not seeds:
                return None
            theirs, mine = (
                sum(sum(all_[which][seed].images(factors).values()) for seed in seeds)
                for which in (other, arm)
            )
            return theirs / mine

        return factor

    def share(all_: Mapping[str, Mapping[int, Run]], factors: Factors) -> float | None:
        found = [run.share_to_enough(factors) for run in all_[arm].values()]
        known = [each for each in found if each is not None]
        return float(np.mean(known)) if known and len(known) == len(found) else None

    def ahead(all_: Mapping[str, Mapping[int, Run]], factors: Factors) -> float | None:
        seeds = all_[arm].keys() & all_.get("foreground", {}).keys()
        found = [area_between(all_[arm][seed], all_["foreground"][seed], factors) for seed in seeds]
        return float(np.mean(found)) if found else None

    return {
        "times faster than polygons": against_polygons,
        "times faster than random order": against("random"),
        "share of the polygons' seconds to 95 %": share,
        "mIoU above foreground-aware random": ahead,
    }
