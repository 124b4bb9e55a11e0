"""The planes of one image, painted object by object, with everything counted that is lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.geometry import Box
from labeltool.core.project import ImageRecord, Skipped
from labeltool.core.shape import Dense
from labeltool.formats.protocol import ImportedMask


@dataclass(frozen=True)
class Painted:
    """The mask of an image; ``unknown`` counts objects by the name of a class that the project lacks."""

    mask: ImportedMask
    skipped: tuple[Skipped, ...]
    unknown: Counter[str]


@dataclass
class Canvas:
    """An image to which one object after the other is added; later ones lie over earlier ones.

    What lies outside all objects is background. It stays unlabelled where the project has no background, where an
    object of an unknown class lies, and everywhere if an object could not be read.
    """

    record: ImageRecord
    catalog: ClassCatalog
    objects: int = 0
    overlap: int = 0
    crowds: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    failed: list[Skipped] = field(default_factory=list)

    def __post_init__(self) -> None:
        shape = self.record.size.height, self.record.size.width
        self._label = np.full(shape, self.catalog.unlabelled_value, np.uint8)
        self._object = np.zeros(shape, np.uint32)
        self._painted = np.zeros(shape, bool)
        self._doubtful = np.full(shape, self.catalog.background is None)
        self._last_id = 0

    def add(self, pixels: Dense, name: str, object_id: int | None = None, *, crowd: bool = False) -> None:
        """Paint an object of the class ``name``. Without ``object_id`` it gets a number that no object has; a crowd
        gets none."""
        place = pixels.box.slices()
        found = self.catalog.by_name(name)
        if found is None:
            self.unknown[name] += 1
            self._doubtful[place] |= pixels.inside
            return
        number = self._last_id + 1 if object_id is None else object_id
        self._last_id = max(self._last_id, number)
        painted = self._painted[place]
        self.overlap += int(np.count_nonzero(painted & pixels.inside))
        self.crowds += crowd
        self._label[place][pixels.inside] = found.value
        self._object[place][pixels.inside] = 0 if crowd or found.value == self.catalog.background else number
        painted |= pixels.inside
        self.objects += 1

    def ignore(self, pixels: Dense) -> None:
        """Set pixels to ignore."""
        place = pixels.box.slices()
        self._label[place][pixels.inside] = IGNORE
        self._object[place][pixels.inside] = 0
        self._painted[place] |= pixels.inside

    def leave(self, pixels: Dense) -> None:
        """Pixels of which the file says that nobody has set them, unless an object lies there."""
        self._doubtful[pixels.box.slices()] |= pixels.inside

    def fail(self, file: str, reason: str) -> None:
        """An object could not be read."""
        self.failed.append(Skipped(file, reason))

    def result(self, file: str, *, split: str = "", notices: tuple[str, ...] = ()) -> Painted:
        """The planes; ``file`` is where they came from."""
        known = self._painted if self.failed else self._painted | ~self._doubtful
        counted = (
            (self.overlap, "pixels lie in several objects; the later one counts"),
            (self.crowds, "objects are crowds; they are no single objects"),
            (len(self.failed), "objects could not be read; what lies outside the others stays unlabelled"),
        )
        mask = ImportedMask(
            self.record.id,
            file,
            self._label,
            self._object,
            None if known.all() else known,
            self.objects,
            (*notices, *(f"{number:,} {what}" for number, what in counted if number)),
            split,
        )
        return Painted(mask, tuple(self.failed), self.unknown)


def free_numbers(stated: list[int | None]) -> list[int]:
    """Object ids: what is stated, else a number that nobody states."""
    taken = {number for number in stated if number is not None}
    free = (number for number in range(1, len(stated) + len(taken) + 1) if number not in taken)
    return [next(free) if number is None else number for number in stated]


def without_class(file: str, unknown: Mapping[str, int]) -> Iterator[Skipped]:
    """The entries of a report for objects of classes that the project lacks."""
    for name, number in unknown.items():
        yield Skipped(
            file,
            f"the project has no class {name!r}: {number} objects left out, their pixels stay unlabelled. "
            "Add the class (or import with --add-classes) and import again",
        )


def whole(inside: NDArray[np.bool_]) -> Dense:
    """Pixels of a whole image, bool [h, w]."""
    height, width = inside.shape
    return Dense(Box(0, 0, width, height), inside)
