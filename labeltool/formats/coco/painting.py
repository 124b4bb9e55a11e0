"""From the annotations of one image to its planes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeltool.core import rle
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.coco import layout
from labeltool.formats.coco.file import CocoFile, CocoImage
from labeltool.formats.coco.segmentation import counts_of
from labeltool.formats.protocol import ImportedMask


@dataclass(frozen=True)
class Painted:
    """The mask of an image; ``unknown`` counts annotations by the name of a category the project lacks."""

    mask: ImportedMask
    skipped: tuple[Skipped, ...]
    unknown: Counter[str]


def paint(file: CocoFile, image: CocoImage, record: ImageRecord, catalog: ClassCatalog) -> Painted:
    """Paint the annotations of ``image`` in the file's order, later ones over earlier ones.

    What lies outside all of them is background; it stays unlabelled where the project has no background, where an
    annotation of an unknown category lies, and everywhere if an annotation could not be read.
    BadInputError when the image's size or one of its extra masks is not what it should be.
    """
    if image.size is not None and image.size != record.size:
        raise BadInputError(
            f"the file takes it for {image.size.width} x {image.size.height} pixels, "
            f"and it is {record.size.width} x {record.size.height} as it is displayed"
        )
    canvas = _Canvas.of(record.size, catalog)
    ids = _object_ids(file.annotations_of(image))
    for annotation, object_id in zip(file.annotations_of(image), ids, strict=True):
        try:
            canvas.add(annotation, file.category_of(annotation), object_id)
        except BadInputError as error:
            number = str(annotation.get("id"))[:40]
            canvas.failed.append(
                Skipped(f"{file.path}: annotation {number} of {image.file_name}", str(error))
            )
    canvas.set_aside(image.data)
    repeated = file.repeated_ids.get(image.key)
    more = (f"annotation ids that occur more than once: {repeated[:10]}",) if repeated else ()
    return canvas.result(record.id, str(file.path), more)


def _object_ids(annotations: list[dict[str, Any]]) -> list[int]:
    """The id of each annotation's object: what our own attribute says, else a number that is free."""
    stated = [_stated_id(annotation) for annotation in annotations]
    taken = {i for i in stated if i is not None}
    free = (n for n in range(1, len(stated) + len(taken) + 1) if n not in taken)
    return [next(free) if i is None else i for i in stated]


def _stated_id(annotation: dict[str, Any]) -> int | None:
    attributes = annotation.get("attributes")
    stated = attributes.get(layout.OBJECT_ID) if isinstance(attributes, dict) else None
    return stated if type(stated) is int and 0 <= stated < 1 << 32 else None


@dataclass
class _Canvas:
    """Planes laid out down the columns, as run lengths count."""

    size: Size
    catalog: ClassCatalog
    label: NDArray[np.uint8]
    object_: NDArray[np.uint32]
    painted: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    objects: int = 0
    overlap: int = 0
    crowds: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    failed: list[Skipped] = field(default_factory=list)

    @classmethod
    def of(cls, size: Size, catalog: ClassCatalog) -> _Canvas:
        return cls(
            size,
            catalog,
            np.full(size.pixels, catalog.unlabelled_value, np.uint8),
            np.zeros(size.pixels, np.uint32),
            np.zeros(size.pixels, bool),
            np.full(size.pixels, catalog.background is None),
        )

    def add(self, annotation: dict[str, Any], name: str, object_id: int) -> None:
        place = rle.positions(counts_of(annotation.get("segmentation"), self.size))
        found = self.catalog.by_name(name)
        if found is None:
            self.unknown[name] += 1
            self.doubtful[place] = True
            return
        crowd = annotation.get("iscrowd") in (1, "1")  # True is 1
        self.crowds += crowd
        self.overlap += int(np.count_nonzero(self.painted[place]))
        self.label[place] = found.value
        self.object_[place] = 0 if crowd or found.value == self.catalog.background else object_id
        self.painted[place] = True
        self.objects += 1

    def set_aside(self, image: dict[str, Any]) -> None:
        """Ignored and unlabelled pixels of our own exports."""
        if layout.IGNORED in image:
            place = rle.positions(counts_of(image[layout.IGNORED], self.size))
            self.label[place], self.object_[place], self.painted[place] = IGNORE, 0, True
        if layout.UNLABELLED in image:
            self.doubtful[rle.positions(counts_of(image[layout.UNLABELLED], self.size))] = True

    def result(self, image_id: str, file: str, notices: tuple[str, ...]) -> Painted:
        known = self.painted | ~self.doubtful if not self.failed else self.painted
        counted = (
            (self.overlap, "pixels lie in several annotations; the later one counts"),
            (self.crowds, "annotations are crowds; they are no single objects"),
            (
                len(self.failed),
                "annotations could not be read; what lies outside the others stays unlabelled",
            ),
        )
        mask = ImportedMask(
            image_id,
            file,
            self._upright(self.label),
            self._upright(self.object_),
            None if known.all() else self._upright(known),
            self.objects,
            (*notices, *(f"{number:,} {what}" for number, what in counted if number)),
        )
        return Painted(mask, tuple(self.failed), self.unknown)

    def _upright(self, plane: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(plane.reshape(self.size.width, self.size.height).T)
