"""The band above the canvas that says that what is shown is not the mask as it is now."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from labeltool.ui.dialogs.frame import GRID

INK = "#1e1f21"
SHEET = f"""
    QFrame#history\\.band {{ background: #f0b429; border: 0; }}
    QLabel {{ color: {INK}; }}
    QToolButton {{ color: {INK}; background: rgba(255, 255, 255, 110); border: 0; border-radius: 3px;
        padding: 2px 8px; }}
    QToolButton:hover {{ background: rgba(255, 255, 255, 190); }}
"""


class Band(QFrame):
    """Lies over the options of the tool, which cannot be used meanwhile, so that it hides no pixel of the picture."""

    left = Signal()
    """Somebody wants to see the mask of now."""

    def __init__(self, options: QWidget) -> None:
        super().__init__(options)
        self.setObjectName("history.band")
        self.setStyleSheet(SHEET)
        self._options = options
        self._text = self._label("history.then")
        self._keys = self._label("history.keys")
        self._keys.setText(self.tr("Left and Right go from revision to revision"))
        self._keys.setMinimumWidth(1)
        self._back = QToolButton(self)
        self._back.setObjectName("history.leave")
        self._back.setText(self.tr("Back to now  (Esc)"))
        self._back.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._back.clicked.connect(self.left)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID + 2, 0, GRID + 2, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(self._text)
        row.addWidget(self._back)
        row.addStretch(1)
        row.addWidget(self._keys)
        options.installEventFilter(self)
        self.hide()

    def _label(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def say(self, text: str) -> None:
        """Show the band with this text; an empty one takes it away."""
        if not text:
            self._text.setMinimumWidth(0)
            self.hide()
            return
        self._text.setText(text)
        # It grows with its text and does not shrink, so that the button lies still in a replay.
        self._text.setMinimumWidth(max(self._text.minimumWidth(), self._text.sizeHint().width()))
        if self.isHidden():
            self.setParent(
                self._options.parentWidget()
            )  # beside the options, which come and go with the tool
            self._cover()
            self.show()
        self.raise_()

    def _cover(self) -> None:
        self.setGeometry(self._options.geometry())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay over the options."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and not self.isHidden():
            self._cover()
        return super().eventFilter(watched, event)
