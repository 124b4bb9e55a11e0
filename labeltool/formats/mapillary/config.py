"""The list of classes of a Mapillary Vistas folder: a label's place in it is its value in the masks."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.formats.colours.lists import ClassList
from labeltool.formats.untrusted import MAX_TEXT_BYTES, load_json, told


class Config(NamedTuple):
    """``names`` by value, ``readable`` names for people, the values whose objects are told apart (``things``), and
    the list of classes."""

    names: dict[int, str]
    readable: dict[str, str]
    things: frozenset[int]
    listed: ClassList

    def named_as(self, catalog: ClassCatalog) -> dict[int, str]:
        """Names by value: the readable one where the project calls the class so, and not by its full name."""
        return {
            value: self.readable[name]
            if catalog.by_name(name) is None and catalog.by_name(self.readable[name]) is not None
            else name
            for value, name in self.names.items()
        }


def read_config(file: Path) -> Config:
    """A ``config_v2.0.json``; BadInputError names what is wrong with it."""
    data = load_json(file, MAX_TEXT_BYTES)
    try:
        labels = data["labels"]
        names = {value: str(label["name"]) for value, label in enumerate(labels)}
        readable = {str(label["name"]): str(label.get("readable") or label["name"]) for label in labels}
        things = frozenset(v for v, label in enumerate(labels) if label.get("instances") is True)
        colors = [(str(label["name"]), _color(label["color"])) for label in labels]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInputError(
            f"this is not a configuration of Mapillary Vistas: {told(error)}", file=file
        ) from error
    if len(names) > 256 or len(set(names.values())) != len(names):
        raise BadInputError("two labels have one name, or there are more than 256", file=file)
    return Config(names, readable, things, _listed(file, names, colors))


def _listed(file: Path, names: dict[int, str], colors: list[tuple[str, tuple[int, int, int]]]) -> ClassList:
    """Colours that two labels share stand for neither."""
    all_colors = [color for _, color in colors]
    own = {color: value for value, (_, color) in enumerate(colors) if all_colors.count(color) == 1}
    return ClassList(str(file), names, own, counts=True)


def _color(given: list[object]) -> tuple[int, int, int]:
    r, g, b = (int(str(n)) for n in given)
    if not all(0 <= n <= 255 for n in (r, g, b)):
        raise ValueError(f"{given!r} is not a colour")
    return r, g, b
