"""Whole-slide images of pathology's scanners, through OpenSlide: a pyramid of RGB with its pixel size.

Label, macro and thumbnail are not shown; a label may name a patient.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.core.extras import MICROSCOPY
from labeltool.core.geometry import TILE, Box, Size
from labeltool.imaging.budget import fits_whole
from labeltool.imaging.damage import one_line
from labeltool.imaging.reader import ImageInfo, Page, Raw, Reader, only_page
from labeltool.imaging.readers.tiff_directories import check_tags
from labeltool.imaging.readers.tiff_planes import opened
from labeltool.imaging.readers.windowed import WindowedReader, level_of, there
from labeltool.imaging.scale import PixelSize

OPENSLIDE = MICROSCOPY.part("openslide")

_TIFF_SUFFIXES = (".svs", ".ndpi", ".scn", ".bif", ".svslide", ".avs")
"""Of scanners' files that are TIFF inside and must not be taken for ordinary ones."""

_OTHER_SUFFIXES = (".mrxs", ".vms", ".vmu")
_TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORDINARY = ("generic-tiff", "dicom")
"""What OpenSlide reads, and others here read better."""

_WHITE = (255, 255, 255)
_STRIPE = 2048


class SlideReader(WindowedReader):
    """One slide; the levels of its file that are halves of halves, RGB with what is transparent in its background."""

    priority: ClassVar[int] = 30
    suffixes: ClassVar[tuple[str, ...]] = (*_TIFF_SUFFIXES, *_OTHER_SUFFIXES)

    def __init__(self, path: Path, slide: Any) -> None:
        self._slide = slide
        self._one_at_a_time = Lock()
        with _refusing(path):
            properties = dict(slide.properties)
            super().__init__(path, _info(slide, properties))
            self._background = _colour(properties.get("openslide.background-color", ""))
            self._levels: dict[int, int] = {}
            for number, (width, height) in enumerate(slide.level_dimensions):
                level = level_of(Size(width, height), self.sizes)
                if level is not None:
                    self._levels.setdefault(level, number)
            self._side = _tile_side(properties)

    @classmethod
    def can_read(cls, head: bytes, path: Path) -> bool:
        """True for what a scanner's suffix promises and its head does not deny, and for the TIFFs that are slides by
        their content."""
        suffix = path.suffix.lower()
        is_tiff = head[:4] in _TIFF_HEADS
        if suffix in _TIFF_SUFFIXES:
            return is_tiff
        if suffix in _OTHER_SUFFIXES:
            return True
        return is_tiff and _is_from_scanner(path)

    @classmethod
    def pages(cls, path: Path, axis: str) -> list[Page]:
        """The one image of the specimen."""
        with cls.open(path) as reader:
            return [Page("", reader.info)]

    @classmethod
    def open(cls, path: Path, page: str = "") -> Reader:
        """Read the header. BadInputError when it is broken, of a kind not known, or OpenSlide is not installed."""
        if OPENSLIDE.missing:
            raise OPENSLIDE.refusal("a whole-slide image", path)
        only_page(page, path)
        return cls(path, _opened(path))

    @property
    def levels(self) -> list[int]:
        """The levels that windows are read from."""
        return sorted(self._levels)

    @property
    def tile_side(self) -> int:
        """The larger side of the slide's own tiles."""
        return self._side

    def read_level(self, box: Box, level: int) -> Raw:
        """A box of one of the slide's own levels; any thread may ask."""
        number = self._levels[level]
        with self._one_at_a_time, _refusing(self.path, box, level):
            part = there(box, Size(*self._slide.level_dimensions[number]))
            # OpenSlide counts in pixels of the slide and asks for whole ones: this is the nearest to the level's own.
            scale = self._slide.level_downsamples[number]
            place = (round(part.x0 * scale), round(part.y0 * scale))
            rgba = np.asarray(self._slide.read_region(place, number, (part.width, part.height)))
        return _on(self._background, rgba)

    def reopened(self) -> SlideReader:
        """Another reader of the same slide, for a thread that would keep the others waiting."""
        return SlideReader(self.path, _opened(self.path))

    def verify(self) -> None:
        """BadInputError when a place cannot be read: anywhere in a small slide, else in stripes through the middle; and
        in the last corner of each level, which lies last in the file."""
        size = self.info.size
        if fits_whole(size):
            self.read()
        else:
            x, y = size.width // 2, size.height // 2
            across = (Box(start, y, start + _STRIPE, y + 1) for start in range(0, size.width, _STRIPE))
            down = (Box(x, start, x + 1, start + _STRIPE) for start in range(0, size.height, _STRIPE))
            for box in (*across, *down):
                self.read_level(box.intersect(size.box), 0)
        for level in self.levels:
            last = self.sizes[level]
            corner = Box(last.width - TILE, last.height - TILE, last.width, last.height)
            self.read_level(corner.intersect(last.box), level)

    def close(self) -> None:
        """Let go of the slide."""
        with self._one_at_a_time:
            self._slide.close()


def _on(background: tuple[int, int, int], rgba: Raw) -> Raw:
    """RGB over a background. A slide may say that millions of pixels are not there: nothing is reckoned for those."""
    alpha = rgba[..., 3]
    out = np.array(rgba[..., :3], order="C")
    np.copyto(out, np.array(background, np.uint8), where=(alpha == 0)[..., None])
    thin = (alpha > 0) & (alpha < 255)
    if thin.any():
        part = alpha[thin].astype(np.uint16)[:, None]
        ground = np.array(background, np.uint16) * (255 - part)
        out[thin] = (out[thin].astype(np.uint16) * part + ground + 127) // 255
    return out


def _is_from_scanner(path: Path) -> bool:
    """True for a TIFF that OpenSlide, or without it tifffile, takes for a scanner's. Slides are stored in tiles, so
    that of most files nothing but the first directory is looked at."""
    try:
        with opened(path) as file:
            page = file.pages[0]
            if not page.is_tiled:
                return False
            told = page.is_svs or page.is_ndpi or page.is_scn or page.is_bif or page.is_philips or page.is_avs
    except Exception:  # of broken files tifffile raises nearly everything; another reader will say so
        return False
    if OPENSLIDE.missing:
        return bool(told)
    import openslide  # noqa: PLC0415 - only for files that may be slides

    try:
        check_tags(path)
    except BadInputError:
        return False
    vendor = openslide.OpenSlide.detect_format(str(path))
    return vendor is not None and vendor not in _ORDINARY


def _opened(path: Path) -> Any:
    import openslide  # noqa: PLC0415

    with _refusing(path):
        if path.suffix.lower() not in _OTHER_SUFFIXES:
            try:
                check_tags(path)
            except BadInputError as error:
                raise openslide.OpenSlideUnsupportedFormatError(error.message) from error
        return openslide.OpenSlide(str(path))


@contextlib.contextmanager
def _refusing(path: Path, box: Box | None = None, level: int = 0) -> Iterator[None]:
    """What OpenSlide raises comes out as BadInputError, with the place where that is known."""
    import openslide  # noqa: PLC0415

    try:
        yield
    except openslide.OpenSlideUnsupportedFormatError as error:
        raise BadInputError(
            "this is a whole-slide image that is cut off, damaged or of a scanner that is not known",
            file=path,
            hint="Check that all its files are there (a .mrxs has a folder of the same name), or export it as TIFF",
        ) from error
    except BadInputError:
        raise
    except Exception as error:  # of damaged slides the library raises nearly everything
        where = "" if box is None else f" at x {box.x0 << level:,}, y {box.y0 << level:,}"
        raise BadInputError(
            f"the whole-slide image is cut off or damaged{where} ({one_line(error)})",
            file=path,
            hint="Copy or download it again, with all files that belong to it",
        ) from error


def _info(slide: Any, properties: dict[str, str]) -> ImageInfo:
    vendor = properties.get("openslide.vendor", "slide")
    power = _real(properties.get("openslide.objective-power"))
    x, y = (_real(properties.get(f"openslide.mpp-{side}")) for side in "xy")
    return ImageInfo(
        Size(*slide.dimensions),
        "slide",
        vendor if power is None else f"{vendor}, objective {power:g}x",
        pixel_size=PixelSize(x * 1e-6, y * 1e-6) if x and y else None,
    )


def _real(text: str | None) -> float | None:
    """A positive number."""
    try:
        value = float(text) if text else 0.0
    except ValueError:
        return None
    return value if value > 0 and math.isfinite(value) else None


def _colour(text: str) -> tuple[int, int, int]:
    """RRGGBB in hexadecimal digits; white for anything else."""
    try:
        red, green, blue = bytes.fromhex(text)
    except ValueError:
        return _WHITE
    return red, green, blue


def _tile_side(properties: dict[str, str]) -> int:
    sides = (_real(properties.get(f"openslide.level[0].tile-{side}")) for side in ("width", "height"))
    side = max((int(each) for each in sides if each), default=TILE)
    return min(max(side, 1), 4096)
