"""PNG, JPEG, TIFF, BMP, WebP and GIF with 8 bits a channel, through Pillow. Frames of animations are pages.

Every pixel mode becomes RGB. Transparency is shown over white, as viewers of images do; an opaque alpha channel
is simply dropped. Colour profiles are not applied: the values are those of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
from PIL import (
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.imaging import sniff
from labeltool.imaging.budget import check_budget, fits_whole
from labeltool.imaging.damage import damaged
from labeltool.imaging.quiet import quiet
from labeltool.imaging.reader import ImageInfo, Page, Raw, Reader, WholeReader, only_page
from labeltool.imaging.readers import tiff_pages
from labeltool.imaging.readers.jpeg import refuse_damaged_pixels
from labeltool.imaging.readers.large import MODES, LargeReader, refuse_more_than_fits
from labeltool.imaging.readers.naming import page_key, page_number, series_of
from labeltool.imaging.scale import pixel_size

# Called directly rather than through Image.open, which would judge the size before we can name it.
_DECODERS: dict[str, Callable[[IO[bytes], str], Any]] = {
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.jpeg_factory,
    "tiff": TiffImagePlugin.TiffImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "gif": GifImagePlugin.GifImageFile,
}
_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
_TURNS: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LEAST_FRAME_BYTES = 12
_BITS_PER_SAMPLE, _SAMPLES_PER_PIXEL = 258, 277


class RasterReader(WholeReader):
    """One raster file. The header is read by :meth:`open`, the pixels are decoded whole by the first read."""

    priority: ClassVar[int] = 0
    suffixes: ClassVar[tuple[str, ...]] = (
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".tif",
        ".tiff",
        ".bmp",
        ".webp",
        ".gif",
    )

    def __init__(self, path: Path, info: ImageInfo, orientation: int, frame: int = 0) -> None:
        self.path = path
        self.info = info
        self._orientation = orientation
        self._frame = frame

    @classmethod
    def can_read(cls, head: bytes, path: Path) -> bool:
        """True for the six kinds, unless the suffix promises a format that merely looks like TIFF."""
        return _kind(head) is not None and not _is_disguised(head, path)

    @classmethod
    def pages(cls, path: Path, axis: str) -> list[Page]:
        """The one image that such a file holds, or the frames of an animation."""
        with decoder(path) as (image, kind, _):
            frames = _frames(image, kind, path)
        with cls.open(path) as reader:
            if frames == 1:
                return [Page("", reader.info)]
            return [
                Page(page_key(number, frames), replace(reader.info, place=float(number + 1)))
                for number in range(frames)
            ]

    @classmethod
    def open(cls, path: Path, page: str = "") -> Reader:
        """Read the header; BadInputError for what is broken, too large, or not an 8-bit single image.

        Files too large to be decoded whole get a reader that reads by parts, where their kind allows it.
        """
        with decoder(path) as (image, kind, head):
            orientation = orientation_of(image, path)
            width, height = image.size
            if orientation >= 5 and kind != "tiff":  # Pillow turns TIFF by itself, and says so from the start
                width, height = height, width
            size = Size(width, height)
            info = ImageInfo(size, kind, image.mode, orientation > 1, pixel_size=pixel_size(path))
            by_parts = not fits_whole(size) and _is_read_by_parts(image, kind)
            _refuse_unread(image, kind, head, path)
            frames = _frames(image, kind, path)
        if frames == 1:
            only_page(page, path)
        number = page_number(page, frames, path)
        if frames > 1:
            info = replace(info, series=series_of(path), place=float(number + 1))
        elif by_parts:
            return LargeReader(path, info, orientation)
        check_budget(size, path)
        if kind == "jpeg":
            refuse_more_than_fits(size, path)
        return cls(path, info, orientation, number)

    def verify(self) -> None:
        """Decode the image; BadInputError when it is cut off or damaged, half of it grey though it can be shown."""
        if self.info.kind == "jpeg":
            refuse_damaged_pixels(self.path, self.info.size)
        super().verify()

    def _decode(self) -> Raw:
        if self.info.kind == "png":
            with decoder(self.path) as (image, _, _):
                image.verify()  # checksums: a flipped bit may well decode
        with decoder(self.path) as (image, kind, _):
            if self._frame:
                image.seek(self._frame)
            image.load()
            rgb = _rgb(image)
            if kind != "tiff" and self._orientation in _TURNS:
                rgb = rgb.transpose(_TURNS[self._orientation])
            return np.asarray(rgb)


_HEADS = (
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("jpeg", 0, b"\xff\xd8\xff"),
    ("tiff", 0, b"II*\0"),
    ("tiff", 0, b"MM\0*"),
    ("tiff", 0, b"II+\0"),
    ("tiff", 0, b"MM\0+"),
    ("webp", 8, b"WEBP"),
    ("bmp", 6, b"\0\0\0\0"),
    ("gif", 0, b"GIF87a"),
    ("gif", 0, b"GIF89a"),
)
_STARTS = {"webp": b"RIFF", "bmp": b"BM"}


def _kind(head: bytes) -> str | None:
    for kind, offset, magic in _HEADS:
        if head[offset : offset + len(magic)] == magic and head.startswith(_STARTS.get(kind, b"")):
            return kind
    return None


def _is_disguised(head: bytes, path: Path) -> bool:
    """True for what is built on TIFF and means something else: whole slides, camera raw files."""
    return _kind(head) == "tiff" and sniff.by_suffix(path) is not None


@contextmanager
def decoder(path: Path) -> Iterator[tuple[Any, str, bytes]]:
    """A file inside Pillow: image, kind, first bytes. Whatever goes wrong in there comes out as BadInputError."""
    kind = ""
    try:
        with path.open("rb") as file, quiet():
            head = file.read(sniff.HEAD_BYTES)
            kind = _kind(head) or ""
            file.seek(0)
            with _DECODERS[kind](file, str(path)) as image:
                yield image, kind, head
    except BadInputError:
        raise
    except MemoryError as error:
        raise BadInputError("not enough memory to decode the image", file=path) from error
    except Exception as error:  # decoders of broken files raise nearly everything
        raise damaged(f"{kind.upper()} file", error, path) from error


def _is_read_by_parts(image: Any, kind: str) -> bool:
    """Interlaced PNG and progressive JPEG have their last pixels all over, so they cannot be."""
    scattered = image.info.get("interlace") or image.info.get("progressive")
    return kind in ("png", "jpeg", "tiff") and image.mode in MODES and not scattered


def _refuse_unread(image: Any, kind: str, head: bytes, path: Path) -> None:
    """BadInputError for what Pillow opens and would not show as it is. Of TIFF it is what the reader of all others has
    left because a directory is broken."""
    bits = _bits(image, kind, head)
    # Of more samples Pillow would leave the others out without a word.
    lacks = kind == "tiff" and image.tag_v2.get(_SAMPLES_PER_PIXEL, 1) > len(image.getbands())
    if bits > 8 or lacks or image.mode not in _MODES:
        raise damaged(f"{kind.upper()} file", f"{bits} bits, pixel mode {image.mode}", path)


def _frames(image: Any, kind: str, path: Path) -> int:
    """Number of frames of an animation, 1 for other images. BadInputError for a TIFF of several pages: it is here only
    because a directory is broken."""
    try:
        frames = int(getattr(image, "n_frames", 1))
    except SyntaxError:  # a page that Pillow does not know, perhaps a mask of transparency
        frames = 2
    if frames == 1 or image.format == "MPO":  # a phone's JPEG may hold previews after the photo
        return 1
    if kind == "tiff":
        if tiff_pages.is_pyramid(path):
            return 1
        raise damaged("TIFF file", "its pages cannot be listed", path)
    if frames * _LEAST_FRAME_BYTES > path.stat().st_size:  # an animated PNG merely claims them
        raise damaged(f"{kind.upper()} file", f"it claims {frames:,} frames, more than it can hold", path)
    return frames


def _bits(image: Any, kind: str, head: bytes) -> int:
    """Bits a channel in the file, which Pillow may have reduced."""
    if kind == "png":
        return head[24]
    if kind == "tiff":
        return int(max(image.tag_v2.get(_BITS_PER_SAMPLE, (1,))))
    return 8


def orientation_of(image: Any, path: Path) -> int:
    """EXIF orientation 1..8; anything else in the file counts as 1."""
    late = image.format == "PNG" and "exif" not in image.info and _has_late_exif(path)
    # Pillow decodes a whole PNG to look behind its pixels; the base class looks at the header alone.
    exif = image.getexif() if late else Image.Image.getexif(image)
    value = exif.get(ExifTags.Base.Orientation, 1)
    return value if value in _TURNS else 1


def _has_late_exif(path: Path) -> bool:
    """True when a PNG has an eXIf chunk behind its pixels."""
    with path.open("rb") as file:
        file.seek(8)
        while len(chunk := file.read(8)) == 8:
            if chunk[4:] == b"eXIf":
                return True
            file.seek(int.from_bytes(chunk[:4], "big") + 4, 1)
    return False


def _rgb(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    if rgba.getchannel("A").getextrema() == (255, 255):
        return rgba.convert("RGB")
    white = Image.new("RGBA", rgba.size, "white")
    white.alpha_composite(rgba)
    return white.convert("RGB")
