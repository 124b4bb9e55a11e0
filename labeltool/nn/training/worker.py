"""The process that trains: ``python -m labeltool.nn.training.worker RUN [--attended] [--processes N]``.

It may be started by torchrun too: ``torchrun --nproc-per-node N -m labeltool.nn.training.worker RUN``. Attended, the
first of several processes speaks in frames with its parent (:mod:`labeltool.inference.training_process`), and all end
when their stdin does. Otherwise rows go to stdout as lines of JSON. SIGTERM and SIGINT end it too; its state is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken
from labeltool.inference.frames import Header, write_frame
from labeltool.inference.worker import described, take_stdout

_NICENESS = 5
_GRACE_S = 100.0
"""How long a trainer that was told to end may take. One of several may wait for others that are gone."""

Say = Callable[[Header], None]


def main(arguments: list[str] | None = None) -> int:
    """Train, and say how it went; 0 also where the training was stopped."""
    began_s = time.monotonic()
    options = _parser().parse_args(arguments)
    if options.processes > 1 and "RANK" not in os.environ:
        return _several(options)
    cancel = CancelToken()
    _stop_on_signals(cancel)
    say = _speaker(cancel, options.attended)
    if options.attended:
        threading.Thread(target=_wait_for_the_end, args=(cancel,), name="stdin", daemon=True).start()
        if hasattr(os, "nice"):
            os.nice(_NICENESS)  # the window comes first
    return _trained(options.run, cancel, say, began_s)


def _trained(run: Path, cancel: CancelToken, say: Say, began_s: float) -> int:
    from labeltool.nn.training.train import train  # noqa: PLC0415  (torch, after signals are cared for)

    try:
        train(
            run,
            cancel=cancel,
            progress=lambda done, total, text="": say({"progress": [done, total, text]}),
            log=lambda row: say({"row": row}),
            began_s=began_s,
        )
    except CancelledError:
        pass
    except Exception as error:  # the parent is told of every failure
        say({"error": described(error)})
        return 1
    say({"end": True})
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labeltool.nn.training.worker")
    parser.add_argument("run", type=Path)
    parser.add_argument("--attended", action="store_true", help="a parent listens, and holds stdin open")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="start N that train together")
    return parser


def _several(options: argparse.Namespace) -> int:
    """Let torchrun start the processes; each has its share of the processors."""
    from torch.distributed.run import main as torchrun  # noqa: PLC0415

    count = options.processes
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // count)))
    attended = ["--attended"] if options.attended else []
    words = ["--standalone", "--nproc-per-node", str(count), "-m", "labeltool.nn.training.worker"]
    torchrun([*words, str(options.run), "--processes", str(count), *attended])
    return 0


def _speaker(cancel: CancelToken, attended: bool) -> Say:
    """What passes frames to the parent, or rows to stdout; nothing but in the first process."""
    if int(os.environ.get("RANK", "0")) > 0:
        return lambda header: None
    out = take_stdout()

    def say(header: Header) -> None:
        try:
            if attended:
                write_frame(out, header)
            elif "row" in header or "error" in header:
                out.write(_line(header.get("row", header)))
                out.flush()
        except OSError:  # nobody listens any more
            cancel.cancel()

    return say


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _stop_on_signals(cancel: CancelToken) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        cancel.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _wait_for_the_end(cancel: CancelToken) -> None:
    """The parent closes our stdin to stop us, and the system does when the parent dies."""
    while sys.stdin.buffer.read(1):
        pass
    cancel.cancel()
    time.sleep(_GRACE_S)
    os._exit(1)  # what it has written is whole at any moment


if __name__ == "__main__":
    sys.exit(main())
