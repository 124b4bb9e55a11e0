"""The classes: colour, name, key, eye, lock and share of the image; a click chooses what is painted."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QMenu,
    QStyle,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from labeltool.core.catalog import ClassCatalog
from labeltool.ui import theme

COLOUR, NAME, KEY, EYE, LOCK, SHARE = range(6)
ROW_PX = 24
ROUNDING_PX = 2
"""A text may be so much wider than its rounded width says."""
SCALES = (1, 2, 3)
FEWEST_SEEN, FEW_SEEN, ENOUGH_SEEN, MOST_SEEN = 3, 5, 7, 12
"""Rows that are always seen, that are where all sections of the layers are closed, that do where room is scarce, and
that are seen where there is room; the others are scrolled to."""
VALUE_ROLE = int(Qt.ItemDataRole.UserRole)


def swatch(color: tuple[int, int, int], side: int = 16) -> QIcon:
    """A rounded square of a class's colour, sharp on screens of each scale."""
    icon = QIcon()
    for ratio in SCALES:
        pixmap = QPixmap(ratio * side, ratio * side)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(*color))
        painter.setPen(QColor(128, 128, 128))
        painter.drawRoundedRect(QRectF(1.5, 1.5, side - 3, side - 3), 3, 3)
        painter.end()
        for mode in (
            QIcon.Mode.Normal,
            QIcon.Mode.Selected,
        ):  # else Qt tints it, and the colour is what it is for
            icon.addPixmap(pixmap, mode)
    return icon


def _percent(count: int, total: int) -> str:
    """With a margin at the right, which a cell does not have. All of it is no more than three digits."""
    return "100 %  " if count == total else f"{min(99.9, 100 * count / total):.1f} %  "


class ClassList(QTreeWidget):
    """Keeps the class that is painted in sight, however high it is."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt asks."""
        super().resizeEvent(event)
        current = self.currentItem()
        if current is not None:
            self.scrollToItem(current)


class ClassPanel(QWidget):
    """Lists the catalog. It changes nothing itself: it says what was asked for."""

    chosen = Signal(int)
    hidden_changed = Signal(frozenset)
    lock_asked = Signal(int, bool)
    """Lock (True) or unlock a class."""
    edit_asked = Signal(int)
    add_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel.classes")
        self.hidden_values: frozenset[int] = frozenset()
        self._locked: frozenset[int] = frozenset()
        self._rest: QTreeWidgetItem | None = None
        self.list = ClassList()
        self.list.setObjectName("classes.list")
        self.list.setAccessibleName(self.tr("Classes"))
        self.list.setColumnCount(6)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setIconSize(QSize(16, 16))
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        key, share = self._room_for("8"), self._room_for(_percent(888, 1000), _percent(1, 1))
        for column, width in ((COLOUR, 26), (KEY, key), (EYE, 26), (LOCK, 26), (SHARE, share)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.list.setColumnWidth(column, width)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self._add = QToolButton()
        self._add.setObjectName("classes.add")
        self._add.setText(self.tr("Add a class…"))
        self._add.setIcon(theme.icon("ph.plus"))
        self._add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add.setAutoRaise(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(0)
        self.list.currentItemChanged.connect(self._on_current)
        self.list.itemClicked.connect(self._on_clicked)
        self.list.itemDoubleClicked.connect(
            lambda item, column: (
                self.edit_asked.emit(item.data(0, VALUE_ROLE))
                if column not in (EYE, LOCK) and item in self._items()
                else None
            )
        )
        self.list.customContextMenuRequested.connect(self._menu)
        self._add.clicked.connect(self.add_asked)

    def _room_for(self, *texts: str) -> int:
        """Width of a column for each of these in the font of this system: a number that is cut says another one."""
        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, self.list) + 1
        self.list.ensurePolished()  # or its font is not known yet
        return max(map(self.list.fontMetrics().horizontalAdvance, texts)) + 2 * margin + ROUNDING_PX

    def show_catalog(self, catalog: ClassCatalog, current: int) -> None:
        """List these classes, ``current`` chosen."""
        self.list.blockSignals(True)
        self.list.clear()
        self._rest = None
        for number, each in enumerate(catalog.classes):
            key = self._key_of(catalog, number)
            item = QTreeWidgetItem(["", each.name, key, "", "", ""])
            item.setData(0, VALUE_ROLE, each.value)
            item.setIcon(COLOUR, swatch(each.color))
            item.setToolTip(NAME, self.tr("{name}, value {value}").format(name=each.name, value=each.value))
            item.setTextAlignment(KEY, Qt.AlignmentFlag.AlignCenter)
            item.setTextAlignment(SHARE, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setSizeHint(NAME, QSize(0, ROW_PX))
            self.list.addTopLevelItem(item)
        self._locked = catalog.locked
        self._rest = self._make_rest()
        self.list.blockSignals(False)
        self._fit_rows()
        self._show_eyes()
        self._show_locks()
        self.show_current(current)

    def _make_rest(self) -> QTreeWidgetItem:
        """The last row: what nobody has labelled. It is no class, so it cannot be chosen."""
        rest = QTreeWidgetItem(self.list, ["", self.tr("unlabelled"), "", "", "", ""])
        rest.setFlags(Qt.ItemFlag.NoItemFlags)
        rest.setTextAlignment(SHARE, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        rest.setSizeHint(NAME, QSize(0, ROW_PX))
        rest.setHidden(True)
        return rest

    def _fit_rows(self) -> None:
        """As high as the rows, within reason; the last one has its place even while it is hidden."""
        rows = self.list.topLevelItemCount()
        self.list.setMinimumHeight(ROW_PX * min(rows, FEWEST_SEEN))
        self.list.setMaximumHeight(ROW_PX * min(rows, MOST_SEEN))
        self.updateGeometry()

    def preferred_height(self, rows: int = MOST_SEEN) -> int:
        """In pixels, with all rows, or with this many of them."""
        list_px = min(self.list.sizeHint().height(), self.list.maximumHeight())
        return self.sizeHint().height() - list_px + min(self.list.maximumHeight(), ROW_PX * rows)

    @staticmethod
    def _key_of(catalog: ClassCatalog, number: int) -> str:
        """0 is the background; 1 to 9 are the other classes in their order."""
        if catalog.background is None:
            return str(number + 1) if number < 9 else ""
        return str(number) if number <= 9 else ""

    def show_current(self, value: int) -> None:
        """Mark the class that is painted."""
        for item in self._items():
            if item.data(0, VALUE_ROLE) == value:
                self.list.blockSignals(True)
                self.list.setCurrentItem(item)
                self.list.scrollToItem(item)
                self.list.blockSignals(False)

    def show_shares(self, pixels: Mapping[int, int], total: int) -> None:
        """The share of the image each class covers, and what is left."""
        for item in self._items():
            count = pixels.get(item.data(0, VALUE_ROLE), 0)
            item.setText(SHARE, _percent(count, total) if total and count else "")
        unlabelled = total - sum(pixels.values())
        if self._rest is not None:
            self._rest.setHidden(unlabelled <= 0)
            self._rest.setText(SHARE, _percent(unlabelled, total) if total else "")

    def set_editable(self, editable: bool) -> None:
        """Whether classes may be added and changed."""
        self._add.setEnabled(editable)

    def toggle_hidden(self, value: int) -> None:
        """Show or hide one class on the canvas."""
        self.hidden_values = self.hidden_values ^ {value}
        self._show_eyes()
        self.hidden_changed.emit(self.hidden_values)

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        return [item for item in found if item is not None and item is not self._rest]

    def _show_eyes(self) -> None:
        for item in self._items():
            hidden = item.data(0, VALUE_ROLE) in self.hidden_values
            item.setIcon(EYE, theme.icon("ph.eye-slash" if hidden else "ph.eye"))
            item.setToolTip(EYE, self.tr("Hidden; click to show") if hidden else self.tr("Click to hide"))

    def _show_locks(self) -> None:
        """A padlock where a class is locked, a faint open one elsewhere."""
        for item in self._items():
            locked = item.data(0, VALUE_ROLE) in self._locked
            item.setIcon(
                LOCK, theme.icon("ph.lock-simple-fill") if locked else theme.faint("ph.lock-simple-open")
            )
            tip = self.tr("Locked: nothing changes its pixels; click to unlock")
            item.setToolTip(LOCK, tip if locked else self.tr("Click to lock"))

    def _ask_lock(self, value: int) -> None:
        self.lock_asked.emit(value, value not in self._locked)

    def _on_current(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and item is not self._rest:
            self.chosen.emit(item.data(0, VALUE_ROLE))

    def _on_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if item is self._rest:
            return
        if column == EYE:
            self.toggle_hidden(item.data(0, VALUE_ROLE))
        elif column == LOCK:
            self._ask_lock(item.data(0, VALUE_ROLE))

    def _menu(self, at: QPoint) -> None:
        item = self.list.itemAt(at)
        if item is None or item is self._rest or not self._add.isEnabled():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        value = item.data(0, VALUE_ROLE)
        menu.addAction(self.tr("Edit…"), lambda: self.edit_asked.emit(value))
        menu.addAction(self.tr("Show or hide"), lambda: self.toggle_hidden(value))
        locked = value in self._locked
        menu.addAction(self.tr("Unlock") if locked else self.tr("Lock"), lambda: self._ask_lock(value))
        menu.popup(self.list.viewport().mapToGlobal(at))
