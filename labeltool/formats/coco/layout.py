"""Where things lie in a COCO folder, and the keys of our own that other readers pass over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from labeltool.core.catalog import ClassCatalog
from labeltool.core.project import split_called

ANNOTATIONS: Final = "annotations"
PICTURES: Final = "images"

IGNORED: Final = "ignored"
"""Key of an image: run lengths of its ignored pixels."""

UNLABELLED: Final = "unlabelled"
"""Key of an image: run lengths of the pixels that nobody has set."""

OBJECT_ID: Final = "object_id"
"""Key in an annotation's attributes: the object's id in the project, 0 for a connected region."""


def file_name(split: str) -> str:
    """The JSON file of a split; readers find it by the part before and after the underscore."""
    return f"instances_{split or 'default'}.json"


def split_of(path: Path) -> str:
    """The split that a file's name gives: ``instances_val2017.json`` is val; empty where it gives none."""
    return split_called(re.split(r"[_.-]", path.stem)[-1].rstrip("0123456789"))


def category_ids(catalog: ClassCatalog) -> dict[int, int]:
    """Category ids by class value: the value itself, or one more where 0 is a class like any other."""
    shift = 1 if catalog.background is None else 0
    return {each.value: each.value + shift for each in catalog.foreground}
