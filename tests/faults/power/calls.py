"""What Python does to files, seen in the functions of ``os``.

For files of the machine's folder ``open`` is the one that is written in Python: it calls these functions alone."""

from __future__ import annotations

import _pyio
import builtins
import errno
import io
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from faults.power.disk import Flush, FlushFailed, FlushNames, Grow, Resize, Write
from faults.power.machine import Machine


@contextmanager
def seen_by(machine: Machine) -> Iterator[None]:
    """The machine is told what becomes of its files."""
    seen = _Calls(machine)
    with pytest.MonkeyPatch.context() as patched:
        for name in _Calls.NAMES:
            patched.setattr(os, name, getattr(seen, name))
        for module in (io, builtins):
            patched.setattr(module, "open", seen.python_open)
        patched.setattr(shutil, "disk_usage", seen.disk_usage)
        patched.setattr(shutil, "_USE_CP_SENDFILE", False)  # copies would go past us
        patched.setattr(shutil, "_use_fd_functions", False)
        yield


class _Calls:
    """The functions that take the place of those of the same name."""

    NAMES = (
        *("open", "close", "read", "write", "ftruncate", "fsync"),
        *(("fdatasync", "posix_fallocate") if hasattr(os, "posix_fallocate") else ()),
        *("replace", "rename", "unlink", "remove", "mkdir", "rmdir"),
    )

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in self.NAMES}
        self._python_open: Callable[..., Any] = io.open
        self._disk_usage = shutil.disk_usage
        self._handles: dict[int, tuple[str, int, bool]] = {}
        """Of open files: path, node, and whether it is a folder."""

    def python_open(self, file: Any, *args: Any, **kwargs: Any) -> Any:
        return (_pyio.open if self._machine.sees(file) else self._python_open)(file, *args, **kwargs)

    def disk_usage(self, path: Any) -> Any:
        usage = self._disk_usage(path)
        fault = self._machine.fault
        return usage._replace(free=0) if fault and fault.is_full and self._machine.sees(path) else usage

    def open(self, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if not self._machine.sees(path):
            return int(self._real["open"](path, flags, *args, **kwargs))
        new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
        if new:
            self._may_fail("create", path)
        handle = int(self._real["open"](path, flags, *args, **kwargs))
        if new:
            self._machine.created(path)
        node, folder = self._machine.node(path), stat.S_ISDIR(os.fstat(handle).st_mode)
        if flags & os.O_TRUNC and not new:
            self._machine.ops.append(Resize(node, 0))
        self._handles[handle] = (os.fspath(path), node, folder)
        return handle

    def close(self, handle: int) -> None:
        self._handles.pop(handle, None)
        self._real["close"](handle)

    def read(self, handle: int, *args: Any) -> bytes:
        if handle in self._handles and self._machine.on:
            self._may_fail("read", self._handles[handle][0])
        return bytes(self._real["read"](handle, *args))

    def write(self, handle: int, data: Any) -> int:
        if handle not in self._handles or not self._machine.on:
            return int(self._real["write"](handle, data))
        path, node, _ = self._handles[handle]
        fault = self._machine.strikes("write", path)
        if fault is not None:
            if not fault.short or len(data) < 2:
                raise fault.error(path)
            fault.short, data = False, bytes(data)[: len(data) // 2]
        written = int(self._real["write"](handle, data))
        offset = os.lseek(handle, 0, os.SEEK_CUR) - written
        self._machine.ops.append(Write(node, offset, bytes(data)[:written]))
        return written

    def ftruncate(self, handle: int, size: int) -> None:
        if handle in self._handles and self._machine.on:
            path, node, _ = self._handles[handle]
            self._may_fail("resize", path)
            self._machine.ops.append(Resize(node, size))
        self._real["ftruncate"](handle, size)

    def posix_fallocate(self, handle: int, offset: int, size: int) -> None:
        if handle in self._handles and self._machine.on:
            path, node, _ = self._handles[handle]
            self._may_fail("write", path)
            self._machine.ops.append(Grow(node, offset + size))
        self._real["posix_fallocate"](handle, offset, size)

    def fsync(self, handle: int) -> None:
        if handle not in self._handles or not self._machine.on:
            self._real["fsync"](handle)
            return
        path, node, folder = self._handles[handle]
        fault = self._machine.strikes("names" if folder else "sync", path)
        if fault is not None:
            if not folder:
                self._machine.ops.append(FlushFailed(node))
            raise fault.error(path)
        self._machine.ops.append(FlushNames(node) if folder else Flush(node))

    fdatasync = fsync

    def rename(self, source: Any, target: Any, **kwargs: Any) -> None:
        seen = self._machine.sees(source), self._machine.sees(target)
        if not any(seen):
            self._real["rename"](source, target, **kwargs)
            return
        if not all(seen):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source, None, target)
        self._may_fail("create", target)
        self._real["rename"](source, target, **kwargs)
        self._machine.renamed(source, target)

    replace = rename

    def unlink(self, path: Any, **kwargs: Any) -> None:
        self._delete("unlink", path, kwargs)

    remove = unlink

    def rmdir(self, path: Any, **kwargs: Any) -> None:
        self._delete("rmdir", path, kwargs)

    def _delete(self, call: str, path: Any, kwargs: dict[str, Any]) -> None:
        seen = self._machine.sees(path)
        if seen and os.path.lexists(path):
            self._may_fail("delete", path)
        self._real[call](path, **kwargs)
        if seen:
            self._machine.deleted(path)

    def mkdir(self, path: Any, *args: Any, **kwargs: Any) -> None:
        seen = self._machine.sees(path)
        if seen and not os.path.lexists(path):
            self._may_fail("create", path)
        self._real["mkdir"](path, *args, **kwargs)
        if seen:
            self._machine.created(path, folder=True)

    def _may_fail(self, kind: str, path: Any) -> None:
        fault = self._machine.strikes(kind, os.fspath(path))
        if fault is not None:
            raise fault.error(os.fspath(path))
