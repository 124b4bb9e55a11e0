"""Maps and pictures from above: GeoTIFF, COG, JPEG 2000, VRT, and what else GDAL reads that nobody here does."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from labeltool.core.errors import BadInputError
from labeltool.core.extras import GEO
from labeltool.imaging import sniff
from labeltool.imaging.reader import Page, Reader
from labeltool.imaging.readers.gdal import FARTHEST, TIFF_HEADS, GdalReader, pages_of, world_file
from labeltool.imaging.readers.vrt import check_vrt

_GEO_TAGS: Final = frozenset({33550, 33922, 34264, 34735, 42112, 42113, 50844})
"""Pixel scale, tie points, transformation, keys; GDAL's metadata and no-data; rational polynomials."""
_JPEG2000: Final = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_MOST_TAGS: Final = 4096


class Kind(NamedTuple):
    """A kind of file: what it is called, and which of GDAL's drivers may open it."""

    name: str
    drivers: tuple[str, ...]


_TIFF = Kind("tiff", ("GTiff",))
_JP2 = Kind("jpeg2000", ("JP2OpenJPEG",))
_VRT = Kind("vrt", ("VRT",))
_ENVI = Kind("envi", ("ENVI", "EHdr"))
_OTHERS: Final[dict[str, Kind]] = {
    ".img": Kind("erdas", ("HFA",)),
    ".asc": Kind("asc", ("AAIGrid", "GRASSASCIIGrid")),
    ".hgt": Kind("hgt", ("SRTMHGT",)),
    **dict.fromkeys((".dt0", ".dt1", ".dt2"), Kind("dted", ("DTED",))),
    **dict.fromkeys((".grb", ".grb2", ".grib", ".grib2"), Kind("grib", ("GRIB",))),
    **dict.fromkeys((".ntf", ".nitf"), Kind("nitf", ("NITF",))),
    **dict.fromkeys((".bil", ".bip", ".bsq"), _ENVI),
    **dict.fromkeys((".pgm", ".ppm", ".pnm"), Kind("netpbm", ("PNM",))),
    ".sdat": Kind("saga", ("SAGA",)),
    ".rst": Kind("idrisi", ("RST",)),
    ".dem": Kind("dem", ("USGSDEM",)),
    ".grd": Kind("grd", ("GSAG", "GSBG", "GS7BG")),
}
"""By suffix. Drivers that ask servers, run code or follow names to other folders are not among them."""
_HEADS: Final[dict[str, tuple[bytes, ...]]] = {
    ".img": (b"EHFA_HEADER_TAG",),
    ".asc": (b"ncols", b"NCOLS", b"nrows", b"NROWS", b"north:"),
    ".dem": tuple(bytes([byte]) for byte in range(32, 127)),
    ".grd": (b"DSAA", b"DSBB", b"DSRB"),
    **dict.fromkeys((".ntf", ".nitf"), (b"NITF", b"NSIF")),
    **dict.fromkeys((".pgm", ".ppm", ".pnm"), (b"P5", b"P6")),
    **dict.fromkeys((".dt0", ".dt1", ".dt2"), (b"UHL", b"HDR", b"VOL")),
}
"""How files of a suffix begin that others use as well."""


class GeoReader:
    """GeoTIFF (a TIFF that says where it lies, or of no-data), JPEG 2000 and VRT."""

    priority: ClassVar[int] = 20
    suffixes: ClassVar[tuple[str, ...]] = (
        ".tif",
        ".tiff",
        ".jp2",
        ".j2k",
        ".jpx",
        ".jpf",
        ".j2c",
        ".jpc",
        ".vrt",
    )

    @classmethod
    def can_read(cls, head: bytes, path: Path) -> bool:
        """True for the three kinds. Without the extra a TIFF is left to the other readers."""
        kind = _kind(head, path)
        if kind is not _TIFF:
            return kind is not None
        return not GEO.missing and sniff.by_suffix(path) is None and _is_map(path)

    @classmethod
    def pages(cls, path: Path, axis: str) -> list[Page]:
        """One image, or the pages of a TIFF that are images of their own."""
        kind = _checked(_kind(_head(path), path), path)
        return pages_of(path, kind.drivers, kind.name)

    @classmethod
    def open(cls, path: Path, page: str = "") -> Reader:
        """Read the header; BadInputError for what is broken, and for a VRT that names files outside its folder."""
        kind = _checked(_kind(_head(path), path), path)
        return GdalReader(path, page, kind.drivers, kind.name)


class GdalFormatsReader:
    """Other rasters of remote sensing: ENVI, HGT, ASC, GRIB, Erdas, NITF, ..."""

    priority: ClassVar[int] = -20
    suffixes: ClassVar[tuple[str, ...]] = tuple(_OTHERS)

    @classmethod
    def can_read(cls, head: bytes, path: Path) -> bool:
        """True by suffix and first bytes, and for anything beside an ENVI header."""
        return _other_kind(head, path) is not None

    @classmethod
    def pages(cls, path: Path, axis: str) -> list[Page]:
        """The one image that such a file holds."""
        with cls.open(path) as reader:
            return [Page("", reader.info)]

    @classmethod
    def open(cls, path: Path, page: str = "") -> Reader:
        """Read the header; BadInputError for what is broken."""
        kind = _checked(_other_kind(_head(path), path), path)
        return GdalReader(path, page, kind.drivers, kind.name)


def _checked(kind: Kind | None, path: Path) -> Kind:
    if kind is None:
        raise BadInputError("this is no raster that is read here", file=path)
    if GEO.missing:
        raise GEO.refusal(f"a file of the kind {kind.name}", path)
    if kind is _VRT:
        check_vrt(path)
    if kind is _TIFF and any(tag in (256, 257) and side > FARTHEST for tag, side in _tags(path)):
        raise BadInputError("the image claims more pixels in a row or column than any image has", file=path)
    return kind


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(sniff.HEAD_BYTES)


def _kind(head: bytes, path: Path) -> Kind | None:
    if head.startswith(TIFF_HEADS):
        return _TIFF
    if head.startswith(_JPEG2000):
        return _JP2
    return _VRT if path.suffix.lower() == ".vrt" and b"<VRTDataset" in head else None


def _other_kind(head: bytes, path: Path) -> Kind | None:
    suffix = path.suffix.lower()
    kind, heads = _OTHERS.get(suffix), _HEADS.get(suffix, (b"",))
    if kind is not None and kind is not _ENVI and head.lstrip().startswith(heads):
        return kind
    return _ENVI if suffix != ".hdr" and _has_header(path, plain=kind is _ENVI) else None


def _has_header(path: Path, *, plain: bool) -> bool:
    """True where a header of ENVI's lies beside a file; any ``plain`` one counts for suffixes that are used for this
    alone."""
    for beside in (path.with_name(f"{path.name}.hdr"), path.with_suffix(".hdr")):
        try:
            with beside.open("rb") as file:
                if plain or file.read(5).lower().rstrip() == b"envi":
                    return True
        except OSError:
            continue
    return False


def _is_map(path: Path) -> bool:
    return world_file(path) is not None or any(tag in _GEO_TAGS for tag, _ in _tags(path))


def _tags(path: Path) -> Iterator[tuple[int, int]]:
    """The tags of a TIFF's first directory, each with its first number where that stands there."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
            order, is_big = ("<" if head[:2] == b"II" else ">"), head[2:4] in (b"+\0", b"\0+")
            start, counter, entry = ("Q", "Q", 20) if is_big else ("I", "H", 12)
            (at,) = struct.unpack_from(order + start, head, 8 if is_big else 4)
            file.seek(at)
            (count,) = struct.unpack(order + counter, file.read(struct.calcsize(counter)))
            entries = file.read(min(count, _MOST_TAGS) * entry)
    except (OSError, struct.error, OverflowError, ValueError):
        return
    for place in range(0, len(entries) - entry + 1, entry):
        tag, kind = struct.unpack_from(order + "HH", entries, place)
        form = {3: "H", 16: start}.get(kind, "I")  # a classic TIFF has no room for a number of 8 bytes
        yield tag, struct.unpack_from(order + form, entries, place + (12 if is_big else 8))[0]
