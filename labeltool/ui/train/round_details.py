"""One round: what came of it class by class, and the way to its training, its model and the comparison of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from labeltool.app.loop import ClassChange, Round
from labeltool.core.catalog import ClassDef
from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID, label
from labeltool.ui.round_words import change_of, interval, outcome_name
from labeltool.ui.train.listing import MODEL, RUN
from labeltool.ui.train.shelf import Shelf
from labeltool.ui.train.tables import (
    Cell,
    Figures,
    class_cell,
    difference_cell,
    number_cell,
    score_cell,
    text_cell,
)
from labeltool.ui.words import duration, plural

if TYPE_CHECKING:
    from labeltool.app.runs import Run

NAME = "train.loop.round"
INTERVAL = 4


class RoundDetails(QWidget):
    """Shows and asks."""

    thing_asked = Signal(object)
    """A training or a model is to be shown."""
    compare_asked = Signal(str, str)
    """These two models, by their keys, are to be compared."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(NAME)
        self._round: Round | None = None
        self._title = QLabel(self)
        self._title.setObjectName(f"{NAME}.title")
        self._why = label(name=f"{NAME}.why")
        self._cost = label(name=f"{NAME}.cost", dim=True)
        self.classes = Figures(f"{NAME}.classes", self.tr("Classes before and after the round"), self)
        self._run = self._button("run", self.tr("Training"), "ph.chart-line")
        self._model = self._button("model", self.tr("Model"), "ph.cube")
        self._compare = self._button("compare", self.tr("Compare"), "ph.scales")
        self._run.clicked.connect(lambda: self._round and self.thing_asked.emit((RUN, self._round.run)))
        self._model.clicked.connect(lambda: self._round and self.thing_asked.emit((MODEL, self._round.model)))
        self._compare.clicked.connect(
            lambda: self._round and self.compare_asked.emit(self._round.model, self._round.against)
        )
        self._run.setToolTip(self.tr("The curves of its training"))
        self._model.setToolTip(self.tr("The model that came of it"))
        self._compare.setToolTip(self.tr("The new model and the one it was held against, image by image"))
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self._title, 1)
        for button in (self._run, self._model, self._compare):
            head.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(head)
        column.addWidget(self._why)
        column.addWidget(self._cost)
        column.addWidget(self.classes, 1)
        column.addStretch(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the intervals are in the tips of the changes alone."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        self.classes.setColumnHidden(INTERVAL, self.width() < self.classes.whole_px)

    def _button(self, name: str, text: str, icon: str) -> QPushButton:
        button = QPushButton(theme.icon(icon), text, self)
        button.setObjectName(f"{NAME}.{name}")
        button.setAutoDefault(False)
        return button

    def show_round(self, this: Round, shelf: Shelf, classes: Sequence[ClassDef]) -> None:
        """Show a round; buttons only for what is still there."""
        self._round = this
        title = self.tr("Round {n}: {outcome}")
        self._title.setText(title.format(n=this.number, outcome=outcome_name(this.outcome)))
        self._why.setText(this.why[:1].upper() + this.why[1:])
        self._cost.setText(
            " · ".join(filter(None, (self._taken(this, shelf.run(this.run)), self._spent(this))))
        )
        has_model, has_other = (shelf.model(key) is not None for key in (this.model, this.against))
        self._run.setVisible(shelf.run(this.run) is not None)
        self._model.setVisible(has_model)
        self._compare.setVisible(has_model and has_other)
        self._show_classes(this, classes)

    def _taken(self, this: Round, run: Run | None) -> str:
        """Which images made its model; nothing where it was stopped before there was one."""
        if not this.model or not this.labelled:
            return ""
        if run is None:
            return plural(this.labelled, self.tr("Took 1 image"), self.tr("Took {n} images"))
        learnt, chosen = (len(run.manifest.of(subset)) for subset in ("train", "val"))
        text = self.tr("Took {count} images: learnt from {learn}, chose on {choose}")
        return text.format(count=this.labelled, learn=learnt, choose=chosen)

    def _spent(self, this: Round) -> str:
        parts = [self.tr("{n} approved").format(n=this.approved)]
        if not this.worked.is_nothing:
            worked = self.tr("people worked {time}, {clicks} clicks, {strokes} strokes")
            parts.append(
                worked.format(
                    time=duration(this.worked.seconds),
                    clicks=f"{this.worked.clicks:,}",
                    strokes=f"{this.worked.strokes:,}",
                )
            )
        return " · ".join(parts)

    def _show_classes(self, this: Round, classes: Sequence[ClassDef]) -> None:
        decision = this.decision
        self.classes.setVisible(decision is not None and bool(decision.classes))
        if decision is None:
            return
        known = {each.name: each for each in classes}
        rows = [
            [
                class_cell(known[each.name]) if each.name in known else text_cell(each.name),
                score_cell(each.before),
                score_cell(each.after),
                self._change(each),
                number_cell(interval(each), change_of(each)),
            ]
            for each in decision.classes
        ]
        heads = [
            self.tr("IoU of a class"),
            self.tr("Before"),
            self.tr("New"),
            self.tr("Change"),
            self.tr("95 % interval"),
        ]
        self.classes.show_rows(heads, rows)
        self._share_room()

    def _change(self, change: ClassChange) -> Cell:
        cell = difference_cell(change_of(change))
        cell.setToolTip(self.tr("95 % interval: {text}").format(text=interval(change)))
        return cell
