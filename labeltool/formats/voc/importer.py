"""Reads SegmentationClass and SegmentationObject of a VOC folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Skipped
from labeltool.formats.importing import mask_of, masks
from labeltool.formats.index_png import read_index, read_objects
from labeltool.formats.manifest import read_manifest
from labeltool.formats.match import Matcher
from labeltool.formats.protocol import ImportedMask
from labeltool.formats.untrusted import files_below, stays_inside
from labeltool.formats.values import translate
from labeltool.formats.voc import layout
from labeltool.formats.voc.boxes import read_object_ids

_PLACES = (".", layout.ROOT, "VOC2012", "VOCdevkit/VOC2007", "VOC2007")


class VocImporter:
    """Palette masks, whose colours have names in ``labelmap.txt``, or are those of the challenge where there is none.

    Object ids are the values of SegmentationObject, except in our own exports, which give back the ids they had.
    """

    name: ClassVar[str] = "voc"
    title: ClassVar[str] = "PASCAL VOC"

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord]
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one; BadInputError when no folder SegmentationClass is found or the labelmap is broken."""
        src = src.absolute()
        root = next((src / p for p in _PLACES if (src / p / layout.CLASSES).is_dir()), None)
        if root is None:
            raise BadInputError(
                f"there is no folder {layout.CLASSES}", file=src, hint="Give VOCdevkit or the folder above it"
            )
        files = list(files_below(root / layout.CLASSES, (".png",)))
        if not files:
            raise BadInputError("the folder holds no masks", file=root / layout.CLASSES)
        yield from _only_boxes(root, {f.stem for f in files})
        reader = _Reader(root, src, catalog, _names(root))
        whole = root.parents[1] if root.parent.name == "VOCdevkit" else src
        yield from masks(files, src, Matcher(images, read_manifest(whole)), reader.read)


@dataclass(frozen=True)
class _Reader:
    root: Path
    src: Path
    catalog: ClassCatalog
    names: Mapping[layout.Color, list[str]]

    def read(self, file: Path, record: ImageRecord) -> ImportedMask:
        """One image; BadInputError says why it is refused."""
        raw, palette = read_index(file, record.size)
        if palette is None:
            raise BadInputError(
                "the mask is grey, so its values have no names",
                file=file,
                hint="If they are the project's class values, import the folder as png",
            )
        label = translate(raw, *layout.values_of(palette, self.names, self.catalog))
        return mask_of(record, file, label, self._ids(file.stem, record), self.catalog)

    def _ids(self, stem: str, record: ImageRecord) -> NDArray[np.uint32] | None:
        """Ids of objects, uint32 [h, w], where the folder has them."""
        objects, boxes = self.root / layout.OBJECTS / f"{stem}.png", self.root / layout.BOXES / f"{stem}.xml"
        if not (objects.is_file() and stays_inside(objects, self.src)):
            return None
        lookup = np.arange(1 << 16, dtype=np.uint32)
        if boxes.is_file() and stays_inside(boxes, self.src):
            for number, object_id in read_object_ids(boxes).items():
                lookup[number] = object_id
        lookup[IGNORE] = 0
        ids: NDArray[np.uint32] = lookup[read_objects(objects, record.size)]
        return ids


def _only_boxes(root: Path, with_mask: set[str]) -> Iterator[Skipped]:
    folder = root / layout.BOXES
    without = (
        [f for f in files_below(folder, (".xml",)) if f.stem not in with_mask] if folder.is_dir() else []
    )
    if without:
        yield Skipped(str(folder), f"{len(without)} files give boxes and no mask, {without[0].name} for one")


def _names(root: Path) -> Mapping[layout.Color, list[str]]:
    file = root / layout.LABELMAP
    return layout.read_labelmap(file) if file.is_file() else layout.standard_labelmap()
