"""The objects of a mask: connected regions of a class, and pixels that carry the same object id."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.runs import Objects, objects_of, runs_of_planes


class Region(NamedTuple):
    """One object: ``inside`` is bool [box.height, box.width]; ``object_id`` 0 stands for a connected region."""

    class_value: int
    object_id: int
    box: Box
    inside: NDArray[np.bool_]
    area: int


def regions(label: NDArray[np.uint8], object_: NDArray[np.uint32], catalog: ClassCatalog) -> list[Region]:
    """Every object of the classes other than the background, by class, connected regions first, then by id.

    Pixels of a class with object id 0 form one region per 8-connected component; pixels of one class with the
    same other id are one object, even where they do not touch. ``label`` uint8 and ``object_`` uint32 are [h, w].
    """
    return regions_of(objects_of(runs_of_planes(label, object_), (c.value for c in catalog.foreground)))


def regions_of(objects: Objects) -> list[Region]:
    """Objects with their pixels."""
    return [
        Region(extent.class_value, extent.object_id, extent.box, inside, extent.area)
        for extent, inside in zip(objects.extents, objects.insides(), strict=True)
    ]


def extents(label: NDArray[np.uint8], object_: NDArray[np.uint32]) -> list[tuple[int, int, Box]]:
    """(class value, object id, box) of every pair that occurs, in ascending order.

    Works on the runs of equal pixels in each row: there are far fewer of them than pixels.
    """
    if not label.size:
        return []
    change = np.ones(label.shape, bool)
    change[:, 1:] = (label[:, 1:] != label[:, :-1]) | (object_[:, 1:] != object_[:, :-1])
    first = np.flatnonzero(change)
    last = np.append(first[1:], label.size) - 1
    row, left = np.divmod(first, label.shape[1])
    right = last - row * label.shape[1]
    keys = label.ravel()[first].astype(np.uint64) << np.uint64(32) | object_.ravel()[first]
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    x0, x1 = np.minimum.reduceat(left[order], starts), np.maximum.reduceat(right[order], starts)
    y0, y1 = np.minimum.reduceat(row[order], starts), np.maximum.reduceat(row[order], starts)
    return [
        (key >> 32, key & 0xFFFFFFFF, Box(a, b, c + 1, d + 1))
        for key, a, b, c, d in zip(
            ordered[starts].tolist(), x0.tolist(), y0.tolist(), x1.tolist(), y1.tolist(), strict=True
        )
    ]
