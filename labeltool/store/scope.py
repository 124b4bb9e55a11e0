"""How far an error reaches: about the labels of one image, or about the whole project.

A batch leaves out the image of the first kind, names it and goes on; the second would meet every other image, too.
"""

from __future__ import annotations

from pathlib import Path

from labeltool.core.errors import DiskFullError, StoreError
from labeltool.store.database import DamagedError, NewerError, explained
from labeltool.store.mask_file import SUFFIX


def is_of_one_image(error: StoreError) -> bool:
    """True where one mask file is damaged, or cannot be read or written as it is, and nothing is said of the others."""
    if isinstance(error, DiskFullError | NewerError):
        return False
    return isinstance(error, DamagedError) or is_mask_file(error.file or "")


def is_mask_file(file: str) -> bool:
    """True for the name of a mask file."""
    return Path(file).suffix == SUFFIX


def is_there(path: Path) -> bool:
    """Whether there is such a file; StoreError where nobody may look."""
    with explained(path):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True
