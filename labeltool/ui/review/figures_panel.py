"""Figures of a comparison: confusion matrix, scores by class, and how far a confidence can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID, label
from labeltool.ui.panels.slider import Percent
from labeltool.ui.plots import Plot, readable
from labeltool.ui.review.confusion import ConfusionView
from labeltool.ui.train.tables import Figures as Table
from labeltool.ui.train.tables import class_cell, score_cell
from labeltool.ui.train.words import score_text

if TYPE_CHECKING:
    from labeltool.app.review.figures import Figures
    from labeltool.core.thresholds import ThresholdCurve

PRECISION, RECALL, RELIABLE = "#3d8bfd", "#e69f00", "#2fb380"
STEPS = [step / 255 for step in range(256)]


class FiguresPanel(QTabWidget):
    """Shows :class:`~labeltool.app.review.figures.Figures`."""

    cell_asked = Signal(object)
    """A cell of the confusion matrix, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review.figures")
        self.setDocumentMode(True)
        self.confusion = ConfusionView()
        self.confusion.asked.connect(self.cell_asked)
        self._classes = Table("review.classes", self.tr("Scores by class"), self)
        self._confidence = ConfidencePage(self)
        self.addTab(self._confusion_page(), self.tr("Confusion"))
        self.addTab(self._classes, self.tr("Classes"))
        self.addTab(self._confidence, self.tr("Confidence"))

    def _confusion_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        hint = label(
            self.tr(
                "Percent of a row. Rows: annotation. Columns: the other layer. A click lists what is in a cell."
            ),
            dim=True,
        )
        column.addWidget(hint)
        column.addWidget(self.confusion)
        column.addStretch(1)
        return page

    def show_figures(self, figures: Figures | None) -> None:
        """Show these; None before anything was compared."""
        if figures is None:
            self._classes.show_rows([], [])
            self._confidence.show_figures(None)
            return
        catalog = figures.catalog
        self.confusion.show_counts(list(catalog.classes), figures.counted.counts)
        scores = {each.value: figures.counted.of(each.value) for each in catalog.classes}
        rows = [
            [
                class_cell(each),
                *(
                    score_cell(score)
                    for score in (
                        scores[each.value].iou,
                        scores[each.value].f1,
                        figures.boundary_iou[each.value],
                        scores[each.value].precision,
                        scores[each.value].recall,
                    )
                ),
            ]
            for each in catalog.classes
        ]
        headers = [
            self.tr("Class"),
            self.tr("IoU"),
            self.tr("F1"),
            self.tr("Boundary IoU"),
            self.tr("Precision"),
            self.tr("Recall"),
        ]
        self._classes.show_rows(headers, rows, sortable=True)
        self._confidence.show_figures(figures)

    def refresh_theme(self) -> None:
        """Curves in the colours of the scheme in force."""
        self.confusion.update()
        self._confidence.refresh_theme()


class ConfidencePage(QWidget):
    """Precision and recall of a class by a threshold that is moved, and accuracy by confidence."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._figures: Figures | None = None
        self._class = QComboBox()
        self._class.setObjectName("review.confidence.class")
        self._class.setAccessibleName(self.tr("Class"))
        self._class.activated.connect(lambda _: self._draw())
        self._threshold = Percent("review.threshold", self.tr("Least confidence"), 0, 255)
        self._threshold.slider.valueChanged.connect(lambda _: self._say())
        self._says = QLabel()
        self._says.setObjectName("review.threshold.says")
        self._says.setWordWrap(True)
        self._says.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.curves, self.reliability = (Plot(self, f"review.{name}") for name in ("curves", "reliability"))
        self.curves.setToolTip(self.tr("Precision (blue) and recall (orange) by least confidence"))
        self.reliability.setToolTip(self.tr("How often the other layer is right where it is so sure"))
        for plot in (self.curves, self.reliability):
            plot.setXRange(0, 1, padding=0.02)
            plot.setYRange(0, 1.02, padding=0)
        above = QHBoxLayout()
        above.addWidget(self._class)
        above.addWidget(self._threshold, 1)
        plots = QHBoxLayout()
        for title, plot in (
            (self.tr("Precision, recall"), self.curves),
            (self.tr("Calibration"), self.reliability),
        ):
            column = QVBoxLayout()
            column.addWidget(label(title))
            column.addWidget(plot, 1)
            plots.addLayout(column, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.addLayout(above)
        column.addWidget(self._says)
        column.addLayout(plots, 1)
        self.refresh_theme()

    def show_figures(self, figures: Figures | None) -> None:
        """Other figures; the class that was looked at stays."""
        before = self._class.currentData()
        self._figures = figures
        self._class.clear()
        for each in () if figures is None else figures.catalog.classes:
            self._class.addItem(each.name, each.value)
        at = self._class.findData(before)
        self._class.setCurrentIndex(at if at >= 0 else self._class.count() - 1)  # 0 is often the background
        self._draw()

    def refresh_theme(self) -> None:
        """Axes and curves."""
        for plot in (self.curves, self.reliability):
            plot.refresh_theme()
        self._draw()

    def _curve(self) -> ThresholdCurve | None:
        value = self._class.currentData()
        return None if self._figures is None or value is None else self._figures.curve(value)

    def _draw(self) -> None:
        self.curves.wipe()
        self.reliability.wipe()
        curve, ground = self._curve(), theme.base()
        if curve is not None and self._figures is not None:
            for ratios, colour in ((curve.precision, PRECISION), (curve.recall, RECALL)):
                self.curves.line(STEPS, ratios.tolist(), readable(QColor(colour), ground).name())
            bins = [each for each in self._figures.calibration.bins() if each.confidence is not None]
            self.reliability.line([0, 1], [0, 1], theme.line().name(), 1)
            self.reliability.line(
                [each.confidence or 0.0 for each in bins],
                [each.accuracy for each in bins],
                readable(QColor(RELIABLE), ground).name(),
                dots=True,
            )
        self._say()

    def _say(self) -> None:
        threshold = self._threshold.slider.value()
        self._threshold.show_value(threshold, f"{threshold / 2.55:.0f} %")
        curve = self._curve()
        if curve is None or self._figures is None:
            self._says.setText("")
            return
        at, best, error = curve.at(threshold), curve.best, self._figures.calibration.error
        text = self.tr("From {least} % on: precision {precision}, recall {recall}, F1 {f1}.").format(
            least=f"{threshold / 2.55:.0f}",
            precision=score_text(at.precision),
            recall=score_text(at.recall),
            f1=score_text(at.f1),
        )
        if best is not None:
            text += " " + self.tr("F1 is best from {best} % on.").format(best=f"{best / 2.55:.0f}")
        if error is not None:
            text += " " + self.tr("Calibration error {error}.").format(error=score_text(error))
        self._says.setText(text)
