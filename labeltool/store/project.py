"""A project on disk: its images, its classes, and the masks somebody has made. Here is what changes it; what it can be
asked is in :mod:`labeltool.store.reading`, and what opening it does in :mod:`labeltool.store.opening`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import StoreError
from labeltool.core.patch import Patch
from labeltool.core.project import ImageRecord, Status
from labeltool.store import trash
from labeltool.store.account import account
from labeltool.store.database import explained
from labeltool.store.events import Entry
from labeltool.store.history import OperationKind
from labeltool.store.layout import INDEX, prepare, too_long
from labeltool.store.lock import Lock, ProjectLockedError, Sign
from labeltool.store.mask_file import Operation
from labeltool.store.predictions import Window
from labeltool.store.reading import ProjectReader
from labeltool.store.recovery import Recovery

if TYPE_CHECKING:  # SQLAlchemy takes a tenth of a second to import: only opening a project pays for it
    from labeltool.store.opening import Opened
    from labeltool.store.repair import Offer, Step

_VIEWED = "the project was opened for viewing"

__all__ = ["ProjectLockedError", "ProjectStore", "Recovery"]


class ProjectStore(ProjectReader):
    """An open project. One thread commits; any thread may read at the same time.

    ``author`` is who writes: the name of the account. Every call raises StoreError when the disk fails, and when the
    project can only be read (``read_only_reason``).
    """

    def __init__(self, opened: Opened) -> None:
        super().__init__(opened)
        self.author = account()
        self._unsure: dict[tuple[str, str, str], Entry] = {}
        """Events that could not be added, or so it was said, by image, kind and data."""

    # ---- opening and closing

    @classmethod
    def create(cls, root: Path, name: str, catalog: ClassCatalog) -> ProjectStore:
        """Make a project in a new or empty folder and open it."""
        from labeltool.store.index import Index  # noqa: PLC0415

        root = root.absolute()
        if too_long(root):
            hint = "Choose a folder with a shorter path"
            raise StoreError("the path is too long for a project", file=root, hint=hint)
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
        from labeltool.store.opening import open_project  # noqa: PLC0415

        root = root.absolute()
        with explained(root):
            return cls(open_project(root, write=write, reason=reason, take_over=take_over))

    def close(self) -> None:
        """Let others write the project."""
        with self._holding.mutex:
            if self._holding.lock is None:
                return
            try:
                self.recheck()
                self._catch_up()
            except StoreError as error:  # the mask files know what the index lacks
                self.notices.append(str(error))
            self._holding.end("the project was closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- images and classes

    def set_catalog(self, catalog: ClassCatalog) -> None:
        """Change the classes; earlier versions stay in the project."""
        with self._writing():
            self._index.add_catalog(catalog, self._catalog_version + 1)
            self._catalog, self._catalog_version = catalog, self._catalog_version + 1

    def add_images(self, records: Iterable[ImageRecord]) -> None:
        """Add images, all or none; StoreError where one is there already."""
        with self._writing():
            self._images.add(records)

    def update_image(self, record: ImageRecord) -> None:
        """Change status, split or path of an image; its revision follows from its annotation alone."""
        with self._writing() as lock:
            record = replace(record, revision=self.image(record.id).revision)
            file = self._files.existing(record)
            if file is not None:
                lock.committing(record.id, record.revision)
                file.describe(self._described(record))
            self._images.update(record)

    def put_into(self, image_id: str, split: str) -> None:
        """Put an image into a split; its status may be changed by another thread meanwhile."""
        with self._writing():
            self.update_image(replace(self.image(image_id), split=split))

    def remove_images(self, ids: Iterable[str]) -> None:
        """Take images out of the project, each whole or not at all; what was done to them is kept in its trash."""
        with self._writing():
            for record in [self.image(image_id) for image_id in ids]:
                self._files.meet(record)
                trash.put_in(self.root, self._images, record, self.author)

    def bring_back(self, ids: Iterable[str]) -> list[ImageRecord]:
        """Put removed images into the project again, with all that was done to them; StoreError, and no change, where
        one is not in the trash, or its labels are not whole any more."""
        with self._writing():
            return trash.bring_back(self.root, self._images, list(ids))

    def delete_removed(self, ids: Iterable[str]) -> None:
        """Delete removed images for good; StoreError, and no change, where one was removed less than 30 days ago."""
        with self._writing():
            trash.delete(self.root, list(ids))

    # ---- the annotation of an image

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
            file = self._files.for_writing(self.description(image_id))
            lock.committing(image_id, expected)
            operation = Operation(patch, expected, kind, target, self.author)
            record = file.commit(operation, self._described(record))
            self._images.remember(record)
            return record.revision

    def reread(self, image_id: str) -> ImageRecord:
        """The image as its mask file has it, where somebody else may have written there."""
        file = self._file(image_id)
        if file is not None:
            self._images.remember(file.description().image)
        return self.image(image_id)

    def set_status(self, image_id: str, status: Status, *, expected: int, reason: str = "") -> ImageRecord:
        """Write down what the user decides on the pixels of revision ``expected``: the status, who, when and why.

        It holds for these very pixels, whatever is undone and redone. ConflictError when they are not those any more.
        Waits for the disk: for a job, not for the thread of a window.
        """
        with self._writing(image_id) as lock:
            record = replace(self.image(image_id), status=status)
            file = self._files.for_writing(self.description(image_id))
            lock.committing(image_id, expected)
            record = file.decide(self._described(record), expected, reason, self.author)
            self._images.remember(record)
            self._catch_up()  # the file knows: where the list cannot be written, nobody has to decide again
            return record

    def repair(self, image_id: str, offer: Offer) -> Step | None:
        """Do it; the image can be opened then. None where nothing is wrong with the file any more."""
        from labeltool.store.repair import repair_image  # noqa: PLC0415

        with self._writing(image_id):
            step = repair_image(self.root, self.description(image_id), offer)
            self._list_repaired(image_id)
            return step

    def begin_afresh(self, image_id: str) -> Step | None:
        """Where there are no :meth:`offers`: keep the damaged mask file in quarantine, and let the labels of the image
        begin afresh; all steps, comments, decisions and layers are lost. StoreError where anything can be restored."""
        from labeltool.store.repair import begin_afresh  # noqa: PLC0415

        with self._writing(image_id):
            step = begin_afresh(self.root, self.description(image_id))
            if step is not None and step.mended:
                self._list_repaired(image_id)
            return step

    def _list_repaired(self, image_id: str) -> None:
        file = self._file(image_id)
        if file is not None:
            self._images.update(file.description().image)

    # ---- what lies beside it

    def add_event(self, image_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Write down what the user did to an image, who and when; from then on it survives a crash and a power cut.

        ``data`` is made of plain JSON values. Waits for the disk: for a job, not for the thread of a window. Where it
        fails the outcome may be unclear; the same call again adds nothing twice.
        """
        with self._writing(image_id):
            entry = Entry.now(kind, data, self.author)
            called = image_id, kind, entry.data
            again = self._unsure.get(called)
            self._unsure[called] = again or entry
            file = self._files.for_writing(self.description(image_id))
            file.add_event(again or entry, again=again is not None)
            del self._unsure[called]

    def save_prediction(self, image_id: str, model_key: str, windows: Iterable[Window]) -> None:
        """Keep what a model says of an image, in place of its earlier answer; the annotation stays as it is.

        Windows are (box, label, confidence), uint8; strokes can be saved while they come.
        """
        with self._writing():
            record = self.image(image_id)
            file = self._files.for_writing(self._described(record))
        file.save_prediction(model_key, windows)

    def remove_prediction(self, image_id: str, model_key: str) -> None:
        """Forget what a model said of an image, or a reference; the annotation stays as it is."""
        with self._writing():
            file = self._file(image_id)
            if file is not None:
                file.remove_prediction(model_key)

    # ---- strokes that are being drawn

    def stroke_began(self, image_id: str) -> None:
        """Note that a stroke is being drawn, so that after a kill we can say that it was lost."""
        if self._holding.lock is not None:
            self._holding.lock.stroke_began(image_id, self.image(image_id).revision)

    def stroke_dropped(self) -> None:
        """The stroke being drawn was cancelled or changed nothing."""
        if self._holding.lock is not None:
            self._holding.lock.stroke_dropped()

    def stroke_saved(self, image_id: str, revision: int) -> None:
        """Note that a stroke has been saved as ``revision``."""
        if self._holding.lock is not None:
            self._holding.lock.stroke_saved(image_id, revision)

    # ---- within

    @contextmanager
    def _writing(self, image_id: str = "") -> Iterator[Lock]:
        """One writer at a time. The index catches up on every image but the one that is being drawn on."""
        with self._holding.writing() as lock:
            self._catch_up(image_id)
            yield lock

    def _catch_up(self, except_for: str = "") -> None:
        lag = self._images.catch_up(except_for)
        if self._holding.lock is not None:
            self._holding.lock.lagging(bool(lag))
        if lag and lag not in self.notices[-1:]:
            self.notices.append(lag)
