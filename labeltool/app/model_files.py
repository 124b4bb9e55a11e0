"""Other forms of a model: 8-bit integers beside its weights, an ONNX file for other programs."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from labeltool.app.models.finding import project_models
from labeltool.app.models.model import Model
from labeltool.app.project import source_problem
from labeltool.core.errors import BadInputError, ModelError
from labeltool.core.extras import INT8, ONNX
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord
from labeltool.inference.child import Child, Frame, raise_error
from labeltool.inference.frames import Header

_MODULE = "labeltool.nn.engines.files"
_MOST_EXAMPLES = 120
_POLL_S = 0.1


def quantize(
    root: Path,
    name: str,
    *,
    images: Sequence[ImageRecord],
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Model:
    """Give a model of the project a form in 8-bit integers, with images of its kind as examples; the engine "int8" runs
    it. What it came to lies in ``int8.json`` in the model's folder.

    ModelError where the project has no such model, BadInputError where no image can be read, CancelledError when
    cancelled; the model is then as it was.
    """
    model = next((m for m in project_models(root) if name in (m.card.name, m.path.name, m.key)), None)
    if model is None:
        raise ModelError(
            f"this project has no model called {name!r} of its own",
            hint="An embedded model comes into the project with: labeltool models DIR add PATH",
        )
    if INT8.missing:
        raise INT8.refusal("quantizing a model", file=model.folder)
    whole = [(str(record.path), record.page) for record in _examples(images)]
    if not whole:
        raise BadInputError(
            "there is no image to quantize the model with", file=root, hint="Add images first"
        )
    _work({"work": "quantize", "model": str(model.folder.absolute()), "images": whole}, progress, cancel)
    return model


def _examples(images: Sequence[ImageRecord]) -> Iterator[ImageRecord]:
    """Some images from all over a project that can be read."""
    step = max(1, -(-len(images) // _MOST_EXAMPLES))
    spread = (record for first in range(step) for record in images[first::step])
    return islice((record for record in spread if not source_problem(record)), _MOST_EXAMPLES)


def export_onnx(
    model: Model, out: Path, *, progress: Progress = silent, cancel: CancelToken | None = None
) -> Path:
    """Write a model as one ONNX file: uint8 pixels in, class values and confidence out. Gives the file's path.

    ModelError where the network cannot be exported or answers otherwise than before; nothing is written then.
    """
    if ONNX.missing:
        raise ONNX.refusal("an ONNX file", file=out)
    target = out / f"{Path(model.card.name).name or 'model'}.onnx" if out.is_dir() else out
    if not target.parent.is_dir():
        raise BadInputError("there is no such folder", file=target.parent, hint="Create it first")
    request = {"work": "export", "model": str(model.path.absolute()), "out": str(target.absolute())}
    _work(request, progress, cancel)
    return target


def _work(request: Header, progress: Progress, cancel: CancelToken | None) -> None:
    """Have a child process do it. Raises what it raises; CancelledError within a second of ``cancel``."""
    child = Child(_MODULE, [], name="process that converts models")
    try:
        child.send(request)
        made = False
        while not made:
            if cancel is not None:
                cancel.check()
            with contextlib.suppress(queue.Empty):
                made = _take(child, child.frames.get(timeout=_POLL_S), progress)
    finally:
        child.kill()


def _take(child: Child, frame: Frame | Exception, progress: Progress) -> bool:
    """Pass on how far it is; True when it is done."""
    if isinstance(frame, Exception):
        raise child.obituary(frame) from frame
    header, _ = frame
    raise_error(header)
    if "progress" in header:
        progress(*header["progress"])
    return "made" in header
