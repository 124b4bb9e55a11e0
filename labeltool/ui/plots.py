"""Plots that are looked at: axes in the colours of the scheme in force, curves with gaps, colours that can be read."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID

LEAST_CONTRAST = 2.4
AXIS_PX = 56


class WholeAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis of what comes whole: images, clicks."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Pyqtgraph asks."""
        asked = super().tickSpacing(low, high, size)
        return [each for each in asked if each[0] >= 1 and each[0] % 1 == 0] or [(1.0, 0.0)]


class Plot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A plot that is looked at: no menu, no buttons, and the mouse does not move it."""

    def __init__(self, parent: QWidget, name: str, *, whole: bool = False) -> None:
        super().__init__(parent, axisItems={"bottom": WholeAxis("bottom")} if whole else None)
        self.setObjectName(name)
        self.setMinimumSize(20 * GRID, 8 * GRID)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMouseEnabled(False, False)
        self.showGrid(x=False, y=True, alpha=0.15)
        self.setFrameShape(self.Shape.NoFrame)
        self.getAxis("left").setWidth(AXIS_PX)
        self.getAxis("left").enableAutoSIPrefix(False)
        self.getAxis("bottom").enableAutoSIPrefix(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def refresh_theme(self) -> None:
        """The colours of the scheme in force."""
        self.setBackground(theme.base())
        text = self.palette().color(self.foregroundRole())
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(theme.line()))
            axis.setTextPen(pg.mkPen(text))

    def wipe(self) -> None:
        """Nothing is drawn, and as nobody knows yet between what, the axes say nothing."""
        self.clear()
        self.show_values(False)

    def show_values(self, shown: bool) -> None:
        """Whether the axes say between what the curves lie."""
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(showValues=shown)

    def line(
        self, x: list[float], y: list[Any], colour: str, width: float = 2, *, dots: bool = False
    ) -> None:
        """A curve; where there is no value it has a gap."""
        if all(value is None for value in y):
            return
        self.show_values(True)
        values = [float("nan") if value is None else float(value) for value in y]
        more = {"symbol": "o", "symbolSize": 6, "symbolBrush": colour, "symbolPen": None} if dots else {}
        self.plot(
            list(x), values, pen=pg.mkPen(colour, width=width), antialias=True, connect="finite", **more
        )


def readable(colour: QColor, ground: QColor) -> QColor:
    """The colour, moved away from the ground until it can be told from it."""
    step = 110 if _luminance(ground) < 0.5 else -110
    found = QColor(colour)
    if step > 0 and found.value() < 60:
        found = QColor.fromHsv(max(0, found.hue()), found.saturation(), 120)
    for _ in range(20):
        if contrast(found, ground) >= LEAST_CONTRAST:
            break
        found = found.lighter(step) if step > 0 else found.darker(-step)
    return found


def contrast(a: QColor, b: QColor) -> float:
    """The contrast of two colours as WCAG 2 counts it, 1..21."""
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
