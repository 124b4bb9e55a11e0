"""What a project knows of its images."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from labeltool.core.errors import shown
from labeltool.core.geometry import Size


class Status(StrEnum):
    """How far an image is. DONE is what an annotator says of it, APPROVED and REJECTED what a reviewer says.

    Any edit puts it IN_WORK, until the pixels are again those on which somebody decided.
    """

    NEW = "new"
    PRELABELLED = "prelabelled"
    IN_WORK = "in_work"
    DONE = "done"
    APPROVED = "approved"
    REJECTED = "rejected"

    @property
    def settled(self) -> bool:
        """True when somebody has said that the pixels are right: no pre-label is put among them."""
        return self in (Status.DONE, Status.APPROVED)

    @property
    def words(self) -> str:
        """What commands call it; the window has words of its own, which are translated."""
        return "pre-labelled" if self is Status.PRELABELLED else self.value.replace("_", " ")

    def after(self, kind: str) -> Status:
        """The status after a patch of this kind. A model's takes no image out of the hands of people."""
        if kind != "prelabel":
            return Status.IN_WORK
        return {Status.NEW: Status.PRELABELLED, Status.PRELABELLED: self, Status.REJECTED: self}.get(
            self, Status.IN_WORK
        )


SPLITS = ("train", "val", "test")


def split_called(name: str) -> str:
    """The split that other people mean by a name: validation and valid are val; empty where it is none."""
    folded = name.strip().casefold()
    return {"training": "train", "validation": "val", "valid": "val", "testing": "test"}.get(
        folded, folded if folded in SPLITS else ""
    )


def stem_of(path: Path) -> str:
    """A file's name without its suffix, which may be the double one of compressed volumes."""
    return Path(path.stem).stem if path.name.lower().endswith(".nii.gz") else path.stem


@dataclass(frozen=True)
class ImageRecord:
    """One image of a project. The file is referenced, never copied or changed.

    ``id`` is 32 hexadecimal digits, ``path`` absolute, ``size`` that of the displayed pixels (EXIF
    orientation applied), ``sha256`` of the file's bytes, ``split`` train, val, test or empty.

    ``page`` says which image of a file that holds several (empty where it holds one). Images of one volume or stack
    share their ``series``, in which ``place`` orders them; ``subject`` is the patient or specimen, where the file
    knows it.
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
    page: str = ""
    series: str = ""
    place: float = 0.0
    subject: str = ""

    @property
    def is_there(self) -> bool:
        """Whether its file is where the record says; False, too, where the system cannot even look."""
        return os.path.exists(self.path)  # noqa: PTH110 - Path.exists raises where a name is too long

    @property
    def name(self) -> str:
        """The file's name and the page, as shown in lists."""
        return f"{self.path.name} [{self.page}]" if self.page else self.path.name

    @property
    def stem(self) -> str:
        """The file's name without its suffix, and the page: what the image is called in other people's files."""
        stem = stem_of(self.path)
        return f"{stem}_{self.page}" if self.page else stem


@dataclass(frozen=True)
class Skipped:
    """A file that was left out of a batch, and why (with what to do, where something can be done). ``lacks`` are the
    names of the classes that the project would need for it."""

    file: str
    reason: str
    lacks: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", shown(self.file))
        object.__setattr__(self, "reason", shown(self.reason))

    @property
    def name(self) -> str:
        """The file without its folder, and without the page that may stand behind it (``head.nii [k12]``)."""
        return re.sub(r" \[[^][]*\]$", "", Path(self.file).name)
