"""The bar above the canvas: image, status, class, doubt, model, and the two verbs Pre-label and Approve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QSlider, QToolBar, QToolButton, QWidget

from labeltool.core.catalog import ClassDef
from labeltool.core.project import ImageRecord
from labeltool.ui.panels.classes import swatch
from labeltool.ui.people.chip import StatusChip
from labeltool.ui.protection import PaintButton

if TYPE_CHECKING:
    from labeltool.app.models import Model  # what a project needs is imported when one is opened


WANTED_PX, LEAST_PX = 120, 60
SPACING_PX, SLIDER_PX, MODEL_PX = 2, 48, 128
"""Narrow enough for both verbs to be seen in a window of 1280 pixels. What is left goes to the image's name."""


class ElidedLabel(QLabel):
    """A line of text that takes the room there is and is shortened when that is not enough, in the middle or at
    another place."""

    def __init__(
        self, elide: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle, wanted_px: int = WANTED_PX
    ) -> None:
        super().__init__()
        self._elide, self._wanted_px = elide, wanted_px
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """Never so wide that it pushes buttons off the bar."""
        return QSize(self._wanted_px, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Enough for a few letters."""
        return QSize(LEAST_PX, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text, elided."""
        room = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), self._elide, room.width())
        with QPainter(self) as painter:
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class TopBar(QToolBar):
    """Shows and asks; it knows of nothing."""

    doubt_changed = Signal(int)
    model_changed = Signal()
    """Another model pre-labels, or it is not known yet which one does."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("top")
        self.setWindowTitle(self.tr("Top bar"))
        self.setMovable(False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        for name in ("previous_image", "next_image"):
            self.addAction(actions[name])
        self._name = ElidedLabel(wanted_px=LEAST_PX)
        self._name.setObjectName("top.image")
        self.status = StatusChip([actions[name] for name in ("done", "approve", "reject", "in_work")])
        self._class = QToolButton()
        self._class.setObjectName("top.class")
        self._class.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._class.setToolTip(self.tr("The class that is painted"))
        self.addWidget(self._name)
        self._status = self.addWidget(self.status)
        self.addWidget(self._class)
        self.paint = PaintButton(actions)
        self.addWidget(self.paint)
        self.addSeparator()
        for name in ("undo", "redo"):
            self.addAction(actions[name])
        self.addSeparator()
        for name in ("fit", "auto_contrast", "show_confidence"):
            self.addAction(actions[name])
        self._doubt = QSlider(Qt.Orientation.Horizontal)
        self._doubt.setObjectName("top.confidence")
        self._doubt.setAccessibleName(self.tr("Show confidence below"))
        self._doubt.setRange(50, 100)
        self._doubt.setFixedWidth(SLIDER_PX)
        self._percent = QLabel()
        self._percent.setFixedWidth(self.fontMetrics().horizontalAdvance("< 100 %") + 2)
        self._doubt.valueChanged.connect(self._on_doubt)
        self._doubt.setToolTip(self.tr("Hide what the model is surer of than this"))
        self.addWidget(self._doubt)
        self.addWidget(self._percent)
        self.addSeparator()
        self._wanted = ""  # the key of the model that was chosen, which may not be known yet
        self._models = self._make_models()
        self.addWidget(self._models)
        for name in ("prelabel", "approve"):
            self.addAction(actions[name])
            button = self.widgetForAction(actions[name])
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        actions["prelabel"].setIconText(self.tr("Pre-label"))

    def event(self, event: QEvent) -> bool:
        """A new style brings its own spacing along."""
        if event.type() == QEvent.Type.DeferredDelete:
            return super().event(event)  # after which there is nothing left to be asked
        handled = super().event(event)
        layout = self.layout()
        if layout is not None and layout.spacing() != SPACING_PX:
            layout.setSpacing(SPACING_PX)
        return handled

    def _make_models(self) -> QComboBox:
        combo = QComboBox()
        combo.setObjectName("top.model")
        combo.setAccessibleName(self.tr("Model"))
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        combo.setMaximumWidth(MODEL_PX)
        combo.activated.connect(lambda _: self._keep_chosen())
        combo.currentIndexChanged.connect(lambda _: self.model_changed.emit())
        return combo

    def show_image(self, record: ImageRecord | None) -> None:
        """Name, size and status of the image at hand."""
        self.status.show_record(record)
        self._status.setVisible(record is not None)
        if record is None:
            self._name.clear()
            return
        self._name.setText(record.name)
        self._name.setToolTip(f"{record.path}\n{record.size.width} × {record.size.height}")

    def show_class(self, chosen: ClassDef | None) -> None:
        """The class that is painted."""
        self._class.setVisible(chosen is not None)
        if chosen is not None:
            self._class.setText(chosen.name)
            self._class.setIcon(swatch(chosen.color))

    def forget_models(self) -> None:
        """Which models there are is not known yet; what was chosen is remembered."""
        self._keep_chosen()
        self._models.clear()
        self._models.setEnabled(False)

    def show_models(self, models: Sequence[Model]) -> None:
        """The models whose classes fit the project, the best guess first; what was chosen stays so if it is there."""
        before = self.model()
        self._models.clear()
        for model in models:
            self._models.addItem(model.card.name, model)
        if not models:
            self._models.addItem(self.tr("no model fits"), None)
        keys = [model.key for model in models]
        for key in (self._wanted, before.key if before else ""):
            if key in keys:
                self._models.setCurrentIndex(keys.index(key))
                break
        self._models.setEnabled(bool(models))
        self._models.setToolTip(
            self.tr("The model that pre-labels")
            if models
            else self.tr(
                "No model knows the classes of this project; Pre-label says which names one would know"
            )
        )

    def choose_model(self, wanted: Model) -> None:
        """Pre-label with this model from now on, where it is one of those that fit, or will be when they are shown."""
        self._wanted = wanted.key
        for index in range(self._models.count()):
            model: Model | None = self._models.itemData(index)
            if model is not None and model.key == wanted.key:
                self._models.setCurrentIndex(index)

    def model(self) -> Model | None:
        """The model that is chosen."""
        found: Model | None = self._models.currentData()
        return found

    def _keep_chosen(self) -> None:
        model = self.model()
        if model is not None:
            self._wanted = model.key

    def show_doubt(self, percent: int, enabled: bool) -> None:
        """The threshold of the confidence layer."""
        self._doubt.blockSignals(True)
        self._doubt.setValue(percent)
        self._doubt.blockSignals(False)
        self._doubt.setEnabled(enabled)
        self._percent.setEnabled(enabled)
        self._percent.setText(f"< {percent} %")

    def _on_doubt(self, percent: int) -> None:
        self._percent.setText(f"< {percent} %")
        self.doubt_changed.emit(percent)
