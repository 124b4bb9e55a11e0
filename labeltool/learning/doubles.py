"""Images that are nearly the same: labelling one of them is enough."""

from __future__ import annotations

import numpy as np

from labeltool.learning.pool import Vectors


def unit(vectors: Vectors) -> Vectors:
    """The same directions [n, d] at length 1; a vector of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def doubles(vectors: Vectors, known: Vectors, nearest: float) -> dict[int, int]:
    """Which candidates [n, d] are nearly the same as another: its number -> that of the other.

    A candidate is a double of the closest of those that come before it and are none, or of the labelled images
    ``known`` [m, d] (numbers from n on), where that is at most ``nearest`` away.
    """
    found: dict[int, int] = {}
    if not len(vectors):
        return found
    originals = list(range(len(vectors), len(vectors) + len(known)))
    everything = np.concatenate([vectors, known.reshape(-1, vectors.shape[1])]).astype(np.float64)
    for index in range(len(vectors)):
        if originals:
            distances = np.linalg.norm(everything[originals] - everything[index], axis=1)
            closest = int(distances.argmin())
            if distances[closest] <= nearest:
                found[index] = originals[closest]
                continue
        originals.append(index)
    return found
