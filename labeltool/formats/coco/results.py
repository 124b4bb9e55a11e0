"""COCO's results: a bare list of masks with scores that names neither images nor categories, only their numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord
from labeltool.formats.coco.file import CocoFile, key
from labeltool.formats.untrusted import load_json

_NAMED_BY_NUMBER = re.compile(r"(?:COCO_[a-z]+[0-9]{4}_)?([0-9]{12})")
"""000000000042, and COCO_val2014_000000000042 as it was until 2014."""


def is_results(path: Path) -> bool:
    """True when a file begins as a list does."""
    try:
        if not path.is_file():
            return False  # a pipe would be waited for
        with path.open("rb") as file:
            return file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    except OSError:
        return False


def read(path: Path, images: Sequence[ImageRecord]) -> CocoFile:
    """The list as a COCO file: an image for each number, called as COCO or one of ``images`` calls it, a category for
    each number, called "category 18". The surer of two masks lies over the other."""
    entries = load_json(path)
    if not any(isinstance(entry, dict) and "image_id" in entry for entry in entries):
        raise BadInputError("this is not COCO: it is a list, and not one of results", file=path)
    named = {
        int(found[1]): record.path.stem
        for record in images
        if (found := _NAMED_BY_NUMBER.fullmatch(record.path.stem))
    }
    annotations = sorted(entries, key=_score)
    image_ids = _numbers(annotations, "image_id")
    return CocoFile.of(
        path,
        {
            "images": [{"id": n, "file_name": f"{named.get(n, f'{n:012d}')}.jpg"} for n in image_ids],
            "categories": [{"id": n, "name": f"category {n}"} for n in _numbers(annotations, "category_id")],
            "annotations": annotations,
        },
    )


def _numbers(entries: list[Any], name: str) -> list[int]:
    """The numbers that occur under a name, each once, ascending."""
    found = {key(entry.get(name)) for entry in entries if isinstance(entry, dict)}
    return sorted(n for n in found if isinstance(n, int) and 0 <= n < 10**12)


def _score(entry: object) -> float:
    score = entry.get("score") if isinstance(entry, dict) else None
    return float(score) if isinstance(score, int | float) and abs(score) < 1e9 else 0.0
