"""How many pixels of each class somebody has set, kept up to date stroke by stroke."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from labeltool.core.mask import LabelMask, Tile
from labeltool.core.patch import Patch, Place
from labeltool.core.provenance import Origin
from labeltool.core.pulse import beat


def count_change(
    counts: Mapping[str, int], patch: Patch, current: Callable[[Place], Tile], blank: Callable[[Place], Tile]
) -> dict[str, int]:
    """The counts by class value after ``patch``; a pixel counts when its origin is somebody.

    ``current`` gives a tile as it is before the patch, ``blank`` one that nobody has touched.
    """

    def pair(place: Place) -> tuple[Tile, Tile]:
        delta = patch.deltas.get(place)
        if delta is None:
            same = current(place)
            return same, same
        before, after = (blank(place) if tile is None else tile for tile in (delta.before, delta.after))
        return before, after

    total = np.zeros(256, np.int64)
    for value, n in counts.items():
        total[int(value)] = n
    for index in {index for name, index in patch.deltas if name != "object"}:
        (label, new_label), (origin, new_origin) = pair(("label", index)), pair(("origin", index))
        beat()
        if all(tile.strides == (0, 0) for tile in (label, new_label, origin, new_origin)):
            _count_constant(total, new_label, new_origin, 1)
            _count_constant(total, label, origin, -1)
            continue
        changed = (label != new_label) | (origin != new_origin)
        total += _count(new_label, new_origin, changed) - _count(label, origin, changed)
    return {str(value): int(total[value]) for value in np.flatnonzero(total)}


def count_mask(mask: LabelMask) -> dict[int, int]:
    """Pixels of every class value that somebody has set, counted anew."""
    total = np.zeros(256, np.int64)
    for index in mask.occupied():
        label, origin = mask.planes["label"].tile(index), mask.planes["origin"].tile(index)
        if label.strides == origin.strides == (0, 0):
            _count_constant(total, label, origin, 1)
            continue
        total += _count(label, origin, np.broadcast_to(np.True_, label.shape))
    return {int(value): int(total[value]) for value in np.flatnonzero(total)}


def _count_constant(total: NDArray[np.int64], label: Tile, origin: Tile, times: int) -> None:
    """The same of tiles of one value each, of which a fill leaves tens of thousands: nothing is gone through."""
    if origin[0, 0] != Origin.NOBODY:
        total[int(label[0, 0])] += times * label.size


def _count(label: Tile, origin: Tile, where: NDArray[np.bool_]) -> NDArray[np.int64]:
    counted = label[where & (origin != Origin.NOBODY)]
    return np.bincount(counted.astype(np.uint8, copy=False), minlength=256).astype(np.int64, copy=False)
