"""How much memory there is for one large piece of work, as the system says."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from labeltool.core.memory import physical_memory

_CGROUP = Path("/sys/fs/cgroup/memory.max")


def free_memory() -> int:
    """Bytes that this process can still take: what is free in the machine (swap included) or in its container, and what
    the process's own limit leaves; all of the machine's memory where the system does not say what is free."""
    return min((*_of_machine(), *_of_container(), *_of_process()), default=physical_memory())


def _of_machine() -> list[int]:
    if sys.platform == "win32":
        return _of_windows()
    with suppress(OSError, ValueError, KeyError):  # only Linux has it
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        return [1024 * (kib["MemAvailable"] + kib["SwapFree"])]
    return []


def _of_container() -> list[int]:
    with suppress(OSError, ValueError):  # "max" where there is no limit
        return [int(_CGROUP.read_text(encoding="ascii"))]
    return []


def _of_process() -> list[int]:
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limits
        import resource  # noqa: PLC0415

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            return [max(0, limit - pages * resource.getpagesize())]
    return []


def _of_windows() -> list[int]:
    if sys.platform != "win32":
        return []
    import ctypes  # noqa: PLC0415

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *(
                (name, ctypes.c_uint64)
                for name in ("physical", "free", "paged", "free_paged", "virtual", "free_virtual", "extended")
            ),
        )

    status = Status(length=ctypes.sizeof(Status))
    known = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return [min(status.free_paged, status.free_virtual)] if known else []
