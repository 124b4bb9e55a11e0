"""The child process that is taught: ``python -m labeltool.inference.teaching_worker MODEL --how JSON``.

Frames come in on stdin and go out on what was stdout, as those of :mod:`labeltool.inference.worker`. A frame ``{"look":
path, "page": key, "box": [x0, y0, x1, y1]}`` has it see a part of an image; the answer is ``{"seen": [box]}`` with the
box that it will answer for, or ``{"left": true}`` where another frame came meanwhile. A frame ``{"teach": [boxes]}``,
whose bytes are a plane of class values for each box (255 where nothing is known), is answered by ``{"taught": [box]}``
with the bytes of two planes of that box: class values and confidence. ``{"leave": true}`` has no answer. All others get
``{"error": {...}}``, rubbish as well. The process ends when its stdin does, so it never outlives its parent.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from labeltool import plugins
from labeltool.core.errors import ModelError
from labeltool.core.geometry import Box
from labeltool.inference.card import ModelCard
from labeltool.inference.feeding import open_fed
from labeltool.inference.frames import FrameError, Header, read_frame, write_frame
from labeltool.inference.options import InferenceOptions
from labeltool.inference.teaching import GROUP, Painted, Teachable
from labeltool.inference.worker import described, is_lost, take_stdout

_NICENESS = 2

_Asked = tuple[Header, bytes] | FrameError


def main(arguments: list[str] | None = None) -> int:
    """Load the model, say ready (or why not), then look and be taught."""
    options = _parser().parse_args(arguments)
    out = take_stdout()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # the window comes first
    asked = _frames()
    try:
        model = _load(options.model, InferenceOptions.from_json(json.loads(options.how)), options.teachable)
    except Exception as error:  # the parent is told of every failure
        write_frame(out, {"error": described(error)})
        return 1
    write_frame(out, {"ready": {"device": model.device, "engine": model.engine, "model": model.card.key}})
    while True:
        _answer(asked.get(), asked, model, out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labeltool.inference.teaching_worker")
    parser.add_argument("model", type=Path)
    parser.add_argument("--how", default=json.dumps(InferenceOptions().to_json()), help="options as JSON")
    parser.add_argument("--teachable", default="", help="module:function instead of the entry point")
    return parser


def _load(model: Path, how: InferenceOptions, teachable: str) -> Teachable:
    card = ModelCard.read(model if model.is_dir() else model.parent)
    own = EntryPoint("teachable", teachable, GROUP).load if teachable else None
    loaded: Teachable = (own() if own else plugins.load(GROUP, card.segmenter))(model, how)
    return loaded


def _frames() -> queue.SimpleQueue[_Asked]:
    """Frames as they come, read on a thread: the end of stdin ends the process at once. After what is no frame the next
    line may be one."""
    asked: queue.SimpleQueue[_Asked] = queue.SimpleQueue()
    stdin = sys.stdin.buffer

    def read() -> None:
        frame: _Asked | None = FrameError()
        while frame is not None:
            try:
                frame = read_frame(stdin)
            except FrameError as error:
                frame = error
            except OSError:
                frame = None
            if frame is not None:
                asked.put(frame)
        os._exit(0)

    threading.Thread(target=read, name="frames", daemon=True).start()
    return asked


class _Look(NamedTuple):
    path: Path
    page: str
    box: Box


class _Teach(NamedTuple):
    painted: list[Painted]


def _request(frame: _Asked) -> _Look | _Teach | None:
    """What a frame asks for, None where it wants no answer; ModelError where it makes no sense."""
    if isinstance(frame, FrameError):
        raise ModelError(f"the program sent something else than a frame: {frame}")
    header, body = frame
    try:
        if "look" in header:
            return _Look(Path(header["look"]), str(header.get("page", "")), _box(header["box"]))
        if "teach" in header:
            return _Teach(list(_painted([_box(box) for box in header["teach"]], body)))
        if header["leave"]:
            return None
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the program asked for what makes no sense: {error!r}") from error
    raise ModelError("the program asked for nothing")


def _painted(boxes: list[Box], body: bytes) -> Iterator[Painted]:
    areas = [box.width * box.height for box in boxes]
    if sum(areas) != len(body):
        raise ValueError(f"{sum(areas)} pixels in {len(body)} bytes")
    at = 0
    for box, area in zip(boxes, areas, strict=True):
        yield Painted(box, np.frombuffer(body, np.uint8, area, at).reshape(box.height, box.width))
        at += area


def _answer(frame: _Asked, asked: queue.SimpleQueue[_Asked], model: Teachable, out: BinaryIO) -> None:
    request = None
    try:
        request = _request(frame)
        if isinstance(request, _Look):
            _look(request, asked, model, out)
        elif request is not None:
            answer = model.taught(request.painted)
            planes = [answer.label.tobytes(), answer.confidence.tobytes()]
            write_frame(out, {"taught": list(answer.box)}, planes)
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:  # this failed, the next may not
        path = request.path if isinstance(request, _Look) else None
        write_frame(out, {"error": described(error, path)})
        if is_lost(error):
            os._exit(1)  # nothing runs in this process any more


def _look(request: _Look, asked: queue.SimpleQueue[_Asked], model: Teachable, out: BinaryIO) -> None:
    """See an image, unless somebody asks for something else meanwhile."""
    with open_fed(request.path, request.page, model.card.values, model.card.bands) as reader:
        seen = model.look(reader, request.box, asked.empty)
    write_frame(out, {"left": True} if seen is None else {"seen": list(seen)})


def _box(numbers: list[int]) -> Box:
    return Box(*(int(number) for number in numbers))


if __name__ == "__main__":
    sys.exit(main())
