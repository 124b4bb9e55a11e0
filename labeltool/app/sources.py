"""Whether the file of an image is the one that was added: labels are never drawn on another one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from labeltool.core import atomic
from labeltool.core.digest import file_hash
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord
from labeltool.imaging.budget import fits_whole

CACHE = Path("cache") / "sources.json"
"""Below a project: which large files were read to their end, and what they were like then."""


class Problem(StrEnum):
    """What is wrong with the file of an image."""

    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"


_HINT = "The labels are safe in the project"
_WORDS = {
    Problem.MISSING: "the image is not there any more. Put it back, or add it again from where it is now",
    Problem.CHANGED: "the image has changed since it was added. "
    "Put the old file back, or add the new one under another name",
}


class SourceError(BadInputError):
    """The file of an image is not the one that was added, or is not there: nothing is shown or drawn on it."""

    def __init__(self, record: ImageRecord, problem: Problem, why: str = "") -> None:
        super().__init__(
            _WORDS.get(problem, f"the image cannot be read: {why}"), file=record.path, hint=_HINT
        )
        self.record, self.problem = record, problem


def check(record: ImageRecord) -> bool:
    """SourceError when the file is not the one that was added. False where it is so large that it was only looked at
    from outside: reading it to its end takes longer than to show it (:meth:`Known.check`)."""
    if fits_whole(record.size):
        _compare(record, None)
        return True
    if _length(record) != record.file_bytes:
        raise SourceError(record, Problem.CHANGED)
    return False


def lost(records: Iterable[ImageRecord]) -> list[ImageRecord]:
    """The images whose file is not there, or is another one by its length, or belongs to an image that was added after
    it; no file is read."""
    records = list(records)
    newest = {(record.path, record.page): record.id for record in records}
    return [r for r in records if newest[r.path, r.page] != r.id or not _looks_right(r)]


def replaced(records: Iterable[ImageRecord]) -> list[ImageRecord]:
    """The images in whose place, by its length, another file lies now; no file is read."""
    return [record for record in records if _is_longer_or_shorter(record)]


def _is_longer_or_shorter(record: ImageRecord) -> bool:
    try:
        return _length(record) != record.file_bytes
    except SourceError:
        return False


def _looks_right(record: ImageRecord) -> bool:
    try:
        return _length(record) == record.file_bytes
    except SourceError:
        return False


def _length(record: ImageRecord) -> int:
    try:
        return record.path.stat().st_size
    except FileNotFoundError as error:
        raise SourceError(record, Problem.MISSING) from error
    except (OSError, ValueError) as error:  # a name that no file can have
        raise SourceError(record, Problem.UNREADABLE, getattr(error, "strerror", "") or str(error)) from error


def _compare(record: ImageRecord, cancel: CancelToken | None) -> None:
    """Read the file to its end."""
    try:
        same = _length(record) == record.file_bytes and file_hash(record.path, cancel) == record.sha256
    except OSError as error:
        raise SourceError(record, Problem.UNREADABLE, error.strerror or str(error)) from error
    if not same:
        raise SourceError(record, Problem.CHANGED)


class Known:
    """Large files that were read to their end once: while length and time of change stay, they are not read again.

    Kept below the project where that may be written, else for as long as this lives. Any thread may ask.
    """

    def __init__(self, root: Path, *, write: bool) -> None:
        self._path, self._write = root / CACHE, write
        self._mutex = threading.Lock()
        self._found: dict[str, list[object]] | None = None

    def check(self, record: ImageRecord, cancel: CancelToken | None = None) -> None:
        """SourceError when the file is not the one that was added, which may take reading all of it."""
        stamp = self._stamp(record)
        with self._mutex:
            if self._entries().get(str(record.path)) == [*stamp, record.sha256]:
                return
        _compare(record, cancel)
        if self._stamp(record) == stamp:  # nobody wrote it while it was read
            self._remember(record, stamp)

    def _stamp(self, record: ImageRecord) -> tuple[int, int]:
        try:
            status = record.path.stat()
        except OSError:
            _length(record)
            raise
        return status.st_size, status.st_mtime_ns

    def _entries(self) -> dict[str, list[object]]:
        if self._found is None:
            try:
                found = json.loads(self._path.read_text(encoding="utf-8"))
                self._found = found if isinstance(found, dict) else {}
            except (OSError, ValueError):  # there is none, or it is damaged: the files are read again
                self._found = {}
        return self._found

    def _remember(self, record: ImageRecord, stamp: tuple[int, int]) -> None:
        with self._mutex:
            entries = self._entries()
            entries[str(record.path)] = [*stamp, record.sha256]
            if not self._write:
                return
            try:
                self._path.parent.mkdir(exist_ok=True)
                atomic.write_bytes(self._path, json.dumps(entries, sort_keys=True).encode())
            except (OSError, LabeltoolError):
                return  # a note that saves time; the next time the file is read again
