"""Whether the file of an image is the one that was added: labels are never drawn on another one."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from labeltool.core import atomic
from labeltool.core.digest import file_hash
from labeltool.core.errors import BadInputError, LabeltoolError
from labeltool.core.progress import CancelToken
from labeltool.core.project import ImageRecord
from labeltool.imaging.budget import fits_whole
from labeltool.store.layout import check_reachable

CACHE = Path("cache") / "sources.json"
"""Below a project: which files were read to their end, and what they were like then."""
ADDED = "added"
"""Of a note: that the file was read when it was added, and not since."""
MOST_BYTES = 128 << 20
"""So much of images is read for a line about a project."""

Stamp = tuple[int, int]
"""Length in bytes and time of the last change in nanoseconds."""


def stamp_of(path: Path) -> Stamp:
    """What a file is like from outside; OSError where nobody may look, ValueError for a name that no file can have."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


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


@dataclass
class Compared:
    """What became of comparing files of the right length with those that were added: ``changed`` ones are others now;
    ``unsure`` ones were written since, and nobody has read them."""

    changed: list[ImageRecord] = field(default_factory=list)
    unsure: list[ImageRecord] = field(default_factory=list)


def compared(
    store_root: Path,
    records: Iterable[ImageRecord],
    *,
    at_most_s: float,
    cancel: CancelToken | None = None,
) -> Compared:
    """Hold the files of images against what was added. What has the length and the time of change that were noted is
    the same, and is not read. Of the others those are read that were written last, in ``at_most_s`` and, where that is
    not infinite, no more than :data:`MOST_BYTES`; nothing is written."""
    found, known = Compared(), Known(store_root, write=False)
    bytes_left, until_s = MOST_BYTES if at_most_s < math.inf else math.inf, time.monotonic() + at_most_s
    digests: dict[Path, str] = {}
    for record, is_noted in known.doubtful(records):
        size = 0 if record.path in digests else record.file_bytes
        try:
            if size > bytes_left or (size and time.monotonic() >= until_s):
                found.unsure += [record] if is_noted else []
                continue
            digest = digests.get(record.path) or file_hash(record.path, cancel)
        except OSError:  # it is told when it is opened
            continue
        bytes_left -= size
        digests[record.path] = digest
        if digest != record.sha256:
            found.changed.append(record)
    return found


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
    """Files that were read to their end once: while length and time of change stay, large ones are not read again.

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
            self.note([(record, stamp)])

    def doubtful(self, records: Iterable[ImageRecord]) -> list[tuple[ImageRecord, bool]]:
        """The images whose files have the right length and may yet be others: those that were written since they were
        noted (True), and then those that never were; what was written last comes first. No file is read."""
        found: list[tuple[bool, int, ImageRecord]] = []
        for record in records:
            try:
                stamp = stamp_of(record.path)
            except (OSError, ValueError):  # it is missing, which is told elsewhere
                continue
            noted = self._entries().get(str(record.path))
            is_noted = noted is not None and noted[2:3] == [record.sha256]
            if stamp[0] == record.file_bytes and (noted or [])[:3] != [*stamp, record.sha256]:
                found.append((is_noted, stamp[1], record))
        found.sort(key=lambda each: each[:2], reverse=True)
        return [(record, is_noted) for is_noted, _, record in found]

    def note(self, read: Iterable[tuple[ImageRecord, Stamp]], *how: str) -> None:
        """These files were read to their end just now, and were like that before. With :data:`ADDED` they are read once
        more before they are shown, as somebody may replace a file and leave its time as it was."""
        with self._mutex:
            new = {str(record.path): [*stamp, record.sha256, *how] for record, stamp in read}
            if new:
                self._found = {**self._entries(), **self._on_disk(), **new}  # others write there, too
                self._keep()

    def _stamp(self, record: ImageRecord) -> Stamp:
        try:
            return stamp_of(record.path)
        except OSError:
            _length(record)
            raise

    def _entries(self) -> dict[str, list[object]]:
        if self._found is None:
            self._found = self._on_disk()
        return self._found

    def _on_disk(self) -> dict[str, list[object]]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (
            OSError,
            ValueError,
            RecursionError,
        ):  # there is none, or it is damaged: the files are read again
            return {}
        lists = found.items() if isinstance(found, dict) else ()
        return {path: note for path, note in lists if isinstance(note, list)}

    def _keep(self) -> None:
        if not self._write:
            return
        try:
            check_reachable(self._path.parents[1])
            self._path.parent.mkdir(exist_ok=True)
            atomic.write_bytes(self._path, json.dumps(self._entries(), sort_keys=True).encode())
        except (OSError, LabeltoolError):
            return  # a note that saves time; the next time the file is read again
