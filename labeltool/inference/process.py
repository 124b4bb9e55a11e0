"""A model in a process of its own: the program neither waits for torch nor dies with it."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from labeltool.core.errors import CancelledError, ModelError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.inference.child import Child, Frame, raise_error
from labeltool.inference.frames import Header
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Prediction

_POLL_S = 0.1
_WORKER = "labeltool.inference.worker"


class WorkerInfo(NamedTuple):
    """What a model process says of itself: device ("cpu", "cuda"), engine, and the key of its model."""

    device: str
    engine: str
    model: str


class ModelProcess:
    """Runs a model's folder (or a .safetensors or .pth file beside a card) in a child process.

    The child starts with the first call, and again after it died or was cancelled. One call at a time; any
    thread may make it, and ``close`` may be called from another. ``silence_s`` is how long the child may say
    nothing before it is given up. ``segmenter`` ("module:function") replaces the one the card names.
    """

    def __init__(
        self, model: Path, how: InferenceOptions | None = None, *, silence_s: float = 300, segmenter: str = ""
    ) -> None:
        options = json.dumps((how or InferenceOptions()).to_json())
        self._arguments = [str(model.absolute()), "--how", options, "--segmenter", segmenter]
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

    def segment(
        self,
        path: Path,
        cancel: CancelToken | None = None,
        progress: Progress = silent,
        *,
        page: str = "",
        first: int = 0,
    ) -> Iterator[Prediction]:
        """The image's predictions as they are made, from window number ``first`` of its grid on; leaving the loop early
        stops the child.

        BadInputError when the image cannot be read (the child lives on), ModelError when the model fails on it
        or the child dies, CancelledError within a second of ``cancel``.
        """
        child = self._started(cancel)
        finished = False
        try:
            child.send({"segment": str(path.absolute()), "page": page, "first": first})
            while not finished:
                header, body = self._next(child, cancel)
                finished = "end" in header or "error" in header
                self.notices += header.get("notices", [])
                raise_error(header)
                progress(header["done"], header["total"])
                if "part" in header:
                    yield _prediction(header, body)
        except (KeyError, TypeError, ValueError) as error:
            finished = False
            raise ModelError(f"the model process sent something else than a prediction: {error}") from error
        finally:
            if not finished:
                self._drop(child)

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
        child = self._child = Child(_WORKER, self._arguments)
        try:
            header, _ = self._next(child, cancel)
            raise_error(header)
            self._info = WorkerInfo(**header["ready"])
            self.notices += header.get("notices", [])
        except (KeyError, TypeError) as error:
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


def _prediction(header: Header, body: bytes) -> Prediction:
    box = Box(*header["part"])
    names = header["planes"]
    if not names:
        return Prediction.nothing(box)
    planes = np.frombuffer(body, np.uint8).reshape(len(names), box.height, box.width)
    return Prediction(box, **dict(zip(names, planes, strict=True)))
