"""Whether who holds a lock on another computer still lives: it is watched for a while."""

from __future__ import annotations

import time
from pathlib import Path

from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.store.lock import Sign, read_sign

SILENCE_S = 45.0
"""Who holds a lock and gave no sign of life for so long may be taken for dead, if somebody says so who knows."""
_LOOKS_A_SECOND = 4


def is_silent(
    path: Path,
    sign: Sign,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    silence_s: float = SILENCE_S,
) -> bool:
    """Watch a lock: True when its holder has given no sign of life since ``sign``, False as soon as it gives one.

    Time is counted on this computer alone, in steps, so that neither clock matters.
    """
    steps = max(1, round(silence_s * _LOOKS_A_SECOND))
    for step in range(steps):
        if read_sign(path) != sign:
            return False
        progress(step, steps, "")
        (cancel or CancelToken()).check()
        time.sleep(silence_s / steps)
    return read_sign(path) == sign
