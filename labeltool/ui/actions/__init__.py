"""One table of everything the window can do: menus, toolbars and shortcuts are views of it. Each menu has its file."""

from __future__ import annotations

from labeltool.ui.actions import edit, file, help, image, mask, model, review, view
from labeltool.ui.actions import tools as tools_menu
from labeltool.ui.actions.spec import DIGITS, MENUS, OF_TRAIN, REASONS, SUBMENUS, ActionSpec
from labeltool.ui.actions.tools import tool_spec, tools

ACTIONS: tuple[ActionSpec, ...] = tuple(
    spec for menu in (file, edit, image, mask, review, model, view, tools_menu, help) for spec in menu.ACTIONS
)


def table() -> tuple[ActionSpec, ...]:
    """All rows: the actions, then the tools."""
    return *ACTIONS, *map(tool_spec, tools())


__all__ = ["ACTIONS", "DIGITS", "MENUS", "OF_TRAIN", "REASONS", "SUBMENUS", "ActionSpec", "table", "tools"]
