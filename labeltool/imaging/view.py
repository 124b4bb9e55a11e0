"""An image as it is shown: the tiles of a pyramid, through a display."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from labeltool.core.geometry import TILE, Box
from labeltool.imaging.display import Display, first_display, render
from labeltool.imaging.file_pyramid import FilePyramid, is_read_by_parts, whole
from labeltool.imaging.open import open_image
from labeltool.imaging.pyramid import Pyramid
from labeltool.imaging.reader import ImageInfo, Pixels, Raw, Reader
from labeltool.imaging.readers.windowed import WindowedReader

_SAMPLED_PIXELS = 1 << 20
_SAMPLED_SIDE = 5


def open_view(path: Path, page: str = "") -> Pyramid:
    """The pyramid of an image as it is shown, uint8 RGB: in memory if it fits, else by parts. BadInputError as
    :func:`~labeltool.imaging.open.open_image`."""
    reader = open_image(path, page)
    if not is_read_by_parts(reader):
        return _whole_view(reader)
    if reader.info.is_plain:
        return FilePyramid(reader)
    try:
        display = first_display(reader.info, sampled(reader))
    except BaseException:
        reader.close()
        raise
    return View(FilePyramid(reader), display)


def open_whole_view(path: Path, page: str = "") -> Pyramid | None:
    """The same of an image that fits the memory; None for those that are read by parts."""
    reader = open_image(path, page)
    if is_read_by_parts(reader):
        reader.close()
        return None
    return _whole_view(reader)


def _whole_view(reader: Reader) -> Pyramid:
    values = whole(reader)
    if values.info.is_plain:
        return values
    return View(values, first_display(values.info, values.level(0)))


def values_of(pyramid: Pyramid) -> Pyramid:
    """The pyramid of the file's own values, of one that is perhaps a view."""
    return pyramid.values if isinstance(pyramid, View) else pyramid


class View:
    """The pyramid of another one's values as they are shown: uint8 [h, w, 3]. It passes on the other's signals.

    ``display`` may be changed at any time; pixels that were handed out before stay as they were. Any thread may read.
    """

    def __init__(self, values: Pyramid, display: Display) -> None:
        self.values = values
        self.opened = display
        """As the image was shown at first."""
        self.display = display
        self.info = _shown_info(values.info)
        self.sizes = values.sizes
        self.arrived, self.failed, self.progress = values.arrived, values.failed, values.progress

    @property
    def level_count(self) -> int:
        """Number of levels."""
        return self.values.level_count

    def tile(self, level: int, row: int, col: int) -> Pixels | None:
        """A tile if it is at hand; else it is asked for."""
        return self._shown(self.values.tile(level, row, col))

    def peek(self, level: int, row: int, col: int) -> Pixels | None:
        """A tile if it is at hand; nobody is asked."""
        return self._shown(self.values.peek(level, row, col))

    def read(self, box: Box, level: int = 0) -> Pixels:
        """Pixels of a box; waits for the disk."""
        return self._rendered(self.values.read(box, level))

    def sample(self) -> Pixels | None:
        """Pixels from all over the image."""
        return self._shown(self.values.sample())

    def stop_levels(self) -> None:
        """Make no more levels."""
        self.values.stop_levels()

    def close(self) -> None:
        """Let go of the file."""
        self.values.close()

    def _shown(self, values: Raw | None) -> Pixels | None:
        return None if values is None else self._rendered(values)

    def _rendered(self, values: Raw) -> Pixels:
        return render(values, self.display, self.values.info.nodata)


def read_shown(reader: Reader) -> Pixels:
    """A whole image as it is shown at first, uint8 [h, w, 3]."""
    return shown(reader.read(), reader.info)


def shown(values: Raw, info: ImageInfo) -> Pixels:
    """Values [h, w, channels] of an image as they are shown at first, judged by themselves."""
    return values if info.is_plain else render(values, first_display(info, values), info.nodata)


def sampled(reader: WindowedReader) -> Raw:
    """Values from all over a large image, [h, w, channels], by which its contrast is judged; read in a moment."""
    level, size = reader.base, reader.sizes[reader.base]
    if size.pixels <= _SAMPLED_PIXELS:
        return reader.read(size.box, level)
    parts = []
    for row, col in np.ndindex(_SAMPLED_SIDE, _SAMPLED_SIDE):
        x = (2 * col + 1) * size.width // (2 * _SAMPLED_SIDE)
        y = (2 * row + 1) * size.height // (2 * _SAMPLED_SIDE)
        box = Box(x - TILE // 2, y - TILE // 2, x + TILE // 2, y + TILE // 2).intersect(size.box)
        parts.append(reader.read(box, level).reshape(-1, 1, len(reader.info.channels)))
    return np.concatenate(parts)


def _shown_info(info: ImageInfo) -> ImageInfo:
    return ImageInfo(
        info.size, info.kind, info.mode, pixel_size=info.pixel_size, georeference=info.georeference
    )
