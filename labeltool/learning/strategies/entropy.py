"""Predictive entropy: where the model holds several classes possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labeltool.learning.pool import Pick, Pool
from labeltool.learning.strategies.doubt import by_doubt


@dataclass(frozen=True)
class Entropy:
    """The most entropy first. Of the plain strategies the best in nnActive (Lüth et al. 2025, arXiv 2511.19183)."""

    title = "Entropy"
    help = "the images that the model is least sure of, all classes together"
    predictions = True
    doubts = ("entropy",)
    embeddings = False

    def choose(self, pool: Pool, count: int, rng: np.random.Generator) -> Iterator[Pick]:
        """See :class:`~labeltool.learning.pool.Strategy`."""
        return by_doubt(pool, "entropy")
