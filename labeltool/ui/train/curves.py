"""The curves of a training: loss and learning rate over the steps, and what validation says at each evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from labeltool.core.catalog import ClassCatalog
from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID, label
from labeltool.ui.plots import Plot, readable

LOSS, RATE, SCORE = "#3d8bfd", "#e69f00", "#2fb380"


class Curves(QWidget):
    """Rows go in with :meth:`add`; the curves are drawn once for all of them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("train.curves")
        self._steps: list[float] = []
        self._losses: list[float | None] = []
        self._rates: list[float | None] = []
        self._evaluated: list[float] = []
        self._scores: list[float | None] = []
        self._ious: dict[str, list[float | None]] = {}
        self._colours: dict[str, str] = {}
        self.loss, self.rate, self.score = (
            Plot(self, f"train.curves.{name}") for name in ("loss", "rate", "score")
        )
        self.rate.setXLink(self.loss)
        self.score.setYRange(0, 1.05, padding=0)
        self.legend = QLabel(self)
        self.legend.setObjectName("train.curves.legend")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)  # some projects have dozens of classes
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(GRID // 2)
        left.addWidget(_caption(self.tr("Loss")))
        left.addWidget(self.loss, 3)
        left.addWidget(_caption(self.tr("Learning rate")))
        left.addWidget(self.rate, 2)
        right.addWidget(self.legend)
        right.addWidget(self.score, 1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(3 * GRID)
        grid.addLayout(left, 0, 0)
        grid.addLayout(right, 0, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.refresh_theme()

    def begin(self, catalog: ClassCatalog) -> None:
        """Another training."""
        for each in (self._steps, self._losses, self._rates, self._evaluated, self._scores):
            each.clear()
        self._ious = {each.name: [] for each in catalog.classes}
        self._colours = {each.name: QColor(*each.color).name() for each in catalog.classes}
        for plot in (self.loss, self.rate, self.score):
            plot.enableAutoRange("x")
        self._draw()

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """What has been written since."""
        new = list(rows)
        for row in new:
            if row.get("event") in ("started", "resumed", "shortened", "lengthened") and row.get("steps"):
                self._expect(row["steps"])
            if "loss" in row and "event" not in row:
                self._steps.append(row["step"])
                self._losses.append(row["loss"])
                self._rates.append(row.get("learning_rate"))
            elif "val" in row and "event" not in row:
                self._evaluated.append(row["step"])
                self._scores.append(row.get("score") if row["val"] else None)
                per_class = row["val"].get("per_class", {})
                for name, values in self._ious.items():
                    values.append(per_class.get(name, {}).get("iou"))
        if new:
            self._draw()

    def _expect(self, steps: int) -> None:
        """So many steps there will be: what is still to come is seen as well."""
        for plot in (self.loss, self.rate, self.score):
            plot.setXRange(0, steps, padding=0.02)

    @property
    def points(self) -> tuple[int, int]:
        """How many values of the loss and how many evaluations are drawn."""
        return len(self._steps), len(self._evaluated)

    def refresh_theme(self) -> None:
        """Axes and curves in the colours of the scheme in force."""
        for plot in (self.loss, self.rate, self.score):
            plot.refresh_theme()
        self._draw()

    def _draw(self) -> None:
        for plot in (self.loss, self.rate, self.score):
            plot.wipe()
        few = len(self._steps) < 2
        self.loss.line(self._steps, self._losses, LOSS, dots=few)
        self.rate.line(self._steps, self._rates, RATE, dots=few)
        highest = max((rate for rate in self._rates if rate), default=None)
        if highest is not None:
            self.rate.setYRange(0, 1.05 * highest, padding=0)
        ground = theme.base()
        shown = []
        for name, values in self._ious.items():
            colour = readable(QColor(self._colours[name]), ground).name()
            self.score.line(self._evaluated, values, colour, width=1.5, dots=True)
            shown.append((name, colour))
        mean = readable(QColor(SCORE), ground).name() if len(shown) > 2 else ""
        if mean:
            self.score.line(self._evaluated, self._scores, mean, width=3, dots=True)
            shown.insert(0, (self.tr("mean"), mean))
        title = self.tr("IoU on validation images")
        self.legend.setText(
            f"<span>{title}</span> &nbsp; "
            + " &nbsp; ".join(
                f"<span style='color:{colour}'>●</span>&nbsp;{_escaped(name)}" for name, colour in shown
            )
        )


def _caption(text: str) -> QLabel:
    made = label(text)
    made.setWordWrap(False)
    return made


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
