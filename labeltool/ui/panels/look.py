"""How the image is shown: a preset or window and gamma of its own, which channels as which colours."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QSizePolicy,
    QWidget,
)

from labeltool.imaging.display import Limits
from labeltool.imaging.reader import ValueWindow
from labeltool.ui.looks import Looks, Numbers
from labeltool.ui.panels.slider import Percent, Slider

translate = QCoreApplication.translate

STEPS = 1000
GAMMA_STEPS = 50
"""Steps of the slider that double gamma, or halve it."""
NARROWEST, WIDEST = 1 / 256, 2.0
"""Width of a window at the ends of its slider, as shares of what the image holds."""
INDENT_PX = 22


class LookPanel(QWidget):
    """Asks :class:`~labeltool.ui.looks.Looks` for what is chosen, and shows what is so."""

    def __init__(self) -> None:
        super().__init__()
        self._looks: Looks | None = None
        self._shown: object = None
        self._preset = self._combo("preset", self.tr("Preset"))
        self._level = Amount("look.level", self.tr("Level"))
        self._width = Amount("look.width", self.tr("Width"), logarithmic=True)
        self._gamma = Percent("look.gamma", self.tr("Gamma"), -100, 100, 0)
        self._show_as = self._combo("channels", self.tr("Channels"))
        self._colours = [self._combo(name, name.capitalize()) for name in ("red", "green", "blue")]
        self._adjust = self._combo("adjust", self.tr("Adjust"))
        self._inverted = QCheckBox(self.tr("Inverted"))
        self._inverted.setObjectName("look.inverted")
        for text in (self.tr("All colours"), self.tr("Red"), self.tr("Green"), self.tr("Blue")):
            self._adjust.addItem(text)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(INDENT_PX, 0, 0, 4)
        self._form.setVerticalSpacing(2)
        self._composite = self._row(*self._colours, spacing=4)
        self._composite.setToolTip(self.tr("Channels that are shown as red, green and blue"))
        third = self._row(self._show_as, self._adjust)
        self._channels = third
        for title, widget in (
            (self.tr("Preset"), self._preset),
            (self.tr("Level"), self._level),
            (self.tr("Width"), self._width),
            (self.tr("Gamma"), self._row(self._gamma, self._inverted)),
            (self.tr("Show"), third),
        ):
            self._form.addRow(title, widget)
        self._form.addRow(self._composite)  # over the whole width, for the names of three channels
        for widget in (self._level, self._width, self._gamma):
            widget.setToolTip(
                self.tr(
                    "For the eye only, values never change. Ctrl and the right mouse button on the image: "
                    "across for the width, up and down for the level. A double click sets it back"
                )
            )
        self._connect()

    def attach(self, looks: Looks) -> None:
        """Show and change these."""
        self._looks = looks
        looks.changed.connect(lambda _: self._show())
        self._show()

    # ---- making it

    def _combo(self, name: str, title: str) -> QComboBox:
        combo = QComboBox()
        combo.setObjectName(f"look.{name}")
        combo.setAccessibleName(title)
        combo.setMinimumContentsLength(1)  # what does not fit is shortened
        combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return combo

    def _row(self, *widgets: QWidget, spacing: int = -1) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(spacing)
        for widget in widgets:
            layout.addWidget(widget, 0 if isinstance(widget, QCheckBox) else 1)
        return row

    def _connect(self) -> None:
        self._preset.activated.connect(self._choose_preset)
        for amount in (self._level, self._width):
            amount.changed.connect(self._set_numbers)
            amount.reset.connect(lambda: self._looks.choose("opened") if self._looks else None)
        self._gamma.slider.valueChanged.connect(lambda _: self._set_numbers())
        self._show_as.activated.connect(self._choose_channels)
        for combo in self._colours:
            combo.activated.connect(lambda _: self._set_composite())
        self._adjust.activated.connect(self._choose_adjusted)
        self._inverted.clicked.connect(lambda on: self._looks.set_inverted(on) if self._looks else None)

    # ---- what is asked for

    def _choose_preset(self, place: int) -> None:
        data = self._preset.itemData(place)
        if self._looks is not None and data != "custom":
            self._looks.choose(data)

    def _set_numbers(self) -> None:
        if self._looks is not None:
            gamma = 2 ** (self._gamma.slider.value() / GAMMA_STEPS)
            self._looks.set_numbers(Numbers(self._level.value, self._width.value, gamma))

    def _choose_channels(self, place: int) -> None:
        looks = self._looks
        if looks is None or looks.info is None:
            return
        if place:
            looks.set_composite((place - 1,) * 3)
        elif looks.is_grey:
            first = looks.info.composite
            count = len(looks.info.channels)
            looks.set_composite(first if len(set(first)) > 1 else (0, min(1, count - 1), min(2, count - 1)))

    def _set_composite(self) -> None:
        if self._looks is not None:
            red, green, blue = (combo.currentIndex() for combo in self._colours)
            self._looks.set_composite((red, green, blue))

    def _choose_adjusted(self, place: int) -> None:
        if self._looks is not None:
            self._looks.adjusted = place - 1 if place else None
            self._show()

    # ---- what is so

    def _show(self) -> None:
        looks = self._looks
        if looks is None or looks.info is None:
            self.setEnabled(False)
            return
        self.setEnabled(True)
        info = looks.info
        with self._silent():
            self._fill(looks)
            numbers, span = looks.numbers, looks.span()
            unit = f" {info.unit}" if info.unit else ""
            self._level.show_value(numbers.level, span, unit)
            reach = span.white - span.black
            self._width.show_value(numbers.width, Limits(NARROWEST * reach, WIDEST * reach), unit)
            steps = round(GAMMA_STEPS * math.log2(numbers.gamma))
            self._gamma.show_value(steps, f"{numbers.gamma:.2f}")
            self._inverted.setChecked(looks.display.inverted)
            preset = looks.preset
            self._preset.setCurrentIndex(self._preset.findData(preset))
            self._show_as.setCurrentIndex(looks.display.composite[0] + 1 if looks.is_grey else 0)
            for combo, channel in zip(self._colours, looks.display.composite, strict=True):
                combo.setCurrentIndex(channel)
            self._adjust.setCurrentIndex(0 if looks.adjusted is None else looks.adjusted + 1)
        several = len(info.channels) > 1
        self._form.setRowVisible(self._channels, several)
        self._form.setRowVisible(self._composite, several and not info.is_plain and not looks.is_grey)
        self._adjust.setVisible(not looks.is_grey)

    def _fill(self, looks: Looks) -> None:
        """The entries that depend on the image."""
        info = looks.info
        assert info is not None
        kind = info.channels, tuple(looks.windows), info.dtype
        if kind == self._shown:
            return
        self._shown = kind
        self._preset.clear()
        first = self.tr("As stored") if info.is_plain else self.tr("As opened")
        for text, data in (
            (first, "opened"),
            (self.tr("Auto: percentiles"), "auto"),
            *((window_text(each), each) for each in looks.windows),
            (self.tr("Full range of the type"), "full"),
            (self.tr("Custom"), "custom"),
        ):
            self._preset.addItem(text, data)
        self._show_as.clear()
        self._show_as.addItem(self.tr("In colour"))
        for combo in self._colours:
            combo.clear()
        for number, name in enumerate(info.channels, start=1):
            self._show_as.addItem(self.tr("{channel} alone").format(channel=name))
            for combo in self._colours:
                # Where there is no room the number is seen.
                combo.addItem(name if name.endswith(f" {number}") else f"{number}  {name}")
        for combo in (self._preset, self._show_as, *self._colours):
            combo.view().setMinimumWidth(combo.view().sizeHintForColumn(0) + 24)

    @contextmanager
    def _silent(self) -> Iterator[None]:
        blockers = [QSignalBlocker(each) for each in (self._gamma.slider, self._level, self._width)]
        yield
        for blocker in blockers:
            blocker.unblock()


class Amount(QWidget):
    """A value of the image by slider and by number; a double click on the slider asks to set it back."""

    changed = Signal()
    reset = Signal()

    def __init__(self, name: str, title: str, *, logarithmic: bool = False) -> None:
        super().__init__()
        self._logarithmic = logarithmic
        self._range = Limits(0, 255)
        self._slider = Slider(name, title, 0, STEPS)
        self._slider.doubled.connect(self.reset)
        self._spin = QDoubleSpinBox()
        self._spin.setObjectName(f"{name}.number")
        self._spin.setAccessibleName(title)
        self._spin.setKeyboardTracking(False)
        self._spin.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self._spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._spin.setFixedWidth(84)
        self._spin.setRange(-1e12, 1e12)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._slider, 1)
        row.addWidget(self._spin)
        self._slider.valueChanged.connect(self._slid)
        self._spin.valueChanged.connect(lambda _: self.changed.emit())

    @property
    def value(self) -> float:
        """The number."""
        return self._spin.value()

    def show_value(self, value: float, reach: Limits, unit: str) -> None:
        """Put slider and number here without saying that somebody has."""
        self._range = reach
        for each in (self._slider, self._spin):
            each.blockSignals(True)
        self._spin.setDecimals(_decimals(reach))
        self._spin.setSuffix(unit)
        self._spin.setValue(value)
        self._slider.setValue(self._place(value))
        for each in (self._slider, self._spin):
            each.blockSignals(False)

    def _place(self, value: float) -> int:
        low, high = self._range
        if self._logarithmic:
            share = math.log(max(value, low) / low) / math.log(high / low)
        else:
            share = (value - low) / (high - low)
        return round(STEPS * min(1.0, max(0.0, share)))

    def _slid(self, place: int) -> None:
        low, high = self._range
        share = place / STEPS
        self._spin.setValue(low * (high / low) ** share if self._logarithmic else low + share * (high - low))


def window_text(window: ValueWindow) -> str:
    """What a window is called: its name and its numbers; one that has no other name is said to be the file's."""
    numbers = f"{window.centre:g} / {window.width:g}"
    if window.name.replace(" ", "") in ("", numbers.replace(" ", "")):
        return translate("LookPanel", "{numbers} (file)").format(numbers=numbers)
    return f"{window.name}: {numbers}"


def _decimals(reach: Limits) -> int:
    """Digits behind the point that tell a thousand steps apart."""
    return max(0, min(9, 3 - math.floor(math.log10(max(reach.white - reach.black, 1e-9)))))
