"""Writes the whole folder: pictures, class and object masks, boxes, lists of names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same, same_runs, same_size
from labeltool.formats.ids import numbered
from labeltool.formats.index_png import Palette, pack_runs, read_index, same_pixels, write_packed
from labeltool.formats.items import Item
from labeltool.formats.options import ExportOptions
from labeltool.formats.pictures import copy_picture
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
    bytes_a_pixel: ClassVar[int] = 12
    jpeg_only: ClassVar[bool] = True
    parallel: ClassVar[bool] = True

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Refuses more objects than 8 bits count beside background and ignore."""
        if options.objects and len(item.objects.extents) > MAX_OBJECTS:
            found.problems.add(
                f"VOC holds at most {MAX_OBJECTS} objects an image (export without them: --no-objects, "
                f"or no tick at “{OBJECTS_LABEL}”)",
                f"{item.record.name} ({len(item.objects.extents)})",
            )
        return 3 * item.record.size.pixels + 1000 * len(item.objects.extents)

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

    def add(self, item: Item) -> Callable[[], None]:
        picture = copy_picture(item.record, self.root / layout.PICTURES, item.name, jpeg_only=True)
        pixels = pack_runs(item.runs, item.runs.label)
        write_packed(self._png(layout.CLASSES, item), pixels, self.palette)
        write_packed(self._png(layout.GREY, item), pixels)
        if self.objects:
            extents = item.objects.extents
            numbers = numbered(extents, MAX_OBJECTS)
            packed = pack_runs(item.runs, _numbers(item, numbers))
            write_packed(self._png(layout.OBJECTS, item), packed, layout.voc_palette())
            objects = [
                VocObject(self.names[e.class_value], e.box, number, e.object_id)
                for number, e in sorted(zip(numbers, extents, strict=True), key=lambda pair: pair[0])
            ]
            write_boxes(self._boxes(item), picture.name, item.record.size, objects)
        return partial(self._list, item)

    def _list(self, item: Item) -> None:
        for name in layout.sets_of(item.record.split):
            self.listed[name].append(item.name)

    def compare(self, item: Item) -> None:
        same_size(self.root / layout.PICTURES / f"{item.name}.jpg", item)
        size, runs = item.record.size, item.runs
        colored, grey = self._png(layout.CLASSES, item), self._png(layout.GREY, item)
        label, palette = read_index(colored, size)
        same_runs(colored, "mask", label, runs, runs.label)
        if palette is not None:
            same(colored, "palette", palette, self.palette)
        if not same_pixels(colored, grey, size):
            same_runs(grey, "mask", read_index(grey, size)[0], runs, runs.label)
        if self.objects:
            self._compare_objects(item)
        for name in layout.sets_of(item.record.split):
            if item.name not in self.listed[name]:
                raise LabeltoolError(f"the list {name}.txt lacks {item.name}", file=self.root / layout.SETS)

    def _compare_objects(self, item: Item) -> None:
        """The raster holds a number for each object, and what the XML says of the number is true of the object."""
        file, wanted = self._png(layout.OBJECTS, item), item.objects.extents
        stated = {each.number: each for each in read_boxes(self._boxes(item))}
        numbers = numbered(wanted, MAX_OBJECTS)
        if sorted(stated) != sorted(numbers):
            raise LabeltoolError("the boxes are not those of the objects", file=self._boxes(item))
        for number, extent in zip(numbers, wanted, strict=True):
            each = stated[number]
            if each.box != extent.box or each.object_id != extent.object_id:
                raise LabeltoolError(
                    f"the box of object {number} is not that of its pixels", file=self._boxes(item)
                )
        found, _ = read_index(file, item.record.size)
        same_runs(file, "objects", found, item.runs, _numbers(item, numbers))

    def _png(self, folder: str, item: Item) -> Path:
        return self.root / folder / f"{item.name}.png"

    def _boxes(self, item: Item) -> Path:
        return self.root / layout.BOXES / f"{item.name}.xml"


def _numbers(item: Item, numbers: list[int]) -> NDArray[np.uint8]:
    """What SegmentationObject holds in each run: the object's number, 255 where the label is ignore."""
    of_run = np.array([0, *numbers], np.uint8)[item.objects.of_run]
    of_run[item.runs.label == IGNORE] = IGNORE
    return of_run
