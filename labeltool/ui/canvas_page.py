"""The page of the canvas: what lies above, below and over it, and that the keys stay with it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget


class CanvasPage(QWidget):
    """The canvas between the options of the tool and the pages of a series, a banner over it."""

    def __init__(self, options: QWidget, canvas: QWidget, pages: QWidget, banner: QWidget) -> None:
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


def keep_keys_on_the_canvas(beside: Iterable[QWidget]) -> None:
    """A click into what lies beside the canvas takes the keys away for typing only; Tab reaches everything."""
    for bar in beside:
        for widget in bar.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.ClickFocus and not isinstance(widget, QLineEdit):
                widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
