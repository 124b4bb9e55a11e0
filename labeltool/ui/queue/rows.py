"""The suggestions as a list: picture with its region, name, why it was chosen, how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette, QPen
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from labeltool.core.geometry import Box, Size
from labeltool.core.project import Status
from labeltool.ui.panels.images import STATUS_COLOURS
from labeltool.ui.panels.pictures import Pictures, paint_picture, paint_trouble
from labeltool.ui.queue.words import Entry, about, state_text, why_text

SIDE, ROOM_PX, GAP_PX, DOT_PX = 48, 8, 10, 8
LINES = 3
"""Of text in a row: the name, and two of why."""
WHY_LINES = 2
ENTRY_ROLE = int(Qt.ItemDataRole.UserRole)
TROUBLE_ROLE = ENTRY_ROLE + 1
"""What is wrong with the image of an entry, in words; empty where nothing is known to be."""
COLOURS = {
    "open": STATUS_COLOURS[Status.NEW],
    "in_work": STATUS_COLOURS[Status.IN_WORK],
    "done": STATUS_COLOURS[Status.APPROVED],
    "gone": STATUS_COLOURS[Status.REJECTED],
}
SETTLED_OPACITY = 0.5
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()


class QueueModel(QAbstractListModel):
    """Entries in their order."""

    def __init__(self, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self._pictures = pictures
        pictures.arrived.connect(self._image_changed)
        pictures.troubles.changed.connect(self._image_changed)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """List others."""
        self.beginResetModel()
        self.entries = list(entries)
        self.endResetModel()

    def renew(self, row: int, entry: Entry) -> None:
        """One entry is another now."""
        self.entries[row] = entry
        self.dataChanged.emit(self.index(row), self.index(row))

    def _image_changed(self, image_id: str) -> None:
        if not image_id and self.entries:  # many of them
            self.dataChanged.emit(self.index(0), self.index(len(self.entries) - 1))
            return
        for row, entry in enumerate(self.entries):
            if entry.suggestion.image == image_id:
                self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Qt asks."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Qt asks."""
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        if role == ENTRY_ROLE:
            return entry
        if role == Qt.ItemDataRole.DecorationRole:
            return None if entry.record is None else self._pictures.of(entry.record)
        trouble = self._pictures.troubles.of(entry.suggestion.image)
        texts = {
            TROUBLE_ROLE: trouble,
            Qt.ItemDataRole.ToolTipRole: "\n".join(filter(None, (why_text(entry), trouble))),
            Qt.ItemDataRole.AccessibleDescriptionRole: ". ".join(
                filter(None, (state_text(entry.state), entry.suggestion.why, trouble))
            ),
        }
        return texts.get(role)


class QueueDelegate(QStyledItemDelegate):
    """A row: picture on the left, at its right the name with the time it will take, and below why it was chosen."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are equally high."""
        return QSize(160, row_height(option.fontMetrics))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Qt asks."""
        entry: Entry = index.data(ENTRY_ROLE)
        rect, palette = option.rect, option.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(rect, palette.highlight())
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.alternateBase())
        if not entry.is_left and not selected:
            painter.setOpacity(SETTLED_OPACITY)
        self._paint_picture(painter, rect, entry, index.data(Qt.ItemDataRole.DecorationRole), palette)
        if index.data(TROUBLE_ROLE):
            paint_trouble(painter, picture_frame(rect))
        left = rect.left() + ROOM_PX + SIDE + GAP_PX
        text = QRect(left, rect.top() + ROOM_PX // 2, rect.right() - left - ROOM_PX, rect.height() - ROOM_PX)
        painter.setPen(QPen(palette.highlightedText() if selected else palette.text(), 1))
        self._paint_text(painter, text, entry, option.fontMetrics)
        painter.restore()

    @staticmethod
    def _paint_picture(painter: QPainter, rect: QRect, entry: Entry, picture: Any, palette: QPalette) -> None:
        where = paint_picture(painter, picture_frame(rect), picture, palette)
        if entry.record is not None and entry.suggestion.box is not None:
            region = region_in(where, entry.record.size, entry.suggestion.box)
            for width, colour in ((3, QColor(0, 0, 0, 160)), (1, QColor("white"))):
                painter.setPen(QPen(colour, width))
                painter.drawRect(region)

    @staticmethod
    def _paint_text(painter: QPainter, rect: QRect, entry: Entry, metrics: QFontMetrics) -> None:
        line = metrics.lineSpacing()
        pen = painter.pen()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(COLOURS[entry.state]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(rect.left(), rect.top() + (line - DOT_PX) // 2 + 1, DOT_PX, DOT_PX)
        painter.setPen(pen)
        first = QRect(rect.left() + DOT_PX + 6, rect.top(), rect.width() - DOT_PX - 6, line)
        aside = aside_text(entry)
        painter.drawText(first, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, aside)
        first.setWidth(first.width() - metrics.horizontalAdvance(aside) - GAP_PX)
        name = metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, first.width())
        painter.drawText(first, Qt.AlignmentFlag.AlignVCenter, name)
        painter.setOpacity(0.75 * painter.opacity())
        for number, said in enumerate(wrapped(entry.suggestion.why, metrics, rect.width()), 1):
            below = QRect(rect.left(), rect.top() + number * line, rect.width(), line)
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, said)


class QueueList(QListView):
    """The rows, one chosen."""

    chosen = Signal(int)

    def __init__(self, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("queue.list")
        self.setAccessibleName(self.tr("Suggestions"))
        self.rows = QueueModel(pictures, self)
        self.setModel(self.rows)
        self.setItemDelegate(QueueDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumHeight(row_height(self.fontMetrics()))
        self.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self.activated.connect(lambda index: self.chosen.emit(index.row()))

    def choose(self, row: int | None) -> None:
        """Mark a row and bring it into sight, without saying that somebody chose it."""
        if row is None:
            self.selectionModel().clear()
            return
        index = self.rows.index(row)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index, QListView.ScrollHint.PositionAtCenter)  # what comes next is in sight too

    def keyboardSearch(self, search: str) -> None:
        """A character is a key of the window, not the beginning of a name."""


def picture_frame(row: QRect) -> QRect:
    """Where the thumbnail of a row lies."""
    return QRect(row.left() + ROOM_PX, row.top() + (row.height() - SIDE) // 2, SIDE, SIDE)


def row_height(metrics: QFontMetrics) -> int:
    """In pixels: room for the picture and for the text."""
    return max(SIDE, LINES * metrics.lineSpacing()) + ROOM_PX


def region_in(picture: QRect, size: Size, box: Box) -> QRectF:
    """Where a region of an image lies in its thumbnail, large enough to be seen."""
    x, y = picture.width() / size.width, picture.height() / size.height
    region = QRectF(picture.left() + box.x0 * x, picture.top() + box.y0 * y, box.width * x, box.height * y)
    grown = max(0.0, (4 - min(region.width(), region.height())) / 2)
    return region.adjusted(-grown, -grown, grown, grown).intersected(QRectF(picture).adjusted(0, 0, -1, -1))


def aside_text(entry: Entry) -> str:
    """What stands at the right of a name: how long it will take, or how far it is."""
    if entry.state == "open" and entry.suggestion.seconds is not None:
        return about(entry.suggestion.seconds)
    return state_text(entry.state)


def wrapped(text: str, metrics: QFontMetrics, width: int) -> list[str]:
    """A text in at most two lines of that width; what has no room is left out, and the end says so."""
    words, lines = text.split(), list[str]()
    while words and len(lines) < WHY_LINES - 1:
        count = 1
        while count < len(words) and metrics.horizontalAdvance(" ".join(words[: count + 1])) <= width:
            count += 1
        lines.append(" ".join(words[:count]))
        words = words[count:]
    lines.append(" ".join(words))
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines if line]
