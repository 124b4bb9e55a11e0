"""Images that were taken out of a project. What was done to them is kept, and comes back with them.

In the folder ``trash`` a removed image has a *tombstone*, ``<id>.json``, and the mask file where it had one. A removal
writes the tombstone, moves the mask file, and takes the image off the list; a return does the same backwards. So what
was cut off by a kill can be told from what was finished, and is brought to an end (:func:`settle`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from labeltool.core import atomic
from labeltool.core.errors import StoreError
from labeltool.core.project import ImageRecord
from labeltool.store.database import DamagedError
from labeltool.store.images import ImageList
from labeltool.store.layout import TRASH, mask_path
from labeltool.store.mask_file import SUFFIX, MaskFile
from labeltool.store.records import dump, image_from_json, image_to_json

KEPT_DAYS = 30
"""Nothing is deleted for good before, and then only if somebody asks for it."""


@dataclass(frozen=True)
class Removed:
    """An image in the trash: what the project knew of it, and who took it out and when (ISO 8601, for people)."""

    record: ImageRecord
    author: str
    at_utc: str

    def is_old(self, now: datetime | None = None) -> bool:
        """True when it may be deleted for good. A moment that nobody can read is never long ago."""
        try:
            at = datetime.fromisoformat(self.at_utc)
        except ValueError:
            return False
        return (now or datetime.now(UTC)) - at > timedelta(days=KEPT_DAYS)


def put_in(root: Path, images: ImageList, record: ImageRecord, author: str) -> None:
    """Take an image out of a project; whole or not at all."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    data = {"image": image_to_json(record), "revision": record.revision, "author": author, "at_utc": now}
    mask = mask_path(root, record.id)
    if mask.exists():
        MaskFile.open(
            mask, write=True
        )  # settles what an interrupted save left: its journal must not stay behind
    atomic.make_folder(root / TRASH)
    atomic.write_bytes(_tombstone(root, record.id), dump(data).encode())
    if mask.exists():
        _move(mask, _kept(root, record.id))
    images.remove([record.id])


def bring_back(root: Path, images: ImageList, image_id: str) -> ImageRecord:
    """Put an image into the project again, with all that was done to it; StoreError where it is not in the trash."""
    removed = _read(root, image_id)
    kept, mask = _kept(root, image_id), mask_path(root, image_id)
    if kept.exists():
        if mask.exists():
            raise StoreError("there is a mask file already where this one belongs", file=mask)
        atomic.make_folder(mask.parent)
        _move(kept, mask)
    record = _newest(mask, removed.record)
    images.add([record])
    _forget(root, image_id)
    return record


def delete(root: Path, ids: Sequence[str]) -> None:
    """Delete images in the trash for good; StoreError, and no change, where one has not lain there for long enough."""
    for image_id in ids:
        if not _read(root, image_id).is_old():
            kept = f"removed images are kept for {KEPT_DAYS} days"
            raise StoreError(kept, file=_tombstone(root, image_id))
    for image_id in ids:
        _kept(root, image_id).unlink(missing_ok=True)
        _forget(root, image_id)


def removed(root: Path) -> list[Removed]:
    """What lies in the trash, in the order of its images' names; what cannot be read is left out."""
    found = []
    for path in _tombstones(root):
        try:
            found.append(_read(root, path.stem))
        except StoreError:
            continue
    return sorted(found, key=lambda each: (each.record.name.casefold(), each.record.id))


def settle(root: Path, images: ImageList) -> list[str]:
    """Bring to its end what was cut off by a kill; what could not be, in words."""
    notices = []
    for path in _tombstones(root):
        try:
            _settle(root, images, _read(root, path.stem).record)
        except StoreError as error:
            notices.append(str(error))
    return notices


def _settle(root: Path, images: ImageList, record: ImageRecord) -> None:
    listed = images.get(record.id) is not None
    moved, back = _kept(root, record.id).exists(), mask_path(root, record.id).exists()
    if listed and moved and not back:
        images.remove([record.id])
    elif listed:  # the removal had not begun to move anything, or the return was finished
        _forget(root, record.id)
    elif back and not moved:
        images.add([_newest(mask_path(root, record.id), record)])
        _forget(root, record.id)


def _newest(mask: Path, record: ImageRecord) -> ImageRecord:
    """What the mask file says, where there is one."""
    return MaskFile(mask).description().image if mask.exists() else record


def _read(root: Path, image_id: str) -> Removed:
    path = _tombstone(root, image_id)
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        record = image_from_json(data["image"], int(data["revision"]))
        return Removed(record, str(data["author"]), str(data["at_utc"]))
    except FileNotFoundError as error:
        raise StoreError("this image is not in the project's trash", file=path) from error
    except OSError as error:
        raise StoreError(f"the trash cannot be read: {error.strerror}", file=path) from error
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"what is known of a removed image is damaged: {error!r}", file=path) from error


def _tombstones(root: Path) -> Iterator[Path]:
    yield from sorted((root / TRASH).glob("*.json"))


def _tombstone(root: Path, image_id: str) -> Path:
    return root / TRASH / f"{image_id}.json"


def _kept(root: Path, image_id: str) -> Path:
    return root / TRASH / f"{image_id}{SUFFIX}"


def _move(source: Path, target: Path) -> None:
    atomic.move(source, target)
    for folder in (source.parent, target.parent):
        atomic.sync_folder(folder)


def _forget(root: Path, image_id: str) -> None:
    _tombstone(root, image_id).unlink(missing_ok=True)
    atomic.sync_folder(root / TRASH)
