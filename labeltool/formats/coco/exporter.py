"""Writes run lengths that every reader decodes to the same pixels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any, ClassVar, Final

import numpy as np

from labeltool import __version__
from labeltool.core import rle
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Size
from labeltool.core.regions import Region
from labeltool.formats.coco import layout
from labeltool.formats.coco.file import CocoFile
from labeltool.formats.coco.painting import paint
from labeltool.formats.coco.segmentation import counts_of
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same, same_size
from labeltool.formats.items import Item
from labeltool.formats.pictures import copy_picture

_BYTES_AN_OBJECT: Final = 400


class CocoExporter(DatasetExporter):
    """COCO instances with run lengths, never polygons: those do not hold every mask."""

    name: ClassVar[str] = "coco"
    title: ClassVar[str] = "COCO instances"

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Refuses what other readers decode wrongly without a word."""
        if item.label.size > rle.MAX_PIXELS:
            found.problems.add(
                "COCO readers fail on images of more than 2,147,483,648 pixels", item.record.name
            )
        border = sum(region.box.width + region.box.height for region in item.regions)
        return _BYTES_AN_OBJECT * (len(item.regions) + 1) + 8 * border

    def about_unlabelled(self, catalog: ClassCatalog) -> str:
        """Only we read the key that holds them."""
        became = "ignored" if catalog.background is None else "background"
        return f"Some pixels are not labelled yet; other programs take them for {became}"

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """One JSON file a split, written as the images come."""
        for folder in (layout.ANNOTATIONS, layout.PICTURES):
            (out / folder).mkdir()
        with ExitStack() as stack:
            yield _CocoWriter(out, catalog, stack)

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares what our importer reads."""
        return _CocoChecker(out, catalog)


@dataclass
class _CocoWriter:
    out: Path
    catalog: ClassCatalog
    stack: ExitStack
    files: dict[str, _SplitFile] = field(default_factory=dict)
    image_ids: Iterator[int] = field(default_factory=lambda: count(1))
    annotation_ids: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, item: Item) -> None:
        picture = copy_picture(item.record, self.out / layout.PICTURES, item.name)
        size, file = item.record.size, self._file(item.record.split)
        image_id, categories = next(self.image_ids), layout.category_ids(self.catalog)
        extra = {layout.IGNORED: item.ignored, layout.UNLABELLED: item.unlabelled}
        file.images.append(
            {
                "id": image_id,
                "file_name": picture.name,
                "width": size.width,
                "height": size.height,
                **{key: _segmentation(rle.encode(mask), size) for key, mask in extra.items() if mask.any()},
            }
        )
        for region in item.regions:
            own = {"id": next(self.annotation_ids), "image_id": image_id}
            file.add(own | _annotation(region, categories[region.class_value], size))

    def _file(self, split: str) -> _SplitFile:
        if split not in self.files:
            path = self.out / layout.ANNOTATIONS / layout.file_name(split)
            self.files[split] = self.stack.enter_context(_split_file(path, self.catalog))
        return self.files[split]


@dataclass
class _SplitFile:
    """A JSON file whose annotations are on disk already while its images are still collected."""

    text: IO[str]
    images: list[dict[str, Any]] = field(default_factory=list)
    separator: str = "\n"

    def add(self, annotation: dict[str, Any]) -> None:
        self.text.write(self.separator + _json(annotation))
        self.separator = ",\n"


@contextmanager
def _split_file(path: Path, catalog: ClassCatalog) -> Iterator[_SplitFile]:
    names = {each.value: each.name for each in catalog.classes}
    with path.open("w", encoding="ascii", newline="\n") as text:
        text.write('{"annotations": [')
        file = _SplitFile(text)
        yield file
        rest = {
            "categories": [
                {"id": category, "name": names[value], "supercategory": ""}
                for value, category in layout.category_ids(catalog).items()
            ],
            "images": file.images,
            "info": {"description": catalog.name, "version": f"labeltool {__version__}"},
            "licenses": [],
        }
        text.write("\n],\n" + _json(rest)[1:] + "\n")


def _annotation(region: Region, category: int, size: Size) -> dict[str, Any]:
    counts = rle.encode(region.inside, region.box, size)
    area, box = rle.area_and_box(counts, size)
    return {
        "area": area,
        "attributes": {layout.OBJECT_ID: region.object_id},
        "bbox": [box.x0, box.y0, box.width, box.height],
        "category_id": category,
        "iscrowd": 0,
        "segmentation": _segmentation(counts, size),
    }


def _segmentation(counts: rle.Counts, size: Size) -> dict[str, Any]:
    return {"counts": rle.to_string(counts), "size": [size.height, size.width]}


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


@dataclass
class _CocoChecker:
    out: Path
    catalog: ClassCatalog
    files: dict[str, CocoFile] = field(default_factory=dict)

    def compare(self, item: Item) -> None:
        file = self._file(item.record.split)
        image = next((i for i in file.images_called(item.name)), None)
        if image is None:
            raise LabeltoolError(f"the file does not list {item.name}", file=file.path)
        same_size(self.out / layout.PICTURES / image.file_name, item)
        painted = paint(file, image, item.record, self.catalog)
        if painted.skipped:
            raise LabeltoolError(painted.skipped[0].reason, file=painted.skipped[0].file)
        mask = painted.mask
        known = np.ones(item.label.shape, bool) if mask.known is None else mask.known
        same(file.path, f"mask of {item.name}", mask.label, item.label)
        ids = np.zeros_like(item.object_) if mask.object is None else mask.object
        same(file.path, f"object ids of {item.name}", ids, item.object_)
        same(file.path, f"labelled pixels of {item.name}", known, ~item.unlabelled)
        annotations = file.annotations_of(image)
        if len(annotations) != len(item.regions) or not all(
            _is_true(a, item.record.size) for a in annotations
        ):
            raise LabeltoolError(
                f"the annotations of {item.name} are not those of its objects", file=file.path
            )

    def _file(self, split: str) -> CocoFile:
        if split not in self.files:
            self.files[split] = CocoFile.read(self.out / layout.ANNOTATIONS / layout.file_name(split))
        return self.files[split]


def _is_true(annotation: dict[str, Any], size: Size) -> bool:
    """True when area and box are those of the pixels, and training code will not pass over the object."""
    x, y = np.divmod(rle.positions(counts_of(annotation["segmentation"], size)), size.height)
    left, top, width, height = (int(n) for n in (x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1))
    return (
        annotation["area"] == len(x)
        and annotation["bbox"] == [left, top, width, height]
        and type(annotation["iscrowd"]) is int
        and annotation["iscrowd"] == 0
        and annotation["id"] > 0
    )
