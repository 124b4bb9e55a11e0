"""The switch in the top bar: whether what is painted teaches, and how far that is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton, QWidget

from labeltool.ui import theme

BADGE_PX = 14
WORKING, FAILED = "…", "!"
CALM, ALARM, INK = QColor("#ffb000"), QColor("#ff6b6b"), QColor("#1e1f21")


class TeachButton(QToolButton):
    """An icon with a badge in its corner, which never changes its width: beside it lies what is clicked all day."""

    def __init__(self, action: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("top.teach")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setIcon(theme.icon("ph.graduation-cap"))
        self._action, self._badge = action, ""
        self.setAccessibleName(self._action.text())
        self.clicked.connect(lambda _: self._action.trigger())
        self._action.changed.connect(self._follow)
        self._follow()

    def say(self, badge: str, about: str) -> None:
        """A number, or a sign; and all of it in words."""
        keys = self._action.shortcut().toString()
        title = self._action.text() + (f"  ({keys})" if keys else "")
        self.setToolTip(f"{title}\n{about}")
        if badge != self._badge:
            self._badge = badge
            self.update()

    def sizeHint(self) -> QSize:
        """Room for the badge beside the icon."""
        return super().sizeHint() + QSize(BADGE_PX // 2, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The badge over the button."""
        super().paintEvent(event)
        if not self._badge:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            font = painter.font()
            font.setPixelSize(BADGE_PX - 4)
            font.setBold(True)
            painter.setFont(font)
            width = max(BADGE_PX, painter.fontMetrics().horizontalAdvance(self._badge) + 6)
            badge = QRectF(self.width() - width - 1, 1, width, BADGE_PX)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ALARM if self._badge == FAILED else CALM)
            painter.drawRoundedRect(badge, BADGE_PX / 2, BADGE_PX / 2)
            painter.setPen(INK)
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, self._badge)

    def _follow(self) -> None:
        self.setChecked(self._action.isChecked())
        self.setEnabled(self._action.isEnabled())
