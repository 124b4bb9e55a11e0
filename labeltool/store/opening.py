"""Opening a project: who may write it, what it holds, and what a session that was killed left behind."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import StoreError
from labeltool.core.project import ImageRecord
from labeltool.store import trash
from labeltool.store.database import FULL, DamagedError
from labeltool.store.holding import NO_ROOM, Holding
from labeltool.store.images import ImageList
from labeltool.store.index import Index
from labeltool.store.layout import INDEX, LOCK, abandoned, is_project, leftovers, remove, unsettled
from labeltool.store.lock import EVERY, Lock, Sign, StrokeRecord
from labeltool.store.mask_files import MaskFiles
from labeltool.store.migration import migrate, too_new
from labeltool.store.parting import part
from labeltool.store.rebuild import rebuild
from labeltool.store.recovery import Recovery
from labeltool.store.settling import take_back


@dataclass
class Opened:
    """What an open project is made of. ``notices`` say what was put right, ``recovery`` what a killed session left."""

    root: Path
    holding: Holding
    index: Index
    name: str
    catalog: ClassCatalog
    catalog_version: int
    images: ImageList
    files: MaskFiles
    notices: list[str] = field(default_factory=list)
    recovery: Recovery | None = None


def open_project(root: Path, *, write: bool, reason: str, take_over: Sign | None) -> Opened:
    """See :meth:`labeltool.store.project.ProjectStore.open`."""
    if not is_project(root):
        raise StoreError(
            "there is no project here",
            file=root,
            hint="`labeltool new` makes one; or choose another folder",
        )
    newer = too_new(root)  # what belongs to a newer version is only looked at
    lock, reason = _lock(root, take_over) if write and not newer else (None, newer or reason)
    try:
        if lock is not None and lock.stale is not None and lock.stale.is_elsewhere:
            part(root / INDEX)
        opened = _contents(Holding(root, lock, reason))
        if lock is not None:
            _put_right(opened, lock)
    except BaseException:
        if lock is not None:
            lock.release(undone=True)
        raise
    return opened


def _lock(root: Path, take_over: Sign | None) -> tuple[Lock | None, str]:
    """The project's lock, or why it can only be read."""
    try:
        if not os.access(root, os.W_OK):
            raise PermissionError("the folder may not be written")
        return Lock.acquire(root / LOCK, take_over=take_over), ""
    except OSError as error:
        return None, NO_ROOM if error.errno in FULL else _refused(error)


def _refused(error: OSError) -> str:
    """Why there is no lock, and of which file that is said."""
    reason = error.strerror or str(error)
    if error.filename is None:
        return reason
    if error.errno not in (errno.EACCES, errno.EPERM):
        return f"the file {error.filename} cannot be written: {reason}"
    return f"the file {error.filename} may not be written. Ask whoever owns it for permission to write it"


# ---- what it holds


def _contents(holding: Holding) -> Opened:
    """A damaged index is made again from the mask files, by whoever may write."""
    root, notices = holding.root, list[str]()
    index = Index(root / INDEX, write=holding.lock is not None)
    try:
        if not (root / INDEX).is_file():
            raise DamagedError("the list of images is missing", file=root / INDEX)
        notices += migrate(root, index) if holding.lock is not None else []
        return _read(holding, index, notices)
    except DamagedError as error:
        if holding.lock is None:
            raise StoreError(
                error.message,
                file=error.file,
                hint=f"`labeltool fsck --repair {root}` makes it again from the mask files",
            ) from error
        notices += rebuild(root)
        return _read(holding, index, notices)


def _read(holding: Holding, index: Index, notices: list[str]) -> Opened:
    root, (catalog, version) = holding.root, index.catalog()
    images, files = ImageList(index), MaskFiles(holding.root, holding)
    return Opened(root, holding, index, index.name(), catalog, version, images, files, notices)


# ---- what was left behind


def _put_right(opened: Opened, lock: Lock) -> None:
    """Bring to an end, or take back, what a process that died was doing; notices say what could not be."""
    _tidy(opened, abandoned(opened.root))
    opened.notices += trash.settle(opened.root, opened.images)
    if lock.stale is not None:
        _recover(opened, lock)
    if lock.left_ahead == EVERY:
        _reread_all(opened)
    if lock.stale is not None or lock.left_ahead == EVERY:
        lag = opened.images.catch_up()
        lock.lagging(bool(lag))
        opened.notices += [lag] if lag else []


def _recover(opened: Opened, lock: Lock) -> None:
    """Look for the last commit of the killed session, and reckon what it had not saved."""
    _tidy(opened, leftovers(opened.root))
    for path in unsettled(opened.root):  # who only looks at it later may not take anything back
        try:
            opened.files.settle(path)
        except StoreError as error:
            opened.notices.append(str(error))
    with suppress(StoreError):  # of the index nothing is to be taken back any more: it has been read
        take_back(opened.root / INDEX)
    left = lock.left or StrokeRecord()
    _reread(opened, lock.left_ahead)
    record = _reread(opened, left.image_id)
    opened.recovery = Recovery.reckon(left, record, _strokes_after(opened, record, left.revision))


def _reread(opened: Opened, image_id: str) -> ImageRecord | None:
    """An image as its mask file tells of it, which the index may not know yet; None where there is none such."""
    record = opened.images.get(image_id)
    found = None if record is None else _in_its_file(opened, record)
    if found is not None:
        opened.images.remember(found)
    return found or record


def _reread_all(opened: Opened) -> None:
    """The same of all images, for the index could not be written for a while."""
    for record in opened.images.all():
        found = _in_its_file(opened, record)
        if found is not None and found != record:
            opened.images.remember(found)


def _in_its_file(opened: Opened, record: ImageRecord) -> ImageRecord | None:
    """What the mask file of an image says of it; None where there is none, or notices say why it cannot be read."""
    try:
        file = opened.files.existing(record)
        return None if file is None else file.description().image
    except StoreError as error:
        opened.notices.append(str(error))
        return None


def _strokes_after(opened: Opened, record: ImageRecord | None, revision: int) -> int:
    """How many strokes an image has after a revision; what was undone or redone is none."""
    with suppress(StoreError):  # told when the image was read
        file = None if record is None else opened.files.existing(record)
        if file is not None:
            return sum(each.kind == "do" and each.revision > revision for each in file.journal())
    return 0


def _tidy(opened: Opened, paths: Iterable[Path]) -> None:
    """Delete what a process that died was writing."""
    for path in paths:
        try:
            remove(path)
        except OSError as error:
            opened.notices.append(
                f"{path}: what an interrupted save left cannot be deleted: {error.strerror}"
            )
