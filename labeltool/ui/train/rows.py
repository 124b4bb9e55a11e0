"""Rows of two lines: what something is called, and in which state it is."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

ROW_PX, HEADING_PX, LINE_PX, LEFT_PX, DOT_PX = 48, 32, 18, 16, 8
ROW_ROLE = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Row:
    """``mark`` stands at the right, in a frame; a row without a second line is a heading."""

    title: str
    below: str = ""
    colour: str = ""
    mark: str = ""

    @property
    def is_heading(self) -> bool:
        """True of what only stands over others."""
        return not self.below


class RowDelegate(QStyledItemDelegate):
    """Paints :class:`Row`, which an item holds as its data."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines, or one."""
        row: Row = index.data(ROW_ROLE)
        return QSize(160, HEADING_PX if row.is_heading else ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Qt asks."""
        row: Row = index.data(ROW_ROLE)
        painter.save()
        if row.is_heading:
            self._heading(painter, option, row)
        else:
            self._row(painter, option, row)
        painter.restore()

    def _heading(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        painter.setPen(QPen(option.palette.placeholderText(), 1))
        box = option.rect.adjusted(LEFT_PX, 0, -8, -6)
        painter.drawText(box, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, row.title)

    def _row(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        palette, rect = option.palette, option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, palette.highlight())
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.alternateBase())
        pen = QPen(palette.highlightedText() if selected else palette.text(), 1)
        painter.setPen(pen)
        top = rect.top() + (rect.height() - 2 * LINE_PX) // 2 - 1
        line = QRect(rect.left() + LEFT_PX, top, rect.width() - LEFT_PX - 8, LINE_PX)
        if row.mark:
            line.setRight(self._mark(painter, line, row.mark, selected))
        painter.setPen(pen)
        title = option.fontMetrics.elidedText(row.title, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)
        below = QRect(line.left(), line.bottom() + 2, rect.right() - line.left() - 8, LINE_PX)
        if row.colour:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(QColor(row.colour))
            painter.setPen(QPen(palette.highlightedText(), 1) if selected else Qt.PenStyle.NoPen)
            painter.drawEllipse(below.left(), below.top() + (LINE_PX - DOT_PX) // 2, DOT_PX, DOT_PX)
            below.setLeft(below.left() + DOT_PX + 6)
        painter.setPen(pen)
        painter.setOpacity(0.75)
        said = option.fontMetrics.elidedText(row.below, Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, said)

    def _mark(self, painter: QPainter, line: QRect, text: str, selected: bool) -> int:
        """A word in a frame at the right; where it begins."""
        font = QFont(painter.font())
        font.setPointSizeF(0.85 * font.pointSizeF())
        painter.save()
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(text) + 12
        frame = QRect(line.right() - width, line.top() + 1, width, LINE_PX - 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(painter.pen().color() if selected else QColor("#2fb380"), 1))
        painter.drawRoundedRect(frame, 4, 4)
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()
        return frame.left() - 8
