"""An image at halved sizes, for a canvas that shows any zoom of an image of any size and never waits."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from labeltool.core.change import Signal
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Box, Size, TileIndex, tile_box, tiles_in
from labeltool.imaging.halving import coarser, halve, level_sizes
from labeltool.imaging.reader import ImageInfo, Raw

_NOTHING_YET = 64


class Arrival(NamedTuple):
    """There is more to see: on levels from ``first`` to ``last`` inside ``box``, in image pixels."""

    first: int
    last: int
    box: Box


class Pyramid(Protocol):
    """Levels of an image: level 0 is the image, each further one half as wide and high (rounded up).

    Pixel (x, y) of level k averages the pixels (x * 2**k, y * 2**k) and on of the image; at odd sizes the last row and
    column count twice, so that levels lie exactly on each other. Levels come in tiles of 256 x 256, cut to the level.
    Values are those of the file, [h, w, channels], whatever their type. The signals are emitted on any thread.
    """

    info: ImageInfo
    sizes: list[Size]
    arrived: Signal[Arrival]
    failed: Signal[LabeltoolError]
    """A tile cannot be read, or the levels cannot be made; the rest goes on."""
    progress: Signal[tuple[float, float] | None]
    """How much of the levels is made: pixels done, of so many; None when no more are being made."""

    @property
    def level_count(self) -> int:
        """Number of levels; the last one fits into a single tile."""
        ...

    def tile(self, level: int, row: int, col: int) -> Raw | None:
        """A tile if it is at hand, never waiting. None asks for it: ``arrived`` will tell."""
        ...

    def peek(self, level: int, row: int, col: int) -> Raw | None:
        """A tile if it is at hand; nobody is asked."""
        ...

    def read(self, box: Box, level: int = 0) -> Raw:
        """Raw of a box of a level, not to be written to. Waits for the disk; BadInputError for what is damaged."""
        ...

    def sample(self) -> Raw | None:
        """Raw from all over the image, by which its contrast is judged; None when none are at hand yet."""
        ...

    def stop_levels(self) -> None:
        """Make no more levels. The image can be read as before, its coarse levels stay rough; of a file that has to
        be unpacked there is what has come so far."""
        ...

    def close(self) -> None:
        """Let go of the file; what is on its way is dropped."""
        ...


class ArrayPyramid:
    """The pyramid of an image that is wholly in memory. A level is made when it is first asked for."""

    def __init__(self, pixels: Raw, info: ImageInfo | None = None) -> None:
        self._levels = [pixels]
        self.info = info or ImageInfo(Size(pixels.shape[1], pixels.shape[0]), "", "RGB")
        self.sizes = level_sizes(Size(pixels.shape[1], pixels.shape[0]))
        self.arrived: Signal[Arrival] = Signal()
        self.failed: Signal[LabeltoolError] = Signal()
        self.progress: Signal[tuple[float, float] | None] = Signal()

    @property
    def level_count(self) -> int:
        """Number of levels."""
        return len(self.sizes)

    @property
    def nbytes(self) -> int:
        """Bytes of all levels."""
        return sum(size.pixels for size in self.sizes) * self.info.pixel_bytes

    def build(self) -> None:
        """Make every level now, so that nobody who paints has to wait for one."""
        self.level(self.level_count - 1)

    def level(self, level: int) -> Raw:
        """All pixels of a level."""
        while len(self._levels) <= level:
            self._levels.append(halve(self._levels[-1], 1, self.info.nodata))
            self._levels[-1].flags.writeable = False
        return self._levels[level]

    def tile(self, level: int, row: int, col: int) -> Raw:
        """A tile, which is always at hand."""
        return self.level(level)[tile_box(TileIndex(row, col), self.sizes[level]).slices()]

    peek = tile

    def read(self, box: Box, level: int = 0) -> Raw:
        """Raw of a box of a level."""
        return self.level(level)[box.slices()]

    def sample(self) -> Raw:
        """The image."""
        return self.level(0)

    def stop_levels(self) -> None:
        """They take no time."""

    def close(self) -> None:
        """There is nothing to let go of."""


def seen(pyramid: Pyramid, level: int, box: Box) -> Raw:
    """Raw of a box of a level without waiting; where they are not at hand, coarser ones stand in."""
    size = pyramid.sizes[level]
    out = pyramid.info.empty(box)
    for index in tiles_in(box, size):
        place = tile_box(index, size)
        part = box.intersect(place)
        pixels = pyramid.tile(level, *index)
        at_hand = _stand_in(pyramid, level, index, part) if pixels is None else pixels[part.slices(place)]
        out[part.slices(box)] = at_hand
    return out


def _stand_in(pyramid: Pyramid, level: int, index: TileIndex, part: Box) -> Raw | int:
    """``part`` of a tile from the nearest coarser level that is at hand, enlarged."""
    for up in range(1, pyramid.level_count - level):
        above = TileIndex(index.row >> up, index.col >> up)
        pixels = pyramid.peek(level + up, *above)
        if pixels is not None:
            wide = coarser(part, up)
            place = tile_box(above, pyramid.sizes[level + up])
            large = pixels[wide.slices(place)].repeat(1 << up, 0).repeat(1 << up, 1)
            return large[part.slices(Box(wide.x0 << up, wide.y0 << up, 0, 0))]
    return _NOTHING_YET if pyramid.info.is_plain else 0
