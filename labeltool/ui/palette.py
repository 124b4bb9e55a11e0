"""The palette: a line that finds any action by a few letters of its name, its menu or its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QKeyEvent, QPalette, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from labeltool.ui.actions import REASONS, ActionSpec
from labeltool.ui.fuzzy import score
from labeltool.ui.keys import native
from labeltool.ui.words import translated

TITLE, MENU, KEY = range(3)
SIZE, ROW_PX, ICON_PX = QSize(560, 420), 26, 16
TITLE_COUNTS, IN_ORDER_COUNTS = 10.0, 2.0
STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}


@dataclass(frozen=True)
class Row:
    """An action as it is found: by its title, its menu, its keys and the words of its help."""

    action: QAction
    menu: str
    keys: tuple[str, ...] = ()
    help: str = ""
    reason: str = ""
    """Why it does not apply, while it does not."""

    @property
    def title(self) -> str:
        """The action's text as it is now."""
        return self.action.text().removesuffix("…").replace("&&", "&")

    def fits(self, word: str) -> float | None:
        """How well it fits a word; a word of the title counts most."""
        title, rest = score(word, self.title), score(word, f"{self.menu} {' '.join(self.keys)}")
        told = 0.0 if f" {word.casefold()}" in f" {self.help.casefold()}" else None
        fits = [
            value
            for value in (None if title is None else TITLE_COUNTS + title, rest, told)
            if value is not None
        ]
        return max(fits, default=None)


def ranked(query: str, rows: Iterable[Row]) -> list[Row]:
    """The rows that fit every word of a query, best first, and the shorter of two that fit alike."""
    words = query.split()
    found: list[tuple[float, int, Row]] = []
    for row in rows:
        fits = [row.fits(word) for word in words]
        known = [each for each in fits if each is not None]
        if len(known) == len(fits):
            in_order = IN_ORDER_COUNTS if score("".join(words), row.title) is not None else 0.0
            found.append((-sum(known) - in_order, len(row.title) if words else 0, row))
    return [row for *_, row in sorted(found, key=lambda each: each[:2])]


class Palette(QDialog):
    """All actions; those that do not apply now are grey and say why. Enter runs, Esc closes.

    ``more`` are actions that have no row in the table; where they belong is their tooltip. ``why`` says why something
    that actions need is not there now, where the table's reason cannot know.
    """

    def __init__(
        self,
        specs: Iterable[ActionSpec],
        actions: Mapping[str, QAction],
        keys: Callable[[str], tuple[str, ...]],
        parent: QWidget | None = None,
        more: Iterable[QAction] = (),
        why: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.setWindowTitle(self.tr("Find an action"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._rows = [
            Row(
                actions[spec.id],
                translated(spec.menu),
                keys(spec.id),
                translated(spec.help) if spec.help else "",
                (why or {}).get(spec.needs) or translated(REASONS.get(spec.needs, "")),
            )
            for spec in specs
            if spec.id != "palette" and actions[spec.id].isVisible()
        ]
        self._rows += [Row(action, action.toolTip()) for action in more]
        self._shown: list[Row] = []
        blank = QPixmap(ICON_PX, ICON_PX)
        blank.fill(Qt.GlobalColor.transparent)
        self._no_icon = QIcon(blank)
        """Keeps the titles in one line."""
        self.line = self._make_line()
        self.list = self._make_list()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.resize(SIZE)
        self._place(parent)
        self._show("")

    def _make_line(self) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName("palette.line")
        made.setAccessibleName(self.windowTitle())
        made.setPlaceholderText(self.windowTitle())
        made.installEventFilter(self)
        made.textChanged.connect(self._show)
        made.returnPressed.connect(self.run)
        return made

    def _make_list(self) -> QTreeWidget:
        made = QTreeWidget()
        made.setObjectName("palette.list")
        made.setAccessibleName(self.tr("Actions"))
        made.setColumnCount(3)
        made.setHeaderHidden(True)
        made.setRootIsDecorated(False)
        made.setUniformRowHeights(True)
        made.setIconSize(QSize(ICON_PX, ICON_PX))
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
        self._shown = ranked(query, self._rows)
        self.list.clear()
        self.list.addTopLevelItems([self._item(row) for row in self._shown])
        self._choose(0)

    def _item(self, row: Row) -> QTreeWidgetItem:
        action = row.action
        about = row.menu if action.isEnabled() else row.reason
        item = QTreeWidgetItem([row.title, about, native(row.keys[0]) if row.keys else ""])
        item.setIcon(
            TITLE, self._no_icon if action.icon().isNull() or not action.isEnabled() else action.icon()
        )
        item.setSizeHint(TITLE, QSize(0, ROW_PX))
        item.setTextAlignment(KEY, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setToolTip(MENU, about)  # which may be longer than there is room
        grey = self.palette().brush(QPalette.ColorRole.PlaceholderText)
        for column in (MENU, KEY) if action.isEnabled() else (TITLE, MENU, KEY):
            item.setForeground(column, grey)
        if action.isCheckable() and action.isChecked():
            item.setText(TITLE, f"{row.title}  ✓")
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
        row = self.list.currentIndex().row()
        if row < 0:
            return
        action = self._shown[row].action
        if action.isEnabled():
            self.accept()
            action.trigger()
