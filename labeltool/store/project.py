"""A project on disk: its images, its classes, and the masks somebody has made."""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import GoneError, StoreError
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, Place, TileDelta
from labeltool.core.project import ImageRecord, Status
from labeltool.store import trash
from labeltool.store.database import DamagedError, explained
from labeltool.store.events import Event
from labeltool.store.history import History, JournalEntry, OperationKind
from labeltool.store.images import ImageList
from labeltool.store.layout import (
    INDEX,
    LOCK,
    abandoned,
    is_project,
    leftovers,
    mask_path,
    prepare,
    remove,
    unsettled,
)
from labeltool.store.lock import Lock, LockLostError, ProjectLockedError, Sign, StrokeRecord
from labeltool.store.mask_file import MaskFile, Operation
from labeltool.store.predictions import GOLD, REFERENCE, PredictionPlanes, Window
from labeltool.store.records import Description
from labeltool.store.recovery import Recovery
from labeltool.store.settling import is_unfinished, settle, take_back
from labeltool.store.trash import Removed

if TYPE_CHECKING:  # SQLAlchemy takes a tenth of a second to import: only opening a project pays for it
    from labeltool.store.index import Index
    from labeltool.store.repair import Offer, Step

_NOBODY = "nobody has labelled this image"
_VIEWED = "the project was opened for viewing"

__all__ = ["ProjectLockedError", "ProjectStore", "Recovery"]


class ProjectStore:
    """An open project. One thread commits; any thread may read at the same time.

    ``read_only_reason`` is empty when the project can be written. ``recovery`` says what a killed session
    left, ``notices`` what else was put right while opening, ``author`` who writes: the name of the account.
    Every call raises StoreError when the disk fails.
    """

    def __init__(self, root: Path, index: Index, lock: Lock | None, reason: str, notices: list[str]) -> None:
        self.root = root
        self.name = index.name()
        self.read_only_reason = reason
        self.recovery: Recovery | None = None
        self.notices = notices
        self._index = index
        self.author = _author()
        self._lock = lock
        self._mutex = threading.RLock()
        self._met: set[str] = set()
        """Images whose mask files this session has opened: journals beside them are its own."""
        self._catalog, self._catalog_version = index.catalog()
        self._images = ImageList(index)

    @classmethod
    def create(cls, root: Path, name: str, catalog: ClassCatalog) -> ProjectStore:
        """Make a project in a new or empty folder and open it."""
        from labeltool.store.index import Index  # noqa: PLC0415

        root = root.absolute()
        with explained(root):
            prepare(root)
            Index.create(root / INDEX, name, catalog)
        return cls.open(root)

    @classmethod
    def open(
        cls, root: Path, *, write: bool = True, reason: str = _VIEWED, take_over: Sign | None = None
    ) -> ProjectStore:
        """Open a project; without permission to write, it opens read-only and says why. ``reason`` is why it is not
        opened for writing where it is not.

        ProjectLockedError while somebody else is writing it, unless they have given no sign of life since the one in
        ``take_over``; StoreError where there is no project, or one of a newer version.
        """
        from labeltool.store.migration import too_new  # noqa: PLC0415

        root = root.absolute()
        with explained(root):
            if not is_project(root):
                raise StoreError(
                    "there is no project here",
                    file=root,
                    hint="`labeltool new` makes one; or choose another folder",
                )
            newer = too_new(root)  # what belongs to a newer version is only looked at
            lock, reason = _lock(root, take_over) if write and not newer else (None, newer or reason)
            try:
                return cls._open(root, lock, reason)
            except BaseException:
                if lock is not None:
                    lock.release()
                raise

    @classmethod
    def _open(cls, root: Path, lock: Lock | None, reason: str) -> ProjectStore:
        from labeltool.store.index import Index  # noqa: PLC0415
        from labeltool.store.migration import migrate  # noqa: PLC0415
        from labeltool.store.rebuild import rebuild  # noqa: PLC0415

        index = Index(root / INDEX, write=lock is not None)
        notices: list[str] = []
        try:
            if not (root / INDEX).is_file():
                raise DamagedError("the list of images is missing", file=root / INDEX)
            notices += migrate(root, index) if lock is not None else []
            store = cls(root, index, lock, reason, notices)
        except DamagedError as error:
            if lock is None:
                raise StoreError(
                    error.message,
                    file=error.file,
                    hint=f"`labeltool fsck --repair {root}` makes it again from the mask files",
                ) from error
            notices += rebuild(root)
            store = cls(root, index, lock, reason, notices)
        if lock is not None:
            store._tidy(abandoned(root))
            store.notices += trash.settle(root, store._images)
        if lock is not None and lock.stale is not None:
            store._recover(lock)
        return store

    def close(self) -> None:
        """Let others write the project."""
        with self._mutex:
            if self._lock is None:
                return
            try:
                self.recheck()
                self._catch_up()
            except StoreError as error:  # the mask files know what the index lacks
                self.notices.append(str(error))
            if self._lock is not None:
                self._lock.release()
                self._lock = None
                self.read_only_reason = "the project was closed"

    def recheck(self) -> None:
        """See that the project can be reached and is still ours, as after the computer has slept.

        StoreError says what is not so. Where somebody has taken it over (LockLostError) it can only be read then.
        """
        with self._mutex, explained(self.root):
            if self._lock is not None:
                self._hold(self._lock)
            else:
                (self.root / INDEX).stat()

    def _hold(self, lock: Lock) -> None:
        try:
            lock.hold()
        except LockLostError as error:
            self._lock, self.read_only_reason = None, error.message
            lock.release(lost=True)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def touched(self) -> frozenset[str]:
        """The images whose mask files this session has opened for writing, changed or not."""
        return frozenset(self._met)

    @property
    def catalog(self) -> ClassCatalog:
        """The classes."""
        return self._catalog

    def set_catalog(self, catalog: ClassCatalog) -> None:
        """Change the classes; earlier versions stay in the project."""
        with self._writing():
            self._index.add_catalog(catalog, self._catalog_version + 1)
            self._catalog, self._catalog_version = catalog, self._catalog_version + 1

    def images(self) -> list[ImageRecord]:
        """All images, in the order in which they were added."""
        if self._lock is None:
            self._images.reload()  # somebody else may be adding
        return self._images.all()

    def image(self, image_id: str) -> ImageRecord:
        """One image; StoreError where there is none."""
        record = self._images.get(image_id)
        if record is None:
            raise StoreError(f"there is no image {image_id} in this project", file=self.root)
        return record

    def find(self, path: Path, page: str = "") -> ImageRecord | None:
        """The image of a file, by its absolute path, or of a page of it."""
        return self._images.find(path, page)

    def add_images(self, records: Iterable[ImageRecord]) -> None:
        """Add images, all or none; StoreError where one is there already."""
        with self._writing():
            self._images.add(records)

    def update_image(self, record: ImageRecord) -> None:
        """Change status, split or path of an image; its revision follows from its annotation alone."""
        with self._writing() as lock:
            record = replace(record, revision=self.image(record.id).revision)
            file = self._existing(record)
            if file is not None:
                lock.committing(record.id, record.revision)
                file.describe(self._description(record))
            self._images.update(record)

    def set_status(self, image_id: str, status: Status, *, expected: int, reason: str = "") -> ImageRecord:
        """Write down what the user decides on the pixels of revision ``expected``: the status, who, when and why.

        It holds for these very pixels, whatever is undone and redone. ConflictError when they are not those any more.
        Waits for the disk: for a job, not for the thread of a window.
        """
        with self._writing(image_id) as lock:
            record = replace(self.image(image_id), status=status)
            file = self._existing(record) or self._create(self.image(image_id))
            lock.committing(image_id, expected)
            record = file.decide(self._description(record), expected, reason, self.author)
            self._images.remember(record)
            self._catch_up()  # the file knows: where the list cannot be written, nobody has to decide again
            return record

    def put_into(self, image_id: str, split: str) -> None:
        """Put an image into a split; its status may be changed by another thread meanwhile."""
        with self._writing():
            self.update_image(replace(self.image(image_id), split=split))

    def remove_images(self, ids: Iterable[str]) -> None:
        """Take images out of the project, each whole or not at all; what was done to them is kept in its trash."""
        with self._writing():
            for record in [self.image(image_id) for image_id in ids]:
                trash.put_in(self.root, self._images, record, self.author)

    def removed_images(self) -> list[Removed]:
        """What lies in the trash, in the order of names."""
        with explained(self.root):
            return trash.removed(self.root)

    def bring_back(self, ids: Iterable[str]) -> list[ImageRecord]:
        """Put removed images into the project again, with all that was done to them; StoreError where one is not in
        the trash."""
        with self._writing():
            return [trash.bring_back(self.root, self._images, image_id) for image_id in ids]

    def delete_removed(self, ids: Iterable[str]) -> None:
        """Delete removed images for good; StoreError, and no change, where one was removed less than 30 days ago."""
        with self._writing():
            old = {each.record.id for each in trash.removed(self.root) if each.is_old()}
            wanted = list(ids)
            if not old.issuperset(wanted):
                raise StoreError(f"removed images are kept for {trash.KEPT_DAYS} days", file=self.root)
            for image_id in wanted:
                trash.delete(self.root, image_id)

    def load_mask(self, image_id: str, *, inflated: bool = False) -> LabelMask:
        """The mask of an image; StoreError, never an empty mask, where it is damaged or gone. With ``inflated`` its
        tiles are arrays, else they stay deflated until they are read."""
        record = self.image(image_id)
        file = self._existing(record)
        if file is None:
            return LabelMask(record.size, self._catalog.unlabelled_value)
        self._images.reached(image_id, file.revision())
        return file.load(inflated=inflated)

    def commit(
        self,
        image_id: str,
        patch: Patch,
        *,
        kind: OperationKind = "do",
        target: int | None = None,
        expected: int,
        status: Status | None = None,
    ) -> int:
        """Save one operation and return its revision: from then on it survives a crash and a power cut.

        ``expected`` is the revision the patch was made on. An undo or redo names the operation it is about in
        ``target``, and its patch is that one's inverse or itself. The image gets ``status`` with it, or what
        somebody decided on the pixels that it leads to. Safe to repeat when the outcome is unclear. StoreError
        leaves everything as it was.
        """
        with self._writing(image_id) as lock:
            record = self.image(image_id)
            if status is not None:
                record = replace(record, status=status)
            file = self._existing(record) or self._create(self.image(image_id))
            lock.committing(image_id, expected)
            operation = Operation(patch, expected, kind, target, self.author)
            record = file.commit(operation, self._description(record))
            self._images.remember(record)
            return record.revision

    def reread(self, image_id: str) -> ImageRecord:
        """The image as its mask file has it, where somebody else may have written there."""
        file = self._existing(self.image(image_id))
        if file is not None:
            self._images.remember(file.description().image)
        return self.image(image_id)

    def history(self, image_id: str) -> History:
        """What can be undone and redone."""
        file = self._existing(self.image(image_id))
        if file is None:
            return History([], [], 0)
        history = file.history()
        self._images.reached(image_id, history.revision)
        return history

    def journal(self, image_id: str) -> list[JournalEntry]:
        """All operations on an image, oldest first, with who and when."""
        file = self._existing(self.image(image_id))
        return [] if file is None else file.journal()

    def mask_at(self, image_id: str, revision: int) -> LabelMask:
        """The mask of an image as a revision left it, empty at 0; StoreError where there is no such revision."""
        record = self.image(image_id)
        file = self._existing(record)
        if file is not None:
            return file.mask_at(revision)
        if revision:
            raise StoreError(_NOBODY, file=record.path)
        return LabelMask(record.size, self._catalog.unlabelled_value)

    def snapshot(self, image_id: str, revision: int, *, inflated: bool = False) -> LabelMask:
        """The mask as a revision left it, whoever goes on drawing; as quick as :meth:`load_mask` while that is the
        newest. StoreError where there is no such revision."""
        mask = self.load_mask(image_id, inflated=inflated)
        file = self._existing(self.image(image_id))
        # Revisions only grow: what is the newest after the mask was read was so when it was.
        newest = 0 if file is None else file.revision()
        return mask if newest == revision else self.mask_at(image_id, revision)

    def between(self, image_id: str, start: int, end: int) -> dict[Place, TileDelta]:
        """The tiles in which two revisions of a mask differ, as ``start`` left them and as ``end`` did.

        Revision 0 is the empty mask. Either may be the older; StoreError where there is no such revision.
        """
        file = self._existing(self.image(image_id))
        if file is not None:
            return file.between(start, end)
        if start or end:
            raise StoreError(_NOBODY, file=self.image(image_id).path)
        return {}

    def patch(self, image_id: str, revision: int) -> Patch:
        """The patch that led to a revision, read from the journal."""
        file = self._existing(self.image(image_id))
        if file is None:
            raise StoreError(f"there is no operation r{revision}", file=mask_path(self.root, image_id))
        return file.patch(revision)

    def root_hash(self, image_id: str) -> str:
        """A hash of the image's mask: equal for equal pixels, however they came about. Empty where nobody worked."""
        file = self._existing(self.image(image_id))
        return "" if file is None else file.root_hash()

    def root_hash_at(self, image_id: str, revision: int) -> str:
        """The same of the mask as a revision left it."""
        file = self._existing(self.image(image_id))
        return "" if file is None else file.root_hash_at(revision)

    def class_pixels(self, image_id: str) -> dict[int, int]:
        """Pixels of each class value that somebody has set."""
        file = self._existing(self.image(image_id))
        return {} if file is None else file.class_pixels()

    def offers(self, image_id: str) -> list[Offer]:
        """What can be done about the damaged mask file of an image, the best first; empty where nothing can."""
        from labeltool.store.repair import offers  # noqa: PLC0415

        return offers(self.root, self._description(self.image(image_id)))

    def repair(self, image_id: str, offer: Offer) -> Step | None:
        """Do it; the image can be opened then. None where nothing is wrong with the file any more."""
        from labeltool.store.repair import repair_image  # noqa: PLC0415

        with self._writing(image_id):
            step = repair_image(self.root, self._description(self.image(image_id)), offer)
            file = self._existing(self.image(image_id))
            if file is not None:
                self._images.update(file.description().image)
            return step

    def add_event(self, image_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Write down what the user did to an image, who and when; from then on it survives a crash and a power cut.

        ``data`` is made of plain JSON values. Waits for the disk: for a job, not for the thread of a window.
        """
        with self._writing(image_id):
            record = self.image(image_id)
            file = self._existing(record) or self._create(record)
            file.add_event(kind, data, self.author)

    def events(self, image_id: str, kinds: Container[str] | None = None) -> list[Event]:
        """What people did to an image, of some kinds or all, oldest first; empty where nobody did anything."""
        file = self._existing(self.image(image_id))
        return [] if file is None else file.events(kinds)

    def save_prediction(self, image_id: str, model_key: str, windows: Iterable[Window]) -> None:
        """Keep what a model says of an image, in place of its earlier answer; the annotation stays as it is.

        Windows are (box, label, confidence), uint8; strokes can be saved while they come.
        """
        with self._writing():
            record = self.image(image_id)
            file = self._existing(record) or self._create(record)
        file.save_prediction(model_key, windows)

    def prediction(self, image_id: str, model_key: str) -> PredictionPlanes | None:
        """What a model said of an image, or None."""
        file = self._existing(self.image(image_id))
        return None if file is None else file.prediction(model_key)

    def prediction_keys(self, image_id: str) -> list[str]:
        """The models whose predictions are kept, newest last; references are none."""
        return [key for key in self._kept_keys(image_id) if not key.startswith(REFERENCE)]

    def references(self, image_id: str) -> list[str]:
        """The names of the references that are kept, newest last, but for gold, which is hidden: each is a prediction
        with the key of :func:`~labeltool.store.predictions.reference_key`."""
        kept = self._kept_keys(image_id)
        names = [key.removeprefix(REFERENCE) for key in kept if key.startswith(REFERENCE)]
        return [name for name in names if name != GOLD]

    def _kept_keys(self, image_id: str) -> list[str]:
        file = self._existing(self.image(image_id))
        return [] if file is None else file.prediction_keys()

    def remove_prediction(self, image_id: str, model_key: str) -> None:
        """Forget what a model said of an image, or a reference; the annotation stays as it is."""
        with self._writing():
            file = self._existing(self.image(image_id))
            if file is not None:
                file.remove_prediction(model_key)

    def states(self, image_id: str, model_key: str) -> tuple[int, str]:
        """The revision of an image's annotation, and which answer of a model is kept beside it, by number and time and
        empty where none is: what was worked out of both holds while these are the same."""
        file = self._existing(self.image(image_id))
        return (0, "") if file is None else file.states(model_key)

    def prediction_planes(self, image_id: str, model_key: str) -> set[str]:
        """The planes (label, confidence and doubts) that are kept of a model's prediction and hold anything."""
        file = self._existing(self.image(image_id))
        return set() if file is None else file.prediction_planes(model_key)

    def stroke_began(self, image_id: str) -> None:
        """Note that a stroke is being drawn, so that after a kill we can say that it was lost."""
        if self._lock is not None:
            self._lock.stroke_began(image_id, self.image(image_id).revision)

    def stroke_dropped(self) -> None:
        """The stroke being drawn was cancelled or changed nothing."""
        if self._lock is not None:
            self._lock.stroke_dropped()

    def stroke_saved(self, image_id: str, revision: int) -> None:
        """Note that a stroke has been saved as ``revision``."""
        if self._lock is not None:
            self._lock.stroke_saved(image_id, revision)

    @contextmanager
    def _writing(self, image_id: str = "") -> Iterator[Lock]:
        """One writer at a time. The index catches up on every image but the one that is being drawn on."""
        with self._mutex, explained(self.root):
            if self._lock is None:
                raise StoreError(
                    f"the project cannot be changed: {self.read_only_reason}",
                    file=self.root,
                    hint="Open it for writing, or work on a copy",
                )
            lock = self._lock
            self._check_reachable()
            self._hold(lock)
            self._catch_up(image_id)
            yield lock

    def _check_reachable(self) -> None:
        """Where a drive was, an empty folder may be left: nothing is begun anew in it."""
        if not (self.root / INDEX).is_file():
            raise GoneError(
                "the project's folder cannot be reached",
                file=self.root,
                hint="Connect the drive or the network share again: saving goes on by itself",
            )

    def _catch_up(self, except_for: str = "") -> None:
        error = self._images.catch_up(except_for)
        notice = f"the list of images lags behind: {error}"
        if error is not None and notice not in self.notices[-1:]:
            self.notices.append(notice)

    def description(self, image_id: str) -> Description:
        """What is known of an image and of its project, without a look at the disk."""
        return self._description(self.image(image_id))

    def _description(self, record: ImageRecord) -> Description:
        return Description(record, self.name, self._catalog, self._catalog_version)

    def _file(self, record: ImageRecord) -> MaskFile:
        return MaskFile(mask_path(self.root, record.id), write=self._lock is not None)

    def _existing(self, record: ImageRecord) -> MaskFile | None:
        """The mask file, or None where there never was one."""
        file = self._file(record)
        with explained(file.path):  # of a folder that may not be read nobody knows what is in it
            if file.path.exists():
                self._look_beside(file.path)
                return file
        if record.revision:
            raise DamagedError(
                f"the mask file of {record.name} is gone (it was at r{record.revision})",
                file=file.path,
                hint="Connect the drive it is on; or `labeltool fsck --repair` restores the newest backup",
            )
        return None

    def _look_beside(self, path: Path) -> None:
        """Before a file is first opened: SQLite would apply any journal that lies there, whosever it is."""
        if self._lock is not None and path.stem not in self._met:
            if is_unfinished(path):
                settle(path)
            self._met.add(path.stem)

    def _create(self, record: ImageRecord) -> MaskFile:
        self._met.add(record.id)
        return MaskFile.create(mask_path(self.root, record.id), self._description(record))

    def _recover(self, lock: Lock) -> None:
        """Say what the killed session left, and catch up with its last commit."""
        self._tidy(leftovers(self.root))
        for path in unsettled(self.root):
            self._settle(path)
        with suppress(StoreError):  # of the index nothing is to be taken back any more: it has been read
            take_back(self.root / INDEX)
        left = lock.left or StrokeRecord()
        self._reread(lock.left_ahead)
        self.recovery = Recovery.reckon(left, self._reread(left.image_id))
        self._catch_up()

    def _reread(self, image_id: str) -> ImageRecord | None:
        """An image as its mask file tells of it, which the index may not know yet; None where there is none such."""
        record = self._images.get(image_id)
        try:
            file = None if record is None else self._existing(record)
            if file is not None:
                record = file.description().image
                self._images.remember(record)
        except StoreError as error:
            self.notices.append(str(error))
        return record

    def _tidy(self, paths: Iterable[Path]) -> None:
        """Delete what a process that died was writing."""
        for path in paths:
            try:
                remove(path)
            except OSError as error:
                self.notices.append(
                    f"{path}: what an interrupted save left cannot be deleted: {error.strerror}"
                )

    def _settle(self, path: Path) -> None:
        """Take back what was cut off while a mask file was written: who only looks at it later may not."""
        try:
            settle(path)
            self._met.add(path.stem)
        except StoreError as error:
            self.notices.append(str(error))


def _lock(root: Path, take_over: Sign | None) -> tuple[Lock | None, str]:
    """The project's lock, or why it can only be read."""
    try:
        if not os.access(root, os.W_OK):
            raise PermissionError("the folder may not be written")
        return Lock.acquire(root / LOCK, take_over=take_over), ""
    except OSError as error:
        return None, error.strerror or str(error)


def _author() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""
