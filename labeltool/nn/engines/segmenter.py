"""The protocol of a segmenter over an engine: what to do when memory runs out, and the context of an image."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from labeltool.inference.card import ModelCard
from labeltool.inference.options import DOUBTS, InferenceOptions
from labeltool.inference.segmenter import Answer, Context, Embedding, Plane8

Planes = tuple[Plane8, ...]
Windows = NDArray[np.uint8]


class Engine(Protocol):
    """Runs the pipeline of one model. ``batch`` is how many windows are worth handing over together.

    ``planes``, ``averages`` and ``embeddings`` raise MemoryError when the device has no room for the windows.
    """

    name: str
    device: str
    batch: int
    takes_context: bool

    def planes(self, windows: Windows, context: NDArray[np.float32] | None, batch: int) -> Planes:
        """Class values, confidence and the doubts asked for of at most ``batch`` windows [n, h, w, channels]."""
        ...

    def averages(self, windows: Windows) -> NDArray[np.float32]:
        """Float32 [n, k], for a network that takes a context."""
        ...

    def embeddings(self, windows: Windows) -> NDArray[np.float32]:
        """Float32 [n, k], the mean of the encoder's deepest features."""
        ...


class EngineSegmenter:
    """A model on an engine. ``spare`` makes the engine to fall back to, on the CPU; None where this is it. ``notices``
    is the list that the engine adds to, where it does."""

    def __init__(
        self,
        card: ModelCard,
        engine: Engine,
        how: InferenceOptions | None = None,
        spare: Callable[[], Engine] | None = None,
        notices: list[str] | None = None,
    ) -> None:
        how = how or InferenceOptions()
        self.card = card
        self.notices: list[str] = [] if notices is None else notices
        self._doubts = [name for name in DOUBTS if name in how.doubts]
        self._otherwise = ". Other processes may differ in the last bit" if how.repeatable else ""
        self._spare = spare
        self._take(engine)

    def predict(self, windows: Windows, context: Context | None = None) -> Answer:
        """The answer to uint8 windows [n, h, w, channels]. Where they are too many for the device fewer go together
        from then on; MemoryError where one alone is too large."""
        parts: list[Planes] = []
        done = 0
        while done < len(windows):
            some = windows[done : done + self.batch]
            try:
                parts.append(
                    self._engine.planes(some, None if context is None else context[None], self.batch)
                )
                done += len(some)
            except MemoryError:
                self._halve()
        label, confidence, *doubts = (np.concatenate(planes) for planes in zip(*parts, strict=True))
        return Answer(label, confidence, **dict(zip(self._doubts, doubts, strict=True)))

    def survey(self, samples: Iterable[Windows]) -> Context | None:
        """The mean over samples [h, w, channels] of one size; None for a network that needs none."""
        if not self._engine.takes_context:
            return None
        seen = [self._engine.averages(sample[None])[0] for sample in samples]
        return _mean(seen) if seen else None

    def embed(self, samples: Iterable[Windows]) -> Embedding:
        """The mean over samples [h, w, channels] of one size, of which there is at least one."""
        return _mean([self._engine.embeddings(sample[None])[0] for sample in samples])

    def fall_back(self) -> bool:
        """Go on on the CPU, and let other programs have the device's memory; False where it runs there already."""
        if self._spare is None:
            return False
        before = self.device
        self._take(self._spare())
        self._spare = None
        if before == "cuda":
            _give_up_memory(sys.exc_info()[1])
        said = "The device's memory does not hold a window of this model: it goes on on the CPU"
        self.notices.append(said + self._otherwise)
        return True

    def _take(self, engine: Engine) -> None:
        self._engine = engine
        self.device, self.engine, self.batch = engine.device, engine.name, engine.batch

    def _halve(self) -> None:
        """Half as many windows together; the MemoryError goes on where it is one already."""
        if self.batch == 1:
            raise  # noqa: PLE0704 - called while it is handled
        self.batch //= 2
        said = f"The device's memory ran out: {self.batch} windows go through it together now"
        self.notices.append(said + self._otherwise)


def _give_up_memory(error: BaseException | None) -> None:
    """Return to the driver what torch keeps of the device's memory for later. The ``error`` that is being handled holds
    the engine and whatever it was working on in the frames that it came through, so those are cleared."""
    import torch  # noqa: PLC0415 - an engine on this device has imported it

    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        gc.collect()
        torch.cuda.empty_cache()


def _mean(vectors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.asarray(np.mean(vectors, axis=0, dtype=np.float64), np.float32)
