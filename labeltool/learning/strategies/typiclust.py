"""TypiClust: the most typical image of each group of images that look alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labeltool.learning.clusters import k_means
from labeltool.learning.pool import Floats, Ints, Pick, Pool


@dataclass(frozen=True)
class TypiClust:
    """For the first labels, when no model's doubt is worth much (Hacohen et al. 2022, arXiv 2202.02794).

    There are as many clusters as there are labelled images and wanted ones. The largest of those with the fewest
    labelled images comes next, and of it the image with the highest typicality: the inverse of the mean distance to its
    ``neighbours`` nearest neighbours in the cluster. ``clusters`` is the most there may be.
    """

    neighbours: int = 20
    clusters: int = 500

    title = "Typical images"
    help = "one of each group of images that look alike; for the first labels, with or without a model"
    predictions = False
    doubts = ()
    embeddings = True

    def choose(self, pool: Pool, count: int, rng: np.random.Generator) -> Iterator[Pick]:
        """See :class:`~labeltool.learning.pool.Strategy`."""
        points = np.concatenate([pool.embeddings, pool.labelled.reshape(-1, pool.embeddings.shape[1])])
        wanted = min(len(pool.labelled) + count, self.clusters, len(points))
        cluster = k_means(points, wanted, rng)
        typicality = _typicality(points, cluster, self.neighbours)
        covered = np.bincount(cluster[len(pool) :], minlength=wanted)
        sizes = np.bincount(cluster, minlength=wanted)
        left = np.ones(len(pool), bool)
        for _ in range(len(pool)):
            chosen = _next_cluster(cluster[: len(pool)][left], sizes, covered)
            index = int(
                np.where(left & (cluster[: len(pool)] == chosen), typicality[: len(pool)], -1).argmax()
            )
            yield Pick(index, float(typicality[index]), _why(int(sizes[chosen]), int(covered[chosen])))
            left[index] = False
            covered[chosen] += 1


def _next_cluster(of_those_left: Ints, sizes: Ints, covered: Ints) -> int:
    """Of the clusters that have a candidate left: the largest of those from which least was taken."""
    open_ = np.unique(of_those_left)
    return int(open_[np.lexsort((open_, -sizes[open_], covered[open_]))[0]])


def _typicality(
    points: np.ndarray[tuple[int, ...], np.dtype[np.float32]], cluster: Ints, neighbours: int
) -> Floats:
    """Of each point in its cluster, above 0; 0 of one that is alone."""
    found = np.zeros(len(points))
    for number in np.unique(cluster):
        (members,) = np.nonzero(cluster == number)
        near = min(neighbours, len(members) - 1)
        if near < 1:
            continue
        inside = points[members].astype(np.float64)
        for place, member in enumerate(members.tolist()):
            distances = np.linalg.norm(inside - inside[place], axis=1)
            mean = np.sort(distances)[1 : near + 1].mean()
            found[member] = 1 / max(mean, 1e-9)
    return found


def _why(size: int, covered: int) -> str:
    if size == 1:
        return "unlike all others"
    known = "none of them labelled" if not covered else f"{covered} of them labelled or further up"
    return f"typical of {size} images that look alike, {known}"
