"""What an open project can be asked: its images, its classes, and what was made of each image."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from labeltool.core.catalog import ClassCatalog
from labeltool.core.errors import StoreError
from labeltool.core.mask import LabelMask
from labeltool.core.patch import Patch, Place, TileDelta
from labeltool.core.project import ImageRecord
from labeltool.store import trash
from labeltool.store.database import explained
from labeltool.store.events import Event
from labeltool.store.history import History, JournalEntry
from labeltool.store.holding import NO_ROOM
from labeltool.store.layout import mask_path
from labeltool.store.mask_file import MaskFile
from labeltool.store.predictions import GOLD, REFERENCE, PredictionPlanes
from labeltool.store.records import Description
from labeltool.store.trash import Removed

if TYPE_CHECKING:  # SQLAlchemy takes a tenth of a second to import: only opening a project pays for it
    from labeltool.store.opening import Opened
    from labeltool.store.repair import Offer

_NOBODY = "nobody has labelled this image"


class ProjectReader:
    """An open project as any thread may read it, while one thread writes it or nobody does.

    ``recovery`` says what a killed session left, ``notices`` what else was put right while opening. Every call raises
    StoreError when the disk fails.
    """

    def __init__(self, opened: Opened) -> None:
        self.root, self.name = opened.root, opened.name
        self.recovery, self.notices = opened.recovery, opened.notices
        self.followed = False
        """True where somebody looks all the time what others do: then nobody else waits for the disk to list images."""
        self._holding, self._files = opened.holding, opened.files
        self._index, self._images = opened.index, opened.images
        self._catalog, self._catalog_version = opened.catalog, opened.catalog_version

    # ---- images and classes

    @property
    def catalog(self) -> ClassCatalog:
        """The classes."""
        return self._catalog

    @property
    def catalog_version(self) -> int:
        """How often the classes were changed, and one: what an export or a mask file says of which list it knew."""
        return self._catalog_version

    def reread_catalog(self) -> bool:
        """Look whether somebody else has changed the classes; True where they have."""
        before = self._catalog_version
        self._catalog, self._catalog_version = self._index.catalog()
        return self._catalog_version != before

    def images(self) -> list[ImageRecord]:
        """All images, in the order in which they were added."""
        if self._holding.lock is None and not self.followed:
            self._images.reload()  # somebody else may be adding
        return self._images.all()

    def reread_images(self) -> list[ImageRecord]:
        """The same as it is on the disk now, where somebody else may be adding."""
        self._images.reload()
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

    def description(self, image_id: str) -> Description:
        """What is known of an image and of its project, without a look at the disk."""
        return self._described(self.image(image_id))

    @property
    def touched(self) -> frozenset[str]:
        """The images whose mask files this session has opened for writing, changed or not."""
        return frozenset(self._files.met)

    def removed_images(self) -> list[Removed]:
        """What lies in the trash, in the order of names."""
        with explained(self.root):
            return trash.removed(self.root)

    def unread_removed(self) -> list[StoreError]:
        """Why there is more in the trash than :meth:`removed_images` tells, one error an image."""
        with explained(self.root):
            return trash.unread(self.root)

    @property
    def read_only_reason(self) -> str:
        """Why the project can only be read; empty where it can be written."""
        return self._holding.reason

    @property
    def no_room(self) -> bool:
        """True where the project can only be read because its full disk had no room for the lock."""
        return self._holding.reason == NO_ROOM

    @property
    def lag(self) -> str:
        """That the list of images on disk lags behind, and why; empty where it does not."""
        return self._images.lag

    def recheck(self) -> None:
        """See that the project can be reached and is still ours, as after the computer has slept.

        StoreError says what is not so. Where somebody has taken it over (LockLostError) it can only be read then.
        """
        self._holding.recheck()

    # ---- the annotation of an image

    def load_mask(self, image_id: str, *, inflated: bool = False) -> LabelMask:
        """The mask of an image; StoreError, never an empty mask, where it is damaged or gone. With ``inflated`` its
        tiles are arrays, else they stay deflated until they are read."""
        record = self.image(image_id)
        file = self._files.existing(record)
        if file is None:
            return LabelMask(record.size, self._catalog.unlabelled_value)
        self._images.reached(image_id, file.revision())
        return file.load(inflated=inflated)

    def snapshot(self, image_id: str, revision: int, *, inflated: bool = False) -> LabelMask:
        """The mask as a revision left it, whoever goes on drawing; as quick as :meth:`load_mask` while that is the
        newest. StoreError where there is no such revision."""
        mask = self.load_mask(image_id, inflated=inflated)
        file = self._file(image_id)
        # Revisions only grow: what is the newest after the mask was read was so when it was.
        newest = 0 if file is None else file.revision()
        return mask if newest == revision else self.mask_at(image_id, revision)

    def mask_at(self, image_id: str, revision: int) -> LabelMask:
        """The mask of an image as a revision left it, empty at 0; StoreError where there is no such revision."""
        record = self.image(image_id)
        file = self._files.existing(record)
        if file is not None:
            return file.mask_at(revision)
        if revision:
            raise StoreError(_NOBODY, file=record.path)
        return LabelMask(record.size, self._catalog.unlabelled_value)

    def between(self, image_id: str, start: int, end: int) -> dict[Place, TileDelta]:
        """The tiles in which two revisions of a mask differ, as ``start`` left them and as ``end`` did.

        Revision 0 is the empty mask. Either may be the older; StoreError where there is no such revision.
        """
        file = self._file(image_id)
        if file is not None:
            return file.between(start, end)
        if start or end:
            raise StoreError(_NOBODY, file=self.image(image_id).path)
        return {}

    def root_hash(self, image_id: str) -> str:
        """A hash of the image's mask: equal for equal pixels, however they came about. Empty where nobody worked."""
        file = self._file(image_id)
        return "" if file is None else file.root_hash()

    def root_hash_at(self, image_id: str, revision: int) -> str:
        """The same of the mask as a revision left it."""
        file = self._file(image_id)
        return "" if file is None else file.root_hash_at(revision)

    def class_pixels(self, image_id: str) -> dict[int, int]:
        """Pixels of each class value that somebody has set."""
        file = self._file(image_id)
        return {} if file is None else file.class_pixels()

    def history(self, image_id: str) -> History:
        """What can be undone and redone."""
        file = self._file(image_id)
        if file is None:
            return History([], [], 0)
        history = file.history()
        self._images.reached(image_id, history.revision)
        return history

    def journal(self, image_id: str) -> list[JournalEntry]:
        """All operations on an image, oldest first, with who and when."""
        file = self._file(image_id)
        return [] if file is None else file.journal()

    def patch(self, image_id: str, revision: int) -> Patch:
        """The patch that led to a revision, read from the journal."""
        file = self._file(image_id)
        if file is None:
            raise StoreError(f"there is no operation r{revision}", file=mask_path(self.root, image_id))
        return file.patch(revision)

    # ---- what lies beside it

    def events(self, image_id: str, kinds: Container[str] | None = None) -> list[Event]:
        """What people did to an image, of some kinds or all, oldest first; empty where nobody did anything."""
        file = self._file(image_id)
        return [] if file is None else file.events(kinds)

    def prediction(self, image_id: str, model_key: str) -> PredictionPlanes | None:
        """What a model said of an image, or None."""
        file = self._file(image_id)
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
        file = self._file(image_id)
        return [] if file is None else file.prediction_keys()

    def prediction_planes(self, image_id: str, model_key: str) -> set[str]:
        """The planes (label, confidence and doubts) that are kept of a model's prediction and hold anything."""
        file = self._file(image_id)
        return set() if file is None else file.prediction_planes(model_key)

    def states(self, image_id: str, model_key: str) -> tuple[int, str]:
        """The revision of an image's annotation, and which answer of a model is kept beside it, by number and time and
        empty where none is: what was worked out of both holds while these are the same."""
        file = self._file(image_id)
        return (0, "") if file is None else file.states(model_key)

    # ---- damage

    def offers(self, image_id: str) -> list[Offer]:
        """What can be done about the damaged mask file of an image, the best first; empty where nothing can."""
        from labeltool.store.repair import offers  # noqa: PLC0415

        return offers(self.root, self.description(image_id))

    # ---- within

    def _described(self, record: ImageRecord) -> Description:
        return Description(record, self.name, self._catalog, self._catalog_version)

    def _file(self, image_id: str) -> MaskFile | None:
        """The mask file of an image, or None where nobody has worked on it."""
        return self._files.existing(self.image(image_id))
