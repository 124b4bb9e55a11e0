"""The images of the project: thumbnail, name, status; search and filter."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from labeltool.app.jobs import Lanes
from labeltool.core.project import SPLITS, ImageRecord, Status
from labeltool.ui.panels.image_list import FOCUS_PX, ImageView, SearchField
from labeltool.ui.panels.image_rows import (
    RECORD_ROLE,
    ROW,
    STATUS_COLOURS,
    ImageDelegate,
    ImageFilter,
    ImageModel,
)
from labeltool.ui.panels.pictures import Pictures
from labeltool.ui.people.words import status_text

__all__ = ["ENOUGH_SEEN", "FEWEST_SEEN", "FEW_SEEN", "STATUS_COLOURS", "ImagePanel"]

FEWEST_SEEN, FEW_SEEN, ENOUGH_SEEN = 1, 2, 3
"""Rows that are seen at the very least, that are before more classes are, and that do where room is scarce."""


class ImagePanel(QWidget):
    """The list with its search and filter."""

    chosen = Signal(str)
    split_asked = Signal(list, str)
    """Ids of images, and the split they are to be in."""
    menu_asked = Signal(QMenu, list)
    """A menu for the images that are marked is about to be shown: others may put something into it."""
    remove_asked = Signal(list)
    """Records of images that are to be taken out of the project."""
    refused = Signal()
    """The same where nothing may be changed."""
    left = Signal()
    """The keys are wanted elsewhere: an image was chosen, or the search given up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel.images")
        texts = {status: status_text(status) for status in Status}
        self._editable = True
        self._chosen = ""  # by a click, and on its way
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
        self.list = self._make_list(texts)
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
        self._search.down.connect(lambda: self.list.take_keys(lent=False))
        self._search.returnPressed.connect(lambda: self._on_activated(self._filter.index(0, 0)))
        self._refilter()

    def _make_list(self, texts: dict[Status, str]) -> ImageView:
        rows = ImageView()
        rows.setObjectName("images.list")
        rows.setAccessibleName(self.tr("Images"))
        rows.setModel(self._filter)
        rows.setItemDelegate(ImageDelegate(texts, self))
        rows.setUniformItemSizes(True)
        rows.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        rows.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        rows.setMinimumHeight(FEWEST_SEEN * ROW + 2 * FOCUS_PX)
        rows.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        rows.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        rows.deleted.connect(self.ask_remove)
        rows.left.connect(self.left)
        rows.customContextMenuRequested.connect(self._ask_split)
        rows.clicked.connect(self._on_clicked)
        rows.activated.connect(self._on_activated)
        return rows

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
        index, marks = self._filter.mapFromSource(self._model.index(row)), self.list.selectionModel()
        chosen, self._chosen = self._chosen, ""
        if chosen == image_id and marks.isSelected(index):
            return  # others may have been marked besides it while it was on its way
        marks.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
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

    def take_keys(self) -> None:
        """Go to the list, wherever its tab is."""
        dock = self.parentWidget()
        if isinstance(dock, QDockWidget):
            dock.show()
            dock.raise_()
        if self.list.isHidden():
            self._search.setFocus()
        else:
            self.list.take_keys(lent=False)

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
        remove = menu.addAction(self.tr("Remove from the project…"), self.ask_remove)
        remove.setObjectName("images.remove")
        menu.popup(self.list.viewport().mapToGlobal(at))

    def ask_remove(self) -> None:
        """Ask to take the images that are marked out of the project."""
        records = self.selected()
        if records and self._editable:
            self.remove_asked.emit(records)
        elif records:
            self.refused.emit()

    def _on_clicked(self, index: QModelIndex) -> None:
        """A click opens; with Shift or Ctrl it marks several."""
        held = QGuiApplication.keyboardModifiers()
        marks = bool(held & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
        self.list.take_keys(lent=not marks)
        if not marks:
            self._chosen = index.data(RECORD_ROLE).id
            self.chosen.emit(self._chosen)

    def _on_activated(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.data(RECORD_ROLE).id)
            self.left.emit()
