"""What all dialogs share: margins, a remembered size, one button that Enter presses."""

from __future__ import annotations

from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtGui import QHideEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from labeltool.ui import theme

MOST = QSize(1200, 660)
"""A dialog and its frame fit a screen of 1280 x 720."""

GRID = 8

PRIMARY = f"""
    QPushButton[primary="true"] {{ background: {theme.ACCENT}; color: white; border: 2px solid transparent;
        border-radius: 4px; padding: 5px 16px; }}
    QPushButton[primary="true"]:focus {{ border-color: palette(window-text); }}
    QPushButton[primary="true"]:disabled {{ background: palette(mid); color: palette(placeholder-text); }}
"""


class Dialog(QDialog):
    """A dialog called ``dialog.<name>`` with a column of widgets, ``self.column``, and buttons below."""

    def __init__(self, name: str, title: str, parent: QWidget | None, size: QSize) -> None:
        super().__init__(parent)
        self.setObjectName(f"dialog.{name}")
        self.setWindowTitle(title)
        self.setStyleSheet(PRIMARY)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._size_key = f"dialogs/{name}/size"
        kept = QSettings().value(self._size_key)
        self.resize((kept if isinstance(kept, QSize) else size).boundedTo(MOST))
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        self.column.setSpacing(2 * GRID)
        self.buttons = QDialogButtonBox()

    def add_buttons(self, run: str, close: str, run_name: str = "run") -> QPushButton:
        """Put the two buttons at the bottom; the one that comes back is pressed by Enter."""
        primary = self.buttons.addButton(run, QDialogButtonBox.ButtonRole.ActionRole)
        primary.setObjectName(f"{self.objectName()}.{run_name}")
        make_primary(primary)
        self.close_button = self.buttons.addButton(close, QDialogButtonBox.ButtonRole.RejectRole)
        self.close_button.setObjectName(f"{self.objectName()}.close")
        self.close_button.setAutoDefault(False)
        self.buttons.rejected.connect(self.reject)
        self.column.addWidget(self.buttons)
        return primary

    def hideEvent(self, event: QHideEvent) -> None:
        """However it is closed, it comes back as large as it was."""
        QSettings().setValue(self._size_key, self.size())
        super().hideEvent(event)


class Text(QLabel):
    """A label that wraps and asks for the lines it needs at its width; Qt's own asks for those of a narrow one."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As high as the text is at the width the label has now."""
        return QSize(super().sizeHint().width(), self.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may need another height."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


def make_primary(button: QPushButton) -> None:
    """Show a button as the one that Enter presses."""
    button.setProperty("primary", True)
    button.setDefault(True)


def label(text: str = "", *, name: str = "", dim: bool = False, heading: bool = False) -> QLabel:
    """A text that wraps, is never taken for HTML, and can be copied."""
    made = Text(text)
    made.setObjectName("heading" if heading else name)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if dim:
        made.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return made


def show_problem(shown: QLabel, problem: str, else_: str = "") -> None:
    """Say what is wrong in the colour of errors, or something calm."""
    role = QPalette.ColorRole.BrightText if problem else QPalette.ColorRole.PlaceholderText
    shown.setForegroundRole(role)
    shown.setText(problem or else_)
