"""Files that are either the old one or the new one, whatever happens while they are written."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labeltool.core.errors import StoreError

TEMPORARY = ".partial"
"""Ending of the names of files that are being written; nobody misses one that is left over."""

_NEXT_TO_NOTHING_BYTES = 1 << 20

_NO_SUCH_CALL = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""What file systems answer that cannot bring a folder to the disk by itself; a disk that fails says something else."""
_not_synced: set[int] = set()
"""The devices that have answered so."""

_WAITS_S = (0.01, 0.05, 0.2, 0.5, 1.0)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the name of a temporary file beside ``path`` to write; it takes the place of ``path`` at the end.

    An exception inside leaves ``path`` as it was and removes the temporary file. An existing file's mode is
    kept. Raises OSError that names ``path``.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        yield temporary
        sync_file(temporary)
        if path.exists():
            shutil.copymode(path, temporary)
        move(temporary, path)
    except OSError as error:
        if str(error.filename) == str(temporary):  # a name that nobody has given
            error.filename = str(path)
            del error.filename2
        raise
    except StoreError as error:
        if error.file == str(temporary):
            error.file = str(path)
        raise
    finally:
        with suppress(OSError):  # it must not hide why; what is left over is deleted later
            temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_bytes(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` whole, read back and compared; OSError or StoreError leave the old file there."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)
        sync_file(temporary)
        if temporary.read_bytes() != data:
            raise StoreError(
                "what was written is not what is read back",
                file=path,
                hint="The disk or its connection is failing; write somewhere else",
            )


def out_of_room(error: BaseException, folder: Path) -> bool:
    """Whether a write into ``folder`` failed because the disk is full. Libraries that write by themselves do not say
    why: they have where next to nothing is left."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    try:
        return shutil.disk_usage(folder).free < _NEXT_TO_NOTHING_BYTES
    except OSError:
        return False


def writable(folder: Path) -> bool:
    """False where nothing can be written for certain: no permission, a medium that is only read, or a folder like /proc
    that holds no files of ours. Nothing is written to find out."""
    return os.access(folder, os.W_OK | os.X_OK) and shutil.disk_usage(folder).total > 0


def sync_file(path: Path) -> None:
    """Return once the file's bytes have reached the disk."""
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make a folder and what is missing above it; all these names have reached the disk when this returns.

    OSError leaves no folder that was not there before, as far as the disk lets anything be removed: whoever tries again
    brings the names to the disk, too.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not missing:
            with suppress(PermissionError):  # a folder of somebody else's, who made it
                sync_folder(path.parent)
        for folder in reversed(missing):
            sync_folder(folder.parent)
    except OSError:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


def sync_folder(path: Path) -> None:
    """Return once the names in a folder have reached the disk, as far as its file system can be asked for that: Windows
    has no such call, and some network shares refuse it for a folder, always and without harm."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise
        _not_synced.add(os.fstat(handle).st_dev)
    else:
        if _not_synced:  # another drive may have the number now
            _not_synced.discard(os.fstat(handle).st_dev)
    finally:
        os.close(handle)


def syncs_folders(path: Path) -> bool:
    """False where :func:`sync_folder` was told that folders cannot be brought to the disk there."""
    return not _not_synced or path.stat().st_dev not in _not_synced


def sync_folders(path: Path) -> None:
    """Return once the names in a folder and in all below it have reached the disk."""
    for folder in (path, *filter(Path.is_dir, path.rglob("*"))):
        sync_folder(folder)


def move(source: Path, target: Path) -> None:
    """os.replace, patient: on Windows a virus scanner, or whoever reads, may hold a file for a moment."""
    for wait_s in _WAITS_S:
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(wait_s)
        else:
            return
    source.replace(target)
