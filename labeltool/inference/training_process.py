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
_ENDED = "It can go on from what it saved last; a new one with a smaller batch or crop takes less memory"
_OF_OTHERS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What a job of a cluster may have set around us: a training would wait for processes that are none of its own."""

Log = Callable[[dict[str, Any]], None]


class TrainingProcess:
    """Trains on the folder of a run in a child process. ``patience_s`` is how long it may take to stop, ``silence_s``
    how long it may say nothing before it is given up."""

    def __init__(
        self,
        folder: Path,
        *,
        trainer: str = "smp",
        processes: int = 1,
        patience_s: float = 120,
        silence_s: float = 7200,
    ) -> None:
        arguments = [str(folder.absolute()), "--attended", "--processes", str(processes)]
        module = plugins.module(GROUP, trainer)
        self._child = Child(module, arguments, name="training", apart=True, without=_OF_OTHERS)
        self._folder, self._patience_s, self._silence_s = folder, patience_s, silence_s

    def follow(self, progress: Progress, cancel: CancelToken, log: Log) -> None:
        """Wait until the training ends, by itself or because of ``cancel``: state.json says how it went.

        Raises what the trainer raised, and ModelError when it died or did not stop.
        """
        ends_s: float | None = None
        heard_s = time.monotonic()
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
                    if time.monotonic() > heard_s + self._silence_s:
                        raise self._silent() from None
                    continue
                heard_s = time.monotonic()
                if self._take(frame, progress, log):
                    self._child.wait(_GOODBYE_S)
                    return
        finally:
            self._child.kill()

    def _take(self, frame: Frame | Exception, progress: Progress, log: Log) -> bool:
        """Pass on what the trainer says; True when that was the last of it."""
        if isinstance(frame, Exception):
            raise self._child.obituary(frame, _ENDED) from frame
        header, _ = frame
        raise_error(header)
        try:
            row = None if "row" not in header else dict(header["row"])
            done, total, text = header.get("progress", (0, 0, ""))
            now = float(done), float(total), str(text)
        except (TypeError, ValueError) as error:
            raise ModelError(f"the training sent something that makes no sense: {error}") from error
        if row is not None:
            log(row)
        if "progress" in header:
            progress(*now)
        return "end" in header

    def _silent(self) -> ModelError:
        return ModelError(
            f"the training said nothing for {self._silence_s / 60:,.0f} minutes and was ended",
            file=self._folder,
            hint=self._child.last_words() or "It can go on: what it had learnt was kept",
        )
