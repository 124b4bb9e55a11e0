"""The protocol every kind of image is read through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.imaging.damage import damaged
from labeltool.imaging.scale import PixelSize

Raw = NDArray[Any]
"""The values of a file, [h, w, channels], in the file's own type: what is measured, and what a model is fed from."""

Pixels = NDArray[np.uint8]
"""uint8 [h, w, 3], RGB: what is shown."""

RGB = ("red", "green", "blue")


class ValueWindow(NamedTuple):
    """Which values are shown from black to white: ``centre`` - ``width`` / 2 to ``centre`` + ``width`` / 2."""

    name: str
    centre: float
    width: float

    @property
    def limits(self) -> tuple[float, float]:
        """What is shown black, and what is shown white."""
        return self.centre - self.width / 2, self.centre + self.width / 2


class Georeference(NamedTuple):
    """Where an image lies on the map, as the file says it; nothing is invented.

    ``crs`` is an authority's code ("EPSG:32616") or WKT, empty where the file names none. ``transform`` is
    (a, b, c, d, e, f): x = a * column + b * row + c, y = d * column + e * row + f of a pixel's top-left corner.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class ImageInfo:
    """What the header says. ``size`` is that of the displayed pixels, after EXIF orientation.

    ``kind`` is the format in lower case (png, jpeg, tiff, geotiff, dicom, ...), ``mode`` the file's own pixel mode in
    words, ``rotated`` true when the stored pixels are turned or mirrored for display.

    ``dtype`` and ``channels`` (names, in the file's order) are those of the values that :meth:`Reader.read` gives;
    ``composite`` the places of the three channels that are shown as red, green and blue at first (thrice the same for
    grey), ``nodata`` the value that stands for no value (NaN always does), ``unit`` what the values are in (HU, m),
    ``modality`` DICOM's word (CT, MR), ``windows`` what the file says of how to show them, ``inverted`` true where
    large values are dark.

    ``pixel_size`` and ``thickness_m`` (from one page to the next) are those in the world, ``georeference`` the place on
    the map. ``series`` is the same for pages that belong to one volume or stack, ``place`` orders them in it (mm along
    the axis where that is known, else a number), ``place_is_mm`` is true where the files say where their pages lie and
    not merely how thick they are, ``subject`` is the patient or specimen.
    """

    size: Size
    kind: str
    mode: str
    rotated: bool = False
    dtype: str = "uint8"
    channels: tuple[str, ...] = RGB
    composite: tuple[int, int, int] = (0, 1, 2)
    nodata: float | None = None
    unit: str = ""
    modality: str = ""
    windows: tuple[ValueWindow, ...] = ()
    inverted: bool = False
    pixel_size: PixelSize | None = None
    thickness_m: float | None = None
    georeference: Georeference | None = None
    series: str = ""
    place: float = 0.0
    place_is_mm: bool = False
    subject: str = ""

    @property
    def is_plain(self) -> bool:
        """True when the values are what is shown: uint8, red, green, blue."""
        return self.dtype == "uint8" and self.channels == RGB and self.nodata is None and not self.inverted

    @property
    def pixel_bytes(self) -> int:
        """Bytes of the values of one pixel."""
        return np.dtype(self.dtype).itemsize * len(self.channels)

    def empty(self, box: Box, fill: float = 0) -> Raw:
        """An array for the values of a box."""
        return filled(box, self.dtype, len(self.channels), fill)


def filled(box: Box, dtype: DTypeLike, channels: int, fill: float = 0) -> Raw:
    """Values [h, w, channels] that are all ``fill``."""
    return np.full((box.height, box.width, channels), fill, dtype)


class Page(NamedTuple):
    """One of the images that a file holds: a page of a TIFF, a frame, a slice of a volume.

    ``key`` names it within the file (empty where the file holds but one), ``info`` is its header.
    """

    key: str
    info: ImageInfo


class Reader(Protocol):
    """An open image file, or one page of it. Not shared between threads; opening is cheap, the values come with the
    first read."""

    path: Path
    info: ImageInfo

    def read(self, box: Box | None = None) -> Raw:
        """The values of ``box`` (inside the image), or of all of it, [h, w, channels]. The caller must not write to
        it."""
        ...

    def has_values(self, box: Box) -> bool:
        """False where it is known that no pixel of ``box`` (inside the image) has a value: all is no data, or the file
        holds nothing there."""
        ...

    def verify(self) -> None:
        """BadInputError when the file is cut off or damaged, as far as that shows without holding all its pixels."""
        ...

    def close(self) -> None:
        """Let go of the file and the pixels."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ReaderPlugin(Protocol):
    """What the entry-point group ``labeltool.readers`` holds: a class with these."""

    suffixes: ClassVar[tuple[str, ...]]
    priority: ClassVar[int]
    """Of several that can read a file the one with the highest is taken."""

    def can_read(self, head: bytes, path: Path) -> bool:
        """True when the file's first 512 bytes are of this kind."""
        ...

    def pages(self, path: Path, axis: str) -> list[Page]:
        """All images of a file, headers only. ``axis`` is along which a volume is cut (i, j or k, its axes in the order
        in which they are stored; empty for the one across the body); BadInputError as :meth:`open`."""
        ...

    def open(self, path: Path, page: str) -> Reader:
        """Read the header of a page (empty for the first); BadInputError with file and hint when the file is broken or
        has no such page."""
        ...


def only_page(page: str, path: Path) -> None:
    """BadInputError when a page is asked for of a file that holds but one image."""
    if page:
        raise BadInputError(f"the file holds one image and no page {page[:40]!r}", file=path)


class ReaderBase:
    """What readers have in common: a header, and a context that closes."""

    path: Path
    info: ImageInfo

    def has_values(self, box: Box) -> bool:
        """True unless a kind of file knows better."""
        return True

    def close(self) -> None:
        """Let go of the file and the pixels."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class WholeReader(ReaderBase, ABC):
    """An image that is decoded whole by the first read and then kept. The file is not held open."""

    _values: Raw | None = None

    @abstractmethod
    def _decode(self) -> Raw:
        """All values; BadInputError when the file is cut off or damaged."""

    def read(self, box: Box | None = None) -> Raw:
        """The values, read-only; BadInputError when the file is cut off or damaged."""
        if self._values is None:
            values = np.ascontiguousarray(self._decode())
            if values.shape != (self.info.size.height, self.info.size.width, len(self.info.channels)):
                raise damaged("file", "its pixels have another size than its header says", self.path)
            values.flags.writeable = False
            self._values = values
        return self._values if box is None else self._values[box.slices()]

    def verify(self) -> None:
        """Decode the image; BadInputError when it is cut off or damaged."""
        self.read()

    def close(self) -> None:
        """Let go of the values."""
        self._values = None
