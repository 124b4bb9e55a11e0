"""What makes a damaged mask file whole again.

Nothing is guessed. A tile comes back where pixels with its very hash are found: in the journal, or in a backup. A
file that cannot be read comes back from the newest backup that is whole, and it is said how many steps are missing
then. What cannot be had again is told; only who says so has a damaged tile emptied, as a step of the history. The
damaged file is kept in quarantine whatever is done.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from labeltool.core.atomic import TEMPORARY, make_folder, move, sync_file, sync_folder
from labeltool.core.errors import LabeltoolError
from labeltool.core.geometry import TileIndex
from labeltool.core.project import Status
from labeltool.core.words import counted
from labeltool.store import audit, backups, copying
from labeltool.store.account import account
from labeltool.store.backups import Backup
from labeltool.store.contents import placed
from labeltool.store.database import CANNOT_SAY, NewerError, connect, explained, transaction
from labeltool.store.deeds import Deed, fact, joined, passive
from labeltool.store.events import Entry
from labeltool.store.layout import keep_in_quarantine, mask_path, quarantine
from labeltool.store.mask_file import MaskFile
from labeltool.store.mending import Mending
from labeltool.store.records import Description
from labeltool.store.scope import is_there
from labeltool.store.settling import is_unfinished, journal_of, settle, structural, verdict
from labeltool.store.settling import owner as owner_of

Kind = Literal["unfinished", "journal", "mended", "backup", "afresh", "misplaced", "aside", "none"]

ACCEPT = "`labeltool fsck --repair --accept-loss`"
RESTORED = "restored"
"""The kind of event that a file brought back from a backup goes on with."""
AFRESH = "begun_afresh"
"""The kind of event that a new file in the place of one that nothing brings back begins with."""


@dataclass(frozen=True)
class Remedy:
    """What is wrong with a mask file, and what is done about it.

    ``kind`` says how: an ``unfinished`` save is taken back by SQLite; a ``journal`` that is not the file's is set
    aside; the file is ``mended`` from what is proven by hashes; a ``backup`` takes its place, or a new one, with which
    the labels begin ``afresh``; a ``misplaced`` one goes where it belongs; one that nobody knows is set ``aside``;
    there is ``none``. ``words`` says it, ``lost`` counts the steps that are newer than the backup, or all of them,
    ``emptied`` are the tiles that nothing brings back.
    """

    path: Path
    kind: Kind
    problems: tuple[str, ...]
    words: Deed
    backup: Backup | None = None
    lost: int = 0
    emptied: tuple[TileIndex, ...] = ()

    @property
    def what(self) -> str:
        """What is wrong, in one line."""
        more = len(self.problems) - 3
        return "; ".join(self.problems[:3]) + (f" and {more} more" if more > 0 else "")


def problems(path: Path) -> list[str]:
    """Everything that is wrong with a mask file, with nothing beside it; an error of ``CANNOT_SAY`` where nobody can
    say."""
    found: list[str] = []
    try:
        with explained(path), placed(path):
            file = MaskFile.open(path)
            found.extend(audit.problems(file))
            with file.reading() as contents:
                owner = contents.image_id
            described = file.description().image.id
    except CANNOT_SAY:
        raise
    except LabeltoolError as error:
        return [*dict.fromkeys((*found, error.message))]
    if {owner, described} != {owner_of(path)}:
        found.append(f"holds the mask of another image, {owner}")
    return [*dict.fromkeys(found)]


def find(
    root: Path, path: Path, target: Path, known: Description | None = None, *, accept_loss: bool = False
) -> Remedy | None:
    """What can be done about a mask file, None where nothing is wrong with it; a file that is to take its place is
    written at ``target``. The project is only read.

    ``known`` is what the index says of the image. With ``accept_loss`` what nothing brings back is let go of: single
    tiles, or all labels where no tile can be had. An error of ``CANNOT_SAY`` where the file belongs to a newer version,
    or it or a backup cannot be read now, as on a disk that fails: who restored older labels then would lose sound ones.
    """
    revision = known.image.revision if known is not None else 0
    if not is_there(path):
        return _of_gone(root, path, target, known, accept_loss)
    found: list[str] = []
    if is_unfinished(path):
        remedy, found = _of_journal(path)
        if remedy is not None:
            return remedy
    else:
        found = problems(path)
    if not found:
        return None
    revision = max(revision, _head(path))
    mended = _mended(root, path, target, known, found, accept_loss=accept_loss) or _misplaced(
        root, path, found
    )
    if mended is not None:
        return mended
    if not is_unfinished(path) and not structural(path):  # what is wrong is no reason to lose newer steps
        words = fact("nothing can be done about it here, so it stays as it is")
        return Remedy(path, "none", tuple(found), words)
    return _from_backup(root, path, target, known, revision, found, accept_loss=accept_loss)


def _head(path: Path) -> int:
    """The newest revision that a damaged file speaks of; 0 where it says nothing."""
    try:
        return MaskFile(path).revision()
    except LabeltoolError:
        return 0


def _of_gone(
    root: Path, path: Path, target: Path, known: Description | None, accept_loss: bool
) -> Remedy | None:
    revision = known.image.revision if known is not None else 0
    if not revision and not backups.of_image(root, path.stem):
        return None
    gone = f"the mask file is gone{f' (it was at r{revision})' if revision else ''}"
    return _from_backup(root, path, target, known, revision, [gone], accept_loss=accept_loss)


def _of_journal(path: Path) -> tuple[Remedy | None, list[str]]:
    """A journal lies beside the file: what is done about it, or what is wrong where neither way leaves a whole file."""
    name = journal_of(path).name
    found, wrong = verdict(path)
    if found == "own":
        words = Deed(
            "the last saved state is back, what was half written is gone",
            "the last saved state would come back, and what was half written would go",
        )
        return Remedy(path, "unfinished", ("saving was interrupted",), words), []
    beside = f"beside it lies {name}, which does not belong to it: applied, it would leave this: {wrong}"
    if found == "foreign":
        words = Deed(
            "the file is whole without it",
            "the file is whole without it; the journal would go to quarantine",
        )
        return Remedy(path, "journal", (beside,), words), []
    return None, [beside]


# ---- mending


def _mended(
    root: Path, path: Path, target: Path, known: Description | None, found: list[str], *, accept_loss: bool
) -> Remedy | None:
    """The file's own rows in a new file, each held against its hash; None where that does not make it whole."""
    donors = [each.path for each in backups.of_image(root, path.stem)]
    try:
        if is_unfinished(path) or not copying.copy_rows(path, target, to_mend=True):
            return None
        with connect(target, write=True) as db, transaction(db):
            mending = Mending.of(path, db, donors, known)
            mending.run()
            emptied = mending.lost_tiles
            if emptied and accept_loss:
                mending.empty(emptied)
        if not emptied or accept_loss:
            MaskFile(target, write=True).recount()
    except CANNOT_SAY:
        raise
    except LabeltoolError:
        return None
    if emptied and not accept_loss:
        return Remedy(
            path,
            "none",
            tuple(found),
            fact(
                f"{_named(emptied)} cannot be restored: neither the journal nor a backup has the pixels that were "
                f"saved. {ACCEPT} would empty what cannot be restored, as a step of the history"
            ),
            emptied=tuple(emptied),
        )
    if problems_of_copy(target, path):
        return None
    words = joined(mending.deeds or [passive("its rows", "written anew", 2)])
    return Remedy(path, "mended", tuple(found), words, emptied=tuple(emptied))


def problems_of_copy(copy: Path, path: Path) -> list[str]:
    """What is wrong with a file that is to take the place of ``path``."""
    return [each for each in problems(copy) if not each.startswith("holds the mask")] or _owner(copy, path)


def _owner(copy: Path, path: Path) -> list[str]:
    with MaskFile(copy).reading() as contents:
        return [] if contents.image_id == path.stem else [f"holds the mask of {contents.image_id}"]


def _named(tiles: list[TileIndex]) -> str:
    places = ", ".join(f"row {index.row}, column {index.col}" for index in tiles[:3])
    return f"{counted(len(tiles), 'damaged tile')} ({places}{', ...' if len(tiles) > 3 else ''})"


# ---- replacing


def _misplaced(root: Path, path: Path, found: list[str]) -> Remedy | None:
    """A sound file under another image's name, whose own place is free."""
    try:
        with MaskFile(path).reading() as contents:
            owner = contents.image_id
    except CANNOT_SAY:
        raise
    except LabeltoolError:
        return None
    goal = mask_path(root, owner)
    alone = len(found) == 1 and owner != path.stem
    if not alone or goal.exists() or backups.of_image(root, path.stem):
        return None
    return Remedy(path, "misplaced", tuple(found), passive("it", f"moved to its own place, {goal}"))


def _from_backup(
    root: Path,
    path: Path,
    target: Path,
    known: Description | None,
    revision: int,
    found: list[str],
    *,
    accept_loss: bool = False,
) -> Remedy:
    """The newest backup that is whole; else nothing, or a file to begin afresh with."""
    for backup in backups.of_image(root, path.stem):
        if problems(backup.path):
            continue
        shutil.copyfile(backup.path, target)
        lost = max(0, revision - backup.revision)
        _describe(target, backup, known, lost)
        return Remedy(path, "backup", tuple(found), _of_backup(backup, revision, lost), backup, lost)
    if path.exists() and known is None:
        why = "no image of the project is known by this name"
        words = Deed(f"{why}, so it was set aside", f"{why}, so it would be set aside")
        return Remedy(path, "aside", tuple(found), words)
    if known is not None and accept_loss:
        return _afresh(path, target, known, revision, found)
    return Remedy(path, "none", tuple(found), fact(_no_way(path, known, revision)))


def _no_way(path: Path, known: Description | None, revision: int) -> str:
    stays = ", so it stays as it is" if path.exists() else ""
    words = f"there is no backup of it that is whole{stays}"
    if known is None:
        return words
    return f"{words}. {ACCEPT} would let its labels begin afresh, without {_all_of_it(revision)}"


def _all_of_it(revision: int) -> str:
    steps = f"the {counted(revision, 'step')} that led to r{revision}" if revision else "whatever was drawn"
    return f"{steps}, comments, decisions and layers"


def _afresh(path: Path, target: Path, known: Description, revision: int, found: list[str]) -> Remedy:
    """A file without labels for an image whose own nobody can read."""
    target.unlink(missing_ok=True)
    image = replace(known.image, status=Status.NEW, revision=0)
    file = MaskFile.create(target, replace(known, image=image))
    file.add_event(Entry.now(AFRESH, {"lost": revision}, account()))
    lost = _all_of_it(revision)
    words = Deed(
        f"its labels begin afresh; {lost} are lost", f"its labels would begin afresh; {lost} would be lost"
    )
    return Remedy(path, "afresh", tuple(found), words, lost=revision)


def instead(root: Path, found: Remedy, target: Path, known: Description | None) -> Remedy:
    """The newest whole backup in the place of another remedy: for who would rather lose steps than a tile."""
    target.unlink(missing_ok=True)
    head = max(known.image.revision if known else 0, _head(found.path))
    return _from_backup(root, found.path, target, known, head, list(found.problems))


def problems_of_backup(backup: Backup) -> str:
    """What is wrong with a backup, in words; empty where it is whole. RefusedError or DiskFullError where nobody can
    say now."""
    try:
        return next(iter(problems(backup.path)), "")
    except NewerError:
        return ""


def _of_backup(backup: Backup, revision: int, lost: int) -> Deed:
    what, where = f"r{backup.revision} of {backup.when}", f"from the backup {backup.path.name}"
    came = Deed(f"{what} came back {where}", f"{what} would come back {where}")
    if lost:
        after = f"{counted(lost, 'step')} that came after it"
        since = Deed(f"{after} {'is' if lost == 1 else 'are'} lost", f"{after} would be lost")
    else:
        since = fact("it is the newest state" if revision else "nobody knows whether steps came after it")
    return joined([came, since])


def _describe(target: Path, backup: Backup, known: Description | None, lost: int) -> None:
    """The backup is older than the index, which knows better where the image is and what it is used for."""
    file = MaskFile(target, write=True)
    description = file.description()
    if known is not None:
        image = replace(known.image, status=description.image.status, revision=description.image.revision)
        file.describe(replace(known, image=image))
    about = {"backup": backup.path.name, "revision": backup.revision, "lost": lost}
    file.add_event(Entry.now(RESTORED, about, account()))


# ---- doing it


def apply(root: Path, remedy: Remedy, target: Path) -> str:
    """Do what a remedy says, and say where the damaged file is kept. The project's lock is held.

    At every moment there is either the old file or the whole new one; a kill in between leaves work for another time.
    """
    path, journal = remedy.path, journal_of(remedy.path)
    with explained(path):
        if remedy.kind == "unfinished":
            settle(path)
        elif remedy.kind == "journal":
            return f"it is kept as {quarantine(root, journal)}"
        elif remedy.kind == "aside":
            return f"it is kept as {quarantine(root, path)}"
        elif remedy.kind == "misplaced":
            with MaskFile(path).reading() as contents:
                goal = mask_path(root, contents.image_id)
            make_folder(goal.parent)
            move(path, goal)
            sync_folder(goal.parent)
        elif remedy.kind in ("mended", "backup", "afresh"):
            return _replace(root, path, target)
    return ""


def _replace(root: Path, path: Path, target: Path) -> str:
    kept = keep_in_quarantine(root, path) if path.exists() else None
    make_folder(path.parent)
    if journal_of(path).exists():
        quarantine(root, journal_of(path))
    sync_file(target)
    move(target, path)
    sync_folder(path.parent)
    return f"the damaged file is kept as {kept}" if kept else ""


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A place for a file that may take the place of another; what is left there is removed."""
    target = path.with_name(f".{path.name}.repair{TEMPORARY}")
    try:
        with explained(path):
            make_folder(path.parent)
            target.unlink(missing_ok=True)
        yield target
    finally:
        with suppress(PermissionError):  # where nobody may write nothing has come to be
            for each in (target, journal_of(target)):
                each.unlink(missing_ok=True)


@contextmanager
def elsewhere(path: Path) -> Iterator[Path]:
    """The same for who only asks what could be done: nothing is written into the project."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / path.name
