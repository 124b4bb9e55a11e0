"""The planes of a mask as runs of equal pixels along the rows, and the objects that the runs make up.

A mask of twelve million pixels has some ten thousands of runs. What is asked of objects (how many, where, how large,
which touch) costs what their outlines cost, and a plane is made from its runs as fast as it could be copied.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.mask import LabelMask
from labeltool.core.provenance import Origin

Strip = tuple[NDArray[np.uint8], NDArray[np.uint32], NDArray[np.bool_]]
"""Label, object id and *nobody has set it* of some rows, each [h, w]."""


class Extent(NamedTuple):
    """An object: ``object_id`` 0 stands for a connected region, ``area`` is in pixels."""

    class_value: int
    object_id: int
    box: Box
    area: int


@dataclass(frozen=True)
class Runs:
    """``lengths`` of runs in reading order, none longer than a row, and what the pixels of each are."""

    size: Size
    lengths: NDArray[np.uint32]
    label: NDArray[np.uint8]
    object_: NDArray[np.uint32]
    unlabelled: NDArray[np.bool_]

    def plane(self, values: NDArray[Any]) -> NDArray[Any]:
        """A new raster [h, w] in which every run has its value."""
        return np.repeat(values, self.lengths).reshape(self.size.height, self.size.width)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each run begins, in pixels from the first, row by row."""
        ends: NDArray[np.int64] = np.cumsum(self.lengths, dtype=np.int64)
        return ends - self.lengths

    def to_bytes(self) -> bytes:
        """All of it, deflated."""
        parts = (self.lengths, self.object_, self.label, self.unlabelled)
        return zlib.compress(b"".join(part.tobytes() for part in parts), 1)

    @classmethod
    def from_bytes(cls, data: bytes, size: Size) -> Runs:
        """What :meth:`to_bytes` gave."""
        raw = zlib.decompress(data)
        count = len(raw) // 10
        return cls(
            size,
            np.frombuffer(raw, np.uint32, count),
            np.frombuffer(raw, np.uint8, count, 8 * count),
            np.frombuffer(raw, np.uint32, count, 4 * count),
            np.frombuffer(raw, np.bool_, count, 9 * count),
        )


def runs_of_mask(mask: LabelMask, unlabelled_value: int) -> Runs:
    """The runs of a mask, read a row of tiles at a time; ``unlabelled_value`` is the label of pixels nobody has set."""

    def strips() -> Iterator[Strip]:
        for top in range(0, mask.size.height, TILE):
            box = Box(0, top, mask.size.width, min(top + TILE, mask.size.height))
            label, object_ = mask.read("label", box), mask.read("object", box)
            unlabelled = (mask.read("origin", box) == Origin.NOBODY) & (label == unlabelled_value)
            yield label.astype(np.uint8, copy=False), object_.astype(np.uint32, copy=False), unlabelled

    return _runs(mask.size, strips())


def runs_of_planes(label: NDArray[np.uint8], object_: NDArray[np.uint32]) -> Runs:
    """The runs of two planes [h, w], all of whose pixels somebody has set."""
    height, width = label.shape
    rows = range(0, height, TILE)
    nowhere = np.zeros((min(TILE, height), width), bool)
    strips = ((label[y : y + TILE], object_[y : y + TILE], nowhere[: height - y]) for y in rows)
    return _runs(Size(width, height), strips)


def _runs(size: Size, strips: Iterable[Strip]) -> Runs:
    found: list[tuple[NDArray[Any], ...]] = []
    for planes in strips:
        change = np.empty(planes[0].shape, bool)
        change[:, :1] = True
        np.not_equal(planes[0][:, 1:], planes[0][:, :-1], out=change[:, 1:])
        for plane in planes[1:]:
            change[:, 1:] |= plane[:, 1:] != plane[:, :-1]
        first = np.flatnonzero(change)
        lengths = np.diff(first, append=change.size).astype(np.uint32)
        found.append((lengths, *(plane.ravel()[first] for plane in planes)))
    empty = [(np.zeros(0, np.uint32), np.zeros(0, np.uint8), np.zeros(0, np.uint32), np.zeros(0, bool))]
    return Runs(size, *(np.concatenate(parts) for parts in zip(*(found or empty), strict=True)))


@dataclass(frozen=True)
class Objects:
    """The objects of a mask; ``of_run`` gives each run's place among ``extents``, counted from 1, or 0 for none."""

    runs: Runs
    extents: list[Extent]
    of_run: NDArray[np.int64]

    def raster(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """A raster [h, w] of ``numbers``, one for each object; 0 elsewhere."""
        return self.runs.plane(np.concatenate((np.zeros(1, numbers.dtype), numbers))[self.of_run])

    def insides(self) -> Iterator[NDArray[np.bool_]]:
        """The pixels of each object, bool [box.height, box.width]."""
        count = len(self.extents)
        numbers = self.raster(np.arange(1, count + 1, dtype=np.min_scalar_type(count)))
        for number, extent in enumerate(self.extents, start=1):
            yield numbers[extent.box.slices()] == number


def objects_of(runs: Runs, values: Iterable[int]) -> Objects:
    """Every object of the classes ``values``, by class, connected regions first, then by id.

    Runs of a class with object id 0 form one object where they touch (8-connected), in the order of their first pixels;
    runs of one class with the same other id are one object, even where they do not touch.
    """
    wanted = np.zeros(256, bool)
    wanted[list(values)] = True
    of_run = np.zeros(len(runs.lengths), np.int64)
    at = np.flatnonzero(wanted[runs.label])
    if not len(at):
        return Objects(runs, [], of_run)
    keys = runs.label[at].astype(np.uint64) << np.uint64(32) | runs.object_[at]
    starts, lengths = runs.starts[at], runs.lengths[at].astype(np.int64)
    row, left = np.divmod(starts, runs.size.width)
    right = left + lengths
    first = np.empty(len(at), np.int64)  # run of the object that each run belongs to
    together, apart = np.flatnonzero(runs.object_[at]), np.flatnonzero(runs.object_[at] == 0)
    _, first_of_key, key_of = np.unique(keys[together], return_index=True, return_inverse=True)
    first[together] = together[first_of_key[key_of]]
    first[apart] = apart[connected(row[apart], left[apart], right[apart], keys[apart])]
    is_first = first == np.arange(len(first))
    firsts = np.flatnonzero(is_first)
    order = np.lexsort((firsts, keys[firsts]))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    number = rank[(np.cumsum(is_first) - 1)[first]]
    of_run[at] = number + 1
    count = len(order)
    sides = [_reduced(ufunc, number, side, count) for ufunc, side in _sides(row, left, right)]
    areas = np.bincount(number, lengths, count).astype(np.int64)
    ordered = firsts[order]
    table: tuple[NDArray[Any], ...] = (runs.label[at][ordered], runs.object_[at][ordered], *sides, areas)
    extents = [
        Extent(value, object_id, Box(x0, y0, x1, y1 + 1), area)
        for value, object_id, x0, y0, x1, y1, area in zip(*(column.tolist() for column in table), strict=True)
    ]
    return Objects(runs, extents, of_run)


def _sides(
    row: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64]
) -> tuple[tuple[np.ufunc, NDArray[np.int64]], ...]:
    return (np.minimum, left), (np.minimum, row), (np.maximum, right), (np.maximum, row)


def _reduced(
    ufunc: np.ufunc, number: NDArray[np.int64], values: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """The least or the largest of the values that carry each number."""
    found = np.full(count, -1 if ufunc is np.maximum else np.iinfo(np.int64).max, np.int64)
    ufunc.at(found, number, values)
    return found


def connected(
    row: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64], keys: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """For each run (in reading order) the first one of the 8-connected region of its key that it belongs to."""
    if not len(row):
        return np.zeros(0, np.int64)
    stride = int(right.max()) + 3  # so far apart that no run touches one of another row
    start, end = row * stride + left, row * stride + right
    below, beyond = np.searchsorted(end, start + stride), np.searchsorted(start, end + stride, "right")
    count = beyond - below
    upper = np.repeat(np.arange(len(row)), count)
    lower = np.arange(len(upper)) - np.repeat(np.cumsum(count) - count - below, count)
    same = keys[upper] == keys[lower]
    return joined(len(row), upper[same], lower[same])


def joined(count: int, upper: NDArray[np.int64], lower: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of ``count`` things the first one that it hangs together with, by pairs that belong together."""
    parent = np.arange(count)
    while True:
        a, b = parent[upper], parent[lower]
        apart = a != b
        if not apart.any():
            return parent
        upper, lower, a, b = upper[apart], lower[apart], a[apart], b[apart]
        np.minimum.at(parent, np.maximum(a, b), np.minimum(a, b))
        _settle(parent)


def _settle(parent: NDArray[np.int64]) -> None:
    """Make everything point at the root of its tree."""
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return
        parent[:] = above
