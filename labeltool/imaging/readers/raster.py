"""PNG, JPEG, TIFF, BMP and WebP with 8 bits a channel, through Pillow.

Every pixel mode becomes RGB. Transparency is shown over white, as viewers of images do; an opaque alpha channel
is simply dropped. Colour profiles are not applied: the values are those of the file.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
from PIL import (
    BmpImagePlugin,
    ExifTags,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.imaging import sniff
from labeltool.imaging.budget import check_budget, fits_whole
from labeltool.imaging.reader import ImageInfo, Page, Pixels, Reader, ReaderBase, only_page
from labeltool.imaging.readers import tiff_pages
from labeltool.imaging.readers.large import MODES, LargeReader
from labeltool.imaging.scale import pixel_size

# Called directly rather than through Image.open, which would judge the size before we can name it.
_DECODERS: dict[str, Callable[[IO[bytes], str], Any]] = {
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.jpeg_factory,
    "tiff": TiffImagePlugin.TiffImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
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
_BITS_PER_SAMPLE, _SAMPLES_PER_PIXEL, _GEO_KEYS = 258, 277, 34735
_EIGHT_BITS = "Convert it to 8 bits a channel first; the range you choose then is what everybody sees"
_AGAIN = "Copy or download the file again, or export it again from where it came"


class RasterReader(ReaderBase):
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
    )

    def __init__(self, path: Path, info: ImageInfo, orientation: int) -> None:
        self.path = path
        self.info = info
        self._orientation = orientation
        self._pixels: Pixels | None = None

    @classmethod
    def can_read(cls, head: bytes, path: Path) -> bool:
        """True for the five kinds, unless the suffix promises a format that merely looks like TIFF."""
        return _kind(head) is not None and not _is_disguised(head, path)

    @classmethod
    def pages(cls, path: Path, axis: str) -> list[Page]:
        """The one image that such a file holds."""
        with cls.open(path) as reader:
            return [Page("", reader.info)]

    @classmethod
    def open(cls, path: Path, page: str = "") -> Reader:
        """Read the header; BadInputError for what is broken, too large, or not an 8-bit single image.

        Files too large to be decoded whole get a reader that reads by parts, where their kind allows it.
        """
        only_page(page, path)
        with _decoder(path) as (image, kind, head):
            orientation = _orientation(image, path)
            width, height = image.size
            if orientation >= 5 and kind != "tiff":  # Pillow turns TIFF by itself, and says so from the start
                width, height = height, width
            size = Size(width, height)
            info = ImageInfo(size, kind, image.mode, orientation > 1, pixel_size=pixel_size(path))
            by_parts = not fits_whole(size) and _is_read_by_parts(image, kind)
            _refuse_unread(image, kind, head, path)
            _refuse_stacks(image, kind, path)
        if by_parts:
            return LargeReader(path, info, orientation)
        check_budget(size, path)
        return cls(path, info, orientation)

    def read(self, box: Box | None = None) -> Pixels:
        """The displayed pixels, read-only; BadInputError when the file is cut off or damaged."""
        if self._pixels is None:
            self._pixels = self._decode()
        return self._pixels if box is None else self._pixels[box.slices()]

    def verify(self) -> None:
        """Decode the image; BadInputError when it is cut off or damaged."""
        self.read()

    def close(self) -> None:
        """Let go of the pixels; the file is not held open."""
        self._pixels = None

    def _decode(self) -> Pixels:
        if self.info.kind == "png":
            with _decoder(self.path) as (image, _, _):
                image.verify()  # checksums: a flipped bit may well decode
        with _decoder(self.path) as (image, kind, _):
            image.load()
            rgb = _rgb(image)
            if kind != "tiff" and self._orientation in _TURNS:
                rgb = rgb.transpose(_TURNS[self._orientation])
            pixels = np.asarray(rgb)
        if pixels.shape != (self.info.size.height, self.info.size.width, 3):
            raise BadInputError("the image has another size than a moment ago", file=self.path, hint=_AGAIN)
        pixels.flags.writeable = False
        return pixels


def _kind(head: bytes) -> str | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "bmp"
    return None


def _is_disguised(head: bytes, path: Path) -> bool:
    """True for what is built on TIFF and means something else: whole slides, camera raw files."""
    return _kind(head) == "tiff" and sniff.by_suffix(path) is not None


_one_at_a_time = threading.RLock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Pillow's warnings to itself; what they say of a broken file comes out as an error or does no harm."""
    with _one_at_a_time, warnings.catch_warnings():  # the list of filters is shared by all threads
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _decoder(path: Path) -> Iterator[tuple[Any, str, bytes]]:
    """A file inside Pillow: image, kind, first bytes. Whatever goes wrong in there comes out as BadInputError."""
    kind = ""
    try:
        with path.open("rb") as file, _quiet():
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
        raise _explained(error, kind, path) from error


def _explained(error: Exception, kind: str, path: Path) -> BadInputError:
    if any(words in str(error) for words in ("unknown pixel mode", "samples per pixel")):
        return _too_many_bands(kind, path)
    return BadInputError(f"the {kind.upper()} file is cut off or damaged ({error})", file=path, hint=_AGAIN)


def _is_read_by_parts(image: Any, kind: str) -> bool:
    """Interlaced PNG and progressive JPEG have their last pixels all over, so they cannot be."""
    scattered = image.info.get("interlace") or image.info.get("progressive")
    return kind in ("png", "jpeg", "tiff") and image.mode in MODES and not scattered


def _too_many_bands(kind: str, path: Path) -> BadInputError:
    what = f"a {kind.upper()} with a number of bands or bits that is not read yet"
    return BadInputError(what, file=path, hint="Save the bands you need as 8-bit grey or RGB")


def _refuse_unread(image: Any, kind: str, head: bytes, path: Path) -> None:
    is_geotiff = kind == "tiff" and _GEO_KEYS in image.tag_v2
    if kind == "tiff" and image.tag_v2.get(_SAMPLES_PER_PIXEL, 1) > len(image.getbands()):
        raise _too_many_bands(kind, path)  # Pillow would leave the others out without a word
    bits = _bits(image, kind, head)
    if bits > 8:
        what = "GeoTIFF" if is_geotiff else "image"
        number = "floating-point" if image.mode == "F" else f"{bits}-bit"
        raise BadInputError(f"{number} {what}s are not read yet", file=path, hint=_EIGHT_BITS)
    if image.mode not in _MODES:
        raise BadInputError(
            f"images of pixel mode {image.mode} are not read yet", file=path, hint=_EIGHT_BITS
        )


def _refuse_stacks(image: Any, kind: str, path: Path) -> None:
    """BadInputError for several images in a file, unless the others are smaller versions of the first."""
    try:
        pages = getattr(image, "n_frames", 1)
    except SyntaxError:  # a page that Pillow does not know, perhaps a mask of transparency
        pages = 2
    if pages == 1 or image.format == "MPO":  # a phone's JPEG may hold previews after the photo
        return
    if kind == "tiff" and tiff_pages.is_pyramid(path):
        return
    what, part = ("multi-page TIFF", "page") if kind == "tiff" else (f"animated {kind.upper()}", "frame")
    hint = f"Save the {part} you need as a file of its own"
    raise BadInputError(f"{what} ({pages} {part}s)", file=path, hint=hint)


def _bits(image: Any, kind: str, head: bytes) -> int:
    """Bits a channel in the file, which Pillow may have reduced."""
    if kind == "png":
        return head[24]
    if kind == "tiff":
        return int(max(image.tag_v2.get(_BITS_PER_SAMPLE, (1,))))
    return 8


def _orientation(image: Any, path: Path) -> int:
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
