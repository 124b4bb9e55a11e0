"""Teachable models for the child process of the tests. Loaded by name, in the child."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from labeltool.core.geometry import Box
from labeltool.imaging.reader import Reader
from labeltool.inference.card import ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Prediction
from labeltool.inference.teaching import Painted


class Echo:
    """Says the green values of what it looked at, and what was painted on top; confidence is the column."""

    engine = "fake"

    def __init__(self, folder: Path, how: InferenceOptions) -> None:
        self.card = ModelCard.read(folder)
        self.device = "cpu"
        self.looks = 0

    def look(self, reader: Reader, box: Box, wanted: Callable[[], bool]) -> Box | None:
        self.looks += 1
        self.box = box.intersect(reader.info.size.box)
        self.green = reader.read(self.box)[..., 1]
        return self.box

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        print("a library says hello", flush=True)
        label = self.green.copy()
        for part in painted:
            np.copyto(label[part.box.slices(self.box)], part.label, where=part.label != 255)
        column = np.arange(self.box.width, dtype=np.uint8)
        return Prediction(self.box, label, np.broadcast_to(column, label.shape).copy())


class Counting(Echo):
    """Says how often it has looked."""

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        return super().taught(painted)._replace(label=np.full_like(self.green, self.looks))


class Slow(Echo):
    """Looks until nobody wants it any more."""

    def look(self, reader: Reader, box: Box, wanted: Callable[[], bool]) -> Box | None:
        if box.width < 20:
            return super().look(reader, box, wanted)
        while wanted():
            time.sleep(0.01)
        return None


class Killed(Echo):
    """Ends when it is taught, as a process does that used too much memory."""

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        print("last words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        return super().taught(painted)


class Failing(Echo):
    """Fails when a pixel of class 3 is painted."""

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        if any((part.label == 3).any() for part in painted):
            raise MemoryError
        return super().taught(painted)


class Missing(Echo):
    def __init__(self, folder: Path, how: InferenceOptions) -> None:
        raise RuntimeError("no such weights")
