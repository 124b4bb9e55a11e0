"""How much the program keeps in memory: one setting, and what each use of it may take."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import Literal

MIB = 1 << 20
GIB = 1 << 30
MEMORY_VARIABLE = "LABELTOOL_MEMORY_MB"
MOST = 768 * MIB
LEAST = 64 * MIB

_CV_NO_MEMORY = -4
_NO_THREAD = "can't start new thread"
"""What Python says where there is no room for another stack."""


def ran_out(error: BaseException) -> bool:
    """Whether an error says that there is no memory left."""
    of_opencv = type(error).__module__ == "cv2" and getattr(error, "code", None) == _CV_NO_MEMORY
    return isinstance(error, MemoryError) or of_opencv or str(error) == _NO_THREAD


Use = Literal[
    "pyramid",
    "decoding",
    "image layer",
    "mask layer",
    "undo",
    "mask",
    "deflated",
    "inflated",
    "overview",
    "patch",
]
_SHARES = MappingProxyType(
    {
        "pyramid": 0.17,
        "decoding": 0.05,
        "undo": 0.20,
        "mask": 0.15,
        "image layer": 0.10,
        "mask layer": 0.10,
        "deflated": 0.10,
        "overview": 0.05,
        "inflated": 0.04,
        "patch": 0.04,
    }
)


def physical_memory() -> int:
    """Bytes of memory in this machine; 8 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * GIB


def memory_limit() -> int:
    """Bytes that images, masks and undo may take together: what the environment variable LABELTOOL_MEMORY_MB
    says, else a quarter of the machine's memory and at most 768 MiB: with what Qt and numpy take, below 1 GB."""
    try:
        return max(LEAST, int(os.environ[MEMORY_VARIABLE]) * MIB)
    except (KeyError, ValueError):
        return min(MOST, physical_memory() // 4)


def share(use: Use) -> int:
    """Bytes of the memory limit that one use may take."""
    return int(memory_limit() * _SHARES[use])
