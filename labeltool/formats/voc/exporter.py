"""Writes the whole folder: pictures, class and object masks, boxes, lists of names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.regions import extents
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same, same_size
from labeltool.formats.ids import drawn, numbered
from labeltool.formats.index_png import Palette, read_index, read_objects, write_index
from labeltool.formats.items import Item
from labeltool.formats.pictures import copy_picture
from labeltool.formats.protocol import ExportOptions
from labeltool.formats.untrusted import read_text
from labeltool.formats.voc import layout
from labeltool.formats.voc.boxes import VocObject, read_boxes, write_boxes

MAX_OBJECTS = 254
OBJECTS_LABEL = "Write objects and boxes"


@dataclass(frozen=True)
class VocOptions(ExportOptions):
    """What one can choose for VOC."""

    objects: bool = field(
        default=True,
        metadata={
            "label": OBJECTS_LABEL,
            "help": "write SegmentationObject and Annotations, at most 254 objects an image",
        },
    )


class VocExporter(DatasetExporter):
    """The layout of the PASCAL VOC challenge of 2012, class values kept as they are."""

    name: ClassVar[str] = "voc"
    title: ClassVar[str] = "PASCAL VOC"
    Options: ClassVar[type[ExportOptions]] = VocOptions
    jpeg_only: ClassVar[bool] = True

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Refuses more objects than 8 bits count beside background and ignore."""
        if options.objects and len(item.regions) > MAX_OBJECTS:
            found.problems.add(
                f"VOC holds at most {MAX_OBJECTS} objects an image (export without them: --no-objects, "
                f"or no tick at “{OBJECTS_LABEL}”)",
                f"{item.record.name} ({len(item.regions)})",
            )
        return 3 * item.label.size + 1000 * len(item.regions)

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """The lists of names are written last, from what could be written."""
        files = _VocFiles.at(out, catalog, options)
        for folder in files.folders:
            (files.root / folder).mkdir(parents=True)
        (files.root / layout.LABELMAP).write_text(layout.labelmap(catalog), encoding="utf-8")
        yield files
        for name in ("train", "val", "trainval", *(["test"] if files.listed["test"] else [])):
            text = "".join(f"{line}\n" for line in files.listed[name])
            (files.root / layout.SETS / f"{name}.txt").write_text(text, encoding="utf-8")

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares what Pillow and the XML parser read, and the lists."""
        files = _VocFiles.at(out, catalog, options)
        for file in sorted((files.root / layout.SETS).glob("*.txt")):
            files.listed[file.stem] = read_text(file, 1 << 28).splitlines()
        return files


@dataclass(frozen=True)
class _VocFiles:
    root: Path
    palette: Palette
    names: dict[int, str]
    objects: bool
    listed: dict[str, list[str]]

    @classmethod
    def at(cls, out: Path, catalog: ClassCatalog, options: VocOptions) -> _VocFiles:
        return cls(
            out / layout.ROOT,
            layout.class_palette(catalog),
            layout.class_names(catalog),
            options.objects,
            defaultdict(list),
        )

    @property
    def folders(self) -> tuple[str, ...]:
        always = (layout.PICTURES, layout.CLASSES, layout.GREY, layout.SETS)
        return (*always, layout.OBJECTS, layout.BOXES) if self.objects else always

    def add(self, item: Item) -> None:
        picture = copy_picture(item.record, self.root / layout.PICTURES, item.name, jpeg_only=True)
        write_index(self._png(layout.CLASSES, item), item.label, self.palette)
        write_index(self._png(layout.GREY, item), item.label)
        if self.objects:
            numbers = numbered(item.regions, MAX_OBJECTS)
            raster = drawn(item.regions, numbers, item.record.size, np.uint8)
            raster[item.label == IGNORE] = IGNORE
            write_index(self._png(layout.OBJECTS, item), raster, layout.voc_palette())
            objects = [
                VocObject(self.names[r.class_value], r.box, number, r.object_id)
                for number, r in sorted(zip(numbers, item.regions, strict=True), key=lambda pair: pair[0])
            ]
            write_boxes(self._boxes(item), picture.name, item.record.size, objects)
        for name in layout.sets_of(item.record.split):
            self.listed[name].append(item.name)

    def compare(self, item: Item) -> None:
        same_size(self.root / layout.PICTURES / f"{item.name}.jpg", item)
        for folder, wanted in ((layout.CLASSES, self.palette), (layout.GREY, None)):
            file = self._png(folder, item)
            label, palette = read_index(file, item.record.size)
            same(file, "mask", label, item.label)
            if palette is not None and wanted is not None:
                same(file, "palette", palette, wanted)
        if self.objects:
            self._compare_objects(item)
        for name in layout.sets_of(item.record.split):
            if item.name not in self.listed[name]:
                raise LabeltoolError(f"the list {name}.txt lacks {item.name}", file=self.root / layout.SETS)

    def _compare_objects(self, item: Item) -> None:
        file = self._png(layout.OBJECTS, item)
        raster = read_objects(file, item.record.size)
        same(file, "ignored pixels", raster == IGNORE, item.label == IGNORE)
        ids = np.zeros(256, np.uint32)
        found = {value: box for value, _, box in extents(raster.astype(np.uint8), np.zeros_like(raster))}
        for each in read_boxes(self._boxes(item)):
            ids[each.number] = each.object_id
            if found.get(each.number) != each.box:
                raise LabeltoolError(
                    f"the box of object {each.number} is not that of its pixels", file=self._boxes(item)
                )
        same(file, "object ids", ids[raster], item.object_)
        same(file, "objects", (raster > 0) & (raster < IGNORE), np.isin(item.label, self._foreground(item)))

    def _foreground(self, item: Item) -> list[int]:
        return [c.value for c in item.catalog.foreground]

    def _png(self, folder: str, item: Item) -> Path:
        return self.root / folder / f"{item.name}.png"

    def _boxes(self, item: Item) -> Path:
        return self.root / layout.BOXES / f"{item.name}.xml"
