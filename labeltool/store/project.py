"""A project on disk: its images, its classes, and the masks somebody has made."""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import StoreError
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, Place, TileDelta
from labeltool.core.project import ImageRecord, Status
from labeltool.store.database import DamagedError, explained
from labeltool.store.events import Event
from labeltool.store.history import History, JournalEntry, OperationKind
from labeltool.store.images import ImageList
from labeltool.store.layout import INDEX, LOCK, is_project, leftovers, mask_path, prepare
from labeltool.store.lock import Lock, ProjectLockedError, StrokeRecord
from labeltool.store.mask_file import MaskFile, Operation
from labeltool.store.predictions import GOLD, REFERENCE, PredictionPlanes, Window
from labeltool.store.records import Description
from labeltool.store.recovery import Recovery

if TYPE_CHECKING:  # SQLAlchemy takes a tenth of a second to import: only opening a project pays for it
    from labeltool.store.index import Index

_NOBODY = "nobody has labelled this image"

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
    def open(cls, root: Path, *, write: bool = True) -> ProjectStore:
        """Open a project; without permission to write, it opens read-only and says why.

        ProjectLockedError while somebody else is writing it; StoreError where there is no project, or one of
        a newer version.
        """
        root = root.absolute()
        with explained(root):
            if not is_project(root):
                raise StoreError(
                    "there is no project here",
                    file=root,
                    hint="`labeltool new` makes one; or choose another folder",
                )
            lock, reason = _lock(root) if write else (None, "the project was opened for viewing")
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
                    hint="Open the project for writing once: that makes it again",
                ) from error
            notices += rebuild(root)
            store = cls(root, index, lock, reason, notices)
        if lock is not None and lock.stale is not None:
            store._recover(lock)
        return store

    def close(self) -> None:
        """Let others write the project."""
        with self._mutex:
            if self._lock is not None:
                self._catch_up()
                self._lock.release()
                self._lock = None
                self.read_only_reason = "the project was closed"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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
        with self._writing():
            record = replace(record, revision=self.image(record.id).revision)
            file = self._existing(record)
            if file is not None:
                file.describe(self._description(record))
            self._images.update(record)

    def set_status(self, image_id: str, status: Status, *, expected: int, reason: str = "") -> ImageRecord:
        """Write down what the user decides on the pixels of revision ``expected``: the status, who, when and why.

        It holds for these very pixels, whatever is undone and redone. ConflictError when they are not those any more.
        Waits for the disk: for a job, not for the thread of a window.
        """
        with self._writing(image_id):
            record = replace(self.image(image_id), status=status)
            file = self._existing(record) or self._create(record)
            record = file.decide(self._description(record), expected, reason, self.author)
            self._images.update(record)
            return record

    def put_into(self, image_id: str, split: str) -> None:
        """Put an image into a split; its status may be changed by another thread meanwhile."""
        with self._writing():
            self.update_image(replace(self.image(image_id), split=split))

    def remove_images(self, ids: Iterable[str]) -> None:
        """Take images off the list that nobody has worked on; StoreError, and no change, where somebody has."""
        with self._writing():
            gone = [self.image(i) for i in ids]
            for record in gone:
                if self._existing(record) is not None:
                    raise StoreError("the image has annotations, comments or predictions", file=record.path)
            self._images.remove([record.id for record in gone])

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
            file = self._existing(record) or self._create(record)
            lock.committing(image_id, expected)
            operation = Operation(patch, expected, kind, target, self.author)
            record = file.commit(operation, self._description(record))
            self._images.remember(record)
            return record.revision

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

    def class_pixels(self, image_id: str) -> dict[int, int]:
        """Pixels of each class value that somebody has set."""
        file = self._existing(self.image(image_id))
        return {} if file is None else file.class_pixels()

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
            self._catch_up(image_id)
            yield self._lock

    def _catch_up(self, except_for: str = "") -> None:
        error = self._images.catch_up(except_for)
        if error is not None:
            self.notices.append(f"the list of images lags behind: {error}")

    def _description(self, record: ImageRecord) -> Description:
        return Description(record, self.name, self._catalog, self._catalog_version)

    def _file(self, record: ImageRecord) -> MaskFile:
        return MaskFile(mask_path(self.root, record.id), write=self._lock is not None)

    def _existing(self, record: ImageRecord) -> MaskFile | None:
        """The mask file, or None where there never was one."""
        file = self._file(record)
        if file.path.exists():
            return file
        if record.revision:
            raise DamagedError(
                f"the mask file of {record.name} is gone (it was at r{record.revision})",
                file=file.path,
                hint="Bring it back from a copy of the project, or connect the drive it is on",
            )
        return None

    def _create(self, record: ImageRecord) -> MaskFile:
        return MaskFile.create(mask_path(self.root, record.id), self._description(record))

    def _recover(self, lock: Lock) -> None:
        """Say what the killed session left, and catch up with its last commit."""
        for path in leftovers(self.root):
            path.unlink()
        left = lock.left or StrokeRecord()
        record = self._images.get(left.image_id)
        try:
            file = None if record is None else self._existing(record)
            if file is not None:
                record = file.description().image
                self._images.remember(record)
        except StoreError as error:
            self.notices.append(str(error))
        self.recovery = Recovery.reckon(left, record)
        self._catch_up()


def _lock(root: Path) -> tuple[Lock | None, str]:
    """The project's lock, or why it can only be read."""
    try:
        if not os.access(root, os.W_OK):
            raise PermissionError("the folder may not be written")
        return Lock.acquire(root / LOCK), ""
    except OSError as error:
        return None, error.strerror or str(error)


def _author() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""
