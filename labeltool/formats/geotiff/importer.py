"""GeoTIFF masks, matched to images by name or by their place on the map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.extras import GEO
from labeltool.core.geometry import Box, Size
from labeltool.core.project import ImageRecord, Skipped, split_called
from labeltool.formats.geotiff.raster import CLASSES_TAG, Raster, object_ids, read_raster, text_of
from labeltool.formats.importing import mask_of, masks
from labeltool.formats.match import Matcher
from labeltool.formats.options import ImportOptions
from labeltool.formats.places import georeference_of, in_pixels, manifest_near, on_map
from labeltool.formats.png.exporter import INSTANCES, LABELS
from labeltool.formats.png.importer import instances_of
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import found_below
from labeltool.formats.values import by_name, by_number, identity, mapped
from labeltool.imaging.reader import Georeference

_LARGEST_VALUE = 65_535
_ALIGNED_PX = 0.05
"""How far a pixel may lie off the image's grid, anywhere in the mask."""


class GeotiffImporter:
    """TIFF masks of one band of whole numbers, for images of the same name or, where there is none, of the same grid.

    A mask of another size is taken where its pixels are pixels of the image's grid; where it does not reach, the
    image stays as it is. Classes are the same by name where the file names them, else by value.
    """

    name: ClassVar[str] = "geotiff"
    title: ClassVar[str] = "GeoTIFF masks"
    Options: ClassVar[type[ImportOptions]] = ImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """Those that the files name, or else the values that occur."""
        if GEO.missing:
            raise GEO.refusal("a GeoTIFF", src)
        found: dict[ForeignClass, None] = {}
        for file in _mask_files(src.absolute(), ())[0]:
            try:
                raster = read_raster(file)
                named = _named(raster, file)
            except BadInputError:
                continue
            if named is not None:
                found.update(dict.fromkeys(ForeignClass(c.name, c.color, c.value) for c in named.foreground))
                continue
            used = {int(v) for v in np.unique(raster.values)} - {0, IGNORE, raster.nodata}
            found.update(dict.fromkeys(ForeignClass(f"class {v}", value=v) for v in sorted(used)))
        return [first for name in {each.name for each in found} for first in [_first(found, name)]]

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one; BadInputError when there is no TIFF at all."""
        if GEO.missing:
            raise GEO.refusal("a GeoTIFF", src)
        src = src.absolute()
        files, others = _mask_files(src, images)
        yield from others
        if not files and not others:
            raise BadInputError("there are no masks", file=src, hint="TIFF files are looked for")
        finder = _ByNameOrPlace(images, Matcher(images, manifest_near(src)))

        def read_one(file: Path, record: ImageRecord) -> ImportedMask:
            return _read(file, record, finder.place(record), catalog)

        yield from masks(files, src, finder, read_one)


def _first(found: Mapping[ForeignClass, None], name: str) -> ForeignClass:
    return next(each for each in found if each.name == name)


def _mask_files(src: Path, images: Sequence[ImageRecord]) -> tuple[list[Path], list[Skipped]]:
    """TIFF files that could be masks: not the project's images, not maps of object ids; and what is called so and is no
    file."""
    if src.is_file():
        return [src], []
    root = src / LABELS if (src / LABELS).is_dir() else src
    sources = {record.path.resolve() for record in images}
    found, others = found_below(root, (".tif", ".tiff"))
    return [
        path
        for path in found
        if INSTANCES not in path.relative_to(src).parts[:-1] and path.resolve() not in sources
    ], others


@dataclass
class _ByNameOrPlace:
    """Finds the image of a mask by its name, and where nothing is called so, by its grid."""

    images: Sequence[ImageRecord]
    matcher: Matcher
    places: dict[str, Georeference | None] = field(default_factory=dict)

    def find(self, path: Path) -> ImageRecord | str:
        found = self.matcher.find(path)
        if isinstance(found, ImageRecord) and found.path.resolve() != path.resolve():
            return found
        try:
            raster = read_raster(path)
        except BadInputError as error:
            return str(BadInputError(error.message, hint=error.hint))
        same = [
            record
            for record in self.images
            if record.path.resolve() != path.resolve()
            and _size(raster.values) == record.size
            and raster.transform is not None
            and (place := self.place(record)) is not None
            and _offset(raster, record.size, place) == (0, 0)
        ]
        if len(same) == 1:
            return same[0]
        if same:
            return f"{len(same)} images of the project have the grid of the mask, so it is not clear which is meant"
        other = "the mask is an image of the project itself" if isinstance(found, ImageRecord) else found
        return f"{other}, and none has the grid of the mask"

    def place(self, record: ImageRecord) -> Georeference | None:
        """Where an image lies; asked once."""
        if record.id not in self.places:
            self.places[record.id] = georeference_of(record)
        return self.places[record.id]


def _size(values: NDArray[Any]) -> Size:
    return Size(values.shape[1], values.shape[0])


def _offset(raster: Raster, size: Size, place: Georeference) -> tuple[int, int] | None:
    """Column and row of the image where the mask begins; None where their grids are not the same."""
    from rasterio.crs import CRS  # noqa: PLC0415 - an extra

    if raster.transform is None:
        return None
    if place.crs and raster.crs is not None and CRS.from_user_input(place.crs) != raster.crs:
        return None
    width, height = _size(raster.values)
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], np.float64)
    off = in_pixels(on_map(corners, Georeference("", raster.transform)), place) - corners
    if not np.isfinite(off).all():
        return None
    x, y = (round(number) for number in off[0].tolist())
    return (x, y) if (np.abs(off - (x, y)) <= _ALIGNED_PX).all() else None


class _Laid(NamedTuple):
    """A raster's place in the image: where it lies, and the part of it that does."""

    box: Box
    part: tuple[slice, slice]


def _laid(file: Path, raster: Raster, size: Size, place: Georeference | None) -> _Laid:
    """Where a mask lies in its image; BadInputError where that is not sure."""
    own = _size(raster.values)
    x, y = 0, 0
    if raster.transform is not None and place is not None:
        at = _offset(raster, size, place)
        if at is None:
            raise BadInputError(
                "the mask lies on another grid than its image (coordinate system, pixel size or a part of a pixel)",
                file=file,
                hint="Resample it to the image's grid first, for example with gdalwarp -r near -te -tr",
            )
        x, y = at
    elif own != size:
        raise BadInputError(
            f"the mask is {own.width} x {own.height} pixels and the image {size.width} x {size.height}, "
            "and they do not both say where they lie on the map",
            file=file,
        )
    whole = Box(x, y, x + own.width, y + own.height)
    box = whole.intersect(size.box)
    if box.is_empty:
        raise BadInputError("the mask lies beside its image on the map", file=file)
    return _Laid(box, box.slices(whole))


def _read(file: Path, record: ImageRecord, place: Georeference | None, catalog: ClassCatalog) -> ImportedMask:
    raster = read_raster(file)
    laid = _laid(file, raster, record.size, place)
    meant = _Meaning(raster, file, catalog)
    shape = record.size.height, record.size.width
    label = np.full(shape, catalog.unlabelled_value, np.uint8)
    known = np.zeros(shape, bool)
    part, known_part = meant.label(raster.values[laid.part])
    label[laid.box.slices()], known[laid.box.slices()] = part, known_part
    ids = None
    instances = instances_of(file)
    if instances is not None:
        numbers = object_ids(read_raster(instances), instances)
        if numbers.shape != raster.values.shape:
            raise BadInputError("the map of object ids has another size than the mask", file=instances)
        ids = np.zeros(shape, np.uint32)
        ids[laid.box.slices()] = np.where(known_part, numbers[laid.part], 0)
    outside = raster.values.size - (laid.box.width * laid.box.height)
    notices = (*meant.notices, *((f"{outside:,} pixels lie beside the image",) if outside else ()))
    mask = mask_of(record, file, label, ids, catalog)
    return replace(
        mask,
        known=None if known.all() else known,
        notices=(*mask.notices, *notices),
        split=split_called(file.parent.name),
    )


@dataclass
class _Meaning:
    """What the values of a file mean in the project."""

    raster: Raster
    file: Path
    catalog: ClassCatalog

    @cached_property
    def named(self) -> ClassCatalog | None:
        return _named(self.raster, self.file)

    @cached_property
    def values(self) -> dict[int, int]:
        return identity(self.catalog) if self.named is None else by_name(self.named, self.catalog)

    @property
    def nodata(self) -> int | None:
        """The value of pixels that the file says nothing of; a class of this value is one all the same."""
        value = self.raster.nodata
        return int(value) if value is not None and value == int(value) and value not in self.values else None

    @property
    def notices(self) -> tuple[str, ...]:
        told = (by_number(self.catalog),) if self.named is None else ()
        value = self.raster.nodata
        if value is None or value == IGNORE or value not in self.values:
            return told
        return (
            f"{value:g} is the file's no-data value, and a class here: these pixels count",
            *told,
        )

    def label(self, raw: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Label uint8 [h, w], and which pixels the file knows; BadInputError for values without a class."""
        known = np.ones(raw.shape, bool)
        if self.nodata is not None and self.nodata != IGNORE:
            known = raw != self.nodata
        counted = raw[known]
        if counted.size and (int(counted.min()) < 0 or int(counted.max()) > _LARGEST_VALUE):
            raise BadInputError(
                f"the mask holds values from {counted.min()} to {counted.max()}, which are no numbers of classes",
                file=self.file,
            )
        stand_in = next(iter(self.values), IGNORE)
        numbers = np.where(known, raw, stand_in).astype(np.uint16)
        names = {} if self.named is None else {c.value: c.name for c in self.named.classes}
        label = mapped(numbers, {**self.values, IGNORE: IGNORE}, names)
        return np.where(known, label, np.uint8(self.catalog.unlabelled_value)), known


def _named(raster: Raster, file: Path) -> ClassCatalog | None:
    """The classes that a file names, as our exports do."""
    found = text_of(raster, CLASSES_TAG, file)
    return None if found is None else ClassCatalog.from_json(found, file=file)
