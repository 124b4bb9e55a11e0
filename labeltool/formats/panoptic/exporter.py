"""Writes every object as a segment, and the background as one that is no thing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from labeltool import __version__
from labeltool.core import rle
from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.regions import Region, extents
from labeltool.formats.coco.file import CocoFile
from labeltool.formats.coco.layout import IGNORED, OBJECT_ID, UNLABELLED
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same, same_size
from labeltool.formats.ids import drawn, numbered
from labeltool.formats.items import Item
from labeltool.formats.options import ExportOptions
from labeltool.formats.panoptic import layout
from labeltool.formats.panoptic.painting import paint, segment_ids
from labeltool.formats.pictures import copy_picture
from labeltool.formats.rgb import MAX_NUMBER, unpacked, write_colors

_BYTES_AN_OBJECT: Final = 200


@dataclass(frozen=True)
class PanopticOptions(ExportOptions):
    """What one can choose for COCO panoptic."""

    stuff: str = field(
        default="",
        metadata={
            "label": "Classes without single objects",
            "help": "names with commas (sky, road): all pixels of such a class in an image are one segment",
        },
    )


class PanopticExporter(DatasetExporter):
    """COCO panoptic: ignored and unlabelled pixels are void, everything else belongs to one segment."""

    name: ClassVar[str] = "panoptic"
    title: ClassVar[str] = "COCO panoptic"
    Options: ClassVar[type[ExportOptions]] = PanopticOptions
    bytes_a_pixel: ClassVar[int] = 40

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Refuses more objects than there are colours."""
        if len(item.regions) >= MAX_NUMBER:
            found.problems.add(
                f"A picture of segments holds at most {MAX_NUMBER:,} of them", item.record.name
            )
        for name in _names(options):
            if item.catalog.by_name(name) is None:
                found.problems.add(f"The project has no class {name[:80]!r} to be stuff", item.record.name)
        stuff = _stuff(item.catalog, options)
        if any(r.object_id and r.class_value in stuff for r in item.regions):
            found.notices.add("Objects of classes that are stuff lose their numbers", item.record.name)
        if item.ignored.any():
            found.notices.add(
                "Ignored pixels are void; other programs take them for unlabelled", item.record.name
            )
        return 5 * item.label.size + _BYTES_AN_OBJECT * (len(item.regions) + 1)

    def about_unlabelled(self, catalog: ClassCatalog) -> str:
        """What has no segment is void."""
        return "Some pixels are not labelled yet and become void"

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """The JSON files are written last, from what could be written."""
        for folder in (layout.ANNOTATIONS, layout.PICTURES):
            (out / folder).mkdir()
        stuff = _stuff(catalog, options)
        writer = _PanopticWriter(out, stuff)
        yield writer
        for split, file in writer.files.items():
            path = out / layout.ANNOTATIONS / f"{layout.stem_of(split)}.json"
            path.write_text(
                json.dumps(file.to_json(catalog, stuff), sort_keys=True, ensure_ascii=True), encoding="ascii"
            )

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares what our importer reads, and every number that the JSON states."""
        return _PanopticChecker(out, catalog, _stuff(catalog, options))


@dataclass
class _SplitFile:
    images: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self, catalog: ClassCatalog, stuff: frozenset[int]) -> dict[str, Any]:
        """The whole file."""
        by_value = {each.value: each for each in catalog.classes}
        return {
            "annotations": self.annotations,
            "categories": [
                {
                    "id": category,
                    "name": by_value[value].name,
                    "supercategory": "",
                    "isthing": int(value not in stuff),
                    "color": list(by_value[value].color),
                }
                for value, category in sorted(layout.categories(catalog).items(), key=lambda pair: pair[1])
            ],
            "images": self.images,
            "info": {"description": catalog.name, "version": f"labeltool {__version__}"},
            "licenses": [],
        }


@dataclass
class _PanopticWriter:
    out: Path
    stuff: frozenset[int]
    files: dict[str, _SplitFile] = field(default_factory=lambda: defaultdict(_SplitFile))
    image_ids: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, item: Item) -> None:
        picture = copy_picture(item.record, self.out / layout.PICTURES, item.name)
        raster, segments = _segments(item, self.stuff)
        folder = self.out / layout.ANNOTATIONS / layout.stem_of(item.record.split)
        folder.mkdir(exist_ok=True)
        write_colors(folder / f"{item.name}.png", unpacked(raster))
        size, image_id, file = item.record.size, next(self.image_ids), self.files[item.record.split]
        extra = {IGNORED: item.ignored, UNLABELLED: item.unlabelled}
        file.images.append(
            {
                "id": image_id,
                "file_name": picture.name,
                "width": size.width,
                "height": size.height,
                **{
                    key: {"counts": rle.to_string(rle.encode(mask)), "size": [size.height, size.width]}
                    for key, mask in extra.items()
                    if mask.any()
                },
            }
        )
        file.annotations.append(
            {"image_id": image_id, "file_name": f"{item.name}.png", "segments_info": segments}
        )


@dataclass
class _PanopticChecker:
    out: Path
    catalog: ClassCatalog
    stuff: frozenset[int]
    files: dict[str, CocoFile] = field(default_factory=dict)

    def compare(self, item: Item) -> None:
        file = self._file(item.record.split)
        image = next(iter(file.images_called(item.name)), None)
        if image is None:
            raise LabeltoolError(f"the file does not list {item.name}", file=file.path)
        same_size(self.out / layout.PICTURES / image.file_name, item)
        painted = paint(file, image, item.record, self.catalog, self.out)
        if painted.skipped:
            raise LabeltoolError(painted.skipped[0].reason, file=painted.skipped[0].file)
        mask, name = painted.mask, Path(painted.mask.file)
        known = np.ones(item.label.shape, bool) if mask.known is None else mask.known
        same(name, "labelled pixels", known, ~item.unlabelled)
        same(name, "mask", mask.label, item.label)
        ids = np.zeros_like(item.object_) if mask.object is None else mask.object
        wanted = (
            np.where(np.isin(item.label, list(self.stuff)), 0, item.object_) if self.stuff else item.object_
        )
        same(name, "object ids", ids, wanted)
        raster, segments = _segments(item, self.stuff)
        same(name, "segments", segment_ids(name, item.record.size), raster)
        if file.annotations_of(image)[0]["segments_info"] != segments:
            raise LabeltoolError(f"the segments of {item.name} are not those of its objects", file=file.path)

    def _file(self, split: str) -> CocoFile:
        if split not in self.files:
            path = self.out / layout.ANNOTATIONS / f"{layout.stem_of(split)}.json"
            self.files[split] = CocoFile.read(path)
        return self.files[split]


def _names(options: PanopticOptions) -> list[str]:
    return [name.strip() for name in options.stuff.split(",") if name.strip()]


def _stuff(catalog: ClassCatalog, options: PanopticOptions) -> frozenset[int]:
    """Values of the classes of which an image has one segment: those that were named, and the background."""
    named = (catalog.by_name(name) for name in _names(options))
    background = set() if catalog.background is None else {catalog.background}
    return frozenset(background | {each.value for each in named if each is not None})


def _segments(item: Item, stuff: frozenset[int]) -> tuple[NDArray[np.uint32], list[dict[str, Any]]]:
    """The segment of every pixel, uint32 [h, w], and what the JSON says of them."""
    categories = layout.categories(item.catalog)
    regions = [r for r in item.regions if r.class_value not in stuff]
    regions += [whole for value in sorted(stuff) if (whole := _whole(item, value)) is not None]
    numbers = numbered(regions, MAX_NUMBER)
    return drawn(regions, numbers, item.record.size, np.uint32), [
        {
            "id": number,
            "category_id": categories[region.class_value],
            "area": region.area,
            "bbox": [region.box.x0, region.box.y0, region.box.width, region.box.height],
            "iscrowd": 0,
            "attributes": {OBJECT_ID: region.object_id},
        }
        for number, region in zip(numbers, regions, strict=True)
    ]


def _whole(item: Item, value: int) -> Region | None:
    """All pixels that somebody has set to a class, as one segment; None where there are none."""
    inside = (item.label == value) & ~item.unlabelled
    boxes = extents(inside.astype(np.uint8), np.zeros(inside.shape, np.uint32))
    box = next((box for is_inside, _, box in boxes if is_inside), None)
    if box is None:
        return None
    return Region(value, 0, box, inside[box.slices()], int(np.count_nonzero(inside)))
