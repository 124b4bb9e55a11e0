"""Reads labelme JSON, our own and other people's, and that of X-AnyLabeling."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from labeltool.core.errors import BadInputError
from labeltool.core.project import Skipped
from labeltool.formats.drawings import (
    Drawing,
    Drawings,
    DrawingsImporter,
    Mark,
    Marks,
    drawings_of,
    group_of,
    object_id_of,
    picture_named,
    size_of,
)
from labeltool.formats.labelme import layout
from labeltool.formats.labelme.shapes import masked, pixels_of
from labeltool.formats.untrusted import load_json


class LabelmeImporter(DrawingsImporter):
    """Shapes of one label and group are one object; later ones lie over earlier ones.

    A pixel belongs to a shape when its centre does; labelme's own converters also take the pixels under the outline.
    The picture is the one that the file names, or the one called like the file; a copy inside the file is not read.
    """

    name: ClassVar[str] = "labelme"
    title: ClassVar[str] = "labelme, X-AnyLabeling (JSON)"

    def drawings(self, src: Path, options: Any) -> Drawings:
        """See :class:`DrawingsImporter`."""
        return drawings_of(src, (".json",), read_drawing)


def read_drawing(file: Path) -> Iterator[Drawing]:
    """What a labelme file says of its picture; BadInputError when it is none."""
    data = _load(file)
    yield Drawing(
        file,
        (*picture_named(data.get("imagePath"), file), file),
        size_of(data.get("imageWidth"), data.get("imageHeight")),
        len(data["shapes"]),
        partial(_marks, file),
        stated=data.get("imagePath"),
    )


def _load(file: Path) -> dict[str, Any]:
    data = load_json(file)
    if not isinstance(data, dict) or not isinstance(data.get("shapes"), list):
        raise BadInputError("this is not labelme JSON: a list of shapes is needed", file=file)
    return data


def _marks(file: Path) -> Marks:
    data = _load(file)
    marks = [_mark(shape, f"{file}: shape {place}") for place, shape in enumerate(data["shapes"], 1)]
    unlabelled = data.get(layout.UNLABELLED)
    if isinstance(unlabelled, dict):
        marks.append(Mark(f"{file}: {layout.UNLABELLED}", "", partial(masked, unlabelled), unset=True))
    return marks


def _mark(shape: Any, called: str) -> Mark | Skipped:
    if not isinstance(shape, dict) or not isinstance(shape.get("label"), str):
        return Skipped(called, "it has no label")
    try:
        group = group_of(shape.get("group_id"))
    except BadInputError as error:
        return Skipped(called, str(error))
    return Mark(
        called, shape["label"], partial(pixels_of, shape), group, object_id_of(shape.get(layout.OBJECT_ID))
    )
