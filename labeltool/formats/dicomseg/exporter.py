"""One BINARY segmentation a series, whose frames refer to the images that they are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from labeltool import __version__
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.formats.dataset import Findings, same
from labeltool.formats.dicomseg.segments import (
    MAX_SEGMENTS,
    Algorithm,
    Segment,
    descriptions,
    labels_of,
    numbers,
    segments_of,
)
from labeltool.formats.dicomseg.source import Part, Source, said_plainly
from labeltool.formats.options import ExportOptions
from labeltool.formats.volumes import DICOM, Labelled, Volume, VolumeExporter

_FRAME_BYTES: Final = 2048
"""What the header says of a frame, at most."""
_CHECKED: Final = 64
"""Slices that are compared at a time."""
_LEAST_PIXELS: Final = 8
"""Frames of less than a byte are packed wrong by highdicom (0.28)."""
_UTF8: Final = "ISO_IR 192"


@dataclass(frozen=True)
class DicomSegOptions(ExportOptions):
    """What one can choose for DICOM segmentations."""

    objects: bool = field(
        default=False,
        metadata={
            "label": "A segment for every numbered object",
            "help": "pixels of one class and one object number are a segment of their own, in all slices; "
            "otherwise a segment is a class",
        },
    )
    ignored: bool = field(
        default=False,
        metadata={
            "label": "A segment for ignored pixels",
            "help": "ignored pixels (255) become a segment called ignore; otherwise they are in no segment",
        },
    )
    algorithm: Algorithm = field(
        default="by origin",
        metadata={
            "label": "How it was made",
            "choices": {
                "by origin": "As the pixels say",
                "MANUAL": "By hand (MANUAL)",
                "SEMIAUTOMATIC": "With a model's help (SEMIAUTOMATIC)",
                "AUTOMATIC": "By a model (AUTOMATIC)",
            },
            "help": "what the file says of every segment; by origin: SEMIAUTOMATIC for a class of which a model drew "
            "pixels that nobody has drawn again, MANUAL for the others",
        },
    )


class DicomSegExporter(VolumeExporter[Source]):
    """DICOM segmentations for viewers and archives; the images themselves are not copied."""

    name: ClassVar[str] = "dicomseg"
    title: ClassVar[str] = "DICOM segmentation"
    Options: ClassVar[type[ExportOptions]] = DicomSegOptions
    kinds: ClassVar[frozenset[str]] = frozenset({DICOM})
    no_volume: ClassVar[str] = "a DICOM segmentation is of DICOM images, and this is none"

    def source(self, volume: Volume, options: Any) -> Source:
        """The headers; BadInputError as :meth:`Source.of`, and where frames have no place."""
        if min(record.size.pixels for record in volume.records) < _LEAST_PIXELS:
            raise BadInputError(
                "images of fewer than 8 pixels do not go into a segmentation", file=volume.file
            )
        source = Source.of(volume)
        source.parts  # noqa: B018 - what it refuses is to be known before anything is written
        return source

    def judge(self, labelled: Labelled[Source], options: Any, found: Findings) -> int:
        """Says what a segmentation has no place for."""
        name, slices = labelled.name, labelled.slices
        segments = _segments(labelled, options)
        if len(segments) > MAX_SEGMENTS:
            found.problems.add(f"A segmentation holds at most {MAX_SEGMENTS:,} segments here", name)
        found.notices.add(
            "The files say whose images they are of, as the images do: patient, study, series", name
        )
        found.notices.add("All segments have the code Tissue; their classes are their labels", name)
        if any(part.reference_made for part in labelled.source.parts):
            found.notices.add("The images name no frame of reference; the segmentation gets a new one", name)
        if len(labelled.source.parts) > 1:
            found.notices.add(
                "Images of different orientation, size or place are in several files",
                name,
                len(labelled.source.parts),
            )
        if labelled.source.uneven:
            found.notices.add(
                "Slices lie at different distances; programs that take them for equal show the volume distorted",
                name,
            )
        self._say_what_is_lost(labelled, options, found)
        short = [c.name for c in slices[0].catalog.classes if labels_of(slices[0].catalog)[c.value] != c.name]
        if short:
            found.notices.add(
                "Names of classes are changed or cut to 64 characters in labels", name, len(short)
            )
        runs = (
            sum(len(np.unique(numbers(item, segments))) for item in slices)
            if len(segments) < MAX_SEGMENTS
            else 0
        )
        return runs * (slices[0].record.size.pixels // 8 + _FRAME_BYTES)

    def save(self, labelled: Labelled[Source], out: Path, options: Any) -> None:
        """Write the segmentations of a series; BadInputError where there is not one pixel of a class."""
        segments = _segments(labelled, options)
        series = _new_uid()
        for number, (part, file) in enumerate(_files(labelled, out), 1):
            planes = _planes(part, labelled, segments)
            if not planes.any():
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            with said_plainly(labelled.volume.file), _nothing_left(file):
                _segmentation(part, planes, segments, labelled, options, series, number).save_as(file)

    def finish(self, saved: list[Any], catalog: ClassCatalog, out: Path, options: Any) -> None:
        """Every file says all about itself."""

    def compare(self, labelled: Labelled[Source], out: Path, options: Any) -> None:
        """Compares what highdicom finds for each image."""
        segments = _segments(labelled, options)
        for part, file in _files(labelled, out):
            if file.exists():
                with said_plainly(file):
                    _compare(part, file, labelled, segments)
            elif _planes(part, labelled, segments).any():
                raise LabeltoolError("the segmentation is missing", file=file)

    def _say_what_is_lost(self, labelled: Labelled[Source], options: Any, found: Findings) -> None:
        name, slices = labelled.name, labelled.slices
        ignored = sum(int(item.ignored.sum()) for item in slices)
        if ignored and not options.ignored:
            found.notices.add("Ignored pixels are in no segment, as background is", name, ignored)
        if any(item.runs.unlabelled.any() for item in slices):
            found.notices.add("Pixels that nobody has labelled are in no segment, as background is", name)
        if options.objects:
            found.notices.add(
                "An object with one number in several slices is one segment; connected regions without a number are "
                "not told apart",
                name,
            )
        elif any(item.runs.object_.any() for item in slices):
            found.notices.add("Object numbers are lost: a segment is all of a class", name)


def _segments(labelled: Labelled[Source], options: DicomSegOptions) -> list[Segment]:
    found = segments_of(
        labelled.slices, labelled.drawn_by_model, objects=options.objects, ignored=options.ignored
    )
    if not found:
        raise BadInputError("no pixel of a class is in it, and a segmentation needs at least one")
    return found


def _files(labelled: Labelled[Source], out: Path) -> list[tuple[Part, Path]]:
    """Each part with its file: one of the volume's name, or several in a folder of it."""
    folder, parts = out / labelled.split, labelled.source.parts
    if len(parts) == 1:
        return [(parts[0], folder / f"{labelled.name}.dcm")]
    return [(part, folder / labelled.name / f"{number}.dcm") for number, part in enumerate(parts, 1)]


def _planes(part: Part, labelled: Labelled[Source], segments: list[Segment]) -> Any:
    """Numbers of segments [frame or file, h, w]."""
    size = labelled.slices[next(iter(part.slices.values()))].record.size
    dtype = np.uint8 if len(segments) < 256 else np.uint16
    planes = np.zeros((part.frames, size.height, size.width), dtype)
    for frame, number in part.slices.items():
        planes[frame] = numbers(labelled.slices[number], segments)
    return planes


def _segmentation(
    part: Part,
    planes: Any,
    segments: list[Segment],
    labelled: Labelled[Source],
    options: DicomSegOptions,
    series: str,
    number: int,
) -> Any:
    from highdicom.seg import Segmentation  # noqa: PLC0415 - an extra

    first = part.datasets[0]
    found = Segmentation(
        part.datasets,
        planes,
        "BINARY",
        descriptions(segments, labelled.slices[0].catalog, options.algorithm, str(first.SeriesInstanceUID)),
        series_instance_uid=series,
        series_number=int(first.get("SeriesNumber") or 0) % 100_000 + 1_000,
        sop_instance_uid=_new_uid(),
        instance_number=number,
        manufacturer="labeltool",
        manufacturer_model_name="labeltool",
        software_versions=__version__,
        device_serial_number="0",
        content_label="SEGMENTATION",
        specific_character_set=_UTF8,
        series_description="Segmentation",
    )
    if not part.placed:
        _without_place(found, first)
    elif len(part.datasets) == part.frames:
        _measure_each(found, part.datasets)
    return found


def _measure_each(segmentation: Any, images: Sequence[Any]) -> None:
    """Let frames say what their images say: highdicom says the thickness of the first of all, and of a single one that
    the next is 1 mm away."""
    shared = segmentation.SharedFunctionalGroupsSequence[0]
    if len(images) == 1 and "SpacingBetweenSlices" not in images[0]:
        shared.PixelMeasuresSequence[0].pop("SpacingBetweenSlices", None)
    thickness = {str(image.SOPInstanceUID): image.get("SliceThickness") for image in images}
    if len(set(thickness.values())) == 1:
        return
    for frame in segmentation.PerFrameFunctionalGroupsSequence:
        image = frame.DerivationImageSequence[0].SourceImageSequence[0]
        frame.PixelMeasuresSequence = deepcopy(shared.PixelMeasuresSequence)
        own = thickness[str(image.ReferencedSOPInstanceUID)]
        if own is None:
            frame.PixelMeasuresSequence[0].pop("SliceThickness", None)
        else:
            frame.PixelMeasuresSequence[0].SliceThickness = own
    del shared.PixelMeasuresSequence


def _without_place(segmentation: Any, image: Any) -> None:
    """What DICOM wants of an image of which nobody knows where it lies, and what it does not allow there."""
    if "PatientOrientation" not in segmentation:
        segmentation.PatientOrientation = image.get("PatientOrientation")
    shared = segmentation.SharedFunctionalGroupsSequence[0]
    measures = shared.get("PixelMeasuresSequence")
    if measures and not measures[0].get(
        "SliceThickness"
    ):  # not allowed without; it refers to the image, which says it
        del shared.PixelMeasuresSequence


def _compare(part: Part, file: Path, labelled: Labelled[Source], segments: list[Segment]) -> None:
    from highdicom.seg import segread  # noqa: PLC0415

    segmentation = segread(file)
    places = sorted(part.slices.items())
    for start in range(0, len(places), _CHECKED):
        some = places[start : start + _CHECKED]
        if len(part.datasets) > 1 or part.frames == 1:
            uids = [labelled.source.uid(number) for _, number in some]
            found = segmentation.get_pixels_by_source_instance(
                uids, combine_segments=True, assert_missing_frames_are_empty=True
            )
        else:
            found = segmentation.get_pixels_by_source_frame(
                labelled.source.uid(some[0][1]),
                [frame + 1 for frame, _ in some],
                combine_segments=True,
                assert_missing_frames_are_empty=True,
            )
        for plane, (_, number) in zip(found, some, strict=True):
            same(file, "segments", plane, numbers(labelled.slices[number], segments))


@contextmanager
def _nothing_left(file: Path) -> Iterator[None]:
    """A file that could not be written whole is not left there."""
    try:
        yield
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _new_uid() -> str:
    """Every export is a new object to DICOM: its times differ, and no two contents may share a UID."""
    from pydicom.uid import generate_uid  # noqa: PLC0415 - an extra

    return str(generate_uid(prefix=None))
