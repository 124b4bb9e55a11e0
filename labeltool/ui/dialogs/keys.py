"""Keys and mouse, as the table of actions and the tools have them."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialogButtonBox, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from labeltool import plugins
from labeltool.core.errors import LabeltoolError
from labeltool.ui.actions import ACTIONS, MENUS, ActionSpec, translated
from labeltool.ui.dialogs.frame import Dialog

Row = tuple[str, str]
NATIVE = QKeySequence.SequenceFormat.NativeText


class KeysDialog(Dialog):
    """Everything the keyboard and the mouse can do, with a search."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("keys", self.tr("Keys and mouse"), parent, QSize(640, 640))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.search = QLineEdit()
        self.search.setObjectName("dialog.keys.search")
        self.search.setAccessibleName(self.tr("Search"))
        self.search.setPlaceholderText(self.tr("Search an action or a key"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.table = self._table()
        for title, rows in self._sections():
            _add_section(self.table, title, rows)
        self.column.addWidget(self.search)
        self.column.addWidget(self.table)
        close = self.buttons.addButton(QDialogButtonBox.StandardButton.Close)
        close.setObjectName("dialog.keys.close")
        self.buttons.rejected.connect(self.reject)
        self.column.addWidget(self.buttons)

    def _table(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setObjectName("dialog.keys.table")
        table.setAccessibleName(self.windowTitle())
        table.setHeaderLabels([self.tr("What"), self.tr("Key or mouse")])
        table.setRootIsDecorated(False)
        table.setItemsExpandable(False)
        table.setIndentation(16)
        table.setUniformRowHeights(False)
        header = table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        return table

    def _sections(self) -> Iterator[tuple[str, list[Row]]]:
        yield self.tr("Tools"), [*_tools(), *self._in_hand()]
        yield self.tr("Mouse"), self._mouse()
        for menu in MENUS:
            rows = [_row(spec) for spec in ACTIONS if spec.menu == menu and spec.keys]
            if rows:
                yield translated(menu), rows

    def _in_hand(self) -> list[Row]:
        return [
            (self.tr("Classes 1 to 9"), "1 – 9"),
            (self.tr("Background"), "0"),
            (self.tr("Finish a polygon"), self.tr("Enter or double click")),
            (self.tr("Take the last point off"), _native("Backspace")),
            (self.tr("Abandon a shape"), _native("Esc")),
        ]

    def _mouse(self) -> list[Row]:
        return [
            (self.tr("Draw"), self.tr("Left button")),
            (self.tr("Erase with the brush"), self.tr("Right button")),
            (self.tr("Zoom at the pointer"), self.tr("Wheel")),
            (self.tr("Change the brush's size"), self.tr("Shift + wheel")),
            (self.tr("Move the picture"), self.tr("Middle button, or Space + left button")),
        ]

    def _filter(self, text: str) -> None:
        wanted = text.casefold().strip()
        for section in _children(self.table.invisibleRootItem()):
            rows = _children(section)
            for row in rows:
                row.setHidden(wanted not in f"{row.text(0)}\n{row.text(1)}".casefold())
            section.setHidden(all(row.isHidden() for row in rows))


def _tools() -> Iterator[Row]:
    for name in plugins.names("labeltool.tools"):
        try:
            tool = plugins.load("labeltool.tools", name)
        except LabeltoolError:  # the window says so where it lists the tools
            continue
        yield translated(tool.title), tool.key


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (item.child(i) for i in range(item.childCount()))
    return [child for child in found if child is not None]


def _row(spec: ActionSpec) -> Row:
    return translated(spec.text).rstrip("…"), "   ".join(_native(key) for key in spec.keys)


def _native(key: str) -> str:
    return QKeySequence(key).toString(NATIVE)


def _add_section(table: QTreeWidget, title: str, rows: list[Row]) -> None:
    section = QTreeWidgetItem([title])
    font = section.font(0)
    font.setBold(True)
    section.setFont(0, font)
    section.setFlags(Qt.ItemFlag.ItemIsEnabled)
    section.setSizeHint(0, QSize(0, 32))
    table.addTopLevelItem(section)
    for row in rows:
        item = QTreeWidgetItem(section, list(row))
        item.setSizeHint(0, QSize(0, 24))
    section.setFirstColumnSpanned(True)
    section.setExpanded(True)
