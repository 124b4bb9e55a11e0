"""The palette: a line that finds any action by a few letters of its name, its menu or its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from labeltool.ui.actions import REASONS, ActionSpec, native, translated

TITLE, MENU, KEY = range(3)
SIZE, ROW_PX = QSize(560, 420), 26
ROW = int(Qt.ItemDataRole.UserRole)
STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}


def score(query: str, text: str) -> int | None:
    """How well a text fits a query: its letters must come in this order. Higher is better, None is no fit.

    Letters that follow each other or begin a word count more, so that initials find an action.
    """
    text, found, at, total = text.casefold(), -1, 0, 0
    for letter in query.casefold().replace(" ", ""):
        follows = found >= 0 and text.startswith(letter, found + 1)
        at = found + 1 if follows else _next(text, letter, found + 1)
        if at < 0:
            return None
        begins = at == 0 or not text[at - 1].isalnum()
        total += 4 * follows + 3 * begins + (2 if at == 0 else 0)
        found = at
    return total


def _next(text: str, letter: str, start: int) -> int:
    """Where a letter comes next: at the beginning of a word if it does, else anywhere."""
    word = text.find(f" {letter}", max(0, start - 1))
    return text.find(letter, start) if word < 0 else word + 1


def ranked(query: str, specs: Iterable[ActionSpec], keys: Callable[[str], Iterable[str]]) -> list[ActionSpec]:
    """The actions that a query fits, best first; titles before menus and keys."""
    found: list[tuple[int, ActionSpec]] = []
    for spec in specs:
        title = score(query, spec.title)
        rest = score(query, f"{translated(spec.menu)} {spec.title} {' '.join(keys(spec.id))}")
        best = max((10 + title if title is not None else -1), (rest if rest is not None else -1))
        if best >= 0:
            found.append((best, spec))
    return [spec for _, spec in sorted(found, key=lambda pair: -pair[0])]


class Palette(QDialog):
    """All actions; those that do not apply now are grey and say why. Enter runs, Esc closes."""

    def __init__(
        self,
        specs: Iterable[ActionSpec],
        actions: Mapping[str, QAction],
        keys: Callable[[str], tuple[str, ...]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.setWindowTitle(self.tr("Find an action"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._specs = [spec for spec in specs if spec.id != "palette"]
        self._actions, self._keys = actions, keys
        self.line = QLineEdit()
        self.line.setObjectName("palette.line")
        self.line.setAccessibleName(self.windowTitle())
        self.line.setPlaceholderText(self.tr("Find an action"))
        self.line.installEventFilter(self)
        self.line.textChanged.connect(self._show)
        self.line.returnPressed.connect(self.run)
        self.list = self._make_list()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.resize(SIZE)
        self._place(parent)
        self._show("")

    def _make_list(self) -> QTreeWidget:
        made = QTreeWidget()
        made.setObjectName("palette.list")
        made.setAccessibleName(self.tr("Actions"))
        made.setColumnCount(3)
        made.setHeaderHidden(True)
        made.setRootIsDecorated(False)
        made.setUniformRowHeights(True)
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header = made.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Stretch)
        for column, width in ((MENU, 190), (KEY, 120)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            made.setColumnWidth(column, width)
        made.itemClicked.connect(lambda *_: self.run())
        return made

    def _place(self, parent: QWidget | None) -> None:
        if parent is not None:
            at = parent.mapToGlobal(QPoint((parent.width() - self.width()) // 2, parent.height() // 8))
            self.move(at)

    def _show(self, query: str) -> None:
        self.list.clear()
        self.list.addTopLevelItems([self._row(spec) for spec in ranked(query, self._specs, self._keys)])
        self._choose(0)

    def _row(self, spec: ActionSpec) -> QTreeWidgetItem:
        action, keys = self._actions[spec.id], self._keys(spec.id)
        about = translated(spec.menu) if action.isEnabled() else translated(REASONS.get(spec.needs, ""))
        item = QTreeWidgetItem([spec.title, about, native(keys[0]) if keys else ""])
        item.setData(TITLE, ROW, spec.id)
        item.setSizeHint(TITLE, QSize(0, ROW_PX))
        item.setTextAlignment(KEY, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grey = self.palette().brush(QPalette.ColorRole.PlaceholderText)
        for column in (MENU, KEY) if action.isEnabled() else (TITLE, MENU, KEY):
            item.setForeground(column, grey)
        if action.isCheckable() and action.isChecked():
            item.setText(TITLE, f"{spec.title}  ✓")
        return item

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrow keys walk through the list while the line keeps the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            by = STEPS.get(Qt.Key(event.key()))
            if by is not None and self.list.topLevelItemCount():
                self._step(by)
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        current = self.list.currentIndex().row()
        self._choose(max(0, min(self.list.topLevelItemCount() - 1, current + by)))

    def _choose(self, row: int) -> None:
        item = self.list.topLevelItem(row)
        if item is not None:
            self.list.setCurrentItem(item)

    def run(self) -> None:
        """Close, and do what is chosen; an action that does not apply stays in sight with its reason."""
        item = self.list.currentItem()
        if item is None:
            return
        action = self._actions[item.data(TITLE, ROW)]
        if action.isEnabled():
            self.accept()
            action.trigger()
