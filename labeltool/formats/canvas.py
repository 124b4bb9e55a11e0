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
from labeltool.formats.outlines import Outlined
from labeltool.formats.protocol import ImportedMask


@dataclass(frozen=True)
class Painted:
    """The mask of an image; ``unknown`` counts objects by the name of a class that the project lacks."""

    mask: ImportedMask
    skipped: tuple[Skipped, ...]
    unknown: Counter[str]

    def entries(self) -> Iterator[ImportedMask | Skipped]:
        """What an importer yields of it; a mask of which no pixel is known is no mask."""
        yield from self.skipped
        if self.mask.known is None or self.mask.known.any():
            yield self.mask


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
    parts: int = 0
    erased: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    failed: list[Skipped] = field(default_factory=list)
    lost: int = 0
    empty: int = 0
    cut: int = 0
    crossed: int = 0

    def __post_init__(self) -> None:
        shape = self.record.size.height, self.record.size.width
        self._label = np.full(shape, self.catalog.unlabelled_value, np.uint8)
        self._object = np.zeros(shape, np.uint32)
        self._painted = np.zeros(shape, bool)
        self._doubtful = np.full(shape, self.catalog.background is None)
        self._last_id = 0
        self._seen: set[tuple[int, int]] = set()
        self._extents: dict[tuple[int, int], Box] = {}

    def add(self, pixels: Dense, name: str, object_id: int | None = None, *, crowd: bool = False) -> None:
        """Paint an object of the class ``name``. Without ``object_id`` it gets a number that no object has, with that
        of an object of the class it becomes a part of it; a crowd gets none."""
        place = pixels.box.slices()
        found = self.catalog.by_name(name)
        if found is None:
            self.unknown[name] += 1
            self._doubtful[place] |= pixels.inside
            return
        number = self._last_id + 1 if object_id is None else object_id
        self._last_id = max(self._last_id, number)
        number = 0 if crowd or found.value == self.catalog.background else number
        is_part = number > 0 and (found.value, number) in self._seen
        self._seen.add((found.value, number))
        painted, label, object_ = self._painted[place], self._label[place], self._object[place]
        covered = painted & pixels.inside
        if is_part:
            covered &= (label != found.value) | (object_ != number)
        self.overlap += int(np.count_nonzero(covered))
        self.crowds += crowd
        label[pixels.inside] = found.value
        object_[pixels.inside] = number
        painted |= pixels.inside
        if isinstance(pixels, Outlined):
            self.cut += pixels.cut
            self.crossed += pixels.crossed
        self.objects += not is_part
        self.parts += is_part
        if not pixels.inside.any():
            self.empty += not is_part
        elif number:
            key = found.value, number
            self._extents[key] = self._extents.get(key, pixels.box).union(pixels.box)

    def ignore(self, pixels: Dense) -> None:
        """Set pixels to ignore."""
        place = pixels.box.slices()
        self._label[place][pixels.inside] = IGNORE
        self._object[place][pixels.inside] = 0
        self._painted[place] |= pixels.inside

    def erase(self, pixels: Dense, *, told: bool = True) -> None:
        """Set pixels to background, or to unlabelled where the project has none; unless ``told`` without a notice."""
        place = pixels.box.slices()
        self._label[place][pixels.inside] = self.catalog.unlabelled_value
        self._object[place][pixels.inside] = 0
        self._painted[place][pixels.inside] = self.catalog.background is not None
        self.erased += told

    def leave(self, pixels: Dense) -> None:
        """Pixels of which the file says that nobody has set them, unless an object lies there."""
        self._doubtful[pixels.box.slices()] |= pixels.inside

    def fail(self, file: str, reason: str, number: int = 1) -> None:
        """An object could not be read, or ``number`` of them for one reason."""
        self.failed.append(Skipped(file, reason))
        self.lost += number

    def result(self, file: str, *, split: str = "", notices: tuple[str, ...] = ()) -> Painted:
        """The planes; ``file`` is where they came from."""
        known = self._painted if self.failed else self._painted | ~self._doubtful
        counted = (
            (self.overlap, "pixels lie in several objects; the later one counts"),
            (self.cut, "outlines are cut at the edge of the image"),
            (self.crossed, "outlines are self-crossing and painted by the even-odd rule"),
            (self.parts, "outlines are part of an object with several"),
            (self.erased, "outlines are background and no objects"),
            (self.lost, "objects could not be read; what lies outside the others stays unlabelled"),
        )
        mask = ImportedMask(
            self.record.id,
            file,
            self._label,
            self._object,
            None if known.all() else known,
            self.objects,
            (*notices, *(f"{number:,} {what}" for number, what in counted if number), *self._of_objects()),
            split,
        )
        return Painted(mask, tuple(self.failed), self.unknown)

    def _of_objects(self) -> Iterator[str]:
        """What has become of objects that are none any more."""
        counted = (
            (
                self.crowds,
                "came as a crowd; only the pixels and their class are kept, not that it is a crowd",
            ),
            (self._covered(), "vanished wholly under what was painted later"),
            (self.empty, "held no pixel"),
        )
        for number, what in counted:
            if number:
                yield f"{number:,} object{'s' if number != 1 else ''} {what}"

    def _covered(self) -> int:
        """How many objects have no pixel left."""
        return sum(
            not ((self._object[place] == number) & (self._label[place] == value)).any()
            for (value, number), box in self._extents.items()
            for place in [box.slices()]
        )


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
            f"the project has no class {name[:80]!r}: {number} objects left out, their pixels stay unlabelled. "
            "Add the class (or import with --add-classes) and import again",
            (name,),
        )


def whole(inside: NDArray[np.bool_]) -> Dense:
    """Pixels of a whole image, bool [h, w]."""
    height, width = inside.shape
    return Dense(Box(0, 0, width, height), inside)
