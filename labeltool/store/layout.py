"""Where the files of a project lie."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from labeltool.core.atomic import TEMPORARY
from labeltool.core.errors import StoreError
from labeltool.store.mask_file import SUFFIX

INDEX = "project.db"
LOCK = "lock"
MASKS = "masks"
QUARANTINE = "quarantine"
BACKUPS = "backups"
FOLDERS = (MASKS, BACKUPS, QUARANTINE, "models")


def mask_path(root: Path, image_id: str) -> Path:
    """The mask file of an image."""
    return root / MASKS / image_id[:2] / f"{image_id}{SUFFIX}"


def mask_paths(root: Path) -> Iterator[Path]:
    """All mask files, in the order of their names."""
    yield from sorted((root / MASKS).glob(f"*/*{SUFFIX}"))


def leftovers(root: Path) -> Iterator[Path]:
    """Files that were being written when a process died; nothing in them was ever reported as saved."""
    for pattern in (f".*{TEMPORARY}*", f"{MASKS}/*/.*{TEMPORARY}*"):
        yield from sorted(root.glob(pattern))


def is_project(root: Path) -> bool:
    """True when somebody has worked here, with or without an index."""
    return (root / INDEX).is_file() or any((root / MASKS).glob(f"*/*{SUFFIX}"))


def prepare(root: Path) -> None:
    """Make the folders of a new project; StoreError where there is something else already."""
    if is_project(root):
        raise StoreError(
            "there is a project here already", file=root, hint="Open it, or choose another folder"
        )
    if root.exists() and (not root.is_dir() or any(p.name not in {*FOLDERS, LOCK} for p in root.iterdir())):
        raise StoreError("the folder is not empty", file=root, hint="Choose a new or an empty folder")
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)


def quarantine(root: Path, file: Path) -> Path:
    """Set a file aside, under a name that was never used."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    target = root / QUARANTINE / f"{stamp}-{file.name}"
    target.parent.mkdir(exist_ok=True)
    return file.replace(target)
