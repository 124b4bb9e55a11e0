"""Where the files of a project lie."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from labeltool.core.atomic import TEMPORARY, make_folder, move, replacing, sync_folder
from labeltool.core.errors import GoneError, StoreError
from labeltool.store.mask_file import SUFFIX

INDEX = "project.db"
LOCK = "lock"
MASKS = "masks"
QUARANTINE = "quarantine"
TRASH = "trash"
BACKUPS = "backups"
FOLDERS = (MASKS, BACKUPS, QUARANTINE, "models")
LOCKLESS = ("models", "runs", "loop", "cache", BACKUPS)
"""Folders in which processes write that do not hold the project's lock."""
_SQLITE_PATH = 511
_LONGEST_INSIDE = 120
"""Bytes; a backup of a mask file has the longest name, with a journal or a temporary name put to it."""
AT_WORK_S = 24 * 3600.0
"""Who has written nothing for so long is not at work any more."""


def too_long(root: Path) -> bool:
    """Whether SQLite could not open what lies in a project there: on most systems it ends at 512 bytes."""
    return os.name == "posix" and len(os.fsencode(root)) + _LONGEST_INSIDE > _SQLITE_PATH


def mask_path(root: Path, image_id: str) -> Path:
    """The mask file of an image."""
    return root / MASKS / image_id[:2] / f"{image_id}{SUFFIX}"


def mask_paths(root: Path) -> Iterator[Path]:
    """All mask files, in the order of their names."""
    yield from sorted((root / MASKS).glob(f"*/*{SUFFIX}"))


def leftovers(root: Path) -> Iterator[Path]:
    """Files and folders that were being written when a process died; nothing in them was ever reported as saved.

    What processes write that do not hold the project's lock is one of them after a day.
    """
    locked = (".", f"{MASKS}/*", TRASH, QUARANTINE, f"{BACKUPS}/{MASKS}/*")
    for folder in locked:
        yield from sorted(root.glob(f"{folder}/.*{TEMPORARY}*"))
    yield from abandoned(root)


def abandoned(root: Path) -> Iterator[Path]:
    """Those of :func:`leftovers` that processes without the project's lock have left. A few folders are looked at."""
    young = time.time() - AT_WORK_S
    for folder in LOCKLESS:
        for path in sorted((root / folder).glob(f".*{TEMPORARY}*")):
            if all(each.lstat().st_mtime < young for each in (path, *path.rglob("*"))):
                yield path


def unsettled(root: Path) -> Iterator[Path]:
    """Mask files that were being written when a process died: a journal beside them says what is to be taken back."""
    for journal in sorted((root / MASKS).glob(f"*/*{SUFFIX}-journal")):
        path = journal.with_name(journal.name.removesuffix("-journal"))
        if path.exists():
            yield path


def remove(leftover: Path) -> None:
    """Delete a leftover; OSError where that cannot be."""
    if leftover.is_dir() and not leftover.is_symlink():
        shutil.rmtree(leftover)
    else:
        leftover.unlink()


def is_project(root: Path) -> bool:
    """True when somebody has worked here, with or without an index; OSError where nobody may look."""
    return (root / INDEX).is_file() or any((root / MASKS).glob(f"*/*{SUFFIX}"))


def seems_project(path: Path) -> bool:
    """The same where it is only about what to show or to try: False, too, where nobody may look."""
    try:
        return is_project(path)
    except OSError:
        return False


def check_reachable(root: Path) -> None:
    """GoneError where the drive of an open project is away: an empty folder may be left there, in which nothing is
    begun anew. What lay in it would be in the way of the drive when it comes back. OSError where nobody may look."""
    if not (root / INDEX).is_file():
        raise GoneError(
            "the project's folder cannot be reached",
            file=root,
            hint="Connect the drive or the network share again: saving goes on by itself",
        )


def touch(path: Path) -> None:
    """Ask the drive of a project, or of anything else, for something that no system knows by heart. Never raises, but
    may take for ever. It is not the index: where a file is closed SQLite's locks on it, of this process, are gone."""
    for each in (path / LOCK, path):
        with suppress(OSError):
            os.close(os.open(each, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
            return


def prepare(root: Path) -> None:
    """Make the folders of a new project; StoreError where there is something else already."""
    if is_project(root):
        raise StoreError(
            "there is a project here already", file=root, hint="Open it, or choose another folder"
        )
    if os.path.lexists(root) and not root.is_dir():
        what = "this is a file, and a project is a folder" if root.is_file() else "this is no folder"
        raise StoreError(what, file=root, hint="Choose a new or an empty folder")
    left = [path for path in leftovers(root) if path.parent == root]  # somebody died who made a project here
    ours = {*FOLDERS, LOCK, *(path.name for path in left)}
    if root.exists() and any(path.name not in ours for path in root.iterdir()):
        raise StoreError("the folder is not empty", file=root, hint="Choose a new or an empty folder")
    for path in left:
        remove(path)
    for folder in (root, *(root / name for name in FOLDERS)):
        make_folder(folder)


def quarantine(root: Path, file: Path) -> Path:
    """Set a file or a folder aside, under a name that was never used."""
    target = _free_name(root, file)
    move(file, target)
    for folder in (target.parent, file.parent):
        sync_folder(folder)
    return target


def keep_in_quarantine(root: Path, file: Path) -> Path:
    """A copy of a file that is about to be replaced, whole or not at all, under a name that was never used."""
    target = _free_name(root, file)
    with replacing(target) as temporary:
        shutil.copyfile(file, temporary)
        shutil.copystat(file, temporary)
    return target


def _free_name(root: Path, file: Path) -> Path:
    """Of two files that come within the same tick the second gets a number."""
    folder = root / QUARANTINE
    make_folder(folder)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{file.name}"
    names = (folder / (f"{number}-{name}" if number else name) for number in count())
    return next(path for path in names if not path.exists())
