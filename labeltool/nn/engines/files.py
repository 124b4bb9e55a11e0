"""Other forms of a model, made in a process of its own: ``python -m labeltool.nn.engines.files``.

The request is a frame on stdin: ``{"work": "quantize", "model": folder, "images": [[path, page], ...]}`` (at most a
hundred or two) or ``{"work": "export", "model": folder or file, "out": path}``. The answers are frames on stdout:
``{"progress": [done, total, text]}`` any number of times, then ``{"made": {...}}`` or ``{"error": {...}}``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from labeltool.core.progress import Progress
from labeltool.imaging.windows import sampled_windows
from labeltool.inference.card import ModelCard
from labeltool.inference.feeding import open_fed
from labeltool.inference.frames import Header, read_frame, write_frame
from labeltool.inference.levels import apply, image_levels
from labeltool.inference.options import InferenceOptions
from labeltool.inference.worker import described, take_stdout
from labeltool.nn.engines.choose import graphs_of, load_segmenter
from labeltool.nn.engines.int8 import Shown, quantize
from labeltool.nn.engines.segmenter import EngineSegmenter

_MOST_WINDOWS = 160
_OF_AN_IMAGE = 40


def main() -> int:
    """Do what the frame on stdin asks for."""
    out = take_stdout()

    def progress(done: float, total: float, text: str = "") -> None:
        write_frame(out, {"progress": [done, total, text]})

    try:
        frame = read_frame(sys.stdin.buffer)
        write_frame(out, {"made": _made(frame[0] if frame else {}, progress)})
    except Exception as error:  # the parent is told of every failure
        write_frame(out, {"error": described(error)})
        return 1
    return 0


def _made(asked: Header, progress: Progress) -> Header:
    """Do it; what is to be said of it."""
    model = Path(asked["model"])
    if asked["work"] == "quantize":
        return _quantize(model, [(Path(path), page) for path, page in asked["images"]], progress)
    return _export(model, Path(asked["out"]), progress)


def _quantize(folder: Path, images: list[tuple[Path, str]], progress: Progress) -> Header:
    how = InferenceOptions("cpu")
    card, weights, graphs = graphs_of(folder, how)
    segmenter = load_segmenter(folder, how)
    windows = list(_windows(card, segmenter, images))
    return quantize(
        folder, card, weights, graphs, windows, lambda w, c: segmenter.predict(w[None], c).label[0], progress
    )


def _windows(card: ModelCard, segmenter: EngineSegmenter, images: list[tuple[Path, str]]) -> Iterator[Shown]:
    """Windows of images, as the network will be shown them."""
    each = max(1, min(_OF_AN_IMAGE, _MOST_WINDOWS // max(1, len(images))))
    for path, page in images:
        with open_fed(path, page, card.values, card.bands) as reader:
            levels = image_levels(reader, card.stretch)
            samples = [apply(levels, window) for window in sampled_windows(reader, card.tile, each)]
        context = segmenter.survey(samples)
        for sample in samples:
            yield sample, context


def _export(model: Path, out: Path, progress: Progress) -> Header:
    from labeltool.nn.checkpoint import load_network  # noqa: PLC0415
    from labeltool.nn.engines.onnx import export  # noqa: PLC0415
    from labeltool.nn.pipeline import Pipeline  # noqa: PLC0415

    return export(Pipeline(*load_network(model)), out, progress)


if __name__ == "__main__":
    sys.exit(main())
