"""What a VRT may say before GDAL sees it: a mosaic of TIFF, JPEG 2000 and PNG files that lie below its own folder.

A VRT can name any file of the machine, addresses in the network, and programs to run for a pixel. Here the elements
that plain mosaics are made of are let through, every other one is refused.
"""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from pathlib import Path
from typing import Final

import defusedxml
import defusedxml.ElementTree

from labeltool.core.errors import BadInputError

MOST_BYTES: Final = 1 << 26
_PLAIN: Final = frozenset(
    "VRTDataset SRS GeoTransform GCPList GCP Metadata MDI VRTRasterBand ColorInterp NoDataValue Description UnitType "
    "Offset Scale ColorTable Entry CategoryNames Category HideNoDataValue SimpleSource ComplexSource AveragedSource "
    "NoDataFromMaskSource SourceFilename SourceBand SourceProperties SrcRect DstRect NODATA LUT ScaleOffset ScaleRatio "
    "UseMaskBand MaskBand BlockXSize BlockYSize Exponent SrcMin SrcMax DstMin DstMax OverviewList Histograms HistItem "
    "HistMin HistMax BucketCount IncludeOutOfRange Approximate HistCounts".split()
)
_SOURCES: Final = (
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\x4f\xff\x51",
    b"\0\0\0\x0cjP  ",
)
"""How files begin that are taken for sources. GDAL tells them by their content too, and each holds a zero byte before
any text could make it something else."""
_HINT = "Convert it with gdal_translate to a GeoTIFF where you trust it"


def check_vrt(path: Path) -> None:
    """BadInputError for a VRT that is more than a mosaic of files below its folder."""
    root = _root(path)
    for element in root.iter():
        if element.tag not in _PLAIN or (element is not root and element.tag == root.tag):
            raise _refused(f"the VRT holds {str(element.tag)[:60]!r}, which is not read", path)
        if element.get("subClass"):
            raise _refused(f"the VRT is a {element.get('subClass', '')[:60]!r}, which is not read", path)
        if element.tag == "SourceFilename":
            _check_source(element.text or "", path)
        elif element.tag in ("SimpleSource", "ComplexSource", "AveragedSource") and not len(element):
            raise _refused("the VRT has a source without a file", path)


def _root(path: Path) -> Xml.Element:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInputError(f"the VRT is larger than {MOST_BYTES >> 20} MB", file=path)
        root: Xml.Element = defusedxml.ElementTree.fromstring(path.read_bytes(), forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise BadInputError(f"the VRT holds what no mosaic needs ({error})", file=path) from error
    except (OSError, Xml.ParseError, ValueError, LookupError, RecursionError) as error:
        raise BadInputError(f"the VRT cannot be read: {error}", file=path) from error
    if root.tag != "VRTDataset":
        raise BadInputError("this is XML and no VRT", file=path)
    return root


def _check_source(name: str, path: Path) -> None:
    if not name or not name.isprintable() or len(name) > 4096:
        raise _refused("the VRT names a source that is no file", path)
    folder = path.resolve().parent
    try:
        source = (folder / name).resolve()
        if not source.is_relative_to(folder):
            raise _refused(f"the VRT names a source outside its folder ({name[:120]!r})", path)
        with source.open("rb") as file:
            head = file.read(12)
    except (OSError, ValueError, RuntimeError) as error:
        raise _refused(f"the VRT names a source that is not there ({name[:120]!r})", path) from error
    if not head.startswith(_SOURCES):
        raise _refused(f"the VRT names a source that is no TIFF, JPEG 2000 or PNG ({name[:120]!r})", path)


def _refused(what: str, path: Path) -> BadInputError:
    return BadInputError(what, file=path, hint=_HINT)
