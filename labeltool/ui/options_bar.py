"""The bar with the options of the tool at hand, the size of the brush, and a line about what the tool does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QWidget,
)

from labeltool.app.toolbox import MAX_RADIUS, MIN_RADIUS
from labeltool.tools.tool import LARGEST_VALUE, Option, Tool
from labeltool.ui.topbar import ElidedLabel
from labeltool.ui.words import translated

SLIDER_PX = (40, 110)
"""Width of a slider: at least, and where there is room."""
MARGIN_PX = 2
SLIDER_STEPS = 10_000
"""Positions of a slider, at most; finer numbers are typed."""
SLIDERS_FIRST = 1000
"""Their share of what is left beside the help, until they are as wide as they may be."""


class OptionsBar(QWidget):
    """Shows and asks; it knows of nothing."""

    option_changed = Signal(str, float)
    """An option's id and its new value."""
    diameter_changed = Signal(float)
    """The brush's diameter in pixels of the image."""
    left = Signal()
    """What was typed is done: the keys are wanted elsewhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("options")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 4, 10, 4)
        self._row.setSpacing(8)
        self._row.addStretch(1)  # stays the last
        controls = (QDoubleSpinBox(), QComboBox(), QCheckBox())
        margins = self._row.contentsMargins()
        highest = max(each.sizeHint().height() for each in controls)
        self.setFixedHeight(
            highest + margins.top() + margins.bottom()
        )  # or the canvas would jump with the tool
        self.tool: Tool | None = None
        """The tool whose options are shown."""
        self._diameter: Field | None = None

    def show_tool(self, tool: Tool, values: Mapping[str, float], radius_px: float) -> None:
        """The options of a tool and what they are set to."""
        self._clear()
        self.tool = tool
        if tool.cursor == "brush":
            self._add_diameter(2 * radius_px)
        for option in tool.options:
            self._add(tool, option, values.get(option.id, option.default))
        self._add_help(translated(tool.help) if tool.help else "")

    def show_diameter(self, diameter_px: float) -> None:
        """The brush has been made larger or smaller."""
        if self._diameter is not None:
            self._diameter.blockSignals(True)
            self._diameter.setValue(diameter_px)
            self._diameter.blockSignals(False)

    def leave(self) -> None:
        """Take what is being typed as it stands, before another tool has the bar."""
        focus = QApplication.focusWidget()
        if focus is not None and self.isAncestorOf(focus):
            self.left.emit()

    def _clear(self) -> None:
        self._diameter = None
        while self._row.count() > 1:
            item = self._row.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _put(self, widget: QWidget, stretch: int = 0) -> None:
        self._row.insertWidget(self._row.count() - 1, widget, stretch)

    def _add_diameter(self, diameter_px: float) -> None:
        box = self._field(2 * MIN_RADIUS, 2 * MAX_RADIUS, 1, "px")
        box.setObjectName("option.diameter")
        box.setAccessibleName(self.tr("Brush"))
        box.setValue(diameter_px)
        box.valueChanged.connect(self.diameter_changed)
        self._diameter = box
        self._put(QLabel(self.tr("Brush")))
        self._put(box)

    def _add(self, tool: Tool, option: Option, value: float) -> None:
        def changed(new: float) -> None:
            self.option_changed.emit(option.id, float(new))

        title = translated(option.title)
        if not option.choices and option.step == 0:
            control: QWidget = _switch(title, value, changed)
        else:
            self._put(QLabel(title))
            control = (
                _choice(option, value, changed) if option.choices else self._number(option, value, changed)
            )
        control.setObjectName(f"option.{tool.id}.{option.id}")
        control.setAccessibleName(title)
        if not isinstance(control, Field):  # a click is all it needs; Tab reaches it
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._put(control)

    def _number(self, option: Option, value: float, changed: Callable[[float], None]) -> QWidget:
        """A slider and a box to type in, which say the same."""
        slider, box = (
            QSlider(Qt.Orientation.Horizontal),
            self._field(option.low, option.high, option.step, option.unit),
        )
        slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        slider.setMinimumWidth(SLIDER_PX[0])
        slider.setMaximumWidth(SLIDER_PX[1])
        slider.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        reach = option.high - option.low
        count = min(round(reach / option.step), SLIDER_STEPS)

        def place(of: float) -> int:
            return round(min(1.0, max(0.0, (of - option.low) / reach)) * count)

        slider.setRange(0, count)
        slider.setValue(place(value))
        if option.kind:
            box.setFixedWidth(box.sizeHint().width())  # as wide as the image's values are long
            box.setRange(-LARGEST_VALUE, LARGEST_VALUE)  # the next image may have larger ones
        box.setValue(value)
        slider.valueChanged.connect(lambda steps: box.setValue(option.low + steps / count * reach))

        def typed(new: float) -> None:
            slider.blockSignals(True)
            slider.setValue(place(new))
            slider.blockSignals(False)
            changed(new)

        box.valueChanged.connect(typed)
        self._put(slider, SLIDERS_FIRST)
        return box

    def _field(self, low: float, high: float, step: float, unit: str) -> Field:
        made = Field(low, high, step, unit)
        made.left.connect(self.left)
        return made

    def _add_help(self, text: str) -> None:
        label = Help()
        label.setObjectName("dim")
        label.setText(text.partition("\n")[0])
        label.setToolTip(text)
        self._put(label)


class Help(ElidedLabel):
    """A line about the tool. Sliders become shorter to make room for it; then it is cut at its end."""

    def __init__(self) -> None:
        super().__init__(Qt.TextElideMode.ElideRight)

    def sizeHint(self) -> QSize:
        """All of it."""
        return QSize(
            self.fontMetrics().horizontalAdvance(self.text()) + MARGIN_PX, super().sizeHint().height()
        )

    def minimumSizeHint(self) -> QSize:
        """The tooltip says it as well."""
        return QSize(0, super().minimumSizeHint().height())


class Field(QDoubleSpinBox):
    """A number to type: Enter takes it, Esc takes it back to what it was, and both leave."""

    left = Signal()

    def __init__(self, low: float, high: float, step: float, unit: str) -> None:
        super().__init__()
        # The range is rounded to the decimals.
        self.setDecimals(0 if step % 1 == 0 else max(2, -math.floor(math.log10(step))))
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setSuffix(f" {unit}" if unit else "")
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._before = 0.0

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Here typing begins."""
        self._before = self.value()
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Esc end it; all other keys are typed."""
        if event.key() == Qt.Key.Key_Escape:
            self.setValue(self._before)
            self.left.emit()
        else:
            super().keyPressEvent(event)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.left.emit()


def _switch(title: str, value: float, changed: Callable[[float], None]) -> QCheckBox:
    box = QCheckBox(title)
    box.setChecked(bool(value))
    box.toggled.connect(changed)
    return box


def _choice(option: Option, value: float, changed: Callable[[float], None]) -> QComboBox:
    box = QComboBox()
    box.addItems([translated(choice) for choice in option.choices])
    box.setCurrentIndex(round(value))
    box.currentIndexChanged.connect(changed)
    return box
