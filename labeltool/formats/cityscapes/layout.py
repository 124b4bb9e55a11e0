"""Where things lie in a Cityscapes folder, and how they are called."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Final

from labeltool.core.project import ImageRecord, split_called
from labeltool.formats.items import Names, portable

PICTURES: Final = "leftImg8bit"
TRUTH: Final = "gtFine"
LABELS_FILE: Final = "labels.json"
META_FILE: Final = "dataset_meta.json"

LABELS: Final = "labelIds"
TRAIN: Final = "labelTrainIds"
INSTANCES: Final = "instanceIds"
COLORS: Final = "color"
OBJECTS: Final = "objectIds"
"""A file of our own, passed over by others: object ids of classes that have no objects in Cityscapes."""

_CORE: Final = re.compile(r"([^_]+)_\d+_\d+")
_FILE: Final = re.compile(
    rf"(?P<core>.+)_gt(Fine|Coarse)_(?P<kind>{LABELS}|{TRAIN}|{INSTANCES}|polygons)\.(png|json)"
)


class CityNames(Names):
    """Names of the form city_sequence_frame, in which the publishers' tools take file names apart."""

    def name(self, stem: str, number: int) -> str:
        """The image's own where it has that form; else its stem as the city, with numbers behind it."""
        core = portable(stem.removesuffix(f"_{PICTURES}"))
        if number == 1 and _CORE.fullmatch(core):
            return core
        return f"{core.replace('_', '-')}_000000_{number - 1:06}"


def city_of(record: ImageRecord, name: str) -> str:
    """The folder of an image: its city, or one for all that have none."""
    own = record.stem.removesuffix(f"_{PICTURES}")
    return portable(name.partition("_")[0]) if _CORE.fullmatch(own) and own == name else "images"


def split_folder(split: str) -> str:
    """One without a split is for training: there is no folder for it."""
    return split or "train"


def split_of(file: Path) -> str:
    """The split by the folder between gtFine and the city; empty where it is none."""
    return split_called(file.parent.parent.name) or split_called(file.parent.name)


def parts_of(file: PurePath) -> tuple[str, str] | None:
    """(name of the image, kind) of a file of the ground truth, or None for any other file."""
    found = _FILE.fullmatch(file.name)
    return (found["core"], found["kind"]) if found else None
