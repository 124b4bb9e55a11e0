"""``<split>/<name>.gpkg`` or ``.geojson``: a file an image, a feature an object."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.extras import GEO
from labeltool.formats import pictures
from labeltool.formats.dataset import Checker, DatasetExporter, Findings, Writer, same
from labeltool.formats.items import Item
from labeltool.formats.options import ExportOptions
from labeltool.formats.places import on_map, place_of
from labeltool.formats.protocol import ExportPlan, LabelledImages
from labeltool.formats.vector.burn import Burner
from labeltool.formats.vector.classes import Classes
from labeltool.formats.vector.geojson import LONLAT, read_geojson, urn_of, write_geojson
from labeltool.formats.vector.gpkg import read_gpkg, write_gpkg
from labeltool.formats.vector.layer import Layer, Ring
from labeltool.formats.vector.outline import Outline, divided, outlines_of
from labeltool.formats.volumes import DICOM, NIFTI
from labeltool.imaging.reader import Georeference

_BYTES_A_CORNER: Final = 45
_BYTES_AN_OBJECT: Final = 300
_NO_PLACE: Final = "the image does not say where it lies on the map"
_WHAT_TO_DO: Final = (
    "Give it a coordinate system (for example with gdal_translate -a_srs and -gcp, or gdalwarp)"
)


class VectorExporter(DatasetExporter):
    """Objects along the edges of their pixels, in map coordinates; the pictures are not copied."""

    suffix: ClassVar[str]
    with_pictures: ClassVar[bool] = False
    none_fits: ClassVar[str] = "none has a place on the map"

    def plan(self, images: LabelledImages, catalog: ClassCatalog, options: Any) -> ExportPlan:
        """BadInputError where what writes maps is not installed."""
        if GEO.missing:
            raise GEO.refusal(self.title)
        return super().plan(images, catalog, options)

    @abstractmethod
    def save(self, file: Path, outlines: list[Outline], place: Georeference, options: Any) -> None:
        """Write outlines in pixels as a file on the map."""

    @abstractmethod
    def load(self, file: Path) -> list[Layer]:
        """What lies in a file."""

    def judge(self, item: Item, options: Any, found: Findings) -> int:
        """Says what becomes of coordinates; BadInputError as :func:`placed`."""
        name, georeference = item.record.name, placed(item)
        self.judge_place(georeference, options, item, found)
        if item.ignored.any():
            found.notices.add("Ignored pixels become a feature of the class ignore with the value 255", name)
        boxes = (extent.box for extent in item.objects.extents)
        corners = sum(4 * (box.width + box.height) for box in boxes)
        return _BYTES_AN_OBJECT * (len(item.objects.extents) + 400) + _BYTES_A_CORNER * corners

    def judge_place(self, place: Georeference, options: Any, item: Item, found: Findings) -> None:
        """Say what becomes of coordinates; nothing, where they stay what they are. BadInputError where they cannot be
        written."""

    def about_unlabelled(self, catalog: ClassCatalog) -> str:
        """They are a feature too."""
        return (
            "Some pixels are not labelled yet; they become a feature of the class unlabelled without a value"
        )

    @contextmanager
    def writer(self, out: Path, catalog: ClassCatalog, options: Any) -> Iterator[Writer]:
        """Every file stands by itself."""
        yield _VectorFiles(self, out, options)

    def check(self, out: Path, catalog: ClassCatalog, options: Any) -> Checker:
        """Compares what our importer reads."""
        return _VectorFiles(self, out, options)


class GpkgExporter(VectorExporter):
    """GeoPackage in the coordinate system of each image: exact."""

    name: ClassVar[str] = "gpkg"
    title: ClassVar[str] = "GeoPackage"
    suffix: ClassVar[str] = ".gpkg"

    def save(self, file: Path, outlines: list[Outline], place: Georeference, options: Any) -> None:
        """See :class:`VectorExporter`."""
        there = [each.moved(partial(on_map, georeference=place)) for each in outlines]
        write_gpkg(file, there, place.crs, file.stem)

    def load(self, file: Path) -> list[Layer]:
        """See :class:`VectorExporter`."""
        return read_gpkg(file)


@dataclass(frozen=True)
class GeojsonOptions(ExportOptions):
    """What one can choose for GeoJSON."""

    crs: Literal["wgs84", "source"] = field(
        default="wgs84",
        metadata={
            "label": "Coordinates",
            "choices": {"wgs84": "Longitude and latitude (WGS 84)", "source": "Those of the image"},
            "help": "wgs84 writes longitude and latitude, as the standard (RFC 7946) demands; source keeps the image's "
            "coordinate system and names it, which GIS programs read",
        },
    )


class GeojsonExporter(VectorExporter):
    """GeoJSON in longitude and latitude, or in the coordinate system of each image."""

    name: ClassVar[str] = "geojson"
    title: ClassVar[str] = "GeoJSON"
    suffix: ClassVar[str] = ".geojson"
    Options: ClassVar[type[ExportOptions]] = GeojsonOptions

    def judge_place(self, place: Georeference, options: Any, item: Item, found: Findings) -> None:
        """Longitude and latitude are rounded; a coordinate system without a code cannot be named."""
        if options.crs == "wgs84":
            found.notices.add(
                "Coordinates become longitude and latitude (WGS 84): every pixel comes back, but edges are no longer "
                "exactly those of the pixels; GeoPackage keeps them",
                item.record.name,
            )
        else:
            urn_of(place.crs, item.record.path)

    def save(self, file: Path, outlines: list[Outline], place: Georeference, options: Any) -> None:
        """See :class:`VectorExporter`."""
        points = partial(on_map, georeference=place) if options.crs == "source" else _to_degrees(place)
        write_geojson(
            file, (each.moved(points) for each in outlines), place.crs, source_crs=options.crs == "source"
        )

    def load(self, file: Path) -> list[Layer]:
        """See :class:`VectorExporter`."""
        return read_geojson(file)


def _to_degrees(place: Georeference) -> Any:
    from pyproj import Transformer  # noqa: PLC0415 - an extra

    transformer = Transformer.from_crs(place.crs, LONLAT, always_xy=True)

    def points(ring: Ring) -> Ring:
        placed = on_map(divided(ring), place)
        return np.column_stack(transformer.transform(placed[:, 0], placed[:, 1]))

    return points


def placed(item: Item) -> Georeference:
    """Where an image lies; BadInputError where it does not say it, or has no coordinate system."""
    missing = pictures.missing(item.record)
    if missing:
        raise BadInputError(missing, file=item.record.path)
    georeference = place_of(item.record).georeference
    if georeference is None or not georeference.crs:
        is_map = item.record.kind not in (NIFTI, DICOM)
        raise BadInputError(_NO_PLACE, file=item.record.path, hint=_WHAT_TO_DO if is_map else None)
    return georeference


@dataclass(frozen=True)
class _VectorFiles:
    exporter: VectorExporter
    out: Path
    options: Any

    def add(self, item: Item) -> None:
        place, file = placed(item), self._file(item)
        file.parent.mkdir(exist_ok=True)
        try:
            self.exporter.save(file, list(outlines_of(item, place)), place, self.options)
        except BadInputError:
            file.unlink(missing_ok=True)
            raise

    def compare(self, item: Item) -> None:
        file, place = self._file(item), placed(item)
        layers = self.exporter.load(file)
        classes = Classes("class", {}, "")
        burner = Burner(item.record, place, item.catalog, classes)
        painted = burner.paint(layers)
        skipped = [*painted.skipped, *(each for layer in layers for each in layer.skipped)]
        if skipped or painted.unknown:
            raise LabeltoolError(skipped[0].reason if skipped else "it holds classes of nobody", file=file)
        mask = painted.mask
        same(file, "mask", mask.label, item.label)
        ids = np.zeros_like(item.object_) if mask.object is None else mask.object
        same(file, "object ids", ids, item.object_)
        known = np.ones(item.label.shape, bool) if mask.known is None else mask.known
        same(file, "labelled pixels", known, ~item.unlabelled)
        count = sum(
            1 for layer in layers for each in layer.features if type(each.attributes["object_id"]) is int
        )
        if count != len(item.objects.extents):
            raise LabeltoolError(
                f"the file holds {count} objects, not {len(item.objects.extents)}", file=file
            )

    def _file(self, item: Item) -> Path:
        return self.out / item.record.split / f"{item.name}{self.exporter.suffix}"
