"""The curve of the loop: how good the model in use was on the test images, against what it had cost people by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.app.loop import Point
from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.plots import Plot, readable
from labeltool.ui.round_words import OUTCOME_COLOURS, outcome_name, translate
from labeltool.ui.train.words import score_text

NAME = "train.loop.curve"
CHOSEN = f"QToolButton:checked {{ background: {theme.ACCENT}; color: white; border-radius: 4px; }}"
AXES = ("images", "clicks", "minutes")
IN_USE = "#3d8bfd"
LEAST_SPAN, MARGIN = 0.1, 0.12
"""The scale of mIoU shows at least so much, and so much of it above and below the curve."""
LEAST_SIDE, SIDE = 4.0, 0.06
"""Beside the curve the other scale shows at least so much, or this share of it: images come whole."""


class Spot(NamedTuple):
    """A point as pyqtgraph takes it; ``data`` is the number of the round's point."""

    pos: tuple[float, float]
    data: int
    symbol: str
    size: int
    brush: QBrush
    pen: QPen


class LoopCurve(QWidget):
    """A point a round. What was refused lies apart from the curve, which breaks where the test images are others."""

    chosen = Signal(int)
    """The number of the round whose point was clicked."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(NAME)
        self._points: tuple[Point, ...] = ()
        self._axis = AXES[0]
        self.legend = QLabel(self)
        self.legend.setObjectName(f"{NAME}.legend")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.plot = Plot(self, f"{NAME}.plot", whole=True)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.legend, 1)
        row.addWidget(QLabel(self.tr("against"), self))
        row.addSpacing(GRID)
        self._buttons = QButtonGroup(self)
        for name, text, tip in (
            ("images", self.tr("images"), self.tr("Images that the round learnt from or chose on")),
            (
                "clicks",
                self.tr("clicks"),
                self.tr("Clicks of people on the images, those of the split test apart"),
            ),
            ("minutes", self.tr("minutes"), self.tr("Minutes that people worked on them, pauses left out")),
        ):
            row.addWidget(self._button(name, text, tip))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        self.refresh_theme()

    def _button(self, name: str, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"{NAME}.{name}")
        button.setText(text)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setStyleSheet(CHOSEN)
        button.setChecked(name == self._axis)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._buttons.addButton(button)
        button.toggled.connect(lambda on: self.show_against(name) if on else None)
        return button

    def show_points(self, points: Sequence[Point]) -> None:
        """The rounds that came to a decision, oldest first."""
        if tuple(points) != self._points:
            self._points = tuple(points)
            self._draw()

    def show_against(self, axis: str) -> None:
        """Draw the curve against one of :data:`AXES`."""
        self._axis = axis
        for button in self._buttons.buttons():
            with QSignalBlocker(button):
                button.setChecked(button.objectName() == f"{NAME}.{axis}")
        self._draw()

    def refresh_theme(self) -> None:
        """Axes and points in the colours of the scheme in force."""
        self.plot.refresh_theme()
        self._draw()

    @property
    def axis(self) -> str:
        """What the curve is drawn against."""
        return self._axis

    # ---- drawing

    def _x(self, point: Point) -> float:
        return float(getattr(point, self._axis))

    def _draw(self) -> None:
        self.plot.wipe()
        ground = theme.base()
        used = readable(QColor(IN_USE), ground)
        refused = readable(QColor(OUTCOME_COLOURS["refused"]), ground)
        for segment in segments(self._points):
            self.plot.line([self._x(p) for p in segment], [p.miou for p in segment], used.name())
        for before, point in zip(self._points, self._points[1:], strict=False):
            if point.changed:
                self._break_at((self._x(before) + self._x(point)) / 2)
        spots = [*self._spots(used, refused, ground)]
        if spots:
            scatter = pg.ScatterPlotItem(hoverable=True, tip=self._tip, hoverSize=14)
            scatter.addPoints([spot._asdict() for spot in spots])
            scatter.sigClicked.connect(self._clicked)
            self.plot.addItem(scatter)
            self.plot.show_values(True)
        self._fit(spots)
        self._say(used, refused, empty=not spots)

    def _spots(self, used: QColor, refused: QColor, ground: QColor) -> Iterator[Spot]:
        """What was in use as a filled circle where it is new and a hollow one where it stayed; what was refused as a
        cross."""
        for number, point in enumerate(self._points):
            promoted, x, outline = point.outcome == "promoted", self._x(point), pg.mkPen(used, width=2)
            if point.miou is not None:
                fill, size = (used, 10) if promoted else (ground, 8)
                yield Spot((x, point.miou), number, "o", size, pg.mkBrush(fill), outline)
            if not promoted and point.tried is not None:
                yield Spot((x, point.tried), number, "x", 11, pg.mkBrush(refused), pg.mkPen(refused))

    def _break_at(self, x: float) -> None:
        pen = pg.mkPen(
            self.palette().color(self.palette().ColorRole.PlaceholderText), style=Qt.PenStyle.DashLine
        )
        self.plot.addItem(pg.InfiniteLine(pos=x, angle=90, pen=pen))

    def _fit(self, spots: Sequence[Spot]) -> None:
        """All points, on a scale that does not make much of little."""
        if not spots:
            return
        xs, ys = [spot.pos[0] for spot in spots], [spot.pos[1] for spot in spots]
        middle, span = (min(ys) + max(ys)) / 2, max(LEAST_SPAN, (1 + 2 * MARGIN) * (max(ys) - min(ys)))
        self.plot.setYRange(middle - span / 2, middle + span / 2, padding=0)
        side = max(LEAST_SIDE, SIDE * (max(xs) - min(xs)))
        self.plot.setXRange(min(xs) - side, max(xs) + side, padding=0)

    def _say(self, used: QColor, refused: QColor, *, empty: bool) -> None:
        if empty:
            self.legend.setText(self.tr("mIoU on the test images: no round has been measured yet"))
            return
        parts = [self.tr("mIoU on the test images")]
        parts.append(f"<span style='color:{used.name()}'>●</span>&nbsp;" + self.tr("in use"))
        if any(point.outcome != "promoted" for point in self._points):
            parts.append(f"<span style='color:{refused.name()}'>✕</span>&nbsp;" + self.tr("refused"))
        if any(point.changed for point in self._points):
            parts.append("┊&nbsp;" + self.tr("other test images"))
        self.legend.setText(" &nbsp; ".join(parts))

    def _tip(self, x: float, y: float, data: int) -> str:
        return point_text(self._points[data])

    def _clicked(self, scatter: object, points: Sequence[object], event: object) -> None:
        if points:
            self.chosen.emit(self._points[points[0].data()].round)  # type: ignore[attr-defined]


def segments(points: Sequence[Point]) -> list[list[Point]]:
    """The stretches of a curve whose points are measured by one yardstick."""
    found: list[list[Point]] = []
    for point in points:
        if point.changed or not found:
            found.append([])
        found[-1].append(point)
    return found


def point_text(point: Point) -> str:
    """What a point stands for, line by line."""
    title = translate("Rounds", "Round {n}: {outcome}")
    in_use = translate("Rounds", "in use from then on: mIoU {score}")
    lines = [
        title.format(n=point.round, outcome=outcome_name(point.outcome)),
        in_use.format(score=score_text(point.miou)),
    ]
    if point.outcome != "promoted" and point.tried is not None:
        lines.append(translate("Rounds", "not used: mIoU {score}").format(score=score_text(point.tried)))
    lines += [f"{name}: {score_text(value)}" for name, value in point.per_class.items()]
    cost = translate("Rounds", "{images} images, {clicks} clicks, {minutes} minutes")
    lines.append(cost.format(images=point.images, clicks=f"{point.clicks:,}", minutes=f"{point.minutes:.0f}"))
    if point.changed:
        lines.append(point.changed)
    return "\n".join(lines)
