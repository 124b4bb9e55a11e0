"""A model in a process of its own: the program neither waits for torch nor dies with it."""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

import numpy as np

from labeltool.core import errors
from labeltool.core.errors import CancelledError, LabeltoolError, ModelError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.inference.frames import FrameError, Header, read_frame, write_frame
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Prediction

_POLL_S = 0.1
_FRAMES_AHEAD = 8
_STDERR_LINES = 12

Frame = tuple[Header, bytes]


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
        self._child: _Child | None = None
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
    ) -> Iterator[Prediction]:
        """The image's predictions as they are made; leaving the loop early stops the child.

        BadInputError when the image cannot be read (the child lives on), ModelError when the model fails on it
        or the child dies, CancelledError within a second of ``cancel``.
        """
        child = self._started(cancel)
        finished = False
        try:
            child.send({"segment": str(path.absolute()), "page": page})
            while not finished:
                header, body = self._next(child, cancel)
                finished = "end" in header or "error" in header
                _raise_error(header)
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

    def _started(self, cancel: CancelToken | None) -> _Child:
        if self._child is not None and self._child.alive:
            return self._child
        self._closed = False
        child = self._child = _Child(self._arguments)
        try:
            header, _ = self._next(child, cancel)
            _raise_error(header)
            self._info = WorkerInfo(**header["ready"])
        except (KeyError, TypeError) as error:
            self._drop(child)
            raise ModelError(f"the model process did not say what it is: {error}") from error
        except BaseException:
            self._drop(child)
            raise
        return child

    def _next(self, child: _Child, cancel: CancelToken | None) -> Frame:
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

    def _drop(self, child: _Child) -> None:
        child.kill()
        if self._child is child:
            self._child = None


class _Child:
    """One life of the process; its two output streams are read on threads, which works on every system."""

    def __init__(self, arguments: list[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-X", "utf8", "-m", "labeltool.inference.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.frames: queue.Queue[Frame | Exception] = queue.Queue(_FRAMES_AHEAD)
        self._given_up = threading.Event()
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._threads = [
            threading.Thread(target=self._read_frames, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_stderr, args=(self._process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self._process.poll() is None and not self._given_up.is_set()

    def send(self, header: Header) -> None:
        """Ask for something; that the child is gone is learnt from its frames."""
        assert self._process.stdin is not None  # noqa: S101
        with contextlib.suppress(OSError):
            write_frame(self._process.stdin, header)

    def kill(self) -> None:
        """End the process now and let go of everything."""
        self._given_up.set()
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join(timeout=2)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            _close(stream)

    def last_words(self) -> str:
        """The last lines of its stderr."""
        self._threads[1].join(timeout=0.5)
        return "\n".join(self._stderr)

    def obituary(self, cause: Exception) -> ModelError:
        """What to tell people of a child that broke off."""
        if isinstance(cause, FrameError):
            said = f"the model process sent something else than a prediction ({cause})"
        else:
            said = f"the model process {_fate(self._process.wait())}"
        return ModelError(
            said, hint=self.last_words() or "Try again; a smaller image or --device cpu may help"
        )

    def _read_frames(self, stream: IO[bytes]) -> None:
        try:
            while frame := read_frame(stream):
                self._put(frame)
            self._put(EOFError("the model process ended"))
        except (FrameError, OSError, ValueError) as error:
            self._put(error)

    def _put(self, frame: Frame | Exception) -> None:
        waiting = True
        while waiting and not self._given_up.is_set():
            with contextlib.suppress(queue.Full):
                self.frames.put(frame, timeout=_POLL_S)
                waiting = False

    def _read_stderr(self, stream: IO[bytes]) -> None:
        for line in iter(lambda: stream.readline(4096), b""):
            self._stderr.append(line.decode("utf-8", "replace").rstrip()[:500])


def _close(stream: IO[bytes] | None) -> None:
    with contextlib.suppress(OSError):  # closing stdin flushes what nobody reads any more
        if stream is not None:
            stream.close()


def _fate(code: int) -> str:
    if code == -getattr(signal, "SIGKILL", 9):
        return "was killed, most likely because memory ran out"
    if code < 0:
        return f"crashed ({signal.Signals(-code).name})"
    return f"ended unexpectedly with code {code}"


def _raise_error(header: Header) -> None:
    if "error" not in header:
        return
    told = header["error"]
    kind = getattr(errors, str(told["kind"]), ModelError)
    if not (isinstance(kind, type) and issubclass(kind, LabeltoolError) and kind is not CancelledError):
        kind = ModelError
    raise kind(told["message"], file=told["file"], hint=told["hint"])


def _prediction(header: Header, body: bytes) -> Prediction:
    box = Box(*header["part"])
    names = header["planes"]
    planes = np.frombuffer(body, np.uint8).reshape(len(names), box.height, box.width)
    return Prediction(box, **dict(zip(names, planes, strict=True)))
