"""Other forms of a model: 8-bit integers beside its weights, an ONNX file for other programs."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from labeltool.app.models.finding import project_models
from labeltool.app.models.model import Model
from labeltool.app.project import source_problem
from labeltool.core import errors
from labeltool.core.errors import BadInputError, CancelledError, LabeltoolError, ModelError
from labeltool.core.extras import INT8, ONNX
from labeltool.core.progress import CancelToken, Progress, silent
from labeltool.core.project import ImageRecord

_MODULE = "labeltool.nn.engines.files"
_POLL_S = 0.1
_LAST_LINES = 12


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
    whole = [(str(record.path), record.page) for record in images if not source_problem(record)]
    if not whole:
        raise BadInputError(
            "there is no image to quantize the model with", file=root, hint="Add images first"
        )
    _work({"work": "quantize", "model": str(model.folder.absolute()), "images": whole}, progress, cancel)
    return model


def export_onnx(
    model: Model, out: Path, *, progress: Progress = silent, cancel: CancelToken | None = None
) -> Path:
    """Write a model as one ONNX file: uint8 pixels in, class values and confidence out. Gives the file's path.

    ModelError where the network cannot be exported or answers otherwise than before; nothing is written then.
    """
    if ONNX.missing:
        raise ONNX.refusal("an ONNX file", file=out)
    target = out / f"{model.card.name}.onnx" if out.is_dir() else out
    if not target.parent.is_dir():
        raise BadInputError("there is no such folder", file=target.parent, hint="Create it first")
    request = {"work": "export", "model": str(model.path.absolute()), "out": str(target.absolute())}
    _work(request, progress, cancel)
    return target


def _work(request: dict[str, Any], progress: Progress, cancel: CancelToken | None) -> dict[str, Any]:
    """Have a child process do it; what it says of what it made."""
    child = subprocess.Popen(  # noqa: S603
        [sys.executable, "-X", "utf8", "-m", _MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None  # noqa: S101
    last: deque[str] = deque(maxlen=_LAST_LINES)
    answers: list[dict[str, Any]] = []
    readers = [
        threading.Thread(target=_listen, args=(child.stdout, progress, answers), daemon=True),
        threading.Thread(target=last.extend, args=(child.stderr,), daemon=True),
    ]
    for thread in readers:
        thread.start()
    try:
        with contextlib.suppress(OSError):
            child.stdin.write(json.dumps(request) + "\n")
            child.stdin.close()
        while readers[0].is_alive():
            readers[0].join(_POLL_S)
            if cancel is not None and cancel.cancelled:
                raise CancelledError
    finally:
        child.kill()
        child.wait()
        for thread in readers:
            thread.join(2)
        child.stdout.close()
        child.stderr.close()
    answer = answers[-1] if answers else {}
    if "error" in answer:
        raise _error(answer["error"])
    if "made" not in answer:
        raise ModelError(
            "the process that converts models ended", file=request["model"], hint="\n".join(last)
        )
    made: dict[str, Any] = answer["made"]
    return made


def _listen(lines: IO[str] | Iterable[str], progress: Progress, answers: list[dict[str, Any]]) -> None:
    for line in lines:
        answer = json.loads(line)
        if "done" in answer:
            progress(answer["done"], answer["total"], answer["text"])
        else:
            answers.append(answer)


def _error(told: dict[str, str]) -> LabeltoolError:
    kind = getattr(errors, told["kind"], ModelError)
    known = isinstance(kind, type) and issubclass(kind, LabeltoolError)
    return (kind if known else ModelError)(told["message"], file=told["file"], hint=told["hint"])
