"""What a process took of memory."""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from pathlib import Path


def peak_mb() -> float:
    """Peak of this process' resident memory; getrusage counts that of the process which started it, too."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1 << 20 if sys.platform == "darwin" else 1024
    )
