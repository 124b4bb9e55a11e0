"""The planes of a mask as runs of equal pixels along the rows, and the objects that the runs make up.

A mask of twelve million pixels has some ten thousands of runs. What is asked of objects (how many, where, how large,
which touch) costs what their outlines cost, and a plane is made from its runs as fast as it could be copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from struct import Struct
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.cold import Tile
from labeltool.core.flate import zlib
from labeltool.core.geometry import TILE, Box, Size, TileIndex
from labeltool.core.mask import LabelMask
from labeltool.core.provenance import Origin

Part = tuple[Tile, Tile, Tile]
"""Label, object id and *nobody has set it* of some pixels, each [h, w]."""

STRIP: Final = 256
"""Rows that are made into a raster at a time where a whole one would be too large."""
_DTYPES: Final[tuple[type[Any], ...]] = (np.uint32, np.uint8, np.uint32, np.bool_, np.int64, np.int64)
"""Of the arrays that objects are packed as."""
_HEAD: Final = Struct("<cQ")
"""An array's type (as small a one as holds its values) and length."""


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

    def fit(self, plane: NDArray[Any], values: NDArray[Any]) -> bool:
        """True where a raster [h, w] is what :meth:`plane` makes of the values; quicker than making it."""
        if plane.shape != (self.size.height, self.size.width):
            return False
        pixels = plane.ravel()
        change = pixels[1:] != pixels[:-1]
        change[self.starts[1:] - 1] = False
        return not change.any() and np.array_equal(pixels[self.starts], values)

    def strips(self) -> Iterator[tuple[slice, Runs]]:
        """Strips of at most :data:`STRIP` rows from the top: which of the runs they hold, and these by themselves."""
        height, width = self.size.height, self.size.width
        tops = [*range(0, height, STRIP), height]
        cuts = np.searchsorted(self.starts, np.array(tops, np.int64) * width).tolist()
        for (top, bottom), (first, last) in zip(pairwise(tops), pairwise(cuts), strict=True):
            at = slice(first, last)
            planes = (self.lengths[at], self.label[at], self.object_[at], self.unlabelled[at])
            yield at, Runs(Size(width, bottom - top), *planes)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each run begins, in pixels from the first, row by row."""
        ends: NDArray[np.int64] = np.cumsum(self.lengths, dtype=np.int64)
        return ends - self.lengths


def runs_of_mask(mask: LabelMask, unlabelled_value: int) -> Runs:
    """The runs of a mask, read a row of tiles at a time; ``unlabelled_value`` is the label of pixels nobody has set."""

    def part(index: TileIndex) -> Part:
        label, object_, origin = (mask.planes[name].tile(index) for name in ("label", "object", "origin"))
        return label, object_, _unlabelled(label, origin, unlabelled_value)

    rows, cols = -(-mask.size.height // TILE), -(-mask.size.width // TILE)
    strips = ([part(TileIndex(row, col)) for col in range(cols)] for row in range(rows))
    return _runs(mask.size, strips)


def runs_of_planes(label: NDArray[np.uint8], object_: NDArray[np.uint32]) -> Runs:
    """The runs of two planes [h, w], all of whose pixels somebody has set."""
    height, width = label.shape
    nowhere = np.broadcast_to(np.False_, label.shape)
    rows = (slice(top, top + TILE) for top in range(0, height, TILE))
    return _runs(Size(width, height), ([(label[at], object_[at], nowhere[at])] for at in rows if width))


def _unlabelled(label: Tile, origin: Tile, value: int) -> Tile:
    if _is_constant(origin) and origin[0, 0] != Origin.NOBODY:
        return np.broadcast_to(np.False_, origin.shape)
    unlabelled: Tile = (origin == Origin.NOBODY) & (label == value)
    return unlabelled


def _runs(size: Size, strips: Iterable[Sequence[Part]]) -> Runs:
    found: list[list[NDArray[Any]]] = [_runs_of_rows(parts) for parts in strips]
    nothing = [[np.zeros(0, dtype) for dtype in (np.uint32, np.uint8, np.uint32, np.bool_)]]
    return Runs(size, *(np.concatenate(values) for values in zip(*(found or nothing), strict=True)))


def _runs_of_rows(parts: Sequence[Part]) -> list[NDArray[Any]]:
    """The lengths of the runs of some rows, and the value of each run in every plane.

    Parts lie side by side, all as wide as the first but the last. They are read where they are: putting the tiles of
    an image together costs more than looking at them.
    """
    widths = np.array([planes[0].shape[1] for planes in parts])
    change = np.concatenate([_changes(planes) for planes in parts], axis=1)
    for number, (before, planes) in enumerate(pairwise(parts), start=1):
        column = change[:, number * widths[0]]
        column[:] = False
        for left, right in zip(before, planes, strict=True):
            column |= left[:, -1] != right[:, 0]
    change[:, 0] = True
    first = np.flatnonzero(change)
    row, col = np.divmod(first, change.shape[1])
    part, inside = np.divmod(col, widths[0])
    inside += row * widths[part]
    order = np.argsort(part.astype(np.uint16), kind="stable")  # numpy sorts small numbers by their digits
    places = np.split(inside[order], np.cumsum(np.bincount(part, minlength=len(parts)))[:-1])
    return [
        np.diff(first, append=change.size).astype(np.uint32),
        *(_taken(tiles, places, order) for tiles in zip(*parts, strict=True)),
    ]


def _changes(planes: Part) -> NDArray[np.bool_]:
    """Which pixels [h, w] differ from the one before in any plane, the last of a row from the first of the next."""
    change = np.zeros(planes[0].size, bool)
    for plane in planes:
        if not _is_constant(plane):
            pixels = plane.ravel()
            change[1:] |= pixels[1:] != pixels[:-1]
    return change.reshape(planes[0].shape)


def _is_constant(tile: Tile) -> bool:
    """True for a tile of one pixel that is repeated."""
    return tile.strides == (0, 0)


def _taken(tiles: Sequence[Tile], places: Sequence[NDArray[np.int64]], order: NDArray[np.int64]) -> Tile:
    """The pixels at ``places`` of each tile, brought into the order that ``order`` took them out of."""
    found = [
        np.full(len(at), tile[0, 0]) if _is_constant(tile) else tile.ravel()[at]
        for tile, at in zip(tiles, places, strict=True)
    ]
    values = np.empty(len(order), tiles[0].dtype)
    values[order] = np.concatenate(found)
    return values


@dataclass(frozen=True)
class Objects:
    """The objects of a mask; ``of_run`` gives each run's place among ``extents``, counted from 1, or 0 for none."""

    runs: Runs
    extents: list[Extent]
    of_run: NDArray[np.int64]

    def to_bytes(self) -> bytes:
        """These objects and the runs that they are made of, deflated."""
        table = np.array([(e.class_value, e.object_id, *e.box, e.area) for e in self.extents], np.int64)
        runs = self.runs
        arrays = (runs.lengths, runs.label, runs.object_, runs.unlabelled, self.of_run, table.ravel())
        small = [array.astype(np.min_scalar_type(array.max(initial=0)), copy=False) for array in arrays]
        heads = b"".join(_HEAD.pack(array.dtype.char.encode(), array.size) for array in small)
        return zlib.compress(heads + b"".join(array.tobytes() for array in small), 1)

    @classmethod
    def from_bytes(cls, data: bytes, size: Size) -> Objects:
        """What :meth:`to_bytes` gave."""
        raw = zlib.decompress(data)
        arrays: list[NDArray[Any]] = []
        at = len(_DTYPES) * _HEAD.size
        for number, dtype in enumerate(_DTYPES):
            code, count = _HEAD.unpack_from(raw, number * _HEAD.size)
            small = np.frombuffer(raw, code.decode(), count, at)
            arrays.append(small.astype(dtype, copy=False))
            at += small.nbytes
        *planes, of_run, table = arrays
        extents = [
            Extent(value, object_id, Box(x0, y0, x1, y1), area)
            for value, object_id, x0, y0, x1, y1, area in table.reshape(-1, 7).tolist()
        ]
        return cls(Runs(size, *planes), extents, of_run)

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
