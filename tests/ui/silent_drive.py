"""A drive that does not answer: whatever is asked below a folder waits until it does."""

from __future__ import annotations

import builtins
import io
import os
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LONG_S = 60
CALLS = (
    *(
        (os, name)
        for name in ("stat", "lstat", "open", "scandir", "listdir", "access", "readlink", "mkdir", "statvfs")
    ),
    (io, "open"),
    (builtins, "open"),
)


class SilentDrive:
    """It answers at first. Where the window's own thread asks it while it does not, that is noted and let pass: it
    would stand still there."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.frozen: list[str] = []
        self._answers = threading.Event()
        self._answers.set()
        for module, name in CALLS:
            if hasattr(module, name):
                patch.setattr(module, name, self._slowed(getattr(module, name)))

    def hang(self) -> None:
        """From now on nothing is answered."""
        self._answers.clear()

    def answer(self) -> None:
        """Everything is, also what was asked before."""
        self._answers.set()

    def _slowed(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *args: Any, **named: Any) -> Any:
            if not self._answers.is_set() and self._holds(path):
                if threading.current_thread() is threading.main_thread():
                    self.frozen.append("".join(traceback.format_stack(limit=8)))
                else:
                    assert self._answers.wait(LONG_S)
            return real(path, *args, **named)

        return call

    def _holds(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(str(self.root))
