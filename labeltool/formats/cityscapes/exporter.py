"""Writes maps of ids that the publishers' own tools read, and lists of the classes beside them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.regions import Region
from labeltool.formats.cityscapes import labels, layout
from labeltool.formats.cityscapes.labels import Label
from labeltool.formats.cityscapes.objects import read_ids
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same, same_size
from labeltool.formats.ids import drawn, numbered
from labeltool.formats.index_png import read_index, read_pixels, write_index
from labeltool.formats.items import Item, Names
from labeltool.formats.pictures import copy_picture
from labeltool.formats.rgb import packed, write_colors
from labeltool.formats.values import counted

MAX_OBJECTS: Final = 999
MAX_VALUE: Final = 65_535


class CityscapesExporter(DatasetExporter):
    """The layout of the data set: leftImg8bit and gtFine, a folder a split and city."""

    name: ClassVar[str] = "cityscapes"
    title: ClassVar[str] = "Cityscapes"
    png_only: ClassVar[bool] = True
    naming: ClassVar[type[Names]] = layout.CityNames

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Refuses ids beyond 16 bits; says which classes others do not know and which objects they do not see."""
        known, name = labels.labels_of(item.catalog), item.record.name
        if max(label.id for label in known.values()) > IGNORE - 1:
            found.problems.add(
                f"Cityscapes has room for {IGNORE - labels.FIRST_OWN_ID} classes beside its own", name
            )
        for value, number in Counter(r.class_value for r in item.regions).items():
            label = known[value]
            if label.things and number > MAX_OBJECTS:
                found.problems.add(
                    f"Cityscapes holds at most {MAX_OBJECTS} objects of a class",
                    f"{name} ({number} {label.name})",
                )
            elif label.things and label.id * 1000 + number > MAX_VALUE:
                found.problems.add(
                    f"The class {label.name} gets the id {label.id}, and 16 bits hold {number} objects of an id "
                    f"up to {(MAX_VALUE - number) // 1000} only",
                    name,
                )
        self._say_what_others_miss(item, known, found)
        return 9 * item.label.size + 40 * len(item.regions)

    def about_unlabelled(self, catalog: ClassCatalog) -> str:
        """Id 0 is for what nobody has labelled."""
        became = "unlabeled (0), as ignored ones do" if catalog.background is None else "background"
        return f"Some pixels are not labelled yet and become {became}"

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """The lists of classes come first."""
        _write_json(out / layout.LABELS_FILE, labels.to_json(catalog))
        if _own_classes(labels.labels_of(catalog)):
            _write_json(out / layout.META_FILE, labels.for_datumaro(catalog))
        yield _CityFiles.at(out, catalog)

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares what Pillow decodes."""
        return _CityFiles.at(out, catalog)

    def _say_what_others_miss(self, item: Item, known: Mapping[int, Label], found: Findings) -> None:
        name, used = item.record.name, counted(item.label)
        own = _own_classes({value: label for value, label in known.items() if used[value]})
        if own:
            some = ", ".join(own[:5]) + (f" and {len(own) - 5} more" if len(own) > 5 else "")
            found.notices.add(
                f"Classes that are not of Cityscapes get ids from {labels.FIRST_OWN_ID} on, which its own tools do "
                f"not know ({layout.LABELS_FILE} lists them: {some})",
                name,
            )
        if _hidden(item.regions, known):
            found.notices.add(
                "Classes without single objects in Cityscapes (road, sky, ...) keep their object numbers in a file "
                f"that others pass over (*_{layout.OBJECTS}.png)",
                name,
            )
        if not item.record.split:
            found.notices.add("Images without a split go to train", name)


@dataclass(frozen=True)
class _CityFiles:
    out: Path
    known: Mapping[int, Label]
    ids: NDArray[np.uint8]
    train_ids: NDArray[np.uint8]
    colors: NDArray[np.uint8]

    @classmethod
    def at(cls, out: Path, catalog: ClassCatalog) -> _CityFiles:
        known = labels.labels_of(catalog)
        ids, train_ids = np.full(256, labels.IGNORED_ID), np.full(256, labels.IGNORED_TRAIN_ID)
        colors = np.zeros((256, 3), np.uint8)
        for value, label in known.items():
            ids[value], train_ids[value], colors[value] = label.id, label.train_id, label.color
        return cls(out, known, ids.astype(np.uint8), train_ids.astype(np.uint8), colors)

    def add(self, item: Item) -> None:
        pictures = self._folder(layout.PICTURES, item)
        truth = self._folder(layout.TRUTH, item)
        pictures.mkdir(parents=True, exist_ok=True)
        copy_picture(item.record, pictures, f"{item.name}_{layout.PICTURES}", png_only=True)
        truth.mkdir(parents=True, exist_ok=True)
        raster, object_ids = self._instances(item)
        write_index(self._file(layout.LABELS, item), self.ids[item.label])
        write_index(self._file(layout.TRAIN, item), self.train_ids[item.label])
        write_index(self._file(layout.INSTANCES, item), raster, object_ids=object_ids)
        write_colors(self._file(layout.COLORS, item), self.colors[item.label])
        hidden = _hidden(item.regions, self.known)
        if hidden:
            numbers = numbered(hidden, MAX_VALUE)
            others = {n: r.object_id for n, r in zip(numbers, hidden, strict=True) if n != r.object_id}
            write_index(
                self._file(layout.OBJECTS, item),
                drawn(hidden, numbers, item.record.size, np.uint16),
                object_ids=others,
            )

    def compare(self, item: Item) -> None:
        size = item.record.size
        picture = self._folder(layout.PICTURES, item) / f"{item.name}_{layout.PICTURES}.png"
        same_size(picture, item)
        for kind, lookup in ((layout.LABELS, self.ids), (layout.TRAIN, self.train_ids)):
            found, _ = read_index(self._file(kind, item), size)
            same(self._file(kind, item), "mask", found, lookup[item.label])
        colors, _ = read_pixels(self._file(layout.COLORS, item), size)
        same(self._file(layout.COLORS, item), "colours", packed(colors), packed(self.colors)[item.label])
        file = self._file(layout.INSTANCES, item)
        raw, _ = read_pixels(file, size)
        same(file, "object values", raw.astype(np.uint16), self._instances(item)[0])
        same(file, "object ids", read_ids(file, size, raw), item.object_)

    def _instances(self, item: Item) -> tuple[NDArray[np.uint16], dict[int, int]]:
        """The values of instanceIds uint16 [h, w], and the object's id in the project by value."""
        raster = self.ids[item.label].astype(np.uint16)
        by_class: dict[int, list[Region]] = defaultdict(list)
        for region in item.regions:
            by_class[region.class_value].append(region)
        object_ids = {}
        for value, regions in by_class.items():
            label = self.known[value]
            if label.things:
                for number, region in zip(numbered(regions, MAX_OBJECTS), regions, strict=True):
                    raster[region.box.slices()][region.inside] = label.id * 1000 + number
                    object_ids[label.id * 1000 + number] = region.object_id
        return raster, object_ids

    def _folder(self, kind: str, item: Item) -> Path:
        split, city = layout.split_folder(item.record.split), layout.city_of(item.record, item.name)
        return self.out / kind / split / city

    def _file(self, kind: str, item: Item) -> Path:
        return self._folder(layout.TRUTH, item) / f"{item.name}_{layout.TRUTH}_{kind}.png"


def _own_classes(known: Mapping[int, Label]) -> list[str]:
    """Names of the classes that Cityscapes does not have."""
    return [label.name for label in known.values() if label.id >= labels.FIRST_OWN_ID]


def _hidden(regions: list[Region], known: Mapping[int, Label]) -> list[Region]:
    """Objects with a number, of classes that have no single objects in Cityscapes."""
    return [r for r in regions if r.object_id and not known[r.class_value].things]


def _write_json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, indent=1, ensure_ascii=True) + "\n", encoding="ascii")
