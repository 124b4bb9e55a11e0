"""PNG with 16 bits a channel: the file's own values, through libvips.

Neither gamma nor colour profile is applied. Transparency stays a channel of its own and is not shown; a colour that
stands for transparency (tRNS) is a colour.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.imaging import vips
from labeltool.imaging.budget import check_budget
from labeltool.imaging.reader import RGB, ImageInfo, Page, Raw, Reader, only_page
from labeltool.imaging.readers.raster import RasterReader, decoder, orientation_of
from labeltool.imaging.readers.turning import upright

_DEPTH, _COLOUR_TYPE = 24, 25
_CHANNELS = {0: ("grey",), 2: RGB, 4: ("grey", "alpha"), 6: (*RGB, "alpha")}


class DeepPngReader(RasterReader):
    """One PNG of 16 bits. The pixels are decoded whole by the first read."""

    priority: ClassVar[int] = 10
    suffixes: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def can_read(cls, head: bytes, path: Path) -> bool:
        """True for PNG of 16 bits."""
        return head.startswith(b"\x89PNG\r\n\x1a\n") and head[_DEPTH : _DEPTH + 1] == b"\x10"

    @classmethod
    def pages(cls, path: Path, axis: str) -> list[Page]:
        """The one image that such a file holds."""
        with cls.open(path) as reader:
            return [Page("", reader.info)]

    @classmethod
    def open(cls, path: Path, page: str = "") -> Reader:
        """Read the header; BadInputError for what is broken, animated or too large."""
        only_page(page, path)
        with decoder(path) as (image, _, head):
            orientation = orientation_of(image, path)
            channels = _CHANNELS[head[_COLOUR_TYPE]]
            frames = getattr(image, "n_frames", 1)
            size = Size(*(image.size[::-1] if orientation >= 5 else image.size))
        if frames > 1:
            raise BadInputError(
                f"animated PNG of 16 bits ({frames} frames)",
                file=path,
                hint="Save the frame you need as a file of its own",
            )
        grey = len(channels) < 3
        info = ImageInfo(
            size,
            "png",
            f"16 bits, {', '.join(channels)}",
            orientation > 1,
            dtype="uint16",
            channels=channels,
            composite=(0, 0, 0) if grey else (0, 1, 2),
        )
        try:
            check_budget(size, path, info.pixel_bytes)
        except BadInputError as error:
            hint = "Save it as TIFF with tiles, which is read by parts at any size"
            raise BadInputError(error.message, file=path, hint=hint) from error
        return cls(path, info, orientation)

    def _decode(self) -> Raw:
        with decoder(self.path) as (image, _, _):
            image.verify()  # checksums: a flipped bit may well decode
        values = vips.png_values(self.path)[..., : len(self.info.channels)]
        return upright(values, self._orientation)
