"""Keys and mouse: what does what, and other keys for those who want them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from labeltool.ui.actions import MENUS, ActionSpec, table
from labeltool.ui.dialogs.frame import Dialog, label
from labeltool.ui.digits import physical_key
from labeltool.ui.keys import FIXED, PRESETS, Keymap, native
from labeltool.ui.words import translated

ID = int(Qt.ItemDataRole.UserRole)
MODIFIERS = (
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_Meta,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_CapsLock,
)


def pressed_key(event: QKeyEvent) -> str:
    """The key of a press as a shortcut is written; empty while only modifiers are held."""
    if Qt.Key(event.key()) in MODIFIERS:
        return ""
    by_place = physical_key(event, QGuiApplication.platformName())
    return by_place or QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)


class KeyLine(QLineEdit):
    """Shows a key and tells of every key that is pressed in it."""

    pressed = Signal(str)
    left = Signal()

    def event(self, event: QEvent) -> bool:
        """No key is a shortcut here, and Tab leads on only with no action waiting for its key."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves; anything else is the new key."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif key := pressed_key(event):
            self.pressed.emit(key)


class KeysDialog(Dialog):
    """Everything the keyboard and the mouse can do, with a search; a row that is chosen takes a new key."""

    changed = Signal()
    """An action has other keys now; they are stored already."""

    def __init__(self, parent: QWidget | None = None, keymap: Keymap | None = None) -> None:
        super().__init__("keys", self.tr("Keys and mouse"), parent, QSize(680, 640))
        self.keymap = keymap or Keymap.load(table())
        self._wanted = ""
        self._specs = {spec.id: spec for spec in self.keymap.specs}
        self.search = QLineEdit()
        self.search.setObjectName("dialog.keys.search")
        self.search.setAccessibleName(self.tr("Search"))
        self.search.setPlaceholderText(self.tr("Search an action or a key"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.table = self._table()
        for title, specs, rows in self._sections():
            _add_section(self.table, title, specs, rows)
        self.table.currentItemChanged.connect(lambda *_: self._choose())
        self.table.itemClicked.connect(lambda *_: self._listen())
        self.table.itemActivated.connect(lambda *_: self._listen())
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self._presets())
        self.column.addLayout(top)
        self.column.addWidget(self.table, 1)
        self.column.addLayout(self._editor())
        self.says = label(name="dialog.keys.says", dim=True)
        self.column.addWidget(self.says)
        self._add_close()
        self._show_keys()
        self._choose()
        self.search.setFocus()

    def _table(self) -> QTreeWidget:
        made = QTreeWidget()
        made.setObjectName("dialog.keys.table")
        made.setAccessibleName(self.windowTitle())
        made.setHeaderLabels([self.tr("What"), self.tr("Key or mouse")])
        made.setRootIsDecorated(False)
        made.setItemsExpandable(False)
        made.setIndentation(16)
        made.setUniformRowHeights(False)
        header = made.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        return made

    def _presets(self) -> QComboBox:
        self.presets = QComboBox()
        self.presets.setObjectName("dialog.keys.preset")
        self.presets.setAccessibleName(self.tr("Keys as in"))
        self.presets.setToolTip(self.tr("Start from the keys of another program"))
        for name in PRESETS:
            self.presets.addItem(self.tr("Keys as in {program}").format(program=name), name)
        self.presets.setCurrentIndex(self.presets.findData(self.keymap.preset))
        self.presets.activated.connect(self._choose_preset)
        return self.presets

    def _editor(self) -> QHBoxLayout:
        self.what = QLabel()
        self.what.setTextFormat(Qt.TextFormat.PlainText)
        self.line = KeyLine()
        self.line.setObjectName("dialog.keys.line")
        self.line.setAccessibleName(self.tr("New key"))
        self.line.setPlaceholderText(self.tr("Press the new key"))
        self.line.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.line.setFixedWidth(160)
        self.line.pressed.connect(self._offer)
        self.line.left.connect(self._give_up)
        self.take = self._button("take", self.tr("Take it over"), self._take_over)
        self.reset = self._button("reset", self.tr("Reset"), self._reset)
        self.none = self._button("none", self.tr("No key"), self._no_key)
        self.all = self._button("all", self.tr("Reset all"), self._reset_all)
        row = QHBoxLayout()
        row.addWidget(self.what, 1)
        for widget in (self.line, self.take, self.none, self.reset, self.all):
            row.addWidget(widget)
        return row

    def _button(self, name: str, text: str, run: object) -> QPushButton:
        made = QPushButton(text)
        made.setObjectName(f"dialog.keys.{name}")
        made.setAutoDefault(False)
        made.clicked.connect(run)
        return made

    def _add_close(self) -> None:
        close = self.buttons.addButton(QDialogButtonBox.StandardButton.Close)
        close.setObjectName("dialog.keys.close")
        self.buttons.rejected.connect(self.reject)
        self.column.addWidget(self.buttons)

    # ---- what is listed

    def _sections(self) -> Iterator[tuple[str, list[ActionSpec], list[tuple[str, str]]]]:
        for menu in ("Tools", *(name for name in MENUS if name != "Tools")):
            specs = [spec for spec in self.keymap.specs if spec.menu == menu]
            yield translated(menu), specs, self._in_hand() if menu == "Tools" else []
            if menu == "Tools":
                yield self.tr("Mouse"), [], self._mouse()

    def _in_hand(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Finish a polygon"), self.tr("Enter or double click")),
            (self.tr("Take the last point off"), native("Backspace")),
            (self.tr("Abandon a shape"), native("Esc")),
        ]

    def _mouse(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Draw"), self.tr("Left button")),
            (self.tr("Erase with the brush"), self.tr("Right button")),
            (self.tr("Zoom at the pointer"), self.tr("Wheel")),
            (self.tr("Change the brush's size"), self.tr("Shift + wheel")),
            (self.tr("Turn slices"), self.tr("Alt + wheel")),
            (self.tr("Move the picture"), self.tr("Middle button, or Space + left button")),
        ]

    def _items(self) -> Iterator[QTreeWidgetItem]:
        for section in _children(self.table.invisibleRootItem()):
            yield from (row for row in _children(section) if row.data(0, ID))

    def _show_keys(self) -> None:
        for item in self._items():
            keys = self.keymap.keys(item.data(0, ID))
            item.setText(1, "   ".join(map(native, keys)))
            font = item.font(1)
            font.setBold(item.data(0, ID) in self.keymap.own)
            item.setFont(1, font)
        self._filter(self.search.text())

    def _filter(self, text: str) -> None:
        wanted = text.casefold().strip()
        for section in _children(self.table.invisibleRootItem()):
            rows = _children(section)
            for row in rows:
                row.setHidden(wanted not in f"{row.text(0)}\n{row.text(1)}".casefold())
            section.setHidden(all(row.isHidden() for row in rows))

    # ---- editing

    @property
    def _current(self) -> ActionSpec | None:
        item = self.table.currentItem()
        return None if item is None else self._specs.get(item.data(0, ID) or "")

    def choose(self, id_: str) -> None:
        """Choose the row of an action."""
        for item in self._items():
            if item.data(0, ID) == id_:
                self.table.setCurrentItem(item)

    def _choose(self) -> None:
        spec = self._current
        self._wanted = ""
        self.what.setText(spec.title if spec else self.tr("Choose an action to give it another key"))
        self.line.clear()
        self.take.hide()
        for widget in (self.line, self.none, self.reset):
            widget.setEnabled(spec is not None)
        self.reset.setEnabled(spec is not None and spec.id in self.keymap.own)
        self.all.setEnabled(bool(self.keymap.own))
        self.says.setText("")

    def _listen(self) -> None:
        if self._current is not None:
            self.line.setFocus()

    def _give_up(self) -> None:
        self._choose()
        self.table.setFocus()

    def _offer(self, key: str) -> None:
        """Take a key that is free; say whose it is where it is not."""
        spec = self._current
        if spec is None:
            return
        self._choose()
        self.line.setText(native(key))
        holder = self.keymap.action_of(key)
        if key in FIXED:
            meaning = QCoreApplication.translate("Keys", str(FIXED[key]))
            self.says.setText(self.tr("{key} always means: {what}").format(key=native(key), what=meaning))
        elif holder is None or holder == spec.id:
            self._assign(spec, [key])
        else:
            self._wanted = key
            self.take.show()
            text = self.tr("{key} belongs to “{what}”. If you take it over, that has one key less.")
            self.says.setText(text.format(key=native(key), what=self._specs[holder].title))

    def _take_over(self) -> None:
        if self._current is not None and self._wanted:
            self._assign(self._current, [self._wanted])

    def _no_key(self) -> None:
        if self._current is not None:
            self._assign(self._current, [])

    def _assign(self, spec: ActionSpec, keys: Iterable[str]) -> None:
        self.keymap.assign(spec.id, keys)
        self._store()

    def _reset(self) -> None:
        if self._current is not None:
            self.keymap.reset(self._current.id)
            self._store()

    def _reset_all(self) -> None:
        self.keymap.choose(self.keymap.preset)
        self._store()

    def _choose_preset(self) -> None:
        self.keymap.choose(self.presets.currentData())
        self._store()

    def _store(self) -> None:
        self.keymap.save()
        self._show_keys()
        self._choose()
        self.changed.emit()


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (item.child(i) for i in range(item.childCount()))
    return [child for child in found if child is not None]


def _add_section(
    table: QTreeWidget, title: str, specs: Iterable[ActionSpec], rows: Iterable[tuple[str, str]]
) -> None:
    section = QTreeWidgetItem([title])
    font = section.font(0)
    font.setBold(True)
    section.setFont(0, font)
    section.setFlags(Qt.ItemFlag.ItemIsEnabled)
    section.setSizeHint(0, QSize(0, 32))
    table.addTopLevelItem(section)
    for spec in specs:
        item = QTreeWidgetItem(section, [spec.title, ""])
        item.setData(0, ID, spec.id)
        item.setSizeHint(0, QSize(0, 24))
    for row in rows:
        item = QTreeWidgetItem(section, list(row))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setSizeHint(0, QSize(0, 24))
    section.setFirstColumnSpanned(True)
    section.setExpanded(True)
