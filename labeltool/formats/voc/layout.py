"""Where things lie in a VOC folder, and how its classes are named and coloured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.formats.index_png import Palette
from labeltool.formats.untrusted import read_text

ROOT: Final = "VOCdevkit/VOC2012"
PICTURES: Final = "JPEGImages"
CLASSES: Final = "SegmentationClass"
GREY: Final = "SegmentationClassRaw"
OBJECTS: Final = "SegmentationObject"
BOXES: Final = "Annotations"
SETS: Final = "ImageSets/Segmentation"
LABELMAP: Final = "labelmap.txt"

IGNORED: Final = "ignored"
IGNORED_COLOR: Final = (224, 224, 192)

Color = tuple[int, int, int]

# fmt: off
STANDARD: Final = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)
# fmt: on
"""The classes of the challenge, in the order of their values, for folders without a list of their own."""


def sets_of(split: str) -> tuple[str, ...]:
    """The lists that name an image of a split; one without a split is for training."""
    return ("test",) if split == "test" else (split or "train", "trainval")


def voc_palette() -> Palette:
    """The colours of the challenge: each bit of an index goes to one channel in turn; 255 as for ignored pixels."""
    index = np.arange(256)
    palette = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            palette[:, channel] |= (((index >> (3 * bit + channel)) & 1) << (7 - bit)).astype(np.uint8)
    return palette


def class_palette(catalog: ClassCatalog) -> Palette:
    """The classes' colours in the places of their values; a colour that two would share is moved a little."""
    palette = np.zeros((256, 3), np.uint8)
    palette[IGNORE] = IGNORED_COLOR
    taken = {IGNORED_COLOR}
    for each in catalog.classes:
        color = each.color
        while color in taken:
            color = _next(color)
        taken.add(color)
        palette[each.value] = color
    return palette


def class_names(catalog: ClassCatalog) -> dict[int, str]:
    """Names by value that a labelmap can hold: no colon, no leading #, none twice, none called ignored."""
    names: dict[int, str] = {}
    taken = {IGNORED}
    for each in catalog.classes:
        stem = each.name.replace(":", "_").strip()
        stem = f"_{stem[1:]}" if stem.startswith("#") else stem
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name)
        names[each.value] = name
    return names


def labelmap(catalog: ClassCatalog) -> str:
    """The text of ``labelmap.txt``: name, colour, and two fields that stay empty."""
    palette, names = class_palette(catalog), class_names(catalog)
    lines = [f"{name}:{','.join(map(str, palette[value].tolist()))}::" for value, name in names.items()]
    lines.append(f"{IGNORED}:{','.join(map(str, IGNORED_COLOR))}::")
    return "\n".join(["# label:color_rgb:parts:actions", *lines, ""])


def read_labelmap(file: Path) -> dict[Color, list[str]]:
    """Names by colour; BadInputError names the line that is not ``name:r,g,b:parts:actions``."""
    found: dict[Color, list[str]] = defaultdict(list)
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        if line.strip() and not line.strip().startswith("#"):
            fields = line.strip().split(":")
            found[_color(fields[1] if len(fields) == 4 else "", file, number)].append(fields[0])
    return found


def standard_labelmap() -> dict[Color, list[str]]:
    """Names by colour of the challenge's own classes."""
    found = {_triple(color): [name] for name, color in zip(STANDARD, voc_palette().tolist(), strict=False)}
    return {**found, IGNORED_COLOR: [IGNORED]}


def values_of(
    palette: Palette, names: Mapping[Color, list[str]], catalog: ClassCatalog
) -> tuple[dict[int, int], dict[int, str]]:
    """Values of the project by index of a mask with this palette, and what the folder calls every index.

    A colour that two names share stands for neither, and an index beyond the palette for nothing.
    """
    own = {name: value for value, name in class_names(catalog).items()}
    own.update({name: value for value, name in catalog.meanings.items()})
    own.update({c.name: c.value for c in catalog.classes})
    own[IGNORED] = IGNORE
    values, called = {}, {}
    for index, color in enumerate(palette.tolist()):
        found = names.get(_triple(color), [])
        called[index] = " or ".join(found) or f"colour {color}, not in the labelmap"
        if len(found) == 1 and found[0] in own:
            values[index] = own[found[0]]
    return values, called


def _color(text: str, file: Path, line: int) -> Color:
    try:
        r, g, b = (int(part) for part in text.split(","))
    except ValueError as error:
        raise BadInputError(f"line {line} is not name:r,g,b:parts:actions", file=file) from error
    return r, g, b


def _triple(color: list[int]) -> Color:
    r, g, b = color
    return r, g, b


def _next(color: Color) -> Color:
    number = (color[0] << 16 | color[1] << 8 | color[2]) + 1
    return number >> 16 & 255, number >> 8 & 255, number & 255
