"""Reads SegmentationClass and SegmentationObject of a VOC folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import SPLITS, ImageRecord, Skipped
from labeltool.formats.importing import mask_of, masks, png_below
from labeltool.formats.index_png import read_coloured, read_objects, read_pixels, used_colors
from labeltool.formats.manifest import read_manifest
from labeltool.formats.match import Matcher
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import files_below, is_given, read_text, stays_inside
from labeltool.formats.values import translate
from labeltool.formats.voc import layout
from labeltool.formats.voc.boxes import read_object_ids

_PLACES = (".", layout.ROOT, "VOC2012", "VOCdevkit/VOC2007", "VOC2007")


class VocImporter:
    """Palette or RGB masks, whose colours have names in ``labelmap.txt``, or are those of the challenge without one.

    Object ids are the values of SegmentationObject, except in our own exports, which give back the ids they had.
    """

    name: ClassVar[str] = "voc"
    title: ClassVar[str] = "PASCAL VOC"
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The classes whose colours occur in the masks."""
        root, names = _root(src.absolute()), _names(_root(src.absolute()))
        used = {
            color
            for file in files_below(root / layout.CLASSES, (".png",))
            if stays_inside(file, src.absolute())
            for color in used_colors(file)
        }
        return [
            ForeignClass(found[0], color)
            for color, found in names.items()
            if color in used and len(found) == 1 and found[0] not in (layout.STANDARD[0], layout.IGNORED)
        ]

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one; BadInputError when no folder SegmentationClass is found or the labelmap is broken."""
        src = src.absolute()
        root = _root(src)
        files, others = png_below(root / layout.CLASSES)
        yield from others
        if not files and not others:
            raise BadInputError("the folder holds no masks", file=root / layout.CLASSES)
        yield from _only_boxes(root, {f.stem for f in files})
        reader = _Reader(root, src, catalog, _names(root), _splits(root, src))
        whole = root.parents[1] if root.parent.name == "VOCdevkit" else src
        yield from masks(files, src, Matcher(images, read_manifest(whole)), reader.read)


@dataclass(frozen=True)
class _Reader:
    root: Path
    src: Path
    catalog: ClassCatalog
    names: Mapping[layout.Color, list[str]]
    splits: Mapping[str, str]

    def read(self, file: Path, record: ImageRecord) -> ImportedMask:
        """One image; BadInputError says why it is refused."""
        raw, palette = read_coloured(file, record.size)
        if palette is None:
            raise BadInputError(
                "the mask is grey, so its values have no names",
                file=file,
                hint="If they are the project's class values, import the folder as png",
            )
        label = translate(raw, *layout.values_of(palette, self.names, self.catalog))
        mask = mask_of(record, file, label, self._ids(file.stem, record), self.catalog)
        return replace(mask, split=self.splits.get(file.stem, ""))

    def _ids(self, stem: str, record: ImageRecord) -> NDArray[np.uint32] | None:
        """Ids of objects, uint32 [h, w], where the folder has them."""
        objects, boxes = self.root / layout.OBJECTS / f"{stem}.png", self.root / layout.BOXES / f"{stem}.xml"
        if not is_given(objects, self.src):
            return None
        lookup = np.arange(1 << 16, dtype=np.uint32)
        if is_given(boxes, self.src):
            for number, object_id in read_object_ids(boxes).items():
                lookup[number] = object_id
        lookup[IGNORE] = 0
        ids: NDArray[np.uint32] = lookup[_numbers(objects, record.size)]
        return ids


def _numbers(objects: Path, size: Size) -> NDArray[np.uint32]:
    """The numbers of objects, 255 where ignored: the values of the map; of an RGB one those of the challenge's colours,
    or of its own in their order."""
    if read_pixels(objects, size)[0].ndim < 3:
        return read_objects(objects, size)
    index, palette = read_coloured(objects, size)
    own = {(r, g, b): number for number, (r, g, b) in enumerate(layout.voc_palette().tolist())}
    colors = [] if palette is None else palette.tolist()
    numbers = [own.get((r, g, b), 256 + number) for number, (r, g, b) in enumerate(colors)]
    return np.array(numbers, np.uint32)[index]


def _root(src: Path) -> Path:
    """The folder that holds SegmentationClass; BadInputError where there is none."""
    root = next((src / p for p in _PLACES if (src / p / layout.CLASSES).is_dir()), None)
    if root is None:
        raise BadInputError(
            f"there is no folder {layout.CLASSES}", file=src, hint="Give VOCdevkit or the folder above it"
        )
    return root


def _splits(root: Path, src: Path) -> dict[str, str]:
    """The split of each image by the lists that name it; of two lists the later one counts."""
    found: dict[str, str] = {}
    for split in SPLITS:
        file = root / layout.SETS / f"{split}.txt"
        if is_given(file, src):
            found.update({line.split()[0]: split for line in read_text(file).splitlines() if line.strip()})
    return found


def _only_boxes(root: Path, with_mask: set[str]) -> Iterator[Skipped]:
    folder = root / layout.BOXES
    without = (
        [f for f in files_below(folder, (".xml",)) if f.stem not in with_mask] if folder.is_dir() else []
    )
    if without:
        yield Skipped(str(folder), f"{len(without)} files give boxes and no mask, {without[0].name} for one")


def _names(root: Path) -> Mapping[layout.Color, list[str]]:
    file = root / layout.LABELMAP
    return layout.read_labelmap(file) if is_given(file, root) else layout.standard_labelmap()
