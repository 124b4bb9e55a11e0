"""A message over the canvas that stays until it is read."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from labeltool.ui import theme


class Banner(QFrame):
    """Hidden while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._text = QLabel()
        self._text.setObjectName("banner.text")
        self._text.setWordWrap(True)
        self._close = QToolButton()
        self._close.setObjectName("banner.close")
        self._close.setIcon(theme.icon("ph.x"))
        self._close.setAutoRaise(True)
        self._close.setAccessibleName(self.tr("Close this message"))
        self._close.clicked.connect(self.hide)
        self._of_image = False
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 8, 6)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self.hide()

    def leave_image(self) -> None:
        """Another image is opened: what was said of the one before goes with it."""
        if self._of_image:
            self.tell("")

    def tell_of_image(self, text: str) -> None:
        """Show a message that is about the image at hand."""
        self.tell(text)
        self._of_image = True

    def take_back(self, text: str) -> None:
        """What this message said is no longer so; another one stays."""
        if self._text.text() == text:
            self.tell("")

    def tell(self, text: str) -> None:
        """Show a message; an empty one takes the last away."""
        self._of_image = False
        if text == self._text.text() and self.isHidden() != bool(text):
            return  # it is there already
        self._text.setText(text)
        self.setVisible(bool(text))
