"""Reads ``Annotations/<folder>/<name>.xml`` of MIT's LabelMe, and the masks in ``Masks``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePath
from typing import Any, ClassVar
from xml.etree import ElementTree as Xml

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped
from labeltool.core.shape import Dense
from labeltool.formats.canvas import whole
from labeltool.formats.drawings import (
    Drawing,
    Drawings,
    DrawingsImporter,
    Mark,
    Marks,
    drawings_of,
    picture_named,
    size_of,
)
from labeltool.formats.outlines import coordinate, filled, ring
from labeltool.formats.png_mask import inside_of
from labeltool.formats.untrusted import MAX_TEXT_BYTES, load_xml, refused_name, stays_inside

_ANNOTATIONS, _MASKS = "Annotations", "Masks"


class LabelmeXmlImporter(DrawingsImporter):
    """Each object is one of its own, later ones over earlier ones; what an object is a part of is not read.

    Deleted objects are passed over and counted, and so are scribbles, from which masks were made.
    """

    name: ClassVar[str] = "labelme_xml"
    title: ClassVar[str] = "LabelMe of MIT (XML)"

    def drawings(self, src: Path, options: Any) -> Drawings:
        """See :class:`DrawingsImporter`."""
        return drawings_of(src, (".xml",), _drawing)


def _drawing(file: Path) -> Iterator[Drawing]:
    root = _load(file)
    objects = root.findall("object")
    deleted = sum(map(_is_deleted, objects))
    scribbles = sum(1 for _ in root.iter("scribbles"))
    told = ((deleted, "objects are marked as deleted"), (scribbles, "scribbles are passed over"))
    folder, name = (root.findtext(tag) or "" for tag in ("folder", "filename"))
    yield Drawing(
        file,
        (*picture_named(f"{folder.strip()}/{name.strip()}".lstrip("/") if name.strip() else "", file), file),
        size_of(root.findtext("imagesize/ncols"), root.findtext("imagesize/nrows")),
        len(objects) - deleted,
        partial(_marks, file),
        notices=tuple(f"{number:,} {what}" for number, what in told if number),
        stated=name,
    )


def _load(file: Path) -> Xml.Element:
    root = load_xml(file)
    objects = root.findall("object")
    if root.tag != "annotation" or (objects and all(each.find("bndbox") is not None for each in objects)):
        raise BadInputError("this is not XML of MIT's LabelMe", file=file)
    return root


def _marks(file: Path) -> Marks:
    objects = [each for each in _load(file).findall("object") if not _is_deleted(each)]
    return [_mark(each, file, place) for place, each in enumerate(objects, 1)]


def _mark(entry: Xml.Element, file: Path, place: int) -> Mark | Skipped:
    name = (entry.findtext("name") or "").strip()
    called = f"{file}: object {place}"
    return Mark(called, name, partial(_pixels, entry, file)) if name else Skipped(called, "it has no name")


def _pixels(entry: Xml.Element, file: Path, size: Size) -> Dense:
    polygon, mask = entry.find("polygon"), entry.find("segm/mask")
    if polygon is not None:
        return filled([ring([(_number(pt, "x"), _number(pt, "y")) for pt in polygon.iterfind("pt")])], size)
    if mask is not None:
        return _read_mask(file, (mask.text or "").strip(), size)
    raise BadInputError("it has neither a polygon nor a mask")


def _read_mask(file: Path, name: str, size: Size) -> Dense:
    """The pixels of a mask as large as the picture; BadInputError when its file is not where masks lie."""
    reason = refused_name(name)
    if reason:
        raise BadInputError(reason)
    root, inside = _root(file)
    path = root / _MASKS / inside / name
    if not stays_inside(path, root):
        raise BadInputError(f"the mask {name[:200]!r} is a link that leads out of the folder")
    try:
        if not path.is_file():
            raise BadInputError(f"there is no mask called {name[:200]!r}")
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise BadInputError(f"the mask {name[:200]!r} is larger than {MAX_TEXT_BYTES // 1_000_000} MB")
        found = inside_of(path.read_bytes(), size)
    except OSError as error:
        raise BadInputError(f"the mask {name[:200]!r} cannot be read: {error.strerror}") from error
    if not found.any():
        raise BadInputError(f"the mask {name[:200]!r} covers no pixel")
    return whole(found)


def _root(file: Path) -> tuple[Path, PurePath]:
    """The folder that holds Annotations and Masks, and the way from Annotations to the file's folder."""
    for folder in file.parents:
        if folder.name == _ANNOTATIONS:
            return folder.parent, file.parent.relative_to(folder)
    return file.parent, PurePath()


def _is_deleted(entry: Xml.Element) -> bool:
    return (entry.findtext("deleted") or "").strip() == "1"


def _number(point: Xml.Element, tag: str) -> float:
    try:
        return coordinate(float(point.findtext(tag) or ""))
    except ValueError as error:
        raise BadInputError("a coordinate is no number or lies beyond any image") from error
