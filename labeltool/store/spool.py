"""Windows of one prediction in a plain file, as they come: whoever was interrupted goes on after the last whole one.

A file of frames: one that says what the windows are of, one for each window (its box, and its planes one after the
other, deflated; no planes where the model has nothing to say), and one that counts them when there are no more. It is
only ever written at its end, so it needs no locks and lies well on network drives, and the same windows make the same
bytes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

import numpy as np

from labeltool.core.atomic import make_folder, sync_folder
from labeltool.core.flate import zlib
from labeltool.core.geometry import Box
from labeltool.inference.frames import FrameError, Header, read_frame, write_frame
from labeltool.inference.segmenter import Prediction
from labeltool.store.database import DamagedError

_SYNC_S = 2.0
_AGAIN = "Pre-label the image again"


class _Whole(NamedTuple):
    """What of a file can be relied on: windows, bytes, and whether it says itself that there are no more windows."""

    windows: int
    length: int
    ended: bool


class Spool:
    """A file of windows that is being written. OSError when that fails.

    What lies there already is gone on with after its last whole window if it is ``about`` the same (JSON values), else
    the file begins anew. ``windows`` is how many it holds. A window is on the disk some seconds after it was added.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path = path
        found = _whole(path, about)
        self.windows = found.windows if found else 0
        self.ended = bool(found and found.ended)
        make_folder(path.parent)
        self._file: IO[bytes] = path.open("r+b" if found else "wb")
        if found:
            self._file.truncate(found.length)
            self._file.seek(found.length)
        else:
            write_frame(self._file, {"about": about})
        self._synced_s = time.monotonic()

    def add(self, window: Prediction) -> None:
        """Keep a window, the next one of the grid."""
        names = [] if window.is_nothing else list(window.planes)
        raw = b"".join(window.planes[name].tobytes() for name in names)
        header = {"box": list(window.box), "planes": names, "sha256": sha256(raw).hexdigest()}
        write_frame(self._file, header, [zlib.compress(raw, 1)] if names else [])
        self.windows += 1
        if time.monotonic() > self._synced_s + _SYNC_S:
            self._sync()

    def end(self) -> None:
        """There are no more windows: the file is whole, and on the disk."""
        if not self.ended:
            write_frame(self._file, {"windows": self.windows})
            self.ended = True
        self._sync()
        sync_folder(self.path.parent)

    def close(self) -> None:
        """Let go of the file; what was added stays."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced_s = time.monotonic()


def about(path: Path) -> dict[str, Any] | None:
    """What the windows of a file are of; None where there is no such file, or it is not one of ours."""
    with suppress(OSError, FrameError), path.open("rb") as file:
        frame = read_frame(file)
        said = frame[0].get("about") if frame else None
        return said if isinstance(said, dict) else None
    return None


def read_windows(path: Path) -> Iterator[Prediction]:
    """All windows of a whole file, each held against its hash; DamagedError where it is damaged or cut off."""
    try:
        with path.open("rb") as file:
            read_frame(file)
            count = 0
            while frame := read_frame(file):
                if "windows" in frame[0] and frame[0]["windows"] == count:
                    return
                yield _window(*frame)
                count += 1
    except (FrameError, ArithmeticError, KeyError, TypeError, ValueError, zlib.error) as error:
        raise DamagedError(
            f"the windows of a prediction are damaged: {error}", file=path, hint=_AGAIN
        ) from error
    raise DamagedError("the windows of a prediction are cut off", file=path, hint=_AGAIN)


def _window(header: Header, body: bytes) -> Prediction:
    box, names = Box(*header["box"]), header["planes"]
    raw = zlib.decompress(body) if names else b""
    if sha256(raw).hexdigest() != header["sha256"]:
        raise ValueError("the pixels do not match their hash")
    if not names:
        return Prediction.nothing(box)
    planes = np.frombuffer(raw, np.uint8).reshape(len(names), box.height, box.width)
    return Prediction(box, **dict(zip(names, planes, strict=True)))


def _whole(path: Path, wanted: dict[str, Any]) -> _Whole | None:
    """How much of a file is whole; None where there is none, or it is about something else."""
    windows, length, ended = 0, 0, False
    with (
        suppress(OSError, FrameError, ArithmeticError, LookupError, TypeError, ValueError, zlib.error),
        path.open("rb") as file,
    ):
        frame = read_frame(file)
        if frame is None or frame[0].get("about") != wanted:
            return None
        length = file.tell()
        while not ended and (frame := read_frame(file)):
            if "windows" in frame[0]:
                ended = frame[0]["windows"] == windows
                length = file.tell() if ended else length
                break
            _window(*frame)
            windows, length = windows + 1, file.tell()
    return _Whole(windows, length, ended) if length else None
