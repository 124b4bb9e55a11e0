"""A trainer that learns nothing: `python -m fake_trainer RUN --attended --processes N`, told by a file what to do."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from labeltool.inference.frames import write_frame


def main() -> None:
    run, out = Path(sys.argv[1]), sys.stdout.buffer
    what = (run / "what").read_text()
    write_frame(out, {"row": {"event": "started", "words": sys.argv[2:]}})
    write_frame(out, {"progress": [1, 4, "step 1 of 4"]})
    if what == "dies":
        sys.exit("no room on the device")
    if what == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "fails":
        error = {"kind": "BadInputError", "message": "an odd label", "file": "a.png", "hint": "Look at it"}
        write_frame(out, {"error": error})
        return
    if what == "looks around":
        write_frame(out, {"row": {"ranks": os.environ.get("WORLD_SIZE"), "path": "PATH" in os.environ}})
    if what == "prints":
        print("hello")
    if what == "waits":
        sys.stdin.buffer.read()
        (run / "stopped").touch()
    if what == "hangs":
        time.sleep(60)
    write_frame(out, {"end": True})


if __name__ == "__main__":
    main()
