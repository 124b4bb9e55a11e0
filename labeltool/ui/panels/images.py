"""The images of the project: thumbnail, name, status; search and filter."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from labeltool.app.jobs import Lanes
from labeltool.core.project import SPLITS, ImageRecord, Status
from labeltool.ui.panels.pictures import Pictures, paint_picture
from labeltool.ui.people.words import status_text

SIDE = 48
ROW = SIDE + 8
FEWEST_SEEN, FEW_SEEN, ENOUGH_SEEN = 1, 2, 3
"""Rows that are seen at the very least, that are before more classes are, and that do where room is scarce."""
LINE_PX = 18
RECORD_ROLE = int(Qt.ItemDataRole.UserRole)
STATUS_COLOURS = {
    Status.NEW: "#8a8d91",
    Status.PRELABELLED: "#56b4e9",
    Status.IN_WORK: "#e69f00",
    Status.DONE: "#cc79a7",
    Status.APPROVED: "#2fb380",
    Status.REJECTED: "#d55e00",
}
KEYPAD = Qt.KeyboardModifier.KeypadModifier
Index = QModelIndex | QPersistentModelIndex
EDITING_KEYS = {
    getattr(Qt.Key, f"Key_{name}")
    for name in ("A", "C", "V", "X", "Z", "Left", "Right", "Home", "End", "Backspace", "Delete")
}
"""What Ctrl does to a line of text; with any other key it is a shortcut of the window."""


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
        if role == Qt.ItemDataRole.ToolTipRole:
            lines = (
                str(record.path),
                f"{record.size.width} × {record.size.height}",
                self.notes.get(record.id),
            )
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


class SearchField(QLineEdit):
    """A line that leaves the window's shortcuts alone and is left with Esc."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        """Qt would take Ctrl+E and some others for keys of Emacs."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            with_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if with_ctrl and event.key() not in EDITING_KEYS:
                event.ignore()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc clears the line and leaves it."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        else:
            super().keyPressEvent(event)


class ImageView(QListView):
    """The list; Del is about the images that are marked in it."""

    deleted = Signal()

    def event(self, event: QEvent) -> bool:
        """No shortcut of the window takes Del away."""
        asked = event.type() == QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QKeyEvent) and _is_delete(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Del."""
        if _is_delete(event):
            self.deleted.emit()
        else:
            super().keyPressEvent(event)


def _is_delete(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Delete and not event.modifiers() & ~KEYPAD


class ImagePanel(QWidget):
    """The list with its search and filter."""

    chosen = Signal(str)
    split_asked = Signal(list, str)
    """Ids of images, and the split they are to be in."""
    menu_asked = Signal(QMenu, list)
    """A menu for the images that are marked is about to be shown: others may put something into it."""
    remove_asked = Signal(list)
    """Records of images that are to be taken out of the project."""
    left = Signal()
    """The keys are wanted elsewhere: an image was chosen, or the search given up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel.images")
        texts = {status: status_text(status) for status in Status}
        self._editable = True
        self.pictures = Pictures(self)
        """Of the images that are listed; for whoever shows some of them elsewhere."""
        self._model = ImageModel(self.pictures, self)
        self._filter = ImageFilter(self)
        self._filter.setSourceModel(self._model)
        self._search = SearchField()
        self._search.setObjectName("images.search")
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setClearButtonEnabled(True)
        self._status = self._make_status(texts)
        self.list = ImageView()
        self.list.deleted.connect(self._ask_remove)
        self.list.setObjectName("images.list")
        self.list.setAccessibleName(self.tr("Images"))
        self.list.setModel(self._filter)
        self.list.setItemDelegate(ImageDelegate(texts, self))
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._ask_split)
        self.list.setMinimumHeight(FEWEST_SEEN * ROW)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._empty = QLabel()
        self._empty.setObjectName("dim")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(self._search, 1)
        row.addWidget(self._status)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._empty, 1)
        self._search.textChanged.connect(self._refilter)
        self._status.currentIndexChanged.connect(self._refilter)
        self._search.left.connect(self.left)
        self._search.returnPressed.connect(lambda: self._on_activated(self._filter.index(0, 0)))
        self.list.clicked.connect(self._on_clicked)
        self.list.activated.connect(self._on_activated)
        self._refilter()

    def _make_status(self, texts: dict[Status, str]) -> QComboBox:
        combo = QComboBox()
        combo.setObjectName("images.status")
        combo.setAccessibleName(self.tr("Status or split"))
        combo.addItem(self.tr("all"), "")
        for status, text in texts.items():
            combo.addItem(text, status.value)
        combo.insertSeparator(combo.count())
        for split in SPLITS:
            combo.addItem(split, f"split:{split}")
        combo.addItem(self.tr("in no split"), "split:")
        return combo

    def show_records(self, records: list[ImageRecord], lanes: Lanes | None) -> None:
        """List the images of a project."""
        self._model.show_records(records, lanes)
        self._refilter()

    def preferred_height(self, rows: int) -> int:
        """In pixels, with this many rows of the list."""
        return self.minimumSizeHint().height() + (rows - FEWEST_SEEN) * ROW

    def update_record(self, record: ImageRecord) -> None:
        """One image is another one now."""
        self._model.update_record(record)

    def note(self, image_id: str, text: str) -> None:
        """What is worth knowing of an image, for its tooltip; empty for nothing."""
        self._model.notes[image_id] = text

    def renew_picture(self, image_id: str) -> None:
        """There is more to see of an image than when its thumbnail was made."""
        row = self._model.row_of(image_id)
        if row is not None:
            self.pictures.renew(self._model.records[row])

    def show_current(self, image_id: str) -> None:
        """Mark the image at hand."""
        row = self._model.row_of(image_id)
        if row is None:
            return
        index = self._filter.mapFromSource(self._model.index(row))
        self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.list.scrollTo(index)

    def listed(self) -> list[ImageRecord]:
        """The images that the filter lets through, in their order."""
        return [
            self._model.records[self._filter.mapToSource(self._filter.index(row, 0)).row()]
            for row in range(self._filter.rowCount())
        ]

    def _refilter(self) -> None:
        self._filter.set_filter(self._search.text(), self._status.currentData() or "")
        nothing = self._filter.rowCount() == 0
        self.list.setVisible(not nothing)
        self._empty.setVisible(nothing)
        self._empty.setText(
            self.tr("No image matches. Clear the search or choose another status.")
            if self._model.records
            else self.tr("No images yet. File, Add images… or drop files here.")
        )

    def selected(self) -> list[ImageRecord]:
        """The images that are marked, in their order."""
        rows = sorted(self.list.selectionModel().selectedRows(), key=lambda index: index.row())
        return [index.data(RECORD_ROLE) for index in rows]

    def set_editable(self, editable: bool) -> None:
        """Whether splits may be changed."""
        self._editable = editable

    def _ask_split(self, at: QPoint) -> None:
        """A menu for the images that are marked."""
        records = self.selected()
        if not records or not self._editable:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("{n} images into").format(n=len(records)) if len(records) > 1 else self.tr("Put into")
        menu.addSection(title)
        ids = [record.id for record in records]
        for split in (*SPLITS, ""):
            action = menu.addAction(split or self.tr("no split"))
            action.setObjectName(f"images.split.{split or 'none'}")
            action.triggered.connect(lambda _=False, split=split: self.split_asked.emit(ids, split))
        self.menu_asked.emit(menu, records)
        menu.addSeparator()
        remove = menu.addAction(self.tr("Remove from the project…"), self._ask_remove)
        remove.setObjectName("images.remove")
        menu.popup(self.list.viewport().mapToGlobal(at))

    def _ask_remove(self) -> None:
        records = self.selected()
        if records and self._editable:
            self.remove_asked.emit(records)

    def _on_clicked(self, index: QModelIndex) -> None:
        """A click opens; with Shift or Ctrl it marks several."""
        held = QGuiApplication.keyboardModifiers()
        if not held & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier):
            self._on_activated(index)

    def _on_activated(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.data(RECORD_ROLE).id)
            self.left.emit()
