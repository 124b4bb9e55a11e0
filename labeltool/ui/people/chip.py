"""The status of the image at hand as a chip: its colour and word, by whose word, and a menu to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from labeltool.core.project import ImageRecord, Status
from labeltool.ui import theme
from labeltool.ui.dialogs.failure import sentence
from labeltool.ui.panels.images import STATUS_COLOURS
from labeltool.ui.people.words import ago, exact, status_text, translate, who

if TYPE_CHECKING:
    # What a project needs is imported when one is opened: the start page is up sooner.
    from labeltool.app.people.deciding import State
    from labeltool.store.decisions import Decision

STALE = "#e69f00"
HEIGHT_PX, DOT_PX, ROOM_PX = 24, 8, 8


class Decided(NamedTuple):
    """By whose word an image is what it is; ``changed`` of its pixels are others than those of a stale approval."""

    state: State
    changed: int = 0


class StatusChip(QToolButton):
    """Always as wide as its longest word, so that nothing beside it jumps."""

    def __init__(self, decide: list[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("top.status")
        self._record: ImageRecord | None = None
        self._decided: Decided | None = None
        self._text, self._colour = "", QColor()
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addActions(decide)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    # ---- what is said

    def show_record(self, record: ImageRecord | None) -> None:
        """The image at hand; by whose word it is what it is comes later."""
        before, self._record = self._record, record
        if before is None or record is None or (before.id, before.status) != (record.id, record.status):
            self._decided = None
        self._renew()

    def show_decided(self, decided: Decided | None) -> None:
        """By whose word the image at hand is what it is."""
        self._decided = decided
        self._renew()

    @property
    def stale(self) -> Decision | None:
        """The approval that does not hold any more, where nobody has decided anything else since."""
        state = None if self._decided is None else self._decided.state
        return None if state is None or state.decision is not None else state.stale

    def _renew(self) -> None:
        record = self._record
        if record is not None:
            stale = self.stale is not None
            self._text = self._stale_text(record.status) if stale else status_text(record.status)
            self._colour = QColor(STALE if stale else STATUS_COLOURS[record.status])
            self.setText(self._text)
            self.setAccessibleName(self.tr("Status: {status}").format(status=self._text))
            self.setToolTip(self.words())
        self.update()

    def _stale_text(self, status: Status) -> str:
        """The status as it is called everywhere, and that there is an approval which does not hold any more. That alone
        where whoever changed the pixels has left the image approved, as no window does: the bar has no more room."""
        if status is not Status.IN_WORK:
            return self.tr("stale")
        return self.tr("{status} · stale").format(status=status_text(status))

    def words(self) -> str:
        """Who decided, when, on which revision, and why."""
        if self._record is None:
            return ""
        state = None if self._decided is None else self._decided.state
        lines = []
        if state is not None and state.decision is not None:
            lines.append(_sentence(state.decision))
        if state is not None and state.stale is not None:
            lines.append(_sentence(state.stale))
            lines.append(
                self.tr("Pixels changed since: {n}; the approval is stale.").format(n=f"{self._changed:,}")
            )
            if state.decision is None:
                lines.append(self.tr("Undo brings it back."))
        if state is not None and state.rejection is not None and state.rejection != state.decision:
            lines.append(_sentence(state.rejection))
        if state is not None and not lines:
            lines.append(self.tr("Nobody has decided on this image."))
        return "\n".join((*lines, self.tr("A click decides.")))

    @property
    def _changed(self) -> int:
        return 0 if self._decided is None else self._decided.changed

    def event(self, event: QEvent) -> bool:
        """How long ago something was is said as of now."""
        if event.type() == QEvent.Type.ToolTip:
            self.setToolTip(self.words())
        return super().event(event)

    # ---- how it looks

    def sizeHint(self) -> QSize:
        """Room for each of its words."""
        texts = (self._stale_text(Status.IN_WORK), *map(status_text, Status))
        widest = max(self.fontMetrics().horizontalAdvance(text) for text in texts)
        return QSize(DOT_PX + widest + 3 * ROOM_PX, HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        """A chip that is cut says nothing."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A rounded box in the status's colour, a dot and the word."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            box = QRectF(0.5, (self.height() - HEIGHT_PX) / 2 + 0.5, self.width() - 1, HEIGHT_PX - 1)
            fill = QColor(self._colour)
            fill.setAlpha(90 if self.underMouse() else 50)
            painter.setBrush(fill)
            painter.setPen(QPen(QColor(theme.ACCENT) if self.hasFocus() else self._colour, 1))
            painter.drawRoundedRect(box, HEIGHT_PX / 2, HEIGHT_PX / 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._colour)
            middle = box.center().y()
            painter.drawEllipse(QRectF(box.left() + ROOM_PX, middle - DOT_PX / 2, DOT_PX, DOT_PX))
            text = box.adjusted(2 * ROOM_PX + DOT_PX - 2, 0, 0, 0)
            painter.setPen(self.palette().buttonText().color())
            painter.drawText(
                text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self._text
            )


def _sentence(decision: Decision) -> str:
    """Who decided what, when, and why."""
    texts = {
        Status.DONE: translate("People", "Called done by {who}, {ago} ({at}), at r{revision}"),
        Status.APPROVED: translate("People", "Approved by {who}, {ago} ({at}), at r{revision}"),
        Status.REJECTED: translate("People", "Rejected by {who}, {ago} ({at}), at r{revision}"),
    }
    text = texts.get(
        decision.status, translate("People", "Put in work again by {who}, {ago} ({at}), at r{revision}")
    )
    said = text.format(
        who=who(decision.author),
        ago=ago(decision.at_utc),
        at=exact(decision.at_utc),
        revision=decision.revision,
    )
    return f"{said}: {decision.reason}" if decision.reason else sentence(said)
