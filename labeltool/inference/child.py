"""A child process that speaks in frames: how it is started, listened to and ended."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import IO

from labeltool.core import errors
from labeltool.core.errors import CancelledError, LabeltoolError, ModelError
from labeltool.inference.frames import FrameError, Header, read_frame, write_frame

_POLL_S = 0.1
_FRAMES_AHEAD = 8
_STDERR_LINES = 200
_LAST_WORDS = 12
_HINT = "Try again; a smaller image or --device cpu may help"
_CRASH = ("Fatal Python error", "Windows fatal exception")
"""How the traceback of a crash in a C library begins."""

Frame = tuple[Header, bytes]

log = logging.getLogger(__name__)


class Child:
    """One life of the process ``python -m module``; its two output streams are read on threads, which works on every
    system. With ``apart`` the keys of a terminal (Ctrl+C) do not reach it. ``name`` is what people call it, ``without``
    are variables of the environment that are not for it."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        name: str = "model process",
        apart: bool = False,
        without: Sequence[str] = (),
    ) -> None:
        self._name = name
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-X", "utf8", "-X", "faulthandler", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            start_new_session=apart,
            env={variable: value for variable, value in os.environ.items() if variable not in without},
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

    def send(self, header: Header, parts: Iterable[bytes] = ()) -> None:
        """Ask for something; that the child is gone is learnt from its frames."""
        assert self._process.stdin is not None  # noqa: S101
        with contextlib.suppress(OSError):
            write_frame(self._process.stdin, header, parts)

    def hang_up(self) -> None:
        """Say nothing more: to the child it is as if the parent were gone."""
        _close(self._process.stdin)

    def wait(self, seconds: float) -> None:
        """Give the process so long to end by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

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
        """The last lines of its stderr, for people: without the traceback of a crash, which is for the log."""
        lines = list(takewhile(lambda line: not line.startswith(_CRASH), self._said()))
        return "\n".join(lines[-_LAST_WORDS:])

    def _said(self) -> list[str]:
        self._threads[1].join(timeout=0.5)
        return list(self._stderr)

    def obituary(self, cause: Exception, hint: str = _HINT) -> ModelError:
        """What to tell people of a child that broke off; the ``hint`` where it has said nothing itself."""
        if isinstance(cause, FrameError):
            said = f"the {self._name} sent something else than a frame ({cause})"
        else:
            said = f"the {self._name} {_fate(self._process.wait())}"
        log.error("%s; the last it said:\n%s", said, "\n".join(self._said()) or "nothing")
        return ModelError(said, hint=self.last_words() or hint)

    def _read_frames(self, stream: IO[bytes]) -> None:
        try:
            while frame := read_frame(stream):
                self._put(frame)
            self._put(EOFError(f"the {self._name} ended"))
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


def notices_of(header: Header) -> list[str]:
    """What a child wants people to know; nothing where it says something else."""
    said = header.get("notices", [])
    return [str(text) for text in said] if isinstance(said, list) else []


def raise_error(header: Header) -> None:
    """Raise what a child says went wrong, as the kind of error it was there."""
    if "error" not in header:
        return
    told = header["error"]
    if not (isinstance(told, dict) and {"kind", "message", "file", "hint"} <= told.keys()):
        raise ModelError(f"a child process said that something went wrong, and not what: {told}")
    kind = getattr(errors, str(told["kind"]), ModelError)
    if not (isinstance(kind, type) and issubclass(kind, LabeltoolError) and kind is not CancelledError):
        kind = ModelError
    message, file, hint = (
        None if told[key] is None else str(told[key]) for key in ("message", "file", "hint")
    )
    raise kind(message or "a child process did not say what went wrong", file=file, hint=hint)
