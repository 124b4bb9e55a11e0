"""The confusion matrix as a picture whose cells can be asked for what was counted in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from labeltool.core.catalog import ClassDef
from labeltool.ui import theme
from labeltool.ui.dialogs.frame import GRID

LEAST_CELL_PX, MOST_CELL_PX = 18, 72
NAMES_SHARE = 0.3
"""What of the width the names of the rows may take."""
RIGHT, WRONG = "#3d8bfd", "#e8792b"
"""Of the diagonal, and of everything else: blue and orange, which everybody can tell apart."""
STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class CellOf(NamedTuple):
    """A cell by class values: what the annotation says, and what the other layer says."""

    truth: int
    predicted: int


class ConfusionView(QWidget):
    """Rows are what the annotation says, columns what the other layer says. A cell's colour is its share of the row."""

    asked = Signal(object)
    """A :class:`CellOf`, or None where the chosen one was taken back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review.confusion")
        self.setAccessibleName(self.tr("Confusion matrix"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._classes: list[ClassDef] = []
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._chosen: CellOf | None = None
        self._at = (0, 0)  # where the arrow keys are

    def show_counts(self, classes: list[ClassDef], counts: NDArray[np.int64]) -> None:
        """Show int64 [256, 256] by class values, as :class:`~labeltool.core.compare.ConfusionMatrix` counts; of the
        classes only those that occur in either layer."""
        values = [each.value for each in classes]
        occurs = counts.sum(0) + counts.sum(1) > 0
        self._classes = [each for each in classes if occurs[each.value]]
        values = [each.value for each in self._classes]
        self._counts = counts[np.ix_(values, values)]
        if self._chosen is not None and not {*self._chosen} <= {*values}:
            self._chosen = None
        self._at = (min(self._at[0], len(values) - 1), min(self._at[1], len(values) - 1))
        self.updateGeometry()
        self.update()

    def choose(self, cell: CellOf | None) -> None:
        """Mark this cell."""
        self._chosen = cell
        self.update()

    # ---- sizes

    def hasHeightForWidth(self) -> bool:
        """As high as it is wide, but for the names."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Room for as many rows as columns."""
        side = self._side(width)
        return self._header_px() + side * max(1, len(self._classes)) + GRID

    def sizeHint(self) -> QSize:
        """What fits into a panel."""
        width = 42 * GRID
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Where cells can still be hit."""
        return QSize(self._names_px(0) + LEAST_CELL_PX * max(1, len(self._classes)), 10 * GRID)

    def _names_px(self, width: int) -> int:
        advance = self.fontMetrics().horizontalAdvance
        widest = max((advance(each.name) for each in self._classes), default=0) + GRID
        return min(widest, max(6 * GRID, round(NAMES_SHARE * width)))

    def _header_px(self) -> int:
        return self.fontMetrics().height() + GRID

    def _side(self, width: int) -> int:
        room = (width - self._names_px(width) - GRID) // max(1, len(self._classes))
        return max(LEAST_CELL_PX, min(MOST_CELL_PX, room))

    def _rect(self, row: int, column: int) -> QRect:
        side = self._side(self.width())
        return QRect(self._names_px(self.width()) + column * side, self._header_px() + row * side, side, side)

    def _cell_at(self, at: QPoint) -> tuple[int, int] | None:
        side = self._side(self.width())
        column = (at.x() - self._names_px(self.width())) // side
        row = (at.y() - self._header_px()) // side
        inside = 0 <= row < len(self._classes) and 0 <= column < len(self._classes)
        return (row, column) if inside else None

    def cell_centre(self, truth: int, predicted: int) -> QPoint:
        """Where the cell of two class values is, in pixels of the widget."""
        values = [each.value for each in self._classes]
        return self._rect(values.index(truth), values.index(predicted)).center()

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names, cells, and the chosen one."""
        with QPainter(self) as painter:  # ended here, whatever goes wrong
            self._paint_all(painter)

    def _paint_all(self, painter: QPainter) -> None:
        if not self._classes:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(
                self.rect(), Qt.AlignmentFlag.AlignCenter, self.tr("Nothing has been compared yet")
            )
            return
        self._paint_names(painter)
        totals = self._counts.sum(1)
        for row in range(len(self._classes)):
            for column in range(len(self._classes)):
                share = self._counts[row, column] / totals[row] if totals[row] else 0.0
                self._paint_cell(painter, self._rect(row, column), row == column, float(share))
        self._paint_marks(painter)

    def _paint_names(self, painter: QPainter) -> None:
        metrics, names, side = (
            QFontMetrics(self.font()),
            self._names_px(self.width()),
            self._side(self.width()),
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        for number, each in enumerate(self._classes):
            row, column = self._rect(number, 0), self._rect(0, number)
            text = metrics.elidedText(each.name, Qt.TextElideMode.ElideRight, names - GRID)
            painter.drawText(
                QRect(0, row.top(), names - GRID // 2, side), middle | Qt.AlignmentFlag.AlignRight, text
            )
            text = metrics.elidedText(each.name, Qt.TextElideMode.ElideRight, side - 2)
            painter.drawText(
                QRect(column.left(), 0, side, self._header_px()), middle | Qt.AlignmentFlag.AlignHCenter, text
            )

    def _paint_cell(self, painter: QPainter, rect: QRect, right: bool, share: float) -> None:
        ground = QColor(theme.base())
        colour = QColor(RIGHT if right else WRONG)
        strength = share**0.5  # small shares of errors are what one looks for
        mixed = _mixed(ground, colour, strength)
        painter.fillRect(rect.adjusted(1, 1, 0, 0), mixed)
        text = share_text(share)
        if self.fontMetrics().horizontalAdvance(text) < rect.width() - 4:
            painter.setPen(QColor("#111111" if mixed.lightness() > 140 else "#f2f2f2"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_marks(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        values = [each.value for each in self._classes]
        if self._chosen is not None:
            rect = self._rect(values.index(self._chosen.truth), values.index(self._chosen.predicted))
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self._rect(*self._at).adjusted(3, 3, -3, -3))

    # ---- asking

    def _ask(self, row: int, column: int) -> None:
        self._at = row, column
        cell = CellOf(self._classes[row].value, self._classes[column].value)
        self._chosen = None if cell == self._chosen else cell
        self.update()
        self.asked.emit(self._chosen)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click chooses a cell; another one takes that back."""
        cell = self._cell_at(event.position().toPoint())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._ask(*cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over what can be clicked."""
        over = self._cell_at(event.position().toPoint()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk, Space and Enter choose."""
        step = STEPS.get(Qt.Key(event.key()))
        last = len(self._classes) - 1
        if step is not None and last >= 0:
            self._at = tuple(min(last, max(0, a + b)) for a, b in zip(self._at, step, strict=True))  # type: ignore[assignment]
            self.update()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and last >= 0:
            self._ask(*self._at)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """What a cell counts, in words."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self._cell_at(event.pos())
            QToolTip.showText(event.globalPos(), "" if cell is None else self.words_of(*cell), self)
            return True
        return super().event(event)

    def words_of(self, row: int, column: int) -> str:
        """A cell as a sentence."""
        count, total = int(self._counts[row, column]), int(self._counts[row].sum())
        truth, found = self._classes[row].name, self._classes[column].name
        share = share_text(count / total if total else 0.0)
        if row == column:
            return self.tr("{truth}: {count} pixels agree, {share} of all that are {truth}").format(
                truth=truth, count=f"{count:,}", share=share
            )
        return self.tr("{truth} taken for {found}: {count} pixels, {share} of all {truth}").format(
            truth=truth, found=found, count=f"{count:,}", share=share
        )


def _mixed(a: QColor, b: QColor, share: float) -> QColor:
    """A colour between two, ``share`` of the way."""
    red, green, blue = (
        x + (y - x) * share
        for x, y in ((a.redF(), b.redF()), (a.greenF(), b.greenF()), (a.blueF(), b.blueF()))
    )
    return QColor.fromRgbF(red, green, blue)


def share_text(share: float) -> str:
    """A share of one in per cent, as short as it may be."""
    percent = 100 * share
    if percent == 0:
        return "0"
    return "<0.1" if percent < 0.1 else f"{percent:.1f}" if percent < 99.95 else "100"
