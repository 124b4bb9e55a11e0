"""Where things lie in a panoptic folder, and which categories there are."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, Final

from labeltool.core.catalog import IGNORE, ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.formats.coco.layout import category_ids
from labeltool.formats.untrusted import refused_name, stays_inside

ANNOTATIONS: Final = "annotations"
PICTURES: Final = "images"

VOID: Final = 0
"""The number of pixels that belong to no segment."""


def stem_of(split: str) -> str:
    """The name of a split's JSON file and of the folder of its pictures."""
    return f"panoptic_{split or 'default'}"


def categories(catalog: ClassCatalog) -> dict[int, int]:
    """Category ids by class value, those of COCO instances; the background comes last, for 0 is no category."""
    found = category_ids(catalog)
    return found if catalog.background is None else {catalog.background: IGNORE, **found}


def picture_of(annotation: dict[str, Any], file: Path, src: Path) -> Path:
    """The picture of segments that an annotation names, in the folder called as the JSON file or beside it.

    BadInputError when it leads out of ``src`` or is not there.
    """
    name = annotation.get("file_name")
    reason = refused_name(name)
    if reason or not isinstance(name, str):
        raise BadInputError(reason)
    inside = PurePosixPath(name.replace("\\", "/"))
    folders = (file.with_suffix(""), file.parent.parent / file.stem, file.parent)
    found = next((folder / inside for folder in folders if (folder / inside).is_file()), None)
    if found is None:
        raise BadInputError(f"there is no picture of segments called {name[:200]}")
    if not stays_inside(found, src):
        raise BadInputError(f"{name[:200]} is a link that leads out of the folder")
    return found
