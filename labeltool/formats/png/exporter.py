"""``labels/<name>.png``, ``instances/<name>.png`` and ``classes.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same_strips
from labeltool.formats.ids import numbered
from labeltool.formats.index_png import pack_runs, read_strips, write_packed
from labeltool.formats.items import Item
from labeltool.formats.options import ExportOptions

LABELS, INSTANCES, CLASSES = "labels", "instances", "classes.json"

MAX_OBJECTS = 65_535


@dataclass(frozen=True)
class PngOptions(ExportOptions):
    """What one can choose for index masks."""

    instances: bool = field(
        default=True,
        metadata={
            "label": "Write object ids",
            "help": "write instances/<name>.png, 16 bit, a number for every object",
        },
    )


class PngExporter(DatasetExporter):
    """Index masks as most training code reads them; the pictures are not copied."""

    name: ClassVar[str] = "png"
    title: ClassVar[str] = "Index masks (PNG)"
    Options: ClassVar[type[ExportOptions]] = PngOptions
    bytes_a_pixel: ClassVar[int] = 3
    with_pictures: ClassVar[bool] = False

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Refuses more objects than 16 bits count."""
        if options.instances and len(item.objects.extents) > MAX_OBJECTS:
            found.problems.add(f"A 16-bit PNG holds at most {MAX_OBJECTS:,} objects", item.record.name)
        return (3 if options.instances else 1) * item.record.size.pixels

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """The folders and the list of classes come first."""
        text = json.dumps(catalog.to_json(), indent=1, ensure_ascii=True)
        (out / CLASSES).write_text(text, encoding="ascii")
        (out / LABELS).mkdir()
        if options.instances:
            (out / INSTANCES).mkdir()
        yield _PngFiles(out, options)

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares what Pillow decodes."""
        return _PngFiles(out, options)


@dataclass(frozen=True)
class _PngFiles:
    out: Path
    options: PngOptions

    def add(self, item: Item) -> None:
        write_packed(self._labels(item), pack_runs(item.runs, item.runs.label))
        if self.options.instances:
            numbers = _numbers(item)
            extents = item.objects.extents
            others = {
                n: e.object_id for n, e in zip(numbers[1:].tolist(), extents, strict=True) if n != e.object_id
            }
            pixels = pack_runs(item.runs, numbers[item.objects.of_run])
            write_packed(self._instances(item), pixels, object_ids=others)

    def compare(self, item: Item) -> None:
        size, runs = item.record.size, item.runs
        same_strips(
            self._labels(item), "mask", read_strips(self._labels(item), size).strips, runs, runs.label
        )
        if self.options.instances:
            self._compare_objects(item)

    def _compare_objects(self, item: Item) -> None:
        """The raster holds a number for each object, and each number stands for the object's id."""
        file, numbers = self._instances(item), _numbers(item)
        found = read_strips(file, item.record.size)
        same_strips(file, "object numbers", found.strips, item.runs, numbers[item.objects.of_run])
        for number, extent in zip(numbers[1:].tolist(), item.objects.extents, strict=True):
            if found.object_ids.get(number, number) != extent.object_id:
                raise LabeltoolError(f"the id of object {number} is not that of its pixels", file=file)

    def _labels(self, item: Item) -> Path:
        return self.out / LABELS / f"{item.name}.png"

    def _instances(self, item: Item) -> Path:
        return self.out / INSTANCES / f"{item.name}.png"


def _numbers(item: Item) -> NDArray[np.uint16]:
    """What stands for each object in the raster, behind the 0 of what is none."""
    return np.array([0, *numbered(item.objects.extents, MAX_OBJECTS)], np.uint16)
