"""Images that were taken out of a project. What was done to them is kept, and comes back with them.

In the folder ``trash`` a removed image has a *tombstone*, ``<id>.json``, and the mask file where it had one. A removal
writes the tombstone, moves the mask file, and takes the image off the list; a return does the same backwards. So what
was cut off by a kill can be told from what was finished, and is brought to an end (:func:`settle`). A mask file here
without a tombstone is damage; it says itself which image it is of (:mod:`labeltool.store.trash_care`).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from labeltool.core import atomic
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.project import ImageRecord
from labeltool.store.database import FULL, DamagedError, RefusedError
from labeltool.store.images import ImageList
from labeltool.store.layout import TRASH, mask_path, quarantine
from labeltool.store.mask_file import SUFFIX, MaskFile
from labeltool.store.records import dump, image_from_json, image_to_json
from labeltool.store.remedy import problems

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


class TombstoneError(DamagedError):
    """A tombstone is damaged, or gone; ``image`` is what the labels that lie with it say, where there are any."""

    image: ImageRecord | None = None


def put_in(root: Path, images: ImageList, record: ImageRecord, author: str) -> None:
    """Take an image out of a project; whole or not at all."""
    mask, kept = mask_path(root, record.id), kept_path(root, record.id)
    if mask.exists():
        # This settles what an interrupted save left: its journal must not stay behind.
        record = replace(record, revision=MaskFile.open(mask, write=True).revision())
        if kept.exists():  # labels of before, which nothing is to take the place of
            quarantine(root, kept)
    write(root, record, author)
    try:
        if mask.exists() or kept.exists():
            _move(mask, kept)
        images.remove([record.id])
    except (OSError, StoreError):
        if images.is_on_disk(record.id):  # still in the project, where its labels would be missed
            _put_back(kept, mask)
        raise


def _put_back(kept: Path, mask: Path) -> None:
    """Where that fails, too, opening the project brings the removal to its end; else that takes the tombstone away."""
    if kept.exists() and not mask.exists():
        with suppress(OSError):
            _move(kept, mask)


def write(root: Path, record: ImageRecord, author: str = "", at_utc: str = "") -> None:
    """Make the tombstone of an image, of one that was removed just now where it is not said when."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    about = {"revision": record.revision, "author": author, "at_utc": at_utc or now}
    atomic.make_folder(root / TRASH)
    data = dump({"image": image_to_json(record), **about})
    atomic.write_bytes(tombstone_path(root, record.id), data.encode())


def bring_back(root: Path, images: ImageList, ids: Sequence[str]) -> list[ImageRecord]:
    """Put images into the project again, with all that was done to them; StoreError, and no change, where one is not in
    the trash, or its labels are not those that were put there."""
    found = [_whole(root, image_id) for image_id in ids]
    return [_bring_back(root, images, record) for record in found]


def _whole(root: Path, image_id: str) -> ImageRecord:
    """An image in the trash that can come back with all labels."""
    record, kept, mask = read(root, image_id).record, kept_path(root, image_id), mask_path(root, image_id)
    if kept.exists() and mask.exists():
        raise StoreError("there is a mask file already where this one belongs", file=mask)
    wrong = "" if mask.exists() else _wrong_with_labels(kept, record)
    if wrong:
        hint = f"Nothing was changed. {_fsck(root)} restores what can be restored"
        raise DamagedError(f"{record.name} cannot come back as it was: {wrong}", file=kept, hint=hint)
    return record


def _wrong_with_labels(kept: Path, record: ImageRecord) -> str:
    if not kept.exists():
        gone = f"its labels are gone from the trash (they were at r{record.revision})"
        return gone if record.revision else ""
    found = problems(kept)
    return f"its labels are damaged: {found[0]}" if found else older(kept, record)


def older(kept: Path, record: ImageRecord) -> str:
    """In words that a mask file in the trash lacks steps that the image had when it was removed; else empty."""
    revision = MaskFile(kept).revision()
    lacks = f"its labels are those of r{revision}, and were at r{record.revision}"
    return lacks if revision < record.revision else ""


def _bring_back(root: Path, images: ImageList, record: ImageRecord) -> ImageRecord:
    kept, mask = kept_path(root, record.id), mask_path(root, record.id)
    if kept.exists() or mask.exists():
        atomic.make_folder(mask.parent)
        _move(kept, mask)
    record = _newest(mask, record)
    if images.get(record.id) is None:
        images.add([record])
    forget(root, record.id)
    return record


def delete(root: Path, ids: Sequence[str]) -> None:
    """Delete images in the trash for good; StoreError, and no change, where one has not lain there for long enough."""
    if (root / TRASH).exists():
        atomic.sync_folder(root / TRASH)  # what was deleted by a call that was said to have failed is gone
    found = [read(root, image_id) for image_id in ids]
    for each in found:
        if not each.is_old():
            kept = f"removed images are kept for {KEPT_DAYS} days"
            raise StoreError(kept, file=tombstone_path(root, each.record.id))
    for each in found:
        missing_none = replace(each.record, revision=0)  # its labels are not missed
        try:
            write(root, missing_none, each.author, each.at_utc)
        except OSError as error:
            if error.errno not in FULL:  # else it is deleted to make room
                raise
        kept_path(root, each.record.id).unlink(missing_ok=True)
        forget(root, each.record.id)
    atomic.sync_folder(root / TRASH)


def removed(root: Path) -> list[Removed]:
    """What lies in the trash, in the order of its images' names; what cannot be read is told by :func:`unread`."""
    found = []
    for image_id in all_ids(root):
        with suppress(StoreError):
            found.append(read(root, image_id))
    return sorted(found, key=lambda each: (each.record.name.casefold(), each.record.id))


def unread(root: Path) -> list[StoreError]:
    """Why images in the trash are not among :func:`removed`, one error each; it names the image where that is known."""
    found = []
    for image_id in all_ids(root):
        try:
            read(root, image_id)
        except StoreError as error:
            found.append(error)
    return found


def all_ids(root: Path) -> list[str]:
    """The images in the trash, by what is there of them: a tombstone, a mask file, or both."""
    return sorted({path.stem for path in (*(root / TRASH).glob("[!.]*.json"), *mask_files(root))})


def mask_files(root: Path) -> list[Path]:
    """The mask files in the trash."""
    return sorted((root / TRASH).glob(f"[!.]*{SUFFIX}"))


def settle(root: Path, images: ImageList) -> list[str]:
    """Bring to its end what was cut off by a kill; what could not be, in words."""
    notices = []
    for image_id in all_ids(root):
        try:
            _settle(root, images, read(root, image_id).record)
        except StoreError as error:
            notices.append(str(error))
    return notices


def _settle(root: Path, images: ImageList, record: ImageRecord) -> None:
    listed = images.get(record.id) is not None
    moved, back = kept_path(root, record.id).exists(), mask_path(root, record.id).exists()
    if listed and moved and not back:
        images.remove([record.id])
    elif listed:  # the removal had not begun to move anything, or the return was finished
        forget(root, record.id)
    elif back and not moved:
        images.add([_newest(mask_path(root, record.id), record)])
        forget(root, record.id)


def _newest(mask: Path, record: ImageRecord) -> ImageRecord:
    """What the mask file says, where there is one."""
    return MaskFile(mask).description().image if mask.exists() else record


def read(root: Path, image_id: str) -> Removed:
    """An image in the trash. StoreError where it is not there; DamagedError where its tombstone is damaged, or gone
    while its mask file is there."""
    path = tombstone_path(root, image_id)
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        record = image_from_json(data["image"], int(data["revision"]))
        if record.id != image_id:
            raise ValueError(f"it is of another image, {record.id}")
        return Removed(record, str(data["author"]), str(data["at_utc"]))
    except FileNotFoundError as error:
        if not kept_path(root, image_id).exists():
            raise StoreError("this image is not in the project's trash", file=path) from error
        raise _damaged(root, image_id, "gone") from error
    except OSError as error:
        raise RefusedError(f"the trash cannot be read: {error.strerror}", file=path) from error
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _damaged(root, image_id, f"damaged ({error})") from error


def _damaged(root: Path, image_id: str, how: str) -> TombstoneError:
    image = held(root, image_id)
    of = "a removed image" if image is None else f"the removed image {image.name}"
    would = "sets it aside" if image is None else "makes it again from its labels, which are there"
    path = tombstone_path(root, image_id)
    error = TombstoneError(f"what is known of {of} is {how}", file=path, hint=f"{_fsck(root)} {would}")
    error.image = image
    return error


def held(root: Path, image_id: str) -> ImageRecord | None:
    """What a mask file in the trash says of its image; None where there is none, or it cannot be read."""
    try:
        image = MaskFile.open(kept_path(root, image_id)).description().image
    except LabeltoolError:
        return None
    return image if image.id == image_id else None


def _fsck(root: Path) -> str:
    return f"`labeltool fsck --repair {shlex.quote(str(root))}`"


def tombstone_path(root: Path, image_id: str) -> Path:
    """Where it is written down which image was removed."""
    return root / TRASH / f"{image_id}.json"


def kept_path(root: Path, image_id: str) -> Path:
    """The mask file of a removed image."""
    return root / TRASH / f"{image_id}{SUFFIX}"


def _move(source: Path, target: Path) -> None:
    """Move a file, or bring to the disk that it was moved by a call that was said to have failed."""
    if source.exists():
        atomic.move(source, target)
    for folder in (source.parent, target.parent):
        atomic.sync_folder(folder)


def forget(root: Path, image_id: str) -> None:
    """Take the tombstone away. One that a power cut brings back goes with the next opening if the image is listed."""
    tombstone_path(root, image_id).unlink(missing_ok=True)
