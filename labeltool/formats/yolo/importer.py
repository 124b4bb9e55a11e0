"""Reads YOLO segmentation labels: Ultralytics' folders, Roboflow's, and a plain folder of text files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import BadInputError
from labeltool.core.project import ImageRecord, Skipped, split_called
from labeltool.formats.drawings import masks
from labeltool.formats.options import ImportOptions
from labeltool.formats.protocol import ForeignClass, ImportedMask
from labeltool.formats.untrusted import found_below, left_out, read_text, stays_inside
from labeltool.formats.yolo import layout
from labeltool.formats.yolo.labels import drawing

_LISTS = frozenset(
    "classes.txt train.txt val.txt test.txt readme.txt readme.dataset.txt readme.roboflow.txt".split()
)
"""Names of text files that may lie among the labels and be none."""
_LABEL_LINE = re.compile(r"\s*[0-9]+(\s+[-+.0-9]\S*){4}")
_LEVELS_UP = 3
"""How far above a label file the list of classes may lie: labels/train/x.txt."""


@dataclass(frozen=True)
class YoloImportOptions(ImportOptions):
    """What one can choose for YOLO."""

    classes: str = field(
        default="",
        metadata={
            "label": "Names of the classes",
            "help": "with commas, in the order of their numbers from 0; for labels without data.yaml or classes.txt",
        },
    )


class YoloImporter:
    """Each line of points becomes an object of its own, matched to the image of the label file's name.

    Classes are those of ``data.yaml`` or ``classes.txt`` beside the labels or above them.
    """

    name: ClassVar[str] = "yolo"
    title: ClassVar[str] = "YOLO segmentation"
    Options: ClassVar[type[ImportOptions]] = YoloImportOptions

    def classes(self, src: Path, options: Any) -> Sequence[ForeignClass]:
        """The names of the list of classes."""
        names = _names(src.absolute(), options)
        return [ForeignClass(name) for name in dict.fromkeys(name for name in names if name)]

    def read(
        self, src: Path, catalog: ClassCatalog, images: Sequence[ImageRecord], options: Any
    ) -> Iterator[ImportedMask | Skipped]:
        """Masks one by one; every line is painted or reported. BadInputError without labels or a list of classes."""
        src = src.absolute()
        names, drawings = _names(src, options), []
        files, others = _label_files(src)
        yield from others
        for file in files:
            if not stays_inside(file, _folder(src)):
                yield Skipped(str(file), "the file is a link that leads out of the folder")
                continue
            try:
                drawings.append(drawing(file, names, _split_of(file, src)))
            except BadInputError as error:
                yield left_out(error, file)
        yield from masks(drawings, src, catalog, images)


def _folder(src: Path) -> Path:
    """The folder that is meant, where a list of classes in it is given, or one label file."""
    return src if src.is_dir() else src.parent


def _label_files(src: Path) -> tuple[list[Path], list[Skipped]]:
    if src.is_file() and src.suffix.lower() == ".txt" and not _is_list(src):
        return [src], []
    root = _folder(src) / layout.LABELS
    root = root if root.is_dir() else _folder(src)
    files, others = found_below(root, (".txt",))
    found = [file for file in files if not _is_list(file)]
    if others and not found:
        raise BadInputError(others[0].reason, file=others[0].file)
    if not found:
        raise BadInputError(
            "there are no YOLO labels",
            file=src,
            hint="Give data.yaml, or the folder that holds the .txt files",
        )
    return found, others


def _is_list(file: Path) -> bool:
    """True for a list of classes or of images; an image may be called like one of them."""
    if file.name.lower() not in _LISTS:
        return False
    try:
        return any(not _LABEL_LINE.match(line) for line in read_text(file).splitlines() if line.strip())
    except BadInputError:
        return False


def _around(src: Path) -> list[Path]:
    """Where the list of classes may lie, nearest first."""
    folder = _folder(src)
    return [folder, folder / layout.LABELS, *list(folder.parents)[: _LEVELS_UP - 1]]


def _names(src: Path, options: Any) -> list[str | None]:
    """The classes by number: those of the option, of the YAML file that is given, or of the nearest list."""
    given: list[str | None] = [name.strip() or None for name in str(options.classes).split(",")]
    if any(given):
        return given
    if src.is_file() and src.suffix.lower() in (".yaml", ".yml"):
        found = layout.names_in(src)
    else:
        found = next(
            (names for folder in _around(src) if (names := layout.class_list(folder)) is not None), None
        )
    if found is None:
        raise BadInputError(
            "the labels hold numbers of classes, and there is no list of their names",
            file=src,
            hint="Put data.yaml or classes.txt beside them, or give the names with --classes",
        )
    return found


def _split_of(file: Path, src: Path) -> str:
    """The split that a folder between the given one and the file is called by: labels/val/x.txt, valid/labels/x.txt."""
    folder = _folder(src)
    top = folder.parent.parent if folder.name == layout.LABELS else folder.parent
    parts = file.parent.relative_to(top).parts
    return next((split for part in reversed(parts) if (split := split_called(part))), "")
