"""The workspaces of a window, one at a time: tabs at the top, and the parts that belong to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QToolBar, QToolButton, QVBoxLayout, QWidget

ANNOTATE, TRAIN = "annotate", "train"
NAMES = (ANNOTATE, TRAIN)
"""In the order of the tabs."""


class Workspaces(QObject):
    """``annotate`` is the page of Annotate, and ``beside`` the bars and panels that are shown with it alone. A page of
    another workspace is made when it is first shown, by ``make``."""

    shown = Signal(str)
    """Another workspace is shown now."""

    def __init__(
        self,
        window: QMainWindow,
        stack: QStackedWidget,
        actions: Mapping[str, QAction],
        annotate: QWidget,
        beside: Callable[[], Sequence[QWidget]],
        make: Callable[[], QWidget],
    ) -> None:
        super().__init__(window)
        self._stack, self._beside, self._make = stack, beside, make
        self._window = window
        self._made: QWidget | None = None
        self._aside: list[QWidget] = []
        self._focus: QWidget | None = None
        self._actions = {name: actions[f"workspace_{name}"] for name in NAMES}
        group = QActionGroup(self)
        for action in self._actions.values():
            group.addAction(action)
        self._pages = {ANNOTATE: annotate, TRAIN: QWidget(stack)}
        for name, page in self._pages.items():
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

    def page(self, name: str) -> QWidget:
        """The page of a workspace; empty until the workspace is first shown."""
        return self._pages[name]

    def say(self, name: str, text: str) -> None:
        """Put what a tab is called beside something that happens there."""
        self._actions[name].setIconText(text)

    def open(self) -> None:
        """A project is open: begin with Annotate, all of it."""
        self._aside = []
        self.current = ANNOTATE
        self._actions[ANNOTATE].setChecked(True)
        self._stack.setCurrentWidget(self._pages[ANNOTATE])

    def show(self, name: str) -> None:
        """Bring a workspace to the front; Annotate comes back as it was left."""
        self._actions[name].setChecked(True)
        if name == self.current:
            return
        if self.current == ANNOTATE:
            self._focus = self._window.focusWidget()
            self.bar.setMinimumHeight(self.bar.height())  # which the bars beside it have given it
            self._aside = [each for each in self._beside() if not each.isHidden()]
            for each in self._aside:
                each.hide()
        if name == TRAIN and self._made is None:
            self._made = self._make()
            column = QVBoxLayout(self._pages[TRAIN])
            column.setContentsMargins(0, 0, 0, 0)
            column.addWidget(self._made)
        self.current = name
        self._stack.setCurrentWidget(self._pages[name])
        if name == ANNOTATE:
            self.bar.setMinimumHeight(0)
            for each in self._aside:
                each.show()
            if self._focus is not None:
                self._focus.setFocus()
        elif self._made is not None:
            self._made.setFocus()
        self.shown.emit(name)
