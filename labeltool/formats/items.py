"""An image on its way into an export: dense planes, objects, and the name it gets there."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.core.regions import Region, regions_of
from labeltool.core.runs import Objects, Runs, objects_of, runs_of_mask
from labeltool.core.scratch import Shelf, Spilled, fetch
from labeltool.formats.protocol import LabelledImage, LabelledImages

KEPT_BYTES: Final = 64 * 2**20
"""For what is known of the masks; about 300 images of 12 million pixels with 200 objects each."""


@dataclass(frozen=True)
class Item:
    """One image: ``name`` is its unique name in the export (no suffix).

    Its planes are kept as ``runs`` and made when they are asked for. Object ids are 0 outside the classes that have
    objects.
    """

    record: ImageRecord
    name: str
    catalog: ClassCatalog
    runs: Runs
    found: Objects | None = None
    """The objects, where somebody has looked for them already."""

    @cached_property
    def label(self) -> NDArray[np.uint8]:
        """Class values uint8 [h, w]."""
        return self.runs.plane(self.runs.label)

    @cached_property
    def object_(self) -> NDArray[np.uint32]:
        """Object ids uint32 [h, w]."""
        return self.runs.plane(self.runs.object_)

    @cached_property
    def unlabelled(self) -> NDArray[np.bool_]:
        """True where nobody has set the pixel, bool [h, w]."""
        return self.runs.plane(self.runs.unlabelled)

    @cached_property
    def objects(self) -> Objects:
        """The objects with their boxes and areas; costs little, and no full-size plane."""
        return self.found or objects_of(self.runs, _with_objects(self.catalog))

    @cached_property
    def regions(self) -> list[Region]:
        """The objects with their pixels, in the order of :func:`labeltool.core.regions.regions`."""
        return regions_of(self.objects)

    def forget(self) -> None:
        """Let go of the planes and the objects' pixels; they are made again when they are asked for."""
        for name in ("label", "object_", "unlabelled", "regions"):
            self.__dict__.pop(name, None)

    @property
    def ignored(self) -> NDArray[np.bool_]:
        """True where somebody set the pixel to ignore, bool [h, w]."""
        return self.runs.plane((self.runs.label == IGNORE) & ~self.runs.unlabelled)

    @property
    def strange_values(self) -> list[int]:
        """Label values that no class of the catalog has."""
        used = np.unique(self.runs.label).tolist()
        return [v for v in used if v != IGNORE and v not in self.catalog.values]


class Known(NamedTuple):
    """What an export needs to know of a mask; ``labelled`` is false where nobody has set a single pixel."""

    objects: Objects
    labelled: bool

    @property
    def runs(self) -> Runs:
        """The runs that the objects, and what lies between them, are made of."""
        return self.objects.runs


def known(mask: LabelMask, catalog: ClassCatalog) -> Known:
    """Read a mask once, from its tiles."""
    runs = runs_of_mask(mask, catalog.unlabelled_value)
    foreground = np.zeros(256, bool)
    foreground[_with_objects(catalog)] = True
    runs.object_[~foreground[runs.label]] = 0
    return Known(objects_of(runs, _with_objects(catalog)), is_labelled(mask))


def _with_objects(catalog: ClassCatalog) -> list[int]:
    return [each.value for each in catalog.foreground]


def item(image: LabelledImage, name: str, catalog: ClassCatalog) -> Item:
    """The item of one image."""
    return Item(image.record, name, catalog, known(image.mask, catalog).runs)


def is_labelled(mask: LabelMask) -> bool:
    """True when somebody, or a model, has set at least one pixel."""
    return any(tile.any() for tile in mask.planes["origin"].tiles.values())


class Kept:
    """What is known of images from one pass over them to the next: in memory up to a bound, then in a scratch file."""

    def __init__(self) -> None:
        self.clear()

    def known(self, image: LabelledImage, catalog: ClassCatalog) -> Known:
        """Of the image at its revision; its mask is asked for only where that is not known yet."""
        state = image.record.revision, catalog.unlabelled_value, _with_objects(catalog)
        kept = self._kept.get(image.record.id)
        if kept is not None and kept.state == state:
            return Known(Objects.from_bytes(fetch(kept.place), image.record.size), kept.labelled)
        found = known(image.mask, catalog)
        if kept is not None:
            self._shelf.take_off(kept.place)
        self._kept[image.record.id] = _Kept(state, self._shelf.put(found.objects.to_bytes()), found.labelled)
        return found

    def clear(self) -> None:
        """Nothing is known any more."""
        self._shelf = Shelf(KEPT_BYTES)
        self._kept: dict[str, _Kept] = {}


class _Kept(NamedTuple):
    """``state`` is what it was made of: the mask's revision and what the catalog says."""

    state: tuple[int, int, list[int]]
    place: bytes | Spilled
    labelled: bool


@dataclass(frozen=True)
class Watched:
    """Images that tell ``progress`` how far one is in them, and stop when asked to."""

    images: LabelledImages
    progress: Progress
    cancel: CancelToken
    text: str

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[LabelledImage]:
        for done, image in enumerate(self.images):
            self.cancel.check()
            self.progress(done, len(self), f"{self.text} {image.record.name}")
            yield image
        self.cancel.check()
        self.progress(len(self), len(self), self.text)


_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10))}
)
_MAX_BYTES = 180


class Names:
    """Names for images that no file system and no list of names trips over, each given once.

    Names that differ only in case or in how their accents are coded count as the same.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, record: ImageRecord) -> str:
        """The image's own stem where that is possible, else the nearest free name."""
        return self.give(record.stem)

    def give(self, stem: str) -> str:
        """A name of this stem where that is possible, else the nearest free one."""
        number, name = 1, self.name(stem, 1)
        while name.casefold() in self._taken:
            number += 1
            name = self.name(stem, number)
        self._taken.add(name.casefold())
        return name

    def name(self, stem: str, number: int) -> str:
        """The ``number``-th name that an image of this stem may get; a format may have a form of its own."""
        return portable(stem) if number == 1 else f"{portable(stem)}_{number}"


def portable(stem: str) -> str:
    """A name like ``stem`` that every file system takes."""
    clean = unicodedata.normalize("NFC", stem)
    clean = "".join("_" if c in _FORBIDDEN or not c.isprintable() else c for c in clean)
    clean = clean.encode("utf-8", "replace")[:_MAX_BYTES].decode("utf-8", "ignore").strip().rstrip(". ")
    clean = f"_{clean[1:]}" if clean.startswith("#") else clean
    head, dot, rest = clean.partition(".")
    return f"{head}_{dot}{rest}" if not clean or head.strip().casefold() in _RESERVED else clean


class Tally:
    """Sentences, each with the images it is about, and how many things in them where somebody counts."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}
        self._counts: Counter[str] = Counter()

    def add(self, sentence: str, name: str, number: int = 0) -> None:
        """Say ``sentence`` of one more image, and of ``number`` things in it."""
        self._names.setdefault(sentence, []).append(name)
        self._counts[sentence] += number

    def lines(self) -> tuple[str, ...]:
        """One line a sentence, with the first names and the number of the others."""
        return tuple(
            f"{sentence}{f' ({self._counts[sentence]:,})' if self._counts[sentence] else ''}: {_some(names)}"
            for sentence, names in self._names.items()
        )


def _some(names: list[str], shown: int = 5) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
