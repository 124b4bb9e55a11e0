"""Spots: connected regions of doubt that nobody has verified, those with most doubt first; and how much is resolved.

Everything is read a tile at a time, so that memory does not grow with the image, and a tile border is never seen in the
result.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, Size, TileIndex, tile_box, tiles_in
from labeltool.core.labelling import Components
from labeltool.core.progress import CancelToken
from labeltool.core.shape import Bools, Part

Doubt = Callable[[Box], NDArray[np.uint8]]
"""How unsure a model is of each pixel of a box, uint8 [box.height, box.width], 255 being a toss-up."""

Where = Callable[[Box], Bools]
"""Which pixels of a box are meant, bool [box.height, box.width]."""

MOST_DOUBT = 255


def sure_from(below: float) -> int:
    """The confidence 0..255 from which on a pixel is not less sure than ``below`` (0..1)."""
    return round(MOST_DOUBT * below)


class Spot(NamedTuple):
    """A connected (8) region of doubt. ``area`` is in pixels, ``mass`` the sum over them of doubt in 0..1, ``peak``
    (column, row) the most doubtful pixel, of several the first in reading order."""

    box: Box
    area: int
    mass: float
    peak: tuple[int, int]

    @property
    def rank(self) -> tuple[float, int, int]:
        """Spots in this order have the most mass first; no two of one image have the same rank."""
        return -self.mass, self.peak[1], self.peak[0]


def spots(doubt: Doubt, where: Where, size: Size, cancel: CancelToken | None = None) -> list[Spot]:
    """The connected regions of the pixels ``where`` somebody should look, ordered by their mass of ``doubt``.

    Both must say the same of a pixel whenever they are asked. Raises CancelledError after a cancel.
    """
    found = Components(_Where(where, size.box), size, cancel=cancel)
    sums = np.zeros(len(found), np.int64)
    peaks = np.full((len(found), 3), -1, np.int64)  # doubt, row, column
    for box, number in found.numbered():
        inside = number >= 0
        at, values = number[inside], doubt(box)[inside].astype(np.int64)
        np.add.at(sums, at, values)
        rows, columns = np.nonzero(inside)
        order = np.lexsort((columns, rows, -values, at))
        first = order[np.flatnonzero(np.diff(at[order], prepend=-1))]
        _take_higher(peaks, at[first], values[first], rows[first] + box.y0, columns[first] + box.x0)
    return sorted(
        (
            Spot(found.box(n), int(found.areas[n]), int(sums[n]) / MOST_DOUBT, (int(column), int(row)))
            for n, (_, row, column) in enumerate(peaks.tolist())
        ),
        key=lambda spot: spot.rank,
    )


def _take_higher(
    peaks: NDArray[np.int64],
    at: NDArray[np.int64],
    values: NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> None:
    """Put the peaks of a tile in the place of those known of the same components, where they are higher, or as high and
    earlier in reading order."""
    known = peaks[at]
    earlier = (rows < known[:, 1]) | ((rows == known[:, 1]) & (columns < known[:, 2]))
    higher = (values > known[:, 0]) | ((values == known[:, 0]) & earlier)
    peaks[at[higher]] = np.stack([values, rows, columns], axis=1)[higher]


@dataclass(frozen=True)
class _Where:
    """Pixels of an image as a shape."""

    where: Where
    box: Box

    def part(self, box: Box) -> Part:
        inside = self.where(box)
        return inside if inside.any() else False


def following(found: Sequence[Spot], last: Spot | None, by: int) -> Spot | None:
    """The next (+1) or previous (-1) of the spots in order, from the one that was shown last, whatever has become of
    it; behind the end it begins anew. None where there are no spots."""
    if not found:
        return None
    ranks = [spot.rank for spot in found]
    if last is None:
        return found[0 if by > 0 else -1]
    at = bisect_right(ranks, last.rank) if by > 0 else bisect_left(ranks, last.rank) - 1
    return found[at % len(found)]


class Mass(NamedTuple):
    """Sums of doubt, 0..255 a pixel: of the ``whole`` tile, and of its pixels that somebody has ``verified``."""

    whole: int
    verified: int


def masses(
    doubt: Doubt,
    verified: Where,
    size: Size,
    indices: Iterable[TileIndex] | None = None,
    cancel: CancelToken | None = None,
) -> dict[TileIndex, Mass]:
    """The mass of each tile, or of some: after a change only the tiles that it touched need be looked at again."""
    found = {}
    for index in tiles_in(size.box, size) if indices is None else indices:
        if cancel is not None:
            cancel.check()
        box = tile_box(index, size)
        here = doubt(box)
        whole = int(here.sum(dtype=np.int64))
        found[index] = Mass(whole, int(here[verified(box)].sum(dtype=np.int64)) if whole else 0)
    return found


def share_resolved(found: Iterable[Mass]) -> float | None:
    """Which part of all doubt lies in pixels that somebody has verified; None where there is no doubt."""
    known = list(found)
    whole = sum(each.whole for each in known)
    return sum(each.verified for each in known) / whole if whole else None
