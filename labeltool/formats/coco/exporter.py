"""Writes run lengths that every reader decodes to the same pixels, or polygons where those do so too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core import rle
from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import Size
from labeltool.formats.coco import layout
from labeltool.formats.coco.polygons import exact_polygons
from labeltool.formats.coco.segmentation import counts_of, pixels_of
from labeltool.formats.coco.written import SplitFile, WrittenFile, split_file
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same_runs, same_size
from labeltool.formats.items import Item
from labeltool.formats.options import ExportOptions
from labeltool.formats.pictures import copy_picture

_BYTES_AN_OBJECT: Final = 400
_BYTES_A_NUMBER: Final = 8
JUDGED_AT_ONCE: Final = 255
"""pycocotools keeps the number of objects in 8 bits for a moment, which numpy 2 refuses."""


@dataclass(frozen=True)
class CocoOptions(ExportOptions):
    """What one can choose for COCO."""

    polygons: bool = field(
        default=False,
        metadata={
            "label": "Polygons where they are exact",
            "help": "write an object as polygons where pycocotools turns them into exactly its pixels; "
            "the others, such as those with holes, stay run lengths",
        },
    )


class CocoExporter(DatasetExporter):
    """COCO instances with run lengths; polygons do not hold every mask."""

    name: ClassVar[str] = "coco"
    title: ClassVar[str] = "COCO instances"
    Options: ClassVar[type[ExportOptions]] = CocoOptions
    bytes_a_pixel: ClassVar[int] = 5
    parallel: ClassVar[bool] = True

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Refuses what other readers decode wrongly without a word."""
        if item.record.size.pixels > rle.MAX_PIXELS:
            found.problems.add(
                "COCO readers fail on images of more than 2,147,483,648 pixels", item.record.name
            )
            return 0
        if layout.IGNORED in _extra_masks(item):
            found.notices.add(
                "Ignored pixels are kept in a key that other programs pass over: they see no object there",
                item.record.name,
            )
        extents = item.objects.extents
        border = sum(extent.box.width + extent.box.height for extent in extents)
        if options.polygons:
            counts, _ = _run_lengths(item)
            polygons = [s for s in _segmentations(item, counts, polygons=True) if isinstance(s, list)]
            border += sum(len(ring) for rings in polygons for ring in rings)
            if len(polygons) < len(extents):
                found.notices.add(
                    "Objects stay run lengths, because no polygon has exactly their pixels",
                    item.record.name,
                    len(extents) - len(polygons),
                )
        return _BYTES_AN_OBJECT * (len(extents) + 1) + _BYTES_A_NUMBER * border

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
            yield _CocoWriter(out, catalog, options.polygons, stack)

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares the decoded pixels of every annotation with those of its object."""
        return _CocoChecker(out, catalog)


def _segmentations(
    item: Item, counts: list[rle.Counts], *, polygons: bool
) -> Iterator[dict[str, Any] | list[list[int]]]:
    """What COCO says of each object's pixels."""
    size = item.record.size
    regions = item.regions if polygons else [None] * len(counts)
    for each, text, region in zip(counts, rle.to_strings(counts), regions, strict=True):
        exact = None if region is None else exact_polygons(region, each, size)
        yield _stated(text, size) if exact is None else exact


def _stated(counts: str, size: Size) -> dict[str, Any]:
    return {"counts": counts, "size": [size.height, size.width]}


def _run_lengths(item: Item) -> tuple[list[rle.Counts], dict[str, rle.Counts]]:
    """Of each object, and of the masks of the image that only we read."""
    masks, number = _extra_masks(item), len(item.objects.extents)
    found = rle.encode_numbers(item.runs.plane(_numbers(item, masks)), number + len(masks))
    return found[:number], dict(zip(masks, found[number:], strict=True))


def _numbers(item: Item, masks: dict[str, NDArray[np.bool_]]) -> NDArray[Any]:
    """For each run the place of its object, counted from 1, or of its mask, counted on; no run is in two of them."""
    of_run, count = item.objects.of_run, len(item.objects.extents)
    for number, inside in enumerate(masks.values(), start=count + 1):
        of_run = np.where(inside, number, of_run)
    return of_run.astype(rle.number_type(count + len(masks)))


def _extra_masks(item: Item) -> dict[str, NDArray[np.bool_]]:
    """Masks of the image that only we read, where they are not empty: which of its runs are inside."""
    unlabelled = item.runs.unlabelled
    masks = {layout.UNLABELLED: unlabelled, layout.IGNORED: (item.runs.label == IGNORE) & ~unlabelled}
    return {key: inside for key, inside in masks.items() if inside.any()}


@dataclass
class _CocoWriter:
    out: Path
    catalog: ClassCatalog
    polygons: bool
    stack: ExitStack
    files: dict[str, SplitFile] = field(default_factory=dict)
    image_ids: Iterator[int] = field(default_factory=lambda: count(1))
    annotation_ids: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, item: Item) -> Callable[[], None]:
        picture = copy_picture(item.record, self.out / layout.PICTURES, item.name)
        size, categories = item.record.size, layout.category_ids(self.catalog)
        counts, masks = _run_lengths(item)
        image = {
            "file_name": picture.name,
            "width": size.width,
            "height": size.height,
            **{key: _stated(rle.to_string(mask), size) for key, mask in masks.items()},
        }
        annotations = [
            {
                "area": extent.area,
                "attributes": {layout.OBJECT_ID: extent.object_id},
                "bbox": [extent.box.x0, extent.box.y0, extent.box.width, extent.box.height],
                "category_id": categories[extent.class_value],
                "iscrowd": 0,
                "segmentation": segmentation,
            }
            for extent, segmentation in zip(
                item.objects.extents, _segmentations(item, counts, polygons=self.polygons), strict=True
            )
        ]
        return partial(self._write, item.record.split, image, annotations)

    def _write(self, split: str, image: dict[str, Any], annotations: list[dict[str, Any]]) -> None:
        """Give the numbers, which follow the order of the images."""
        own = {"id": next(self.image_ids)}
        for annotation in annotations:
            annotation |= {"id": next(self.annotation_ids), "image_id": own["id"]}
        if split not in self.files:
            path = self.out / layout.ANNOTATIONS / layout.file_name(split)
            self.files[split] = self.stack.enter_context(split_file(path, self.catalog))
        self.files[split].add(image | own, annotations)


@dataclass
class _CocoChecker:
    out: Path
    catalog: ClassCatalog
    files: dict[str, WrittenFile] = field(default_factory=dict)
    opening: Lock = field(default_factory=Lock)

    def compare(self, item: Item) -> None:
        file, size = self._file(item.record.split), item.record.size
        image, annotations = file.read(item.name)
        same_size(self.out / layout.PICTURES / image["file_name"], item)
        if Size(image["width"], image["height"]) != size:
            raise LabeltoolError(f"the size of {item.name} is not that of its mask", file=file.path)
        masks = _extra_masks(item)
        for key in (layout.IGNORED, layout.UNLABELLED):
            if (key in image) != (key in masks):
                raise LabeltoolError(
                    f"the {key} pixels of {item.name} are not those of its mask", file=file.path
                )
        self._compare_objects(item, file.path, image["id"], annotations)
        found = [_counts(each["segmentation"], size) for each in annotations]
        found += [counts_of(image[key], size) for key in masks]
        numbers = rle.decode_numbers(found, size)
        if numbers is None:
            raise LabeltoolError(f"annotations of {item.name} overlap", file=file.path)
        same_runs(file.path, f"objects of {item.name}", numbers, item.runs, _numbers(item, masks))
        _judged(file.path, item, annotations)

    def _compare_objects(
        self, item: Item, path: Path, image_id: int, annotations: list[dict[str, Any]]
    ) -> None:
        """Annotation by annotation, in the order of the objects: what they say beside their pixels."""
        wanted, categories = item.objects.extents, layout.category_ids(self.catalog)
        said = [
            {
                "area": extent.area,
                "attributes": {layout.OBJECT_ID: extent.object_id},
                "bbox": [extent.box.x0, extent.box.y0, extent.box.width, extent.box.height],
                "category_id": categories[extent.class_value],
                "image_id": image_id,
                "iscrowd": 0,
            }
            for extent in wanted
        ]
        found = [{k: v for k, v in a.items() if k not in ("id", "segmentation")} for a in annotations]
        if found != said or not all(type(a["iscrowd"]) is int and a["id"] > 0 for a in annotations):
            raise LabeltoolError(f"the annotations of {item.name} are not those of its objects", file=path)

    def _file(self, split: str) -> WrittenFile:
        with self.opening:
            if split not in self.files:
                path = self.out / layout.ANNOTATIONS / layout.file_name(split)
                self.files[split] = WrittenFile(path, self.catalog)
            return self.files[split]


def _judged(path: Path, item: Item, annotations: list[dict[str, Any]]) -> None:
    """Hold areas and boxes against what pycocotools makes of the run lengths: its code shares nothing with ours."""
    from pycocotools import mask as coco  # noqa: PLC0415 - only who exports waits for it

    said = [each for each in annotations if isinstance(each["segmentation"], dict)]
    for first in range(0, len(said), JUDGED_AT_ONCE):
        some = said[first : first + JUDGED_AT_ONCE]
        rles = [each["segmentation"] for each in some]
        read = np.column_stack((coco.area(rles), coco.toBbox(rles)))
        wanted = np.array([(each["area"], *each["bbox"]) for each in some], np.float64)
        if not np.array_equal(read, wanted):
            raise LabeltoolError(
                f"pycocotools reads other objects of {item.name} than were written", file=path
            )


def _counts(segmentation: Any, size: Size) -> rle.Counts:
    """Run lengths of what an annotation says, polygons drawn by the importer."""
    if isinstance(segmentation, dict):
        return counts_of(segmentation, size)
    pixels = pixels_of(segmentation, size)
    return rle.encode(pixels.inside, pixels.box, size)
