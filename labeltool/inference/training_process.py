"""A training in a process of its own: the program neither waits for torch nor dies with it.

The trainer gets the folder of the run and works on it as :mod:`labeltool.inference.run` says. While somebody watches it
sends frames: ``{"row": {...}}`` for each row of metrics.jsonl, ``{"progress": [done, total, text]}``, and in the end
``{"end": true}`` or ``{"error": {...}}``. It ends, its state and its best weights kept, when its stdin does: so it is
asked to stop, and so it stops when its parent dies.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labeltool import plugins
from labeltool.core.errors import ModelError
from labeltool.core.progress import CancelToken, Progress
from labeltool.inference.child import Child, Frame, raise_error

GROUP = "labeltool.trainers"
"""A trainer is found by name; its module is run as ``python -m module RUN --attended [--processes N]``."""

_POLL_S = 0.1
_GOODBYE_S = 10.0
_OF_OTHERS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What a job of a cluster may have set around us: a training would wait for processes that are none of its own."""

Log = Callable[[dict[str, Any]], None]


class TrainingProcess:
    """Trains on the folder of a run in a child process. ``patience_s`` is how long it may take to stop."""

    def __init__(
        self, folder: Path, *, trainer: str = "smp", processes: int = 1, patience_s: float = 120
    ) -> None:
        arguments = [str(folder.absolute()), "--attended", "--processes", str(processes)]
        module = plugins.module(GROUP, trainer)
        self._child = Child(module, arguments, name="training", apart=True, without=_OF_OTHERS)
        self._patience_s = patience_s

    def follow(self, progress: Progress, cancel: CancelToken, log: Log) -> None:
        """Wait until the training ends, by itself or because of ``cancel``: state.json says how it went.

        Raises what the trainer raised, and ModelError when it died or did not stop.
        """
        ends_s: float | None = None
        try:
            while True:
                if cancel.cancelled and ends_s is None:
                    self._child.hang_up()
                    ends_s = time.monotonic() + self._patience_s
                try:
                    frame = self._child.frames.get(timeout=_POLL_S)
                except queue.Empty:
                    if ends_s is not None and time.monotonic() > ends_s:
                        raise ModelError(
                            "the training did not stop when it was asked to and was ended"
                        ) from None
                    continue
                if self._take(frame, progress, log):
                    self._child.wait(_GOODBYE_S)
                    return
        finally:
            self._child.kill()

    def _take(self, frame: Frame | Exception, progress: Progress, log: Log) -> bool:
        """Pass on what the trainer says; True when that was the last of it."""
        if isinstance(frame, Exception):
            raise self._child.obituary(frame) from frame
        header, _ = frame
        raise_error(header)
        if "row" in header:
            log(header["row"])
        if "progress" in header:
            done, total, text = header["progress"]
            progress(float(done), float(total), str(text))
        return "end" in header
