"""Copies of what people made, in the project's own ``backups``: of the mask files that changed, and of the index.

A mask file holds its whole journal, so the newest copy tells of every earlier state as well. The older ones are for the
day when the newest is damaged itself. A copy is made row by row, in short reads between which strokes can be saved; it
is checked to the last tile before it gets its name, and nothing older goes before that. What a model has predicted is
left out: it can be made again, and is large. What other people drew (references, gold) is kept.
"""

from __future__ import annotations

import math
import os
import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

from labeltool.core.atomic import make_folder, replacing
from labeltool.core.errors import CancelledError, GoneError, StoreError
from labeltool.core.progress import CancelToken
from labeltool.store import copying
from labeltool.store.database import DamagedError, RefusedError, explained
from labeltool.store.layout import BACKUPS, INDEX, MASKS, check_reachable, mask_path, mask_paths
from labeltool.store.mask_file import SUFFIX, MaskFile
from labeltool.store.predictions import REFERENCE
from labeltool.store.scope import is_of_one_image

NEWEST: Final = 2
"""Of each file so many copies are kept, and besides them the last one of an earlier day and of an earlier week."""
ROOM_SHARE: Final = 0.05
ROOM_BYTES: Final = 1 << 30
"""So much of the disk, whichever is less, is left free for strokes."""
FRESH_S: Final = 3.0
"""A file that was written so short a time ago may be written again within what its disk takes for the same moment."""

LEAVING_S: Final = 1.0
LEAVING_BYTES: Final = 16 << 20
"""Who closes a project waits no longer for backups, and for none of a larger file: to copy one of this size, and to
look at each tile of the copy, takes about half a second."""

_INDEX: Final = "project"
_NAME = re.compile(
    r"(?P<of>[^.]+)\.(?P<number>\d+)\.r(?P<revision>\d+)\.(?P<at>\d{8}T\d{6}Z)\.(?:ltm|db)", re.IGNORECASE
)
"""Some file systems give every name back in lower case."""
_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Backup:
    """A copy of the mask file of the image ``of``, or of the index.

    ``number`` counts the copies of one file and gives their order, never the time; ``at`` is when it was made.
    """

    path: Path
    of: str
    number: int
    revision: int
    at: datetime

    @classmethod
    def parse(cls, path: Path) -> Backup | None:
        """What a name says; None where it is no backup's."""
        found = _NAME.fullmatch(path.name)
        if found is None:
            return None
        with suppress(ValueError):
            at = datetime.strptime(found["at"], _TIME).replace(tzinfo=UTC)
            return cls(path, found["of"], int(found["number"]), int(found["revision"]), at)
        return None

    @property
    def when(self) -> str:
        """When it was made, for people: to the minute, in UTC."""
        return f"{self.at:%Y-%m-%d %H:%M} UTC"


@dataclass
class Kept:
    """What became of a look at what is due: files copied, those that were not because they are ``damaged`` or cannot be
    read (``unread``), and a ``problem`` for which no more were made (a full disk, a folder that cannot be written)."""

    made: list[Backup] = field(default_factory=list)
    damaged: list[StoreError] = field(default_factory=list)
    unread: list[StoreError] = field(default_factory=list)
    problem: StoreError | None = None

    @property
    def troubles(self) -> list[StoreError]:
        """All that was in the way."""
        return [*self.damaged, *self.unread, *([self.problem] if self.problem is not None else [])]


def of_image(root: Path, image_id: str) -> list[Backup]:
    """The copies of an image's mask file, the newest first."""
    folder = root / BACKUPS / MASKS / image_id[:2]
    return _newest_first(_parsed(folder.glob(f"{image_id}.*{SUFFIX}")))


def of_index(root: Path) -> list[Backup]:
    """The copies of the list of images, the newest first."""
    return _newest_first(_parsed((root / BACKUPS).glob(f"{_INDEX}.*.db")))


def of_all_images(root: Path) -> dict[str, list[Backup]]:
    """The copies of all mask files by image, the newest first."""
    found = _parsed((root / BACKUPS / MASKS).glob(f"*/*{SUFFIX}"))
    by_image = groupby(sorted(found, key=lambda each: each.of), lambda each: each.of)
    return {image_id: _newest_first(group) for image_id, group in by_image}


def keep(
    root: Path,
    image_ids: Iterable[str] | None = None,
    cancel: CancelToken | None = None,
    at_most_s: float = math.inf,
    *,
    index: bool = True,
) -> Kept:
    """Copy what has changed since its last copy: of some images or of all, and of the ``index``; nothing more is begun
    after ``at_most_s``. The project's lock is held.

    Never raises but CancelledError: a project without backups is worked on as well as one with them.
    """
    cancel, kept, began_s = cancel or CancelToken(), Kept(), time.monotonic()
    try:
        with explained(root / BACKUPS):
            with suppress(
                GoneError
            ):  # whoever saves says so; it is made when the project can be reached again
                check_reachable(root)
                make_folder(root / BACKUPS)
            known = of_all_images(root) if image_ids is None else {i: of_image(root, i) for i in image_ids}
            paths = mask_paths(root) if image_ids is None else (mask_path(root, i) for i in known)
            if index:
                _keep(kept, partial(_copy_index, root))
            for path in paths:
                cancel.check()
                if time.monotonic() - began_s >= at_most_s:
                    break
                copies = known.get(path.stem, [])
                _keep(
                    kept, partial(_copy_masks, root, path, copies, cancel), partial(_told, root, path, copies)
                )
    except StoreError as error:
        kept.problem = error
    return kept


def keep_on_leaving(root: Path, image_ids: Iterable[str]) -> None:
    """Copy what changed of these images for who closes a project, which must not take long: nothing is begun or gone on
    with after ``LEAVING_S``, nor any large file. What that leaves out is due when the project is opened again, and so
    is what has to be told. The project's lock is held. Never raises."""
    with suppress(CancelledError, OSError):
        sizes = {i: found.st_size for i in image_ids if (found := _status(mask_path(root, i))) is not None}
        small = [image_id for image_id, nbytes in sizes.items() if nbytes <= LEAVING_BYTES]
        keep(root, small, _Deadline(LEAVING_S), LEAVING_S, index=False)


class _Deadline(CancelToken):
    """Asks for the work to stop by itself."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._until_s = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() >= self._until_s:
            self.cancel()
        super().check()


def _keep(
    kept: Kept,
    copy: Callable[[], Backup | None],
    told: Callable[[DamagedError], DamagedError] = lambda error: error,
) -> None:
    """Some errors are about one file; whatever else fails would fail for the next one, too."""
    try:
        made = copy()
    except DamagedError as error:
        kept.damaged.append(told(error))
    except RefusedError as error:
        if not is_of_one_image(error):
            raise
        kept.unread.append(error)
    else:
        kept.made += [made] if made else []


class DamagedLabelsError(DamagedError):
    """The labels of ``image``, as people know it, are damaged, so that no backup of them was made."""

    def __init__(self, image: str, what: str, *, file: Path, hint: str) -> None:
        super().__init__(
            f"the labels are damaged, so no new backup of them was made: {what}", file=file, hint=hint
        )
        self.image = image

    def __str__(self) -> str:
        """The image first: nobody knows mask files by their names."""
        return f"{self.image} ({self.file}): {self.message}. {self.hint}" if self.image else super().__str__()


def _told(root: Path, path: Path, copies: Sequence[Backup], error: DamagedError) -> DamagedError:
    """The same error for people: which image, what holds still, and what to do."""
    from labeltool.store.known import image_name, known_images  # noqa: PLC0415 - only where something is damaged

    image = image_name(path, (known_images(root) or {}).get(path.stem))
    newest = next(iter(copies), None)
    kept = (
        f"The backup r{newest.revision} of {newest.when} is kept" if newest else "There is no earlier backup"
    )
    repair = f"close the project and call `labeltool fsck --repair {shlex.quote(str(root))}`"
    hint = f"{kept}. Open the image: “Restore the labels” is offered there if that can be; or {repair}"
    return DamagedLabelsError(image, error.message, file=path, hint=hint)


# ---- a mask file


def _copy_masks(root: Path, path: Path, known: Sequence[Backup], cancel: CancelToken) -> Backup | None:
    """A copy of a mask file; None where the newest one is as good, or where somebody is writing it just now."""
    with explained(path):
        status = _status(path)
        if status is None or (known and known[0].path.stat().st_mtime_ns == status.st_mtime_ns):
            return None
        if known and copying.same_state(path, known[0].path):
            _mark(known[0].path, status)
            return None
    _make_room(root, status.st_size)
    folder = root / BACKUPS / MASKS / path.stem[:2]
    with explained(folder):
        make_folder(folder)
        revision = MaskFile.open(path).revision()
        target = folder / _name(path.stem, known, revision, SUFFIX)
        try:
            with copying.noticing_writes(path) as written, replacing(target) as temporary:
                if not copying.copy_rows(path, temporary, wanted=_no_prediction, cancel=cancel):
                    raise _WrittenMeanwhile
                _check(path, temporary, written)
        except _WrittenMeanwhile:
            return None
        _mark(target, status)
    return _rotated(target, known)


def _check(path: Path, copy: Path, written: Callable[[], bool]) -> None:
    """Where they differ because a stroke was saved since the last row was copied, nothing is wrong."""
    try:
        copying.check_copy(path, copy)
    except StoreError as error:
        if isinstance(error, DamagedError) or not written():
            raise
        raise _WrittenMeanwhile from error


class _WrittenMeanwhile(Exception):  # noqa: N818 - nothing is wrong
    """Somebody saved a stroke while a copy was made: it is made another time."""


def _no_prediction(key: str) -> bool:
    return key.startswith(REFERENCE)


# ---- the index


def _copy_index(root: Path) -> Backup | None:
    path, known = root / INDEX, of_index(root)
    with explained(path):
        status = _status(path)
        if status is None or (known and known[0].path.stat().st_mtime_ns == status.st_mtime_ns):
            return None
        content = copying.index_content(path)
        if content[0] != "ok":
            raise DamagedError(
                f"the list of images is damaged: {content[0]}",
                file=path,
                hint="`labeltool fsck --repair` makes it again from the mask files",
            )
        if known and copying.content_or_none(known[0].path) == content:
            _mark(known[0].path, status)
            return None
    _make_room(root, status.st_size)
    target = root / BACKUPS / _name(_INDEX, known, 0, ".db")
    copying.copy_index(path, target)
    with explained(target):
        _mark(target, status)
    return _rotated(target, known)


# ---- which are kept


def surplus(copies: Sequence[Backup]) -> list[Backup]:
    """Of the copies of one file, the newest first, those that need not be kept. Of one revision the newest is enough:
    two of the same labels would leave no room for earlier ones."""
    if not copies:
        return []
    newest = copies[0].at
    earlier = [
        next((each for each in copies if each.at.date() != newest.date()), None),
        next((each for each in copies if each.at.isocalendar()[:2] != newest.isocalendar()[:2]), None),
    ]
    others = [
        each
        for number, each in enumerate(copies)
        if not each.revision or all(each.revision != newer.revision for newer in copies[:number])
    ]
    return [each for each in copies if each not in (*others[:NEWEST], *earlier)]


def _rotated(target: Path, known: Sequence[Backup]) -> Backup | None:
    """The copy that was made, once those are gone that it makes needless."""
    made = Backup.parse(target)
    if made is not None:
        for each in surplus([made, *known]):
            with explained(each.path):
                each.path.unlink(missing_ok=True)
    return made


def _make_room(root: Path, nbytes: int) -> None:
    """Where the disk is nearly full, copies that are not the newest of their file go, the oldest first; StoreError
    where that is not enough."""
    folder = root / BACKUPS
    if _fits(folder, nbytes):
        return
    groups = [*of_all_images(root).values(), of_index(root)]
    for each in sorted((copy for group in groups for copy in group[1:]), key=lambda copy: copy.at):
        with explained(each.path):
            each.path.unlink(missing_ok=True)
        if _fits(folder, nbytes):
            return
    raise StoreError(
        "no more backups are made: the disk is nearly full",
        file=folder,
        hint="Free some space; what is saved is safe, and the backups there are stay",
    )


def _fits(folder: Path, nbytes: int) -> bool:
    with explained(folder):
        usage = shutil.disk_usage(folder)
    return usage.free - nbytes >= min(ROOM_BYTES, usage.total * ROOM_SHARE)


# ---- names and times


def _name(of: str, known: Sequence[Backup], revision: int, suffix: str) -> str:
    number = known[0].number + 1 if known else 1
    return f"{of}.{number:06}.r{revision}.{datetime.now(UTC):{_TIME}}{suffix}"


def _parsed(paths: Iterable[Path]) -> list[Backup]:
    return [found for path in paths if (found := Backup.parse(path)) is not None]


def _newest_first(copies: Iterable[Backup]) -> list[Backup]:
    return sorted(copies, key=lambda each: each.number, reverse=True)


def _status(path: Path) -> os.stat_result | None:
    with suppress(FileNotFoundError):
        return path.stat()
    return None


def _mark(copy: Path, source: os.stat_result) -> None:
    """A copy bears the time of the file it was made of: while that is the same, nobody has to look inside. Not a time
    that is so fresh that the file may be written again within it."""
    if datetime.now(UTC).timestamp() - source.st_mtime >= FRESH_S:
        os.utime(copy, ns=(source.st_atime_ns, source.st_mtime_ns))
