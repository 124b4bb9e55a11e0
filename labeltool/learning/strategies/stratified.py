"""Class-stratified noisy entropy: each class gets its share of the queue, and chance keeps the choices apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labeltool.learning.pool import Pick, Pool

_LEAST = 1e-12
"""Stands for no doubt at all, whose logarithm there is not."""


@dataclass(frozen=True)
class Stratified:
    """After ClaSP PE (Lüth et al. 2026, arXiv 2601.13677), which beats random choice in general, as plain entropy does
    not: entropy is summed by predicted class, the classes take turns, and the logarithm of a score gets Gumbel noise of
    scale 1 / beta (power acquisition, Kirsch et al. 2021, arXiv 2106.12059), which draws candidates with odds of score
    to the power of beta. Early on much noise keeps a queue from being the same thing many times over; it decays with
    the images that are labelled.

    ``share`` of the picks go to the classes in turn, the rarest first, the others to all classes together. ``beta``
    grows from ``early`` to ``late`` over the first ``images`` labelled ones. The three numbers are ours.
    """

    share: float = 2 / 3
    early: float = 1.0
    late: float = 100.0
    images: int = 100

    title = "Class by class"
    help = (
        "the images that the model is unsure of, each class in its turn, with some chance; the usual choice"
    )
    predictions = True
    doubts = ("entropy",)
    embeddings = False

    def choose(self, pool: Pool, count: int, rng: np.random.Generator) -> Iterator[Pick]:
        """See :class:`~labeltool.learning.pool.Strategy`."""
        doubt = pool.doubts["entropy"]
        columns = np.column_stack([doubt, doubt.sum(1)])
        scores = np.log(np.maximum(columns, _LEAST) / pool.costs[:, None])
        noisy = scores + rng.gumbel(size=scores.shape) / self.beta(len(pool.labelled))
        noisy[:, :-1][doubt <= 0] = -np.inf  # of a class without doubt there is nothing to learn
        turns = _Turns(
            [c for c in np.argsort(pool.counts.sum(0), kind="stable").tolist() if doubt[:, c].any()]
        )
        for number in range(len(pool)):
            own = int((number + 1) * self.share + 1e-9) > int(number * self.share + 1e-9)
            column = turns.next(noisy) if own else -1
            index = int(noisy[:, column].argmax())
            named = int(doubt[index].argmax()) if column < 0 else column
            yield Pick(index, float(np.exp(scores[index, column])), pool.unsure(index, named))
            noisy[index] = -np.inf

    def beta(self, labelled: int) -> float:
        """The sharpness of the draw after so many labelled images."""
        return float(self.early * (self.late / self.early) ** min(1.0, labelled / self.images))


class _Turns:
    """Whose turn it is: classes one after the other, those without candidates left out."""

    def __init__(self, columns: list[int]) -> None:
        self._columns = columns

    def next(self, noisy: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> int:
        """The next class of which a candidate is left; -1, for all together, where there is none."""
        while self._columns:
            column = self._columns.pop(0)
            if np.isfinite(noisy[:, column]).any():
                self._columns.append(column)
                return column
        return -1
