"""BALD: where the network's answers differ while its dropout is on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labeltool.learning.pool import Pick, Pool
from labeltool.learning.strategies.doubt import by_doubt


@dataclass(frozen=True)
class Bald:
    """The most mutual information of answer and weights first (Houlsby et al. 2011, arXiv 1112.5745): what the model
    has not learnt, apart from what cannot be told from the image. Without dropout there is none, and the entropy
    decides."""

    title = "BALD"
    help = "the images of which the network says something else each time its dropout is drawn; slower"
    predictions = True
    doubts = ("bald", "entropy")
    embeddings = False

    def choose(self, pool: Pool, count: int, rng: np.random.Generator) -> Iterator[Pick]:
        """See :class:`~labeltool.learning.pool.Strategy`."""
        return by_doubt(pool, "bald" if pool.doubts["bald"].any() else "entropy")
