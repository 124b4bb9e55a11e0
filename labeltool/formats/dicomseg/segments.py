"""Segments: the classes, or the numbered objects, of a volume, and what a file says of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool import __version__
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.runs import Runs
from labeltool.formats.dicomseg.source import uid_from
from labeltool.formats.items import Item

Algorithm = Literal["by origin", "MANUAL", "SEMIAUTOMATIC", "AUTOMATIC"]

IGNORED: Final = "ignore"
"""The label of the segment of ignored pixels."""

MAX_SEGMENTS: Final = 1_000
"""Every segment is looked for in every frame; DICOM would hold 65,535."""

_LABEL_LENGTH: Final = 64
_OBJECT: Final = "labeltool object {}"
_OBJECT_ID: Final = re.compile(r"labeltool object (\d{1,10})")
_TISSUE: Final = ("85756007", "SCT", "Tissue")
"""The one code that is right for whatever a class is; the class is told by the label."""


class Segment(NamedTuple):
    """A segment: its class, the object id where it is a single object, and whether a model drew some of it."""

    value: int
    object_id: int
    by_model: bool


def segments_of(
    slices: Sequence[Item], drawn_by_model: frozenset[int], *, objects: bool, ignored: bool
) -> list[Segment]:
    """The segments of a volume in the order of their numbers, from 1: by class, and within it by object."""
    catalog = slices[0].catalog
    found = np.unique(np.concatenate([np.unique(_keys(item.runs, objects)) for item in slices]))
    wanted = {c.value for c in catalog.foreground} | ({IGNORE} if ignored else set())
    pairs = ((key >> 32, key & 0xFFFF_FFFF) for key in found.tolist())
    return [Segment(v, number, v in drawn_by_model) for v, number in pairs if v in wanted]


def numbers(item: Item, segments: Sequence[Segment]) -> NDArray[np.uint16]:
    """The number of the segment of every pixel, uint16 [h, w]; 0 where there is none."""
    known = np.array([s.value << 32 | s.object_id for s in segments], np.int64)
    keys = _keys(item.runs, any(s.object_id for s in segments))
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: NDArray[np.uint16] = item.runs.plane(
        np.where(known[places] == keys, places + 1, 0).astype(np.uint16)
    )
    return found


def _keys(runs: Runs, objects: bool) -> NDArray[np.int64]:
    """Class and object of every run in one number; -1 where nobody has set the pixel and that means ignore."""
    keys = runs.label.astype(np.int64) << 32
    if objects:
        keys |= runs.object_
    keys[runs.unlabelled & (runs.label == IGNORE)] = -1
    return keys


def descriptions(
    segments: Sequence[Segment], catalog: ClassCatalog, algorithm: Algorithm, series: str
) -> list[Any]:
    """The items of the segment sequence."""
    from highdicom import AlgorithmIdentificationSequence  # noqa: PLC0415 - an extra
    from highdicom.color import CIELabColor  # noqa: PLC0415
    from highdicom.seg import SegmentDescription  # noqa: PLC0415
    from pydicom.sr.coding import Code  # noqa: PLC0415

    labels = labels_of(catalog)
    found = []
    for number, segment in enumerate(segments, 1):
        kind = _algorithm(segment, algorithm)
        tracking = _OBJECT.format(segment.object_id) if segment.object_id else None
        name, color = _called(segment.value, catalog)
        description: Any = SegmentDescription(
            number,
            labels[segment.value],
            Code(*_TISSUE),
            Code(*_TISSUE),
            kind,
            None
            if kind == "MANUAL"
            else AlgorithmIdentificationSequence(
                "labeltool", Code("123110", "DCM", "Artificial Intelligence"), __version__
            ),
            tracking_id=tracking,
            tracking_uid=tracking and uid_from("object", series, name, tracking),
            display_color=CIELabColor.from_rgb(*color),
        )
        if labels[segment.value] != name:
            description.SegmentDescription = name
        found.append(description)
    return found


def labels_of(catalog: ClassCatalog) -> dict[int, str]:
    """Names of classes as DICOM can hold them (64 characters, no backslash), each once, by value."""
    labels: dict[int, str] = {}
    for value in (*catalog.values, IGNORE):
        name, _ = _called(value, catalog)
        label = name.replace("\\", "/").strip()[:_LABEL_LENGTH].strip()
        number = 1
        while label in labels.values():
            number += 1
            end = f" {number}"
            label = label[: _LABEL_LENGTH - len(end)].strip() + end
        labels[value] = label
    return labels


def object_id_of(segment: Any) -> int | None:
    """The object that a segment of one of our exports stands for; None for any other segment."""
    found = _OBJECT_ID.fullmatch(str(segment.get("TrackingID", "")))
    number = int(found[1]) if found else 0
    return number if 0 < number < 1 << 32 else None


def _called(value: int, catalog: ClassCatalog) -> tuple[str, tuple[int, int, int]]:
    found = catalog.by_value(value)
    return (IGNORED, (128, 128, 128)) if found is None else (found.name, found.color)


def _algorithm(segment: Segment, algorithm: Algorithm) -> str:
    if algorithm == "by origin":
        return "SEMIAUTOMATIC" if segment.by_model else "MANUAL"
    return algorithm
