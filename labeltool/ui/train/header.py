"""The head of a page: what it is about, in which state that is, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.topbar import ElidedLabel


class Header(QWidget):
    """Object names begin with ``name``."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = name
        self._title = ElidedLabel()
        self._title.setParent(self)
        font = self._title.font()
        font.setPointSizeF(1.5 * font.pointSizeF())
        self._title.setFont(font)
        self._title.setObjectName(f"{name}.title")
        self._state = QLabel(self)
        self._state.setObjectName(f"{name}.state")
        self._state.setTextFormat(Qt.TextFormat.PlainText)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GRID)
        self._row.addWidget(self._title, 1)
        self._row.addWidget(self._state, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addSpacing(GRID)
        self.setFixedHeight(4 * GRID)

    def show_title(self, title: str, state: str = "", colour: str = "") -> None:
        """What it is called, and its state in a frame."""
        self._title.setText(title)
        self._title.update()
        self._state.setVisible(bool(state))
        self._state.setText(state)
        self._state.setStyleSheet(f"border: 1px solid {colour}; border-radius: 4px; padding: 2px 8px;")

    def add_action(self, action: QAction, text: str = "") -> QPushButton:
        """A button for an action of the table, called ``text`` here; hidden while the action does not apply."""
        id_ = action.objectName().removeprefix("action.")
        button = self._button(id_, text or action.text(), action.icon())
        button.setToolTip(action.toolTip())
        button.clicked.connect(lambda *_: action.trigger())
        button.setVisible(action.isEnabled())
        action.enabledChanged.connect(button.setVisible)
        return button

    def add_button(self, name: str, text: str, icon: str) -> QPushButton:
        """A button of this page alone."""
        return self._button(name, text, theme.icon(icon))

    def _button(self, name: str, text: str, icon: QIcon) -> QPushButton:
        button = QPushButton(icon, text, self)
        button.setObjectName(f"{self._name}.{name}")
        button.setAutoDefault(False)
        self._row.addWidget(button)
        return button
