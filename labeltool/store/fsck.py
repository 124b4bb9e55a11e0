"""Checking a project: everything that was promised, held against what is on disk. Changes nothing, and says of what is
damaged what a repair would do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labeltool.core.errors import StoreError
from labeltool.core.project import ImageRecord
from labeltool.store import backups, remedy, trash, trash_care
from labeltool.store.database import CANNOT_SAY, RefusedError, UnfinishedError, explained
from labeltool.store.index import Index
from labeltool.store.known import image_name, known_images, known_removed, worked_on
from labeltool.store.layout import BACKUPS, INDEX, MASKS, TRASH, leftovers, mask_path, mask_paths
from labeltool.store.mask_file import SUFFIX, MaskFile
from labeltool.store.migration import too_new
from labeltool.store.records import Description
from labeltool.store.remedy import Remedy
from labeltool.store.repair import index_problem, named, rebuild_index, was_project
from labeltool.store.settling import is_unfinished, rolled_back, verdict

__all__ = ["Finding", "check", "rebuild_index"]

REPAIR = "`labeltool fsck --repair`"
_AGAIN = f"{REPAIR}, or opening the project for writing, would make it again from the mask files"
_ASIDE = f"{REPAIR} would set it aside"
_ON_OPENING = "It is put right when the project is opened"


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be. A notice needs nothing done; an error may mean lost work. ``image`` is
    whose labels the file holds, as people know it; empty where it holds no image's."""

    file: Path
    what: str
    severity: Literal["error", "notice"]
    hint: str = ""
    image: str = ""

    def __str__(self) -> str:
        where = named(self.image, self.file)
        return f"{self.severity}: {where}: {self.what}{'. ' + self.hint if self.hint else ''}"


def check(root: Path) -> list[Finding]:
    """Everything that is wrong with a project nobody is writing; StoreError where there is none."""
    root = root.absolute()
    if not was_project(root):
        raise StoreError("there is no project here", file=root)
    findings = [_leftover(path) for path in leftovers(root)]
    listed = _Listed.read(root)
    described: dict[str, Description] = {}
    for path in mask_paths(root):
        findings += _check_masks(root, path, listed, described)
    for path in _unlisted(root, listed):
        findings += _of_remedy(root, path, listed)
    findings += [*_removed(root), *_closed(root)]
    return [*findings, *listed.findings, *_compared(root, listed, described), *_beside(root, listed)]


@dataclass
class _Listed:
    """What the index says; ``known`` is None where it cannot be read."""

    known: Mapping[str, Description] | None
    findings: list[Finding]

    @classmethod
    def read(cls, root: Path) -> _Listed:
        path = root / INDEX
        if not path.is_file():
            return cls(None, [Finding(path, "the list of images is missing", "error", _AGAIN)])
        try:
            return cls._unfinished(path) if is_unfinished(path) else cls._of(path)
        except CANNOT_SAY as error:
            return cls(None, [Finding(path, error.message, "error", error.hint or "")])

    @classmethod
    def _unfinished(cls, path: Path) -> _Listed:
        found, wrong = verdict(path, (index_problem,))
        if found != "own":
            what = (
                f"beside it lies a journal that does not belong to it: applied, it would leave this: {wrong}"
            )
            return cls(cls._of(path).known, [Finding(path, what, "error", _ASIDE)])
        put_right = "It is put right when the project is opened"
        with rolled_back(path) as copy:
            listed = cls._of(copy)
        return cls(listed.known, [Finding(path, "saving was interrupted", "notice", put_right)])

    @classmethod
    def _of(cls, path: Path) -> _Listed:
        index = Index(path, write=False)
        try:
            name, (catalog, version) = index.name(), index.catalog()
            records = index.records()
            wrong = index_problem(path)
        except UnfinishedError:
            return cls(None, [])
        except CANNOT_SAY:
            raise
        except StoreError as error:
            return cls(None, [Finding(path, error.message, "error", _AGAIN)])
        known = {i: Description(record, name, catalog, version) for i, record in records.items()}
        findings = [Finding(path, wrong, "error", _AGAIN)] if wrong else []
        newer = too_new(path.parent)
        if newer:
            hint = "It can be looked at; install the newer version to change it"
            findings.append(Finding(path, newer, "notice", hint))
        return cls(known, findings)


def _leftover(path: Path) -> Finding:
    return Finding(path, "is left from an interrupted save", "notice", _ASIDE)


def _check_masks(
    root: Path, path: Path, listed: _Listed, described: dict[str, Description]
) -> Iterator[Finding]:
    """What is wrong with a mask file; one that is whole, or will be once it is opened, is described."""
    yield from _of_remedy(root, path, listed)
    try:
        with rolled_back(path) if is_unfinished(path) else nullcontext(path) as settled:
            description = MaskFile.open(settled).description()
    except (StoreError, OSError):
        return
    if description.image.id == path.stem:
        described[path.stem] = description


def _of_remedy(root: Path, path: Path, listed: _Listed) -> Iterator[Finding]:
    known = None if listed.known is None else listed.known.get(path.stem)
    image = image_name(path, known)
    with remedy.elsewhere(path) as target:
        try:
            found = remedy.find(root, path, target, known)
        except CANNOT_SAY as error:  # of the file, or of a backup that would be needed
            yield Finding(Path(error.file or path), error.message, "error", error.hint or "", image)
            return
    if found is None:
        return
    if found.kind == "unfinished":
        yield Finding(path, found.what, "notice", _ON_OPENING, image)
        return
    for problem in found.problems:
        yield Finding(path, problem, "error", _hint(found), image)


def _hint(found: Remedy) -> str:
    if found.kind == "none":
        return found.words.would[:1].upper() + found.words.would[1:]
    return f"{REPAIR}: {found.words.would}"


def _unlisted(root: Path, listed: _Listed) -> list[Path]:
    """Where a mask file should be and none was found: it is gone, or its folder may not be looked into."""
    try:
        known = listed.known if listed.known is not None else known_images(root)
    except RefusedError:  # which has been told of the list
        known = None
    return sorted(worked_on(root, known).difference(mask_paths(root)))


def _removed(root: Path) -> Iterator[Finding]:
    """What is wrong in the trash."""
    try:
        removed = _Listed(known_removed(root), [])
    except RefusedError:  # which has been told of the list
        removed = _Listed(None, [])
    for path in trash_care.mask_files(root):
        yield from _of_remedy(root, path, removed)
    for image_id in trash.all_ids(root):
        found = trash_care.tombstone(root, image_id)
        if found is not None:
            image = image_name(trash.kept_path(root, image_id), (removed.known or {}).get(image_id))
            yield Finding(found.path, found.what, "error", _hint(found), image)


def _closed(root: Path) -> Iterator[Finding]:
    """Folders that nobody may look into: which files they hold is not known."""
    masks, copies = root / MASKS, root / BACKUPS / MASKS
    below = [folder for above in (masks, copies) for folder in (above, *sorted(above.glob("*")))]
    for folder in (*below, root / BACKUPS, root / TRASH):
        try:
            with explained(folder), suppress(FileNotFoundError, NotADirectoryError):
                next(folder.iterdir(), None)
        except StoreError as error:
            yield Finding(folder, error.message, "error", error.hint or "")


def _compared(root: Path, listed: _Listed, described: dict[str, Description]) -> Iterator[Finding]:
    for image_id, description in described.items() if listed.known is not None else ():
        path, name = mask_path(root, image_id), description.image.name
        known = (listed.known or {}).get(image_id)
        if known is None and trash.tombstone_path(root, image_id).exists():
            yield Finding(path, "its return from the trash was cut off", "notice", _ON_OPENING, name)
        elif known is None:
            yield Finding(path, "is not in the list of images", "error", f"{REPAIR} would add it", name)
        elif known.image != description.image:
            lag, hint = _lag(known.image, description.image), "It catches up with the next change"
            yield Finding(path, lag, "notice", hint, name)


def _lag(listed: ImageRecord, image: ImageRecord) -> str:
    return f"the list of images lags behind (it says r{listed.revision}, the file r{image.revision})"


def _beside(root: Path, listed: _Listed) -> Iterator[Finding]:
    """Journals without a file, and backups that would be of no use."""
    for journal in sorted((root / MASKS).glob(f"*/*{SUFFIX}-journal")):
        if not journal.with_name(journal.name.removesuffix("-journal")).exists():
            yield Finding(journal, "the mask file of this journal is gone", "error", _ASIDE)
    for image_id, copies in backups.of_all_images(root).items():
        for each in copies:
            try:
                wrong = remedy.problems_of_backup(each)
            except CANNOT_SAY as error:
                yield Finding(each.path, error.message, "error", error.hint or "")
                continue
            if wrong:
                name = image_name(mask_path(root, image_id), (listed.known or {}).get(image_id))
                yield Finding(each.path, f"this backup is damaged: {wrong}", "notice", _ASIDE, name)
    for each in backups.of_index(root):
        try:
            wrong = index_problem(each.path)
        except CANNOT_SAY as error:
            yield Finding(each.path, error.message, "error", error.hint or "")
            continue
        if wrong:
            yield Finding(each.path, f"this backup is damaged: {wrong}", "notice", _ASIDE)
