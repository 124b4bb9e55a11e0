"""A child process that loads a model and then answers: begun when it is first asked, dropped when it misbehaves."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import NamedTuple, Self

from labeltool.core.errors import CancelledError, DeviceError, ModelError
from labeltool.core.progress import CancelToken
from labeltool.inference.child import Child, Frame, notices_of, raise_error
from labeltool.inference.options import InferenceOptions

_POLL_S = 0.1


class WorkerInfo(NamedTuple):
    """What a model process says of itself: device ("cpu", "cuda"), engine, and the key of its model."""

    device: str
    engine: str
    model: str


class ModelChild:
    """Runs ``python -m worker`` with ``arguments``, which name a model, and ``how`` it is to be run.

    The child starts with the first call, and again after it died or was dropped. One call at a time; any thread may
    make it, and ``close`` may be called from another. ``silence_s`` is how long the child may say nothing before it
    is given up.
    """

    def __init__(
        self, worker: str, arguments: Sequence[str], how: InferenceOptions, silence_s: float
    ) -> None:
        self._worker, self._arguments, self._how = worker, arguments, how
        self._silence_s = silence_s
        self.notices: list[str] = []
        """What the model had to do otherwise than usual, in sentences for the user; whoever shows them takes them."""
        self._child: Child | None = None
        self._info: WorkerInfo | None = None
        self._closed = False

    def ready(self, cancel: CancelToken | None = None) -> WorkerInfo:
        """Wait until the model is loaded; ModelError says why it cannot be, CancelledError when cancelled."""
        self._started(cancel)
        assert self._info is not None  # noqa: S101
        return self._info

    def falls_back(self, error: DeviceError) -> bool:
        """After the device has failed, run the model on the CPU from now on, and say so; False where that is no way
        out: somebody has asked for the device, or it is the CPU."""
        if self._how.device != "auto":
            return False
        self._how = replace(self._how, device="cpu")
        self.notices.append(
            f"{error.message[:1].upper()}{error.message[1:]}. The model runs on the CPU now, more slowly"
        )
        return True

    def close(self) -> None:
        """End the child; a call in progress on another thread gets CancelledError."""
        self._closed = True
        if self._child is not None:
            self._drop(self._child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self, cancel: CancelToken | None) -> Child:
        if self._child is not None and self._child.alive:
            return self._child
        self._closed = False
        how = json.dumps(self._how.to_json())
        child = self._child = Child(self._worker, [*self._arguments, "--how", how])
        try:
            header, _ = self._next(child, cancel)
            raise_error(header)
            self._info = WorkerInfo(**header["ready"])
            self.notices += notices_of(header)
        except (KeyError, TypeError, ValueError) as error:
            self._drop(child)
            raise ModelError(f"the model process did not say what it is: {error}") from error
        except BaseException:
            self._drop(child)
            raise
        return child

    def _next(self, child: Child, cancel: CancelToken | None) -> Frame:
        """The child's next frame; it is looked at ten times a second whether somebody cancelled."""
        patience_ends_s = time.monotonic() + self._silence_s
        while True:
            if self._closed:
                raise CancelledError("the model process was closed")
            if cancel is not None:
                cancel.check()
            try:
                frame = child.frames.get(timeout=_POLL_S)
            except queue.Empty:
                if time.monotonic() > patience_ends_s:
                    raise ModelError(
                        f"the model process said nothing for {self._silence_s:.0f} seconds",
                        hint=child.last_words() or "Try a smaller tile or another device",
                    ) from None
                continue
            if isinstance(frame, Exception):
                if self._closed:
                    raise CancelledError("the model process was closed") from frame
                raise child.obituary(frame) from frame
            return frame

    def _drop(self, child: Child) -> None:
        child.kill()
        if self._child is child:
            self._child = None
