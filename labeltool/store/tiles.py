"""How a tile becomes bytes, and how its pixels are hashed."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from labeltool.core.cold import ColdTile, Held, at_rest, deflate
from labeltool.core.flate import zlib
from labeltool.core.geometry import Size, TileIndex, tile_box
from labeltool.core.mask import PLANES, PlaneName, Tile, freeze
from labeltool.core.patch import Place

PLANE_NUMBERS: Final[dict[PlaneName, int]] = {name: number for number, name in enumerate(PLANES)}
PLANE_NAMES: Final[tuple[PlaneName, ...]] = tuple(PLANES)


class Packed(NamedTuple):
    """A tile on disk: its bytes, and the SHA-256 of its pixels (little-endian, row by row)."""

    data: bytes
    sha256: bytes


def pack(tile: Tile) -> Packed:
    """The bytes of a tile: one value where all pixels are equal, otherwise deflated."""
    if is_constant(tile):
        value = _value(tile)
        return Packed(value, _constant_hash(value, tile.size))
    return Packed(deflate(tile), hashlib.sha256(_raw(tile).data).digest())


def pack_held(held: Held) -> Packed:
    """The bytes of a tile that a mask goes on holding: if it is not cold yet it can be from then on at no cost."""
    rest = at_rest(held)
    if not isinstance(rest, ColdTile):
        return pack(rest)
    return Packed(rest.deflated, tile_hash(rest.array()))


def unpack(packed: Packed, dtype: np.dtype[np.generic], shape: tuple[int, int]) -> Tile:
    """The read-only tile; ValueError where the pixels are not those that were hashed."""
    stored = dtype.newbyteorder("<")
    if len(packed.data) == dtype.itemsize:
        _compare(_constant_hash(packed.data, shape[0] * shape[1]), packed.sha256)
        return unhashed(packed.data, dtype, shape)
    raw = _inflate(packed.data, shape[0] * shape[1] * dtype.itemsize)
    _compare(hashlib.sha256(raw).digest(), packed.sha256)
    return freeze(np.frombuffer(raw, stored).reshape(shape).astype(dtype, copy=False))


def unhashed(data: bytes, dtype: np.dtype[np.generic], shape: tuple[int, int]) -> Tile:
    """The pixels that some bytes hold, whatever their hash; ValueError where these are no pixels of that shape."""
    stored = dtype.newbyteorder("<")
    if len(data) == dtype.itemsize:
        return np.broadcast_to(np.frombuffer(data, stored).astype(dtype).reshape(1, 1), shape)
    raw = _inflate(data, shape[0] * shape[1] * dtype.itemsize)
    return freeze(np.frombuffer(raw, stored).reshape(shape).astype(dtype, copy=False))


def unpack_cold(packed: Packed, dtype: np.dtype[np.generic], shape: tuple[int, int]) -> Held:
    """As :func:`unpack`, but the tile stays deflated."""
    tile = unpack(packed, dtype, shape)
    return tile if is_constant(tile) else ColdTile(tile, packed.data)


def tile_hash(tile: Tile) -> bytes:
    """SHA-256 of a tile's pixels."""
    if is_constant(tile):
        return _constant_hash(_value(tile), tile.size)
    return hashlib.sha256(_raw(tile).data).digest()


def _raw(tile: Tile) -> Tile:
    return np.ascontiguousarray(tile, tile.dtype.newbyteorder("<"))


def _value(tile: Tile) -> bytes:
    """One pixel: to spread a whole tile for it would take longer than all else that is done with a constant one."""
    return _raw(tile[0, :1]).tobytes()


def is_constant(tile: Tile) -> bool:
    """True when all pixels are equal."""
    return tile.strides == (0, 0) or bool((tile == tile[0, 0]).all())


def shape_of(index: TileIndex, size: Size) -> tuple[int, int]:
    """Rows and columns of a tile cut to the image."""
    box = tile_box(index, size)
    return box.height, box.width


def blank_tile(place: Place, size: Size, fill: int) -> Tile:
    """A read-only tile of one value that takes the memory of one pixel."""
    name, index = place
    return _constant(name, shape_of(index, size), fill)


@lru_cache(maxsize=64)
def _constant(name: PlaneName, shape: tuple[int, int], value: int) -> Tile:
    return np.broadcast_to(np.array(value, PLANES[name]), shape)


@lru_cache(maxsize=4096)
def _constant_hash(value: bytes, count: int) -> bytes:
    return hashlib.sha256(value * count).digest()


def _inflate(data: bytes, expected: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(data, expected + 1)
    except (zlib.error, TypeError) as error:
        raise ValueError(str(error)) from error
    if len(raw) != expected:
        raise ValueError("wrong number of pixels")
    if not inflater.eof or inflater.unused_data:  # whoever inflates it later is stricter
        raise ValueError("the end is another one")
    return raw


def _compare(found: bytes, expected: bytes) -> None:
    if found != expected:
        raise ValueError("the pixels do not match their hash")
