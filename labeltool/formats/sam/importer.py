"""Reads the masks of Segment-Anything, as SA-1B has them: COCO's run lengths, one file an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.shape import Dense
from labeltool.formats.coco.segmentation import pixels_of
from labeltool.formats.drawings import (
    Drawing,
    Drawings,
    DrawingsImporter,
    Mark,
    Marks,
    drawings_of,
    size_of,
    without_strays,
)
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass
from labeltool.formats.untrusted import load_json


@dataclass(frozen=True)
class SamImportOptions(ImportOptions):
    """What one can choose for Segment-Anything."""

    class_name: str = field(
        default="object",
        metadata={
            "label": "Class of the masks",
            "help": "the masks have no classes; all become objects of this one",
        },
    )


class SamImporter(DrawingsImporter):
    """Each mask becomes an object. They lie in one another, so smaller ones are painted over larger ones."""

    name: ClassVar[str] = "sam"
    title: ClassVar[str] = "Segment Anything (SA-1B)"
    Options: ClassVar[type[ImportOptions]] = SamImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The one class that was chosen."""
        return [ForeignClass(options.class_name)]

    def drawings(self, src: Path, options: Any) -> Drawings:
        """See :class:`DrawingsImporter`."""
        drawings, skipped = drawings_of(src, (".json",), partial(_drawings, class_name=options.class_name))
        good, strays = without_strays(drawings)
        return good, [*skipped, *strays]


def _drawings(path: Path, class_name: str) -> list[Drawing]:
    data = load_json(path)
    if not isinstance(data, dict) or not isinstance(data.get("image"), dict):
        raise BadInputError(
            "this is not Segment-Anything's JSON: image and annotations are needed", file=path
        )
    image, annotations = data["image"], data.get("annotations")
    if not isinstance(annotations, list):
        raise BadInputError("the file has no list of annotations", file=path)
    name = image.get("file_name")
    return [
        Drawing(
            path,
            (PurePosixPath(name.replace("\\", "/") if isinstance(name, str) else ""),),
            size_of(image.get("width"), image.get("height")),
            len(annotations),
            partial(_marks, path, annotations, class_name),
            notices=("where masks lie in one another, the smaller one counts",)
            if len(annotations) > 1
            else (),
            stated=name,
        )
    ]


def _marks(path: Path, annotations: list[Any], class_name: str) -> Marks:
    """The masks, from the largest to the smallest as the file states their areas."""
    entries = sorted(enumerate(annotations, 1), key=lambda entry: -_area(entry[1]))
    return [
        Mark(f"{path}: annotation {place}", class_name, partial(_pixels, data)) for place, data in entries
    ]


def _pixels(data: object, size: Size) -> Dense:
    pixels = pixels_of(data.get("segmentation") if isinstance(data, dict) else None, size)
    if not pixels.inside.any():
        raise BadInputError("the mask is empty")
    return pixels


def _area(data: object) -> float:
    area = data.get("area") if isinstance(data, dict) else 0
    return area if isinstance(area, int | float) else 0
