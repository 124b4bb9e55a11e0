"""Sliders of the panels."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

PERCENT_PX = 44


class Slider(QSlider):
    """A horizontal slider; a double click sets it back, where it knows to what, or says that it happened."""

    doubled = Signal()

    def __init__(self, name: str, title: str, low: int, high: int, neutral: int | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setRange(low, high)
        self._neutral = neutral

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to neutral."""
        if self._neutral is not None:
            self.setValue(self._neutral)
        self.doubled.emit()


class Percent(QWidget):
    """A slider and what it says."""

    def __init__(self, name: str, title: str, low: int, high: int, neutral: int | None = None) -> None:
        super().__init__()
        self.slider = Slider(name, title, low, high, neutral)
        self._text = QLabel()
        self._text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._text.setFixedWidth(PERCENT_PX)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.slider, 1)
        row.addWidget(self._text)

    def show_value(self, value: int, text: str = "") -> None:
        """Put the slider here without saying that somebody has moved it."""
        self.slider.blockSignals(True)
        self.slider.setValue(value)
        self.slider.blockSignals(False)
        self._text.setText(text or f"{value} %")
