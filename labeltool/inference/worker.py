"""The child process that runs a model: ``python -m labeltool.inference.worker MODEL --device auto``.

Frames come in on stdin and go out on what was stdout; whatever a library prints goes to stderr instead. A frame
``{"segment": path, "page": key, "first": n}`` asks for an image from window number n on. The answer is any number of
``{"part": [x0, y0, x1, y1], "planes": [names], "done", "total", "notices"}`` whose bytes are the planes one after the
other (no planes: the model has nothing to say there), then ``{"end": true}`` or ``{"error": {...}}``. A frame
``{"embed": path, "page": key}`` asks for an image's embedding; the answer is ``{"embedding": k}`` with k float32, or an
error.
``notices`` are sentences for the user. The process ends when its stdin does, so it never outlives its parent.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import BinaryIO, NamedTuple

from labeltool import plugins
from labeltool.core.errors import DeviceError, LabeltoolError, ModelError
from labeltool.inference.card import ModelCard
from labeltool.inference.feeding import open_fed
from labeltool.inference.frames import FrameError, Header, read_frame, write_frame
from labeltool.inference.options import InferenceOptions
from labeltool.inference.segmenter import Prediction, Segmenter
from labeltool.inference.stages import behind
from labeltool.inference.tiled import embedding, segment

_NICENESS = 5
_FRAMES_BEHIND = 4
_LOST = (
    "CUDA error",
    "CUDA driver",
    "cuDNN error",
    "CUBLAS_STATUS",
    "CUDNN_STATUS",
    "device-side assert",
    "NVML",
)


def main(arguments: list[str] | None = None) -> int:
    """Load the model, say ready (or why not), then segment one image after the other."""
    options = _parser().parse_args(arguments)
    out = take_stdout()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # the window comes first
    requests = _requests()
    try:
        segmenter = _load(options.model, options.how, options.segmenter)
    except Exception as error:  # the parent is told of every failure
        write_frame(out, {"error": described(error)})
        return 1
    ready = {"device": segmenter.device, "engine": segmenter.engine, "model": segmenter.card.key}
    write_frame(out, {"ready": ready, "notices": _notices(segmenter)})
    while True:
        asked = requests.get()
        with _errors_told(asked, segmenter, out):
            (_embed if asked.embed else _segment)(asked, segmenter, out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labeltool.inference.worker")
    parser.add_argument("model", type=Path)
    parser.add_argument("--how", type=_how, default=InferenceOptions(), help="options as JSON")
    parser.add_argument("--segmenter", default="", help="module:function instead of the card's entry point")
    return parser


def take_stdout() -> BinaryIO:
    """The real stdout, for frames only; file descriptor 1 becomes stderr for everybody else."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return out


class _Request(NamedTuple):
    """An image to segment from window ``first`` on, or to embed."""

    path: Path
    page: str
    first: int
    embed: bool = False

    @classmethod
    def read(cls, header: Header) -> _Request:
        """What a frame asks for; KeyError where it asks for nothing."""
        page = header.get("page", "")
        if "embed" in header:
            return cls(Path(header["embed"]), page, 0, embed=True)
        return cls(Path(header["segment"]), page, header.get("first", 0))


def _requests() -> queue.SimpleQueue[_Request]:
    """Images as they are asked for, read on a thread: the end of stdin ends the process at once."""
    asked: queue.SimpleQueue[_Request] = queue.SimpleQueue()
    stdin = sys.stdin.buffer

    def read() -> None:
        try:
            while frame := read_frame(stdin):
                asked.put(_Request.read(frame[0]))
        except (FrameError, KeyError, OSError) as error:
            print(f"not a request: {error}", file=sys.stderr)  # noqa: T201
        os._exit(0)

    threading.Thread(target=read, name="requests", daemon=True).start()
    return asked


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


@contextmanager
def _errors_told(asked: _Request, segmenter: Segmenter, out: BinaryIO) -> Iterator[None]:
    """This image may fail, and the next may not."""
    try:
        yield
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:  # the parent is told of every failure
        write_frame(out, {"error": described(error, asked.path), "notices": _notices(segmenter)})
        if is_lost(error):
            os._exit(1)  # nothing runs in this process any more


def _embed(asked: _Request, segmenter: Segmenter, out: BinaryIO) -> None:
    with open_fed(asked.path, asked.page, segmenter.card.values, segmenter.card.bands) as reader:
        found = embedding(reader, segmenter)
    write_frame(out, {"embedding": len(found), "notices": _notices(segmenter)}, [found.tobytes()])


def _segment(asked: _Request, segmenter: Segmenter, out: BinaryIO) -> None:
    reached: Header = {"done": 0.0, "total": 0.0}

    def progress(done: float, total: float, text: str = "") -> None:
        reached.update(done=done, total=total)

    def write(frame: tuple[Header, Prediction]) -> None:
        header, part = frame
        write_frame(
            out, header, (plane.tobytes() for name, plane in part.planes.items() if name in header["planes"])
        )

    with (
        open_fed(asked.path, asked.page, segmenter.card.values, segmenter.card.bands) as reader,
        behind(write, _FRAMES_BEHIND) as hand_over,
    ):
        for part in segment(reader, segmenter, progress=progress, first=asked.first):
            planes = [] if part.is_nothing else list(part.planes)
            header = {"part": list(part.box), "planes": planes, **reached, "notices": _notices(segmenter)}
            hand_over((header, part))
    write_frame(out, {"end": True, **reached, "notices": _notices(segmenter)})


def _notices(segmenter: Segmenter) -> list[str]:
    """What the segmenter has to say since this was asked last."""
    said = list(segmenter.notices)
    del segmenter.notices[: len(said)]
    return said


def described(error: Exception, path: Path | None = None) -> Header:
    """An error for the parent; the traceback of one that nobody expected goes to stderr."""
    if not isinstance(error, LabeltoolError):
        traceback.print_exception(error, file=sys.stderr)
        error = _explained(error, path)
    return {"kind": type(error).__name__, "message": error.message, "file": error.file, "hint": error.hint}


def _explained(error: Exception, path: Path | None) -> ModelError:
    if is_lost(error):
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        hint = "Try again, or use the CPU: --device cpu"
        return DeviceError(f"the graphics card failed: {first}", file=path, hint=hint)
    where = " on this image" if path else ""
    if _is_out_of_memory(error):
        return ModelError(f"the model failed{where}: memory ran out", file=path, hint="Close other programs")
    return ModelError(f"the model failed{where}: {type(error).__name__}: {error}", file=path)


def is_lost(error: Exception) -> bool:
    """Whether the device is gone for this process, as after any error of CUDA but a lack of memory."""
    if _is_out_of_memory(error) or isinstance(error, LabeltoolError):
        return isinstance(error, DeviceError)
    return type(error).__name__ == "AcceleratorError" or any(sign in str(error) for sign in _LOST)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


if __name__ == "__main__":
    sys.exit(main())
