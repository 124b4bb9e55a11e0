"""The panel of disagreements: what is held against the annotation, what of it is listed, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.core.error_map import Kind
from labeltool.store.predictions import OUT_OF_FOLD
from labeltool.ui.dialogs.frame import GRID, label
from labeltool.ui.review.rows import DisagreementTable, swapped

if TYPE_CHECKING:
    from labeltool.app.review.listing import Filter, View
    from labeltool.core.catalog import ClassCatalog
    from labeltool.ui.review.confusion import CellOf

FIND = "find label errors"
"""In the place of a layer's key: it is still to be made."""
SUSPICION = "suspicion"
"""The order of label errors, which only out-of-fold predictions have."""
CELL = "cell"
"""In the place of a kind: a cell of the confusion matrix."""
VERDICTS = ("model_right", "human_right", "both_wrong", "ignore_region")
"""Actions, in the order of their buttons."""


class ReviewPanel(QWidget):
    """Says what was asked for and shows what is so."""

    layer_asked = Signal()
    """The annotation is to be held against another layer, or that to be compared with another earlier one."""
    find_asked = Signal()
    """Label errors are to be looked for."""
    cell_left = Signal()
    """Not the cell of the confusion matrix alone any more."""
    filtered = Signal()
    """Other disagreements are to be listed, or in another order."""
    entry_asked = Signal(int)
    """A row of the list."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel.review")
        self._cell: CellOf | None = None
        self._layer = self._combo("layer", self.tr("Held against"))
        self._earlier = self._combo("earlier", self.tr("Compared with an earlier version"))
        self._earlier.setToolTip(
            self.tr("Draws what became right (blue), became wrong (red) and stays wrong (grey)")
        )
        self._shown = self._order_before = ""
        self._layer.activated.connect(lambda _: self._layer_activated())
        self._earlier.activated.connect(lambda _: self.layer_asked.emit())
        self._kind = self._combo("kind", self.tr("Which"))
        kinds = {
            "": self.tr("All errors"),
            Kind.FALSE_NEGATIVE: self.tr("Missed"),
            Kind.FALSE_POSITIVE: self.tr("False"),
            Kind.CONFUSION: self.tr("Confused"),
        }
        self._fill(self._kind, [(str(kind), text) for kind, text in kinds.items()])
        self._order = self._combo("order", self.tr("Order"))
        orders = {
            "interior": self.tr("Large and sure first, rims left out"),
            "weight": self.tr("Large and sure first"),
            "area": self.tr("Large first"),
            "confidence": self.tr("Sure first"),
        }
        self._fill(self._order, list(orders.items()))
        self._split = self._combo("split", self.tr("Images"))
        self.show_splits([])
        self._interior = self._box("interior", self.tr("No thin rims"))
        self._interior.setToolTip(self.tr("Leave out what lies within 2 px of an outline only"))
        self._interior.setChecked(True)
        self._answered = self._box("answered", self.tr("Answered too"))
        for combo in (self._order, self._split):
            combo.activated.connect(lambda _: self.filtered.emit())
        self._kind.activated.connect(lambda _: self._kind_activated())
        self._order.currentIndexChanged.connect(
            lambda _: self._interior.setEnabled(self._order.currentData() != SUSPICION)
        )
        self.list = DisagreementTable()
        self.list.chosen.connect(self.entry_asked)
        self._empty = label("", name="review.empty", dim=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._why = label("", name="review.why", dim=True)
        self._why.hide()
        self._says = QLabel()
        self._says.setObjectName("review.says")
        self._says.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._says.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lay_out(actions)

    def _combo(self, name: str, title: str) -> QComboBox:
        combo = QComboBox()
        combo.setObjectName(f"review.{name}")
        combo.setAccessibleName(title)
        combo.setToolTip(title)
        combo.setMinimumContentsLength(6)
        combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return combo

    def _box(self, name: str, text: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setObjectName(f"review.{name}")
        box.toggled.connect(lambda _: self.filtered.emit())
        return box

    def _lay_out(self, actions: Mapping[str, QAction]) -> None:
        above = QGridLayout()
        above.setHorizontalSpacing(GRID)
        above.setVerticalSpacing(GRID // 2)
        above.addWidget(QLabel(self.tr("Held against")), 0, 0)
        above.addWidget(self._layer, 0, 1, 1, 2)
        above.addWidget(_button(actions["review_compare"], "review.compare"), 0, 3)
        above.addWidget(QLabel(self.tr("Earlier")), 1, 0)
        above.addWidget(self._earlier, 1, 1, 1, 3)
        above.addWidget(self._kind, 2, 0, 1, 2)
        above.addWidget(self._split, 2, 2, 1, 2)
        above.addWidget(self._order, 3, 0, 1, 4)
        above.addWidget(self._interior, 4, 0, 1, 2)
        above.addWidget(self._answered, 4, 2, 1, 2)
        above.setColumnStretch(1, 1)
        above.setColumnStretch(2, 1)
        self._pages = QStackedWidget()
        for page in (self._empty, self.list):
            self._pages.addWidget(page)
        verdicts = QGridLayout()
        verdicts.setSpacing(GRID // 2)
        texts = {
            "model_right": self.tr("Layer is right  (Enter)"),
            "human_right": self.tr("Annotation is right"),
            "both_wrong": self.tr("Both are wrong"),
            "ignore_region": self.tr("Ignore"),
        }
        for number, name in enumerate(VERDICTS):
            key = actions[name].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            actions[name].setIconText(f"{texts[name]}  ({key})" if key else texts[name])
            button = _button(actions[name], f"review.{name}", wide=True)
            verdicts.addWidget(button, number // 2, number % 2)
        walk = QHBoxLayout()
        actions["previous_spot"].setIconText(self.tr("Previous"))
        actions["next_spot"].setIconText(self.tr("Next"))
        back, on = (_button(actions[f"{name}_spot"], f"review.{name}") for name in ("previous", "next"))
        walk.addWidget(back)
        walk.addWidget(self._says, 1)
        walk.addWidget(on)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addLayout(above)
        column.addWidget(self._pages, 1)
        column.addWidget(self._why)
        column.addLayout(walk)
        column.addLayout(verdicts)

    # ---- what is so

    def show_layers(
        self, layers: Sequence[tuple[str, str]], chosen: str, *, suspicious: bool = False
    ) -> None:
        """Layers by key and name, and the one that is shown, which is ``suspicious`` where it is there to find label
        errors."""
        self._shown = chosen
        self._fill(self._layer, layers or [("", self.tr("nothing yet"))])
        if not any(key.startswith(OUT_OF_FOLD) for key, _ in layers):
            self._layer.insertSeparator(self._layer.count())
            self._layer.addItem(self.tr("Find label errors…"), FIND)
        self._layer.setCurrentIndex(max(0, self._layer.findData(chosen)))
        self._offer_suspicion(suspicious)
        before = self.earlier
        others = [each for each in layers if each[0] != chosen]
        self._fill(self._earlier, [("", self.tr("nothing")), *others])
        self._earlier.setCurrentIndex(max(0, self._earlier.findData(before)))
        self._earlier.setEnabled(bool(others))

    def _offer_suspicion(self, offered: bool) -> None:
        """The order of label errors comes and goes with their layer; the one that was chosen before comes back."""
        there = self._order.findData(SUSPICION)
        if offered and there < 0:
            self._order_before = self._order.currentData()
            self._order.insertItem(0, self.tr("Likeliest label error first"), SUSPICION)
            self._order.setCurrentIndex(0)
        elif not offered and there >= 0:
            now = self._order.currentData()
            self._order.removeItem(there)
            self._order.setCurrentIndex(self._order.findData(self._order_before if now == SUSPICION else now))

    def _layer_activated(self) -> None:
        if self._layer.currentData() != FIND:
            self.layer_asked.emit()
            return
        self._layer.setCurrentIndex(max(0, self._layer.findData(self._shown)))
        self.find_asked.emit()

    def show_why(self, text: str) -> None:
        """Why the place that is shown is suspected; empty for nothing."""
        self._why.setText(text)
        self._why.setVisible(bool(text))

    def show_splits(self, splits: Sequence[str]) -> None:
        """The splits that there are."""
        before = self._split.currentData()
        self._fill(self._split, [("", self.tr("All images")), *((each, each) for each in splits)])
        self._split.setCurrentIndex(max(0, self._split.findData(before)))

    def show_view(self, view: View | None, catalog: ClassCatalog | None, empty: str = "") -> None:
        """List these; ``empty`` says why there is nothing, and what to do."""
        self.list.rows.show_view(view, catalog, suspicious=self._order.currentData() == SUSPICION)
        self._empty.setText(empty)
        self._pages.setCurrentWidget(self.list if view is not None and len(view) else self._empty)

    def say(self, text: str) -> None:
        """Where in the list somebody is."""
        self._says.setText(text)
        self._says.setToolTip(text)

    @property
    def layer(self) -> str:
        """The key of the layer that is chosen; empty where there is none."""
        return str(self._layer.currentData() or "")

    @property
    def earlier(self) -> str:
        """The key of the layer that this one is compared with; empty for none."""
        return str(self._earlier.currentData() or "")

    def show_cell(self, cell: CellOf | None, name: str = "") -> None:
        """List a cell of the confusion matrix alone, which is what is chosen then, or all again."""
        self._cell, there = cell, self._kind.findData(CELL)
        if there >= 0:
            self._kind.removeItem(there)
        if cell is not None:
            self._kind.insertItem(0, name, CELL)
            self._kind.setCurrentIndex(0)

    def _kind_activated(self) -> None:
        left = self._cell is not None and self._kind.currentData() != CELL
        (self.cell_left if left else self.filtered).emit()

    def wanted(self) -> tuple[Filter, str]:
        """Which disagreements are to be listed, and in which order."""
        from labeltool.app.review.listing import Filter  # noqa: PLC0415

        cell, chosen, order = self._cell, self._kind.currentData(), str(self._order.currentData())
        kind = Kind(chosen) if chosen and cell is None else None
        if kind is not None and order == SUSPICION:
            kind = swapped(kind)
        return (
            Filter(
                truth=None if cell is None else cell.truth,
                predicted=None if cell is None else cell.predicted,
                kind=kind,
                split=self._split.currentData() or None,
                interior=self._interior.isChecked(),
                answered=self._answered.isChecked(),
            ),
            order,
        )

    def _fill(self, combo: QComboBox, rows: Sequence[tuple[str, str]]) -> None:
        with QSignalBlocker(combo):
            combo.clear()
            for key, text in rows:
                combo.addItem(text, key)

    def sizeHint(self) -> QSize:
        """Names of classes and images can be read."""
        return QSize(46 * GRID, 60 * GRID)


def _button(action: QAction, name: str, *, wide: bool = False) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if wide:
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return button
