"""Lists of classes as other programs lay them beside their masks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.formats.rgb import Color
from labeltool.formats.untrusted import MAX_TEXT_BYTES, is_given, load_json, read_text, told
from labeltool.formats.voc.layout import read_labelmap

MAX_CLASSES: Final = 60_000

# fmt: off
CAMVID: Final = {
    "Void": (0, 0, 0), "Animal": (64, 128, 64), "Archway": (192, 0, 128), "Bicyclist": (0, 128, 192),
    "Bridge": (0, 128, 64), "Building": (128, 0, 0), "Car": (64, 0, 128), "CartLuggagePram": (64, 0, 192),
    "Child": (192, 128, 64), "Column_Pole": (192, 192, 128), "Fence": (64, 64, 128), "LaneMkgsDriv": (128, 0, 192),
    "LaneMkgsNonDriv": (192, 0, 64), "Misc_Text": (128, 128, 64), "MotorcycleScooter": (192, 0, 192),
    "OtherMoving": (128, 64, 64), "ParkingBlock": (64, 192, 128), "Pedestrian": (64, 64, 0), "Road": (128, 64, 128),
    "RoadShoulder": (128, 128, 192), "Sidewalk": (0, 0, 192), "SignSymbol": (192, 128, 128), "Sky": (128, 128, 128),
    "SUVPickupTruck": (64, 128, 192), "TrafficCone": (0, 0, 64), "TrafficLight": (0, 64, 64),
    "Train": (192, 64, 128), "Tree": (128, 128, 0), "Truck_Bus": (192, 128, 192), "Tunnel": (64, 0, 64),
    "VegetationMisc": (192, 192, 0), "Wall": (64, 192, 0),
}
# fmt: on
"""The 32 classes of CamVid and their colours, as its publishers list them."""


@dataclass(frozen=True)
class ClassList:
    """Classes by number. ``colors`` gives the number of each colour; ``counts`` says whether the numbers are those in
    index masks, or only places in the list. ``file`` is where they come from."""

    file: str
    names: dict[int, str]
    colors: dict[Color, int]
    counts: bool

    @classmethod
    def of_colors(cls, file: str, pairs: Iterable[tuple[str, Color]]) -> ClassList:
        """A list that gives colours alone; a colour of several names is one class that is called by all of them."""
        shared: dict[Color, list[str]] = {}
        for name, color in pairs:
            shared.setdefault(color, []).append(name)
        names = {place: " or ".join(dict.fromkeys(found)) for place, found in enumerate(shared.values())}
        return cls(file, names, {color: place for place, color in enumerate(shared)}, counts=False)


def find_list(folder: Path, names: Sequence[str] = ()) -> ClassList | None:
    """The list of classes in a folder, under one of the ``names`` if there are some; None where there is none,
    BadInputError where it is broken."""
    for name, read in _READERS.items():
        file = folder / name
        if (not names or name in names) and is_given(file, folder):
            try:
                found = read(file)
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
                raise BadInputError(f"this is not a list of classes: {told(error)}", file=file) from error
            if len(found.names) > MAX_CLASSES:
                raise BadInputError(f"the file lists more than {MAX_CLASSES:,} classes", file=file)
            return found
    return None


def of_project(catalog: ClassCatalog) -> ClassList:
    """The project's own classes: their values, and the colours that one class alone has."""
    colors = [c.color for c in catalog.classes]
    return ClassList(
        "the project",
        catalog.meanings,
        {c.color: c.value for c in catalog.classes if colors.count(c.color) == 1},
        counts=True,
    )


def _dataset_meta(file: Path) -> ClassList:
    """datumaro: ``label_map`` names values, ``segmentation_colors`` gives a colour a value."""
    data = load_json(file, MAX_TEXT_BYTES)
    if "label_map" in data:
        names = {int(value): str(name) for value, name in data["label_map"].items()}
    else:
        names = {place: str(name) for place, name in enumerate(data["labels"])}
    colors: dict[Color, int] = {}
    listed = data.get("segmentation_colors") or []
    for value in names:
        if 0 <= value < len(listed) and listed[value] is not None:
            color = _color(listed[value])
            if color in colors:
                raise BadInputError(f"two classes have the colour {color}", file=file)
            colors[color] = value
    return ClassList(str(file), _fit(names), colors, counts=True)


def _label_colors(file: Path) -> ClassList:
    """CamVid: ``red green blue name`` a line."""
    pairs = []
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        fields = line.split(maxsplit=3)
        if not fields or line.lstrip().startswith("#"):
            continue
        if len(fields) < 4:
            raise BadInputError(f"line {number} is not “red green blue name”", file=file)
        pairs.append((fields[3].strip(), _color(fields[:3])))
    return ClassList.of_colors(str(file), pairs)


def _labelmap(file: Path) -> ClassList:
    """VOC: ``name:r,g,b:parts:actions`` a line."""
    return ClassList.of_colors(
        str(file), [(n, _color(color)) for color, names in read_labelmap(file).items() for n in names]
    )


def _mask_color_map(file: Path) -> ClassList:
    """X-AnyLabeling: a colour or a grey value by name; what is black otherwise is background."""
    data = load_json(file, MAX_TEXT_BYTES)
    named = dict(data["colors"])
    if data["type"] == "rgb":
        pairs = [(str(name), _color(color)) for name, color in named.items()]
        black = [] if (0, 0, 0) in [color for _, color in pairs] else [("background", (0, 0, 0))]
        return ClassList.of_colors(str(file), [*black, *pairs])
    values = {int(value): str(name) for name, value in named.items()}
    if len(values) != len(named):
        raise BadInputError("two classes have one value", file=file)
    return ClassList(str(file), _fit({0: "background", **values}), {}, counts=True)


def _classification(file: Path) -> ClassList:
    """ISAT: a name a line, in the order of the values."""
    lines = read_text(file).splitlines()
    return ClassList(
        str(file), {v: line.strip() for v, line in enumerate(lines) if line.strip()}, {}, counts=True
    )


def _own(file: Path) -> ClassList:
    """``classes.json`` of this program."""
    return replace(
        of_project(ClassCatalog.from_json(load_json(file, MAX_TEXT_BYTES), file=file)), file=str(file)
    )


_READERS: Final[dict[str, Callable[[Path], ClassList]]] = {
    "classes.json": _own,
    "dataset_meta.json": _dataset_meta,
    "label_colors.txt": _label_colors,
    "mask_color_map.json": _mask_color_map,
    "labelmap.txt": _labelmap,
    "classification.txt": _classification,
}

LISTS: Final = tuple(_READERS)
"""The names of files that are lists of classes, the better ones first."""


def _fit(names: dict[int, str]) -> dict[int, str]:
    strange = [value for value in names if not 0 <= value <= MAX_CLASSES]
    if strange:
        raise ValueError(f"{str(strange[0])[:20]} is no value of a mask")
    return names


def _color(given: Any) -> Color:
    r, g, b = (int(n) for n in given)
    if not all(0 <= n <= 255 for n in (r, g, b)):
        raise ValueError(f"{given!r} is not a colour of 0..255")
    return r, g, b
