"""Polygons in map coordinates, onto every image of the project that they lie on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.extras import GEO
from labeltool.core.project import ImageRecord, Skipped, split_called
from labeltool.formats.canvas import without_class
from labeltool.formats.foreign import is_class
from labeltool.formats.manifest import MANIFEST
from labeltool.formats.match import Matcher
from labeltool.formats.options import ImportOptions
from labeltool.formats.places import georeference_of, manifest_near
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import found_below, left_out, stays_inside
from labeltool.formats.vector.burn import Burner
from labeltool.formats.vector.classes import Classes, VectorImportOptions
from labeltool.formats.vector.geojson import read_geojson
from labeltool.formats.vector.gpkg import read_gpkg
from labeltool.formats.vector.layer import IGNORED, UNLABELLED, Layer


class VectorImporter(ABC):
    """One file, or all files of a folder together: what lies on an image becomes its mask.

    A file of one of our exports belongs to its image alone. Images without a coordinate system get nothing.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    Options: ClassVar[type[ImportOptions]] = VectorImportOptions

    @abstractmethod
    def layers(self, file: Path) -> list[Layer]:
        """What a file holds; BadInputError where that is nothing of this format."""

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The classes of all features, in the order in which they occur."""
        layers, _ = self._all_layers(src.absolute())
        found, meant = dict[ForeignClass, None](), Classes.of(layers, options, src)
        for feature in (each for layer in layers for each in layer.features):
            value = feature.attributes.get("value") if feature.is_own else None
            if (
                feature.is_own
                and (value is None or value == IGNORE)
                and feature.attributes["class"]
                in (
                    IGNORED,
                    UNLABELLED,
                )
            ):
                continue
            try:
                called = meant.of_feature(feature)
            except BadInputError:
                continue
            if isinstance(called, str) and is_class(called):
                found[ForeignClass(called, value=value if type(value) is int else None)] = None
            elif isinstance(called, int) and 0 < called < IGNORE:
                found[ForeignClass(f"class {called}", value=called)] = None
        return list(found)

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks image by image; every feature is painted, told of, or reported. BadInputError where nothing can be
        read, or where it is not clear which attribute is the class."""
        src = src.absolute()
        layers, skipped = self._all_layers(src)
        classes = Classes.of(layers, options, src)
        yield from skipped
        for layer in layers:
            yield from layer.skipped
            yield from _flat(layer)
        yield from _burn(layers, src, catalog, images, classes)

    def _all_layers(self, src: Path) -> tuple[list[Layer], list[Skipped]]:
        if GEO.missing:
            raise GEO.refusal(self.title, src)
        found, skipped = ([src], []) if src.is_file() else found_below(src, self.suffixes)
        files = [file for file in found if file.name != MANIFEST or file == src]
        layers: list[Layer] = []
        for file in files:
            try:
                if not stays_inside(file, src):
                    raise BadInputError("the file is a link that leads out of the folder")
                layers += self.layers(file)
            except BadInputError as error:
                if len(files) == 1:
                    raise
                skipped.append(left_out(error, file))
        if not layers:
            told = f": {skipped[0].file}: {skipped[0].reason}" if skipped else ""
            raise BadInputError(f"the folder holds no file of this format{told}", file=src)
        return layers, skipped


class GpkgImporter(VectorImporter):
    """Layers of polygons in GeoPackage files."""

    name: ClassVar[str] = "gpkg"
    title: ClassVar[str] = "GeoPackage"
    suffixes: ClassVar[tuple[str, ...]] = (".gpkg",)

    def layers(self, file: Path) -> list[Layer]:
        """See :func:`read_gpkg`."""
        return read_gpkg(file)


class GeojsonImporter(VectorImporter):
    """Polygons in GeoJSON files."""

    name: ClassVar[str] = "geojson"
    title: ClassVar[str] = "GeoJSON"
    suffixes: ClassVar[tuple[str, ...]] = (".geojson", ".json")

    def layers(self, file: Path) -> list[Layer]:
        """See :func:`read_geojson`."""
        return read_geojson(file)


def _flat(layer: Layer) -> Iterator[Skipped]:
    if layer.flat:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in layer.flat.items())
        yield Skipped(str(layer.file), f"what has no area is left out: {kinds}")


def _burn(
    layers: list[Layer], src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], classes: Classes
) -> Iterator[ImportedMask | Skipped]:
    own = _own_images(layers, src, images)
    reached: dict[int, set[int]] = {id(layer): set() for layer in layers}
    unknown: Counter[str] = Counter()
    placed = 0
    for record in images:
        mine = [layer for layer in layers if own.get(layer.file, record.id) == record.id]
        place = georeference_of(record) if mine else None
        if place is None or not place.crs:
            continue
        placed += 1
        burner = Burner(record, place, catalog, classes)
        painted = burner.paint(mine)
        for layer, found in zip(mine, burner.reached, strict=True):
            reached[id(layer)] |= found
        if any(burner.reached) or any(layer.file in own for layer in mine):
            unknown += painted.unknown
            split = split_called(mine[0].file.parent.name)
            yield from replace(painted, mask=replace(painted.mask, split=split)).entries()
    if not placed:
        yield Skipped(
            str(src),
            "no image of the project says where it lies on the map; use images with a coordinate system (GeoTIFF)",
        )
    for layer in layers:
        beside = len(layer.features) - len(reached[id(layer)])
        if beside:
            yield Skipped(str(layer.file), f"{beside:,} features lie on no image of the project")
    yield from without_class(str(src), unknown)


def _own_images(layers: list[Layer], src: Path, images: Sequence[ImageRecord]) -> dict[Path, str]:
    """The ids of the images that files of our own exports belong to."""
    manifest = manifest_near(src)
    if manifest is None:
        return {}
    matcher = Matcher(images, manifest)
    found = {layer.file: matcher.find(layer.file) for layer in layers}
    return {file: match.id for file, match in found.items() if isinstance(match, ImageRecord)}
