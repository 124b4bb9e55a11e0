"""An image on its way into an export: dense planes, objects, and the name it gets there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.mask import LabelMask
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.core.provenance import Origin
from labeltool.core.regions import Region, regions
from labeltool.formats.protocol import LabelledImage, LabelledImages


@dataclass(frozen=True)
class Item:
    """One image: ``name`` is its unique name in the export (no suffix).

    ``label`` uint8 and ``object_`` uint32 are [h, w]; ids are 0 outside the classes that have objects.
    ``unlabelled`` is bool [h, w], true where nobody has set the pixel.
    """

    record: ImageRecord
    name: str
    catalog: ClassCatalog
    label: NDArray[np.uint8]
    object_: NDArray[np.uint32]
    unlabelled: NDArray[np.bool_]

    @cached_property
    def regions(self) -> list[Region]:
        """The objects, in the order of :func:`labeltool.core.regions.regions`."""
        return regions(self.label, self.object_, self.catalog)

    @property
    def ignored(self) -> NDArray[np.bool_]:
        """True where somebody set the pixel to ignore, bool [h, w]."""
        ignored: NDArray[np.bool_] = (self.label == IGNORE) & ~self.unlabelled
        return ignored

    @property
    def strange_values(self) -> list[int]:
        """Label values that no class of the catalog has."""
        used = np.flatnonzero(np.bincount(self.label.ravel(), minlength=256)).tolist()
        return [v for v in used if v != IGNORE and v not in self.catalog.values]


def item(image: LabelledImage, name: str, catalog: ClassCatalog) -> Item:
    """The item of one image."""
    label = image.mask.read("label").astype(np.uint8, copy=False)
    object_ = image.mask.read("object").astype(np.uint32, copy=False)
    if object_.any():
        object_[~np.isin(label, [c.value for c in catalog.foreground])] = 0
    unlabelled = (image.mask.read("origin") == Origin.NOBODY) & (label == catalog.unlabelled_value)
    return Item(image.record, name, catalog, label, object_, unlabelled)


def is_labelled(mask: LabelMask) -> bool:
    """True when somebody, or a model, has set at least one pixel."""
    return any(tile.any() for tile in mask.planes["origin"].tiles.values())


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
        stem = _portable(record.path.stem)
        number, name = 1, stem
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name.casefold())
        return name


def _portable(stem: str) -> str:
    clean = unicodedata.normalize("NFC", stem)
    clean = "".join("_" if c in _FORBIDDEN or not c.isprintable() else c for c in clean)
    clean = clean.encode("utf-8", "replace")[:_MAX_BYTES].decode("utf-8", "ignore").strip().rstrip(". ")
    clean = f"_{clean[1:]}" if clean.startswith("#") else clean
    return f"{clean}_" if not clean or clean.split(".")[0].casefold() in _RESERVED else clean


class Tally:
    """Sentences, each with the images it is about."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}

    def add(self, sentence: str, name: str) -> None:
        """Say ``sentence`` of one more image."""
        self._names.setdefault(sentence, []).append(name)

    def lines(self) -> tuple[str, ...]:
        """One line a sentence, with the first names and the number of the others."""
        return tuple(f"{sentence}: {_some(names)}" for sentence, names in self._names.items())


def _some(names: list[str], shown: int = 5) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
