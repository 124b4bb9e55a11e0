"""Networks for other programs: the pipeline as one ONNX file, uint8 in and out, compared before it is kept."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from labeltool.core import atomic
from labeltool.core.errors import ModelError
from labeltool.core.extras import ONNX
from labeltool.core.progress import Progress, silent
from labeltool.nn.pipeline import Pipeline

_OPSET = 18
_AGREES = 0.999
_LEAST_SIDE = 256


def export(pipeline: Pipeline, out: Path, progress: Progress = silent) -> dict[str, Any]:
    """Write a pipeline in float32; gives what was found: whether it takes any size, and the agreement with torch.

    Input ``pixels`` uint8 [n, h, w, channels], sides multiples of 32; outputs ``label`` (class values) and
    ``confidence``, uint8 [n, h, w]. The card lies in the file's metadata. ModelError where it cannot be exported, or
    does not answer as torch does.
    """
    if ONNX.missing:
        raise ONNX.refusal("an ONNX file", file=out)
    import onnx  # noqa: PLC0415

    card = pipeline.card
    side = max(_LEAST_SIDE, card.tile // 32 * 32)
    pipeline.eval()
    progress(0.1, 1, "exporting")
    found: dict[str, Any] = {}
    for dynamic in (True, False):
        try:
            model = _exported(pipeline, (side, side - 32 if dynamic else side), dynamic=dynamic)
        except Exception as error:  # the exporter fails with whatever the operator at hand happens to raise
            if not dynamic:
                raise ModelError(f"the network cannot be exported: {_line(error)}", file=out) from error
            continue
        progress(0.7, 1, "comparing")
        other = [(1, side, side), (2, side - 64, side + 32)] if dynamic else [(1, side, side)]
        agreement = _agreement(model, pipeline, other)
        if agreement is None or agreement >= _AGREES:
            found = {"any_size": dynamic, "side": side, "agreement": agreement}
            break
    if not found:
        raise ModelError("the exported network does not answer as torch does", file=out)
    described = {"card": json.dumps(card.to_json(), ensure_ascii=False), "input": export.__doc__ or ""}
    onnx.helper.set_model_props(model, {**described, **_words(pipeline)})
    onnx.checker.check_model(model)
    atomic.write_bytes(out, model.SerializeToString())
    progress(1, 1)
    return found


def _words(pipeline: Pipeline) -> dict[str, str]:
    card = pipeline.card
    return {
        "classes": json.dumps({c.value: c.name for c in card.catalog.classes}, ensure_ascii=False),
        "mean": json.dumps(card.mean),
        "std": json.dumps(card.std),
        "normalised": "inside: give pixels 0..255",
    }


def _exported(pipeline: Pipeline, sides: tuple[int, int], *, dynamic: bool) -> Any:
    windows = torch.zeros(2 if dynamic else 1, *sides, pipeline.card.channels, dtype=torch.uint8)
    any_ = torch.export.Dim.AUTO
    with _quiet():
        program = torch.onnx.export(
            pipeline,
            (windows,),
            input_names=["pixels"],
            output_names=["label", "confidence"],
            dynamic_shapes=({0: any_, 1: any_, 2: any_},) if dynamic else None,
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # noqa: S101
    return program.model_proto


def _agreement(model: Any, pipeline: Pipeline, shapes: list[tuple[int, int, int]]) -> float | None:
    """The smallest share of pixels with torch's class; None where onnxruntime is not installed."""
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    import onnxruntime  # noqa: PLC0415

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    rng, shares = np.random.default_rng(0), []
    for shape in shapes:
        windows = rng.integers(0, 256, (*shape, pipeline.card.channels), np.uint8)
        try:
            label, confidence = session.run(None, {"pixels": windows})
        except Exception:  # a size that was fixed while exporting
            return 0.0
        with torch.inference_mode():
            wanted = [plane.numpy() for plane in pipeline(torch.from_numpy(windows))]
        near = np.abs(confidence.astype(int) - wanted[1]) <= 1
        shares.append(min(float((label == wanted[0]).mean()), float(near.mean())))
    return min(shares)


@contextlib.contextmanager
def _quiet() -> Any:
    """Without what the exporter says of its own steps."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
