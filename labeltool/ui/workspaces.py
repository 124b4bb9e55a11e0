"""The workspaces of a window, one at a time: tabs at the top, and the parts that belong to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import shiboken6
from PySide6.QtCore import QByteArray, QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QSizePolicy, QStackedWidget, QToolBar, QToolButton, QWidget

ANNOTATE, REVIEW, TRAIN = "annotate", "review", "train"
NAMES = (ANNOTATE, REVIEW, TRAIN)
"""In the order of the tabs."""


class Space(NamedTuple):
    """A workspace: its page, which others may share, the bars and panels beside it, and what is done before it is first
    shown: until then nobody waits for what it needs."""

    page: QWidget
    beside: Callable[[], Sequence[QWidget]]
    make: Callable[[], None] = lambda: None


class Workspaces(QObject):
    """Shows one of the spaces. Of what lies beside a page that is come back to, what was closed stays closed."""

    shown = Signal(str)
    """Another workspace is shown now."""

    def __init__(
        self,
        window: QMainWindow,
        stack: QStackedWidget,
        actions: Mapping[str, QAction],
        spaces: Mapping[str, Space],
    ) -> None:
        super().__init__(window)
        self._stack, self._window, self._spaces = stack, window, spaces
        self._made: set[str] = set()
        self._left: dict[str, list[QWidget]] = {}
        self._layouts: dict[str, QByteArray] = {}
        """How wide and high what lies beside a page was, and which of its tabs was in front."""
        self._focus: QWidget | None = None
        self._actions = {name: actions[f"workspace_{name}"] for name in NAMES}
        group = QActionGroup(self)
        for action in self._actions.values():
            group.addAction(action)
        for name in NAMES:
            page = spaces[name].page
            if stack.indexOf(page) < 0:
                page.setObjectName(f"workspace.{name}")
                stack.addWidget(page)
        self.bar = self._make_bar()
        self.current = ANNOTATE
        self._actions[ANNOTATE].setChecked(True)

    def _make_bar(self) -> QToolBar:
        bar = QToolBar(QCoreApplication.translate("Workspaces", "Workspaces"), self._window)
        bar.setObjectName("workspaces")
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        for name, action in self._actions.items():
            bar.addAction(action)
            button = bar.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setObjectName(f"tab.{name}")
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return bar

    @property
    def on_canvas(self) -> bool:
        """Whether the image at hand is in sight."""
        return self._spaces[self.current].page is self._spaces[ANNOTATE].page

    def say(self, name: str, text: str) -> None:
        """Put what a tab is called beside something that happens there."""
        self._actions[name].setIconText(text)

    def open(self) -> None:
        """A project is open: begin with Annotate, all of it."""
        if self.current != ANNOTATE:
            self._hide_but(())
        self._left = {}
        self.current = ANNOTATE
        self._actions[ANNOTATE].setChecked(True)
        self._layouts = {}
        self.bring(self._spaces[ANNOTATE].page)
        self.shown.emit(ANNOTATE)

    def show(self, name: str) -> None:
        """Bring a workspace to the front as it was left."""
        self._actions[name].setChecked(True)
        if name == self.current:
            return
        space = self._spaces[name]
        if self.on_canvas:
            self._focus = self._window.focusWidget()
        self.bar.setMinimumHeight(self.bar.height())  # which the bars beside it have given it
        if name not in self._made:
            self._made.add(name)
            space.make()
        wanted = self._left[name] if name in self._left else list(space.beside())
        self._layouts[self.current] = self._window.saveState()
        self._left[self.current] = self._hide_but(wanted)
        self.current = name
        self.bring(space.page)
        for each in wanted:
            each.show()
        if name in self._layouts:
            self._window.restoreState(self._layouts[name])
        if self.on_canvas:
            self.bar.setMinimumHeight(0)
        if (
            self.on_canvas and self._focus is not None and shiboken6.isValid(self._focus)
        ):  # options come and go
            self._focus.setFocus()
        else:
            space.page.setFocus()
        self.shown.emit(name)

    def bring(self, page: QWidget) -> None:
        """Show a page; those that are not shown ask for no room."""
        for index in range(self._stack.count()):
            each = self._stack.widget(index)
            assert each is not None
            policy = QSizePolicy.Policy.Preferred if each is page else QSizePolicy.Policy.Ignored
            each.setSizePolicy(policy, policy)
        self._stack.setCurrentWidget(page)

    def _hide_but(self, wanted: Sequence[QWidget]) -> list[QWidget]:
        """Hide what lies beside the page and is not wanted any more; what of it was to be seen."""
        seen = [each for each in self._spaces[self.current].beside() if not each.isHidden()]
        for each in seen:
            if each not in wanted:
                each.hide()
        return seen
