"""What is known of a project's images apart from their mask files, for whoever checks and repairs those."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.store import backups
from labeltool.store.index import Index
from labeltool.store.layout import INDEX, mask_path
from labeltool.store.mask_file import MaskFile
from labeltool.store.records import Description


def known_images(root: Path) -> dict[str, Description] | None:
    """What the index says of each image, or its newest backup that can be read: images that somebody has removed are
    in neither. None where there is nothing of it."""
    for path in (root / INDEX, *(each.path for each in backups.of_index(root))):
        index = Index(path, write=False)
        try:
            name, (catalog, version) = index.name(), index.catalog()
            return {i: Description(record, name, catalog, version) for i, record in index.records().items()}
        except StoreError:
            continue
    return None


def worked_on(root: Path, known: Mapping[str, Description] | None) -> set[Path]:
    """Where there should be mask files, by the index or, where nothing is known of that, by the backups."""
    copied = set(backups.of_all_images(root))
    if known is not None:
        copied = {image_id for image_id, each in known.items() if each.image.revision or image_id in copied}
    return {mask_path(root, image_id) for image_id in copied}


def image_name(path: Path, known: Description | None) -> str:
    """The image of a mask file, or of a backup of one, as people know it: its name and its page. Empty where nobody
    knows."""
    if known is not None:
        return known.image.name
    try:
        return MaskFile.open(path).description().image.name
    except LabeltoolError:
        return ""
