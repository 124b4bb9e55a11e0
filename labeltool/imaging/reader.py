"""The protocol every kind of image is read through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from labeltool.core.geometry import Box, Size

Pixels = NDArray[np.uint8]
"""uint8 [h, w, 3], RGB."""


@dataclass(frozen=True)
class ImageInfo:
    """What the header says. ``size`` is that of the displayed pixels, after EXIF orientation.

    ``kind`` is the format in lower case (png, jpeg, tiff, bmp, webp), ``mode`` the file's own pixel mode in
    Pillow's words, ``rotated`` true when the stored pixels are turned or mirrored for display.
    """

    size: Size
    kind: str
    mode: str
    rotated: bool = False


class Reader(Protocol):
    """An open image file. Not shared between threads; opening is cheap, the pixels come with the first read."""

    path: Path
    info: ImageInfo

    def read(self, box: Box | None = None) -> Pixels:
        """The displayed pixels of ``box`` (inside the image), or of all of it. The caller must not write to it."""
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
    """What the entry-point group ``labeltool.readers`` holds: a class with these two."""

    suffixes: tuple[str, ...]

    def can_read(self, head: bytes, path: Path) -> bool:
        """True when the file's first 512 bytes are of this kind."""
        ...

    def open(self, path: Path) -> Reader:
        """Read the header; BadInputError with file and hint when the file is broken."""
        ...
