"""Protection as the window shows it: padlocks of classes, where painting counts, and why nothing happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSpinBox,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from labeltool.core.catalog import ClassCatalog
from labeltool.core.change import Change
from labeltool.core.errors import LabeltoolError, LockedError
from labeltool.core.guard import OPEN, Guard
from labeltool.ui import theme
from labeltool.ui.panels.classes import swatch
from labeltool.ui.part import Part

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench

RULES = ("paint_anywhere", "paint_over_class", "paint_unlabelled", "keep_human")
RANGE = (0, 255)
FIRST_RANGE = (64, 192)
"""What "between" begins with; it is the user's from then on."""


class PaintButton(QToolButton):
    """Where painting counts. It is compact while that is anywhere, and in accent colour while it is not."""

    between_changed = Signal(object)
    """(a, b) of 0..255, or None."""
    over_asked = Signal(int)
    """Paint only over this class."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("top.paint")
        self.setAccessibleName(self.tr("Where painting counts"))
        self.setCheckable(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._actions = actions
        menu = QMenu(self)
        for name in RULES[:3]:
            menu.addAction(actions[name])
        self._over = menu.addMenu(self.tr("Paint only over"))
        menu.addSeparator()
        menu.addAction(self._make_between(menu))
        menu.addSeparator()
        menu.addAction(actions[RULES[3]])
        self.setMenu(menu)
        self.setIcon(theme.icon("ph.shield-check"))
        self.show_rules(OPEN, None)

    def _make_between(self, menu: QMenu) -> QWidgetAction:
        self._between = QCheckBox(self.tr("Only where the image is between"))
        self._between.setObjectName("paint.between")
        self._low, self._high = self._spin("paint.low"), self._spin("paint.high")
        self._low.setValue(FIRST_RANGE[0])
        self._high.setValue(FIRST_RANGE[1])
        self._between.toggled.connect(lambda _: self._tell())
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(8, 4, 12, 4)
        for widget in (self._between, self._low, QLabel(self.tr("and")), self._high):
            line.addWidget(widget)
        made = QWidgetAction(menu)
        made.setDefaultWidget(row)
        return made

    def _spin(self, name: str) -> QSpinBox:
        made = QSpinBox()
        made.setObjectName(name)
        made.setRange(*RANGE)
        made.setAccessibleName(self.tr("Brightness, 0 to 255"))
        made.valueChanged.connect(lambda _: self._tell() if self._between.isChecked() else None)
        return made

    def _tell(self) -> None:
        low, high = sorted((self._low.value(), self._high.value()))
        self.between_changed.emit((low, high) if self._between.isChecked() else None)

    def show_rules(self, rules: Guard, catalog: ClassCatalog | None) -> None:
        """Show which rules are on."""
        text = self._in_words(rules, catalog)
        self.setChecked(not rules.is_open)
        self.setText(text)
        self.setToolTip(text or self.tr("Paint anywhere; click to protect pixels"))
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(style.ToolButtonTextBesideIcon if text else style.ToolButtonIconOnly)
        self._between.blockSignals(True)
        self._between.setChecked(rules.between is not None)
        self._between.blockSignals(False)
        for name, on in zip(
            RULES,
            (
                not self._only(rules, catalog),
                rules.only_over is not None,
                rules.only_unlabelled,
                rules.keep_truth,
            ),
            strict=True,
        ):
            self._actions[name].setChecked(on)
        self._show_over(rules.only_over or frozenset(), catalog)

    def _show_over(self, over: frozenset[int], catalog: ClassCatalog | None) -> None:
        self._over.clear()
        for each in () if catalog is None else catalog.classes:
            action = self._over.addAction(swatch(each.color), each.name)
            action.setCheckable(True)
            action.setChecked(each.value in over)
            action.triggered.connect(partial(self.over_asked.emit, each.value))

    def _in_words(self, rules: Guard, catalog: ClassCatalog | None) -> str:
        """Every rule that is on, in the words of the menu; empty when none is."""
        only = self._only(rules, catalog)
        parts = [self.tr("Only {rules}").format(rules=" · ".join(only))] if only else []
        if rules.keep_truth:
            parts.append(self._actions["keep_human"].text())
        return " · ".join(parts)

    def _only(self, rules: Guard, catalog: ClassCatalog | None) -> list[str]:
        """Where painting counts, if not anywhere."""
        words = []
        if rules.only_over is not None and catalog is not None:
            over = (catalog.by_value(value) for value in sorted(rules.only_over))
            words.append(self.tr("over {name}").format(name=", ".join(c.name for c in over if c is not None)))
        if rules.only_unlabelled:
            words.append(self.tr("unlabelled"))
        if rules.between is not None:
            words.append("{}–{}".format(*rules.between))
        return words


class ProtectionControls(Part):
    """Padlocks and the paint button are views of one protection, that of the workbench."""

    def __init__(self, button: PaintButton, parent: QObject) -> None:
        super().__init__(parent)
        self._button = button
        self._said, self._said_of = "", -1
        self._bench: Workbench | None = None
        self._revision = 0
        button.between_changed.connect(lambda between: self._change(between=between))
        button.over_asked.connect(self.set_over)

    def attach(self, bench: Workbench | None) -> None:
        """Protect the images of this workbench from now on."""
        self._bench = bench
        if bench is not None:
            bench.image_opened.connect(self._opened)
            bench.catalog_changed.connect(lambda _: self._catalog_changed())
            self._show()

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """The rules of where painting counts."""
        return {
            "paint_anywhere": self.set_anywhere,
            "paint_over_class": self.toggle_over_class,
            "paint_unlabelled": self.toggle_unlabelled,
            "keep_human": self.toggle_keep_human,
        }

    def _catalog_changed(self) -> None:
        self._show()
        if self._bench is not None and self._said_of not in self._bench.catalog.locked:
            self._take_back()

    # ---- locks

    def lock(self, value: int | None, locked: bool | None = None) -> None:
        """Lock or unlock a class; without ``locked`` the other way round."""
        bench = self._bench
        if bench is None or not bench.editable or value is None:
            return
        try:
            bench.protection.set_locked(
                value, value not in bench.catalog.locked if locked is None else locked
            )
        except LabeltoolError as error:
            self.failed.emit(error)

    def explain(self, error: LockedError, step: str) -> None:
        """Say why undo or redo was refused."""
        text = self.tr(
            "Undo would change {name}, which is locked. Unlock it in the classes, then undo again."
        )
        if step == "redo":
            text = self.tr(
                "Redo would change {name}, which is locked. Unlock it in the classes, then redo again."
            )
        self._tell(text, error.value)

    def _tell(self, text: str, value: int) -> None:
        """Say that a class is locked."""
        self._said, self._said_of = text.format(name=self._name(value)), value
        self.noted.emit(self._said)

    def _take_back(self) -> None:
        if self._said:
            self.outdated.emit(self._said)
            self._said, self._said_of = "", -1

    def _name(self, value: int) -> str:
        found = None if self._bench is None else self._bench.catalog.by_value(value)
        return str(value) if found is None else found.name

    def _opened(self, image: OpenImage | None) -> None:
        self._take_back()
        if image is not None:
            self._revision = image.session.revision
            image.session.changed.connect(lambda change: self._changed(image, change))

    def _changed(self, image: OpenImage, change: Change) -> None:
        """A stroke that ends and leaves the revision as it was has changed nothing."""
        if not change.box.is_empty or image.session.painting:
            return
        nothing = change.revision == self._revision
        self._revision = change.revision
        if not nothing:
            self._take_back()
        elif self._bench is not None and self._bench.hand.value in self._bench.catalog.locked:
            text = self.tr("{name} is locked: nothing was painted. Unlock it in the classes first.")
            self._tell(text, self._bench.hand.value)

    # ---- rules

    def set_anywhere(self) -> None:
        """No place is excluded any more; whether human pixels stay is another question."""
        self._change(only_over=None, only_unlabelled=False, between=None)

    def toggle_over_class(self) -> None:
        """Paint only over the class that is at hand now, or over any again."""
        if self._bench is not None:
            on = self._bench.protection.rules.only_over is None
            over = frozenset({self._bench.hand.value}) if on else None
            self._change(only_over=over, only_unlabelled=False)

    def set_over(self, value: int) -> None:
        """Paint only over this class."""
        self._change(only_over=frozenset({value}), only_unlabelled=False)

    def toggle_unlabelled(self) -> None:
        """Paint only what nobody has labelled, or anything again."""
        if self._bench is not None:
            on = not self._bench.protection.rules.only_unlabelled
            self._change(only_unlabelled=on, only_over=None)

    def toggle_keep_human(self) -> None:
        """Leave what people have set, or not any more."""
        if self._bench is not None:
            self._change(keep_truth=not self._bench.protection.rules.keep_truth)

    def _change(self, **rules: object) -> None:
        if self._bench is not None:
            self._set(replace(self._bench.protection.rules, **rules))  # type: ignore[arg-type]  # names checked by the dataclass

    def _set(self, rules: Guard) -> None:
        if self._bench is not None:
            self._bench.protection.set_rules(rules)
            self._show()

    def _show(self) -> None:
        if self._bench is not None:
            self._button.show_rules(self._bench.protection.rules, self._bench.catalog)
