"""Making the levels that a large file does not hold, some rows at a time, while a rough picture is there early."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.geometry import TILE, Box, Size
from labeltool.core.memory import share
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.imaging.halving import coarser, finer, halve
from labeltool.imaging.pyramid_cache import PyramidCache
from labeltool.imaging.pyramid_file import Form, PyramidFile
from labeltool.imaging.reader import ImageInfo, Raw, filled

MOSAIC_PIXELS = 1 << 23
"""Levels of at most so many pixels are kept in memory while they are made."""

_BLOCK = 1024
_COPIES = 4
"""How often a block is in memory: as libvips has it, as it is handed over, as an array, and halved."""

_FIRST_SAMPLES = 12
_SAMPLE_PASSES = 2
_TELL_S = 0.1
_GREY = 64

Told = Callable[[int, Box], None]
"""Called with a level and a box of image pixels: from this level on there is more to see inside the box."""


class Source(Protocol):
    """What levels are made from."""

    path: Path
    page: str
    info: ImageInfo
    sizes: list[Size]
    in_order: bool

    @property
    def form(self) -> Form:
        """Type and number of the values of a pixel."""
        ...

    @property
    def base(self) -> int:
        """The coarsest level there is, from which all above are made."""
        ...

    @property
    def tile_side(self) -> int:
        """What is best read at once."""
        ...

    def read(self, box: Box | None = None, level: int = 0) -> Raw:
        """Raw of a box of a level."""
        ...

    def blocks(self, width: int, height: int) -> Iterator[tuple[Box, Callable[[], Raw]]]:
        """All of the base level; one that is read in order has to be asked for in whole rows."""
        ...

    def small(self, side: int, cancel: CancelToken) -> Raw:
        """All of it with at most ``side`` pixels on its longer side, decoded from top to bottom."""
        ...


@dataclass(frozen=True)
class Plan:
    """Which levels are made: ``first`` and on go to disk, ``top`` and on are in memory as well."""

    base: int
    first: int
    top: int

    @classmethod
    def of(cls, source: Source) -> Plan:
        """What is missing in a file."""
        base, sizes = source.base, source.sizes
        above = range(base + 1, len(sizes))
        top = next((level for level in above if sizes[level].pixels <= MOSAIC_PIXELS), len(sizes))
        return cls(base, base if source.in_order else base + 1, top)

    @property
    def on_disk(self) -> bool:
        """False when everything that is missing fits the memory."""
        return self.first < self.top

    @property
    def side(self) -> int:
        """Side of what a tile of the last level below ``top`` shows, in pixels of the base level."""
        return TILE << (self.top - 1 - self.base)

    def block(self, source: Source) -> Size:
        """What is read at once, in pixels of the base level: whole tiles of every level below ``top`` wide, and as many
        rows as the memory allows, but at least a row of the file's tiles and what one row of level ``top`` averages."""
        width = source.sizes[self.base].width if source.in_order else max(self.side, _BLOCK)
        rows = share("decoding") // (width * source.form.pixel_bytes * _COPIES)
        power = 1 << max(rows.bit_length() - 1, 0)
        tile = 1 if source.in_order else 1 << (source.tile_side - 1).bit_length()
        return Size(width, max(min(power, _BLOCK), 1 << (self.top - self.base), tile))


class Mosaic:
    """The coarse levels in memory, filled in piece by piece; until a piece has come it shows what is nearest."""

    def __init__(self, source: Source, top: int) -> None:
        self.sizes = source.sizes
        self.top = top
        self._nodata = source.info.nodata
        blank = blank_of(source.info)
        self.levels = {
            level: filled(self.sizes[level].box, source.form.dtype, source.form.channels, blank)
            for level in range(top, len(self.sizes))
        }

    def fill(self, box: Box, pixels: Raw) -> None:
        """Put pixels of level ``top`` in, and bring the levels above up to date."""
        if self.top not in self.levels:
            return
        self.levels[self.top][box.slices()] = pixels
        for level in range(self.top + 1, len(self.sizes)):
            box = coarser(box, 1)
            below = finer(box, 1, self.sizes[level - 1])
            self.levels[level][box.slices()] = halve(self.levels[level - 1][below.slices()], 1, self._nodata)


def sample(source: Source, plan: Plan, mosaic: Mosaic, told: Told, cancel: CancelToken) -> None:
    """Fill a mosaic from a few tiles all over the image: each stands for its neighbours until they come.

    Each pass halves the distance between them, and reads only what no pass before has read.
    """
    size, up = source.sizes[plan.base], plan.top - plan.base
    side = max(source.tile_side, 1 << up, TILE)
    side = 1 << (side - 1).bit_length()
    stride = side
    while max(size) > stride * _FIRST_SAMPLES:
        stride *= 2
    before = 0
    for _ in range(_SAMPLE_PASSES):
        for y, x in np.ndindex(-(-size.height // stride), -(-size.width // stride)):
            if before and y % 2 == 0 and x % 2 == 0:
                continue
            cancel.check()
            corner = Box(x * stride, y * stride, x * stride, y * stride)
            cell = corner._replace(x1=corner.x0 + stride, y1=corner.y0 + stride).intersect(size.box)
            place = corner._replace(x1=corner.x0 + side, y1=corner.y0 + side).intersect(size.box)
            try:
                pixels = halve(source.read(place, plan.base), up, source.info.nodata)
            except BadInputError:  # ``build`` comes here as well, and reports it
                continue
            mosaic.fill(coarser(cell, up), _mean(pixels, source.info.nodata))
            mosaic.fill(coarser(place, up), pixels)
            told(plan.top, finer(cell, plan.base, source.sizes[0]))
        if stride == side:
            return
        before, stride = stride, stride // 2


def _mean(pixels: Raw, nodata: float | None) -> Raw:
    """One pixel for all of them, [1, 1, channels]; values that are none do not count."""
    return halve(pixels, (max(pixels.shape[:2]) - 1).bit_length(), nodata)


def blank_of(info: ImageInfo) -> float:
    """What stands for values that have not come yet: grey, or nothing."""
    if info.nodata is not None:
        return info.nodata
    return _GREY if info.is_plain else 0


def build(
    source: Source,
    plan: Plan,
    mosaic: Mosaic,
    file: PyramidFile | None,
    *,
    told: Told = lambda level, box: None,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> LabeltoolError | None:
    """Make every level above the base. A block that is damaged is left out; the first such error comes back.

    Raises CancelledError between blocks, and LabeltoolError when the disk is full.
    """
    cancel = cancel or CancelToken()
    damage: LabeltoolError | None = None
    size, up = source.sizes[plan.base], plan.top - plan.base
    for box, read in source.blocks(*plan.block(source)):
        cancel.check()
        try:
            pixels = read()
        except BadInputError as error:
            damage = damage or error
            continue
        for level in range(plan.base, plan.top):
            if file is not None and level >= plan.first:
                _write(file, level, pixels, coarser(box, level - plan.base), source.path)
            pixels = halve(pixels, 1, source.info.nodata)
        mosaic.fill(coarser(box, up), pixels)
        if source.in_order:  # a tile that is whole now began further up
            told(plan.first, box._replace(y0=box.y0 - box.y0 % plan.side))
        else:
            told(plan.top, finer(box, plan.base, source.sizes[0]))
        progress(box.y0 * size.width + (box.y1 - box.y0) * box.x1, size.pixels, source.path.name)
    if file is not None:
        for level, made in mosaic.levels.items():
            _write(file, level, made, source.sizes[level].box, source.path)
    return damage


def unpacked(source: Source, cache: PyramidCache, cancel: CancelToken | None = None) -> PyramidFile:
    """The pyramid of a file that can only be read in order, made now if it is not in the cache."""
    plan = Plan.of(source)
    found = cache.find(source.path, source.sizes[0], source.form, source.page)
    if found is not None:
        return found
    made = cache.begin(source.path, source.sizes[0], plan.first, source.form, source.page)
    try:
        damage = build(source, plan, Mosaic(source, plan.top), made, cancel=cancel)
        if damage is not None:
            raise damage
        cache.finish(made, source.path, source.page)
    except BaseException:
        cache.abandon(made)
        raise
    return made


def overview(source: Source, side: int, cache: PyramidCache, cancel: CancelToken | None = None) -> Raw:
    """A picture of all of a large image, at least ``side`` pixels long, in little memory: from its own overviews, from
    the cache, roughly from a few of its tiles, or, where it can only be read in order, decoded from top to bottom."""
    cancel = cancel or CancelToken()
    plan, sizes = Plan.of(source), source.sizes
    level = max((n for n, size in enumerate(sizes) if max(size) >= side), default=0)
    if level >= plan.base and sizes[plan.base].pixels <= MOSAIC_PIXELS:
        return source.read(sizes[level].box, level)
    kept = cache.find(source.path, sizes[0], source.form, source.page)
    if kept is not None:
        with contextlib.closing(kept):
            return kept.read_box(sizes[level].box, level)
    if source.in_order:
        return source.small(side, cancel)
    if level <= plan.base:
        return source.read(sizes[level].box, level)
    mosaic = Mosaic(source, plan.top)
    sample(source, plan, mosaic, lambda level, box: None, cancel)
    return mosaic.levels[max(level, plan.top)]


class Teller:
    """Brings the told boxes together and tells of them a few times a second."""

    def __init__(self, tell: Told) -> None:
        self._tell = tell
        self._box = Box(0, 0, 0, 0)
        self._level = 0
        self._last_s = 0.0

    def __call__(self, level: int, box: Box) -> None:
        """Something has come."""
        self._box, self._level = self._box.union(box), level
        if time.monotonic() - self._last_s > _TELL_S:
            self.flush()

    def flush(self) -> None:
        """Tell what has not been told."""
        if not self._box.is_empty:
            self._tell(self._level, self._box)
        self._box, self._last_s = Box(0, 0, 0, 0), time.monotonic()


def _write(file: PyramidFile, level: int, pixels: Raw, box: Box, image: Path) -> None:
    try:
        file.write(level, pixels, box)
    except OSError as error:
        raise LabeltoolError(
            f"the smaller copies of the image cannot be kept in {file.path.parent}: {error.strerror or error}",
            file=image,
            hint="Make room on the disk of that folder, then open the image again",
        ) from error
