"""The images of an open project: the index, kept in memory, which may be ahead of the file for a while."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from labeltool.core.errors import StoreError
from labeltool.core.project import ImageRecord

if TYPE_CHECKING:  # SQLAlchemy takes a tenth of a second to import: only opening a project pays for it
    from labeltool.store.index import Index


LAGS = "the list of images lags behind"


class ImageList:
    """Images by id. Any thread may read; whoever writes holds the project's lock."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._mutex = threading.RLock()
        self._behind: set[str] = set()
        self._unsure: set[str] = set()
        """Images that could not be added, or so it was said: whoever tries again gives them other ids."""
        self.lag = ""
        """What kept the index from catching up when that was tried last; empty where it did."""
        self.reload()

    def reload(self) -> None:
        """Read what is on disk."""
        records = self._index.records()
        with self._mutex:
            self._records = records
            self._ids: dict[tuple[str, str], str] | None = None

    def all(self) -> list[ImageRecord]:
        """All images, in the order in which they were added."""
        with self._mutex:
            return list(self._records.values())

    def get(self, image_id: str) -> ImageRecord | None:
        """One image."""
        return self._records.get(image_id)

    def find(self, path: Path, page: str = "") -> ImageRecord | None:
        """The image of a file, or of a page of it."""
        with self._mutex:
            if self._ids is None:
                self._ids = {(str(r.path), r.page): r.id for r in self._records.values()}
            return self._records.get(self._ids.get((str(path), page), ""))

    def is_on_disk(self, image_id: str) -> bool:
        """Whether the index lists an image as well; False where that cannot be read."""
        with suppress(StoreError):
            return image_id in self._index.records()
        return False

    def add(self, records: Iterable[ImageRecord]) -> None:
        """Add images, all or none."""
        new = list(records)
        unsure = self._unsure - self._records.keys()
        self._unsure = unsure | ({record.id for record in new} - self._records.keys())
        self._index.add(new, instead_of=unsure)
        self._unsure = set()
        with self._mutex:
            self._records.update((record.id, record) for record in new)
            if self._ids is not None:
                self._ids.update(((str(r.path), r.page), r.id) for r in new)

    def update(self, record: ImageRecord) -> None:
        """Write an image that is there already."""
        self._index.update(record)
        with self._mutex:
            self._records[record.id] = record
            self._behind.discard(record.id)
            self._ids = None

    def remove(self, ids: list[str]) -> None:
        """Take images off the list."""
        self._index.remove(ids)
        with self._mutex:
            for image_id in ids:
                self._records.pop(image_id, None)
            self._behind.difference_update(ids)
            self._ids = None

    def remember(self, record: ImageRecord) -> None:
        """Take note of what the mask file says already; the index on disk may catch up later."""
        with self._mutex:
            self._records[record.id] = record
            self._behind.add(record.id)

    def reached(self, image_id: str, revision: int) -> None:
        """The image's mask file turned out to be at ``revision``; a reader may be late, so it only goes up, and the
        image may have been removed."""
        with self._mutex:
            record = self._records.get(image_id)
            if record is not None and record.revision < revision:
                self.remember(replace(record, revision=revision))

    def catch_up(self, except_for: str = "") -> str:
        """Write to the index what it lacks, and say what is in the way, or nothing. A failure costs nothing: the mask
        files know, and it is tried again, then with the image ``except_for``, too."""
        with self._mutex:
            behind = [self._records[i] for i in self._behind if self.lag or i != except_for]
        for record in behind:
            try:
                self._index.update(record)
            except StoreError as error:
                self.lag = f"{LAGS}: {error}"
                return self.lag
            with self._mutex:
                if self._records.get(record.id) == record:  # else there is news of it already
                    self._behind.discard(record.id)
        self.lag = ""
        return ""
