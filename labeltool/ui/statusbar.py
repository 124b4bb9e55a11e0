"""The status bar: what is saved, what lies under the pointer, the zoom, and the work in progress."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from labeltool.app.saving import SaveState
from labeltool.core.catalog import ClassCatalog
from labeltool.core.progress import TimeLeft
from labeltool.core.provenance import Origin
from labeltool.ui import theme
from labeltool.ui.annotate import Readout


class StatusBar(QStatusBar):
    """Shows; it knows of nothing."""

    cancel_asked = Signal()
    retry_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._saved = QLabel()
        self._saved.setObjectName("status.saved")
        self._saved.setMinimumWidth(130)
        self._retry = QToolButton()
        self._retry.setObjectName("status.retry")
        self._retry.setText(self.tr("Try again"))
        self._retry.hide()
        self._pointer = QLabel()
        self._pointer.setObjectName("status.pointer")
        self._zoom = QLabel()
        self._zoom.setObjectName("status.zoom")
        self._zoom.setMinimumWidth(64)
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._note = QLabel()
        self._note.setObjectName("status.note")
        self._note_ends = QTimer(self, singleShot=True)
        self._note_ends.timeout.connect(self._note.clear)
        self._work = QLabel()
        self._work.setObjectName("status.work")
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
        self.addWidget(self._saved)
        self.addWidget(self._retry)
        self.addWidget(self._pointer, 1)
        for widget in (self._note, self._work, self._bar, self._cancel, self._zoom):
            self.addPermanentWidget(widget)
        self._cancel.clicked.connect(self.cancel_asked)
        self._retry.clicked.connect(self.retry_asked)
        self._left: TimeLeft | None = None
        self.show_work(None)

    def show_saved(self, state: SaveState | None, revision: int) -> None:
        """What of the image at hand survives anything: "saved r12", "saving…", or why not."""
        self._retry.setVisible(bool(state and state.error))
        if state is None:
            self._saved.clear()
        elif state.error is not None:
            self._saved.setText(
                "<span style='color:#ff6b6b'>"
                + self.tr("not saved: {reason}").format(reason=state.error.message)
                + "</span>"
            )
            self._saved.setToolTip(str(state.error))
        elif state.saved < revision or state.waiting:
            self._saved.setText(self.tr("saving…"))
        else:
            self._saved.setText(self.tr("saved r{revision}").format(revision=state.saved))
            self._saved.setToolTip(self.tr("Everything up to here survives a crash and a power cut"))

    def show_readout(self, readout: Readout | None, catalog: ClassCatalog | None) -> None:
        """Position, pixel value, class, origin and confidence."""
        if readout is None or catalog is None:
            self._pointer.clear()
            return
        origins = {
            Origin.NOBODY: self.tr("unlabelled"),
            Origin.MODEL: self.tr("model"),
            Origin.HUMAN: self.tr("human"),
            Origin.IMPORTED: self.tr("imported"),
            Origin.REVIEWER: self.tr("reviewer"),
        }
        found = catalog.by_value(readout.label)
        name = found.name if found is not None else self.tr("ignore")
        r, g, b = readout.rgb
        value = f"{r}" if r == g == b else f"{r} {g} {b}"
        parts = [f"x {readout.x}  y {readout.y}", value]
        parts += (
            [origins[readout.origin]] if readout.origin is Origin.NOBODY else [name, origins[readout.origin]]
        )
        if readout.confidence is not None:
            parts.append(self.tr("confidence {percent} %").format(percent=round(100 * readout.confidence)))
        self._pointer.setText("    ".join(parts))

    def tell(self, text: str, seconds: float) -> None:
        """Say something for a while; Qt's own messages would hide what is saved."""
        self._note.setText(text)
        self._note_ends.start(round(1000 * seconds))

    def show_zoom(self, zoom: float | None) -> None:
        """The zoom in per cent."""
        self._zoom.setText(
            "" if zoom is None else f"{100 * zoom:.0f} %" if zoom >= 0.1 else f"{100 * zoom:.1f} %"
        )

    def show_work(self, title: str | None) -> None:
        """Long work begins, or ends with None."""
        self._left = TimeLeft() if title else None
        self._work.setText(title or "")
        self._bar.setRange(0, 0 if title else 1000)
        self._cancel.setEnabled(True)
        for widget in (self._work, self._bar, self._cancel):
            widget.setVisible(title is not None)

    def show_progress(self, title: str, done: float, total: float) -> None:
        """How far it is, and the time left."""
        if self._left is None:
            self.show_work(title)
        assert self._left is not None
        self._bar.setRange(0, 1000)
        self._bar.setValue(round(1000 * done / total) if total else 0)
        seconds = self._left.seconds(done, total)
        parts = [title]
        if total > 1:
            parts.append(self.tr("{done} of {total}").format(done=int(done), total=int(total)))
        if seconds is not None:
            parts.append(self._time(seconds))
        self._work.setText(" · ".join(parts))

    def show_cancelling(self) -> None:
        """The cancel was heard."""
        self._cancel.setEnabled(False)
        self._work.setText(self.tr("Cancelling…"))

    def _time(self, seconds: float) -> str:
        if seconds < 60:
            return self.tr("{n} s left").format(n=max(1, round(seconds)))
        return self.tr("{n} min left").format(n=round(seconds / 60))
