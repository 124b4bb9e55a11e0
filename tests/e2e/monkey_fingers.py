"""The monkey's fingers on widgets: whatever is seen and enabled is clicked, turned, typed into and walked through."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QListView,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from tests.e2e.monkey_world import World

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
Key = Qt.Key
STEPS = (Key.Key_Up, Key.Key_Down, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Home, Key.Key_End)
TOUCHABLE = (
    QAbstractButton, QComboBox, QTabBar, QAbstractItemView, QLineEdit, QAbstractSpinBox, QAbstractSlider,
    QPlainTextEdit, QTextEdit, QKeySequenceEdit,
)  # fmt: skip
MOST_CHOICES = 200


def below(root: QObject) -> Iterator[QObject]:
    """All that lies within an object. ``findChildren`` would do, but it makes each a child of ``root``'s wrapper, which
    keeps it until ``root`` dies: in hours those of thousands of widgets that are no more."""
    for child in root.children():
        yield child
        yield from below(child)


class Fingers:
    """``forbidden`` says of an object name that it is not to be touched; ``touched`` counts what was, by kind."""

    def __init__(self, chance: random.Random, world: World, forbidden: Callable[[str], bool]) -> None:
        self._chance, self._world, self._forbidden = chance, world, forbidden
        self.touched: Counter[str] = Counter()

    def touch(self, inside: QWidget) -> str:
        """Do something with one widget inside another; what it was, empty where there is none."""
        found = [each for each in below(inside) if isinstance(each, QWidget) and self._within_reach(each)]
        if not found:
            return ""
        widget = self._chance.choice(found)
        what = f"{type(widget).__name__} {widget.objectName() or _words(widget)!r}"
        self.touched[type(widget).__name__] += 1
        self._use(widget)
        return what

    def walk(self, inside: QWidget) -> None:
        """Tab from widget to widget, and press some."""
        for _ in range(self._chance.randrange(1, 12)):
            focused = QApplication.focusWidget()
            back = self._chance.random() < 0.2
            QTest.keyClick(focused or inside, Key.Key_Backtab if back else Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused is not None and self._chance.random() < 0.5 and self._within_reach(focused):
            QTest.keyClick(focused, self._chance.choice((Key.Key_Space, *STEPS)))

    def end(self, dialog: QWidget) -> str:
        """Close it in one of the ways there are; which one."""
        chance = self._chance.random()
        if isinstance(dialog, QFileDialog):
            return self._choose(dialog)
        if isinstance(dialog, QMessageBox) and dialog.buttons():
            button = self._chance.choice(dialog.buttons())
            button.click()
            return f"button {button.text()!r}"
        if chance < 0.25 and isinstance(dialog, QDialog):
            buttons = [b for b in below(dialog) if isinstance(b, QAbstractButton) and self._within_reach(b)]
            default = [b for b in buttons if getattr(b, "isDefault", lambda: False)()]
            if default:
                default[0].click()
                return f"default {default[0].text()!r}"
        if chance < 0.7:
            QTest.keyClick(dialog, Key.Key_Escape)
            return "Escape"
        dialog.close()
        return "closed"

    def menu(self, menu: QMenu) -> str:
        """Choose something of a menu that is open, or leave it."""
        actions = [a for a in menu.actions() if a.isEnabled() and not a.isSeparator() and a.menu() is None]
        actions = [a for a in actions if not self._forbidden(a.objectName())]
        if actions and self._chance.random() < 0.6:
            chosen = self._chance.choice(actions)
            text = chosen.text()
            menu.close()
            chosen.trigger()
            return text
        QTest.keyClick(menu, Key.Key_Escape)
        menu.close()
        return "Escape"

    def _choose(self, dialog: QFileDialog) -> str:
        """Something that is there, something wrong, or nothing: as the system's own dialog would tell."""
        if self._chance.random() < 0.25:
            dialog.reject()
            return "nothing"
        path = str(self._world.any_path(self._chance))
        dialog.done(int(QDialog.DialogCode.Accepted))
        dialog.fileSelected.emit(path)
        dialog.filesSelected.emit([path])
        return path

    def _within_reach(self, widget: QWidget) -> bool:
        return (
            isinstance(widget, TOUCHABLE)
            and widget.isVisible()
            and widget.isEnabled()
            and not widget.visibleRegion().isEmpty()
            and not self._forbidden(widget.objectName())
            and not (isinstance(widget, QLineEdit) and isinstance(widget.parent(), QAbstractSpinBox))
        )

    def _use(self, widget: QWidget) -> None:
        chance = self._chance
        if isinstance(widget, QHeaderView):
            self._click(widget.viewport())
        elif isinstance(widget, QAbstractItemView):
            self._item(widget)
        elif isinstance(widget, QComboBox):
            QTest.keyClick(widget, chance.choice(STEPS))
            if widget.isEditable():
                widget.setEditText(self._world.any_text(chance))
        elif isinstance(widget, QAbstractButton):
            widget.click() if chance.random() < 0.7 else QTest.keyClick(widget, Key.Key_Space)
        elif isinstance(widget, QLineEdit):
            self._type(widget)
        elif isinstance(widget, QPlainTextEdit | QTextEdit):
            if not widget.isReadOnly():
                widget.setPlainText(self._world.any_text(chance))
        elif isinstance(widget, QKeySequenceEdit):
            QTest.keyClick(widget, chance.choice((Key.Key_A, Key.Key_F5, Key.Key_Escape)))
        elif isinstance(widget, QTabBar):
            widget.setCurrentIndex(chance.randrange(max(1, widget.count())))
        elif isinstance(widget, QAbstractSpinBox):
            self._spin(widget)
        else:
            QTest.keyClick(widget, chance.choice(STEPS))

    def _spin(self, box: QAbstractSpinBox) -> None:
        if self._chance.random() < 0.7:
            box.stepBy(self._chance.choice((-100, -1, 1, 10)))
            return
        box.selectAll()
        QTest.keyClicks(box, self._chance.choice(("0", "-5", "99999999", "abc", "1,5", "0.5", "")))
        QTest.keyClick(box, self._chance.choice((Key.Key_Return, Key.Key_Tab)))

    def _type(self, line: QLineEdit) -> None:
        text = self._world.any_text(self._chance)
        if line.isReadOnly():
            line.selectAll()
            return
        line.selectAll()
        line.insert(text)
        line.textEdited.emit(line.text())
        if self._chance.random() < 0.3:
            QTest.keyClick(line, Key.Key_Return)

    def _item(self, view: QAbstractItemView) -> None:
        model = view.model()
        rows = model.rowCount(view.rootIndex()) if model is not None else 0
        if not rows:
            self._click(view.viewport())
            return
        flat = isinstance(view, QListView)
        columns = 1 if flat else max(1, model.columnCount(view.rootIndex()))
        row = self._chance.randrange(min(rows, MOST_CHOICES))
        index = model.index(row, self._chance.randrange(columns), view.rootIndex())
        view.scrollTo(index)
        at = view.visualRect(index).center()
        how = self._chance.random()
        held = Qt.KeyboardModifier.ControlModifier if how < 0.1 else Qt.KeyboardModifier.NoModifier
        QTest.mouseClick(view.viewport(), RIGHT if how > 0.92 else LEFT, held, at)
        if how > 0.92:
            view.customContextMenuRequested.emit(at)
        elif how > 0.8:
            QTest.mouseDClick(view.viewport(), LEFT, held, at)
        elif how > 0.7:
            QTest.keyClick(view, self._chance.choice((*STEPS, Key.Key_Return, Key.Key_Space, Key.Key_Delete)))

    def _click(self, widget: QWidget) -> None:
        size = widget.size()
        at = QPoint(
            self._chance.randrange(max(1, size.width())), self._chance.randrange(max(1, size.height()))
        )
        QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, at)


def _words(widget: QWidget) -> str:
    return str(getattr(widget, "text", lambda: "")())[:40]
