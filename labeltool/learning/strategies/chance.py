"""Plain random choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labeltool.learning.pool import Pick, Pool


@dataclass(frozen=True)
class Chance:
    """Every candidate is as likely as every other."""

    title = "Random"
    help = "drawn at random, all images alike"
    predictions = False
    doubts = ()
    embeddings = False

    def choose(self, pool: Pool, count: int, rng: np.random.Generator) -> Iterator[Pick]:
        """See :class:`~labeltool.learning.pool.Strategy`."""
        for index in rng.permutation(len(pool)).tolist():
            yield Pick(index, 0.0, "drawn at random")
