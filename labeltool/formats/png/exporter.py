"""``labels/<name>.png``, ``instances/<name>.png`` and ``classes.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from labeltool.core.catalog import ClassCatalog
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same
from labeltool.formats.ids import drawn, numbered
from labeltool.formats.index_png import read_index, read_objects, write_index
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
    with_pictures: ClassVar[bool] = False

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Refuses more objects than 16 bits count."""
        if options.instances and len(item.regions) > MAX_OBJECTS:
            found.problems.add(f"A 16-bit PNG holds at most {MAX_OBJECTS:,} objects", item.record.name)
        return (3 if options.instances else 1) * item.label.size

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
        write_index(self._labels(item), item.label)
        if self.options.instances:
            numbers = numbered(item.regions, MAX_OBJECTS)
            others = {n: r.object_id for n, r in zip(numbers, item.regions, strict=True) if n != r.object_id}
            raster = drawn(item.regions, numbers, item.record.size, np.uint16)
            write_index(self._instances(item), raster, object_ids=others)

    def compare(self, item: Item) -> None:
        label, _ = read_index(self._labels(item), item.record.size)
        same(self._labels(item), "mask", label, item.label)
        if self.options.instances:
            objects = read_objects(self._instances(item), item.record.size)
            same(self._instances(item), "object ids", objects, item.object_)

    def _labels(self, item: Item) -> Path:
        return self.out / LABELS / f"{item.name}.png"

    def _instances(self, item: Item) -> Path:
        return self.out / INSTANCES / f"{item.name}.png"
