"""The classes of Cityscapes, and the ids that a project's classes get among them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.formats.untrusted import MAX_TEXT_BYTES, load_json, told


class Label(NamedTuple):
    """A class as Cityscapes lists it; ``train_id`` 255 is ignored in training, ``things`` come as single objects."""

    name: str
    id: int
    train_id: int
    category: str
    things: bool
    ignored: bool
    color: tuple[int, int, int]


# fmt: off
OFFICIAL: Final = (
    Label("unlabeled",             0, 255, "void",         False, True,  (0, 0, 0)),
    Label("ego vehicle",           1, 255, "void",         False, True,  (0, 0, 0)),
    Label("rectification border",  2, 255, "void",         False, True,  (0, 0, 0)),
    Label("out of roi",            3, 255, "void",         False, True,  (0, 0, 0)),
    Label("static",                4, 255, "void",         False, True,  (0, 0, 0)),
    Label("dynamic",               5, 255, "void",         False, True,  (111, 74, 0)),
    Label("ground",                6, 255, "void",         False, True,  (81, 0, 81)),
    Label("road",                  7,   0, "flat",         False, False, (128, 64, 128)),
    Label("sidewalk",              8,   1, "flat",         False, False, (244, 35, 232)),
    Label("parking",               9, 255, "flat",         False, True,  (250, 170, 160)),
    Label("rail track",           10, 255, "flat",         False, True,  (230, 150, 140)),
    Label("building",             11,   2, "construction", False, False, (70, 70, 70)),
    Label("wall",                 12,   3, "construction", False, False, (102, 102, 156)),
    Label("fence",                13,   4, "construction", False, False, (190, 153, 153)),
    Label("guard rail",           14, 255, "construction", False, True,  (180, 165, 180)),
    Label("bridge",               15, 255, "construction", False, True,  (150, 100, 100)),
    Label("tunnel",               16, 255, "construction", False, True,  (150, 120, 90)),
    Label("pole",                 17,   5, "object",       False, False, (153, 153, 153)),
    Label("polegroup",            18, 255, "object",       False, True,  (153, 153, 153)),
    Label("traffic light",        19,   6, "object",       False, False, (250, 170, 30)),
    Label("traffic sign",         20,   7, "object",       False, False, (220, 220, 0)),
    Label("vegetation",           21,   8, "nature",       False, False, (107, 142, 35)),
    Label("terrain",              22,   9, "nature",       False, False, (152, 251, 152)),
    Label("sky",                  23,  10, "sky",          False, False, (70, 130, 180)),
    Label("person",               24,  11, "human",        True,  False, (220, 20, 60)),
    Label("rider",                25,  12, "human",        True,  False, (255, 0, 0)),
    Label("car",                  26,  13, "vehicle",      True,  False, (0, 0, 142)),
    Label("truck",                27,  14, "vehicle",      True,  False, (0, 0, 70)),
    Label("bus",                  28,  15, "vehicle",      True,  False, (0, 60, 100)),
    Label("caravan",              29, 255, "vehicle",      True,  True,  (0, 0, 90)),
    Label("trailer",              30, 255, "vehicle",      True,  True,  (0, 0, 110)),
    Label("train",                31,  16, "vehicle",      True,  False, (0, 80, 100)),
    Label("motorcycle",           32,  17, "vehicle",      True,  False, (0, 0, 230)),
    Label("bicycle",              33,  18, "vehicle",      True,  False, (119, 11, 32)),
    Label("license plate",        -1,  -1, "vehicle",      False, True,  (0, 0, 142)),
)
# fmt: on
"""All 35, as the publishers' helpers/labels.py lists them; -1 is in no picture."""

FIRST_OWN_ID: Final = 34
TRAIN_IDS: Final = 19
"""How many training ids the official classes have: 0..18."""

IGNORED_ID: Final = 0
IGNORED_TRAIN_ID: Final = 255

NOTHING: Final = frozenset({0, 1, 2, 3})
"""Ids of what is no class of things to be seen: not labelled, the car that films, the frame."""


def folded(name: str) -> str:
    """Names that differ only in case, blanks, hyphens and underscores are one name."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def labels_of(catalog: ClassCatalog) -> dict[int, Label]:
    """The label of every class, by class value.

    A class with an official name has that label; of several that differ only in case, blanks, hyphens or underscores
    the one of the very name, or else the first. The others get ids from 34 on in the order of their values, and
    training ids after the official ones, or from 0 on where no class is official. All but the background are things.
    """
    free = {folded(label.name): label for label in OFFICIAL if label.id > 0}
    names = {label.name for label in free.values()}
    found: dict[int, Label] = {}
    for each in sorted(catalog.classes, key=lambda each: each.name not in names):
        official = free.pop(folded(each.name), None)
        if official is not None:
            found[each.value] = official
    train_id = TRAIN_IDS if found else 0
    others = [c for c in catalog.classes if c.value not in found]
    for place, each in enumerate(others):
        things = each.value != catalog.background
        found[each.value] = Label(
            each.name, FIRST_OWN_ID + place, train_id + place, "other", things, False, each.color
        )
    return found


def to_json(catalog: ClassCatalog) -> list[dict[str, Any]]:
    """What ``labels.json`` says: the project's classes under their own names, in the terms of labels.py."""
    names = {each.value: each.name for each in catalog.classes}
    return [
        {
            "name": names[value],
            "id": label.id,
            "trainId": label.train_id,
            "category": label.category,
            "hasInstances": label.things,
            "ignoreInEval": label.ignored,
            "color": list(label.color),
        }
        for value, label in sorted(labels_of(catalog).items())
    ]


def from_json(file: Path) -> list[Label]:
    """The labels of a ``labels.json``; BadInputError names what is wrong with it."""
    data = load_json(file, MAX_TEXT_BYTES)
    try:
        return [
            Label(
                str(e["name"]),
                int(e["id"]),
                int(e["trainId"]),
                str(e["category"]),
                bool(e["hasInstances"]),
                bool(e["ignoreInEval"]),
                _color(e["color"]),
            )
            for e in data
        ]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadInputError(f"this is not a list of labels: {told(error)}", file=file) from error


def for_datumaro(catalog: ClassCatalog) -> dict[str, Any]:
    """``dataset_meta.json``, in which a class's place is its training id, and black must be the colour of one."""
    named = {label.train_id: label for label in OFFICIAL if label.train_id in range(TRAIN_IDS)}
    names = {each.value: each.name for each in catalog.classes}
    for value, label in labels_of(catalog).items():
        named[label.train_id] = label._replace(name=names[value])
    last = max((label.train_id for label in labels_of(catalog).values() if not label.ignored), default=-1)
    listed = [named[n] for n in range(last + 1)]
    if (0, 0, 0) not in {label.color for label in listed}:
        listed.append(OFFICIAL[0]._replace(name=_free("unlabeled", [label.name for label in listed])))
    return {
        "label_map": {str(place): label.name for place, label in enumerate(listed)},
        "segmentation_colors": [list(label.color) for label in listed],
    }


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _color(given: Any) -> tuple[int, int, int]:
    r, g, b = (int(n) for n in given)
    return r, g, b
