"""A message over the canvas that stays until it is read."""

from __future__ import annotations

from collections.abc import Callable

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
        self._close.clicked.connect(self._close_it)
        self._general = self._of_image = self._below = ""
        self._offers: dict[str, tuple[str, Callable[[], object]]] = {}
        self._do = QToolButton()
        self._do.setObjectName("banner.do")
        self._do.clicked.connect(self._run)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 8, 6)
        row.addWidget(self._text, 1)
        row.addWidget(self._do)
        row.addWidget(self._close)
        self.hide()

    def leave_image(self) -> None:
        """Another image is opened: what was said of the one before goes with it."""
        self._say(self._general, "")

    def tell_of_image(self, text: str) -> None:
        """Show a message that is about the image at hand; another one that nobody has closed comes back afterwards."""
        self._say(self._general, text)

    def take_back(self, text: str) -> None:
        """What this message said is no longer so; another one stays."""
        self._say(*("" if said == text else said for said in (self._general, self._of_image)))

    def tell(self, text: str) -> None:
        """Show a message; an empty one takes the last away."""
        self._say(text, "")

    def offer(self, text: str, do: str, run: Callable[[], object]) -> None:
        """Show a message with a button that does what it is about."""
        self._offers = {text: (do, run)}
        self.tell(text)

    def _run(self) -> None:
        _, run = self._offers[self._of_image or self._general]
        run()

    def add(self, text: str) -> None:
        """Say this below whatever is said, until it is closed."""
        self._below = text
        self._say(self._general, self._of_image)

    def _close_it(self) -> None:
        self._below = ""
        self._say(self._general if self._of_image else "", "")

    def _say(self, general: str, of_image: str) -> None:
        self._general, self._of_image = general, of_image
        said = of_image or general
        text = "\n".join(filter(None, (said, self._below)))
        if text == self._text.text() and self.isHidden() != bool(text):
            return  # it is there already
        self._text.setText(text)
        do, _ = self._offers.get(said, ("", None))
        self._do.setText(do)
        self._do.setVisible(bool(do))
        self.setVisible(bool(text))
