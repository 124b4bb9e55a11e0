"""The finer options of a training, for those who know what they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from labeltool import plugins
from labeltool.inference.options import DEVICES
from labeltool.inference.training_options import TrainingOptions
from labeltool.ui.dialogs.frame import GRID
from labeltool.ui.dialogs.path_edit import PathEdit

ENCODERS = (
    "tu-regnetx_002",
    "tu-regnetx_004",
    "tu-resnet10t",
    "tu-mobilenetv3_small_100",
    "tu-resnet18",
    "tu-resnet34",
    "tu-resnet50",
)
"""A few that suit; any other name of timm's may be typed."""

NAME = "train.new"


class MoreOptions(QWidget):
    """Fields of :class:`TrainingOptions`, in two columns."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._read: dict[str, Callable[[], Any]] = {}
        self._show: dict[str, Callable[[Any], None]] = {}
        above, columns = QFormLayout(), QHBoxLayout()
        above.setHorizontalSpacing(2 * GRID)
        columns.setSpacing(4 * GRID)
        left, right = self._column(columns), self._column(columns)
        self._combo(left, "arch", self.tr("Network"), plugins.names("labeltool.architectures"))
        self._combo(left, "encoder", self.tr("Encoder"), ENCODERS, editable=True)
        self._check(left, "frozen_encoder", self.tr("Keep the encoder as it is"))
        self._check(left, "class_weights", self.tr("Rare classes count more"))
        self._check(left, "verified_only", self.tr("Verified pixels only"))
        self._combo(left, "device", self.tr("Device"), DEVICES)
        self._int(right, "steps", self.tr("Steps at most"), 1, 10_000_000)
        self._int(right, "crop", self.tr("Side of a crop"), 32, 4096, step=32, suffix=" px")
        self._int(right, "batch", self.tr("Crops a step"), 2, 1024)
        self._float(right, "learning_rate", self.tr("Learning rate"), 5, 1e-5, 1.0)
        self._float(right, "scale", self.tr("Enlarge images by"), 2, 0.1, 8.0)
        self._float(right, "patience", self.tr("Stop early after"), 2, 0.0, 1.0)
        self._int(right, "seed", self.tr("Seed"), 0, 2_000_000_000)
        self._path(above, "weights", self.tr("Begin with"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(above)
        column.addLayout(columns)
        self.widget("weights").setToolTip(
            self.tr("A file of weights: of a whole model, or of an encoder as timm names its tensors")
        )
        self.widget("verified_only").setToolTip(
            self.tr("What people have set here, and what was imported of images that are approved")
        )
        self.widget("patience").setToolTip(
            self.tr("The share of the schedule without a better score after which it stops; 0 never stops")
        )

    def show_options(self, options: TrainingOptions) -> None:
        """Show the values of these."""
        self.blockSignals(True)
        for name, show in self._show.items():
            show(getattr(options, name))
        self.blockSignals(False)
        self.changed.emit()

    def applied(self, options: TrainingOptions) -> TrainingOptions:
        """The options with what is set here."""
        return replace(options, **{name: read() for name, read in self._read.items()})

    def widget(self, name: str) -> QWidget:
        """The widget of a field."""
        found = self.findChild(QWidget, f"{NAME}.{name}")
        assert isinstance(found, QWidget)
        return found

    # ---- one row each

    def _column(self, columns: QHBoxLayout) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        columns.addLayout(form, 1)
        return form

    def _add(self, form: QFormLayout, name: str, text: str, widget: QWidget) -> None:
        widget.setObjectName(f"{NAME}.{name}")
        widget.setAccessibleName(text)
        form.addRow(widget) if isinstance(widget, QCheckBox) else form.addRow(text, widget)

    def _combo(
        self,
        form: QFormLayout,
        name: str,
        text: str,
        choices: tuple[str, ...] | list[str],
        *,
        editable: bool = False,
    ) -> None:
        combo = QComboBox(self)
        combo.setEditable(editable)
        combo.addItems(list(choices))
        combo.setMinimumContentsLength(14)
        combo.currentTextChanged.connect(lambda _: self.changed.emit())

        def show(value: str) -> None:
            if combo.findText(value) < 0:
                combo.addItem(value)
            combo.setCurrentText(value)

        self._read[name], self._show[name] = lambda: combo.currentText().strip(), show
        self._add(form, name, text, combo)

    def _int(
        self,
        form: QFormLayout,
        name: str,
        text: str,
        least: int,
        most: int,
        *,
        step: int = 1,
        suffix: str = "",
    ) -> None:
        spin = QSpinBox(self)
        spin.setRange(least, most)
        spin.setSingleStep(step)
        spin.setSuffix(suffix)
        spin.setGroupSeparatorShown(name != "seed")
        spin.valueChanged.connect(lambda _: self.changed.emit())
        self._read[name], self._show[name] = spin.value, spin.setValue
        self._add(form, name, text, spin)

    def _float(self, form: QFormLayout, name: str, text: str, digits: int, least: float, most: float) -> None:
        spin = QDoubleSpinBox(self)
        spin.setDecimals(digits)
        spin.setRange(least, most)
        spin.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        spin.valueChanged.connect(lambda _: self.changed.emit())
        self._read[name], self._show[name] = spin.value, spin.setValue
        self._add(form, name, text, spin)

    def _check(self, form: QFormLayout, name: str, text: str) -> None:
        box = QCheckBox(text, self)
        box.toggled.connect(lambda _: self.changed.emit())
        self._read[name], self._show[name] = box.isChecked, box.setChecked
        self._add(form, name, text, box)

    def _path(self, form: QFormLayout, name: str, text: str) -> None:
        edit = PathEdit(f"{NAME}.{name}", text, self.tr("Weights") + " (*.safetensors *.pt *.pth)", self)
        edit.line.setPlaceholderText(
            self.tr("random weights; else a file of a whole model, or of an encoder")
        )
        edit.changed.connect(self.changed)
        self._read[name] = lambda: str(edit.path or "")
        self._show[name] = edit.line.setText
        form.addRow(text, edit)
