"""The headers of a project's DICOM files: what a segmentation takes over from them, and where their slices lie."""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.extras import FOR_DICOM_SEG
from labeltool.core.project import ImageRecord
from labeltool.formats.volumes import Volume
from labeltool.imaging.damage import damaged
from labeltool.imaging.quiet import quiet
from labeltool.imaging.readers.dicom_header import DicomHeader, dicom_header, item_of

if TYPE_CHECKING:
    from pydicom import Dataset

_UIDS: Final = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
_MAY_BE_EMPTY: Final = (
    "PatientID PatientName PatientBirthDate PatientSex AccessionNumber StudyID StudyDate StudyTime"
).split()
"""What a segmentation takes over, and what DICOM allows to be empty (type 2) but not to be missing."""

_SAME_MM: Final = 1e-3
"""Positions that differ by less are one."""
_SAME_GAP: Final = 1e-2
"""Distances between slices that differ by less than this share are equal."""


@contextmanager
def said_plainly(file: Path) -> Iterator[None]:
    """Whatever pydicom and highdicom raise on what is broken becomes a BadInputError; their warnings are not shown."""
    if FOR_DICOM_SEG.missing:
        raise FOR_DICOM_SEG.refusal("a DICOM file", file)
    try:
        with quiet():
            yield
    except LabeltoolError:
        raise
    except OSError as error:
        raise BadInputError(f"the file cannot be read: {error.strerror or error}", file=file) from error
    except MemoryError as error:
        raise BadInputError("not enough memory for this DICOM file", file=file) from error
    except (
        Exception
    ) as error:  # every value of a broken header may raise anything, when it is first looked at
        raise damaged("DICOM file", error, file) from error


def whole_header(header: DicomHeader) -> Dataset:
    """Everything in front of the pixels, not only what the pixels need; a new one each time."""
    with said_plainly(header.path):
        import pydicom  # noqa: PLC0415 - an extra

        source = header.path if header.inflated is None else io.BytesIO(header.inflated)
        return pydicom.dcmread(source, stop_before_pixels=True, force=True)


def frame_of(record: ImageRecord) -> int:
    """Which frame of its file an image is, from 0; -1 where the page names none."""
    number = record.page.removeprefix("f")
    return int(number) - 1 if number.isdecimal() else -1 if number else 0


@dataclass(frozen=True)
class Place:
    """Where a slice lies in the patient, in mm, in DICOM's axes (to the left, to the back, to the head).

    ``position`` is that of the centre of its first pixel, ``across`` and ``down`` are unit vectors along its rows and
    columns, ``spacing`` the distances of (rows, columns).
    """

    position: NDArray[np.float64]
    across: NDArray[np.float64]
    down: NDArray[np.float64]
    spacing: tuple[float, float]

    @property
    def normal(self) -> NDArray[np.float64]:
        """At right angles to the slice."""
        return np.cross(self.across, self.down)

    @property
    def plane(self) -> tuple[float, ...]:
        """The same for parallel slices with pixels of one size."""
        rounded: NDArray[np.float64] = np.round([*self.across, *self.down, *self.spacing], 4) + 0.0
        return tuple(rounded.tolist())


def place_of(header: DicomHeader, frame: int) -> Place | None:
    """Where a frame (from 0) lies; None where the file does not say, BadInputError where what it says is no place."""
    if header.frames > 1 and item_of(header.dataset, "PerFrameFunctionalGroupsSequence", frame) is None:
        return None
    position = np.array(header.numbers(frame, "PlanePositionSequence", "ImagePositionPatient"))
    turned = np.array(header.numbers(frame, "PlaneOrientationSequence", "ImageOrientationPatient"))
    spacing = header.numbers(frame, "PixelMeasuresSequence", "PixelSpacing")
    if (len(position), len(turned), len(spacing)) != (3, 6, 2):
        return None
    across, down = turned[:3], turned[3:]
    lengths = float(np.linalg.norm(across)), float(np.linalg.norm(down))
    if not np.allclose(lengths, 1, atol=1e-2) or abs(float(across @ down)) > 1e-2 or min(spacing) <= 0:
        raise BadInputError(
            "ImageOrientationPatient or PixelSpacing holds numbers that cannot be", file=header.path
        )
    return Place(position, across / lengths[0], down / lengths[1], (spacing[0], spacing[1]))


def thickness_of(header: DicomHeader, frame: int) -> float | None:
    """The distance from one slice to the next in mm as the header has it, or None."""
    for name in ("SpacingBetweenSlices", "SliceThickness"):
        found = header.numbers(frame, "PixelMeasuresSequence", name)
        if len(found) == 1 and found[0] > 0:
            return found[0]
    return None


def headers_of(volume: Volume) -> dict[Path, DicomHeader]:
    """The headers of its files. BadInputError names the file that cannot be read, or is not of the size and number of
    frames that the project knows."""
    found: dict[Path, DicomHeader] = {}
    for record in volume.records:
        header = found[record.path] = found.get(record.path) or dicom_header(record.path)
        if header.size != record.size or not 0 <= frame_of(record) < header.frames:
            raise BadInputError("the file no longer holds the image that the project knows", file=record.path)
    return found


@dataclass(frozen=True)
class Part:
    """Slices that go into one segmentation: those of one file of many frames, or one file each.

    ``slices`` are numbers of slices of the volume by number of frame or file, of which there are ``frames``; ``placed``
    says that the files know where they lie. ``reference_made`` is true where their frame of reference was made up.
    """

    datasets: tuple[Dataset, ...]
    slices: Mapping[int, int]
    frames: int
    placed: bool
    reference_made: bool


@dataclass(frozen=True)
class Source:
    """The files of a volume: their headers, and what a segmentation takes over from them."""

    volume: Volume
    headers: Mapping[Path, DicomHeader]
    datasets: Mapping[Path, Dataset]

    @classmethod
    def of(cls, volume: Volume) -> Source:
        """Read the headers; BadInputError names the file that cannot be read or lacks its UIDs, and two files that
        have one."""
        headers = headers_of(volume)
        datasets = {path: _complete(header) for path, header in headers.items()}
        _refuse_twins(datasets)
        return cls(volume, headers, datasets)

    def uid(self, number: int) -> str:
        """The SOP instance UID of the file of a slice."""
        return str(self._dataset(number).SOPInstanceUID)

    @property
    def uneven(self) -> bool:
        """True where slices that go into one segmentation do not lie at equal distances."""
        return any(part.placed and self._is_uneven(part) for part in self.parts)

    def _is_uneven(self, part: Part) -> bool:
        records = [self.volume.records[number] for number in part.slices.values()]
        places = [place_of(self.headers[record.path], frame_of(record)) for record in records]
        along = sorted(float(place.position @ place.normal) for place in places if place is not None)
        gaps = np.diff(along)
        return len(gaps) > 1 and float(np.ptp(gaps)) > _SAME_GAP * float(gaps.max())

    @cached_property
    def parts(self) -> list[Part]:
        """The slices as segmentations can hold them: those of one have one size, orientation and frame of reference,
        and no two of them lie in one place; those of which nobody knows where they lie are each alone."""
        groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        seen: dict[tuple[Any, ...], int] = defaultdict(int)
        for number, record in enumerate(self.volume.records):
            place = place_of(self.headers[record.path], frame_of(record))
            if self.headers[record.path].frames > 1:
                groups[("file", record.path, place is None)].append(number)
                continue
            if place is None:
                groups[("alone", number, True)].append(number)
                continue
            plane = (*place.plane, record.size, str(self._dataset(number).get("FrameOfReferenceUID", "")))
            spot = (*plane, round(float(place.position @ place.normal) / _SAME_MM))
            groups[(*plane, seen[spot], False)].append(number)
            seen[spot] += 1
        return [self._part(numbers, placed=not key[-1]) for key, numbers in groups.items()]

    def _part(self, numbers: list[int], *, placed: bool) -> Part:
        records = [self.volume.records[number] for number in numbers]
        frames = self.headers[records[0].path].frames
        if frames > 1 and not placed:
            raise BadInputError(
                "the file does not say where its frames lie, so a segmentation cannot say which it is of",
                file=records[0].path,
            )
        datasets = (self._dataset(numbers[0]),) if frames > 1 else tuple(map(self._dataset, numbers))
        planes = map(frame_of, records) if frames > 1 else range(len(numbers))
        slices = dict(zip(planes, numbers, strict=True))
        made = placed and not datasets[0].get("FrameOfReferenceUID")
        if made:  # slices of one series with positions do share one, or their positions would say nothing
            for dataset in datasets:
                dataset.FrameOfReferenceUID = uid_from("frame of reference", str(dataset.SeriesInstanceUID))
        return Part(datasets, slices, max(frames, len(datasets)), placed, made)

    def _dataset(self, number: int) -> Dataset:
        return self.datasets[self.volume.records[number].path]


def _complete(header: DicomHeader) -> Dataset:
    """A header with all that a segmentation takes over, its texts decoded."""
    dataset = whole_header(header)
    with said_plainly(header.path):
        lacking = [name for name in _UIDS if not dataset.get(name)]
        if lacking:
            raise BadInputError(
                f"the file lacks {', '.join(lacking)}, by which a segmentation refers to it", file=header.path
            )
        dataset.decode()  # a segmentation's texts are in UTF-8, whatever these were in
        for name in _MAY_BE_EMPTY:
            if name not in dataset:
                setattr(dataset, name, None)
    return dataset


def _refuse_twins(datasets: Mapping[Path, Dataset]) -> None:
    """BadInputError where two files call themselves the same: a segmentation could not say which it is of."""
    seen: dict[str, Path] = {}
    for path, dataset in datasets.items():
        twin = seen.setdefault(str(dataset.SOPInstanceUID), path)
        if twin != path:
            raise BadInputError(
                f"{twin} and {path} have the same SOPInstanceUID, by which a segmentation refers to them",
                file=path,
                hint="Keep one where they are copies; where they are not, export them again from where they came",
            )


def uid_from(*texts: str) -> str:
    """A UID that is the same for the same texts, in the form that DICOM derives from UUIDs (PS3.5, B.2)."""
    digest = hashlib.sha256("\0".join(texts).encode()).digest()[:16]
    return f"2.25.{int.from_bytes(digest)}"
