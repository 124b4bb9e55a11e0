"""A few lines of text that Enter sends, and what is written into a project once the strokes before it are on disk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

if TYPE_CHECKING:
    from labeltool.app.saving import Behind
    from labeltool.app.workbench import Workbench

T = TypeVar("T")
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
STYLE = """
    QPlainTextEdit { border: 1px solid palette(mid); border-radius: 4px; background: palette(base); padding: 1px; }
    QPlainTextEdit:focus { border-color: palette(highlight); }
"""


class Writer(QPlainTextEdit):
    """As high as its text, between so many lines. Enter sends and Shift+Enter begins a line; Esc leaves."""

    sent = Signal()
    left = Signal()
    grown = Signal()
    """It needs more lines, or fewer."""

    def __init__(
        self, name: str, title: str, least: int = 1, most: int = 5, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setPlaceholderText(title)
        self.setTabChangesFocus(True)
        self.setStyleSheet(STYLE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._least, self._most = least, most
        self._lines = least
        self.textChanged.connect(self._fit)

    def _fit(self) -> None:
        """As many lines as the text takes at this width."""
        room = QRect(
            0, 0, max(1, self.viewport().width() - 2 * int(self.document().documentMargin())), 1 << 20
        )
        text = f"{self.toPlainText()}|"  # the line in which one types may be empty
        height = self.fontMetrics().boundingRect(room, int(Qt.TextFlag.TextWordWrap), text).height()
        lines = max(self._least, min(self._most, round(height / self.fontMetrics().lineSpacing())))
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()
            self.grown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may take other lines."""
        super().resizeEvent(event)
        self._fit()

    @property
    def text(self) -> str:
        """What is written, without space around it."""
        return self.toPlainText().strip()

    def sizeHint(self) -> QSize:
        """Enough for the lines there are."""
        around = 2 * (self.frameWidth() + int(self.document().documentMargin()) + 2)
        return QSize(super().sizeHint().width(), self._lines * self.fontMetrics().lineSpacing() + around)

    def minimumSizeHint(self) -> QSize:
        """As high as it is; narrower than Qt would have it."""
        return QSize(80, self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        """Enter is ours with Ctrl, too, which elsewhere approves an image."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in ENTER
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Send, leave, or type."""
        if event.key() in ENTER and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.sent.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


def write(
    bench: Workbench,
    what: Behind,
    work: Callable[[], T],
    done: Callable[[T], None],
    failed: Callable[[BaseException], None],
) -> None:
    """Write something into the project after the strokes that wait, off this thread; the answer comes back to it."""

    def answered(future: Future[T]) -> None:
        if future.cancelled():  # the project is being closed
            return
        error = future.exception()
        bench.lanes.deliver((lambda: done(future.result())) if error is None else (lambda: failed(error)))

    bench.saver.after(work, what).add_done_callback(answered)
