"""The mask files of an open project, by image."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Lock

from labeltool.core.project import ImageRecord
from labeltool.store.database import DamagedError, explained
from labeltool.store.holding import Holding
from labeltool.store.layout import check_reachable, mask_path, quarantine
from labeltool.store.mask_file import MaskFile
from labeltool.store.parting import part
from labeltool.store.records import Description
from labeltool.store.scope import is_there
from labeltool.store.settling import is_left, is_unfinished, is_whole_alone, journal_of, settle


class MaskFiles:
    """Finds, makes and settles them. ``met`` are the images whose files were opened for writing: journals beside those
    are this session's own."""

    def __init__(self, root: Path, holding: Holding) -> None:
        self.root, self.met = root, set[str]()
        self._holding = holding
        self._meeting: dict[str, Lock] = {}
        """One thread at a time looks what lies beside the file of an image, or puts an equal one in its place: another
        one may be writing it by then."""

    def existing(self, record: ImageRecord) -> MaskFile | None:
        """The mask file of an image, or None where there never was one; DamagedError where it is gone, GoneError
        where the whole project is."""
        writes = self._holding.lock is not None
        file = MaskFile(mask_path(self.root, record.id), write=writes)
        if is_there(file.path):  # of a folder that may not be read nobody knows what is in it
            if writes and (record.id not in self.met or self._follows_another_computer):
                with self._one_at_a_time(record.id):
                    self._meet(file.path)
            return file
        if record.revision:
            with explained(self.root):
                check_reachable(self.root)
            raise DamagedError(
                f"the mask file of {record.name} is gone (it was at r{record.revision})",
                file=file.path,
                hint="Connect the drive it is on; or `labeltool fsck --repair` restores the newest backup",
            )
        return None

    def meet(self, record: ImageRecord) -> None:
        """Before somebody else opens the mask file of an image, where there is one."""
        if is_there(mask_path(self.root, record.id)):
            self.existing(record)

    def for_writing(self, description: Description) -> MaskFile:
        """The mask file of an image, made where there is none; the project is held."""
        file = self.existing(description.image)
        if file is None:
            self.met.add(description.image.id)
            file = MaskFile.create(mask_path(self.root, description.image.id), description)
        return file

    def settle(self, path: Path) -> None:
        """Take back what was cut off while a file was written; StoreError where nobody can say what that is."""
        with self._one_at_a_time(path.stem):
            self._part(path)
            settle(path)
            self.met.add(path.stem)

    def _one_at_a_time(self, image_id: str) -> Lock:
        return self._meeting.setdefault(image_id, Lock())

    def _meet(self, path: Path) -> None:
        """Before a file is opened: SQLite would apply any journal that lies there, whosever it is."""
        if path.stem in self.met:
            if self._follows_another_computer:
                self._meet_again(path)
            return
        self._part(path)
        if is_unfinished(path):
            settle(path)
        self.met.add(path.stem)

    def _meet_again(self, path: Path) -> None:
        """The computer from which the project was taken over may wake and leave a journal at any time. What the file is
        whole without takes back nothing of ours, and SQLite must not apply it. One of a thread that is writing is."""
        if is_unfinished(path) and is_left(path) and is_whole_alone(path) and is_left(path):
            with suppress(FileNotFoundError):  # it was only just ended
                quarantine(self.root, journal_of(path))

    def _part(self, path: Path) -> None:
        """A computer from which the project was taken over may have been in the midst of writing."""
        if self._follows_another_computer and path.stem not in self.met:
            part(path)

    @property
    def _follows_another_computer(self) -> bool:
        lock = self._holding.lock
        return lock is not None and lock.stale is not None and lock.stale.is_elsewhere
