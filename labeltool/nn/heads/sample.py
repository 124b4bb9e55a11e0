"""Which painted pixels are learnt from, where they are more than are needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE
from labeltool.inference.segmenter import Plane8

Places = NDArray[np.int64]


def sampled_pixels(label: Plane8, most: int) -> tuple[Places, Places]:
    """Rows and columns of about ``most`` pixels that are not ignore (uint8 [h, w]), the most telling first.

    A class gets its share by the square root of its pixels, at least one. Which pixels of it are taken depends on their
    place alone: one more stroke leaves the others where they were, so that an answer does not flicker.
    """
    rows, cols = np.nonzero(label != IGNORE)
    if not len(rows):
        return rows, cols
    values = label[rows, cols]
    roots = np.sqrt(np.bincount(values))
    chosen: list[Places] = []
    turns: list[NDArray[np.float64]] = []
    for value in np.flatnonzero(roots):
        own = np.flatnonzero(values == value)
        share = min(len(own), max(1, round(most * roots[value] / roots.sum())))
        best = own[_lowest(_rank(rows[own], cols[own]), share)]
        chosen.append(best)
        turns.append((np.arange(share) + 0.5) / share)
    order = np.concatenate(chosen)[np.argsort(np.concatenate(turns), kind="stable")]
    return rows[order], cols[order]


def _lowest(ranks: NDArray[np.uint32], count: int) -> Places:
    """Where the lowest ``count`` ranks are, the lowest first."""
    found = np.argpartition(ranks, count - 1)[:count]
    return found[np.argsort(ranks[found], kind="stable")]


def _rank(rows: Places, cols: Places) -> NDArray[np.uint32]:
    """A number of each pixel's own, spread like chance (the finaliser of MurmurHash3)."""
    mixed = (rows * 0x9E3779B1 + cols * 0x85EBCA77).astype(np.uint32)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    return mixed ^ (mixed >> np.uint32(16))
