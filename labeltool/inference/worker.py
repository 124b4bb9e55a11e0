"""The child process that runs a model: ``python -m labeltool.inference.worker MODEL --device auto``.

Frames come in on stdin and go out on what was stdout; whatever a library prints goes to stderr instead. A frame
``{"segment": path, "page": key}`` is answered by any number of ``{"part": [x0, y0, x1, y1], "done", "total"}`` whose
bytes are the label and then the confidence plane, and by one ``{"end": true}`` or ``{"error": {...}}``. The process
ends when its stdin does, so it never outlives its parent.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import threading
import traceback
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import BinaryIO

from labeltool import plugins
from labeltool.core.errors import LabeltoolError, ModelError
from labeltool.inference.card import ModelCard
from labeltool.inference.feeding import open_fed
from labeltool.inference.frames import FrameError, Header, read_frame, write_frame
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Segmenter
from labeltool.inference.tiled import segment

_NICENESS = 5


def main(arguments: list[str] | None = None) -> int:
    """Load the model, say ready (or why not), then segment one image after the other."""
    options = _parser().parse_args(arguments)
    out = _take_stdout()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # the window comes first
    requests = _requests()
    try:
        segmenter = _load(options.model, options.how, options.segmenter)
    except Exception as error:  # the parent is told of every failure
        write_frame(out, {"error": _described(error)})
        return 1
    ready = {"device": segmenter.device, "engine": segmenter.engine, "model": segmenter.card.key}
    write_frame(out, {"ready": ready})
    while True:
        path, page = requests.get()
        _answer(Path(path), page, segmenter, out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labeltool.inference.worker")
    parser.add_argument("model", type=Path)
    parser.add_argument("--how", type=_how, default=InferenceOptions(), help="options as JSON")
    parser.add_argument("--segmenter", default="", help="module:function instead of the card's entry point")
    return parser


def _take_stdout() -> BinaryIO:
    """The real stdout, for frames only; file descriptor 1 becomes stderr for everybody else."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return out


def _requests() -> queue.SimpleQueue[tuple[str, str]]:
    """Images as they are asked for, path and page, read on a thread: the end of stdin ends the process at once."""
    paths: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    stdin = sys.stdin.buffer

    def read() -> None:
        try:
            while frame := read_frame(stdin):
                paths.put((frame[0]["segment"], frame[0].get("page", "")))
        except (FrameError, KeyError, OSError) as error:
            print(f"not a request: {error}", file=sys.stderr)  # noqa: T201
        os._exit(0)

    threading.Thread(target=read, name="requests", daemon=True).start()
    return paths


def _how(text: str) -> InferenceOptions:
    return InferenceOptions.from_json(json.loads(text))


def _load(model: Path, how: InferenceOptions, segmenter: str) -> Segmenter:
    card = ModelCard.read(model if model.is_dir() else model.parent)
    if segmenter:
        loader = EntryPoint("segmenter", segmenter, "labeltool.segmenters").load()
    else:
        loader = plugins.load("labeltool.segmenters", card.segmenter)
    loaded: Segmenter = loader(model, how)
    return loaded


def _answer(path: Path, page: str, segmenter: Segmenter, out: BinaryIO) -> None:
    reached: Header = {"done": 0.0, "total": 0.0}

    def progress(done: float, total: float, text: str = "") -> None:
        reached.update(done=done, total=total)

    try:
        with open_fed(path, page, segmenter.card.values) as reader:
            for part in segment(reader, segmenter, progress=progress):
                header = {"part": list(part.box), "planes": list(part.planes), **reached}
                write_frame(out, header, (plane.tobytes() for plane in part.planes.values()))
        write_frame(out, {"end": True, **reached})
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:  # this image failed, the next may not
        write_frame(out, {"error": _described(error, path)})


def _described(error: Exception, path: Path | None = None) -> Header:
    if not isinstance(error, LabeltoolError):
        traceback.print_exception(error, file=sys.stderr)
        what = "memory ran out" if _is_out_of_memory(error) else f"{type(error).__name__}: {error}"
        error = ModelError(
            f"the model failed on this image: {what}" if path else f"the model failed: {what}", file=path
        )
    return {"kind": type(error).__name__, "message": error.message, "file": error.file, "hint": error.hint}


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


if __name__ == "__main__":
    sys.exit(main())
