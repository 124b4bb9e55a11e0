"""A report for whoever is to find out what went wrong: a text that its reader sees whole before anybody else does."""

from __future__ import annotations

import locale
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

from labeltool import __version__
from labeltool.app.diagnosis import log
from labeltool.app.diagnosis.sessions import CutShort

PACKAGES = (
    "PySide6-Essentials",
    "numpy",
    "opencv-python-headless",
    "Pillow",
    "tifffile",
    "pyvips",
    "pyvips-binary",
    "SQLAlchemy",
    "torch",
    "safetensors",
    "rasterio",
    "pydicom",
    "nibabel",
    "openslide-python",
    "openvino",
)


def of_now(what: str = "", more: Mapping[str, str] | None = None) -> str:
    """The report of this process: ``what`` went wrong, as a text, and ``more`` that is known of the program."""
    parts = [_heading(), _facts(more or {})]
    if what:
        parts.append(f"What went wrong\n\n{what.strip()}")
    return _joined(parts, log.end_of(os.getpid()))


def of_session(session: CutShort, more: Mapping[str, str] | None = None) -> str:
    """The report of a session that was cut short."""
    end = "It crashed." if session.crashed else "It was ended from outside: killed, or the power went."
    about = (
        f"The session that began at {session.begun}Z (labeltool {session.version}, process {session.process})"
        f" did not end as it should. {end}"
    )
    parts = [_heading(), _facts(more or {}), "\n\n".join(filter(None, (about, session.trace)))]
    return _joined(parts, log.end_of(session.process, session.begun))


def _joined(parts: Iterable[str], entries: str) -> str:
    ending = f"The last entries of the log\n\n{entries}" if entries else "There is no log of it."
    return "\n\n\n".join((*parts, ending)) + "\n"


def _heading() -> str:
    return "Report of a problem in labeltool\n\nIt holds no images and no labels. Nothing is sent anywhere."


def _facts(more: Mapping[str, str]) -> str:
    facts = {
        "labeltool": __version__,
        "Python": f"{platform.python_version()} ({sys.implementation.name})",
        "system": platform.platform(),
        "processors": str(os.cpu_count()),
        "locale": ", ".join(str(part) for part in locale.getlocale()),
        **more,
    }
    rows = [f"{name}: {value}" for name, value in facts.items()]
    rows += [f"{name}: {found}" for name in PACKAGES if (found := _version(name))]
    return "The program\n\n" + "\n".join(rows)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
