"""Pixels of large files by parts, through libvips. The only module that knows it."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections import deque
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.memory import share
from labeltool.core.progress import CancelToken
from labeltool.imaging.damage import damaged
from labeltool.imaging.reader import Pixels

_TURNS = {
    2: ("fliphor",),
    3: ("rot180",),
    4: ("flipver",),
    5: ("rot90", "fliphor"),
    6: ("rot90",),
    7: ("rot270", "fliphor"),
    8: ("rot270",),
}
"""EXIF orientation to the calls that put an image upright."""

_LEAST_TILES = 4


class Page:
    """One picture of a file: the image itself or an overview. Any thread may read; one waits for the other.

    ``in_order`` reads from the top to the bottom once; libvips keeps about a thousand rows. Of a picture in tiles of
    size ``tile`` it would keep three whole rows of tiles: when they are too many the file is opened anew.
    """

    def __init__(
        self,
        path: Path,
        kind: str,
        *,
        page: int = 0,
        subifd: int = -1,
        orientation: int = 1,
        in_order: bool = False,
        tile: Size | None = None,
    ) -> None:
        self.path = path
        self._one_at_a_time = Lock()
        self._in_order = in_order
        self._tile = tile
        self._decoded: set[tuple[int, int]] = set()
        self._damage: BadInputError | None = None
        self._load = f"{kind}load"
        self._upright = orientation == 1
        self._turns = _TURNS.get(orientation, ())
        self._options: dict[str, Any] = {
            "access": "sequential" if in_order and orientation == 1 else "random",
            "fail_on": "warning",  # a tile that cannot be decoded is no more than a warning to libvips
        }
        self._options |= {"page": page, "subifd": subifd} if kind == "tiff" else {"unlimited": True}
        self._image = self._open()
        self.size = Size(self._image.width, self._image.height)

    def read(self, box: Box) -> Pixels:
        """Pixels of a box inside the page; BadInputError names the place when they are damaged."""
        if self._damage is not None:
            raise self._damage
        with self._one_at_a_time:  # or the second to read a damaged tile would get the black one
            pixels = self._read(box)
            if self._tile is not None:
                self._forget(box, self._tile)
            return pixels

    def small(self, side: int, cancel: CancelToken) -> Pixels:
        """The file's first page with at most ``side`` pixels on its longer side, decoded row by row (JPEG: at an
        eighth of its size). BadInputError when it is damaged, CancelledError between rows."""
        vips, file = _vips(), self._file()
        try:
            source = vips.Source.new_from_file(str(self.path)) if file is None else _source(file)
            image = vips.Image.thumbnail_source(
                source,
                side,
                height=side,
                size="down",
                no_rotate=self._upright,
                fail_on="warning",
            )
            region, rows = vips.Region.new(image), []
            for y in range(image.height):
                cancel.check()
                data = region.fetch(0, y, image.width, 1)
                rows.append(np.frombuffer(data, np.uint8).reshape(1, image.width, -1))
        except vips.Error as error:
            raise BadInputError(f"the file cannot be read ({_words(error)})", file=self.path) from error
        finally:
            if file is not None:
                file.close()
        return _rgb(np.concatenate(rows))

    def _file(self) -> _File | None:
        """The file where it must not be left to libvips to open it."""
        return _File(self.path) if self._load == "jpegload" else None

    def _read(self, box: Box) -> Pixels:
        try:
            data = _vips().Region.new(self._image).fetch(box.x0, box.y0, box.width, box.height)
        except _vips().Error as error:
            raise self._damaged(box, error) from error
        return _rgb(np.frombuffer(data, np.uint8).reshape(box.height, box.width, -1))

    def _forget(self, box: Box, tile: Size) -> None:
        """Throw the decoded tiles away when they are too many, this box's among them. A file that has been taken away
        is read on as it is open."""
        cols = range(box.x0 // tile.width, -(-box.x1 // tile.width))
        rows = range(box.y0 // tile.height, -(-box.y1 // tile.height))
        self._decoded.update((row, col) for row in rows for col in cols)
        if len(self._decoded) > max(_LEAST_TILES, share("decoding") // (tile.pixels * 3)):
            self._decoded.clear()
            with contextlib.suppress(BadInputError):
                self._image = self._open()

    def _open(self) -> Any:
        file = self._file()
        try:
            if file is not None:
                weakref.finalize(self, file.close)
                self._source = _source(file)
                image = _vips().Image.jpegload_source(self._source, **self._options)
            else:
                image = getattr(_vips().Image, self._load)(str(self.path), **self._options)
            for turn in self._turns:
                image = getattr(image, turn)()
        except _vips().Error as error:
            raise BadInputError(f"the file cannot be opened ({_words(error)})", file=self.path) from error
        return image

    def _damaged(self, box: Box, error: Exception) -> BadInputError:
        """What to tell. libvips remembers a damaged tile as a black one, so that its memory is thrown away."""
        damage = BadInputError(
            f"the pixels at x {box.x0:,} to {box.x1:,}, y {box.y0:,} to {box.y1:,} cannot be read ({_words(error)})",
            file=self.path,
            hint="The file is damaged there: copy or download it again",
        )
        if self._in_order:
            self._damage = damage
        else:
            self._image = self._open()
        return damage


def grey_png(data: bytes) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """The values [h, w] of a grey PNG with 8 or 16 bits, decoded strictly; BadInputError when it is damaged."""
    try:
        options = {"access": "sequential", "fail_on": "warning", "unlimited": True}
        image = _vips().Image.new_from_buffer(data, "", **options)
        pixels = image.write_to_memory()
    except _vips().Error as error:
        raise BadInputError(f"the PNG is damaged ({_words(error)})") from error
    dtype = {"uchar": np.uint8, "ushort": np.uint16}.get(image.format)
    if image.bands != 1 or dtype is None:
        raise BadInputError("this is not a grey PNG of 8 or 16 bits")
    return np.frombuffer(pixels, dtype).reshape(image.height, image.width)


def grey_png_strips(data: bytes, rows: int) -> Iterator[NDArray[np.uint8] | NDArray[np.uint16]]:
    """The same in strips of so many rows from the top, of which one is in memory at a time."""
    try:
        options = {"access": "sequential", "fail_on": "warning", "unlimited": True}
        image = _vips().Image.new_from_buffer(data, "", **options)
        dtype = {"uchar": np.uint8, "ushort": np.uint16}.get(image.format)
        if image.bands != 1 or dtype is None:
            raise BadInputError("this is not a grey PNG of 8 or 16 bits")
        region = _vips().Region.new(image)
        for top in range(0, image.height, rows):
            strip = region.fetch(0, top, image.width, min(rows, image.height - top))
            yield np.frombuffer(strip, dtype).reshape(-1, image.width)
    except _vips().Error as error:
        raise BadInputError(f"the PNG is damaged ({_words(error)})") from error


def png_values(path: Path) -> NDArray[np.uint16]:
    """The values [h, w, channels] of a PNG with 16 bits; BadInputError when it is damaged."""
    try:
        image = _vips().Image.pngload(str(path), fail_on="warning", unlimited=True)
        data = image.write_to_memory()
    except _vips().Error as error:
        raise damaged("PNG file", _words(error), path) from error
    return np.frombuffer(data, np.uint16).reshape(image.height, image.width, image.bands)


class JpegDecoded(NamedTuple):
    """What libjpeg said of a JPEG: its first warning, empty where there was none; behind which share (0..1) of the rows
    about it said so; and how far it had asked for the file then, in bytes from the file's start."""

    warning: str
    share: float
    asked: int


def decode_jpeg(path: Path, head: bytes, start: int, end: int, shrink: int = 1) -> JpegDecoded:
    """Decode a JPEG that begins with ``head`` and goes on with the file from ``start`` on, and keep nothing of it. Its
    codes are expected to be at an end at ``end``. With a ``shrink`` of 8 every code is read, too, in half the time.
    BadInputError where the file cannot be opened."""
    vips, file, warning, share = _vips(), _Pieces(head, path, start, end), "", 0.0
    try:
        image = vips.Image.jpegload_source(
            _source(file), access="sequential", fail_on="warning", shrink=shrink
        )
        region = vips.Region.new(image)
        for y in range(image.height):
            share = y / image.height
            region.fetch(0, y, image.width, 1)
    except vips.Error as error:
        warning = _words(error).removeprefix("VipsJpeg: ")
    finally:
        file.close()
    return JpegDecoded(warning, share, file.asked)


class _File:
    """The bytes of a file, as libvips asks for them. Once it is closed, or the disk fails, there are no more."""

    def __init__(self, path: Path) -> None:
        try:
            self._handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise BadInputError(f"the file cannot be read: {error.strerror}", file=path) from error

    def read(self, length: int) -> bytes:
        """At most so many bytes."""
        try:
            return os.read(self._handle, length)
        except OSError:
            return b""

    def seek(self, offset: int, whence: int) -> int:
        """The new place, -1 where there is none."""
        try:
            return os.lseek(self._handle, offset, whence)
        except OSError:
            return -1

    def close(self) -> None:
        """Let go of the file; who asks for more gets nothing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


class _Pieces(_File):
    """Some bytes, and those of a file from ``start`` on behind them, once and in small pieces: libjpeg's fast way of
    reading long ones warns of no wrong code, and close to ``end`` it shows how far it has come."""

    _PIECE, _LAST_PIECE, _CLOSE = 400, 16, 4096

    def __init__(self, head: bytes, path: Path, start: int, end: int) -> None:
        super().__init__(path)
        super().seek(start, os.SEEK_SET)
        self._head = head
        self._end = end
        self.asked = start

    def read(self, length: int) -> bytes:
        """At most so many bytes."""
        if self._head:
            first, self._head = self._head[:length], self._head[length:]
            return first
        piece = self._LAST_PIECE if self._end - self.asked < self._CLOSE else self._PIECE
        data = super().read(min(length, piece))
        self.asked += len(data)
        return data

    def seek(self, offset: int, whence: int) -> int:
        """Nowhere: libvips takes it for a pipe then."""
        return -1


_asked: deque[Any] = deque(maxlen=256)
"""The last sources that libvips was given. It may ask one for bytes for a moment longer than anybody here knows of the
image, and must find it there."""


def _source(file: _File) -> Any:
    """A file that is read, never mapped into memory as libvips maps a JPEG: where a mapped file is cut short or its
    drive goes away while it is shown, the system ends the program. What cannot be read any more is its end, and libvips
    says so."""
    source = _vips().SourceCustom()
    source.on_read(file.read)
    source.on_seek(file.seek)
    _asked.append(source)
    return source


@cache
def _vips() -> Any:
    # A warning while Python hears of another one ends the program: libvips is to say none, and pyvips to hear none.
    os.environ.setdefault("VIPS_WARNING", "1")
    import pyvips  # noqa: PLC0415 - most images are small and never need it

    pyvips._remove_log_handler()
    pyvips.cache_set_max(0)  # what it remembers would hold files open and go stale
    return pyvips


def _words(error: Exception) -> str:
    """The first thing libvips says, on one line."""
    lines = [line.strip() for line in str(getattr(error, "detail", error)).splitlines() if line.strip()]
    return lines[0] if lines else "libvips says no more"


def _rgb(pixels: Pixels) -> Pixels:
    bands = pixels.shape[2]
    if bands in (2, 4):  # transparency is shown over white
        alpha = pixels[..., -1:].astype(np.uint16)
        white = np.uint16(255)
        colour = (pixels[..., :-1] * alpha + white * (white - alpha) + np.uint16(127)) // white
        pixels = colour.astype(np.uint8)
    if pixels.shape[2] == 1:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)
    return pixels
