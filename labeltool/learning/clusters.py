"""k-means with the seeds of k-means++ (Arthur and Vassilvitskii 2007)."""

from __future__ import annotations

import numpy as np

from labeltool.learning.pool import Floats, Ints, Vectors

_STEPS = 50


def k_means(points: Vectors, k: int, rng: np.random.Generator) -> Ints:
    """The cluster 0..k-1 of each of n points [n, d], int64 [n]; ``k`` is at most n. Where points coincide clusters may
    stay empty."""
    centres = _seeds(points, k, rng)
    nearest = np.full(len(points), -1, np.int64)
    for _ in range(_STEPS):
        before, nearest = nearest, _squared(points, centres).argmin(1)
        if np.array_equal(before, nearest):
            break
        sizes = np.bincount(nearest, minlength=k)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, points)
        there = sizes > 0
        centres[there] = sums[there] / sizes[there, None]
    return nearest


def _seeds(points: Vectors, k: int, rng: np.random.Generator) -> Floats:
    """k of the points, each drawn with odds of its squared distance to those drawn before."""
    chosen = [int(rng.integers(len(points)))]
    away = _squared(points, points[chosen].astype(np.float64))[:, 0]
    while len(chosen) < k:
        total = float(away.sum())
        odds = away / total if total > 0 else None
        chosen.append(int(rng.choice(len(points), p=odds)))
        away = np.minimum(away, _squared(points, points[chosen[-1:]].astype(np.float64))[:, 0])
    return points[chosen].astype(np.float64)


def _squared(points: Vectors, centres: Floats) -> Floats:
    """Squared distances, float64 [n, k]."""
    wide = points.astype(np.float64)
    products = wide @ centres.T
    found = (wide**2).sum(1)[:, None] - 2 * products + (centres**2).sum(1)
    return np.asarray(np.maximum(found, 0), np.float64)
