"""Reads the regions of VGG Image Annotator 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath
from typing import Any, ClassVar

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.core.shape import Dense
from labeltool.formats.drawings import (
    Drawing,
    Drawings,
    DrawingsImporter,
    Mark,
    Marks,
    NoAreaError,
    drawings_of,
)
from labeltool.formats.options import ImportOptions
from labeltool.formats.outlines import coordinate, ellipse, filled, rectangle, ring_of_pairs
from labeltool.formats.untrusted import refused_name
from labeltool.formats.via.file import ViaFile, ViaPicture, mapping, read_via

_SUFFIXES = (".json", ".csv")


@dataclass(frozen=True)
class ViaOptions(ImportOptions):
    """What one can choose for VGG Image Annotator."""

    class_attribute: str = field(
        default="",
        metadata={
            "label": "Attribute that names the class",
            "help": "the region attribute whose value is the class; need not be given where regions have only one",
        },
    )


class ViaImporter(DrawingsImporter):
    """Each region is an object of its own, later ones over earlier ones; its class is the value of one attribute."""

    name: ClassVar[str] = "via"
    title: ClassVar[str] = "VGG Image Annotator 2 (JSON, CSV)"
    Options: ClassVar[type[ImportOptions]] = ViaOptions

    def drawings(self, src: Path, options: Any) -> Drawings:
        """See :class:`DrawingsImporter`."""
        return _drawings(src, options.class_attribute)


def _drawings(src: Path, wanted: str) -> Drawings:
    """What all files say of their pictures; BadInputError where it is not clear which attribute names the class."""
    files: dict[Path, ViaFile] = {}

    def read(file: Path) -> Iterator[Drawing]:
        files[file] = read_via(file)
        yield from ()

    _, skipped = drawings_of(src, _SUFFIXES, read)
    attribute = _attribute(list(files.values()), wanted, src)
    drawings = []
    for file, content in files.items():
        for picture in content.pictures:
            reason = refused_name(picture.name)
            if reason:
                skipped.append(Skipped(f"{file} ({len(picture.regions)} shapes)", reason))
            else:
                drawings.append(_drawing(picture, attribute))
    return drawings, skipped


def _attribute(files: Sequence[ViaFile], wanted: str, src: Path) -> str:
    declared = dict.fromkeys(name for file in files for name in file.attributes)
    used = dict.fromkeys(
        name
        for file in files
        for picture in file.pictures
        for region in picture.regions
        for name in mapping(mapping(region).get("region_attributes"))
    )
    names = list(declared | used)
    told = ", ".join(repr(name[:80]) for name in names[:10]) or "none"
    if wanted:
        if wanted not in names:
            raise BadInputError(f"no region has the attribute {wanted[:80]!r}; there are: {told}", file=src)
        return wanted
    if len(names) != 1:
        raise BadInputError(
            f"it is not clear which attribute of the regions names the class; there are: {told}",
            file=src,
            hint="Say which with --class-attribute",
        )
    return names[0]


def _drawing(picture: ViaPicture, attribute: str) -> Drawing:
    return Drawing(
        picture.file,
        (PurePath(picture.name.replace("\\", "/")),),
        None,
        len(picture.regions),
        partial(_marks, picture, attribute),
        stated=picture.name,
    )


def _marks(picture: ViaPicture, attribute: str) -> Marks:
    called = f"{picture.file}: {picture.name[:200]}: region"
    return [_mark(region, attribute, f"{called} {n}") for n, region in enumerate(picture.regions, 1)]


def _mark(region: Any, attribute: str, called: str) -> Mark | Skipped:
    try:
        name = _class_name(mapping(mapping(region).get("region_attributes")).get(attribute))
    except BadInputError as error:
        return Skipped(called, str(error))
    return Mark(called, name, partial(_pixels, mapping(mapping(region).get("shape_attributes"))))


def _class_name(value: object) -> str:
    """The value of a text, a dropdown or radio buttons, or the one box that is ticked."""
    if isinstance(value, dict):
        ticked = [name for name, on in value.items() if on is True]
        if len(ticked) != 1:
            raise BadInputError(f"{len(ticked)} classes are ticked, and one is needed")
        return str(ticked[0])
    if not isinstance(value, str) or not value.strip():
        raise BadInputError("the attribute that names the class is empty")
    return value.strip()


def _pixels(shape: Mapping[str, Any], size: Size) -> Dense:
    kind = shape.get("name")
    match kind:
        case "polygon":
            return filled([ring_of_pairs(_points(shape))], size)
        case "rect":
            x, y, width, height = _numbers(shape, "x", "y", "width", "height")
            return rectangle(x, y, x + width, y + height, size)
        case "circle":
            x, y, radius = _numbers(shape, "cx", "cy", "r")
            return ellipse((x, y), (radius, radius), size)
        case "ellipse":
            x, y, rx, ry = _numbers(shape, "cx", "cy", "rx", "ry")
            return ellipse((x, y), (rx, ry), size, coordinate(shape.get("theta", 0)))
        case "polyline" | "point":
            raise NoAreaError(kind)
    raise BadInputError(f"regions of the shape {str(kind)[:40]!r} are not known")


def _points(shape: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    x, y = shape.get("all_points_x"), shape.get("all_points_y")
    if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y):
        raise BadInputError("a polygon has not as many x as y")
    return list(zip(x, y, strict=True))


def _numbers(shape: Mapping[str, Any], *names: str) -> list[float]:
    return [coordinate(shape.get(name)) for name in names]
