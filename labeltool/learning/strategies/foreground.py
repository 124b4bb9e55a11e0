"""Foreground-aware random choice: the yardstick that few strategies beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labeltool.learning.pool import Pick, Pool


@dataclass(frozen=True)
class Foreground:
    """Drawn at random, most of them where the model sees objects: the baseline of nnActive (Lüth et al. 2025, arXiv
    2511.19183) that no strategy tried there beat reliably.

    ``share`` of the picks come from candidates of whose pixels at least ``least`` are objects. Both numbers are ours.
    """

    share: float = 2 / 3
    least: float = 0.01

    title = "Random, with objects"
    help = "drawn at random, most of them among the images in which the model sees objects"
    predictions = True
    doubts = ()
    embeddings = False

    def choose(self, pool: Pool, count: int, rng: np.random.Generator) -> Iterator[Pick]:
        """See :class:`~labeltool.learning.pool.Strategy`."""
        objects = pool.foreground
        order = rng.permutation(len(pool)).tolist()
        with_objects = [index for index in order if objects[index] >= self.least]
        for number in range(len(pool)):
            own = int((number + 1) * self.share + 1e-9) > int(number * self.share + 1e-9)
            index = with_objects[0] if own and with_objects else order[0]
            yield Pick(index, float(objects[index]), _why(pool, float(objects[index]), self.least))
            order.remove(index)
            if index in with_objects:
                with_objects.remove(index)


def _why(pool: Pool, objects: float, least: float) -> str:
    if objects >= least:
        return (
            f"drawn at random among those with objects, which cover {100 * objects:.0f} % of the {pool.place}"
        )
    return f"drawn at random; the model sees hardly an object in the {pool.place}"
