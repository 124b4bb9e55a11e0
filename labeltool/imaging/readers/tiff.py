"""TIFF and BigTIFF of any depth, with pages: the values of the file by windows, through tifffile.

Single images of 8 bits a channel that Pillow reads are left to ``raster`` and ``large``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box
from labeltool.imaging import sniff
from labeltool.imaging.budget import fits_whole
from labeltool.imaging.reader import ImageInfo, Page, Raw, ValueWindow, only_page
from labeltool.imaging.readers.tiff_directories import Directory, directories
from labeltool.imaging.readers.tiff_planes import MOST_SAMPLES, Pieces, Plane, opened, refusing
from labeltool.imaging.readers.tiff_stacks import (
    Picture,
    page_at,
    pictures,
    says_more_planes,
)
from labeltool.imaging.readers.windowed import Block, WindowedReader, level_of, there

_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_STRIP_ROWS = 256
_RASTER_COMPRESSIONS = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000, 50001}
_GREYS, _RGB, _PALETTE, _CMYK, _YCBCR = (0, 1), 2, 3, 5, 6
_RASTER_SAMPLES = {(_RGB, 3), (_RGB, 4), (_CMYK, 4), (_YCBCR, 3), (_PALETTE, 1), (0, 1), (1, 1)}
"""Photometric interpretation and samples a pixel that Pillow makes RGB of."""


class TiffReader(WindowedReader):
    """One image of a TIFF: a page, or the channels of a place in a stack."""

    priority: ClassVar[int] = 10
    suffixes: ClassVar[tuple[str, ...]] = (".tif", ".tiff", ".btf", ".tf8")

    def __init__(self, path: Path, file: Any, there: list[Directory], picture: Picture) -> None:
        self._file = file
        self._there = there
        self._picture = picture
        self._kept = Pieces()
        self._one_at_a_time = Lock()
        with refusing(path):
            self._planes = [self._plane(path, *spot) for spot in picture.planes]
            super().__init__(path, _info(path, self._planes, picture), picture.key)
            self._levels = {0: self._planes, **self._overviews()}

    @classmethod
    def can_read(cls, head: bytes, path: Path) -> bool:
        """True for a TIFF that is more than one image of 8 bits, unless its suffix promises a format that merely looks
        like TIFF. One that is broken is left to others, who will say so."""
        if head[:4] not in _HEADS or sniff.by_suffix(path) is not None:
            return False
        try:
            with opened(path) as file, refusing(path):
                return not _is_for_raster(file.pages[0]) or any(
                    each.is_page for number, each in enumerate(directories(path)) if number
                )
        except BadInputError:
            return False

    @classmethod
    def pages(cls, path: Path, axis: str) -> list[Page]:
        """All images of a file: pages, or times and slices of a stack with their channels."""
        there = list(directories(path))
        with opened(path) as file, refusing(path):
            found = []
            for picture in pictures(path, file, there):
                reader = cls(path, file, there, picture)
                found.append(Page(picture.key, reader.info))
            return found

    @classmethod
    def open(cls, path: Path, page: str = "") -> TiffReader:
        """Read the directories of a page. BadInputError when they are broken, or say what is not read."""
        there = list(directories(path))
        file = opened(path)
        try:
            with refusing(path):
                found = pictures(path, file, there)
            if len(found) == 1:
                only_page(page, path)
            picture = next((each for each in found if each.key == page), None) if page else found[0]
            if picture is None:
                raise BadInputError(
                    f"the file has no page {page[:40]!r}",
                    file=path,
                    hint=f"Its pages are {found[0].key} to {found[-1].key}",
                )
            return cls(path, file, there, picture)
        except BaseException:
            file.close()
            raise

    @property
    def levels(self) -> list[int]:
        """The levels that windows are read from."""
        return sorted(self._levels)

    @property
    def tile_side(self) -> int:
        """What is best read at once."""
        return max(plane.piece for plane in self._planes)

    def read_level(self, box: Box, level: int) -> Raw:
        """A box of one of the file's own levels; any thread may ask, one waits for the other."""
        planes = self._levels[level]
        part = there(box, planes[0].size)
        with self._one_at_a_time:
            values = [plane.read(part) for plane in planes]
        whole = values[0] if len(values) == 1 else np.concatenate(values, axis=2)
        whole.flags.writeable = False
        return whole

    def blocks(self, width: int, height: int) -> Iterator[Block]:
        """See :class:`WindowedReader`. Strips are read in whole rows, or each would be decoded for every block."""
        if self._levels[self.base][0].is_tiled:
            return super().blocks(width, height)
        rows = height if height <= _STRIP_ROWS else max(_STRIP_ROWS, self.tile_side)
        return super().blocks(self.sizes[self.base].width, rows)

    def reopened(self) -> TiffReader:
        """Another reader of the same page, for a thread that would keep the others waiting."""
        return self.open(self.path, self.page)

    def verify(self) -> None:
        """BadInputError when the file ends before its pixels do, or a small image cannot be decoded."""
        with refusing(self.path):
            if not all(plane.complete for planes in self._levels.values() for plane in planes):
                raise BadInputError("pixels lie behind its end")
        if fits_whole(self.info.size, self.info.pixel_bytes):
            self.read()

    def close(self) -> None:
        """Let go of the file."""
        with self._one_at_a_time:
            self._file.close()

    def _plane(self, path: Path, directory: int, behind: int) -> Plane:
        page = page_at(self._file, directory, self._there[directory].offset)
        return Plane(path, self._file, page, self._kept, behind * int(page.nbytes) if behind else 0)

    def _overviews(self) -> dict[int, list[Plane]]:
        """The levels that the file holds: sub-directories of the planes, or smaller versions behind the page."""
        smaller = [[self._plane(self.path, each, 0)] for each in self._picture.overviews]
        below = [plane.below() for plane in self._planes]
        if len({len(each) for each in below}) == 1:
            smaller += [list(level) for level in zip(*below, strict=True)]
        found: dict[int, list[Plane]] = {}
        for planes in smaller:
            level = level_of(planes[0].size, self.sizes)
            if level and _is_alike(planes, self._planes):
                found.setdefault(level, planes)
        return found


def _is_for_raster(first: Any) -> bool:
    """True for a directory whose values are what Pillow makes RGB of."""
    number = int(first.samplesperpixel)
    kind = (int(first.photometric), number)
    alpha = number == 2 and kind[0] in _GREYS and tuple(first.extrasamples or ()) in ((1,), (2,))
    bits = first.bitspersample
    fits = (
        isinstance(bits, int) and (bits == 8 or (bits < 8 and number == 1)) and first.sampleformat in (1, 4)
    )
    if not fits or not (kind in _RASTER_SAMPLES or alpha):
        return False
    if int(first.compression) not in _RASTER_COMPRESSIONS or first.is_stk or first.is_lsm:
        return False
    return not says_more_planes(first)


def _is_alike(planes: list[Plane], full: list[Plane]) -> bool:
    """True when overviews have the values of what they are overviews of."""
    return [(each.dtype, each.channels) for each in planes] == [(each.dtype, each.channels) for each in full]


def _info(path: Path, planes: list[Plane], picture: Picture) -> ImageInfo:
    first = planes[0]
    if any((each.size, each.dtype) != (first.size, first.dtype) for each in planes):
        raise BadInputError("its channels differ in size or type", file=path)
    channels = first.channels if len(planes) == 1 else _channel_names(planes, picture)
    if len(channels) > MOST_SAMPLES:
        raise BadInputError(f"{len(channels):,} channels are more than are read", file=path)
    windows = picture.windows
    if first.bits < 8 and not first.has_colour:
        most = (1 << first.bits) - 1
        windows = (ValueWindow("All values", most / 2, most),)
    return ImageInfo(
        size=first.size,
        kind="tiff",
        mode=first.mode if len(planes) == 1 else f"{len(planes)} channels, each {first.mode}",
        rotated=first.orientation > 1,
        dtype=first.dtype.name,
        channels=channels,
        composite=_composite(channels, first.has_colour and len(planes) == 1, picture.colours),
        nodata=_castable(first.nodata, first.dtype),
        windows=windows,
        inverted=first.inverted,
        pixel_size=picture.pixel_size,
        thickness_m=picture.thickness_m,
        series=picture.series,
        place=picture.place,
    )


def _channel_names(planes: list[Plane], picture: Picture) -> tuple[str, ...]:
    """A name for each channel, no two the same."""
    names = [
        name if len(plane.channels) == 1 else f"{name} {channel}"
        for name, plane in zip(picture.names, planes, strict=True)
        for channel in plane.channels
    ]
    return tuple(
        name if names.count(name) == 1 else f"{name} ({number + 1})" for number, name in enumerate(names)
    )


def _castable(nodata: float | None, dtype: np.dtype[Any]) -> float | None:
    """The value that means none, if the type can hold it."""
    if nodata is None or dtype.kind == "f":
        return nodata
    limits = np.iinfo(dtype)
    return nodata if nodata.is_integer() and limits.min <= nodata <= limits.max else None


def _composite(channels: tuple[str, ...], has_colour: bool, colours: tuple[int, ...]) -> tuple[int, int, int]:
    """Which channels are shown first as red, green and blue: those that are, or whose own colour comes closest; two
    channels as green and magenta; the first three of more."""
    number = len(channels) - ("alpha" in channels)
    if has_colour and number >= 3:
        return 0, 1, 2
    if number < 2:
        return 0, 0, 0
    if len(colours) == len(channels):
        parts = [[(colour >> shift) & 255 for shift in (16, 8, 0)] for colour in colours]
        pure = [
            [each for each, part in enumerate(parts) if part[side] == 255 == sum(part)] for side in range(3)
        ]
        if sum(map(bool, pure)) >= 2 and number <= 3:
            missing = next((each for each in range(number) if not any(each in some for some in pure)), 0)
            red, green, blue = (some[0] if some else missing for some in pure)
            return red, green, blue
    return (0, 1, 0) if number == 2 else (0, 1, 2)
