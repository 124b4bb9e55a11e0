"""A warmed-up process that forks a victim for each command: ``python -m tests.faults.kills.server [trainer]``.

A line of JSON on stdin asks for a command: ``{"words": [...], "under": "folders", "at": n, "torn": false, "after_s": s,
"out": file, "temp": folder, "spare_mb": n}``. The victim runs it as ``labeltool words`` would, with so much memory,
ends by its own hand (``reaper.c``) at its n-th change of a file below the folders, or is killed after some seconds; 0
means none of these. The answer is a line: ``{"code": exit code or minus the signal, "changes": counted}``. No thread
runs here when it forks. As a trainer it has loaded torch, and the words are those of the process that trains.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import pkgutil
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

from labeltool import plugins
from labeltool.__main__ import main
from labeltool.core.errors import LabeltoolError

WARM = (
    "labeltool.app",
    "labeltool.cli",
    "labeltool.formats",
    "labeltool.store",
    "labeltool.imaging",
    "labeltool.core",
)
GROUPS = (
    "labeltool.commands",
    "labeltool.exporters",
    "labeltool.importers",
    "labeltool.readers",
    "labeltool.strategies",
)


def warm_up() -> None:
    """Import what commands import; what is an extra that is not installed stays away."""
    for package in map(importlib.import_module, WARM):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith("labeltool.cli.__main__"):
                importlib.import_module(found.name)
    for group in GROUPS:
        for name in plugins.names(group):
            try:
                plugins.load(group, name)
            except LabeltoolError:
                continue
    import cv2

    cv2.setNumThreads(0)


def warm_up_to_train() -> None:
    """Import what the process imports that trains."""
    import torch

    import labeltool.nn.training.train  # noqa: F401

    torch.set_num_threads(1)


def train(words: list[str]) -> int:
    """The process that trains."""
    from labeltool.nn.training.worker import main as trainer

    return trainer(words)


PROGRAMS = {"": main, "trainer": train}


def victim(asked: dict[str, Any], told: int) -> NoReturn:
    """The child: the command, under the reaper's eyes."""
    with Path(asked["out"]).open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ["TMPDIR"] = tempfile.tempdir = asked["temp"]
    code = 70
    try:
        leave_memory(asked["spare_mb"])
        reaper = ctypes.CDLL(None)
        reaper.reaper_seen.restype = ctypes.c_long
        reaper.reaper_arm(asked["under"].encode(), ctypes.c_long(asked["at"]), int(asked["torn"]))
        code = PROGRAMS[sys.argv[1] if len(sys.argv) > 1 else ""](asked["words"])
        sys.stdout.flush()
        os.write(told, struct.pack("l", reaper.reaper_seen()))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve(asked: dict[str, Any]) -> dict[str, int]:
    """One victim, from fork to funeral."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        victim(asked, write)
    os.close(write)
    if asked["after_s"]:
        _end_after(pid, asked["after_s"])
    counted = os.read(read, 8)
    os.close(read)
    _, status = os.waitpid(pid, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "changes": struct.unpack("l", counted)[0] if counted else -1,
    }


def leave_memory(spare_mb: int) -> None:
    """Let this process take so much address space more than it has; 0 leaves it as it is."""
    if spare_mb:
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        most = now + (spare_mb << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _end_after(pid: int, seconds: float) -> None:
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    warm_up_to_train() if sys.argv[1:] == ["trainer"] else warm_up()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(serve(json.loads(line))), flush=True)
