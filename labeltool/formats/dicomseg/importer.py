"""Segmentations of a project's DICOM images, found by the UIDs that they refer to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.extras import FOR_DICOM_SEG
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.regions import regions
from labeltool.formats.canvas import Canvas, whole, without_class
from labeltool.formats.dicomseg.file import Frame, SegFile, SegmentInfo, inside, is_segmentation, seg_file
from labeltool.formats.dicomseg.source import Place, frame_of, place_of, said_plainly, whole_header
from labeltool.formats.foreign import is_class, meaning
from labeltool.formats.manifest import read_manifest
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import found_below, left_out, stays_inside
from labeltool.formats.volumes import DICOM
from labeltool.imaging.readers.dicom_header import DicomHeader, dicom_header, text_of
from labeltool.imaging.sniff import HEAD_BYTES, is_dicom

_FAR: Final = 0.05
"""How far a frame may lie from its image, in pixels, for numbers that were rounded on the way."""

NOT_HERE: Final = "their images are not in the project"
ELSEWHERE: Final = "they lie elsewhere than the images that they refer to, or have another size"
SEVERAL: Final = "it is not clear which of several images they are of"
UNDESCRIBED: Final = "the file does not describe their segment"


class DicomSegImporter:
    """DICOM segmentations, BINARY and LABELMAP, of any program.

    A frame belongs to the image that it refers to; one that refers to none that the project has, to the image of the
    same frame of reference, size and place. Segments are classes by their labels; several of one label are objects.
    Images without a frame stay as they are. Of several segments, and files, in one place the later one counts.
    """

    name: ClassVar[str] = "dicomseg"
    title: ClassVar[str] = "DICOM segmentation"
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The labels of all segments."""
        found: dict[str, ForeignClass] = {}
        for file in _files(src, frozenset())[0]:
            try:
                if src.is_dir() and not stays_inside(file, src):
                    continue
                segments = seg_file(file).segments.values()
            except BadInputError:
                continue
            for segment in segments:
                if is_class(segment.name):
                    found.setdefault(segment.name, ForeignClass(segment.name, _color(segment)))
        return list(found.values())

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one; BadInputError when there is not one DICOM file."""
        if FOR_DICOM_SEG.missing:
            raise FOR_DICOM_SEG.refusal("a DICOM segmentation", src)
        if not src.exists():
            raise BadInputError("there is no such file or folder", file=src)
        src = src.absolute()
        files, others = _files(src, frozenset(record.path.resolve() for record in images))
        yield from others
        if not files and not others:
            raise BadInputError("no DICOM segmentation is here", file=src)
        known = _Images(images)
        painter = _Painter(catalog, _splits(src))
        for file in files:
            if src.is_dir() and not stays_inside(file, src):
                yield Skipped(str(file), "the file is a link that leads out of the folder")
                continue
            try:
                yield from painter.take(seg_file(file), known)
            except BadInputError as error:
                yield left_out(_why(error, file), file)
        yield from painter.masks()


@dataclass
class _Painter:
    """Collects the frames of every image from all files, then paints image by image."""

    catalog: ClassCatalog
    splits: dict[str, str]

    def __post_init__(self) -> None:
        self._frames: dict[str, list[tuple[SegFile, int]]] = defaultdict(list)
        self._records: dict[str, ImageRecord] = {}

    def take(self, file: SegFile, known: _Images) -> Iterator[Skipped]:
        """Give the frames of a file to the images that they are of; those of none are reported."""
        lost: Counter[str] = Counter()
        for number, frame in enumerate(file.frames):
            found = known.find(file, frame) if frame.segment in (None, *file.segments) else UNDESCRIBED
            if isinstance(found, str):
                lost[found] += 1
            else:
                self._records[found.id] = found
                self._frames[found.id].append((file, number))
        for reason, count in lost.items():
            yield Skipped(str(file.path), f"{count:,} of {len(file.frames):,} frames are left out: {reason}")

    def masks(self) -> Iterator[ImportedMask | Skipped]:
        """What was painted, and what could not be."""
        unknown: dict[str, Counter[str]] = defaultdict(Counter)
        for key, frames in self._frames.items():
            yield from self._mask(self._records[key], frames, unknown)
        for file, names in unknown.items():
            yield from without_class(file, names)

    def _mask(
        self, record: ImageRecord, frames: list[tuple[SegFile, int]], unknown: dict[str, Counter[str]]
    ) -> Iterator[ImportedMask | Skipped]:
        canvas = Canvas(record, self.catalog)
        files = list(dict.fromkeys(str(file.path) for file, _ in frames))
        for file, number in sorted(
            frames, key=lambda f: (files.index(str(f[0].path)), f[0].frames[f[1]].segment or 0)
        ):
            try:
                pixels = file.pixels(number)
                for segment, where in inside(pixels, file.frames[number]):
                    if segment in file.segments:
                        self._paint(canvas, file.segments[segment], whole(where))
                    else:
                        canvas.fail(str(file.path), f"frame {number + 1}: {UNDESCRIBED} ({segment})")
            except BadInputError as error:
                canvas.fail(str(file.path), f"frame {number + 1}: {error.message}")
        told = (f"painted from {len(files)} files",) if len(files) > 1 else ()
        painted = canvas.result(files[0], split=self.splits.get(record.id, ""), notices=told)
        unknown[files[0]].update(painted.unknown)
        for entry in painted.entries():
            if isinstance(entry, ImportedMask):
                ids = np.zeros_like(entry.label, np.uint32) if entry.object is None else entry.object
                entry = replace(entry, objects=len(regions(entry.label, ids, self.catalog)))  # noqa: PLW2901
            yield entry

    def _paint(self, canvas: Canvas, segment: SegmentInfo, where: Any) -> None:
        value = meaning(segment.name, self.catalog)
        if value == IGNORE:
            canvas.ignore(where)
        else:
            found = None if value is None else self.catalog.by_value(value)
            canvas.add(where, segment.name if found is None else found.name, segment.object_id or 0)


class _Images:
    """The DICOM images of a project, by what a segmentation may refer to."""

    def __init__(self, images: Sequence[ImageRecord]) -> None:
        self._records = [record for record in images if record.kind == DICOM]

    def find(self, file: SegFile, frame: Frame) -> ImageRecord | str:
        """The image that a frame is of, or why there is none."""
        named = list(self._named(frame))
        fitting = [record for record in named if self._fits(record, file, frame)]
        if not named:
            fitting = [r for r in self._referring.get(file.reference, []) if self._fits(r, file, frame)]
            fitting = fitting if frame.place is not None else []
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            return SEVERAL
        return ELSEWHERE if named else NOT_HERE

    def _named(self, frame: Frame) -> Iterator[ImageRecord]:
        for uid, numbers in dict.fromkeys(frame.images):
            for record in self._by_uid.get(uid, []):
                if not numbers or frame_of(record) in numbers:
                    yield record

    def _fits(self, record: ImageRecord, file: SegFile, frame: Frame) -> bool:
        """False where sizes differ, or places that both know."""
        place = self._place(record) if frame.place is not None else None
        return record.size == file.header.size and (place is None or _same_place(place, frame.place))

    @cached_property
    def _headers(self) -> list[tuple[ImageRecord, DicomHeader]]:
        """Those that can be read; what is wrong with the others is no matter of an import."""
        found = []
        for record in self._records:
            try:
                found.append((record, dicom_header(record.path)))
            except (BadInputError, OSError):
                continue
        return found

    @cached_property
    def _by_uid(self) -> dict[str, list[ImageRecord]]:
        found: dict[str, list[ImageRecord]] = defaultdict(list)
        for record, header in self._headers:
            found[header.text("SOPInstanceUID")].append(record)
        return found

    @cached_property
    def _referring(self) -> dict[str, list[ImageRecord]]:
        """By frame of reference; only a segmentation that names no image that is there needs it."""
        found: dict[str, list[ImageRecord]] = defaultdict(list)
        for record, header in self._headers:
            try:
                uid = text_of(whole_header(header), "FrameOfReferenceUID")
            except BadInputError:
                continue
            if uid:
                found[uid].append(record)
        return found

    @cached_property
    def _places(self) -> dict[str, Place | None]:
        found: dict[str, Place | None] = {}
        for record, header in self._headers:
            try:
                with said_plainly(record.path):
                    found[record.id] = place_of(header, frame_of(record))
            except BadInputError:
                found[record.id] = None
        return found

    def _place(self, record: ImageRecord) -> Place | None:
        return self._places.get(record.id)


def _same_place(one: Place, other: Place | None) -> bool:
    """True where the corners of two planes of one size lie together, as far as rounded numbers say."""
    if other is None:
        return True
    far = _FAR * min(one.spacing)
    return bool(
        np.linalg.norm(one.position - other.position) < max(far, 0.01)
        and np.allclose(one.across, other.across, atol=1e-3)
        and np.allclose(one.down, other.down, atol=1e-3)
        and np.allclose(one.spacing, other.spacing, rtol=1e-3)
    )


def _files(src: Path, sources: frozenset[Path]) -> tuple[list[Path], list[Skipped]]:
    """The DICOM files in a folder, whatever they are called, or the one that is given; not the project's images. And
    what is no file."""
    if not src.is_dir():
        return [src], []
    found, others = found_below(src, ("",))
    # where a link leads is not looked at: the reader refuses it
    return [
        path
        for path in found
        if path.resolve() not in sources and (not stays_inside(path, src) or _is_candidate(path))
    ], others


def _why(error: BadInputError, path: Path) -> BadInputError:
    """What is wrong with a file, in words for whoever took it for DICOM."""
    with suppress(OSError):  # which is what is wrong with it
        if not _is_dicom(path):
            return BadInputError("this is not a DICOM file")
    return error


def _is_candidate(path: Path) -> bool:
    """True for segmentations, and for files that are called DICOM and are broken: the reader says what is wrong."""
    try:
        return _is_dicom(path) and is_segmentation(dicom_header(path))
    except BadInputError:
        return True
    except OSError:
        return False


def _is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do. OSError where it cannot be read."""
    with path.open("rb") as file:
        return is_dicom(file.read(HEAD_BYTES))


def _splits(src: Path) -> dict[str, str]:
    """The splits that one of our exports names, by image id."""
    manifest = read_manifest(src) if src.is_dir() else None
    return {source.id: source.split for source in manifest.sources} if manifest else {}


def _color(segment: SegmentInfo) -> tuple[int, int, int] | None:
    from highdicom.color import CIELabColor  # noqa: PLC0415 - an extra

    if len(segment.lab) != 3 or not all(0 <= each <= 0xFFFF for each in segment.lab):
        return None
    r, g, b = CIELabColor.from_dicom_value(segment.lab).to_rgb(clip=True)
    return int(r), int(g), int(b)
