"""The actions of classes by the classes' own names and colours, in the menus and where actions are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from labeltool.core.catalog import ClassCatalog, ClassDef
from labeltool.ui.actions import DIGITS
from labeltool.ui.panels.classes import swatch


class ClassActions(QObject):
    """Names the actions of the digits; a class that has no digit gets an action of the window without a key."""

    def __init__(
        self, actions: Mapping[str, QAction], take: Callable[[int], object], window: QWidget
    ) -> None:
        super().__init__(window)
        self._actions, self._take, self._window = actions, take, window
        self._others: list[QAction] = []

    def show(self, catalog: ClassCatalog, value_of: Callable[[int], int | None]) -> None:
        """The classes are these; ``value_of`` says which one a digit chooses."""
        by_digit = {digit: value_of(digit) for digit in DIGITS}
        for digit, value in by_digit.items():
            named = None if value is None else catalog.by_value(value)
            for id_, text in (
                (f"class_{digit}", self.tr("Class: {name}")),
                (f"show_class_{digit}", self.tr("Show or hide: {name}")),
                (f"lock_class_{digit}", self.tr("Lock or unlock: {name}")),
            ):
                self._name(self._actions[id_], text, named)
        for each in self._others:
            self._window.removeAction(each)
            each.deleteLater()
        self._others = [self._make(each) for each in catalog.classes if each.value not in by_digit.values()]

    @staticmethod
    def _name(action: QAction, text: str, named: ClassDef | None) -> None:
        action.setVisible(named is not None)
        if named is not None:
            action.setText(text.format(name=named.name).replace("&", "&&"))
            action.setIcon(swatch(named.color))

    def _make(self, named: ClassDef) -> QAction:
        action = QAction(self._window)
        self._name(action, self.tr("Class: {name}"), named)
        action.setToolTip(self.tr("Edit"))
        action.triggered.connect(lambda _=False, value=named.value: self._take(value))
        self._window.addAction(action)
        return action
