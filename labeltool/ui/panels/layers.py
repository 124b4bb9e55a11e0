"""What is painted over the image: mask, model's answer, confidence, with opacity and legend."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from labeltool.ui.canvas.colours import DOUBT_HIGH, DOUBT_LOW

LAYERS = ("mask", "model", "confidence")


class LayerPanel(QWidget):
    """Check boxes and sliders; they say what was asked for and show what is so."""

    toggled = Signal(str, bool)
    opacity_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel.layers")
        texts = {
            "mask": self.tr("Mask"),
            "model": self.tr("Model's answer (outline)"),
            "confidence": self.tr("Confidence"),
        }
        keys = {"mask": "V", "model": "M", "confidence": "C"}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 8)
        layout.setSpacing(6)
        self._boxes: dict[str, QCheckBox] = {}
        for name in LAYERS:
            box = QCheckBox(f"{texts[name]}   {keys[name]}")
            box.setObjectName(f"layer.{name}")
            box.clicked.connect(lambda checked, name=name: self.toggled.emit(name, checked))
            self._boxes[name] = box
            layout.addWidget(box)
        self._legend = Legend()
        layout.addWidget(self._legend)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setObjectName("layer.opacity")
        self._opacity.setAccessibleName(self.tr("Opacity of the mask"))
        self._opacity.setRange(0, 100)
        self._opacity.valueChanged.connect(self.opacity_changed)
        self._percent = QLabel()
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._percent.setFixedWidth(44)
        row = QHBoxLayout()
        row.addWidget(self._opacity, 1)
        row.addWidget(self._percent)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(self.tr("Opacity"), row)
        layout.addLayout(form)

    def show_state(self, shown: dict[str, bool], available: dict[str, bool], opacity: int) -> None:
        """Which layers are on, which exist for this image, and the opacity in per cent."""
        for name, box in self._boxes.items():
            box.setChecked(shown[name])
            box.setEnabled(available[name])
            box.setToolTip("" if available[name] else self.tr("Pre-label this image first"))
        self._legend.setVisible(shown["confidence"] and available["confidence"])
        self._opacity.blockSignals(True)
        self._opacity.setValue(opacity)
        self._opacity.blockSignals(False)
        self._percent.setText(f"{opacity} %")
        self.setFixedHeight(self.sizeHint().height())


class Legend(QWidget):
    """The colours of the confidence layer, from coin's toss to just worth a look."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(34)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A bar of the colours with words below."""
        painter = QPainter(self)
        bar = self.rect().adjusted(20, 2, 0, -22)
        gradient = QLinearGradient(QPointF(bar.topLeft()), QPointF(bar.topRight()))
        gradient.setColorAt(0, QColor(*DOUBT_HIGH))
        gradient.setColorAt(1, QColor(*DOUBT_LOW))
        painter.fillRect(bar, gradient)
        words = self.rect().adjusted(20, 14, 0, 0)
        painter.setPen(self.palette().text().color())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft, self.tr("unsure"))
        painter.drawText(words, Qt.AlignmentFlag.AlignRight, self.tr("nearly sure"))
