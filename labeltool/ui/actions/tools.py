"""The menu Tools: the tools of the entry point group, and what all of them share."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP

from labeltool import plugins
from labeltool.tools.tool import Tool
from labeltool.ui.actions.spec import ActionSpec, spec

_row = partial(spec, "Tools")

ACTIONS: tuple[ActionSpec, ...] = (
    _row("larger_brush", QT_TRANSLATE_NOOP("Actions", "Larger brush"), "]", repeats=True),
    _row("smaller_brush", QT_TRANSLATE_NOOP("Actions", "Smaller brush"), "[", repeats=True),
)

USUAL = (
    "brush",
    "eraser",
    "polygon",
    "lasso",
    "pick",
    "fill",
    "wand",
    "superpixel",
    "threshold",
    "grabcut",
    "refine",
)
"""The order of the tools that everybody knows."""


def tool_spec(tool: Tool) -> ActionSpec:
    """The row of a tool."""
    keys = (tool.key,) if tool.key else ()
    return ActionSpec(tool.id, "Tools", tool.title, keys, tool.icon, "always", True, tool.help)


def tools() -> list[Tool]:
    """The tools of the entry-point group, the built-in ones in their usual order first."""
    names = plugins.names("labeltool.tools")
    names = sorted(names, key=lambda n: (USUAL.index(n) if n in USUAL else len(USUAL), n))
    return [plugins.load("labeltool.tools", name) for name in names]
