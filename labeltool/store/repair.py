"""Putting a damaged project right. Nothing is deleted: what is replaced goes to the project's quarantine.

Each step leaves the project either as it was or put right, so that a kill in between leaves work for another time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labeltool.core.errors import LabeltoolError, StoreError
from labeltool.core.geometry import TileIndex
from labeltool.core.project import ImageRecord
from labeltool.store import backups, remedy, trash, trash_care
from labeltool.store.backups import Backup
from labeltool.store.database import (
    CANNOT_SAY,
    DamagedError,
    NewerError,
    UnfinishedError,
    broken_pages,
    connect,
    explained,
)
from labeltool.store.deeds import fact
from labeltool.store.index import Index
from labeltool.store.known import image_name, known_images, known_removed, worked_on
from labeltool.store.layout import (
    INDEX,
    LOCK,
    MASKS,
    is_project,
    leftovers,
    mask_path,
    mask_paths,
    quarantine,
)
from labeltool.store.lock import Lock
from labeltool.store.mask_file import SUFFIX, MaskFile
from labeltool.store.migration import too_new
from labeltool.store.rebuild import rebuild
from labeltool.store.records import Description
from labeltool.store.remedy import Remedy
from labeltool.store.scope import is_of_one_image
from labeltool.store.settling import is_unfinished, journal_of, take_back, verdict

AGAIN = 3
"""A file may need one remedy after the other: first its journal, then its tiles."""


def named(image: str, file: Path) -> str:
    """A file of a project in words: the image first, where it is one's."""
    return f"{image} ({file})" if image else str(file)


@dataclass(frozen=True)
class Step:
    """What was wrong with a file, and what was done about it; ``mended`` is False where nothing could be done.
    ``image`` is whose labels the file holds, as people know it; empty where it holds no image's."""

    file: Path
    what: str
    done: str
    mended: bool = True
    image: str = ""

    def __str__(self) -> str:
        where = named(self.image, self.file)
        return f"{'repaired' if self.mended else 'not repaired'}: {where}: {self.what}: {self.done}"


def repair(
    root: Path, *, accept_loss: bool = False, also: Callable[[Path], Iterator[Step]] | None = None
) -> list[Step]:
    """Put right what can be put right and say so, step by step; StoreError where there is no project, where somebody
    is writing it, or where it may not be written or belongs to a newer version.

    ``accept_loss`` goes on without what nothing brings back: a damaged tile is emptied, as a step of the history, and
    where nothing of a mask file can be read, nor of a backup, the labels of its image begin afresh.
    ``also`` repairs what lies beside the masks, while nobody else may write.
    """
    root = root.absolute()
    if not was_project(root):
        raise StoreError("there is no project here", file=root)
    with writing(root):
        steps = [*_leftovers(root), *_masks(root, accept_loss), *_removed(root, accept_loss)]
        steps += [*_index(root), *_backups(root)]
        return [*steps, *(also(root) if also is not None else ())]


def was_project(root: Path) -> bool:
    """True where there is a project, or the backups of one of which nothing else is left."""
    return is_project(root) or bool(backups.of_index(root) or backups.of_all_images(root))


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Hold the project's lock for putting it right; StoreError says in words why it cannot be had."""
    newer = too_new(root)
    if newer:
        hint = "Install the newer version to repair it; nothing was changed"
        raise NewerError(newer, file=root, hint=hint)
    if not os.access(root, os.W_OK):
        raise StoreError(
            "the project cannot be changed: its folder may only be read",
            file=root,
            hint="Ask for permission to write it, or copy the project to where you may",
        )
    with explained(root):
        lock = Lock.acquire(root / LOCK)
    try:
        yield
    finally:
        lock.release()


def rebuild_index(root: Path) -> list[str]:
    """Make project.db again and say what was done; the old one goes to quarantine. Errors as :func:`repair`."""
    root = root.absolute()
    with writing(root):
        return rebuild(root)


@dataclass(frozen=True)
class Offer:
    """What somebody may have done about one damaged mask file.

    ``mend`` loses nothing. ``backup`` brings back that one, without the ``lost`` steps that came after it. ``empty``
    goes on without ``tiles`` that nothing brings back.
    """

    how: Literal["mend", "backup", "empty"]
    backup: Backup | None = None
    lost: int = 0
    tiles: tuple[TileIndex, ...] = ()


def offers(root: Path, known: Description) -> list[Offer]:
    """What can be done about the mask file of an image, the best first; the project is only read. RefusedError where
    the disk does not let anybody say so."""
    path = mask_path(root, known.image.id)
    with remedy.elsewhere(path) as target:
        try:
            found = remedy.find(root, path, target, known)
        except NewerError:
            return []
        if found is None or found.kind in ("unfinished", "journal", "mended"):
            return [Offer("mend")]
        backup = remedy.instead(root, found, target, known)
    can = [Offer("backup", backup.backup, backup.lost)] if backup.backup is not None else []
    return [*([Offer("empty", tiles=found.emptied)] if found.emptied else []), *can]


def repair_image(root: Path, known: Description, offer: Offer) -> Step | None:
    """Do what was offered, for whoever holds the project's lock; None where nothing is wrong any more."""
    path = mask_path(root, known.image.id)
    how = {"accept_loss": offer.how == "empty", "from_backup": offer.how == "backup"}
    return _mask(root, path, known, **how)


def begin_afresh(root: Path, known: Description) -> Step | None:
    """Keep a mask file in quarantine that nothing makes whole, and let the labels of its image begin afresh, for
    whoever holds the project's lock. None where nothing is wrong any more; StoreError where labels can be restored."""
    path = mask_path(root, known.image.id)
    if offers(root, known):
        raise StoreError(
            f"the labels of {known.image.name} can be restored, so they do not begin afresh",
            file=path,
            hint="Restore them; the damaged file is kept in quarantine then",
        )
    return _mask(root, path, known, accept_loss=True)


def _leftovers(root: Path) -> Iterator[Step]:
    for path in [*leftovers(root)]:
        with explained(path):
            yield Step(path, "is left from an interrupted save", f"it is kept as {quarantine(root, path)}")


# ---- mask files


def _masks(root: Path, accept_loss: bool) -> Iterator[Step]:
    known = known_images(root)
    paths = {*mask_paths(root), *worked_on(root, known)}
    yield from _each(root, sorted(paths), known or {}, accept_loss)
    yield from _orphans(root)


def _removed(root: Path, accept_loss: bool) -> Iterator[Step]:
    """The trash: mask files first, for tombstones are made again from them."""
    known = known_removed(root)
    yield from _each(root, trash_care.mask_files(root), known, accept_loss)
    for image_id in trash.all_ids(root):
        found = trash_care.tombstone(root, image_id, accept_loss=accept_loss)
        if found is not None:
            image = image_name(trash.kept_path(root, image_id), known.get(image_id))
            kept = trash_care.apply(root, image_id, found)
            done = "; ".join(filter(None, (found.words.done, kept)))
            yield Step(found.path, found.what, done, mended=found.kind != "none", image=image)


def _each(
    root: Path, paths: Iterable[Path], known: Mapping[str, Description], accept_loss: bool
) -> Iterator[Step]:
    for path in paths:
        about = known.get(path.stem)
        try:
            step = _mask(root, path, about, accept_loss=accept_loss)
        except StoreError as error:
            if not is_of_one_image(error):
                raise
            step = _unread(path, error, image_name(path, about))
        if step is not None:
            yield step


def _mask(
    root: Path, path: Path, known: Description | None, *, accept_loss: bool, from_backup: bool = False
) -> Step | None:
    """One remedy after the other, until the file is whole or nothing helps."""
    what, done, image = list[str](), list[str](), image_name(path, known)
    for _ in range(AGAIN):
        with remedy.beside(path) as target:
            found = _found(root, path, target, known, accept_loss=accept_loss, from_backup=from_backup)
            if found is None:
                break
            what.append(found.what)
            done.append(found.words.done)
            if found.kind == "none":
                return Step(path, "; ".join(what), "; ".join(done), mended=False, image=image)
            kept = remedy.apply(root, found, target)
            done += [kept] if kept else []
            if found.kind in ("aside", "misplaced"):
                break
    return Step(path, "; ".join(what), "; ".join(done), image=image) if what else None


def _found(
    root: Path, path: Path, target: Path, known: Description | None, *, accept_loss: bool, from_backup: bool
) -> Remedy | None:
    try:
        found = remedy.find(root, path, target, known, accept_loss=accept_loss)
        return remedy.instead(root, found, target, known) if found and from_backup else found
    except CANNOT_SAY as error:
        return Remedy(path, "none", (error.message,), fact(error.hint or ""))


def _orphans(root: Path) -> Iterator[Step]:
    """Journals whose mask file is gone, which SQLite would apply to a new one."""
    for journal in sorted((root / MASKS).glob(f"*/*{SUFFIX}-journal")):
        if not journal.with_name(journal.name.removesuffix("-journal")).exists():
            what = "the mask file of this journal is gone"
            with explained(journal):
                yield Step(journal, what, f"it is kept as {quarantine(root, journal)}")


# ---- the index


def _index(root: Path) -> Iterator[Step]:
    path = root / INDEX
    index = Index(path, write=True)
    try:
        if is_unfinished(path):
            yield from _journal_of_index(root)
        if not path.is_file():
            raise DamagedError("the list of images is missing", file=path)
        if index_problem(path):
            raise DamagedError(index_problem(path), file=path)
        index.name()
        index.catalog()
        records = index.records()
    except DamagedError as error:
        yield Step(path, error.message, "; ".join(rebuild(root)))
        return
    except CANNOT_SAY as error:
        yield _unread(path, error)
        return
    yield from _reconciled(root, index, records)


def index_problem(path: Path) -> str:
    """What SQLite finds wrong with an index; empty where it is sound. An error of ``CANNOT_SAY`` where nobody can
    say."""
    try:
        with connect(path, write=False) as db:
            found = broken_pages(db, path, 1)
            return f"the list of images is damaged: {found[0]}" if found else ""
    except (UnfinishedError, *CANNOT_SAY):
        raise
    except StoreError as error:
        return error.message


def _journal_of_index(root: Path) -> Iterator[Step]:
    path = root / INDEX
    found, wrong = (
        verdict(path, (index_problem,)) if path.is_file() else ("foreign", "there is no list of images")
    )
    if found == "own":
        take_back(path)
        yield Step(
            path, "saving was interrupted", "the last saved state is back, what was half written is gone"
        )
    else:
        with explained(path):
            kept = quarantine(root, journal_of(path))
        what = f"beside it lies a journal that does not belong to it: applied, it would leave this: {wrong}"
        yield Step(path, what, f"it is kept as {kept}")


def _reconciled(root: Path, index: Index, records: dict[str, ImageRecord]) -> Iterator[Step]:
    """The mask files know best what is so."""
    for path in mask_paths(root):
        try:
            image = MaskFile.open(path).description().image
        except LabeltoolError:
            continue
        if image.id != path.stem or records.get(image.id) == image:
            continue
        if image.id in records:
            index.update(image)
            what, done = "the list of images did not say the same", f"it says r{image.revision} now"
        else:
            index.add([image])
            what, done = "was not in the list of images", "it was added"
        yield Step(path, what, done, image=image.name)


def _unread(path: Path, error: StoreError, image: str = "") -> Step:
    """A file that could not be looked at, or not be written: the others go on."""
    return Step(path, error.message, error.hint or "it stays as it is", mended=False, image=image)


# ---- backups


def _backups(root: Path) -> Iterator[Step]:
    """One that is damaged would be in the way of those that are not."""
    known = known_images(root) or {}
    for image_id, copies in backups.of_all_images(root).items():
        for each in copies:
            try:
                found = remedy.problems_of_backup(each)
            except CANNOT_SAY as error:
                yield _unread(each.path, error)
                continue
            if found:
                image = image_name(mask_path(root, image_id), known.get(image_id))
                with explained(each.path):
                    kept = quarantine(root, each.path)
                yield Step(
                    each.path, f"this backup is damaged: {found}", f"it is kept as {kept}", image=image
                )
    for each in backups.of_index(root):
        try:
            found = index_problem(each.path)
        except CANNOT_SAY as error:
            yield _unread(each.path, error)
            continue
        if found:
            with explained(each.path):
                yield Step(
                    each.path, "this backup is damaged", f"it is kept as {quarantine(root, each.path)}"
                )
