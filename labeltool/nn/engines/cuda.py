"""Networks on an NVIDIA GPU: uint8 up, uint8 down, and in between one graph of bfloat16 that the host only starts.

Windows go through in chunks of one size. While one is computed the next goes up and the last comes down, each on a
stream of its own and from pinned memory. The two commonest shapes are compiled in the background, which takes a minute,
and then captured as CUDA graphs; until then, and for every other shape, the same pipeline runs as it is.

Compiled or not, the classes agree but for a pixel in thousands, and the last bit of a confidence may differ. Where that
is too much there is ``repeatable``: how a window is computed then depends on its size alone, and not on what was met
before, how long compiling took, or which algorithm won a race. Processes on GPUs of one kind, with the same driver and
libraries, write the same bytes, unless a notice says that memory ran out or that compiling failed in one of them.
"""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from labeltool.nn.engines.eager import memory_errors
from labeltool.nn.engines.segmenter import Planes, Windows
from labeltool.nn.pipeline import Pipeline

BATCH, CHUNK = 16, 8
_BUCKETS = 2
_WORTH = 2
"""Chunks of one shape after which compiling it is worth its time."""

Inputs = tuple[Tensor, ...]
Run = Callable[[Inputs], tuple[Tensor, ...]]
_T = TypeVar("_T")


class Shape(NamedTuple):
    """Of a chunk: windows, rows, columns, and whether a context comes along."""

    windows: int
    height: int
    width: int
    context: bool


class CudaEngine:
    """Runs a pipeline on the first CUDA device. ``repeatable`` waits until whole windows are compiled, and compiles
    nothing else. ``say`` is told, on any thread, what went otherwise than usual."""

    device = "cuda"

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        repeatable: bool = False,
        say: Callable[[str], object] = lambda text: None,
    ) -> None:
        # one part of the module after the other: whatever else is float stays float
        network = pipeline.network.to(dtype=torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]
        pipeline.network = network
        with memory_errors():
            self.pipeline = pipeline.to("cuda").eval()
        torch.backends.cudnn.benchmark = not repeatable  # a race, which another algorithm may win next time
        torch.backends.cudnn.deterministic = repeatable
        self.batch = BATCH
        self.takes_context = pipeline.takes_context
        self.name = f"torch {torch.__version__} bf16 {torch.cuda.get_device_name()}"
        self._lanes = Lanes()
        self._options: dict[str, Any] | None = {"deterministic": True} if repeatable else None
        tile = pipeline.card.tile
        whole = (CHUNK, tile, tile)
        wanted = (lambda shape: shape[:3] == whole) if repeatable else None
        self._buckets = Buckets(self._compiled, wait=repeatable, wanted=wanted, say=say)

    @torch.inference_mode()
    def planes(self, windows: Windows, context: NDArray[np.float32] | None, batch: int) -> Planes:
        """Class values, confidence and doubts of windows [n, h, w, channels]; chunks are filled up to one size, so
        that what is said of a window does not depend on how many there are."""
        size = min(CHUNK, batch)
        given = () if context is None else (torch.from_numpy(context).cuda(),)
        with memory_errors():
            chunks = (windows[start : start + size] for start in range(0, len(windows), size))
            parts = self._lanes.through(chunks, size, lambda pixels: self._run((pixels, *given)))
        return tuple(np.concatenate(planes) for planes in zip(*parts, strict=True))

    @torch.inference_mode()
    def averages(self, windows: Windows) -> NDArray[np.float32]:
        """Float32 [n, k]."""
        with memory_errors():
            return np.asarray(self.pipeline.averages(torch.from_numpy(windows).cuda()).cpu().numpy())

    @torch.inference_mode()
    def embeddings(self, windows: Windows) -> NDArray[np.float32]:
        """Float32 [n, k]."""
        with memory_errors():
            return np.asarray(self.pipeline.embeddings(torch.from_numpy(windows).cuda()).cpu().numpy())

    def _run(self, inputs: Inputs) -> tuple[Tensor, ...]:
        count, height, width = inputs[0].shape[:3]
        shape = Shape(count, height, width, len(inputs) > 1)
        run = self._buckets.find(shape, inputs)
        return run(inputs) if run else tuple(self.pipeline(*inputs))

    def _compiled(self, examples: Inputs) -> Callable[[], Run]:
        """Compile for inputs like these (a minute); what then captures the graph, for the thread that will run it."""
        with torch.inference_mode():
            pipeline = copy.deepcopy(
                self.pipeline
            )  # the thread that serves meanwhile changes attributes of its own
            compiled = torch.compile(pipeline, dynamic=False, options=self._options)
            stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            with torch.cuda.stream(stream):
                for _ in range(3):
                    compiled(*examples)
            stream.synchronize()
        return lambda: captured(compiled, examples)


def captured(run: Callable[..., tuple[Tensor, ...]], examples: Inputs) -> Run:
    """A CUDA graph of one call. Its outputs are overwritten by the next replay on the same stream."""
    inputs = tuple(example.clone() for example in examples)
    graph = torch.cuda.CUDAGraph()
    with torch.inference_mode(), torch.cuda.graph(graph, capture_error_mode="thread_local"):
        outputs = tuple(run(*inputs))

    def replay(given: Inputs) -> tuple[Tensor, ...]:
        for mine, theirs in zip(inputs, given, strict=True):
            mine.copy_(theirs, non_blocking=True)
        graph.replay()
        return outputs

    return replay


class Buckets:
    """Which shapes are compiled: the first two that come again, of those that are ``wanted``. One is compiled at a
    time; ``wait`` compiles at once and waits for it. A shape that cannot be goes on uncompiled, and ``say`` is told so.
    """

    def __init__(
        self,
        compile_: Callable[[Inputs], Callable[[], Run]],
        *,
        wait: bool = False,
        wanted: Callable[[Shape], bool] | None = None,
        say: Callable[[str], object] = lambda text: None,
    ) -> None:
        self._compile = compile_
        self._wait = wait
        self._wanted = wanted or (lambda shape: True)
        self._say = say
        self._met: Counter[Shape] = Counter()
        self._ready: dict[Shape, Run | None] = {}
        self._finished: dict[Shape, Callable[[], Run]] = {}
        self._busy: threading.Thread | None = None

    def find(self, shape: Shape, inputs: Inputs) -> Run | None:
        """What runs this shape compiled; None where the pipeline itself is to."""
        self._met[shape] += 1
        worth = self._wait or self._met[shape] >= _WORTH
        idle = self._busy is None or not self._busy.is_alive()
        room = shape not in self._ready and len(self._ready) < _BUCKETS
        if room and worth and idle and self._wanted(shape):
            self._ready[shape] = None
            self._busy = threading.Thread(target=self._work, args=(shape, inputs), daemon=True)
            self._busy.start()
            if self._wait:
                self._busy.join()
        if shape in self._finished:
            self._ready[shape] = self._attempt(self._finished.pop(shape))
        return self._ready.get(shape)

    def _work(self, shape: Shape, inputs: Inputs) -> None:
        examples = tuple(given.clone() for given in inputs)
        finish = self._attempt(lambda: self._compile(examples))
        if finish is not None:
            self._finished[shape] = finish

    def _attempt(self, make: Callable[[], _T]) -> _T | None:
        """None where it fails: a compiler that is missing or gives up costs speed and nothing else."""
        try:
            return make()
        except Exception as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            self._say(f"The network could not be compiled, and runs more slowly: {reason}")
            return None


class Lanes:
    """Up, through and down at the same time: three streams, two pinned buffers for each direction."""

    def __init__(self) -> None:
        streams = [torch.cuda.Stream() for _ in range(3)]  # type: ignore[no-untyped-call]
        self._up, self._through, self._down = streams
        self._pinned: dict[tuple[str, int], Tensor] = {}

    def through(
        self, chunks: Iterable[Windows], size: int, run: Callable[[Tensor], tuple[Tensor, ...]]
    ) -> list[Planes]:
        """Run each chunk of at most ``size`` windows, filled up to it; its planes in the chunks' order."""
        found: list[Planes] = []
        waiting: list[tuple[int, list[Tensor], torch.cuda.Event]] = []
        left: torch.cuda.Event | None = None
        for number, chunk in enumerate(chunks):
            if len(waiting) == 2:
                found.append(_fetched(*waiting.pop(0)))
            pixels, there = self._sent(chunk, size, number % 2)
            with torch.cuda.stream(self._through):
                self._through.wait_event(there)
                if left is not None:
                    self._through.wait_event(left)  # a graph's outputs are overwritten by its next run
                outputs = run(pixels)
                pixels.record_stream(self._through)
                made = self._through.record_event()
            with torch.cuda.stream(self._down):
                self._down.wait_event(made)
                planes = [self._fetch(f"down{k}", plane, number % 2) for k, plane in enumerate(outputs)]
                left = self._down.record_event()
            waiting.append((len(chunk), planes, left))
        return found + [_fetched(*each) for each in waiting]

    def _sent(self, chunk: Windows, size: int, turn: int) -> tuple[Tensor, torch.cuda.Event]:
        """A chunk on the device, on its way there; what is missing repeats the last window."""
        buffer = self._buffer("up", (size, *chunk.shape[1:]), turn)
        buffer[: len(chunk)].copy_(torch.from_numpy(np.ascontiguousarray(chunk)))
        buffer[len(chunk) :] = buffer[len(chunk) - 1]
        with torch.cuda.stream(self._up):
            return buffer.to("cuda", non_blocking=True), self._up.record_event()

    def _fetch(self, name: str, plane: Tensor, turn: int) -> Tensor:
        buffer = self._buffer(name, tuple(plane.shape), turn)
        plane.record_stream(self._down)
        return buffer.copy_(plane, non_blocking=True)

    def _buffer(self, name: str, shape: tuple[int, ...], turn: int) -> Tensor:
        """Pinned memory; it may be written as soon as the chunk before the last has been fetched."""
        kept = self._pinned.get((name, turn))
        if kept is None or tuple(kept.shape) != shape:
            kept = self._pinned[name, turn] = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        return kept


def _fetched(count: int, planes: list[Tensor], there: torch.cuda.Event) -> Planes:
    there.synchronize()
    return tuple(plane[:count].numpy().copy() for plane in planes)
