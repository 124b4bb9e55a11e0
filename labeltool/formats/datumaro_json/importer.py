"""Reads the JSON in which datumaro keeps a data set: polygons, masks as COCO's run lengths, ellipses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from labeltool.core.errors import BadInputError
from labeltool.core.geometry import Size
from labeltool.core.project import Skipped, split_called
from labeltool.core.shape import Dense
from labeltool.formats.coco.segmentation import pixels_of
from labeltool.formats.drawings import (
    Drawing,
    Drawings,
    DrawingsImporter,
    Mark,
    Marks,
    NoAreaError,
    drawings_of,
    group_of,
    size_of,
    without_strays,
)
from labeltool.formats.foreign import is_class
from labeltool.formats.outlines import coordinate, ellipse, filled, ring_of_numbers
from labeltool.formats.protocol import ForeignClass
from labeltool.formats.untrusted import load_json


class DatumaroImporter(DrawingsImporter):
    """Polygons and masks of one group and class are one object; nearer ones (z_order) lie over others.

    The file's name is the split.
    """

    name: ClassVar[str] = "datumaro"
    title: ClassVar[str] = "Datumaro JSON"

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The labels of all files, with the colours of their masks."""
        found: dict[str, ForeignClass] = {}

        def note(path: Path) -> list[Drawing]:
            for each in _File.read(path).classes():
                found.setdefault(each.name, each)
            return []

        drawings_of(src.absolute(), (".json",), note)
        return list(found.values())

    def drawings(self, src: Path, options: Any) -> Drawings:
        """See :class:`DrawingsImporter`."""
        drawings, skipped = drawings_of(src, (".json",), lambda path: _File.read(path).drawings())
        good, strays = without_strays(drawings)
        return good, [*skipped, *strays]


class _File:
    """A file of which only the outermost parts are known to be what they should be."""

    def __init__(
        self, path: Path, labels: list[Any], colors: dict[int, tuple[int, int, int]], items: list[Any]
    ):
        self.path, self.labels, self.colors, self.items = path, labels, colors, items

    @classmethod
    def read(cls, path: Path) -> _File:
        data = load_json(path)
        if not isinstance(data, dict) or not isinstance(data.get("items"), list):
            raise BadInputError("this is not datumaro's JSON: items and categories are needed", file=path)
        categories = _dict(data.get("categories"))
        labels = _list(_dict(categories.get("label")).get("labels"))
        colors = _list(_dict(categories.get("mask")).get("colormap"))
        return cls(path, labels, dict(filter(None, map(_color, colors))), data["items"])

    def classes(self) -> list[ForeignClass]:
        names = ((number, self.label(number)) for number in range(len(self.labels)))
        return [
            ForeignClass(name, self.colors.get(number)) for number, name in names if name and is_class(name)
        ]

    def label(self, number: object) -> str:
        """The name of a label, empty where there is none."""
        if type(number) is not int or not 0 <= number < len(self.labels):
            return ""
        name = _dict(self.labels[number]).get("name")
        return name if isinstance(name, str) else ""

    def drawings(self) -> Iterator[Drawing]:
        for entry in self.items:
            item = _dict(entry)
            picture = _dict(item.get("image")) or _dict(item.get("media"))
            names = [name for name in (picture.get("path"), item.get("id")) if isinstance(name, str) and name]
            size = _list(picture.get("size"))
            annotations = item.get("annotations")
            yield Drawing(
                self.path,
                tuple(PurePosixPath(name.replace("\\", "/")) for name in names) or (PurePosixPath(""),),
                size_of(size[1], size[0]) if len(size) == 2 else None,
                len(annotations) if isinstance(annotations, list) else 0,
                partial(self.marks, annotations, str(names[:1])[:200]),
                split=split_called(self.path.stem),
                stated=next(iter(names), None),
            )

    def marks(self, annotations: object, called: str) -> Marks:
        """What the annotations of an item are, farther ones first."""
        if not isinstance(annotations, list):
            raise BadInputError("the item has no list of annotations")
        entries = sorted(enumerate(annotations, 1), key=lambda entry: _z_order(entry[1]))
        return [
            self._mark(_dict(data), f"{self.path}: annotation {place} of {called}") for place, data in entries
        ]

    def _mark(self, data: dict[str, Any], called: str) -> Mark | Skipped:
        try:
            pixels = _pixels(data)
            name = self.label(data.get("label_id"))
            if not name and data.get("type") in _AREAS:
                raise BadInputError(f"the file has no label {str(data.get('label_id'))[:40]!r}")
            return Mark(called, name, pixels, group_of(data.get("group") or None))
        except BadInputError as error:
            return Skipped(called, error.message)


def _pixels(data: dict[str, Any]) -> Callable[[Size], Dense]:
    kind = data.get("type")
    if isinstance(kind, str) and kind in _AREAS:
        return partial(_AREAS[kind], data)
    if not isinstance(kind, str):
        raise BadInputError("the annotation has no type")
    return partial(_no_area, kind[:40])


def _no_area(kind: str, size: Size) -> Dense:
    raise NoAreaError(kind)


def _polygon(data: dict[str, Any], size: Size) -> Dense:
    return filled([ring_of_numbers(data.get("points"))], size)


def _mask(data: dict[str, Any], size: Size) -> Dense:
    pixels = pixels_of(_dict(data.get("rle")) or None, size)
    if not pixels.inside.any():
        raise BadInputError("the mask is empty")
    return pixels


def _ellipse(data: dict[str, Any], size: Size) -> Dense:
    corners = [coordinate(number) for number in _list(data.get("points"))]
    if len(corners) != 4:
        raise BadInputError("an ellipse has not two corners")
    left, top, right, bottom = corners
    return ellipse(((left + right) / 2, (top + bottom) / 2), ((right - left) / 2, (bottom - top) / 2), size)


_AREAS: dict[str, Callable[[dict[str, Any], Size], Dense]] = {
    "polygon": _polygon,
    "mask": _mask,
    "ellipse": _ellipse,
}


def _z_order(data: object) -> float:
    order: Any = _dict(data).get("z_order")
    return float(order) if type(order) in (int, float) and abs(order) < 1e9 else 0.0


def _color(entry: object) -> tuple[int, tuple[int, int, int]] | None:
    data = _dict(entry)
    number, r, g, b = (data.get(key) for key in ("label_id", "r", "g", "b"))
    if type(number) is int and type(r) is int and type(g) is int and type(b) is int and _are_bytes(r, g, b):
        return number, (r, g, b)
    return None


def _are_bytes(*numbers: int) -> bool:
    return all(0 <= number < 256 for number in numbers)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
