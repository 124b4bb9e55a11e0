"""A thread of comments beside its pin, over the canvas: what was said, and a field to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.core.draw import Point
from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.people.pins import RADIUS_PX, RISE_PX
from labeltool.ui.people.words import ago, exact, who
from labeltool.ui.people.writing import Writer

if TYPE_CHECKING:
    from labeltool.app.people.comments import (
        Comment,
        Thread,
    )  # what a project needs is imported when one is opened

WIDTH_PX, MOST_SAID_PX = 300, 320
STYLE = """
    ThreadCard { background: palette(window); border: 1px solid palette(mid); border-radius: 6px; }
"""


class Place(NamedTuple):
    """What the card is about: a point of an image, and the thread there by its event; 0 where none is opened yet."""

    image_id: str
    x: float
    y: float
    thread: int = 0


class ThreadCard(QFrame):
    """A child of the canvas that keeps the keys to itself only while somebody writes."""

    sent = Signal(str)
    """A comment or an answer is to be kept."""
    resolve_asked = Signal(bool)
    moved = Signal()
    """It is of another height, and wants to be put in its place again."""
    left = Signal()
    """It is to be closed; what was written and not sent is in :attr:`unsent`."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setObjectName("comments.card")
        self.setStyleSheet(STYLE)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.place: Place | None = None
        self._resolved = False
        self._title = QLabel()
        self._title.setObjectName("comments.card.title")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._resolve = self._button("resolve", "", self.tr("Resolve"))
        self._resolve.clicked.connect(lambda: self.resolve_asked.emit(not self._resolved))
        self._close = self._button("close", "ph.x", self.tr("Close  (Esc)"))
        self._close.clicked.connect(self.left)
        self._said = QScrollArea()
        self._said.setObjectName("comments.card.said")
        self._said.setFrameShape(QFrame.Shape.NoFrame)
        self._said.setWidgetResizable(True)
        self._said.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._said.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._said.viewport().setAutoFillBackground(False)
        self.writer = Writer("comments.card.text", self.tr("Comment"), 1, 6)
        self.writer.sent.connect(self._send)
        self.writer.left.connect(self.left)
        self.writer.grown.connect(self.moved)
        self._hint = QLabel(self.tr("Enter sends, Shift+Enter begins a line"))
        self._hint.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._lay_out()
        self.hide()

    def _button(self, name: str, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"comments.card.{name}")
        button.setAutoRaise(True)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if icon:
            button.setIcon(theme.icon(icon))
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GRID // 2)
        head.addWidget(self._title, 1)
        head.addWidget(self._resolve)
        head.addWidget(self._close)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(GRID + 4, GRID // 2, GRID // 2 + 2, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(head)
        column.addWidget(self._said)
        inner = QVBoxLayout()
        inner.setContentsMargins(0, 0, GRID // 2, 0)
        inner.setSpacing(2)
        inner.addWidget(self.writer)
        inner.addWidget(self._hint)
        column.addLayout(inner)
        self.setFixedWidth(WIDTH_PX)

    # ---- what is shown

    def show_thread(
        self, place: Place, number: int, thread: Thread | None, *, editable: bool, unsent: str = ""
    ) -> None:
        """A thread, the so-manyth of its image; without one a first comment is to be written."""
        same = self.place is not None and self.place == place
        self.place, self._resolved = place, thread is not None and thread.resolved
        opened = self.tr("Comment {n}").format(n=number) if thread else self.tr("New comment")
        self._title.setText(self.tr("{title} · resolved").format(title=opened) if self._resolved else opened)
        self._resolve.setVisible(thread is not None and editable)
        self._resolve.setIcon(theme.icon("ph.arrow-counter-clockwise" if self._resolved else "ph.check"))
        tip = self.tr("Open it again") if self._resolved else self.tr("Resolved: nothing is left to be done")
        self._resolve.setToolTip(tip)
        self._resolve.setAccessibleName(tip)
        self._show_comments(() if thread is None else thread.comments)
        for widget in (self.writer, self._hint):
            widget.setVisible(editable)
        title = self.tr("Comment") if thread is None else self.tr("Answer")
        self.writer.setPlaceholderText(title)
        self.writer.setAccessibleName(title)
        if not same:
            self.writer.setPlainText(unsent)
        self.show()
        self.raise_()
        self._fit()

    def _show_comments(self, comments: tuple[Comment, ...]) -> None:
        said = QWidget()
        column = QVBoxLayout(said)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(2)
        for number, comment in enumerate(comments):
            by = QLabel(f"{who(comment.author)}  ·  {ago(comment.at_utc)}")
            by.setTextFormat(Qt.TextFormat.PlainText)
            by.setToolTip(exact(comment.at_utc))
            by.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            text = QLabel(comment.text)
            text.setObjectName("comments.card.comment")
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            text.setSizePolicy(policy)
            if number:
                column.addSpacing(GRID // 2)
            column.addWidget(by)
            column.addWidget(text)
        column.addStretch(1)
        self._said.setWidget(said)
        said.setAutoFillBackground(False)  # as the card is
        self._said.setVisible(bool(comments))

    @property
    def unsent(self) -> str:
        """What was written and not sent."""
        return self.writer.text

    def _send(self) -> None:
        if self.unsent:
            self.sent.emit(self.unsent)

    def sent_is_kept(self) -> None:
        """What was sent is on disk."""
        self.writer.clear()

    # ---- where it lies

    def _fit(self) -> None:
        """As high as what is in it, within reason; the newest comment in sight."""
        said = self._said.widget()
        layout = None if said is None else said.layout()
        if said is not None and layout is not None:
            inside = (
                WIDTH_PX - self._column.contentsMargins().left() - self._column.contentsMargins().right() - 2
            )
            if layout.heightForWidth(inside) > MOST_SAID_PX:
                inside -= self._said.verticalScrollBar().sizeHint().width()
            height = max(0, layout.heightForWidth(inside))
            said.setFixedHeight(height)  # words that wrap would ask for the room of a narrower place
            self._said.setFixedHeight(min(MOST_SAID_PX, height))
        self.adjustSize()
        bar = self._said.verticalScrollBar()
        QTimer.singleShot(0, bar, lambda: bar.setValue(bar.maximum()))

    def put_beside(self, point: Point, room: QRect) -> None:
        """Beside a pin whose tip is at this point of the canvas, inside it."""
        self._fit_height()
        reach = round(RADIUS_PX) + GRID
        left = round(point[0]) + reach
        if left + self.width() > room.right() - GRID:
            left = round(point[0]) - reach - self.width()
        top = round(point[1] - RISE_PX - RADIUS_PX)
        most = (room.right() - GRID - self.width(), room.bottom() - GRID - self.height())
        self.move(max(GRID, min(left, most[0])), max(GRID, min(top, most[1])))

    def _fit_height(self) -> None:
        self._column.activate()
        self.resize(WIDTH_PX, self.sizeHint().height())

    def sizeHint(self) -> QSize:
        """Its width is always the same."""
        return QSize(WIDTH_PX, super().sizeHint().height())

    # ---- what is not the canvas's

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Nothing is painted through it."""
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """See the press."""
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """See the press."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """See the press."""
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Nothing is zoomed through it."""
        event.accept()
