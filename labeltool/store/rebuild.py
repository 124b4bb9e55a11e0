"""Making the index again from the mask files."""

from __future__ import annotations

import shutil
from pathlib import Path

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.project import ImageRecord
from labeltool.store.database import DamagedError, explained
from labeltool.store.index import Index
from labeltool.store.layout import INDEX, LOCK, mask_paths, quarantine
from labeltool.store.lock import Lock
from labeltool.store.mask_file import MaskFile


def rebuild_index(root: Path) -> list[str]:
    """Make project.db again and say what was done; the old one goes to quarantine. Needs the project's lock."""
    with explained(root):
        lock = Lock.acquire(root / LOCK)
        try:
            return rebuild(root)
        finally:
            lock.release()


def rebuild(root: Path) -> list[str]:
    """The same for whoever holds the lock already.

    What can still be read of the old index is kept: images without a mask file are known nowhere else.
    """
    old, notices = root / INDEX, []
    name, catalog, version, records = _salvage(old)
    for path in mask_paths(root):
        try:
            found = MaskFile.open(path, write=True).description()
        except LabeltoolError as error:
            notices.append(f"left out: {error}")
            continue
        records[found.image.id] = found.image
        if catalog is None or found.catalog_version > version:
            name, catalog, version = found.project, found.catalog, found.catalog_version
    if catalog is None:
        raise StoreError(
            "neither the index nor any mask file can be read",
            file=root,
            hint="Restore the project from a copy; the damaged files are still there",
        )
    with explained(old):
        kept = _set_aside(root, old)
    Index.create(old, name, catalog, version, records.values())
    was = (
        f"the old one is {kept}"
        if kept
        else "it was missing; images without annotation have to be added again"
    )
    return [f"the list of images was made again from {len(records)} images: {was}", *notices]


def _salvage(path: Path) -> tuple[str, ClassCatalog | None, int, dict[str, ImageRecord]]:
    index = Index(path, write=False)
    try:
        catalog, version = index.catalog()
        return index.name(), catalog, version, index.records()
    except (DamagedError, FileNotFoundError):
        return "", None, 0, {}
    except StoreError:
        if path.exists():
            raise
        return "", None, 0, {}


def _set_aside(root: Path, index: Path) -> Path | None:
    """A journal left behind must go first: SQLite would apply it to the new index."""
    journal = index.with_name(f"{index.name}-journal")
    kept = None
    if index.exists():
        copy = index.with_name(f".{index.name}.old")
        shutil.copy2(index, copy)
        kept = quarantine(root, copy)
    if journal.exists():
        quarantine(root, journal)
    return kept
