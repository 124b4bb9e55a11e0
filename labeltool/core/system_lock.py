"""A lock that the system lets go of when its process ends, and what is known of a process and of this computer."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from functools import cache
from pathlib import Path


def try_lock(handle: int) -> bool | None:
    """Ask the system for the lock: got it, somebody has it, or None where the file system has no locks."""
    try:
        _system_lock(handle)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EACCES, errno.EDEADLK}:
            return False
        if error.errno in {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EBADF}:
            return None
        raise
    return True


@cache
def machine() -> str:
    """What tells two computers of one name apart, as far as the system says; empty where it does not."""
    try:
        known = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return hashlib.sha256(known.encode()).hexdigest()[:12] if known else ""


def process_started(pid: int) -> str | None:
    """When a process of this computer began, as a text that no other process of the same number has; empty where the
    system does not say, None where there is no such process."""
    if sys.platform == "win32":
        return _process_started(pid)
    try:
        # The name in the second field may hold blanks and parentheses; the start is the 22nd field.
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return f"{_boot()} {stat.rpartition(')')[2].split()[19]}"
    except (FileNotFoundError, ProcessLookupError):
        return _signalled(pid)
    except (OSError, IndexError):
        return ""


def _signalled(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # no process has a number as large
        return None
    except OSError:
        return ""  # somebody else's
    return ""


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _QUERY = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
    _NO_SUCH = 87  # ERROR_INVALID_PARAMETER
    _STILL_ACTIVE = 259

    def _system_lock(handle: int) -> None:
        os.lseek(handle, 1 << 20, os.SEEK_SET)  # beyond the text, which others may read
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _process_started(pid: int) -> str | None:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        process = kernel.OpenProcess(_QUERY, False, pid)
        if not process:
            return None if ctypes.get_last_error() == _NO_SUCH else ""
        times, code = [wintypes.FILETIME() for _ in range(4)], wintypes.DWORD()
        try:
            kernel.GetExitCodeProcess(process, ctypes.byref(code))
            found = kernel.GetProcessTimes(process, *(ctypes.byref(each) for each in times))
        finally:
            kernel.CloseHandle(process)
        if code.value != _STILL_ACTIVE:
            return None
        return f"{times[0].dwHighDateTime} {times[0].dwLowDateTime}" if found else ""

else:
    import fcntl

    def _system_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
