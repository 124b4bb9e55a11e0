"""What a new project asks of drives. It is done beside the window, and knows no widget."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QStandardPaths

from labeltool.core.catalog import ClassCatalog
from labeltool.core.progress import CancelToken
from labeltool.imaging.find import find_images
from labeltool.store.layout import is_project
from labeltool.ui.dialogs.path_edit import is_there
from labeltool.ui.knowing import who_fits

translate = QCoreApplication.translate


class Classes(NamedTuple):
    """The classes that somebody typed, and which model fits them, in words."""

    catalog: ClassCatalog
    fitting: str


def default_root(paths: Sequence[Path]) -> Path:
    """A folder that does not exist yet: Documents/labeltool/<name of the images' folder>."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    name = "project"
    if paths:
        first = paths[0].absolute()
        name = (first if is_there(first) and first.is_dir() else first.parent).name or name
    root = Path(documents) / "labeltool" / name
    number = 2
    while is_there(root):
        root = root.with_name(f"{name}-{number}")
        number += 1
    return root


def folder_problem(root: Path) -> str:
    """Why no project can be made there, in words; empty where one can."""
    try:
        if is_project(root):
            return translate(
                "NewProjectDialog", "There is a project here already; open it, or choose another folder."
            )
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            return translate("NewProjectDialog", "The folder is not empty; choose a new or an empty one.")
        above = next(p for p in (root, *root.parents) if p.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            return translate("NewProjectDialog", "Nothing can be written in {folder}.").format(folder=above)
    except OSError as error:
        text = translate("NewProjectDialog", "The folder cannot be read: {reason}.")
        return text.format(reason=error.strerror)
    return ""


def read_classes(text: str) -> Classes:
    """What is typed, names or the name of a file of classes; BadInputError where it is neither."""
    catalog = ClassCatalog.read(text)
    # In a new folder there are no models; what is typed so far may be anything, such as the name of a file.
    return Classes(catalog, who_fits(catalog, default_root(())))


def folders_among(paths: Sequence[Path]) -> frozenset[Path]:
    """Those that are folders."""
    return frozenset(path for path in paths if is_there(path) and path.is_dir())


def count_images(paths: Sequence[Path], cancel: CancelToken) -> tuple[int, int]:
    """How many images there are, and how many files that are left out."""
    found, skipped = find_images(list(paths), progress=lambda *_: cancel.check())
    return len(found), len(skipped)
