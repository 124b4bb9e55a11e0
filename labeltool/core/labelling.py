"""All connected components of a set of pixels of an image of any size: their number, areas, boxes and pixels."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.components import Connectivity, Ids, labelled
from labeltool.core.geometry import Box, Size, TileIndex, tile_box, tiles_in
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.shape import Bools, Dense, Part, Shape, Tiles, dense, is_nowhere

CHECKED_EVERY = 64
"""Tiles between two looks at the cancel token."""


class Components:
    """All connected components of a shape, numbered from 0 in the order in which their first tiles are met.

    ``areas`` is int64 [n], ``boxes`` int64 [n, 4] (x0, y0, x1, y1). No raster of the image is held: the pixels of a
    component are looked up in the shape again, which must stay as it is.
    """

    def __init__(
        self,
        shape: Shape,
        size: Size,
        connectivity: Connectivity = 8,
        *,
        cancel: CancelToken | None = None,
        progress: Progress = silent,
    ) -> None:
        self._shape, self._size, self._connectivity = shape, size, connectivity
        self._first: dict[TileIndex, int] = {}
        joined = _Union()
        areas: list[NDArray[np.int64]] = []
        boxes: list[NDArray[np.int64]] = []
        edges: dict[TileIndex, _Edges] = {}
        indices = list(tiles_in(shape.box, size))
        for done, index in enumerate(indices):
            if done % CHECKED_EVERY == 0:
                progress(done, len(indices))
                if cancel is not None:
                    cancel.check()
            edges.pop(TileIndex(index.row - 2, index.col), None)  # nobody asks for it any more
            part = shape.part(tile_box(index, size))
            if is_nowhere(part):
                continue
            self._first[index] = joined.count
            ids, area, box = _measured(part, tile_box(index, size), connectivity)
            joined.add(len(area))
            areas.append(area)
            boxes.append(box)
            edges[index] = _Edges(ids, self._first[index])
            self._join(index, edges, joined)
        self._number = joined.numbers()
        self.areas, self.boxes = _gathered(self._number, areas, boxes)

    def __len__(self) -> int:
        return len(self.areas)

    def _join(self, index: TileIndex, edges: dict[TileIndex, _Edges], joined: _Union) -> None:
        """Components that touch across the borders to the tiles met before are one."""
        row, col = index
        mine, wide = edges[index], self._connectivity == 8
        above, left = edges.get(TileIndex(row - 1, col)), edges.get(TileIndex(row, col - 1))
        if above is not None:
            joined.touch(above.bottom, mine.top, diagonal=wide)
        if left is not None:
            joined.touch(left.right, mine.left, diagonal=wide)
        if wide:
            before, after = edges.get(TileIndex(row - 1, col - 1)), edges.get(TileIndex(row - 1, col + 1))
            if before is not None:
                joined.touch(before.bottom[-1:], mine.top[:1], diagonal=False)
            if after is not None:
                joined.touch(after.bottom[:1], mine.top[-1:], diagonal=False)

    def box(self, number: int) -> Box:
        """Around the pixels of a component."""
        x0, y0, x1, y1 = self.boxes[number].tolist()
        return Box(x0, y0, x1, y1)

    def shape(self, chosen: Bools, box: Box | None = None) -> Tiles:
        """The pixels of the components for which ``chosen`` (bool [n]) is true; only tiles that ``box`` meets."""
        parts: dict[TileIndex, Bools | bool] = {}
        for index in self._first if box is None else tiles_in(box, self._size):
            if index not in self._first:
                continue
            ids = labelled(self._shape.part(tile_box(index, self._size)), self._connectivity)
            number = self._number[self._first[index] :]
            if isinstance(ids, bool):
                if chosen[number[0]]:
                    parts[index] = True
                continue
            table = np.concatenate([[False], chosen[number[: int(ids.max())]]])
            inside = table[ids]
            if inside.any():
                parts[index] = inside
        return Tiles(self._size, parts)

    def numbered(self) -> Iterator[tuple[Box, NDArray[np.int64]]]:
        """Tile by tile the number of every pixel's component, int64 [h, w], -1 outside; tiles without any are left
        out."""
        for index, first in self._first.items():
            box = tile_box(index, self._size)
            ids = labelled(self._shape.part(box), self._connectivity)
            if isinstance(ids, bool):
                yield box, np.full((box.height, box.width), self._number[first])
                continue
            table = np.concatenate([[-1], self._number[first : first + int(ids.max())]])
            yield box, table[ids]

    def inside(self, number: int) -> Dense:
        """One component as an array of its box."""
        chosen = np.zeros(len(self), bool)
        chosen[number] = True
        box = self.box(number)
        return dense(self.shape(chosen, box), box)


class _Edges:
    """The component numbers along the four borders of a tile; -1 where there is none."""

    def __init__(self, ids: Ids, first: int) -> None:
        def numbers(line: Ids) -> NDArray[np.int64]:
            return np.where(line > 0, line.astype(np.int64) + (first - 1), -1)

        self.top, self.bottom = numbers(ids[0]), numbers(ids[-1])
        self.left, self.right = numbers(ids[:, 0]), numbers(ids[:, -1])


class _Union:
    """Which numbers stand for the same component."""

    def __init__(self) -> None:
        self._parent: list[int] = []

    @property
    def count(self) -> int:
        return len(self._parent)

    def add(self, count: int) -> None:
        self._parent.extend(range(self.count, self.count + count))

    def _root(self, number: int) -> int:
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def touch(self, a: NDArray[np.int64], b: NDArray[np.int64], *, diagonal: bool) -> None:
        """Pixels that lie side by side, and with ``diagonal`` those one further along."""
        pairs = [(a, b), (a[1:], b[:-1]), (a[:-1], b[1:])] if diagonal else [(a, b)]
        for p, q in pairs:
            both = (p >= 0) & (q >= 0)
            for x, y in set(zip(p[both].tolist(), q[both].tolist(), strict=True)):
                low, high = sorted((self._root(x), self._root(y)))
                self._parent[high] = low

    def numbers(self) -> NDArray[np.int64]:
        """For each number that of its component, 0..n-1."""
        roots = np.array([self._root(number) for number in range(self.count)], np.int64)
        return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def _measured(
    part: Part, place: Box, connectivity: Connectivity
) -> tuple[Ids, NDArray[np.int64], NDArray[np.int64]]:
    """Component numbers of a tile, and the area and the box (in the image) of each."""
    if not isinstance(part, np.ndarray):
        ids = np.broadcast_to(np.array(1, np.uint16), (place.height, place.width))
        return ids, np.array([place.width * place.height], np.int64), np.array([place], np.int64)
    inside = np.ascontiguousarray(part).view(np.uint8)
    _, found, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=connectivity, ltype=cv2.CV_16U)
    x, y, width, height, area = stats[1:].astype(np.int64).T
    box = np.stack([x + place.x0, y + place.y0, x + place.x0 + width, y + place.y0 + height], axis=1)
    return found.astype(np.uint16, copy=False), area, box


def _gathered(
    number: NDArray[np.int64], areas: list[NDArray[np.int64]], boxes: list[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Areas and boxes of whole components from those of their parts in tiles."""
    count = int(number.max()) + 1 if number.size else 0
    area = np.zeros(count, np.int64)
    box = np.tile(np.array([2**62, 2**62, 0, 0], np.int64), (count, 1))
    if count:
        np.add.at(area, number, np.concatenate(areas))
        parts = np.concatenate(boxes)
        np.minimum.at(box[:, :2], number, parts[:, :2])
        np.maximum.at(box[:, 2:], number, parts[:, 2:])
    return area, box
