"""The folder that an export writes into before it gets its name, and what a killed export leaves of it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labeltool.core.errors import StoreError
from labeltool.core.system_lock import try_lock
from labeltool.core.words import counted

_NAME = re.compile(r".+\.partial-[0-9a-f]{8}")
_KEPT = "kept.txt"
_WHY_KEPT = "This export is whole and verified. Give the folder its name, and delete this file.\n"
_SILENCE_S = 3600.0
"""Where folders cannot be locked, an export that has written nothing for so long is taken for dead."""


def partial_of(out: Path) -> Path:
    """A new name beside ``out`` for what is not whole yet."""
    return out.with_name(f"{out.name}.partial-{secrets.token_hex(4)}")


@contextmanager
def at_work(partial: Path) -> Iterator[None]:
    """Let others see that somebody works on a folder; the system forgets it when the process dies."""
    handle = _opened(partial)
    if handle is None:
        yield
        return
    try:
        try_lock(handle)
        yield
    finally:
        os.close(handle)


def keep(partial: Path) -> None:
    """Say in a folder that it is whole and lacks only its name, so that it is no leftover."""
    with suppress(OSError):
        (partial / _KEPT).write_text(_WHY_KEPT, encoding="ascii")


def left_over(folder: Path) -> list[Path]:
    """Folders that exports which were killed left in ``folder``. Nobody works on them, and they may be deleted."""
    with suppress(OSError):
        found = [each for each in folder.iterdir() if _NAME.fullmatch(each.name)]
        return sorted(each for each in found if each.is_dir() and not each.is_symlink() and _is_left(each))
    return []


def described(left: Path) -> str:
    """A leftover for people: where it is and how much it takes."""
    sizes = [each.lstat().st_size for each in left.rglob("*") if each.is_file()]
    return f"{left} ({counted(len(sizes), 'file')}, {sum(sizes) / 1e6:,.1f} MB)"


def delete(left: Path) -> None:
    """Delete a leftover. StoreError where it is none, or cannot be deleted."""
    if left not in left_over(left.parent):
        raise StoreError("this is not what an export has left, or one is at work on it", file=left)
    try:
        shutil.rmtree(left)
    except OSError as error:
        raise StoreError(
            f"cannot be deleted: {error.strerror or error}", file=error.filename or left
        ) from error


def _is_left(partial: Path) -> bool:
    if (partial / _KEPT).exists():
        return False
    handle = _opened(partial)
    free = None
    if handle is not None:
        try:
            free = try_lock(handle)
        finally:
            os.close(handle)
    if free is not None:
        return free
    newest = max(each.lstat().st_mtime for each in (partial, *partial.rglob("*")))
    return time.time() - newest > _SILENCE_S


def _opened(folder: Path) -> int | None:
    """A handle of a folder; None where there is no such thing, as on Windows."""
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError:
        return None
