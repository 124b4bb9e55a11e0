"""A model's pipeline as a graph of OpenVINO: converted once, compared with torch, and kept in the user's cache."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from platformdirs import user_cache_path

import labeltool
from labeltool.core.errors import ModelError
from labeltool.inference.card import ModelCard
from labeltool.inference.options import FROM_ONE_ANSWER, InferenceOptions
from labeltool.nn.engines.sides import MULTIPLE, scaled

if TYPE_CHECKING:
    from labeltool.nn.pipeline import Pipeline

Graph = Any
"""An ``openvino.Model``."""

PLANES, ALONE, AVERAGES, EMBEDDINGS = "planes", "alone", "averages", "embeddings"
_VECTORS = (AVERAGES, EMBEDDINGS)
LIMIT_BYTES = 1 << 30
_FILE = "graph.xml"
_SMALL = 128
_AGREES = 0.999
_CHANGES = "1"
"""Goes up when pipelines answer otherwise than before, so that graphs of the past are not used."""


def openvino() -> Any:
    """The library; what would tell its makers that it is used is kept from being imported."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino as library  # noqa: PLC0415 - only where this engine is wanted

    return library


def graph_key(card: ModelCard, weights: str, how: InferenceOptions) -> str:
    """Names what a graph is made of. ``weights`` is the SHA-256 of the file; doubts are all in it."""
    parts = [_CHANGES, labeltool.__version__, openvino().__version__, weights, card.to_json()]
    return hashlib.sha256(json.dumps([*parts, how.flips, how.scales]).encode()).hexdigest()[:32]


class Graphs:
    """The graphs of a model, for windows of one size each. ``pipeline`` makes it in torch, float32 on the CPU, when
    there is something to convert.

    A graph holds for windows of any size, but for those in which an average over ``card.context`` has no room there
    is another. Where tracing has fixed a size that it should not have, each size gets its own.
    """

    def __init__(
        self,
        card: ModelCard,
        how: InferenceOptions,
        key: str,
        pipeline: Callable[[InferenceOptions], Pipeline],
        folder: Path | None = None,
    ) -> None:
        self._card = card
        self._how = replace(how, doubts=FROM_ONE_ANSWER)
        self._wanted = [0, 1, *(2 + k for k, name in enumerate(FROM_ONE_ANSWER) if name in how.doubts)]
        self._key = key
        self._pipeline = pipeline
        self._folder = folder or user_cache_path("labeltool") / "engines"
        self._free: dict[str, Graph] = {}

    def graph(self, part: str, height: int, width: int) -> Graph:
        """For windows uint8 [1, height, width, channels]: ``PLANES`` takes the context too, float [1, k], where the
        network takes one, ``ALONE`` looks at each window by itself, and ``AVERAGES`` gives what a context is made of,
        and ``EMBEDDINGS`` what an embedding is.
        """
        return self.picked(self.sized(self.whole(part, height, width), height, width), part)

    def whole(self, part: str, height: int, width: int) -> Graph:
        """For windows of this size, and where possible of any other of its kind, with all planes of doubt."""
        sides = (height, width)
        name = f"{part}-{self.kind(*sides)}"
        if name not in self._free:
            self._free[name] = self._kept(name) or self._converted(part, name, sides, free=True)
        if self._free[name] is not None:
            return self._free[name]
        name = f"{part}-{height}x{width}"
        return self._kept(name) or self._converted(part, name, sides, free=False)

    def sized(self, graph: Graph, height: int, width: int) -> Graph:
        """For one window of this size: a fixed one is faster."""
        graph = graph.clone()
        shapes = {0: [1, height, width, self._card.channels]}
        if len(graph.inputs) > 1:
            shapes[1] = [1, graph.inputs[1].partial_shape[1].get_length()]
        graph.reshape(shapes)
        return graph

    def picked(self, graph: Graph, part: str) -> Graph:
        """With the planes alone that are wanted, so that nothing else is computed."""
        if part in _VECTORS:
            return graph
        return openvino().Model([graph.get_results()[k] for k in self._wanted], graph.get_parameters(), part)

    def kind(self, height: int, width: int) -> str:
        """What windows have in common that go through one graph."""
        return f"{self._kind(height)}-{self._kind(width)}"

    def _kind(self, side: int) -> str:
        """In which views a square of the card's context has no room in a window of this side: sides of one kind go
        through one graph."""
        cells = (
            -(-scaled(side, self._card.scale * scale) // MULTIPLE) * MULTIPLE // self._card.output_stride
            for scale in self._how.scales
        )
        reach = self._card.context // self._card.output_stride
        return "".join("s" if reach and each <= reach else "l" for each in cells)

    def _like(self, side: int, *more: int) -> int:
        """A small side of the same kind, ``more`` of which is allowed as well."""
        smaller = (s for s in range(_SMALL, side, MULTIPLE) if self._kind(s) == self._kind(side))
        first = next(smaller, side)
        return next((first + m for m in more if self._kind(first + m) == self._kind(first)), first)

    def _kept(self, name: str) -> Graph | None:
        file = self._folder / f"{self._key}-{name}" / _FILE
        if not file.is_file():
            return None
        try:
            graph = openvino().Core().read_model(file)
        except RuntimeError:
            shutil.rmtree(file.parent, ignore_errors=True)  # cut off: it is made again
            return None
        with suppress(OSError):
            file.parent.touch()
        return graph

    def _converted(self, part: str, name: str, sides: tuple[int, int], *, free: bool) -> Graph | None:
        """From torch; None where a graph that should take any size (``free``) does not."""
        pipeline = self._pipeline(self._how)
        height, width = other = sides
        if free:
            sides, other = (
                (self._like(height), self._like(width)),
                (self._like(height, 64), self._like(width, 32)),
            )
        graph = convert(pipeline, part, sides)
        if self._agrees(graph, pipeline, part, other):
            self._keep(graph, name)
            return graph
        if free:
            return None
        raise ModelError("OpenVINO does not answer as torch does", hint="Use --engine torch")

    def _agrees(self, graph: Graph, pipeline: Pipeline, part: str, sides: tuple[int, int]) -> bool:
        """Whether it answers as torch does, in float32, to windows of another size than it was traced with."""
        import torch  # noqa: PLC0415 - loaded for the conversion already

        rng = np.random.default_rng(0)
        inputs = [rng.integers(0, 256, (1, *sides, self._card.channels), np.uint8)]
        if len(graph.inputs) > 1:
            inputs.append(rng.random((1, graph.inputs[1].partial_shape[1].get_length()), np.float32))
        library = openvino()
        try:
            sized = self.sized(graph, *sides)
            compiled = library.Core().compile_model(sized, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            found = [np.asarray(value) for value in compiled(inputs).values()]
        except RuntimeError:
            return False
        with torch.inference_mode():
            tensors = [torch.from_numpy(array) for array in inputs]
            wanted = [t.numpy() for t in _answers(pipeline, part)(*tensors)]
        if any(a.shape != b.shape for a, b in zip(found, wanted, strict=True)):
            return False
        if part in _VECTORS:
            return bool(np.allclose(found[0], wanted[0], rtol=1e-2, atol=1e-2))
        sure = wanted[2] > 2  # where two classes are as likely as each other, the last bit decides
        same = np.abs(found[1].astype(int) - wanted[1]) <= 2
        return bool(same.mean() >= _AGREES and (found[0] == wanted[0])[sure].all())

    def _keep(self, graph: Graph, name: str) -> None:
        """For the next time, as far as the disk allows; the graphs that were not used for longest make room."""
        target = self._folder / f"{self._key}-{name}"
        with suppress(OSError, RuntimeError):
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=".", dir=self._folder))
            try:
                openvino().save_model(graph, temporary / _FILE, compress_to_fp16=False)
                temporary.rename(target)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
            _make_room(self._folder)


def convert(pipeline: Pipeline, part: str, sides: tuple[int, int]) -> Graph:
    """A pipeline in torch as a graph, traced with a window of these sides; ModelError where it cannot be one."""
    import torch  # noqa: PLC0415

    from labeltool.nn.pipeline import Averages, Embeddings  # noqa: PLC0415

    window = torch.zeros(1, *sides, pipeline.card.channels, dtype=torch.uint8)
    example: tuple[torch.Tensor, ...] = (window,)
    module: torch.nn.Module = pipeline
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter(
            "ignore"
        )  # tracing warns of each side that it fixes; the comparison finds those that matter
        if part == AVERAGES:
            module = Averages(pipeline)
        elif part == EMBEDDINGS:
            module = Embeddings(pipeline)
        elif part == PLANES and pipeline.takes_context:
            example = (window, torch.zeros_like(pipeline.averages(window)))
        try:
            traced = torch.jit.trace(module.eval(), example, check_trace=False)  # type: ignore[no-untyped-call]
            graph = openvino().convert_model(traced, example_input=example)
        except Exception as error:  # conversion fails with whatever the operator at hand happens to raise
            reason = str(error).strip().splitlines()
            raise ModelError(
                f"OpenVINO cannot take this network: {reason[0][:200] if reason else type(error).__name__}",
                hint="Use --engine torch",
            ) from error
    if len(example) > 1:
        graph.inputs[1].get_node().set_partial_shape(openvino().PartialShape([1, example[1].shape[1]]))
    graph.validate_nodes_and_infer_types()
    return graph


def _answers(pipeline: Pipeline, part: str) -> Callable[..., Sequence[Any]]:
    """What of a pipeline a graph stands for, as a list of tensors."""
    if part not in _VECTORS:
        return pipeline
    vectors = pipeline.averages if part == AVERAGES else pipeline.embeddings
    return lambda *tensors: [vectors(*tensors)]


def _make_room(folder: Path) -> None:
    entries = [entry for entry in folder.iterdir() if entry.is_dir()]
    newest_first = sorted(entries, key=lambda entry: -entry.stat().st_mtime)
    total = 0
    for entry in newest_first:
        total += sum(file.stat().st_size for file in entry.iterdir())
        if total > LIMIT_BYTES:
            shutil.rmtree(entry, ignore_errors=True)
