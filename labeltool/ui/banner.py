"""Messages over the canvas.

There are two kinds. What *is* so (a full disk, a project that can only be read) stays until it is no longer so: whoever
says it takes it back. *News*, what has come of something (images found again, changes recovered), is over already: it
goes some time after the user has gone on working. Either can be closed, and what is about the image at hand goes with
that image.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from labeltool.ui import theme

READ_S = 10.0
"""News goes so long after the first press of a key or a button that follows on it: whoever was away finds it."""
_GOES_ON = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.TabletPress,
    QEvent.Type.Wheel,
    QEvent.Type.ShortcutOverride,  # comes before each key, also before one that is a shortcut
)


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
        self._news: list[str] = []
        self._read = QTimer(self, singleShot=True)
        self._read.timeout.connect(self._leave_news)
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

    # ---- what is so

    def tell(self, text: str) -> None:
        """Say what is so, in the place of what was; an empty text takes that away."""
        self._say(text, "")

    def offer(self, text: str, do: str, run: Callable[[], object]) -> None:
        """Say what is so, with a button that does what it is about."""
        self._offers = {text: (do, run)}
        self.tell(text)

    def tell_of_image(self, text: str) -> None:
        """Say what is so of the image at hand; what nobody has closed comes back afterwards."""
        self._say(self._general, text)

    def take_back(self, text: str) -> None:
        """What this message said is no longer so, or no longer new; another one stays."""
        self._news = [each for each in self._news if each != text]
        self._say(*("" if said == text else said for said in (self._general, self._of_image)))

    def leave_image(self) -> None:
        """Another image is opened: what was said of the one before goes with it."""
        self._say(self._general, "")

    def add(self, text: str) -> None:
        """Say this below whatever is said, until it is closed."""
        self._below = text
        self._show()

    # ---- news

    def tell_news(self, text: str) -> None:
        """Say what has come of something, below what is so and what was new before."""
        if text:
            self._news = [*(each for each in self._news if each != text), text]
            self._read.stop()
            self._watch(True)
            self._show()

    def leave_project(self) -> None:
        """Another project is opened, or none: nothing of what was said is about that."""
        self._leave_news()
        self.tell("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See that the user goes on, in this window, not in a dialog over it; the event goes on as well."""
        if event.type() in _GOES_ON and isinstance(watched, QWidget) and watched.window() is self.window():
            self._watch(False)
            self._read.start(round(READ_S * 1000))
        return False

    def _watch(self, watch: bool) -> None:
        """Nowhere but at the whole program does every input come past, whichever widget takes it."""
        app = QCoreApplication.instance()
        assert app is not None
        app.removeEventFilter(self)
        if watch:
            app.installEventFilter(self)

    def _leave_news(self) -> None:
        self._news = []
        self._read.stop()
        self._watch(False)
        self._show()

    # ---- what is shown

    def _run(self) -> None:
        _, run = self._offers[self._of_image or self._general]
        run()

    def _close_it(self) -> None:
        self._below = ""
        self._leave_news()
        self._say(self._general if self._of_image else "", "")

    def _say(self, general: str, of_image: str) -> None:
        self._general, self._of_image = general, of_image
        self._show()

    def _show(self) -> None:
        said = self._of_image or self._general
        text = "\n".join(filter(None, (said, *self._news, self._below)))
        if text == self._text.text() and self.isHidden() != bool(text):
            return  # it is there already
        self._text.setText(text)
        do, _ = self._offers.get(said, ("", None))
        self._do.setText(do)
        self._do.setVisible(bool(do))
        self.setVisible(bool(text))
