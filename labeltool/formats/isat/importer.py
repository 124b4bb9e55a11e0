"""Reads the JSON files of ISAT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
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
    drawings_of,
    group_of,
    picture_named,
    size_of,
)
from labeltool.formats.foreign import is_class
from labeltool.formats.outlines import coordinate, ring_of_pairs, with_border
from labeltool.formats.protocol import ForeignClass
from labeltool.formats.untrusted import files_below, load_json, stays_inside
from labeltool.formats.untrusted_yaml import load_yaml

_CLASSES = "isat.yaml"


class IsatImporter(DrawingsImporter):
    """Polygons of one group are one object; those of a higher layer lie over those of a lower one.

    A polygon's corners are pixels, and it holds those on its outline, as in the masks that ISAT itself makes of it.
    Polygons of the class __background__ take pixels away from what lies below. A crowd is no single object.
    """

    name: ClassVar[str] = "isat"
    title: ClassVar[str] = "ISAT (JSON)"

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The classes of ``isat.yaml`` that lies in the folder or above the files, then others that occur."""
        colors, drawn = _colors(src.absolute()), super().classes(src, options)
        return [
            ForeignClass(n, colors.get(n)) for n in dict.fromkeys((*colors, *(each.name for each in drawn)))
        ]

    def drawings(self, src: Path, options: Any) -> Drawings:
        """See :class:`DrawingsImporter`."""
        return drawings_of(src, (".json",), _drawing)


def _drawing(file: Path) -> Iterator[Drawing]:
    data = _load(file)
    info = data["info"]
    yield Drawing(
        file,
        (*picture_named(info.get("name"), file), file),
        size_of(info.get("width"), info.get("height")),
        len(data["objects"]),
        partial(_marks, file),
        stated=info.get("name"),
    )


def _load(file: Path) -> dict[str, Any]:
    data = load_json(file)
    info = data.get("info") if isinstance(data, dict) else None
    if (
        not isinstance(info, dict)
        or info.get("description") != "ISAT"
        or not isinstance(data.get("objects"), list)
    ):
        raise BadInputError("this is not ISAT JSON: info of ISAT and a list of objects are needed", file=file)
    return dict(data)


def _marks(file: Path) -> Marks:
    """From the lowest layer to the highest; of one layer, and where none is given, in the file's order."""
    found = [_mark(entry, f"{file}: object {place}") for place, entry in enumerate(_load(file)["objects"], 1)]
    return [mark for _, mark in sorted(found, key=lambda each: each[0])]


def _mark(entry: Any, called: str) -> tuple[float, Mark | Skipped]:
    """The layer and the mark."""
    if not isinstance(entry, dict) or not isinstance(entry.get("category"), str):
        return 0.0, Skipped(called, "it has no category")
    try:
        layer = entry.get("layer")
        group = group_of(entry.get("group"))
        return 0.0 if layer is None else coordinate(layer), Mark(
            called,
            entry["category"],
            partial(_pixels, entry.get("segmentation")),
            group,
            crowd=entry.get("iscrowd") in (1, "1"),  # True is 1
        )
    except BadInputError as error:
        return 0.0, Skipped(called, str(error))


def _pixels(points: Any, size: Size) -> Dense:
    return with_border(ring_of_pairs(points), size)


def _colors(src: Path) -> dict[str, tuple[int, int, int] | None]:
    """Colours by class, in the order of the files ``isat.yaml``; what cannot be read is passed over."""
    folder = src if src.is_dir() else src.parent
    found: dict[str, tuple[int, int, int] | None] = {}
    for file in files_below(folder, (_CLASSES,)):
        if file.name != _CLASSES or not stays_inside(file, folder):
            continue
        try:
            data = load_yaml(file)
        except BadInputError:
            continue
        labels = data.get("label") if isinstance(data, dict) else None
        for label in labels if isinstance(labels, list) else ():
            name = label.get("name") if isinstance(label, dict) else None
            if isinstance(name, str) and name.strip() and is_class(name):
                found.setdefault(name, _color(label.get("color")))
    return found


def _color(text: object) -> tuple[int, int, int] | None:
    """The colour of ``#rrggbb``."""
    if not isinstance(text, str) or len(text) != 7 or not text.startswith("#"):
        return None
    try:
        red, green, blue = bytes.fromhex(text[1:])
    except ValueError:
        return None
    return red, green, blue
