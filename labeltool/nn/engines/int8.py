"""Models in 8-bit integers: quantized by NNCF with images as examples, kept as a graph beside the weights."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeltool.core.errors import BadInputError, ModelError
from labeltool.core.extras import INT8
from labeltool.core.progress import Progress, silent
from labeltool.inference.card import INT8_NAME, ModelCard
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Context
from labeltool.nn.engines.graphs import PLANES, Graph, Graphs, openvino

GRAPH_NAME = "int8.xml"
GOOD = 0.99
"""Share of pixels of the same class below which the ends of a network stay in float, and people are told."""

_CHECKED = 4
"""Every fourth window is not quantized with, but shows what was lost."""

_CRF = r".*\.crf[./].*"
"""Sums over many classes and steps, of which rounding leaves nothing."""

Shown = tuple[NDArray[np.uint8], Context | None]
"""A window [h, w, channels] and the context of its image."""


class Quantized:
    """The graphs of a quantized model; where there is none for a kind of window, those of ``graphs``.

    ModelError where the model has not been quantized, or its weights have changed since.
    """

    def __init__(
        self, card: ModelCard, folder: Path, weights: str, how: InferenceOptions, graphs: Graphs
    ) -> None:
        if how.flips or how.scales != (1.0,):
            raise ModelError(
                "a quantized model sees an image as it is, without flips and scales",
                file=folder,
                hint="Leave them out, or choose another engine",
            )
        file = folder / GRAPH_NAME
        self.notice: str = _check(folder, weights).get("notice", "")
        self._graphs = graphs
        self._kind = graphs.kind(card.tile, card.tile)
        self._graph = openvino().Core().read_model(file)

    def graph(self, part: str, height: int, width: int) -> Graph:
        """See :meth:`Graphs.graph`."""
        if part != PLANES or self._graphs.kind(height, width) != self._kind:
            return self._graphs.graph(part, height, width)
        return self._graphs.picked(self._graphs.sized(self._graph, height, width), part)


def quantize(
    folder: Path,
    card: ModelCard,
    weights: str,
    graphs: Graphs,
    windows: Sequence[Shown],
    predict: Callable[[NDArray[np.uint8], Context | None], NDArray[np.uint8]],
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write ``int8.xml``, ``int8.bin`` and ``int8.json`` into a model's folder, and give what the last one holds.

    ``windows`` are those of images as the model will see; ``predict`` is the model as it was, to class values. Where
    the two differ in more than one pixel of a hundred the first and the last convolution stay in float, if that helps,
    which costs a tenth of the time; ``notice`` says so where the difference stays.
    """
    if INT8.missing:
        raise INT8.refusal("quantizing a model", file=folder)
    checked = list(windows[::_CHECKED])
    examples = [w for number, w in enumerate(windows) if number % _CHECKED] or checked
    if not examples:
        raise BadInputError(
            "there is no image to quantize the model with", file=folder, hint="Add images first"
        )
    progress(0.1, 1, "quantizing")
    whole = graphs.whole(PLANES, card.tile, card.tile)
    graph = _quantized(whole, examples)
    progress(0.5, 1, "comparing")
    agreement, ends_in_float = _agreement(graph, graphs, checked, predict), False
    if agreement < GOOD:
        progress(0.6, 1, "quantizing again")
        other = _quantized(whole, examples, _ends(whole))
        better = _agreement(other, graphs, checked, predict)
        if better > agreement:
            graph, agreement, ends_in_float = other, better, True
    progress(0.9, 1, "writing")
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as name:
        made = Path(name) / GRAPH_NAME
        openvino().save_model(graph, made)
        digests = {file.name: _digest(file) for file in (made, made.with_suffix(".bin"))}
        told = {
            "weights_sha256": weights,
            "files_sha256": digests,
            "windows": len(examples),
            "compared_with": len(checked),
            "agreement": agreement,
            "ends_in_float": ends_in_float,
            "notice": _notice(agreement, len(examples)),
            "bytes": made.with_suffix(".bin").stat().st_size,
            "openvino": openvino().__version__,
        }
        (folder / INT8_NAME).unlink(missing_ok=True)  # a half of each is never taken for a whole
        for file in digests:
            shutil.move(Path(name) / file, folder / file)
    (folder / INT8_NAME).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    progress(1, 1)
    return told


def _quantized(graph: Graph, examples: Sequence[Shown], in_float: Sequence[str] = ()) -> Graph:
    """``in_float`` are names of operations that stay as they are."""
    openvino()  # keeps what would phone home from being imported, before NNCF would
    import nncf  # noqa: PLC0415

    nncf.set_log_level(40)
    data = nncf.Dataset([_inputs(graph, *each) for each in examples], lambda inputs: inputs)
    return nncf.quantize(
        graph,
        data,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(examples),
        fast_bias_correction=True,
        ignored_scope=nncf.IgnoredScope(names=list(in_float), patterns=[_CRF], validate=False),
    )


def _ends(graph: Graph) -> list[str]:
    """The first convolution of the encoder, and that of the head: the least of the work, and the most of the loss."""
    names = [op.get_friendly_name() for op in graph.get_ordered_ops() if op.get_type_name() == "Convolution"]
    return [
        *[name for name in names if ".encoder." in name][:1],
        *(name for name in names if ".segmentation_head." in name),
    ]


def _notice(agreement: float, windows: int) -> str:
    if agreement >= GOOD:
        return ""
    return (
        f"In 8-bit integers this model gives the same class for {100 * agreement:.1f} % of the pixels only. "
        f"It was quantized with {windows} windows: more images, or more kinds of them, may help"
    )


def _inputs(graph: Graph, window: NDArray[np.uint8], context: Context | None) -> dict[int, NDArray[Any]]:
    inputs: dict[int, NDArray[Any]] = {0: window[None]}
    if len(graph.inputs) > 1:
        assert context is not None  # noqa: S101
        inputs[1] = context[None]
    return inputs


def _agreement(
    graph: Graph,
    graphs: Graphs,
    windows: Sequence[Shown],
    predict: Callable[[NDArray[np.uint8], Context | None], NDArray[np.uint8]],
) -> float:
    """Share of the pixels of which both say the same class."""
    core, same = openvino().Core(), []
    for window, context in windows:
        compiled = core.compile_model(graphs.sized(graph, *window.shape[:2]), "CPU")
        label = np.asarray(compiled(_inputs(graph, window, context))[0])[0]
        same.append(float((label == predict(window, context)).mean()))
    return round(float(np.mean(same)), 5)


def _check(folder: Path, weights: str) -> dict[str, Any]:
    """What ``int8.json`` holds; ModelError where the files are not those of the weights."""
    again = "Quantize it again: labeltool models DIR quantize NAME"
    try:
        told: dict[str, Any] = json.loads((folder / INT8_NAME).read_text(encoding="utf-8"))
        of, files = told["weights_sha256"], dict(told["files_sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "this model has no form in 8-bit integers", file=folder, hint=again.replace(" again", "")
        ) from error
    if of != weights:
        raise ModelError("the weights have changed since the model was quantized", file=folder, hint=again)
    for name in (GRAPH_NAME, Path(GRAPH_NAME).with_suffix(".bin").name):
        file = folder / name
        if not file.is_file() or _digest(file) != files.get(name):
            raise ModelError("the quantized model is not whole (its SHA-256 differs)", file=file, hint=again)
    return told


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
