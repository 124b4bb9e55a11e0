"""The page of the canvas: what lies above, below and over it, and that the keys stay with it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from labeltool.ui.canvas.picture import Picture

_OF_ITS_SIZE = (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Resize)


class CanvasPage(QWidget):
    """The canvas between the options of the tool and the pages of a series, a banner over it, below which the canvas
    fits its image."""

    def __init__(self, options: QWidget, canvas: Picture, pages: QWidget, banner: QWidget) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for row, widget in enumerate((options, canvas, pages)):
            grid.addWidget(widget, row, 0)
        grid.setRowStretch(1, 1)
        # Over the canvas: a message that came while something is painted must not move what is painted.
        grid.addWidget(banner, 1, 0, Qt.AlignmentFlag.AlignTop)
        banner.raise_()
        self._canvas, self._banner = canvas, banner
        self._laid_out = QTimer(self, singleShot=True, interval=0)
        self._laid_out.timeout.connect(self._cover)
        banner.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See that the banner comes, goes, or has more to say; how high it is then follows once it is laid out."""
        if event.type() in _OF_ITS_SIZE:
            self._laid_out.start()
        return False

    def _cover(self) -> None:
        self._canvas.cover(0 if self._banner.isHidden() else self._banner.height())


def keep_keys_on_the_canvas(beside: Iterable[QWidget]) -> None:
    """A click into what lies beside the canvas takes the keys away for typing only; Tab reaches everything."""
    for bar in beside:
        for widget in bar.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.ClickFocus and not isinstance(widget, QLineEdit):
                widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
