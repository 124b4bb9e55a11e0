"""The pages of a series below the image: a slider, and which of how many is shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from labeltool.core.project import ImageRecord
from labeltool.ui import theme

SOON_MS = 40
"""While the slider is dragged a page is opened when it has rested for so long."""


class PageBar(QWidget):
    """Hidden for images that are no page of a series."""

    chosen = Signal(str)
    """Id of the image to open."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pages")
        self._ids: list[str] = []
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("pages.slider")
        self._slider.setAccessibleName(self.tr("Page or slice"))
        self._slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._slider.setToolTip(
            self.tr(
                "Page Up and Page Down turn pages as well, and so does the wheel on the image with Alt; "
                "View, Wheel turns slices makes it turn them without"
            )
        )
        self._says = QLabel()
        self._says.setObjectName("pages.says")
        self._says.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.addWidget(self._button("previous", "ph.caret-left", self.tr("Previous page or slice"), -1))
        row.addWidget(self._slider, 1)
        row.addWidget(self._button("next", "ph.caret-right", self.tr("Next page or slice"), 1))
        row.addWidget(self._says)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._choose)
        self._slider.valueChanged.connect(self._moved)
        self.hide()

    def _button(self, name: str, icon: str, title: str, by: int) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"pages.{name}")
        button.setIcon(theme.icon(icon))
        button.setToolTip(title)
        button.setAccessibleName(title)
        button.setAutoRaise(True)
        button.setAutoRepeat(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self._slider.setValue(self._slider.value() + by))
        return button

    def show_pages(self, pages: Sequence[ImageRecord], current: str) -> None:
        """These are the pages, and this one is shown; without pages there is nothing to see."""
        self._ids = [record.id for record in pages]
        self.setVisible(len(self._ids) > 1)
        if current in self._ids:
            with QSignalBlocker(self._slider):
                self._slider.setRange(0, len(self._ids) - 1)
                self._slider.setPageStep(max(1, len(self._ids) // 10))
                self._slider.setValue(self._ids.index(current))
            self._soon.stop()
            digits = len(str(len(self._ids)))
            self._says.setMinimumWidth(self.fontMetrics().horizontalAdvance("0" * (2 * digits) + " / "))
            self._say()

    def _moved(self) -> None:
        self._say()
        self._soon.start()

    def _say(self) -> None:
        self._says.setText(f"{self._slider.value() + 1} / {len(self._ids)}")

    def _choose(self) -> None:
        if self._ids:
            self.chosen.emit(self._ids[self._slider.value()])
