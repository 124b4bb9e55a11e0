"""Entry points: names without loading, loading by name, and a report of what is broken.

The built-in readers, tools, formats, segmenters, teachable models, trainers, architectures, strategies and commands are
entry points too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from labeltool.core.errors import LabeltoolError

GROUPS = (
    "labeltool.readers",
    "labeltool.segmenters",
    "labeltool.teachable",
    "labeltool.trainers",
    "labeltool.architectures",
    "labeltool.strategies",
    "labeltool.tools",
    "labeltool.exporters",
    "labeltool.importers",
    "labeltool.commands",
)


@dataclass(frozen=True)
class PluginReport:
    """One entry point as ``labeltool doctor`` shows it; ``error`` is empty when it loads."""

    group: str
    name: str
    origin: str
    error: str


@cache
def _found(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in sorted(entry_points(group=group), key=lambda p: p.name)}


def names(group: str) -> list[str]:
    """The names in a group; nothing is imported."""
    return list(_found(group))


def load(group: str, name: str) -> Any:
    """The object behind a name; LabeltoolError names a missing or broken plug-in."""
    point = _point(group, name)
    try:
        return point.load()
    except Exception as error:  # a plug-in may fail in any way while it is imported
        raise LabeltoolError(
            f"the {_kind(group)} {name!r} ({point.value}) could not be loaded: {error}",
            hint="`labeltool doctor` shows every plug-in and its error",
        ) from error


def module(group: str, name: str) -> str:
    """The module that a name lies in, for a process of its own; nothing is imported. LabeltoolError as :func:`load`."""
    return _point(group, name).module


def _point(group: str, name: str) -> EntryPoint:
    point = _found(group).get(name)
    if point is None:
        known = ", ".join(names(group)) or "none; is labeltool installed (make run does that)?"
        raise LabeltoolError(f"there is no {_kind(group)} called {name!r}", hint=f"There are: {known}")
    return point


def _kind(group: str) -> str:
    several = group.removeprefix("labeltool.")
    return several.removesuffix("ies") + "y" if several.endswith("ies") else several.removesuffix("s")


def report() -> list[PluginReport]:
    """Load everything once and say what became of it."""
    rows = []
    for group in GROUPS:
        for name, point in _found(group).items():
            try:
                load(group, name)
                error = ""
            except LabeltoolError as failure:
                error = failure.message
            dist = point.dist
            rows.append(PluginReport(group, name, f"{dist.name} {dist.version}" if dist else "?", error))
    return rows
