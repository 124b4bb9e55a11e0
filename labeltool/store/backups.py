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
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

from labeltool.core.atomic import make_folder, replacing, sync_file
from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.progress import CancelToken
from labeltool.store import audit
from labeltool.store.contents import SCHEMA, Contents, placed
from labeltool.store.database import DamagedError, connect, explained, refuse_strange, snapshot
from labeltool.store.layout import BACKUPS, INDEX, MASKS, mask_path, mask_paths
from labeltool.store.mask_file import SUFFIX, MaskFile
from labeltool.store.predictions import DIGEST, REFERENCE

NEWEST: Final = 2
"""Of each file so many copies are kept, and besides them the last one of an earlier day and of an earlier week."""
_LAST_ROW: Final = 2**63 - 1
ROWS: Final = 256
"""Rows that are copied at a time: a stroke waits for no more than that."""
ROOM_SHARE: Final = 0.05
ROOM_BYTES: Final = 1 << 30
"""So much of the disk, whichever is less, is left free for strokes."""
FRESH_S: Final = 3.0
"""A file that was written so short a time ago may be written again within what its disk takes for the same moment."""

_INDEX: Final = "project"
_NAME = re.compile(r"(?P<of>[^.]+)\.(?P<number>\d+)\.r(?P<revision>\d+)\.(?P<at>\d{8}T\d{6}Z)\.(?:ltm|db)")
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
    """What became of a look at what is due: files copied, the damaged ones that were not, and a ``problem`` for which
    no more were made (a full disk, a folder that cannot be written)."""

    made: list[Backup] = field(default_factory=list)
    damaged: list[StoreError] = field(default_factory=list)
    problem: StoreError | None = None


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
            make_folder(root / BACKUPS)
            known = of_all_images(root) if image_ids is None else {i: of_image(root, i) for i in image_ids}
            paths = mask_paths(root) if image_ids is None else (mask_path(root, i) for i in known)
            if index:
                _keep(kept, partial(_copy_index, root))
            for path in paths:
                cancel.check()
                if time.monotonic() - began_s >= at_most_s:
                    break
                _keep(kept, partial(_copy_masks, root, path, known.get(path.stem, []), cancel))
    except StoreError as error:
        kept.problem = error
    return kept


def _keep(kept: Kept, copy: Callable[[], Backup | None]) -> None:
    """Damage is about one file; whatever else fails would fail for the next one, too."""
    try:
        made = copy()
    except DamagedError as error:
        kept.damaged.append(error)
    else:
        kept.made += [made] if made else []


# ---- a mask file


def _copy_masks(root: Path, path: Path, known: Sequence[Backup], cancel: CancelToken) -> Backup | None:
    """A copy of a mask file; None where the newest one is as good, or where somebody is writing it just now."""
    with explained(path):
        status = _status(path)
        if status is None or (known and known[0].path.stat().st_mtime_ns == status.st_mtime_ns):
            return None
        if known and _same(path, known[0].path):
            _mark(known[0].path, status)
            return None
    _make_room(root, status.st_size)
    folder = root / BACKUPS / MASKS / path.stem[:2]
    with explained(folder):
        make_folder(folder)
        revision = MaskFile.open(path).revision()
        target = folder / _name(path.stem, known, revision, SUFFIX)
        try:
            with replacing(target) as temporary:
                if not copy_rows(path, temporary, wanted=_no_prediction, cancel=cancel):
                    raise _WrittenMeanwhile
                _check(path, temporary)
        except _WrittenMeanwhile:
            return None
        _mark(target, status)
    return _rotated(target, known)


class _WrittenMeanwhile(Exception):  # noqa: N818 - nothing is wrong
    """Somebody saved a stroke while a copy was made: it is made another time."""


def _no_prediction(key: str) -> bool:
    return key.startswith(REFERENCE)


def copy_rows(
    source: Path,
    target: Path,
    *,
    wanted: Callable[[str], bool] = lambda _: True,
    cancel: CancelToken | None = None,
) -> bool:
    """Write what a mask file holds into a new file, in the order of its tables; of predictions those that are
    ``wanted`` by their key. False, and half a file, where somebody has written to the source meanwhile.

    StoreError where a table cannot be read. Strokes can be saved between one piece and the next.
    """
    target.unlink(missing_ok=True)
    with _rows_of(source, target) as db:
        version = _version(db)
        for statement in SCHEMA:
            db.execute(statement)
        tables = {name for (name,) in db.execute("SELECT name FROM src.sqlite_master WHERE type='table'")}
        keys = db.execute("SELECT number, model_key FROM src.predictions").fetchall()
        numbers = ",".join(str(int(number)) for number, key in keys if wanted(key))
        of_others = {f"{DIGEST}{key}" for _, key in keys if not wanted(key)}
        rows = [row for row in db.execute("SELECT key, value FROM src.meta") if row[0] not in of_others]
        db.executemany("INSERT INTO main.meta VALUES(?, ?)", rows)
        for table in ("operations", "events", "predictions", "tiles", "changes", "prediction_tiles"):
            only = f" AND number IN ({numbers})" if table.startswith("prediction") else ""
            if table in tables and not _copy_table(db, table, only, version, cancel or CancelToken()):
                return False
        db.execute("DELETE FROM main.sqlite_sequence")
        db.execute("INSERT INTO main.sqlite_sequence SELECT * FROM src.sqlite_sequence")
        return _version(db) == version


@contextmanager
def _rows_of(source: Path, target: Path) -> Iterator[sqlite3.Connection]:
    """A new file with another one attached as ``src``; errors are the other's."""
    with explained(source):
        address = f"{target.absolute().as_uri()}?mode=rwc"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as db:
            # Nobody reads it before it is whole, and it is synced then.
            for pragma in ("trusted_schema=OFF", "journal_mode=OFF", "synchronous=OFF", "busy_timeout=10000"):
                db.execute(f"PRAGMA {pragma}")
            db.execute("ATTACH ? AS src", (f"{source.absolute().as_uri()}?mode=ro",))
            refuse_strange(db, source, "src")
            yield db


def _version(db: sqlite3.Connection) -> int:
    """A number that is another one once somebody else has written to the source."""
    db.execute("SELECT COUNT(*) FROM src.sqlite_master").fetchone()
    return int(db.execute("PRAGMA src.data_version").fetchone()[0])


def _copy_table(db: sqlite3.Connection, table: str, only: str, version: int, cancel: CancelToken) -> bool:
    following = f"SELECT MIN(rowid) FROM src.{table} WHERE rowid>?"  # noqa: S608 - a name of ours
    low = -_LAST_ROW
    while (first := db.execute(following, (low,)).fetchone()[0]) is not None:  # a damaged one may be 2**62
        cancel.check()
        if _version(db) != version:
            return False
        low = min(first + ROWS, _LAST_ROW)
        db.execute(
            f"INSERT INTO main.{table} SELECT * FROM src.{table} WHERE rowid>=? AND rowid<=?{only}",  # noqa: S608
            (first, low),
        )
    return True


def _check(source: Path, copy: Path) -> None:
    """The copy says what the source says, and every tile of it is the one that was saved; DamagedError names the
    source."""
    with connect(copy, write=False) as db, snapshot(db), placed(source):
        contents = Contents.of(source, db)
        wrong = next(audit.structure(contents), None) or next(audit.damaged_tiles(contents), None)
    if wrong:
        raise DamagedError(
            f"no backup was made, as the file is damaged: {wrong}",
            file=source,
            hint="`labeltool fsck --repair` restores what can be restored; earlier backups are kept",
        )
    if not _same(source, copy):
        raise StoreError("the copy is not equal to the file", file=copy)


def _same(source: Path, copy: Path) -> bool:
    """Whether a copy holds the newest state: all but predictions, which are left out; False where it is damaged."""
    try:
        return _state(source) == _state(copy)
    except LabeltoolError:
        return False


def _state(path: Path) -> tuple[object, ...]:
    with connect(path, write=False) as db, snapshot(db):
        contents = Contents.of(path, db)
        has_events = db.execute("SELECT 1 FROM sqlite_master WHERE name='events'").fetchone()
        events = (
            db.execute("SELECT COUNT(*), MAX(number) FROM events").fetchone() if has_events else (0, None)
        )
        rows = db.execute("SELECT key, value FROM meta ORDER BY key").fetchall()
        of_models = [
            row[0] for row in rows if row[0].startswith(DIGEST) and not row[0].startswith(DIGEST + REFERENCE)
        ]
        meta = [row for row in rows if row[0] not in of_models]
        operations = db.execute("SELECT COUNT(*), MAX(revision) FROM operations").fetchone()
        changes = db.execute("SELECT COUNT(*) FROM changes").fetchone()
        others = "SELECT number, model_key, at_utc FROM predictions WHERE model_key LIKE ? ORDER BY number"
        references = db.execute(others, (f"{REFERENCE}%",)).fetchall()
        return contents.root_hash(), meta, operations, changes, events, references


# ---- the index


def copy_index(path: Path, target: Path) -> None:
    """A copy of an index, whole or not at all: looked at once it is on the disk. StoreError where it differs."""
    with explained(target):
        make_folder(target.parent)
        with replacing(target) as temporary:
            with connect(path, write=False) as source, closing(sqlite3.connect(temporary)) as copy:
                source.backup(copy)
            sync_file(temporary)
            if _content_or_none(temporary) != index_content(path):
                raise StoreError(
                    "the copy of the old list of images is not equal to it, so nothing was changed",
                    file=target,
                )


def index_content(path: Path) -> tuple[str, list[list[tuple[object, ...]]]]:
    """What an index holds, and whether SQLite finds it sound."""
    with connect(path, write=False) as db:
        sound = str(db.execute("PRAGMA integrity_check").fetchone()[0])
        tables = ("project", "catalogs", "images")
        return sound, [db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]  # noqa: S608


def _copy_index(root: Path) -> Backup | None:
    path, known = root / INDEX, of_index(root)
    with explained(path):
        status = _status(path)
        if status is None or (known and known[0].path.stat().st_mtime_ns == status.st_mtime_ns):
            return None
        content = index_content(path)
        if content[0] != "ok":
            raise DamagedError(
                f"the list of images is damaged: {content[0]}",
                file=path,
                hint="`labeltool fsck --repair` makes it again from the mask files",
            )
        if known and _content_or_none(known[0].path) == content:
            _mark(known[0].path, status)
            return None
    _make_room(root, status.st_size)
    target = root / BACKUPS / _name(_INDEX, known, 0, ".db")
    copy_index(path, target)
    with explained(target):
        _mark(target, status)
    return _rotated(target, known)


def _content_or_none(path: Path) -> object:
    try:
        return index_content(path)
    except StoreError:
        return None


# ---- which are kept


def surplus(copies: Sequence[Backup]) -> list[Backup]:
    """Of the copies of one file, the newest first, those that need not be kept."""
    if not copies:
        return []
    newest = copies[0].at
    earlier = [
        next((each for each in copies if each.at.date() != newest.date()), None),
        next((each for each in copies if each.at.isocalendar()[:2] != newest.isocalendar()[:2]), None),
    ]
    return [each for each in copies[NEWEST:] if each not in earlier]


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
