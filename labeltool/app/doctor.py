"""Is everything here that the program needs? Each answer is a row; what could crash is asked in a child process."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from platformdirs import user_cache_path, user_data_path

from labeltool import __version__, plugins
from labeltool.app.diagnosis import log
from labeltool.app.models import Model, embedded_models, try_out
from labeltool.core.errors import LabeltoolError
from labeltool.core.extras import EXTRAS
from labeltool.core.memory import memory_limit, physical_memory
from labeltool.core.resources import resource
from labeltool.core.words import counted

PACKAGES = (
    "numpy",
    "opencv-python-headless",
    "Pillow",
    "SQLAlchemy",
    "PySide6-Essentials",
    "torch",
    "segmentation-models-pytorch",
    "safetensors",
    "scikit-image",
)

QT_LIBRARIES = {"libxcb-cursor.so.0": "libxcb-cursor0", "libxkbcommon-x11.so.0": "libxkbcommon-x11-0"}
"""What Qt needs to show a window on X11 besides what it needs to load, and the Debian packages it is in."""

QT_PROBE = "from PySide6.QtWidgets import QApplication; QApplication([]); print('loads')"
PLUGIN_PROBE = f"from {__name__} import print_plugins; print_plugins()"
DEVICE_PROBE = """import json, torch
found = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
print(json.dumps([[each.name, each.total_memory] for each in found]))"""
PROBE_S = 120

Verdict = Literal["ok", "notice", "error"]


@dataclass(frozen=True)
class Finding:
    """One row: what was looked at, how it is, and whether the program can do without it."""

    topic: str
    name: str
    verdict: Verdict
    text: str


def examine(device: str = "auto") -> Iterator[Finding]:
    """Look at everything, one row after the other, what matters most first; the models are loaded on ``device``."""
    yield Finding("program", "labeltool", "ok", __version__)
    yield Finding("program", "Python", "ok", f"{platform.python_version()} on {platform.platform()}")
    yield from _machine()
    yield from _folders()
    yield from _window()
    yield from _models(device)
    yield from _packages()
    yield from _extras()
    yield from _plugins()


def print_plugins() -> None:
    """In a child: load every plug-in and print what became of it, as JSON."""
    sys.stdout.write(json.dumps([asdict(row) for row in plugins.report()]))


def _machine() -> Iterator[Finding]:
    """What images are worked on with. Nobody needs a GPU."""
    share = f"{in_units(memory_limit())} of it are kept for images, masks and undo"
    yield Finding("machine", "memory", "ok", f"{in_units(physical_memory())}; {share}")
    yield Finding("machine", "CPU", "ok", counted(os.cpu_count() or 1, "core"))
    ended = _child(DEVICE_PROBE)
    if ended.returncode != 0:
        yield Finding("machine", "GPU", "notice", f"torch cannot say: {_last_line(ended.stderr)}")
        return
    found = [f"{name} with {in_units(nbytes)}" for name, nbytes in json.loads(ended.stdout)]
    yield Finding(
        "machine", "GPU", "ok", "; ".join(found) or "none that torch can use: networks run on the CPU"
    )


def in_units(nbytes: int) -> str:
    """Bytes for people, in GiB, or in MiB where that would be less than one."""
    return f"{nbytes / 2**30:.1f} GiB" if nbytes >= 1 << 30 else f"{nbytes / 2**20:.0f} MiB"


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield Finding("package", name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding("package", name, "error", "is not installed: `make run` installs it")


def _extras() -> Iterator[Finding]:
    """What can be read and written beyond the ordinary; nobody needs all of it."""
    for extra in EXTRAS:
        here = "; ".join(extra.works)
        if extra.missing:
            works = f"works: {here}; " if here else ""
            add = f'pip install "labeltool[{extra.name}]" adds it'
            yield Finding(
                "extra", extra.name, "notice", f"{works}left out: {'; '.join(extra.left_out)}: {add}"
            )
        else:
            yield Finding("extra", extra.name, "ok", here)


def _plugins() -> Iterator[Finding]:
    ended = _child(PLUGIN_PROBE)
    if ended.returncode != 0:
        yield Finding("plug-in", "all", "error", f"loading them ends the process: {_last_line(ended.stderr)}")
        return
    for row in json.loads(ended.stdout):
        verdict: Verdict = "error" if row["error"] else "ok"
        group = row["group"].removeprefix("labeltool.")
        yield Finding("plug-in", f"{group}/{row['name']}", verdict, row["error"] or row["origin"])


def _window() -> Iterator[Finding]:
    ended = _child(QT_PROBE)
    loads = ended.returncode == 0
    text = (
        "loads"
        if loads
        else f"{_last_line(ended.stderr)} (on Debian: apt install libegl1 libgl1 libxkbcommon0)"
    )
    yield Finding("window", "Qt", "ok" if loads else "error", text)
    for library, package in QT_LIBRARIES.items() if sys.platform == "linux" else ():
        try:
            ctypes.CDLL(library)
            yield Finding("window", library, "ok", "is there")
        except OSError:
            yield Finding("window", library, "notice", f"no window on X11 without it: apt install {package}")


def _folders() -> Iterator[Finding]:
    """Where the program keeps what is not a project's. It runs without them: nothing there is anybody's work."""
    kept = {
        user_cache_path("labeltool", appauthor=False): "what is quicker to keep than to make again",
        user_data_path(
            "labeltool", appauthor=False
        ): "sample projects, and strokes that could not be saved elsewhere",
        log.folder(): "the log",
    }
    for path, what in kept.items():
        try:
            path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                free = in_units(shutil.disk_usage(path).free)
                yield Finding("folder", str(path), "ok", f"{what}; can be written, {free} free")
        except OSError as error:
            verdict: Verdict = "notice" if path == log.folder() else "error"
            yield Finding("folder", str(path), verdict, f"{what}; cannot be written: {error.strerror}")


def _models(device: str) -> Iterator[Finding]:
    try:
        models = embedded_models()
    except LabeltoolError as error:
        yield Finding("model", "embedded", "error", str(error))
        return
    if not models:
        yield Finding("model", "embedded", "error", f"there is none in {resource('models')}")
    for model in models:
        yield _model(model, device)


def _model(model: Model, device: str) -> Finding:
    try:
        info = try_out(model, device)
    except LabeltoolError as error:
        return Finding("model", model.key, "error", str(error))
    return Finding("model", model.key, "ok", f"runs on {info.device} ({info.engine})")


def _child(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-P", "-c", code],  # -P: a folder called labeltool where we are is not the package
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PROBE_S,
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
