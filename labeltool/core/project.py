"""What a project knows of its images."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from labeltool.core.geometry import Size


class Status(StrEnum):
    """How far an image is. Any edit of an approved image puts it back to IN_WORK."""

    NEW = "new"
    PRELABELLED = "prelabelled"
    IN_WORK = "in_work"
    APPROVED = "approved"


SPLITS = ("train", "val", "test")


def split_called(name: str) -> str:
    """The split that other people mean by a name: validation and valid are val; empty where it is none."""
    folded = name.strip().casefold()
    return {"training": "train", "validation": "val", "valid": "val", "testing": "test"}.get(
        folded, folded if folded in SPLITS else ""
    )


@dataclass(frozen=True)
class ImageRecord:
    """One image of a project. The file is referenced, never copied or changed.

    ``id`` is 32 hexadecimal digits, ``path`` absolute, ``size`` that of the displayed pixels (EXIF
    orientation applied), ``sha256`` of the file's bytes, ``split`` train, val, test or empty.
    """

    id: str
    path: Path
    size: Size
    kind: str
    sha256: str
    file_bytes: int
    split: str = ""
    status: Status = Status.NEW
    revision: int = 0

    @property
    def name(self) -> str:
        """The file's name, as shown in lists."""
        return self.path.name


@dataclass(frozen=True)
class Skipped:
    """A file that was left out of a batch, and why (with what to do, where something can be done)."""

    file: str
    reason: str
