"""Room on the project's disk that is given up when the disk is full, so that the last strokes fit."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

RESERVE = "reserve"
"""The file's name in the project's folder. It holds zeros, and may be deleted by anybody."""
RESERVE_BYTES = 4 << 20
_SPARE_BYTES = 16 << 20
"""It is not made where less than this would be left beside it: a small disk is not filled by us."""


class Reserve:
    """The file that keeps the room. One thread calls."""

    def __init__(self, root: Path) -> None:
        self.path = root / RESERVE

    def hold(self) -> bool:
        """Take the room where it is not taken yet and there is plenty; False where it is not held now. Never raises."""
        try:
            if self.path.exists() and self.path.stat().st_size == RESERVE_BYTES:
                return True
            if shutil.disk_usage(self.path.parent).free < RESERVE_BYTES + _SPARE_BYTES:
                return False
            self._fill()
        except OSError:
            with suppress(OSError):
                self.path.unlink()
            return False
        return True

    def give_up(self) -> bool:
        """Give the room back to the disk; False where there was none."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True

    def _fill(self) -> None:
        """Zeros that are written, not a hole: on some disks only these take room."""
        with self.path.open("wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
            else:
                file.write(bytes(RESERVE_BYTES))
            file.flush()
            os.fsync(file.fileno())
