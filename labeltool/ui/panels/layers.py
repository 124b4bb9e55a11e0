"""What is painted over the image and how: mask, model's answer, confidence; look of the image; two layers compared."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labeltool.ui.canvas.colours import DOUBT_HIGH, DOUBT_LOW
from labeltool.ui.compare import Compare
from labeltool.ui.panels.look import LookPanel
from labeltool.ui.panels.slider import Percent

LAYERS = ("mask", "model", "confidence", "error", "unlooked")
LEAST_PX = 120
SPACING_PX = 5


class LayerPanel(QScrollArea):
    """Check boxes and sliders; they say what was asked for and show what is so."""

    toggled = Signal(str, bool)
    """A layer, or "fill" or "outlines" of the mask."""
    opacity_changed = Signal(int)
    compare_asked = Signal(str, str, str)
    """Mode, left side, right side."""
    resized = Signal()
    """It needs more or less room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel.layers")
        texts = {
            "mask": self.tr("Mask"),
            "model": self.tr("Model's answer"),
            "confidence": self.tr("Confidence"),
            "error": self.tr("Errors"),
            "unlooked": self.tr("Never looked at"),
        }
        keys = {"mask": "V", "model": "M", "confidence": "C", "error": "Y", "unlooked": "Shift+U"}
        self._boxes = {name: self._box(name, f"{texts[name]}   {keys[name]}") for name in LAYERS}
        self._about = {
            **dict.fromkeys(LAYERS, ""),
            "model": self.tr("As an outline"),
            "error": self.tr("Blue: missed. Red: where none is. Yellow: confused. Rims of 2 px are fainter"),
            "unlooked": self.tr("What was never on the screen at half of its resolution or larger"),
        }
        self._missing = {**dict.fromkeys(LAYERS, self.tr("Pre-label this image first")), "unlooked": ""}
        self._looks = {
            "fill": self._box("fill", self.tr("Fill")),
            "outlines": self._box("outlines", self.tr("Outlines")),
        }
        self._legend = Legend()
        self._told_height = 0
        self._opacity = Percent("layer.opacity", self.tr("Opacity of the mask"), 0, 100)
        self._opacity.slider.valueChanged.connect(self.opacity_changed)
        self.look = LookPanel()
        self.compare = ComparePanel()
        self.compare.asked.connect(self.compare_asked)
        self._lay_out()

    def _box(self, name: str, text: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setObjectName(f"layer.{name}")
        box.clicked.connect(lambda checked: self.toggled.emit(name, checked))
        return box

    def _lay_out(self) -> None:
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(8, 2, 8, 0)
        column.setSpacing(SPACING_PX)
        mask = QHBoxLayout()
        mask.setSpacing(16)
        for box in (self._boxes["mask"], *self._looks.values()):
            mask.addWidget(box)
        mask.addStretch(1)
        column.addLayout(mask)
        column.addLayout(_form((self.tr("Opacity"), self._opacity)))
        model = QHBoxLayout()
        model.setSpacing(16)
        for name in ("model", "confidence"):
            model.addWidget(self._boxes[name])
        model.addStretch(1)
        column.addLayout(model)
        column.addWidget(self._legend)
        checked = QHBoxLayout()
        checked.setSpacing(16)
        for name in ("error", "unlooked"):
            checked.addWidget(self._boxes[name])
        checked.addStretch(1)
        column.addLayout(checked)
        for title, name, part in (
            (self.tr("Image"), "look", self.look),
            (self.tr("Compare"), "compare", self.compare),
        ):
            section = Section(title, name, part)
            section.toggled.connect(
                lambda _: QTimer.singleShot(0, self._fit)
            )  # when what is new has its size
            column.addWidget(section)
            column.addWidget(part)
        column.addStretch(1)  # what is too much is below everything
        self.setWidget(self._inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(LEAST_PX)

    def show_state(self, shown: dict[str, bool], available: dict[str, bool], opacity: int) -> None:
        """Which layers are on, which exist for this image, and the opacity in per cent."""
        for name, box in self._boxes.items():
            box.setChecked(shown[name])
            box.setEnabled(available[name])
            box.setToolTip(self._about[name] if available[name] else self._missing[name])
        self._legend.setVisible(shown["confidence"] and available["confidence"])
        self._opacity.show_value(opacity)
        QTimer.singleShot(0, self._fit)

    def show_look(self, *, fill: bool, outlines: bool, compare: Compare) -> None:
        """How the mask is drawn, and what is compared."""
        self._looks["fill"].setChecked(fill)
        self._looks["outlines"].setChecked(outlines)
        self.compare.show_compare(compare)

    def preferred_height(self) -> int:
        """Height at which nothing has to be scrolled."""
        return max(LEAST_PX, self._inside.sizeHint().height())

    def sizeHint(self) -> QSize:
        """All of it; a scroll area by itself asks for 24 lines at most."""
        return QSize(super().sizeHint().width(), self.preferred_height())

    def _fit(self) -> None:
        if self.preferred_height() != self._told_height:
            self._told_height = self.preferred_height()
            self.updateGeometry()
            self.resized.emit()


class Section(QToolButton):
    """A title that shows and hides what lies below it."""

    def __init__(self, title: str, name: str, part: QWidget) -> None:
        super().__init__()
        self.setObjectName(f"section.{name}")
        self.setText(title)
        self.setCheckable(True)
        self.setStyleSheet("border: none; background: transparent")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(10, 10))
        self._part = part
        self.toggled.connect(self._show_part)
        self._show_part(False)

    def _show_part(self, open_: bool) -> None:
        self.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self._part.setVisible(open_)


class ComparePanel(QWidget):
    """How two layers are compared, and which."""

    asked = Signal(str, str, str)

    def __init__(self) -> None:
        super().__init__()
        self._mode = self._choice(
            "mode",
            {
                "off": self.tr("Off"),
                "swipe": self.tr("Swipe"),
                "side": self.tr("Side by side"),
                "flicker": self.tr("In turns"),
            },
        )
        self.names = {
            "image": self.tr("Image only"),
            "mask": self.tr("Annotation"),
            "model": self.tr("Model's answer"),
            "confidence": self.tr("Confidence"),
            "error": self.tr("Errors"),
        }
        self._left, self._right = self._choice("left", self.names), self._choice("right", self.names)
        sides = QWidget()
        row = QHBoxLayout(sides)
        row.setContentsMargins(0, 0, 0, 0)
        for side, text in ((self._left, self.tr("Left")), (self._right, self.tr("Right"))):
            side.setToolTip(text)
            side.setAccessibleName(text)
            side.setMinimumContentsLength(1)  # what does not fit is shortened
            side.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            side.view().setMinimumWidth(side.view().sizeHintForColumn(0) + 16)
            row.addWidget(side, 1)
        form = _form((self.tr("Mode"), self._mode), (self.tr("Layers"), sides))
        form.setContentsMargins(22, 0, 0, 4)
        self.setLayout(form)

    def _choice(self, name: str, entries: dict[str, str]) -> QComboBox:
        combo = QComboBox()
        combo.setObjectName(f"compare.{name}")
        for key, text in entries.items():
            combo.addItem(text, key)
        combo.activated.connect(lambda _: self._ask())
        return combo

    def _ask(self) -> None:
        self.asked.emit(*(combo.currentData() for combo in (self._mode, self._left, self._right)))

    def show_compare(self, compare: Compare) -> None:
        """What is compared."""
        for combo, key in (
            (self._mode, compare.mode),
            (self._left, compare.left),
            (self._right, compare.right),
        ):
            combo.setCurrentIndex(combo.findData(key))


def _form(*rows: tuple[str, QWidget]) -> QFormLayout:
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setVerticalSpacing(SPACING_PX)
    for title, widget in rows:
        form.addRow(title, widget)
    return form


class Legend(QWidget):
    """The colours of the confidence layer, from coin's toss to just worth a look."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(34)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A bar of the colours with words below."""
        with QPainter(self) as painter:  # ended here, whatever goes wrong
            self._paint_all(painter)

    def _paint_all(self, painter: QPainter) -> None:
        bar = self.rect().adjusted(20, 2, 0, -22)
        gradient = QLinearGradient(QPointF(bar.topLeft()), QPointF(bar.topRight()))
        gradient.setColorAt(0, QColor(*DOUBT_HIGH))
        gradient.setColorAt(1, QColor(*DOUBT_LOW))
        painter.fillRect(bar, gradient)
        words = self.rect().adjusted(20, 14, 0, 0)
        painter.setPen(self.palette().text().color())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft, self.tr("unsure"))
        painter.drawText(words, Qt.AlignmentFlag.AlignRight, self.tr("nearly sure"))
