"""A pyramid on disk: uncompressed tiles of fixed length, so that each is one seek away."""

from __future__ import annotations

import contextlib
import json
import zlib
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import TILE, Box, Size, TileIndex, tile_box, tiles_in
from labeltool.imaging.halving import level_sizes
from labeltool.imaging.reader import ImageInfo, Raw, filled

_HEAD = 4096
_CHECKSUM = 4
_VERSION = 2


class Form(NamedTuple):
    """What is kept of each pixel: ``channels`` values of the type ``dtype``."""

    dtype: str = "uint8"
    channels: int = 3

    @classmethod
    def of(cls, info: ImageInfo) -> Form:
        """That of an image."""
        return cls(info.dtype, len(info.channels))

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a pixel."""
        return np.dtype(self.dtype).itemsize * self.channels

    @property
    def slot(self) -> int:
        """Bytes of a tile and its checksum."""
        return TILE * TILE * self.pixel_bytes + _CHECKSUM


PLAIN = Form()
"""RGB of 8 bits."""


class PyramidFile:
    """The levels from ``first`` on of an image of this size; any thread may read and write tiles.

    A tile is its pixels, cut to the level and filled up with zeros, and a checksum (CRC-32). Its rows may be written
    one after the other; it is there with the last one.
    """

    def __init__(self, path: Path, size: Size, first: int, form: Form = PLAIN, *, new: bool = False) -> None:
        self.path = path
        self.form = form
        self.sizes = level_sizes(size)
        self.first = first
        self._lock = Lock()
        self._starts = _starts(self.sizes, first, form)
        self._there = {
            level: np.full(_grid(each), not new, np.bool_)
            for level, each in enumerate(self.sizes)
            if level >= first
        }
        self._begun: dict[tuple[int, TileIndex], tuple[int, int]] = {}  # rows so far, and their checksum
        self._file = path.open("w+b" if new else "rb")
        if new:
            self._file.write(_head(size, first, form))

    @classmethod
    def open(cls, path: Path, size: Size, form: Form = PLAIN) -> PyramidFile | None:
        """A finished file; None when there is none, or it is not what was written once."""
        for first in range(len(level_sizes(size))):
            try:
                with path.open("rb") as file:
                    head = file.read(_HEAD)
                if head == _head(size, first, form) and path.stat().st_size == length(size, first, form):
                    return cls(path, size, first, form)
            except OSError:
                return None
        return None

    def has(self, level: int, index: TileIndex) -> bool:
        """True when a tile has been written."""
        return level in self._there and bool(self._there[level][index])

    def write(self, level: int, pixels: Raw, box: Box) -> None:
        """Keep a part of a level: rows of tiles that are as wide as the tiles. OSError when the disk is full.

        A tile that lacks rows further up is left out.
        """
        for index in tiles_in(box, self.sizes[level]):
            place = tile_box(index, self.sizes[level])
            part = place.intersect(box)
            rows, checksum = self._begun.pop((level, index), (0, 0))
            if part.y0 == place.y0 + rows:
                data = pixels[part.slices(box)].tobytes()
                checksum = zlib.crc32(data, checksum)
                self._write(self._at(level, index) + rows * place.width * self.form.pixel_bytes, data)
                if part.y1 < place.y1:
                    self._begun[level, index] = part.y1 - place.y0, checksum
                else:
                    self._write(
                        self._at(level, index) + self.form.slot - _CHECKSUM, checksum.to_bytes(4, "little")
                    )
                    self._there[level][index] = True

    def read(self, level: int, index: TileIndex) -> Raw:
        """A tile that is there; BadInputError when the disk gives something else back than was written."""
        box = tile_box(index, self.sizes[level])
        record = b""
        with self._lock, contextlib.suppress(OSError):
            self._file.seek(self._at(level, index))
            record = self._file.read(self.form.slot)
        data = record[: box.width * box.height * self.form.pixel_bytes]
        if len(record) != self.form.slot or zlib.crc32(data) != int.from_bytes(record[-_CHECKSUM:], "little"):
            with contextlib.suppress(OSError):  # some systems keep a file that is open
                self.path.unlink(missing_ok=True)
            raise BadInputError(
                f"the cached tile {index.row}, {index.col} of level {level} is damaged",
                file=self.path,
                hint="The cache has been deleted: open the image again, and it is made anew",
            )
        return np.frombuffer(data, self.form.dtype).reshape(box.height, box.width, self.form.channels)

    def read_box(self, box: Box, level: int) -> Raw:
        """Pixels of a box of a level."""
        out = filled(box, self.form.dtype, self.form.channels)
        for index in tiles_in(box, self.sizes[level]):
            place = tile_box(index, self.sizes[level])
            part = box.intersect(place)
            out[part.slices(box)] = self.read(level, index)[part.slices(place)]
        return out

    def flush(self) -> None:
        """Hand everything to the system; OSError when the disk is full."""
        with self._lock:
            self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def _write(self, at: int, data: bytes) -> None:
        with self._lock:
            self._file.seek(at)
            self._file.write(data)

    def _at(self, level: int, index: TileIndex) -> int:
        return self._starts[level] + (index.row * _grid(self.sizes[level])[1] + index.col) * self.form.slot


def length(size: Size, first: int, form: Form = PLAIN) -> int:
    """Bytes of a finished file."""
    return _starts(level_sizes(size), first, form)[-1]


def _grid(size: Size) -> tuple[int, int]:
    return -(-size.height // TILE), -(-size.width // TILE)


def _starts(sizes: list[Size], first: int, form: Form) -> list[int]:
    """Where each level begins, and the end of the last."""
    starts = [_HEAD] * (first + 1)
    for size in sizes[first:]:
        rows, cols = _grid(size)
        starts.append(starts[-1] + rows * cols * form.slot)
    return starts


def _head(size: Size, first: int, form: Form) -> bytes:
    described = {"pyramid": _VERSION, "size": list(size), "first": first, **form._asdict()}
    return json.dumps(described).encode().ljust(_HEAD)
