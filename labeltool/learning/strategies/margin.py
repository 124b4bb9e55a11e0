"""Margin: where two classes are nearly as likely as each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labeltool.learning.pool import Pick, Pool
from labeltool.learning.strategies.doubt import by_doubt


@dataclass(frozen=True)
class Margin:
    """The smallest margins first (best against second best, Scheffer et al. 2001)."""

    title = "Margin"
    help = "the images in which two classes are nearly as likely as each other"
    predictions = True
    doubts = ("margin",)
    embeddings = False

    def choose(self, pool: Pool, count: int, rng: np.random.Generator) -> Iterator[Pick]:
        """See :class:`~labeltool.learning.pool.Strategy`."""
        return by_doubt(pool, "margin")
