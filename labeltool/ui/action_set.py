"""The actions of a window: the rows of the table as Qt's actions, with their keys, menus and tool bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar

from labeltool.tools.tool import Tool
from labeltool.ui import theme
from labeltool.ui.actions import MENUS, REASONS, SUBMENUS, ActionSpec, table
from labeltool.ui.keys import Keymap, native
from labeltool.ui.words import translated


class ActionSet(Mapping[str, QAction]):
    """Actions by id. They do nothing before :meth:`run` has said what."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self.why: Mapping[str, str] = {}
        """Why something that actions need is not there now, where ``REASONS`` cannot know."""
        self.keymap = Keymap.load(table())
        self._actions = {spec.id: self._make(spec) for spec in self.keymap.specs}
        window.addActions(list(self._actions.values()))
        self.show_keys()

    def __getitem__(self, id_: str) -> QAction:
        return self._actions[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def run(self, runs: Mapping[str, Callable[[], object]]) -> None:
        """What each action does from now on; those that show the keys and find an action know it by themselves."""
        runs = {**runs, "keys": self._ask_keys, "palette": self._find}
        for id_, action in self.items():
            action.triggered.connect(lambda *_, run=runs[id_]: run())

    def _make(self, spec: ActionSpec) -> QAction:
        dots = "…" if spec.text.endswith("…") else ""
        action = QAction(spec.title + dots, self._window)
        action.setObjectName(f"action.{spec.id}")
        if spec.icon:
            action.setIcon(theme.icon(spec.icon))
        action.setCheckable(spec.checkable)
        action.setAutoRepeat(spec.repeats)
        return action

    def show_keys(self) -> None:
        """Give the actions the keys of the keymap, and show the first one in the tooltip."""
        for spec in self.keymap.specs:
            action, keys = self[spec.id], self.keymap.keys(spec.id)
            action.setShortcuts([QKeySequence(key) for key in keys])
            tip = translated(spec.help) if spec.help else action.text().rstrip("…")
            action.setToolTip(f"{tip}  ({native(keys[0])})" if keys else tip)

    def of_key(self, key: str) -> QAction | None:
        """The action that a key belongs to."""
        found = self.keymap.action_of(key)
        return None if found is None else self[found]

    def enable(self, has: Mapping[str, bool]) -> None:
        """Switch actions on and off by what they need; those that need something not named here stay as they are."""
        for spec in self.keymap.specs:
            if spec.needs in has:
                self[spec.id].setEnabled(has[spec.needs])

    def reason(self, id_: str) -> str:
        """Why an action does not apply now."""
        needs = next(spec.needs for spec in self.keymap.specs if spec.id == id_)
        return self.why.get(needs) or translated(REASONS.get(needs, ""))

    # ---- where they are found

    def fill_menus(self) -> dict[str, QMenu]:
        """Make the window's menus; they come back by name."""
        menus = {name: self._window.menuBar().addMenu(translated(name)) for name in MENUS}
        inside: dict[str, QMenu] = {}
        for spec in self.keymap.specs:
            menu = menus[spec.menu]
            if spec.submenu and spec.submenu not in inside:
                inside[spec.submenu] = menu.addMenu(translated(SUBMENUS[spec.submenu]))
            if spec.separated:
                menu.addSeparator()
            inside.get(spec.submenu, menu).addAction(self[spec.id])
        return menus

    def tool_bar(self, tools: list[Tool]) -> QToolBar:
        """The bar of the tools, of which one is chosen."""
        title = QCoreApplication.translate("ActionSet", "Tools")
        bar = QToolBar(title, self._window)
        bar.setObjectName("tools")
        bar.setOrientation(Qt.Orientation.Vertical)
        bar.setMovable(False)
        group = QActionGroup(bar)
        for tool in tools:
            group.addAction(self[tool.id])
            bar.addAction(self[tool.id])
            button = bar.widgetForAction(self[tool.id])
            if button is not None:
                button.setObjectName(f"tool.{tool.id}")
        return bar

    def _ask_keys(self) -> None:
        from labeltool.ui.dialogs.keys import KeysDialog  # noqa: PLC0415

        dialog = KeysDialog(self._window, self.keymap)
        dialog.changed.connect(self.show_keys)
        dialog.open()

    def _find(self) -> None:
        from labeltool.ui.palette import Palette  # noqa: PLC0415

        more = [each for each in self._window.actions() if each not in self._actions.values()]
        Palette(self.keymap.specs, self, self.keymap.keys, self._window, more, self.why).open()
