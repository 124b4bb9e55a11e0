"""What is known of a project's images apart from their mask files, for whoever checks and repairs those."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.project import ImageRecord
from labeltool.store import backups, trash
from labeltool.store.database import RefusedError
from labeltool.store.index import Index
from labeltool.store.layout import INDEX, mask_path
from labeltool.store.mask_file import MaskFile
from labeltool.store.records import Description
from labeltool.store.settling import as_settled


def known_images(root: Path) -> dict[str, Description] | None:
    """What the index says of each image, or its newest backup that can be read: images that somebody has removed are
    in neither. None where there is nothing of it; RefusedError where the disk does not let it be read now."""
    found = _project(root)
    return None if found is None else {i: found.of(record) for i, record in found.images.items()}


def known_removed(root: Path) -> dict[str, Description]:
    """What is known of each image in the trash but those whose tombstone cannot be read; of none where there is nothing
    of the index. RefusedError as above."""
    found = _project(root)
    return {} if found is None else {each.record.id: found.of(each.record) for each in trash.removed(root)}


class _Project(NamedTuple):
    """What an index says."""

    name: str
    catalog: ClassCatalog
    version: int
    images: Mapping[str, ImageRecord]

    def of(self, image: ImageRecord) -> Description:
        return Description(image, self.name, self.catalog, self.version)


def _project(root: Path) -> _Project | None:
    """The index, or its newest backup that can be read."""
    for path in (root / INDEX, *(each.path for each in backups.of_index(root))):
        try:
            with as_settled(path) as settled:  # a list that was cut off is known still
                index = Index(settled, write=False)
                return _Project(index.name(), *index.catalog(), index.records())
        except RefusedError:
            raise
        except StoreError:
            continue
    return None


def worked_on(root: Path, known: Mapping[str, Description] | None) -> set[Path]:
    """Where there should be mask files, by the index or, where nothing is known of that, by the backups. Those that lie
    in the trash, be it that a removal was cut off, are there."""
    copied = set(backups.of_all_images(root))
    if known is not None:
        copied = {image_id for image_id, each in known.items() if each.image.revision or image_id in copied}
    else:
        copied -= set(trash.all_ids(root))
    copied -= {path.stem for path in trash.mask_files(root)}
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
