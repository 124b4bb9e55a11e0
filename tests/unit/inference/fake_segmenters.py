"""Segmenters for the child process of the tests, each misbehaving in its own way. Loaded by name, in the child."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from labeltool.inference.card import ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Answer


class Bright:
    """Class 1 where green is above 127; confidence is the green value."""

    engine = "fake"
    batch = 1

    def __init__(self, folder: Path, how: InferenceOptions) -> None:
        self.card = ModelCard.read(folder)
        self.device = "cpu" if how.device == "auto" else how.device
        self.notices: list[str] = []

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        return Answer((windows[..., 1] > 127).astype(np.uint8), windows[..., 1].copy())

    def survey(self, samples: Iterable[np.ndarray]) -> None:
        return None

    def embed(self, samples: Iterable[np.ndarray]) -> np.ndarray:
        return np.mean([sample.mean((0, 1)) for sample in samples], axis=0).astype(np.float32)

    def fall_back(self) -> bool:
        return False


class Doubtful(Bright):
    """Gives the planes of doubt that are asked for (margin is red, entropy blue), and says something now and then."""

    def __init__(self, folder: Path, how: InferenceOptions) -> None:
        super().__init__(folder, how)
        self.notices = ["loaded in a hurry"]
        self.doubts = how.doubts

    def embed(self, samples: Iterable[np.ndarray]) -> np.ndarray:
        self.notices.append("embedded in a hurry")
        raise MemoryError

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        self.notices.append("a smaller batch")
        planes = {"margin": windows[..., 0], "entropy": windows[..., 2]}
        return super().predict(windows)._replace(**{name: planes[name] for name in self.doubts})


class Chatty(Bright):
    """Prints to stdout from Python and past Python."""

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        print("a library says hello", flush=True)
        os.write(1, b'{"bytes": 5}\n')
        return super().predict(windows)


class Slow(Bright):
    """Takes a minute for each window; where $SLOW_AT_WORK names a file, it is there from then on."""

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        if "SLOW_AT_WORK" in os.environ:
            Path(os.environ["SLOW_AT_WORK"]).touch()
        time.sleep(60)
        return super().predict(windows)


class Killed(Bright):
    """Ends as a process does that used too much memory, unless the picture is dark."""

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        if windows.mean() > 127:
            print("last words", file=sys.stderr, flush=True)
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        return super().predict(windows)


class Garbage(Bright):
    """Writes something else than frames where the frames go."""

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        for descriptor in range(3, 12):
            try:
                os.write(descriptor, b"<html>not a frame\n")
            except OSError:
                continue
        time.sleep(60)
        return super().predict(windows)


class Failing(Bright):
    """Raises on light pictures, as a network without memory does."""

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        if windows.mean() > 127:
            raise MemoryError
        return super().predict(windows)


def refusing(folder: Path, how: InferenceOptions) -> Bright:
    from labeltool.core.errors import ModelError

    raise ModelError("this is a web page", file=folder / "weights.safetensors", hint="Use the other link")
