"""Rasters that GDAL decodes: one file, its own directory and nothing else, no network, nothing written beside it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Box, Size
from labeltool.core.memory import MIB
from labeltool.imaging.budget import fits_whole
from labeltool.imaging.damage import AGAIN, damaged
from labeltool.imaging.ground import ground_of
from labeltool.imaging.quiet import quiet
from labeltool.imaging.reader import RGB, Georeference, ImageInfo, Page, Raw
from labeltool.imaging.readers import tiff_pages
from labeltool.imaging.readers.naming import page_key, page_number
from labeltool.imaging.readers.windowed import WindowedReader, level_of, there

FARTHEST: Final = 10_000_000
"""Pixels in a row or column that no image has."""
TIFF_HEADS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MOST_PIXELS: Final = 1 << 40
MOST_BANDS: Final = 4096

_BLOCK_BYTES: Final = 256 * MIB
_PIXELS_PER_BYTE: Final = 100_000
"""More than this no JPEG 2000 packs into a byte."""
_SETTINGS: Final[dict[str, Any]] = {
    "GDAL_PAM_ENABLED": "NO",  # no .aux.xml, neither written nor believed
    "GDAL_CACHEMAX": 64,
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_VRT_ENABLE_RAWRASTERBAND": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "GDAL_HTTP_MAX_RETRY": 0,
    "GDAL_HTTP_CONNECTTIMEOUT": 1,
    "PROJ_NETWORK": "OFF",
    "USE_RRD": "NO",
}
_WORLD_FILES: Final = (".tfw", ".tifw", ".tiffw", ".wld", ".j2w", ".jp2w")


@contextmanager
def gdal(*, companions: bool = False) -> Iterator[Any]:
    """rasterio with safe settings. With ``companions`` files of the same name (a header) are looked for."""
    import rasterio  # noqa: PLC0415 - an extra

    only = "TRUE" if companions else "EMPTY_DIR"
    with rasterio.Env(**_SETTINGS, GDAL_DISABLE_READDIR_ON_OPEN=only):
        yield rasterio


class GdalReader(WindowedReader):
    """A raster that GDAL reads by windows, with the file's own overviews.

    Values are as stored, alpha left out; where the file has a palette they are its colours, RGB. ``gcps`` are the
    file's ground control points and their CRS as rasterio gives them, for files that have those and no transform.
    """

    def __init__(self, path: Path, page: str, drivers: Sequence[str], kind: str) -> None:
        self._drivers, self._kind = tuple(drivers), kind
        self._one_at_a_time = (
            threading.Lock()
        )  # a pyramid's threads share a reader, and GDAL's datasets are not for that
        self._companions = kind not in ("tiff", "geotiff", "jpeg2000", "vrt")
        with self._explained(path):
            if self._companions:
                _refuse_strange_companions(path)
            self._file = self._opened(path, page, None)
            _refuse_lies(self._file, path, kind)
            self.gcps: tuple[list[Any], Any] = self._file.gcps
            self.rpcs: Any = self._file.rpcs
            self._bands = _bands(self._file)
            self._palette = _palette(self._file, self._bands)
            super().__init__(path, self._header(path), page)
            self._levels = {0: self._file}
            self._levels |= self._overviews()

    @property
    def levels(self) -> list[int]:
        """The image, and those of the file's overviews that lie on our grid."""
        return sorted(self._levels)

    @property
    def tile_side(self) -> int:
        """The larger side of the file's own tiles, where it has some."""
        height, width = self._file.block_shapes[0]
        return int(max(height, width)) if width < self.info.size.width else super().tile_side

    def read_level(self, box: Box, level: int) -> Raw:
        """See :class:`WindowedReader`."""
        file = self._levels[level]
        wanted = there(box, Size(file.width, file.height))
        with self._explained(self.path), self._one_at_a_time:
            values = file.read(
                self._bands,
                window=((wanted.y0, wanted.y1), (wanted.x0, wanted.x1)),
                out_dtype=None if self._palette is not None else self.info.dtype,
            )
        if self._palette is not None:
            return np.asarray(self._palette[values[0]])
        pixels = np.ascontiguousarray(np.moveaxis(values, 0, -1))
        pixels.flags.writeable = False
        return pixels

    def has_values(self, box: Box) -> bool:
        """False where a sparse TIFF holds none of the blocks of a box, or all of it is masked out or transparent."""
        with self._explained(self.path), self._one_at_a_time:
            if self._file.driver == "GTiff" and not self._is_stored(box):
                return False
            band = self._bands[0]
            if not {flag.name for flag in self._file.mask_flag_enums[band - 1]} & {"alpha", "per_dataset"}:
                return True
            return bool(self._file.read_masks(band, window=((box.y0, box.y1), (box.x0, box.x1))).any())

    def _is_stored(self, box: Box) -> bool:
        height, width = self._file.block_shapes[0]
        rows = range(box.y0 // height, -(-box.y1 // height))
        cols = range(box.x0 // width, -(-box.x1 // width))
        return any(
            self._file.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", bidx=band) is not None
            for band in self._bands
            for row in rows
            for col in cols
        )

    def reopened(self) -> GdalReader:
        """Another reader of the same file, for another thread."""
        return GdalReader(self.path, self.page, self._drivers, self._kind)

    def verify(self) -> None:
        """BadInputError where pieces of a TIFF lie behind its end, or where a file of moderate size cannot be
        decoded."""
        if self._file.driver == "GTiff" and not all(each.complete for each in tiff_pages.pages(self.path)):
            raise damaged("TIFF file", "pixels lie behind its end", self.path)
        if fits_whole(self.info.size, self.info.pixel_bytes):
            self.read_level(self.info.size.box, 0)

    def close(self) -> None:
        """Let go of the file."""
        with self._one_at_a_time:
            for file in self._levels.values():
                file.close()

    def _header(self, path: Path) -> ImageInfo:
        file = self._file
        size = Size(file.width, file.height)
        types = {np.dtype(file.dtypes[band - 1]) for band in self._bands}
        dtype = np.result_type(*types)
        if dtype.kind not in "uif":
            raise BadInputError(
                f"the values are complex numbers ({dtype}), which are not shown or labelled",
                file=path,
                hint="Save amplitude or phase as a band of their own",
            )
        georeference = _georeference(file, path)
        ground = ground_of(georeference)
        channels = RGB if self._palette is not None else tuple(_names(file, self._bands))
        return ImageInfo(
            size,
            "geotiff" if self._kind == "tiff" and (georeference or self.gcps[0]) else self._kind,
            _mode(file, dtype, georeference),
            dtype="uint8" if self._palette is not None else dtype.name,
            channels=channels,
            composite=_composite(channels),
            nodata=None if self._palette is not None else _nodata(file, self._bands, dtype),
            unit=(file.units[0] or "")[:40] if len(set(file.units)) == 1 else "",
            pixel_size=None if ground is None else _sure(ground.pixel_size(size)),
            georeference=georeference,
        )

    def _opened(self, path: Path, page: str, overview: int | None) -> Any:
        """The dataset, of a page or of an overview."""
        extra = {} if overview is None else {"overview_level": overview}
        with gdal(companions=self._companions), quiet():  # no place on the map is nothing to warn of
            file = self._by_one_of_the_drivers(path, extra)
            inner = [] if self._companions else file.subdatasets
            if not page and (len(inner) < 2 or file.count):
                return file
            file.close()
            return self._by_one_of_the_drivers(inner[page_number(page, len(inner), path)], extra)

    def _by_one_of_the_drivers(self, name: Path | str, extra: dict[str, int]) -> Any:
        import rasterio  # noqa: PLC0415 - an extra

        *others, last = self._drivers
        for driver in others:
            with contextlib.suppress(rasterio.RasterioIOError):
                return rasterio.open(name, driver=driver, **extra)
        return rasterio.open(name, driver=last, **extra)

    def _overviews(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for number in range(len(self._file.overviews(1))):
            file = self._opened(self.path, self.page, number)
            level = level_of(Size(file.width, file.height), self.sizes)
            if level and level not in found:
                found[level] = file
            else:
                file.close()
        return found

    @contextmanager
    def _explained(self, path: Path) -> Iterator[None]:
        try:
            with gdal(companions=self._companions):
                yield
        except BadInputError:
            raise
        except MemoryError as error:
            raise BadInputError("not enough memory to decode the image", file=path) from error
        except Exception as error:  # of broken files GDAL raises nearly everything
            raise damaged(f"{self._kind.upper()} file", _innermost(error), path) from error


def pages_of(path: Path, drivers: Sequence[str], kind: str) -> list[Page]:
    """The pages of a TIFF whose pages are images of their own, else the one image."""
    with GdalReader(path, "", drivers, kind) as first:
        count = len(first._file.subdatasets)
        if count < 2:
            return [Page("", first.info)]
    found = []
    for number in range(count):
        key = page_key(number, count)
        with GdalReader(path, key, drivers, kind) as reader:
            found.append(Page(key, reader.info))
    return found


def _innermost(error: BaseException) -> BaseException:
    """The first cause; rasterio's own words are often "Read failed. See previous exception"."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _refuse_lies(file: Any, path: Path, kind: str) -> None:
    """BadInputError for what cannot be, or cannot be read in bounded memory."""
    size, length = Size(file.width, file.height), path.stat().st_size
    if max(size) > FARTHEST or size.pixels > MOST_PIXELS:
        raise BadInputError(
            f"the image claims {size.width:,} x {size.height:,} pixels", file=path, hint=AGAIN
        )
    if not file.count:
        raise BadInputError("the file holds no image", file=path)
    if file.count > MOST_BANDS:
        raise BadInputError(f"the image has {file.count:,} bands; at most {MOST_BANDS:,} are read", file=path)
    height, width = file.block_shapes[0]
    together = file.count if str(file.profile.get("interleave", "")) == "pixel" else 1
    nbytes = int(height) * int(width) * together * np.dtype(file.dtypes[0]).itemsize
    if nbytes > _BLOCK_BYTES:
        raise BadInputError(
            f"the image is stored in pieces of {width:,} x {height:,} pixels, too large to be read by parts",
            file=path,
            hint="Save it again with tiles of 256 or 512 pixels",
        )
    blocks = -(-size.width // width) * -(-size.height // height)
    held = (
        blocks * 2 if file.driver == "GTiff" else size.pixels // _PIXELS_PER_BYTE if kind == "jpeg2000" else 0
    )
    if held > length:
        raise BadInputError(
            f"the image claims {size.width:,} x {size.height:,} pixels, more than its file can hold",
            file=path,
            hint=AGAIN,
        )


def _refuse_strange_companions(path: Path) -> None:
    """GDAL takes files of these names for overviews and masks, whatever they are."""
    for suffix in (".ovr", ".OVR", ".msk", ".MSK"):
        beside = path.with_name(path.name + suffix)
        if not beside.exists():
            continue
        with beside.open("rb") as file:
            head = file.read(4)
        if head not in TIFF_HEADS:
            raise BadInputError(f"the file beside it, {beside.name}, is not an overview", file=path)


def _bands(file: Any) -> list[int]:
    """The numbers (from 1) of all bands but alpha."""
    found = [band for band, kind in enumerate(file.colorinterp, start=1) if kind.name != "alpha"]
    return found or list(range(1, file.count + 1))


def _palette(file: Any, bands: list[int]) -> NDArray[np.uint8] | None:
    """The colours of an image whose only band are indices, uint8 [n, 3]."""
    whole = {"uint8": 256, "uint16": 65_536}.get(file.dtypes[0], 0)
    if len(bands) != 1 or not whole or file.colorinterp[bands[0] - 1].name != "palette":
        return None
    colours = np.zeros((whole, 3), np.uint8)
    for value, rgba in file.colormap(bands[0]).items():
        if 0 <= value < whole:
            colours[value] = rgba[:3]
    return colours


def _names(file: Any, bands: list[int]) -> Iterator[str]:
    """Unique names: what the file calls a band, else its colour, else its number."""
    taken: set[str] = set()
    for band in bands:
        colour, said = file.colorinterp[band - 1].name, (file.descriptions[band - 1] or "").strip()
        plain = colour not in ("gray", "undefined", "palette")
        name = said[:80] if said.isprintable() and said else colour if plain else f"band {band}"
        name = "grey" if len(bands) == 1 and colour == "gray" and not said else name
        name = name if name not in taken else f"{name} ({band})"
        taken.add(name)
        yield name


def _composite(channels: tuple[str, ...]) -> tuple[int, int, int]:
    """Red, green and blue where the file knows them, else its first three bands, else the first as grey."""
    folded = [name.casefold() for name in channels]
    if all(colour in folded for colour in RGB):
        red, green, blue = (folded.index(colour) for colour in RGB)
        return red, green, blue
    return (0, 1, 2) if len(channels) >= 3 else (0, 0, 0)


def _nodata(file: Any, bands: list[int], dtype: np.dtype[Any]) -> float | None:
    """The value for no value, where it is the same in all bands and one that the type holds."""
    values = {file.nodatavals[band - 1] for band in bands}
    if len(values) != 1 or (value := values.pop()) is None or np.isnan(value):
        return None
    if dtype.kind in "ui":
        ends = np.iinfo(dtype)
        return float(value) if float(value).is_integer() and ends.min <= value <= ends.max else None
    return float(value)


def _mode(file: Any, dtype: np.dtype[Any], georeference: Georeference | None) -> str:
    """What people are told of the file: bands, type, and what its place on the map is made of."""
    bands = "1 band" if file.count == 1 else f"{file.count} bands"
    palette = ", palette" if file.colorinterp[0].name == "palette" else ""
    if georeference is None:
        points = len(file.gcps[0])
        place = f", {points} ground control points only" if points else ", no place on the map"
    else:
        a, b, _, d, e, _ = georeference.transform
        turned = ", turned" if b or d or a < 0 or e > 0 else ""
        place = turned if georeference.crs else f"{turned}, no coordinate system"
    return f"{bands}, {dtype.name}{palette}{place}"


def _georeference(file: Any, path: Path) -> Georeference | None:
    """As the file or the world file beside it says; None where there is no transform."""
    transform = file.transform
    numbers: tuple[float, ...] | None = tuple(float(number) for number in transform[:6])
    if transform.is_identity:
        numbers = None if file.gcps[0] else _world_file(path)
    if (
        numbers is None
        or not np.isfinite(numbers).all()
        or not numbers[0] * numbers[4] - numbers[1] * numbers[3]
    ):
        return None
    a, b, c, d, e, f = numbers
    return Georeference(_crs_text(file.crs), (a, b, c, d, e, f))


def _crs_text(crs: Any) -> str:
    """An authority's code where it says the very same, else WKT."""
    if not crs:
        return ""
    text = str(crs.to_string())
    return text if crs == type(crs).from_user_input(text) else str(crs.to_wkt())


def world_file(path: Path) -> Path | None:
    """The file of six numbers that lies beside an image."""
    return next((each for suffix in _WORLD_FILES if (each := path.with_suffix(suffix)).is_file()), None)


def _world_file(path: Path) -> tuple[float, ...] | None:
    beside = world_file(path)
    if beside is None or beside.stat().st_size > 4096:
        return None
    try:
        a, d, b, e, c, f = (float(word) for word in beside.read_text("ascii").split())
    except ValueError:
        return None
    return a, b, c - (a + b) / 2, d, e, f - (d + e) / 2  # it names the centre of the first pixel


def _sure(size: Any) -> Any:
    """A size of a pixel that is one."""
    return size if all(np.isfinite(side) and side > 0 for side in (size.x, size.y)) else None
