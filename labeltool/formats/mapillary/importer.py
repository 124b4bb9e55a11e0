"""Reads the richest of what a Vistas folder has for each image: instances, labels, panoptic pictures or polygons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import ImageRecord, Skipped, split_called
from labeltool.core.shape import Dense
from labeltool.formats.canvas import Canvas, Painted, without_class
from labeltool.formats.colours.numbers import IGNORED, numbers_of
from labeltool.formats.foreign import Meanings, is_class
from labeltool.formats.importing import mask_of, masks
from labeltool.formats.index_png import any_size, read_pixels
from labeltool.formats.mapillary.config import Config, read_config
from labeltool.formats.match import Matcher, one_each
from labeltool.formats.options import ImportOptions
from labeltool.formats.outlines import filled, ring_of_numbers, ring_of_pairs
from labeltool.formats.panoptic.importer import panoptic_classes, read_panoptic
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import found_below, is_given, left_out, load_json, stays_inside
from labeltool.formats.values import counted

INSTANCES, LABELS, PANOPTIC, POLYGONS = "instances", "labels", "panoptic", "polygons"
_BEST_FIRST: Final = (INSTANCES, LABELS, PANOPTIC, POLYGONS)
_VERSIONS: Final = ("v2.0", "v1.2")


@dataclass(frozen=True)
class MapillaryOptions(ImportOptions):
    """What one can choose for Mapillary Vistas."""

    version: Literal["newest", "v2.0", "v1.2"] = field(
        default="newest",
        metadata={
            "label": "Version of the labels",
            "choices": {"newest": "The newest there is"},
            "help": "which labels to read where a folder holds both: newest is v2.0 where there is one",
        },
    )


class MapillaryImporter:
    """Classes have the names of ``config_v2.0.json`` or ``config_v1.2.json``, full (object--vehicle--car) or readable
    (Car). Values of instances are 256 times the label and the number of the object."""

    name: ClassVar[str] = "mapillary"
    title: ClassVar[str] = "Mapillary Vistas"
    Options: ClassVar[type[ImportOptions]] = MapillaryOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The classes whose values occur, under their full names; of panoptic pictures and polygons all."""
        src = src.absolute()
        found: dict[str, ForeignClass] = {}
        for part in _parts(src, options.version)[0]:
            if part.kind == PANOPTIC:
                found.update((c.name, c) for c in panoptic_classes(part.files, src))
                continue
            config = part.config()
            colors = {value: color for color, value in config.listed.colors.items()}
            for value in sorted(_used(part, config, src)):
                name = config.names[value]
                if is_class(name):
                    found.setdefault(name, ForeignClass(name, colors.get(value)))
        return list(found.values())

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one; BadInputError when there is none or the configuration is missing or broken."""
        src = src.absolute()
        parts, others = _parts(src, options.version)
        yield from others
        if not parts and not others:
            raise BadInputError(
                "the folder holds no labels of Mapillary Vistas",
                file=src,
                hint="Folders such as training/v2.0/instances are looked for",
            )
        matcher = Matcher(images, None)
        for part in parts:
            for found in _read_part(part, src, catalog, matcher):
                yield found if isinstance(found, Skipped) else replace(found, split=part.split)


@dataclass(frozen=True)
class _Part:
    """A folder of one kind of labels, in one split and version."""

    kind: str
    folder: Path
    version: str
    files: tuple[Path, ...]

    @property
    def split(self) -> str:
        names = (split_called(folder.name) for folder in self.folder.parents)
        return next((name for name in names if name), "")

    def config(self) -> Config:
        """The list of classes, from the version's folder or one of those above it."""
        for folder in list(self.folder.parents)[:4]:
            for version in (self.version,) if self.version else _VERSIONS:
                file = folder / f"config_{version}.json"
                if is_given(file, folder):
                    return read_config(file)
        raise BadInputError(
            "there is no list of classes",
            file=self.folder,
            hint=f"Put config_{self.version or 'v2.0'}.json into the folder that holds the splits",
        )


def _parts(src: Path, version: str) -> tuple[list[_Part], list[Skipped]]:
    """The best kind of labels of every split, in one version; and what is called as they are and is no file."""
    found: dict[tuple[Path, str], dict[str, list[Path]]] = {}
    files, others = found_below(src, (".png", ".json"))
    for file in files:
        above = [f for f in file.parents if f.name in _BEST_FIRST and f.is_relative_to(src)]
        if above and (file.suffix.lower() == ".json") == (above[0].name in (PANOPTIC, POLYGONS)):
            inside = above[0].parent
            of_version = inside.name if inside.name in _VERSIONS else ""
            base = inside.parent if of_version else inside
            found.setdefault((base, of_version), {}).setdefault(above[0].name, []).append(file)
    parts = []
    for base in dict.fromkeys(base for base, _ in found):
        versions = [v for b, v in found if b == base]
        wanted = [v for v in (*_VERSIONS, "") if v in versions and version in ("newest", v)][:1]
        for chosen in wanted:
            kinds = found[base, chosen]
            kind = next(k for k in _BEST_FIRST if k in kinds)
            parts.append(_Part(kind, base / chosen / kind, chosen, tuple(kinds[kind])))
    return parts, others


def _read_part(
    part: _Part, src: Path, catalog: ClassCatalog, matcher: Matcher
) -> Iterator[ImportedMask | Skipped]:
    if part.kind == PANOPTIC:
        yield from read_panoptic(part.files, src, catalog, matcher)
    elif part.kind == POLYGONS:
        yield from _read_polygons(part, src, catalog, matcher)
    else:
        config = part.config()
        meanings = Meanings.of(config.named_as(catalog), catalog).ignoring(IGNORED)

        def read(file: Path, record: ImageRecord) -> ImportedMask:
            raw, palette = read_pixels(file, record.size)
            ids = None
            if part.kind == INSTANCES:
                numbers, ids = _instances(file, raw, config)
            else:
                numbers = numbers_of(file, config.listed, raw, None if raw.ndim == 2 else palette)
            label, known = meanings.apply(numbers)
            return replace(mask_of(record, file, label, ids, catalog), known=known)

        yield from masks(part.files, src, matcher, read)


def _instances(file: Path, raw: NDArray[Any], config: Config) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """The label and the object of every pixel; objects of classes that are not told apart have none."""
    if raw.ndim != 2:
        raise BadInputError("this is a picture of colours, not a map of objects", file=file)
    numbers = raw.astype(np.int32) >> 8
    things = np.isin(numbers, list(config.things))
    return numbers, np.where(things, raw.astype(np.uint32) + 1, 0).astype(np.uint32)


def _used(part: _Part, config: Config, src: Path) -> set[int]:
    """The values that occur in the masks; all of them for polygons."""
    if part.kind == POLYGONS:
        return set(config.names)
    used: set[int] = set()
    for file in part.files:
        size = any_size(file) if stays_inside(file, src) else None
        if size is None:
            continue
        try:
            raw, _ = read_pixels(file, size)
            numbers = (
                _instances(file, raw, config)[0]
                if part.kind == INSTANCES
                else numbers_of(file, config.listed, raw, None)
            )
        except (BadInputError, MemoryError):
            continue  # read says so, if there is an image of this size
        used.update(np.flatnonzero(counted(numbers)).tolist())
    return used & set(config.names)


def _read_polygons(
    part: _Part, src: Path, catalog: ClassCatalog, matcher: Matcher
) -> Iterator[ImportedMask | Skipped]:
    """A JSON file an image; its objects in the order in which they lie over each other."""
    entries, skipped = one_each((file, str(file), matcher.find(file)) for file in part.files)
    yield from skipped
    readable = part.config().readable
    unknown: Counter[str] = Counter()
    for file, record in entries:
        try:
            if not stays_inside(file, src):
                raise BadInputError("the file is a link that leads out of the folder")
            painted = _polygons(file, record, catalog, readable)
        except BadInputError as error:
            yield left_out(error, file)
            continue
        unknown += painted.unknown
        yield from painted.entries()
    yield from without_class(str(part.folder), unknown)


def _polygons(file: Path, record: ImageRecord, catalog: ClassCatalog, readable: dict[str, str]) -> Painted:
    data = load_json(file)
    objects = data.get("objects") if isinstance(data, dict) else None
    if not isinstance(objects, list):
        raise BadInputError("there is no list of objects", file=file)
    width, height = data.get("width"), data.get("height", data.get("heigth"))
    if (width, height) != (record.size.width, record.size.height):
        raise BadInputError(
            f"the file takes it for {str(width)[:20]} x {str(height)[:20]} pixels, "
            f"and it is {record.size.width} x {record.size.height} as it is displayed",
            file=file,
        )
    canvas = Canvas(record, catalog)
    for place, each in enumerate(objects, start=1):
        try:
            name, pixels = _polygon(each, record.size)
            known_as = readable.get(name, name)
            canvas.add(pixels, name if catalog.by_name(known_as) is None else known_as)
        except BadInputError as error:
            canvas.fail(f"{file}: object {place}", str(error))
    return canvas.result(str(file))


def _polygon(given: Any, size: Size) -> tuple[str, Dense]:
    """Label and pixels of an object, whose points are pairs or one row of numbers."""
    label, polygon = (given.get("label"), given.get("polygon")) if isinstance(given, dict) else (None, None)
    if not isinstance(label, str):
        raise BadInputError("the object has no label")
    if isinstance(polygon, list) and len(polygon) == 1:
        return label, filled([ring_of_numbers(polygon[0])], size)
    return label, filled([ring_of_pairs(polygon)], size)
