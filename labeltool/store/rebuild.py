"""Making the index again from the mask files."""

from __future__ import annotations

from pathlib import Path

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.project import ImageRecord
from labeltool.store.backups import of_index
from labeltool.store.database import DamagedError, explained
from labeltool.store.index import Index
from labeltool.store.layout import INDEX, keep_in_quarantine, mask_paths, quarantine
from labeltool.store.mask_file import MaskFile
from labeltool.store.settling import settle


def rebuild(root: Path) -> list[str]:
    """Make project.db again and say what was done; the old one goes to quarantine. The project's lock is held.

    What can still be read of the old index, or of its newest backup, is kept: images without a mask file are known
    nowhere else.
    """
    old, notices = root / INDEX, []
    (name, catalog, version, records), source = _salvaged(root, old)
    for path in mask_paths(root):
        try:
            settle(path)
            found = MaskFile.open(path).description()
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
    was = f"the old one is {kept}" if kept else "it was missing"
    made = f"the list of images was made again from {len(records)} images: {was}; {source}"
    return [made, *notices]


Salvaged = tuple[str, ClassCatalog | None, int, dict[str, ImageRecord]]
"""Name, classes with their version, and images by id."""


def _salvaged(root: Path, old: Path) -> tuple[Salvaged, str]:
    """What is known of the project besides what the mask files say, and where from."""
    found = _salvage(old)
    if found[1] is not None:
        return found, "images nobody has worked on are those that it still listed"
    for backup in of_index(root):
        found = _salvage(backup.path)
        if found[1] is not None:
            return found, f"images nobody has worked on are those of the backup of {backup.when}"
    return found, "images without annotation have to be added again"


def _salvage(path: Path) -> Salvaged:
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
    kept = keep_in_quarantine(root, index) if index.exists() else None
    if journal.exists():
        quarantine(root, journal)
    return kept
