"""The status bar: what is saved, what lies under the pointer, the zoom, and the work in progress."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from labeltool.app.saving import SaveState
from labeltool.core.catalog import ClassCatalog
from labeltool.core.provenance import Origin
from labeltool.imaging.scale import PixelSize
from labeltool.ui import theme
from labeltool.ui.readout import Readout
from labeltool.ui.unsaved import reason_text, shown_path

FIGURE_SPACE = "\u2007"
"""As wide as a digit."""

VALUE_DIGITS, MOST_VALUES = 11, 6
AT_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class StatusBar(QStatusBar):
    """Shows; it knows of nothing."""

    cancel_asked = Signal()
    retry_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._note_ends = QTimer(self, singleShot=True)
        self._make_saved()
        self._make_pointer()
        self._make_work()
        self._make_figures()
        self.addWidget(self._saved)
        self.addWidget(self._retry)
        self.addWidget(self._pointer, 1)
        work = (self._note, self._work, self._bar, self._cancel)
        for widget in (*work, self._checked, self._world, self._zoom):
            self.addPermanentWidget(widget)
        self.show_work(None)

    def _make_saved(self) -> None:
        self._saved = _label("saved", least_px=130)
        self._saved.setTextFormat(Qt.TextFormat.PlainText)
        self._retry = QToolButton()
        self._retry.setObjectName("status.retry")
        self._retry.setText(self.tr("Try again"))
        self._retry.hide()
        self._retry.clicked.connect(self.retry_asked)

    def _make_pointer(self) -> None:
        self._pointer = _label("pointer", least_px=1)  # rather cut than wider than the window
        room_px = self.fontMetrics().horizontalAdvance("0000 mm, 0000 mm") + 8
        self._world = _label("world", least_px=room_px, align=AT_RIGHT)
        self._world.hide()

    def _make_work(self) -> None:
        """What is at work or has come of it."""
        self._note = _label("note")
        self._note_ends.timeout.connect(self._note.clear)
        self._work = _label("work")
        self._bar = QProgressBar()
        self._bar.setObjectName("status.progress")
        self._bar.setFixedWidth(160)
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._cancel = QToolButton()
        self._cancel.setObjectName("status.cancel")
        self._cancel.setText(self.tr("Cancel"))
        self._cancel.setIcon(theme.icon("ph.x"))
        self._cancel.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._cancel.clicked.connect(self.cancel_asked)

    def _make_figures(self) -> None:
        """How much of the image has been looked at, and how closely."""
        self._checked = _label("checked")
        self._checked.setToolTip(
            self.tr(
                "Resolved: of all doubt of the model, what lies in pixels that people have set or approved.\n"
                "Looked at: of the image, what was on the screen at half of its resolution or larger."
            )
        )
        self._zoom = _label("zoom", least_px=64, align=AT_RIGHT)

    def show_saved(
        self, state: SaveState | None, revision: int, first: int = 0, tried: datetime | None = None
    ) -> None:
        """What of the image at hand survives anything: "saved r12", "saving…", or why not, and when that was last
        ``tried``. Revisions are counted from ``first``."""
        self._retry.setVisible(bool(state and state.error))
        failing = state is not None and state.error is not None
        self._saved.setForegroundRole(
            QPalette.ColorRole.BrightText if failing else QPalette.ColorRole.WindowText
        )
        if state is None:
            self._saved.clear()
        elif state.error is not None:
            text = self.tr("not saved: {reason}").format(reason=reason_text(state.error))
            kept = (
                self.tr("in memory only")
                if state.kept is None
                else self.tr("kept in {place}").format(place=shown_path(state.kept))
            )
            when = "" if tried is None else self.tr("tried {time}").format(time=f"{tried:%H:%M:%S}")
            self._saved.setText("  ·  ".join(filter(None, (text, kept, when))))
            self._saved.setToolTip("\n".join(filter(None, (str(state.error), kept, when))))
        elif state.saved < revision or state.waiting:
            self._saved.setText(self.tr("saving…"))
        else:
            self._saved.setText(self.tr("saved r{revision}").format(revision=state.saved - first))
            self._saved.setToolTip(self.tr("Everything up to here survives a crash and a power cut"))

    def show_read_only(self, reason: str) -> None:
        """Nothing is saved, because nothing can be changed."""
        self._retry.hide()
        self._saved.setForegroundRole(QPalette.ColorRole.WindowText)
        self._saved.setText(self.tr("read only"))
        self._saved.setToolTip(reason)

    def show_readout(self, readout: Readout | None, catalog: ClassCatalog | None) -> None:
        """Position, pixel value, class, object, origin and confidence."""
        self._pointer.setText("" if readout is None or catalog is None else self._words(readout, catalog))
        scale = None if readout is None else readout.scale
        text = "" if readout is None else readout.on_map
        if readout is not None and scale is not None and not text:
            text = place_text(readout, scale)
        if readout is not None:
            self._world.setVisible(bool(text))
        self._world.setText(text)

    def _words(self, readout: Readout, catalog: ClassCatalog) -> str:
        """Numbers in fields of one width; what has no fixed length comes last."""
        origins = {
            Origin.NOBODY: self.tr("unlabelled"),
            Origin.MODEL: self.tr("model"),
            Origin.HUMAN: self.tr("human"),
            Origin.IMPORTED: self.tr("imported"),
            Origin.REVIEWER: self.tr("reviewer"),
        }
        across, down = (len(str(side - 1)) for side in readout.size)
        parts = [
            f"x {_padded(readout.x, across)}  y {_padded(readout.y, down)}",
            value_text(readout.values, readout.unit),
        ]
        if readout.confidence is not None:
            percent = _padded(round(100 * readout.confidence), 3)
            parts.append(self.tr("confidence {percent} %").format(percent=percent))
        if readout.origin is not Origin.NOBODY:
            found = catalog.by_value(readout.label)
            parts.append(found.name if found is not None else self.tr("ignore"))
            if readout.object_id:
                parts.append(self.tr("object {n}").format(n=readout.object_id))
        return "    ".join([*parts, origins[readout.origin]])

    def tell(self, text: str, seconds: float) -> None:
        """Say something for a while; Qt's own messages would hide what is saved."""
        self._note.setText(text)
        self._note_ends.start(round(1000 * seconds))

    def show_zoom(self, zoom: float | None) -> None:
        """The zoom in per cent."""
        self._zoom.setText(
            "" if zoom is None else f"{100 * zoom:.0f} %" if zoom >= 0.1 else f"{100 * zoom:.1f} %"
        )

    def show_checked(self, resolved: float | None, looked: float | None) -> None:
        """Which shares (0..1) of the model's doubt are resolved, and of the image looked at, where they are known."""
        shares = ((self.tr("{percent} % resolved"), resolved), (self.tr("{percent} % looked at"), looked))
        # Rounded down: all of it is not said before it is so.
        texts = [text.format(percent=_padded(int(100 * s), 3)) for text, s in shares if s is not None]
        self._checked.setText("  ".join(texts))

    def show_work(self, title: str | None) -> None:
        """Long work begins, or ends with None."""
        self._work.setText(title or "")
        self._bar.setRange(0, 0 if title else 1000)
        self._cancel.setEnabled(True)
        for widget in (self._work, self._bar, self._cancel):
            widget.setVisible(title is not None)

    def show_progress(self, title: str, done: float, total: float, seconds_left: float | None) -> None:
        """How far it is, in per cent where there is but one thing to do, and the time left."""
        self._bar.setRange(0, 1000)
        self._bar.setValue(round(1000 * done / total) if total else 0)
        parts = [title]
        if total > 1:
            parts.append(self.tr("{done} of {total}").format(done=int(done), total=int(total)))
        elif total > 0:
            parts.append(self.tr("{percent} %").format(percent=int(100 * done / total)))
        if seconds_left is not None:
            parts.append(self._time(seconds_left))
        self._work.setText(" · ".join(parts))

    def show_cancelling(self) -> None:
        """The cancel was heard."""
        self._cancel.setEnabled(False)
        self._work.setText(self.tr("Cancelling…"))

    def _time(self, seconds: float) -> str:
        if seconds < 60:
            return self.tr("{n} s left").format(n=max(1, round(seconds)))
        return self.tr("{n} min left").format(n=round(seconds / 60))


def _label(name: str, least_px: int = 0, align: Qt.AlignmentFlag | None = None) -> QLabel:
    made = QLabel()
    made.setObjectName(f"status.{name}")
    made.setMinimumWidth(least_px)
    if align is not None:
        made.setAlignment(align)
    return made


def place_text(readout: Readout, scale: PixelSize) -> str:
    """Where the pixel's corner lies, from the image's corner, in the world's unit."""
    return ", ".join(scale.text(along * side) for along, side in ((readout.x, scale.x), (readout.y, scale.y)))


def _padded(number: int, digits: int) -> str:
    """A number that takes the room of so many digits."""
    return str(number).rjust(digits, FIGURE_SPACE)


def value_text(values: tuple[float, ...] | None, unit: str = "") -> str:
    """A pixel's values; three equal ones of 8 bits are one number, in the room of three; of many the first few."""
    if values is None:
        return "…".rjust(VALUE_DIGITS, FIGURE_SPACE)
    if len(values) == 3 and len(set(values)) == 1:
        values = values[:1]
    more = "…" if len(values) > MOST_VALUES else ""
    text = FIGURE_SPACE.join(_number(value) for value in values[:MOST_VALUES])
    return " ".join(filter(None, ((text + more).rjust(VALUE_DIGITS, FIGURE_SPACE), unit)))


def _number(value: float) -> str:
    """A value in the room of its digits."""
    if isinstance(value, int):
        return _padded(value, 3)
    return f"{value:.6g}"
