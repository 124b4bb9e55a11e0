"""The header of a DICOM file, through pydicom: what is in it is read, checked and kept within bounds here.

Numbers and words of optional attributes that are broken count as missing; those without which the pixels would be
wrong refuse the file.
"""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.core.extras import FOR_DICOM
from labeltool.core.geometry import Size
from labeltool.imaging.budget import DECODE_BUDGET
from labeltool.imaging.damage import AGAIN, damaged, one_line
from labeltool.imaging.quiet import quiet
from labeltool.imaging.volumes import LastRead

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

_MOST_HEADER = 64 << 20
_MOST_FRAMES = 100_000
_OBJECTS = 8
"""How much larger a parsed header is than its bytes, roughly."""

_PIXELS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_LONG = {b"OB", b"OW", b"OF", b"OD", b"UN"}
_UNDEFINED = 0xFFFFFFFF
_DEFLATED = "1.2.840.10008.1.2.1.99"
_ELSEWHERE = (
    "1.2.840.10008.1.2.4.94",
    "1.2.840.10008.1.2.4.95",
    "1.2.840.10008.1.2.4.204",
    "1.2.840.10008.1.2.4.205",
)
_VIDEO = ("1.2.840.10008.1.2.4.10", "1.2.840.10008.1.2.7")
_NO_IMAGES = {
    "1.2.840.10008.1.3.10": ("a DICOMDIR, a list of files", "Give the files or their folder"),
    "1.2.840.10008.5.1.4.1.1.481.2": ("an RT Dose, a map of radiation", "Give the images that it belongs to"),
    "1.2.840.10008.5.1.4.1.1.77.1.6": (
        "a whole slide in DICOM, cut into tiles",
        "Give the slide in the scanner's own format",
    ),
}

_KEYWORDS = """
SOPClassUID SOPInstanceUID SpecificCharacterSet ImageType Modality PatientID IssuerOfPatientID
SeriesInstanceUID InstanceNumber ImagePositionPatient ImageOrientationPatient SliceThickness SpacingBetweenSlices
ImagerPixelSpacing EstimatedRadiographicMagnificationFactor PixelSpacingCalibrationType PixelSpacing
SequenceOfUltrasoundRegions Units SegmentationType MaximumFractionalValue
SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns
BitsAllocated BitsStored HighBit PixelRepresentation PixelPaddingValue PixelDataProviderURL
RescaleSlope RescaleIntercept RescaleType ModalityLUTSequence
WindowCenter WindowWidth WindowCenterWidthExplanation VOILUTSequence
RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor
RedPaletteColorLookupTableData GreenPaletteColorLookupTableData BluePaletteColorLookupTableData
SegmentedRedPaletteColorLookupTableData
SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence ExtendedOffsetTable ExtendedOffsetTableLengths
""".split()


class _File(io.BufferedReader):
    """A file of which nobody can ask for more than it has; while ``bounded``, nor for more than a header should be."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self.path = path
        self.length = path.stat().st_size
        self.bounded = False
        self.counted = 0

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self.length - self.tell())
        size = left if size is None or size < 0 else min(size, left)
        if self.bounded:
            self.counted += size
            if self.counted > _MOST_HEADER:
                raise BadInputError(
                    f"the DICOM header is larger than {_MOST_HEADER >> 20} MB", file=self.path
                )
        return super().read(size)


@dataclass(frozen=True)
class DicomHeader:
    """What a file says before its pixels. ``offset`` is where their element's value begins and ``length`` its bytes
    (of the inflated content, where ``inflated`` is one), ``keyword`` the element's name and ``vr`` its type."""

    path: Path
    dataset: Dataset
    syntax: UID
    keyword: str
    vr: str
    offset: int
    length: int
    inflated: bytes | None

    def text(self, keyword: str) -> str:
        """A word of the header; empty where there is none."""
        return text_of(self.dataset, keyword)

    def number(self, keyword: str, default: int) -> int:
        """A whole number of the header without which the pixels cannot be read."""
        try:
            value = self.dataset.get(keyword)
            return default if value is None or value == "" else int(value)
        except Exception as error:
            raise BadInputError(
                f"the DICOM header has a broken {keyword}", file=self.path, hint=AGAIN
            ) from error

    @property
    def frames(self) -> int:
        """How many images the file holds."""
        return max(1, self.number("NumberOfFrames", 1))

    @property
    def size(self) -> Size:
        """Width and height of each."""
        return Size(self.number("Columns", 0), self.number("Rows", 0))

    @property
    def samples(self) -> int:
        """Stored numbers a pixel."""
        return self.number("SamplesPerPixel", 1)

    @property
    def bits(self) -> int:
        """Bits that a stored number takes."""
        return self.number("BitsAllocated", 0)

    @property
    def bits_used(self) -> int:
        """Bits of them that count."""
        return self.number("BitsStored", self.bits)

    @property
    def is_signed(self) -> bool:
        """True where stored numbers may be below zero."""
        return self.keyword != "PixelData" or self.number("PixelRepresentation", 0) == 1

    @property
    def photometric(self) -> str:
        """What the stored numbers mean: MONOCHROME2, RGB, ..."""
        return self.text("PhotometricInterpretation").upper()

    def groups(self, frame: int, sequence: str) -> Iterator[Dataset]:
        """Where an attribute of a frame is looked for, in this order: its own functional group, the one shared by all,
        the header itself."""
        for name, number in (
            ("PerFrameFunctionalGroupsSequence", frame),
            ("SharedFunctionalGroupsSequence", 0),
        ):
            group = item_of(self.dataset, name, number)
            found = None if group is None else item_of(group, sequence)
            if found is not None:
                yield found
        yield self.dataset

    def numbers(self, frame: int, sequence: str, keyword: str) -> tuple[float, ...]:
        """Finite numbers of an attribute of a frame; empty where it has none."""
        return next(
            (found for group in self.groups(frame, sequence) if (found := numbers_of(group, keyword))), ()
        )

    def word(self, frame: int, sequence: str, keyword: str) -> str:
        """A word of a frame; empty where it has none."""
        return next(
            (found for group in self.groups(frame, sequence) if (found := text_of(group, keyword))), ""
        )

    @cached_property
    def places(self) -> tuple[float, ...]:
        """Of each frame: millimetres along its normal. Where these are not known, or frames share a place (those of
        different times do), the number of the image or frame."""
        if self._along:
            return self._along
        if self.frames > 1:
            return tuple(float(frame) for frame in range(self.frames))
        return numbers_of(self.dataset, "InstanceNumber")[:1] or (0.0,)

    @property
    def places_are_mm(self) -> bool:
        """True where :attr:`places` are millimetres."""
        return bool(self._along)

    @cached_property
    def _along(self) -> tuple[float, ...]:
        planes = [self.plane(frame) for frame in range(self.frames)]
        direction = planes[0][0]
        if not direction or not all(each == direction and position for each, position in planes):
            return ()
        normal = np.cross(direction[:3], direction[3:])
        along = tuple(round(float(normal @ np.array(position)), 4) for _, position in planes)
        return along if len(set(along)) == len(along) else ()

    def plane(self, frame: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Directions of row and column (six numbers) and position of the first pixel (three, mm); () where unknown."""
        orientation = self.numbers(frame, "PlaneOrientationSequence", "ImageOrientationPatient")
        position = self.numbers(frame, "PlanePositionSequence", "ImagePositionPatient")
        return (orientation if len(orientation) == 6 else ()), (position if len(position) == 3 else ())

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The file, or what it was inflated to, at the value of its pixels."""
        with _File(self.path) if self.inflated is None else io.BytesIO(self.inflated) as file:
            file.seek(self.offset)
            yield file


def item_of(dataset: Dataset, sequence: str, number: int = 0) -> Dataset | None:
    """An item of a sequence; None where there is none."""
    try:
        items = dataset.get(sequence)
        found: Dataset | None = items[number] if items is not None and number < len(items) else None
        return found if found is None or hasattr(found, "get") else None
    except Exception:  # pydicom converts values when they are asked for, and broken ones may fail in any way
        return None


def numbers_of(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """The numbers of an attribute; empty where there are none, or one is not finite."""
    try:
        value = dataset.get(keyword)
        if value is None or value == "":
            return ()
        found = tuple(
            float(each) for each in ([value] if isinstance(value, str) or not _is_many(value) else value)
        )
    except Exception:  # as in item_of: a broken value is none
        return ()
    return found if all(math.isfinite(each) for each in found) else ()


def text_of(dataset: Dataset, keyword: str) -> str:
    """The words of an attribute as one text; empty where there are none."""
    try:
        value = dataset.get(keyword)
        if value is None:
            return ""
        return (
            "\\".join(map(str, value))
            if _is_many(value) and not isinstance(value, str)
            else str(value).strip()
        )
    except Exception:  # as in item_of: a broken value is none
        return ""


def _is_many(value: Any) -> bool:
    return hasattr(value, "__iter__")


_headers: LastRead[DicomHeader] = LastRead()


def dicom_header(path: Path) -> DicomHeader:
    """The header of a file, parsed once while its frames are opened one after the other. BadInputError when it is
    broken, or of a kind that holds no image."""
    try:
        import pydicom  # noqa: PLC0415, F401 - the window is up sooner
    except ImportError as error:
        raise FOR_DICOM.refusal("a DICOM file", path) from error
    try:
        # Always in this order: whoever keeps warnings down elsewhere may ask for a header, and would wait for ever.
        with quiet():
            return _headers.get(path, lambda: _read(path))
    except OSError as error:
        raise BadInputError(f"the file cannot be read: {error}", file=path) from error


def _read(path: Path) -> tuple[DicomHeader, int]:
    try:
        with _File(path) as file:
            file.bounded = True
            header = _parsed(path, file)
            _check(header, file.length if header.inflated is None else len(header.inflated))
            return header, len(header.inflated or b"") + file.counted * _OBJECTS
    except BadInputError:
        raise
    except Exception as error:  # a broken header may fail in any way, as an OSError too
        raise damaged("DICOM file", error, path) from error


def _parsed(path: Path, file: BinaryIO) -> DicomHeader:
    from pydicom.filereader import _at_pixel_data, read_partial  # noqa: PLC0415
    from pydicom.tag import Tag  # noqa: PLC0415
    from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian  # noqa: PLC0415

    inflated = _inflated(path, file)
    source: BinaryIO = file if inflated is None else io.BytesIO(inflated)
    dataset = read_partial(
        source, _at_pixel_data, force=True, specific_tags=[Tag(each) for each in _KEYWORDS]
    )
    implicit, little = dataset.original_encoding
    guessed = (
        ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    )
    syntax = UID(str(dataset.file_meta.get("TransferSyntaxUID") or guessed))
    _refuse_no_image(path, dataset, syntax)
    head = source.read(8)
    order: Literal["little", "big"] = "little" if little else "big"
    tag = int.from_bytes(head[0:2], order) << 16 | int.from_bytes(head[2:4], order)
    if len(head) < 8 or tag not in _PIXELS:
        uid = text_of(dataset, "SOPClassUID")
        what = f" ({one_line(UID(uid).name)})" if uid else ""
        raise BadInputError(
            f"the DICOM file holds no pixels{what}", file=path, hint="Give the images that it belongs to"
        )
    if not implicit and head[4:6] in _LONG:
        vr, length = head[4:6].decode(), int.from_bytes(source.read(4), order)
    else:  # some are written implicitly and say otherwise
        vr, length = "OW", int.from_bytes(head[4:8], order)
    start = source.tell()
    left = source.seek(0, io.SEEK_END) - start
    if length == _UNDEFINED or syntax.is_encapsulated:
        length = left
    return DicomHeader(path, dataset, syntax, _PIXELS[tag], vr, start, min(length, left), inflated)


def _inflated(path: Path, file: BinaryIO) -> bytes | None:
    """The whole of a deflated file as if it never had been; None for all others. It takes no more memory than an image
    may."""
    from pydicom.filereader import _read_file_meta_info, read_preamble  # noqa: PLC0415
    from pydicom.filewriter import write_file_meta_info  # noqa: PLC0415
    from pydicom.uid import ExplicitVRLittleEndian  # noqa: PLC0415

    read_preamble(file, True)
    meta = _read_file_meta_info(file)
    if meta.get("TransferSyntaxUID") != _DEFLATED:
        file.seek(0)
        return None
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    whole: Any = io.BytesIO()
    whole.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(whole, meta, enforce_standard=False)
    compressed = b""
    while not inflater.eof:
        compressed = inflater.unconsumed_tail or file.read(1 << 20)
        if not compressed:
            raise BadInputError("the deflated DICOM file is cut off", file=path, hint=AGAIN)
        whole.write(inflater.decompress(compressed, 1 << 22))
        if whole.tell() > DECODE_BUDGET // 4:
            raise BadInputError("the deflated DICOM file grows too large for the memory", file=path)
    return bytes(whole.getvalue())


def _refuse_no_image(path: Path, dataset: Dataset, syntax: UID) -> None:
    for uid in (text_of(dataset.file_meta, "MediaStorageSOPClassUID"), text_of(dataset, "SOPClassUID")):
        if uid in _NO_IMAGES:
            what, hint = _NO_IMAGES[uid]
            raise BadInputError(f"this is {what}", file=path, hint=hint)
    if syntax in _ELSEWHERE or dataset.get("PixelDataProviderURL"):
        raise BadInputError(
            "the pixels of the DICOM file are on a server", file=path, hint="Export the file with its pixels"
        )
    if not syntax.is_transfer_syntax:
        raise BadInputError(
            f"the DICOM file is in a transfer syntax that is not known ({one_line(syntax)})",
            file=path,
            hint=AGAIN,
        )
    if syntax.startswith(_VIDEO):
        raise BadInputError(
            f"this is a video in DICOM ({syntax.name})", file=path, hint="Export the frames that you need"
        )


def _check(header: DicomHeader, length: int) -> None:
    """BadInputError for pixels that cannot be what the header says, before room is made for them."""
    problem = ""
    size, bits, frames = header.size, header.bits, header.frames
    floating = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}.get(header.keyword)
    if min(size) < 1 or max(size) > 65535:
        problem = f"a size of {size.width} x {size.height}"
    elif header.samples not in (1, 3):
        problem = f"{header.samples} samples a pixel"
    elif bits not in ((floating,) if floating else (1, 8, 16, 32, 64)) or not 1 <= header.bits_used <= bits:
        problem = f"{header.bits_used} of {bits} bits a sample"
    elif header.number("PixelRepresentation", 0) not in (0, 1):
        problem = "a PixelRepresentation that does not exist"
    elif frames > _MOST_FRAMES:
        problem = f"{frames:,} frames"
    if problem:
        raise BadInputError(f"the DICOM header says {problem}", file=header.path, hint="This is not read")
    if header.syntax.is_encapsulated:
        least = 8 * frames  # each has at least the head of an item
    else:
        least = -(-size.pixels * header.samples * bits * frames // 8)
        least = least * 2 // 3 if header.photometric == "YBR_FULL_422" else least
    if header.length < least:
        raise BadInputError(
            f"the DICOM file is cut off: {header.length:,} of {least:,} bytes of pixels",
            file=header.path,
            hint=AGAIN,
        )
