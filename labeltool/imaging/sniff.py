"""Kinds of files that are not read (yet), told by their first bytes or their suffix, so that refusals can name them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

HEAD_BYTES = 512
"""How much of a file is looked at to tell its kind."""

DICOM_MAGIC = b"DICM"
PREAMBLE_BYTES = 132
"""Bytes at the beginning of a DICOM file; they end with the magic."""


class Kind(NamedTuple):
    """A kind of file: how people call it (with its article), what to do with it, and how to know it.

    ``heads`` are (offset, bytes) of which one must match. ``image`` is False for what merely lies beside images.
    """

    name: str
    hint: str
    suffixes: tuple[str, ...] = ()
    heads: tuple[tuple[int, bytes], ...] = ()
    image: bool = True


_TO_PNG = "It is not read: convert it to PNG or TIFF"
_REGION = "The file is not what its suffix says: copy or download it again, with all files that belong to it"
_TO_OME = "It is not read: export it as OME-TIFF, for example with Fiji or bfconvert"
_FTYP = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")

KINDS: tuple[Kind, ...] = (
    Kind(
        "a whole-slide image",
        _REGION,
        (".svs", ".ndpi", ".mrxs", ".scn", ".vms", ".vmu", ".bif", ".svslide", ".avs"),
    ),
    Kind(
        "a microscope's own file", _TO_OME, (".czi", ".lif", ".nd2", ".lsm", ".stk", ".oib", ".oif", ".vsi")
    ),
    Kind("a camera raw file", _TO_PNG, (".dng", ".nef", ".cr2", ".cr3", ".arw", ".orf", ".rw2", ".raf")),
    Kind("a JPEG XL image", _TO_PNG, (".jxl",), ((4, b"JXL \r\n\x87\n"), (0, b"\xff\x0a"))),
    Kind(
        "an HEIC photo", _TO_PNG, (".heic", ".heif", ".hif"), tuple((4, b"ftyp" + brand) for brand in _FTYP)
    ),
    Kind("an AVIF image", _TO_PNG, (".avif",), ((4, b"ftypavif"), (4, b"ftypavis"))),
    Kind("a Photoshop file", _TO_PNG, (".psd", ".psb"), ((0, b"8BPS"),)),
    Kind("an OpenEXR image", _TO_PNG, (".exr",), ((0, b"\x76\x2f\x31\x01"),)),
    Kind("a FITS image", _TO_PNG, (".fits", ".fit", ".fts"), ((0, b"SIMPLE  ="),)),
    Kind("a netpbm image", _TO_PNG, (".pbm", ".pfm")),
    Kind(
        "an SVG drawing",
        "It holds no pixels: render it to PNG first",
        (".svg", ".svgz"),
        ((0, b"<svg"),),
        False,
    ),
    Kind(
        "a PDF",
        "It is not an image: render the page you need to PNG first",
        (".pdf",),
        ((0, b"%PDF-"),),
        False,
    ),
    Kind(
        "an archive",
        "Unpack it and give the images in it",
        (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz"),
        (
            (0, b"PK\x03\x04"),
            (0, b"PK\x05\x06"),
            (0, b"7z\xbc\xaf\x27\x1c"),
            (0, b"Rar!\x1a\x07"),
            (0, b"\x1f\x8b"),
        ),
        False,
    ),
    Kind(
        "an HDF5 file",
        "Export the planes you need as PNG or TIFF",
        (".h5", ".hdf5"),
        ((0, b"\x89HDF\r\n\x1a\n"),),
        False,
    ),
    Kind("a numpy array", "Save it as PNG or TIFF", (".npy", ".npz"), ((0, b"\x93NUMPY"),), False),
    Kind(
        "a video",
        "Extract the frames you need as PNG",
        (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"),
        ((0, b"\x1a\x45\xdf\xa3"), (8, b"AVI LIST"), (4, b"ftyp"), (0, b"\x00\x00\x01\xba")),
        False,
    ),
    Kind(
        "a web page",
        "The download went wrong: fetch the image itself",
        (".html", ".htm"),
        ((0, b"<!DOCTYPE html"), (0, b"<!doctype html"), (0, b"<html"), (0, b"<HTML")),
        False,
    ),
)


def by_suffix(path: Path) -> Kind | None:
    """The kind that a file's name promises."""
    name = path.name.lower()
    return next((kind for kind in KINDS if kind.suffixes and name.endswith(kind.suffixes)), None)


def by_head(head: bytes) -> Kind | None:
    """The kind that a file's first bytes show."""
    for kind in KINDS:
        if any(head[offset : offset + len(magic)] == magic for offset, magic in kind.heads):
            return kind
    return None


_DICOM_GROUPS = (b"\x02\0", b"\x08\0", b"\0\x02", b"\0\x08")
_DICOM_TYPES = (b"UL", b"UI", b"CS", b"DA", b"TM", b"SH", b"LO", b"OB")
_LONGEST_FIRST = 128


def is_dicom(head: bytes) -> bool:
    """True for the first bytes of a DICOM file; also of one without the preamble, as old archives hold them, where two
    elements of its first group follow each other."""
    if head[:PREAMBLE_BYTES].endswith(DICOM_MAGIC) and len(head) >= PREAMBLE_BYTES:
        return True
    group = head[:2]
    if group not in _DICOM_GROUPS:
        return False
    order: Literal["little", "big"] = "little" if group[0] else "big"
    if head[4:6] in _DICOM_TYPES:
        start, length = 8, int.from_bytes(head[6:8], order)
    else:
        start, length = 8, int.from_bytes(head[4:8], order)
    return length <= _LONGEST_FIRST and length % 2 == 0 and head[start + length : start + length + 2] == group
