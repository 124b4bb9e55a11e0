"""DICOM images, single and of many frames, through pydicom and the decoders that it knows.

Values are in the modality's unit (HU of CT): the rescale or lookup table of the header is applied, windows are not.
A palette and YBR become RGB. MONOCHROME1 keeps its values and is shown inverted.

**Size of a pixel**: PixelSpacing is trusted. ImagerPixelSpacing, and PixelSpacing of a projection that only repeats it,
is that at the detector: the patient lies before it and is smaller by the magnification. It is used where the header
gives the factor, else a pixel has no size. NominalScannedPixelSpacing is that on a film, and is not used.

**Windows**: all of the header, linear ones; a sigmoid is shown as the straight line of the same centre and width, and a
VOI lookup table as the range of values that it covers.

**Padding** is no value, unless that would be one a CT measures in a body (above -1000 HU): such a header is not
believed.

**People**: the patient's number is personal data. A project keeps a short hash of it, which tells patients apart; it
is no secret to somebody who has the list of all numbers. No name or date is read.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from labeltool.core.errors import BadInputError
from labeltool.imaging.budget import check_budget
from labeltool.imaging.damage import damaged
from labeltool.imaging.quiet import quiet
from labeltool.imaging.reader import RGB, ImageInfo, Page, Raw, Reader, ValueWindow, WholeReader
from labeltool.imaging.readers.dicom_header import (
    DicomHeader,
    dicom_header,
    item_of,
    numbers_of,
    text_of,
)
from labeltool.imaging.readers.dicom_pixels import (
    coloured,
    padding_of,
    palette_of,
    stored_numbers,
    stored_range,
)
from labeltool.imaging.readers.rescale import Rescale
from labeltool.imaging.scale import PixelSize
from labeltool.imaging.sniff import is_dicom

_MONOCHROME = {"MONOCHROME1", "MONOCHROME2"}
_COLOUR = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}
_PROJECTIONS = {"CR", "DX", "MG", "XA", "RF", "PX", "IO", "RG", "RTIMAGE"}
_BODY_HU = -1000
_CENTIMETRES, _TISSUE = 3, 1
_VALUES, _GEOMETRY, _DISPLAY = (
    "PixelValueTransformationSequence",
    "PixelMeasuresSequence",
    "FrameVOILUTSequence",
)
_KEY = re.compile(r"f(\d{1,9})")


class DicomReader(WholeReader):
    """One image of a DICOM file. The header is read by :meth:`open`, the pixels by the first read."""

    priority: ClassVar[int] = 40
    suffixes: ClassVar[tuple[str, ...]] = (".dcm", ".dicom", ".ima")

    def __init__(self, header: DicomHeader, frame: int, info: ImageInfo) -> None:
        self.path = header.path
        self.info = info
        self._header = header
        self._frame = frame

    @classmethod
    def can_read(cls, head: bytes, path: Path) -> bool:
        """True for files that begin as DICOM does, with or without the preamble of 128 bytes."""
        return is_dicom(head)

    @classmethod
    def pages(cls, path: Path, axis: str) -> list[Page]:
        """All frames of a file, in the order in which they are stored."""
        header = dicom_header(path)
        return [Page(_key(header, frame), _info(header, frame)) for frame in range(header.frames)]

    @classmethod
    def open(cls, path: Path, page: str = "") -> Reader:
        """Read the header; BadInputError when it is broken, not read, or has no such frame."""
        header = dicom_header(path)
        found = _KEY.fullmatch(page)
        frame = int(found[1]) - 1 if found else 0
        if not 0 <= frame < header.frames or (page and page != _key(header, frame)):
            raise BadInputError(f"the file has no frame {page[:40]!r}", file=path)
        return cls(header, frame, _info(header, frame))

    def _decode(self) -> Raw:
        return _values(self._header, self._frame, self.info)


def _key(header: DicomHeader, frame: int) -> str:
    """The frame's number from 1, with zeros in front so that names sort; empty where the file holds but one image."""
    return "" if header.frames == 1 else f"f{frame + 1:0{len(str(header.frames))}}"


def _values(header: DicomHeader, frame: int, info: ImageInfo) -> Raw:
    stored = stored_numbers(header, frame)
    if info.channels == RGB:
        colours = coloured(stored, palette_of(header)) if stored.ndim == 2 else stored
        return colours.astype(info.dtype, copy=False)
    table = _table(header)
    if table is None:
        values = _rescale(header, frame).apply(stored, np.dtype(info.dtype))
    else:
        first, entries = table
        values = entries[np.clip(stored.astype(np.int64) - first, 0, len(entries) - 1)]
    return values[..., None]


def _rescale(header: DicomHeader, frame: int) -> Rescale:
    """From stored numbers to values; BadInputError for one that would make all of them the same."""
    found = []
    for keyword, default in (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0)):
        numbers = header.numbers(frame, _VALUES, keyword)
        if not numbers and header.word(frame, _VALUES, keyword):
            raise damaged("DICOM file", f"its {keyword} is no number", header.path)
        found.append(numbers[0] if numbers else default)
    if found[0] == 0:
        raise damaged("DICOM file", "its RescaleSlope is 0", header.path)
    return Rescale(*found)


def _table(header: DicomHeader) -> tuple[int, Raw] | None:
    """The modality's lookup table: the stored number that the first entry is for, and the entries; None without one."""
    item = item_of(header.dataset, "ModalityLUTSequence")
    if item is None:
        return None
    described = numbers_of(item, "LUTDescriptor")
    try:
        data = item.LUTData
        entries = (
            np.frombuffer(data, "<u2" if header.syntax.is_little_endian else ">u2")
            if isinstance(data, bytes)
            else np.array([data] if isinstance(data, int) else list(data), np.uint16)
        )
    except Exception as error:
        raise damaged("DICOM file", f"its modality lookup table: {error}", header.path) from error
    if len(described) != 3 or len(entries) < (count := int(described[0]) % 65536 or 65536):
        raise damaged("DICOM file", "its modality lookup table is not whole", header.path)
    first = int(described[1])
    first -= 65536 if header.is_signed and first > 32767 else 0
    return first, entries[:count].astype(np.uint8 if described[2] <= 8 else np.uint16)


def _info(header: DicomHeader, frame: int) -> ImageInfo:
    """The header of a frame."""
    try:
        with quiet():
            return _described(header, frame)
    except BadInputError:
        raise
    except Exception as error:  # a broken header may fail in any way
        raise damaged("DICOM file", error, header.path) from error


def _described(header: DicomHeader, frame: int) -> ImageInfo:
    photometric = header.photometric
    is_palette = photometric == "PALETTE COLOR" and header.samples == 1
    if not (
        is_palette
        or (photometric in _MONOCHROME and header.samples == 1)
        or (photometric in _COLOUR and header.samples == 3)
    ):
        raise BadInputError(
            f"DICOM images of {photometric or 'no'} photometric interpretation with {header.samples} samples a pixel "
            "are not read",
            file=header.path,
            hint="Export it as greyscale or RGB",
        )
    is_grey = photometric in _MONOCHROME
    dtype = _dtype(header, frame) if not is_palette else np.dtype(np.uint8)
    check_budget(header.size, header.path, dtype.itemsize * (1 if is_grey else 3))
    if is_palette:
        palette_of(header)
    return ImageInfo(
        header.size,
        "dicom",
        f"{photometric} {header.bits_used} bit",
        dtype=dtype.name,
        channels=("grey",) if is_grey else RGB,
        composite=(0, 0, 0) if is_grey else (0, 1, 2),
        nodata=_nodata(header, frame, dtype) if is_grey else None,
        unit=_unit(header, frame) if is_grey else "",
        modality=header.text("Modality"),
        windows=_windows(header, frame, dtype) if is_grey else (),
        inverted=photometric == "MONOCHROME1",
        pixel_size=_pixel_size(header, frame),
        thickness_m=_thickness(header, frame),
        series=_series(header),
        place=header.places[frame],
        place_is_mm=header.places_are_mm,
        subject=_subject(header),
    )


def _dtype(header: DicomHeader, frame: int) -> np.dtype[Any]:
    """The type of the values."""
    if header.keyword != "PixelData":
        stored = np.dtype(f"f{header.bits // 8}")
    else:
        stored = np.dtype(f"{'i' if header.is_signed else 'u'}{max(1, header.bits // 8)}")
    if header.bits == 1:
        stored = np.dtype(np.uint8)
    if header.photometric not in _MONOCHROME:
        return stored
    table = _table(header)
    return table[1].dtype if table else _rescale(header, frame).dtype(stored, *stored_range(header))


def _nodata(header: DicomHeader, frame: int, dtype: np.dtype[Any]) -> float | None:
    stored = padding_of(header)
    if stored is None or _table(header) is not None:
        return None
    value = _rescale(header, frame).value(stored, dtype)
    return None if _unit(header, frame) == "HU" and value > _BODY_HU else value


def _unit(header: DicomHeader, frame: int) -> str:
    """What the values are in: the header's own word, but for US, which is DICOM's for "unspecified"."""
    given = header.word(frame, _VALUES, "RescaleType")
    table = item_of(header.dataset, "ModalityLUTSequence")
    given = text_of(table, "ModalityLUTType") if table is not None else given
    if given:
        return "" if given == "US" else given
    modality = header.text("Modality")
    if modality == "CT" and header.numbers(frame, _VALUES, "RescaleSlope"):
        return "HU"
    return header.text("Units") if modality == "PT" else ""


def _windows(header: DicomHeader, frame: int, dtype: np.dtype[Any]) -> tuple[ValueWindow, ...]:
    centres, widths = (header.numbers(frame, _DISPLAY, f"Window{each}") for each in ("Center", "Width"))
    names = header.word(frame, _DISPLAY, "WindowCenterWidthExplanation").split("\\")
    names += [""] * len(centres)
    found = [
        ValueWindow(name or f"{centre:g} / {width:g}", centre, width)
        for name, centre, width in zip(names, centres, widths, strict=False)
        if width > 0
    ]
    table = item_of(header.dataset, "VOILUTSequence")
    described = numbers_of(table, "LUTDescriptor") if table is not None else ()
    if table is not None and len(described) == 3:
        count, first = described[0] or 65536, described[1]
        found.append(
            ValueWindow(text_of(table, "LUTExplanation") or "Lookup table", first + count / 2, count)
        )
    if not found and dtype == np.uint8:  # eight bits are shown as they are, which fewer would leave black
        most = (1 << header.bits_used) - 1
        if header.text("SegmentationType") == "FRACTIONAL":
            most = int(next(iter(numbers_of(header.dataset, "MaximumFractionalValue")), most))
        if 0 < most < 255:
            found.append(ValueWindow("All", most / 2, most))
    return tuple(found)


def _pixel_size(header: DicomHeader, frame: int) -> PixelSize | None:
    spacing = header.numbers(frame, _GEOMETRY, "PixelSpacing")
    detector = numbers_of(header.dataset, "ImagerPixelSpacing")
    is_detectors = not spacing or (
        spacing == detector
        and header.text("Modality") in _PROJECTIONS
        and not header.text("PixelSpacingCalibrationType")
    )
    if is_detectors:
        factor = numbers_of(header.dataset, "EstimatedRadiographicMagnificationFactor")
        spacing = tuple(each / factor[0] for each in detector) if factor and factor[0] >= 1 else ()
    if not spacing:
        return _of_ultrasound(header)
    if len(spacing) != 2 or not all(0 < each < 1e6 for each in spacing):
        return None
    down, across = spacing
    return PixelSize(across / 1e3, down / 1e3)


def _of_ultrasound(header: DicomHeader) -> PixelSize | None:
    """The scale of an ultrasound's picture, where all its regions of tissue have the same and lie inside the image."""
    found = set()
    for number in range(16):
        region = item_of(header.dataset, "SequenceOfUltrasoundRegions", number)
        if region is None:
            break
        if numbers_of(region, "RegionSpatialFormat") != (_TISSUE,):
            continue
        names = ("PhysicalUnitsXDirection", "PhysicalUnitsYDirection", "PhysicalDeltaX", "PhysicalDeltaY")
        values = [number for name in names for number in numbers_of(region, name)]
        corner = [
            number for name in ("X1", "Y1") for number in numbers_of(region, f"RegionLocationMax{name}")
        ]
        is_inside = len(corner) == 2 and corner[0] <= header.size.width and corner[1] <= header.size.height
        if len(values) != 4 or values[:2] != [_CENTIMETRES] * 2 or not is_inside:
            return None
        found.add((abs(values[2]) / 100, abs(values[3]) / 100))
    sides = found.pop() if len(found) == 1 else (0.0, 0.0)
    return PixelSize(*sides) if min(sides) > 0 else None


def _thickness(header: DicomHeader, frame: int) -> float | None:
    """Metres from slice to slice: between their centres where the header says it, else how thick they are."""
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        found = header.numbers(frame, _GEOMETRY, keyword)
        if found and 0 < abs(found[0]) < 1e6:
            return abs(found[0]) / 1e3
    return None


def _series(header: DicomHeader) -> str:
    """The same for images that lie behind each other: those of a DICOM series with one orientation and size, so that
    a scout does not come among the slices; the frames of one file."""
    series = header.text("SeriesInstanceUID")
    if header.frames > 1:
        own = header.text("SOPInstanceUID") or hashlib.sha256(bytes(header.path.absolute())).hexdigest()[:16]
        return f"{series}/{own}"
    if not series:
        return ""
    direction = ",".join(
        f"{each:.2f}" for each in np.round(header.plane(0)[0], 2) + 0.0
    )  # + 0.0: there is no -0.00
    return f"{series}/{direction}/{header.size.width}x{header.size.height}"


def _subject(header: DicomHeader) -> str:
    number = header.text("PatientID")
    issuer = header.text("IssuerOfPatientID")
    return (
        hashlib.sha256(f"{issuer}\0{number}".encode("utf-8", "surrogateescape")).hexdigest()[:12]
        if number
        else ""
    )
