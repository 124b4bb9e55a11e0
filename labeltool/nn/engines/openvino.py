"""Networks on a CPU through OpenVINO: in bfloat16 where the processor computes in it, in 8-bit integers on request."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from labeltool.nn.engines.graphs import ALONE, AVERAGES, EMBEDDINGS, PLANES, Graph, openvino
from labeltool.nn.engines.segmenter import Planes, Windows

_KEPT = 8
_MOST_STREAMS = 4
_NO_MEMORY = ("bad_alloc", "allocate", "not enough memory", "out of memory")

Requests = list[Any]


class Source(Protocol):
    """Where graphs for windows of a size come from."""

    def graph(self, part: str, height: int, width: int) -> Graph:
        """See :meth:`labeltool.nn.engines.graphs.Graphs.graph`."""
        ...


class OpenVinoEngine:
    """Compiles a graph for each size of window, which takes a tenth of a second, and keeps the last eight.

    A window alone gets all cores; of several, each gets its share of them, which is faster in sum. Windows never
    share a tensor, so that an answer does not depend on those beside it.
    """

    def __init__(self, source: Source, tile: int, words: str = "") -> None:
        library = openvino()
        self._core = library.Core()
        self._source = source
        low = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self._precision = "bf16" if low else "f32"
        self._compiled: OrderedDict[tuple[str, int, int, int], Requests] = OrderedDict()
        version = library.__version__.split("-")[0]
        self.name = f"openvino {version} {words or self._precision}"
        self.device = "cpu"
        self.batch = min(_MOST_STREAMS, _cores())
        self.takes_context = (
            len(source.graph(PLANES, tile, tile).inputs) > 1
        )  # converts, or says that it cannot

    def planes(self, windows: Windows, context: NDArray[np.float32] | None, batch: int) -> Planes:
        """Class values, confidence and doubts of windows [n, h, w, channels]."""
        alone = self.takes_context and context is None
        given = [] if context is None or not self.takes_context else [np.ascontiguousarray(context)]
        answers = self._run(ALONE if alone else PLANES, windows, given)
        return tuple(np.concatenate(planes) for planes in zip(*answers, strict=True))

    def averages(self, windows: Windows) -> NDArray[np.float32]:
        """Float32 [n, k]."""
        return np.concatenate([answer[0] for answer in self._run(AVERAGES, windows, [])])

    def embeddings(self, windows: Windows) -> NDArray[np.float32]:
        """Float32 [n, k]."""
        return np.concatenate([answer[0] for answer in self._run(EMBEDDINGS, windows, [])])

    def _run(self, part: str, windows: Windows, given: list[NDArray[np.float32]]) -> list[list[NDArray[Any]]]:
        """Each window's results, the windows side by side."""
        with _memory_errors():
            streams = min(len(windows), self.batch)
            requests = self._requests(part, windows.shape[1], windows.shape[2], streams)
            answers: list[list[NDArray[Any]]] = []
            for start in range(0, len(windows), streams):
                busy = list(zip(requests, windows[start : start + streams], strict=False))
                for request, window in busy:
                    request.start_async([np.ascontiguousarray(window[None]), *given], share_inputs=True)
                for request, _ in busy:
                    request.wait()
                    answers.append([np.array(tensor.data) for tensor in request.output_tensors])
            return answers

    def _requests(self, part: str, height: int, width: int, streams: int) -> Requests:
        """Ready to run windows of this size, as many as there are streams."""
        key = (part, height, width, streams)
        if key not in self._compiled:
            graph = self._source.graph(part, height, width)
            settings = {
                "INFERENCE_PRECISION_HINT": self._precision,
                "NUM_STREAMS": streams,
                "CPU_DENORMALS_OPTIMIZATION": True,
            }
            compiled = self._core.compile_model(graph, "CPU", settings)
            self._compiled[key] = [compiled.create_infer_request() for _ in range(streams)]
            if len(self._compiled) > _KEPT:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(key)
        return self._compiled[key]


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _memory_errors() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if any(sign in str(error) for sign in _NO_MEMORY):
            raise MemoryError(str(error)) from error
        raise
