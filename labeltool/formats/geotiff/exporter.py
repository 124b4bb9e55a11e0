"""``labels/<split>/<name>.tif`` and ``instances/<split>/<name>.tif``, each with the place of its image."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.extras import GEO
from labeltool.formats import pictures
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same_strips
from labeltool.formats.geotiff.raster import (
    CLASSES_TAG,
    OBJECT_IDS_TAG,
    Raster,
    in_strips,
    other_ids,
    write_raster,
)
from labeltool.formats.ids import numbered
from labeltool.formats.items import Item
from labeltool.formats.options import ExportOptions
from labeltool.formats.places import Place, place_of
from labeltool.formats.png.exporter import INSTANCES, LABELS
from labeltool.formats.protocol import ExportPlan, LabelledImages

MOST_IDS: Final = (1 << 32) - 1


@dataclass(frozen=True)
class GeotiffOptions(ExportOptions):
    """What one can choose for GeoTIFF masks."""

    instances: bool = field(
        default=True,
        metadata={
            "label": "Write object ids",
            "help": "write instances/<name>.tif, 16 or 32 bit, a number for every object",
        },
    )
    overviews: bool = field(
        default=True,
        metadata={
            "label": "Write overviews",
            "help": "smaller versions inside the file, in which a pixel is what most of its four are",
        },
    )


class GeotiffExporter(DatasetExporter):
    """Masks that lie upon their images in any program for maps; the pictures are not copied."""

    name: ClassVar[str] = "geotiff"
    title: ClassVar[str] = "GeoTIFF masks"
    Options: ClassVar[type[ExportOptions]] = GeotiffOptions
    bytes_a_pixel: ClassVar[int] = 4
    with_pictures: ClassVar[bool] = False

    def plan(self, images: LabelledImages, catalog: ClassCatalog, options: Any) -> ExportPlan:
        """BadInputError where what writes maps is not installed."""
        if GEO.missing:
            raise GEO.refusal("a GeoTIFF")
        return super().plan(images, catalog, options)

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Says which images have no place on the map; BadInputError where they cannot be read."""
        found.notices.add(*_told_of_place(item))
        found.notices.add("255 is the files' no-data value and means ignore", item.record.name)
        return (5 if options.instances else 1) * item.record.size.pixels * 3 // 2

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """Every file stands by itself."""
        yield _GeotiffFiles(out, options)

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares values and place."""
        return _GeotiffFiles(out, options)


def _told_of_place(item: Item) -> tuple[str, str]:
    name, place = item.record.name, _placed(item)
    if place.is_nowhere:
        return "Masks of images without a place on the map are plain TIFF", name
    if place.georeference is None:
        return "Masks have the ground control points of their images, and no transform", name
    if not place.georeference.crs:
        return (
            "Masks have the transform of their images, and no coordinate system, because those have none",
            name,
        )
    return "Masks have the coordinate system and the transform of their images", name


def _placed(item: Item) -> Place:
    missing = pictures.missing(item.record)
    if missing:
        raise BadInputError(missing, file=item.record.path)
    return place_of(item.record)


@dataclass(frozen=True)
class _GeotiffFiles:
    out: Path
    options: GeotiffOptions

    def add(self, item: Item) -> None:
        place = _placed(item)
        colours = dict.fromkeys(range(256), (0, 0, 0))
        colours |= {each.value: each.color for each in item.catalog.classes}
        classes = json.dumps(item.catalog.to_json(), ensure_ascii=True)
        write_raster(
            self._path(LABELS, item),
            item.runs,
            item.runs.label,
            place,
            nodata=IGNORE,
            colours=colours,
            tags={CLASSES_TAG: classes},
            overviews="mode" if self.options.overviews else "",
        )
        if self.options.instances:
            self._write_ids(item, place)

    def _write_ids(self, item: Item, place: Place) -> None:
        numbers, extents = _numbers(item), item.objects.extents
        pairs = zip(numbers[1:].tolist(), extents, strict=True)
        others = {number: each.object_id for number, each in pairs if number != each.object_id}
        write_raster(
            self._path(INSTANCES, item),
            item.runs,
            numbers[item.objects.of_run],
            place,
            nodata=0,
            tags={OBJECT_IDS_TAG: json.dumps(others, separators=(",", ":"))} if others else {},
            overviews="nearest" if self.options.overviews else "",
        )

    def compare(self, item: Item) -> None:
        place, file = place_of(item.record), self._path(LABELS, item)
        with in_strips(file) as (raster, strips):
            same_strips(file, "mask", strips, item.runs, item.runs.label)
            _same_place(file, raster, place)
        if self.options.instances:
            self._compare_ids(item, place)

    def _compare_ids(self, item: Item, place: Place) -> None:
        """The raster holds a number for each object, and each number stands for the object's id."""
        file, numbers = self._path(INSTANCES, item), _numbers(item)
        with in_strips(file) as (raster, strips):
            same_strips(file, "object numbers", strips, item.runs, numbers[item.objects.of_run])
            _same_place(file, raster, place)
        others = other_ids(raster, file)
        for number, extent in zip(numbers[1:].tolist(), item.objects.extents, strict=True):
            if others.get(number, number) != extent.object_id:
                raise LabeltoolError(f"the id of object {number} is not that of its pixels", file=file)

    def _path(self, kind: str, item: Item) -> Path:
        folder = self.out / kind / item.record.split
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{item.name}.tif"


def _numbers(item: Item) -> NDArray[Any]:
    """What stands for each object in the raster, behind the 0 of what is none: 16 bits where they do."""
    numbers = np.array([0, *numbered(item.objects.extents, MOST_IDS)], np.uint32)
    return numbers.astype(np.uint16) if int(numbers.max()) < 1 << 16 else numbers


def _same_place(file: Path, raster: Raster, place: Place) -> None:
    """LabeltoolError where a mask does not lie where its image lies."""
    from rasterio.crs import CRS  # noqa: PLC0415 - an extra

    crs, transform = place.georeference or ("", None)
    points = [(p.row, p.col, p.x, p.y, p.z) for p in place.gcps[0]] if transform is None else []
    found = [(p.row, p.col, p.x, p.y, p.z) for p in raster.gcps[0]]
    wanted_crs = CRS.from_user_input(crs) if crs else None
    if (raster.transform, found) != (transform, points) or raster.crs != wanted_crs:
        raise LabeltoolError(
            "the mask read back does not lie where its image lies",
            file=file,
            hint="The export was not kept; the project is untouched. Please report this",
        )
