"""Other forms of a model, made in a process of its own: ``python -m labeltool.nn.engines.files``.

The request is one line of JSON on stdin: ``{"work": "quantize", "model": folder, "images": [[path, page], ...]}`` or
``{"work": "export", "model": folder or file, "out": path}``. The answers are lines of JSON on stdout: ``{"done",
"total", "text"}`` any number of times, then ``{"made": {...}}`` or ``{"error": {kind, message, file, hint}}``.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labeltool.core.errors import LabeltoolError, ModelError
from labeltool.imaging.windows import sampled_windows
from labeltool.inference.card import ModelCard
from labeltool.inference.feeding import open_fed
from labeltool.inference.levels import apply, image_levels
from labeltool.inference.options import InferenceOptions
from labeltool.nn.engines.choose import graphs_of, load_segmenter
from labeltool.nn.engines.int8 import Shown, quantize
from labeltool.nn.engines.segmenter import EngineSegmenter

MOST_WINDOWS = 120
_OF_AN_IMAGE = 8


def main() -> int:
    """Do what the line on stdin asks for."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to stderr
    sys.stdout = sys.stderr

    def say(**answer: Any) -> None:
        out.write(json.dumps(answer) + "\n")
        out.flush()

    def progress(done: float, total: float, text: str = "") -> None:
        say(done=done, total=total, text=text)

    asked = json.loads(sys.stdin.readline())
    try:
        if asked["work"] == "quantize":
            made = _quantize(Path(asked["model"]), [(Path(p), page) for p, page in asked["images"]], progress)
        else:
            made = _export(Path(asked["model"]), Path(asked["out"]), progress)
    except Exception as error:  # the parent is told of every failure
        if not isinstance(error, LabeltoolError):
            traceback.print_exception(error)
            error = ModelError(
                f"the model could not be converted: {type(error).__name__}: {error}", file=asked["model"]
            )
        kind = type(error).__name__
        say(error={"kind": kind, "message": error.message, "file": error.file, "hint": error.hint})
        return 1
    say(made=made)
    return 0


def _quantize(folder: Path, images: list[tuple[Path, str]], progress: Any) -> dict[str, Any]:
    how = InferenceOptions("cpu")
    card, weights, graphs = graphs_of(folder, how)
    segmenter = load_segmenter(folder, how)
    windows = list(_windows(card, segmenter, images))
    return quantize(
        folder, card, weights, graphs, windows, lambda w, c: segmenter.predict(w[None], c).label[0], progress
    )


def _windows(card: ModelCard, segmenter: EngineSegmenter, images: list[tuple[Path, str]]) -> Iterator[Shown]:
    """Windows of images from all over the list, as the network will be shown them."""
    each = max(1, min(_OF_AN_IMAGE, MOST_WINDOWS // max(1, len(images))))
    for path, page in images[:: -(-len(images) // MOST_WINDOWS) or 1]:
        with open_fed(path, page, card.values, card.bands) as reader:
            levels = image_levels(reader, card.stretch)
            samples = [apply(levels, window) for window in sampled_windows(reader, card.tile, each)]
        context = segmenter.survey(samples)
        for sample in samples:
            yield sample, context


def _export(model: Path, out: Path, progress: Any) -> dict[str, Any]:
    from labeltool.nn.checkpoint import load_network  # noqa: PLC0415
    from labeltool.nn.engines.onnx import export  # noqa: PLC0415
    from labeltool.nn.pipeline import Pipeline  # noqa: PLC0415

    return export(Pipeline(*load_network(model)), out, progress)


if __name__ == "__main__":
    sys.exit(main())
