"""What is offered and which keys take it, in a corner of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtWidgets import QLabel

from labeltool.ui.canvas.widget import Canvas

MARGIN, NEAR_PX = 12, 48


class Hint(QLabel):
    """A line of text that takes no press, and steps aside where the pointer comes near: what lies below it is there to
    be painted on."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("offer.hint")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setStyleSheet(
            "QLabel { background: rgba(0, 0, 0, 200); color: white; border-radius: 4px; padding: 5px 8px; }"
        )
        self.hide()
        self._canvas = canvas
        canvas.pointed.connect(self._place)
        canvas.installEventFilter(self)

    def say(self, text: str) -> None:
        """Show this; nothing hides the line."""
        if text != self.text():
            self.setText(text)
            self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The canvas has another size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        if not self.text():
            self.hide()
            return
        self.adjustSize()
        at = self._canvas.pointer
        self.move(MARGIN, self._canvas.height() - self.height() - MARGIN)  # the minimap is at the right
        near = self.geometry().adjusted(-NEAR_PX, -NEAR_PX, NEAR_PX, NEAR_PX)
        is_near = at is not None and near.contains(QPointF(*self._canvas.image_to_widget(*at)).toPoint())
        self.setVisible(not is_near)
