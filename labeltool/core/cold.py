"""Tiles at rest: deflated, so that masks and undo may be larger than memory.

A tile is hot (an array), constant (an array of one pixel that is repeated, which costs nothing) or cold (a
:class:`ColdTile`). All three never change, so that planes, snapshots, patches and threads share them.
An array and its cold form know of each other as long as both live: whoever deflates a tile first has done it for all.
"""

from __future__ import annotations

import weakref
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, MutableMapping
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import TileIndex
from labeltool.core.memory import share
from labeltool.core.scratch import Shelf, fetch

Tile = NDArray[np.generic]

COLD_BYTES = share("deflated")
"""Deflated tiles kept in memory, over all masks and undo lists; the others lie in a temporary file."""
RECENT_BYTES = share("inflated")
"""Inflated tiles kept because they were just read."""
SPARSE = 8
"""A cold tile has every so-manyth pixel at hand: zoomed out, nothing is inflated."""

SHELF = Shelf(COLD_BYTES)


class ColdTile:
    """A tile as deflated bytes (little-endian, row by row); it has more than one value.

    ``sparse`` is its ``[::8, ::8]``, for one-byte pixels, or None.
    """

    __slots__ = ("__weakref__", "_array", "_place", "_shelf", "dtype", "shape", "sparse")

    def __init__(self, tile: Tile, deflated: bytes) -> None:
        self.dtype, self.shape = tile.dtype, tile.shape
        self.sparse = _frozen(tile[::SPARSE, ::SPARSE].copy()) if tile.itemsize == 1 else None
        self._shelf = SHELF
        self._place = SHELF.put(deflated)
        self._array: weakref.ref[Tile] | None = None
        self._meet(tile)

    def __del__(self) -> None:
        self._shelf.take_off(self._place)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that this form of the tile takes, not counting the object."""
        sparse = 0 if self.sparse is None else self.sparse.nbytes
        return sparse + (len(self._place) if isinstance(self._place, bytes) else 0)

    @property
    def stored(self) -> int:
        """Bytes of the deflated pixels, wherever they are."""
        return len(self._place) if isinstance(self._place, bytes) else self._place.length

    @property
    def deflated(self) -> bytes:
        """The pixels as :func:`deflate` made them."""
        return fetch(self._place)

    def array(self) -> Tile:
        """The tile as a read-only array."""
        tile = None if self._array is None else self._array()
        if tile is None:
            pixels = np.frombuffer(zlib.decompress(self.deflated), self.dtype.newbyteorder("<"))
            tile = _frozen(pixels.reshape(self.shape).astype(self.dtype, copy=False))
            self._meet(tile)
        _RECENT.keep(tile)
        return tile

    def _meet(self, tile: Tile) -> None:
        key, forget = id(tile), _ACQUAINTED.pop
        self._array = weakref.ref(tile, lambda _: forget(key, None))
        _ACQUAINTED[key] = self._array, self


Held = Tile | ColdTile


class _Recent:
    """The arrays read last, up to a number of bytes."""

    def __init__(self, bound: int) -> None:
        self._bound, self._held = bound, 0
        self._tiles: OrderedDict[int, Tile] = OrderedDict()
        self._lock = RLock()

    def keep(self, tile: Tile) -> None:
        with self._lock:
            if id(tile) in self._tiles:
                self._tiles.move_to_end(id(tile))
                return
            self._tiles[id(tile)] = tile
            self._held += tile.nbytes
            while self._held > self._bound:
                self._held -= self._tiles.popitem(last=False)[1].nbytes


_RECENT = _Recent(RECENT_BYTES)
_ACQUAINTED: dict[int, tuple[weakref.ref[Tile], ColdTile]] = {}
"""The cold form of arrays, by the id of the array; an entry goes with the array."""


def deflate(tile: Tile) -> bytes:
    """The pixels, little-endian and row by row, in zlib's format; fast rather than small."""
    return zlib.compress(np.ascontiguousarray(tile, tile.dtype.newbyteorder("<")).data, 1)


def at_rest(tile: Held) -> Held:
    """The form of a tile that takes the least memory: constant, or cold."""
    if isinstance(tile, ColdTile) or tile.strides == (0, 0):
        return tile
    known = _ACQUAINTED.get(id(tile))
    if known is not None:
        return known[1]
    if (tile == tile[0, 0]).all():
        return np.broadcast_to(np.array(tile[0, 0]), tile.shape)
    return ColdTile(tile, deflate(tile))


def warm(tile: Held) -> Tile:
    """The tile as a read-only array."""
    return tile.array() if isinstance(tile, ColdTile) else tile


def memory(tile: Held | None) -> int:
    """Bytes of pixels that a tile keeps in memory."""
    return 0 if tile is None or (isinstance(tile, np.ndarray) and tile.strides == (0, 0)) else tile.nbytes


def stored(tile: Held | None) -> int:
    """Bytes that the pixels of a tile take when they are kept: deflated where it is cold, one where it is constant."""
    if isinstance(tile, ColdTile):
        return tile.stored
    return memory(tile) or (0 if tile is None else tile.itemsize)


class TileMap(MutableMapping[TileIndex, Tile]):
    """Tiles by place. Who reads gets arrays; :meth:`held` tells in which form they are kept."""

    __slots__ = ("_held", "_hot", "hot_bytes")

    def __init__(self, tiles: Mapping[TileIndex, Held] | None = None) -> None:
        self._held: dict[TileIndex, Held] = {}
        self._hot: dict[TileIndex, int] = {}
        self.hot_bytes = 0
        for index, tile in (tiles or {}).items():
            self.put(index, tile)

    def copy(self) -> TileMap:
        """Another map of the same tiles."""
        other = TileMap()
        other._held, other._hot, other.hot_bytes = self._held.copy(), self._hot.copy(), self.hot_bytes
        return other

    def held(self, index: TileIndex) -> Held | None:
        """The tile in the form in which it is kept; costs nothing."""
        return self._held.get(index)

    def put(self, index: TileIndex, tile: Held) -> None:
        """Keep a tile in this form."""
        self.hot_bytes -= self._hot.pop(index, 0)
        self._held[index] = tile
        if isinstance(tile, np.ndarray) and tile.strides != (0, 0):
            self._hot[index] = tile.nbytes
            self.hot_bytes += tile.nbytes

    def cool(self, bound: int) -> None:
        """Leave at most ``bound`` bytes of arrays: those written last."""
        while self.hot_bytes > bound:
            index = next(iter(self._hot))
            self.put(index, at_rest(self._held[index]))

    def memory(self) -> int:
        """Bytes of pixels kept in memory."""
        return sum(memory(tile) for tile in self._held.values())

    def __getitem__(self, index: TileIndex) -> Tile:
        return warm(self._held[index])

    def __setitem__(self, index: TileIndex, tile: Tile) -> None:
        self.put(index, tile)

    def discard(self, index: TileIndex) -> None:
        """Keep no tile there."""
        self._held.pop(index, None)
        self.hot_bytes -= self._hot.pop(index, 0)

    def get(self, index: TileIndex, default: Tile | None = None) -> Tile | None:  # type: ignore[override]
        """The tile as an array."""
        held = self._held.get(index)
        return default if held is None else warm(held)

    def __delitem__(self, index: TileIndex) -> None:
        del self._held[index]
        self.hot_bytes -= self._hot.pop(index, 0)

    def __contains__(self, index: object) -> bool:
        return index in self._held

    def __iter__(self) -> Iterator[TileIndex]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


def _frozen(tile: Tile) -> Tile:
    tile.setflags(write=False)
    return tile
