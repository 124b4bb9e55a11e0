"""The rows of the list of images: what each says, which are let through, how they look."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from labeltool.app.jobs import Lanes
from labeltool.core.project import ImageRecord, Status
from labeltool.ui.panels.pictures import Pictures, paint_picture, paint_trouble
from labeltool.ui.people.words import status_text

SIDE = 48
ROW = SIDE + 8
LINE_PX = 18
RECORD_ROLE = int(Qt.ItemDataRole.UserRole)
TROUBLE_ROLE = RECORD_ROLE + 1
"""What is wrong with an image, in words; empty where nothing is known to be."""
STATUS_COLOURS = {
    Status.NEW: "#8a8d91",
    Status.PRELABELLED: "#56b4e9",
    Status.IN_WORK: "#e69f00",
    Status.DONE: "#cc79a7",
    Status.APPROVED: "#2fb380",
    Status.REJECTED: "#d55e00",
}
Index = QModelIndex | QPersistentModelIndex


class ImageModel(QAbstractListModel):
    """Records with thumbnails that are made when a row is first seen."""

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.records: list[ImageRecord] = []
        self._rows: dict[str, int] = {}
        self.notes: dict[str, str] = {}
        """By image id, what its tooltip says besides."""
        self._pictures = pictures
        pictures.arrived.connect(self._renew)
        pictures.troubles.changed.connect(self._renew_trouble)

    def show_records(self, records: list[ImageRecord], lanes: Lanes | None) -> None:
        """List other records."""
        self.beginResetModel()
        self.records = records
        self._rows = {record.id: row for row, record in enumerate(records)}
        self._pictures.attach(records, lanes)
        self.endResetModel()

    def update_record(self, record: ImageRecord) -> None:
        """One record is another one now."""
        row = self._rows.get(record.id)
        if row is not None:
            self.records[row] = record
            self._renew(record.id)

    def _renew(self, image_id: str) -> None:
        """A row looks different now."""
        row = self._rows.get(image_id)
        if row is not None:
            self.dataChanged.emit(self.index(row), self.index(row))

    def _renew_trouble(self, image_id: str) -> None:
        """A row has a mark or has lost it, or many have."""
        if image_id:
            self._renew(image_id)
        elif self.records:
            self.dataChanged.emit(self.index(0), self.index(len(self.records) - 1))

    def row_of(self, image_id: str) -> int | None:
        """Row of an image."""
        return self._rows.get(image_id)

    def rowCount(self, parent: Index | None = None) -> int:
        """Number of images."""
        return len(self.records)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Name, thumbnail, record or tooltip of a row."""
        record = self.records[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return record.name
        if role == RECORD_ROLE:
            return record
        if role == Qt.ItemDataRole.DecorationRole:
            return self._pictures.of(record)
        return self._said(record, role)

    def _said(self, record: ImageRecord, role: int) -> str | None:
        """What is said of an image besides its name."""
        trouble = self._pictures.troubles.of(record.id)
        if role == TROUBLE_ROLE:
            return trouble
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return ". ".join(filter(None, (status_text(record.status), trouble)))
        if role == Qt.ItemDataRole.ToolTipRole:
            size = f"{record.size.width} × {record.size.height}"
            lines = (str(record.path), size, trouble, self.notes.get(record.id))
            return "\n".join(filter(None, lines))
        return None


class ImageFilter(QSortFilterProxyModel):
    """Rows whose name holds the searched text and whose status or split is the wanted one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._status = "", ""

    def set_filter(self, text: str, status: str) -> None:
        """Empty strings let everything through."""
        self.beginFilterChange()
        self._text, self._status = text.casefold(), status
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Qt asks."""
        model = self.sourceModel()
        assert isinstance(model, ImageModel)
        record = model.records[row]
        wanted = self._status in ("", record.status, f"split:{record.split}")
        return self._text in record.name.casefold() and wanted


class ImageDelegate(QStyledItemDelegate):
    """A row: picture on the left, name over status on the right."""

    def __init__(self, status_texts: dict[Status, str], parent: QWidget) -> None:
        super().__init__(parent)
        self._texts = status_texts

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are equally high."""
        return QSize(160, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Qt asks."""
        record: ImageRecord = index.data(RECORD_ROLE)
        rect: QRect = option.rect
        state, palette = option.state, option.palette
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(rect, palette.highlight())
        frame = QRect(rect.left() + 8, rect.top() + (ROW - SIDE) // 2, SIDE, SIDE)
        paint_picture(painter, frame, index.data(Qt.ItemDataRole.DecorationRole), palette)
        if index.data(TROUBLE_ROLE):
            paint_trouble(painter, frame)
        text = palette.highlightedText() if selected else palette.text()
        painter.setPen(QPen(text, 1))
        left = frame.right() + 10
        top = rect.top() + (ROW - 2 * LINE_PX) // 2 - 1
        line = QRect(left, top, rect.right() - left - 8, LINE_PX)
        name = option.fontMetrics.elidedText(record.name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(STATUS_COLOURS[record.status]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(left, line.bottom() + 7, 8, 8)
        painter.setPen(QPen(text, 1))
        painter.setOpacity(0.75)
        below = QRect(left + 14, line.bottom() + 2, line.width() - 14, LINE_PX)
        said = " · ".join(filter(None, (self._texts[record.status], record.split)))
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, said)
        painter.restore()
