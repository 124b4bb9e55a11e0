"""How the images of one file are named and kept together."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from labeltool.core.errors import BadInputError


def page_key(number: int, count: int) -> str:
    """The key of page ``number`` (from 0) of so many: p001, p002; with as many digits that names sort."""
    return f"p{number + 1:0{max(3, len(str(count)))}}"


def page_number(key: str, count: int, path: Path) -> int:
    """The page (from 0) that a key names, the first for none; BadInputError when the file has no such page."""
    if not key:
        return 0
    found = re.fullmatch(r"p(\d{1,9})", key, re.ASCII)
    number = int(found[1]) - 1 if found else -1
    if not 0 <= number < count or page_key(number, count) != key:
        last = page_key(count - 1, count)
        raise BadInputError(
            f"the file has no page {key[:40]!r}",
            file=path,
            hint=f"Its pages are {page_key(0, count)} to {last}",
        )
    return number


def series_of(path: Path) -> str:
    """The same for all images of a file, and another for a file of the same name elsewhere."""
    place = hashlib.sha256(str(path.absolute()).encode(errors="surrogateescape")).hexdigest()[:8]
    return f"{path.name} {place}"
