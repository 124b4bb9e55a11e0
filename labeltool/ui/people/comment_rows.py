"""Threads of comments as a list: number, who and when, what was said; resolved ones faint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from labeltool.core.project import ImageRecord
from labeltool.ui import theme
from labeltool.ui.people.pins import RESOLVED
from labeltool.ui.people.words import ago, exact, translate, who

if TYPE_CHECKING:
    from labeltool.app.people.comments import Thread  # what a project needs is imported when one is opened

ROW_PX, BADGE_PX, LINE_PX, ROOM_PX = 44, 20, 18, 8
ROW_ROLE = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex


class Row(NamedTuple):
    """A thread, its number among those of its image, and the image."""

    record: ImageRecord
    number: int
    thread: Thread


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Open ones first, else as they are."""
    return sorted(rows, key=lambda row: row.thread.resolved)


def when_and_who(row: Row) -> str:
    """Who began, how long ago, and how many answers there are."""
    first, *answers = row.thread.comments
    parts = [who(first.author), ago(first.at_utc)]
    if len(answers) == 1:
        parts.append(translate("People", "1 answer"))
    elif answers:
        parts.append(translate("People", "{n} answers").format(n=len(answers)))
    return " · ".join(parts)


def whole(thread: Thread) -> str:
    """All that was said, with the exact times."""
    return "\n\n".join(f"{who(each.author)}, {exact(each.at_utc)}\n{each.text}" for each in thread.comments)


class CommentModel(QAbstractListModel):
    """Rows of one image or of many."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self.names_images = False

    def show_rows(self, rows: list[Row], *, names_images: bool) -> None:
        """Other rows; whether each says of which image it is."""
        self.beginResetModel()
        self.rows, self.names_images = rows, names_images
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Qt asks."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Qt asks."""
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.thread.comments[0].text
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.record.name}\n\n{whole(row.thread)}" if self.names_images else whole(row.thread)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{when_and_who(row)}: {row.thread.comments[0].text}"
        return None


class CommentDelegate(QStyledItemDelegate):
    """A badge with the number, over two lines: who, when and where; what."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are equally high."""
        return QSize(160, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Qt asks."""
        row: Row = index.data(ROW_ROLE)
        rect: QRect = option.rect
        palette, selected = option.palette, bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            painter.fillRect(rect, palette.highlight())
        painter.setOpacity(0.6 if row.thread.resolved and not selected else 1.0)
        self._paint_badge(painter, row, QRectF(rect.left() + ROOM_PX, rect.top() + 4, BADGE_PX, BADGE_PX))
        left = rect.left() + 2 * ROOM_PX + BADGE_PX
        width = rect.right() - left - ROOM_PX
        above, below = (QRect(left, rect.top() + top, width, LINE_PX) for top in (4, 5 + LINE_PX))
        role = QPalette.ColorRole
        text = palette.color(role.HighlightedText if selected else role.Text)
        soft = palette.color(role.HighlightedText if selected else role.PlaceholderText)
        painter.setPen(soft)
        metrics, side = option.fontMetrics, Qt.AlignmentFlag.AlignVCenter
        said = when_and_who(row)
        model = index.model()
        if isinstance(model, CommentModel) and model.names_images:
            taken = min(metrics.horizontalAdvance(said) + ROOM_PX, 2 * width // 3)
            name = QRect(above.left() + taken + ROOM_PX, above.top(), width - taken - ROOM_PX, LINE_PX)
            short = metrics.elidedText(row.record.name, Qt.TextElideMode.ElideMiddle, name.width())
            painter.drawText(name, side | Qt.AlignmentFlag.AlignRight, short)
            above.setWidth(taken)
        painter.drawText(above, side, metrics.elidedText(said, Qt.TextElideMode.ElideRight, above.width()))
        painter.setPen(text)
        first = " ".join(row.thread.comments[0].text.split())
        painter.drawText(below, side, metrics.elidedText(first, Qt.TextElideMode.ElideRight, width))
        painter.restore()

    def _paint_badge(self, painter: QPainter, row: Row, place: QRectF) -> None:
        painter.setPen(QColor("white"))
        painter.setBrush(QColor(RESOLVED if row.thread.resolved else theme.ACCENT))
        painter.drawEllipse(place)
        font = QFont(painter.font())
        font.setBold(True)
        font.setPixelSize(11)
        kept = painter.font()
        painter.setFont(font)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(row.number))
        painter.setFont(kept)


class CommentList(QListView):
    """One row is chosen; keys that mean something elsewhere are left to the window."""

    asked = Signal(object)
    """Somebody wants to see this row's place."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("comments.list")
        self.setAccessibleName(self.tr("Comments"))
        self.model_ = CommentModel(self)
        self.setModel(self.model_)
        self.setItemDelegate(CommentDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumHeight(ROW_PX)
        self.clicked.connect(lambda index: self.asked.emit(index.data(ROW_ROLE)))
        self.activated.connect(lambda index: self.asked.emit(index.data(ROW_ROLE)))

    def keyboardSearch(self, search: str) -> None:
        """Letters are keys of the window."""

    @property
    def rows(self) -> list[Row]:
        """What is listed."""
        return self.model_.rows

    def mark(self, image_id: str, thread: int) -> None:
        """Mark the row of a thread, by its event, without asking for its place; 0 for none."""
        for at, row in enumerate(self.rows):
            if thread and (row.record.id, row.thread.number) == (image_id, thread):
                self.setCurrentIndex(self.model_.index(at))
                self.scrollTo(self.currentIndex())
                return
        self.clearSelection()
        self.setCurrentIndex(QModelIndex())
