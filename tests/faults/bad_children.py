"""Models for child processes of the tests whose device fails, which crash, hang or have no memory. Loaded by name."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from labeltool.core.geometry import Box
from labeltool.imaging.reader import Reader
from labeltool.inference.card import ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Answer, Prediction
from labeltool.inference.teaching import Painted
from labeltool.nn.engines.segmenter import EngineSegmenter

LOST = "CUDA error: unspecified launch failure\nCUDA kernel errors might be asynchronously reported"


class Bright:
    """Class 1 where green is above 127, on whatever device."""

    engine = "fake"
    batch = 1

    def __init__(self, folder: Path, how: InferenceOptions) -> None:
        self.card = ModelCard.read(folder)
        self.device = "cuda" if how.device == "auto" else how.device
        self.notices: list[str] = []
        self.asked = 0

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        self.asked += 1
        return Answer((windows[..., 1] > 127).astype(np.uint8), windows[..., 1].copy())

    def survey(self, samples: Iterable[np.ndarray]) -> None:
        return None

    def embed(self, samples: Iterable[np.ndarray]) -> np.ndarray:
        self.predict(next(iter(samples))[None])
        return np.zeros(3, np.float32)

    def fall_back(self) -> bool:
        return False


class Lost(Bright):
    """The device fails at the second window; a CPU does not."""

    fails_at = 2

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        answer = super().predict(windows)
        if self.device == "cuda" and self.asked >= self.fails_at:
            raise RuntimeError(LOST)
        return answer


class LostAtOnce(Lost):
    """The device fails at the first window."""

    fails_at = 1


class Crashing(Bright):
    """Reads where nothing is, as a broken driver does, unless the picture is dark."""

    def predict(self, windows: np.ndarray, context: np.ndarray | None = None) -> Answer:
        if windows.mean() > 127:
            print("last words", file=sys.stderr, flush=True)
            ctypes.string_at(0)
        return super().predict(windows)


class Room:
    """A device with room for so many pixels, which says so as torch does."""

    takes_context = False

    def __init__(self, pixels: int, device: str) -> None:
        self.name, self.device, self.batch, self.pixels = f"played {device}", device, 4, pixels

    def planes(self, windows: np.ndarray, context: np.ndarray | None, batch: int) -> tuple[np.ndarray, ...]:
        if windows[..., 0].size > self.pixels:
            raise MemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return (windows[..., 0] > 127).astype(np.uint8), np.full_like(windows[..., 0], 230)


def small(folder: Path, how: InferenceOptions) -> EngineSegmenter:
    """Room for a quarter of a window."""
    return EngineSegmenter(ModelCard.read(folder), Room(250 * 250, "cuda"), how)


def tiny(folder: Path, how: InferenceOptions) -> EngineSegmenter:
    """Room for nothing; the CPU has as much as anybody wants."""
    return EngineSegmenter(ModelCard.read(folder), Room(10, "cuda"), how, spare=lambda: Room(10**9, "cpu"))


def none(folder: Path, how: InferenceOptions) -> EngineSegmenter:
    """Room for nothing, not on the CPU either."""
    return EngineSegmenter(ModelCard.read(folder), Room(10, "cuda"), how, spare=lambda: Room(10, "cpu"))


class Pupil:
    """Says what was painted."""

    engine = "fake"

    def __init__(self, folder: Path, how: InferenceOptions) -> None:
        self.card = ModelCard.read(folder)
        self.device = "cuda" if how.device == "auto" else how.device

    def look(self, reader: Reader, box: Box, wanted: Callable[[], bool]) -> Box | None:
        self.box = box.intersect(reader.info.size.box)
        return self.box

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        planes = np.zeros((2, self.box.height, self.box.width), np.uint8)
        return Prediction(self.box, planes[0], planes[1])


class LostPupil(Pupil):
    """The device fails when it is taught; a CPU does not."""

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        if self.device == "cuda":
            raise RuntimeError(LOST)
        return super().taught(painted)


class CrashingPupil(Pupil):
    """Reads where nothing is."""

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        ctypes.string_at(0)
        return super().taught(painted)


class HangingPupil(Pupil):
    """Never answers."""

    def taught(self, painted: Sequence[Painted]) -> Prediction:
        time.sleep(60)
        return super().taught(painted)
