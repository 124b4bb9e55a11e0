"""What a DICOM segmentation file says: its segments, and of every frame the segment and the image that it is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError
from labeltool.formats.dicomseg.segments import object_id_of
from labeltool.formats.dicomseg.source import Place, place_of, said_plainly, whole_header
from labeltool.imaging.readers.dicom_header import (
    DicomHeader,
    dicom_header,
    item_of,
    numbers_of,
    text_of,
)
from labeltool.imaging.readers.dicom_pixels import stored_numbers

_BINARY: Final = "1.2.840.10008.5.1.4.1.1.66.4"
_LABELMAP: Final = "1.2.840.10008.5.1.4.1.1.66.7"
_MOST_REFERENCES: Final = 1_000


class SegmentInfo(NamedTuple):
    """A segment: its class by name, ``object_id`` where it is one object (None where the file does not say), its colour
    as CIELab numbers."""

    name: str
    object_id: int | None
    lab: tuple[int, ...]


class Frame(NamedTuple):
    """A frame of the pixels: its segment (None in a label map, whose pixels are numbers of segments), the images that
    it says it is of as (SOP instance UID, frames from 0; none where it is of a file with one), and where it lies."""

    segment: int | None
    images: tuple[tuple[str, tuple[int, ...]], ...]
    place: Place | None


@dataclass(frozen=True)
class SegFile:
    """A segmentation, without its pixels."""

    header: DicomHeader
    segments: Mapping[int, SegmentInfo]
    frames: tuple[Frame, ...]
    reference: str
    """The UID of the frame of reference; empty where there is none."""

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.header.path

    def pixels(self, number: int) -> NDArray[Any]:
        """A frame [h, w]: 1 inside the segment, or numbers of segments; BadInputError when it is damaged."""
        found = stored_numbers(self.header, number)
        if found.shape != (self.header.size.height, self.header.size.width):
            raise BadInputError("its frames have another size than its header says", file=self.path)
        return found


def is_segmentation(header: DicomHeader) -> bool:
    """True for a file that says it is one."""
    return header.text("SOPClassUID") in (_BINARY, _LABELMAP) or bool(header.text("SegmentationType"))


def seg_file(path: Path) -> SegFile:
    """Read all but the pixels. BadInputError for what is no segmentation, is one of a kind that is not read, or does
    not agree with itself."""
    header = dicom_header(path)
    if not is_segmentation(header):
        raise BadInputError("this DICOM file is no segmentation", file=path)
    kind = header.text("SegmentationType").upper()
    if kind == "FRACTIONAL":
        raise BadInputError(
            "the segmentation is FRACTIONAL: its pixels are probabilities and no labels",
            file=path,
            hint="Save it as BINARY, with the threshold that you mean",
        )
    bits = {"BINARY": (1,), "LABELMAP": (8, 16)}.get(kind)
    if bits is None or header.bits not in bits or header.samples != 1:
        raise BadInputError(
            f"segmentations of type {kind[:20] or 'none'} with {header.bits} bits are not read", file=path
        )
    with said_plainly(path):
        dataset = whole_header(header)
        segments = _segments(dataset, path)
        frames = tuple(_frame(header, dataset, number, kind) for number in range(header.frames))
        return SegFile(header, segments, frames, text_of(dataset, "FrameOfReferenceUID"))


def _segments(dataset: Any, path: Path) -> dict[int, SegmentInfo]:
    """The segments by number. Those with one name are objects of one class."""
    found: dict[int, SegmentInfo] = {}
    is_ours = text_of(dataset, "Manufacturer") == "labeltool"
    for item in dataset.get("SegmentSequence") or []:
        number = int(item.SegmentNumber)
        if number in found:
            raise BadInputError(f"the segment number {number} is given twice", file=path)
        label = text_of(item, "SegmentLabel")
        name = (text_of(item, "SegmentDescription") if is_ours else "") or label
        if not name:
            raise BadInputError(f"segment {number} has no label", file=path)
        lab = tuple(int(each) for each in numbers_of(item, "RecommendedDisplayCIELabValue"))
        found[number] = SegmentInfo(name, object_id_of(item), lab)
    if not found:
        raise BadInputError("the file describes no segment", file=path)
    if any(each.object_id is not None for each in found.values()):
        return {n: each._replace(object_id=each.object_id or 0) for n, each in found.items()}
    names = [each.name for each in found.values()]
    return {n: each._replace(object_id=n if names.count(each.name) > 1 else 0) for n, each in found.items()}


def _frame(header: DicomHeader, dataset: Any, number: int, kind: str) -> Frame:
    own = item_of(dataset, "PerFrameFunctionalGroupsSequence", number)
    shared = item_of(dataset, "SharedFunctionalGroupsSequence")
    segment = None
    if kind == "BINARY":
        groups = [group for group in (own, shared) if group is not None]
        items = [item_of(group, "SegmentIdentificationSequence") for group in groups]
        numbers = next(
            (numbers_of(each, "ReferencedSegmentNumber") for each in items if each is not None), ()
        )
        segment = int(numbers[0]) if len(numbers) == 1 else 0
    images: list[tuple[str, tuple[int, ...]]] = []
    for group in (own, shared):
        if group is not None and not images:
            images = _references(group)
    return Frame(segment, tuple(images), place_of(header, number) if header.frames == 1 or own else None)


def _references(group: Any) -> list[tuple[str, tuple[int, ...]]]:
    found = []
    for derivation in group.get("DerivationImageSequence") or []:
        for source in derivation.get("SourceImageSequence") or []:
            frames = tuple(int(each) - 1 for each in numbers_of(source, "ReferencedFrameNumber"))
            found.append((text_of(source, "ReferencedSOPInstanceUID"), frames))
            if len(found) > _MOST_REFERENCES:
                raise BadInputError("a frame of the segmentation is of more images than is possible")
    return found


def inside(pixels: NDArray[Any], frame: Frame) -> list[tuple[int, NDArray[np.bool_]]]:
    """The segments that have pixels in a frame, by number, each with these pixels bool [h, w]."""
    if frame.segment is not None:
        return [(frame.segment, pixels > 0)] if pixels.any() else []
    return [(int(value), pixels == value) for value in np.unique(pixels) if value]
