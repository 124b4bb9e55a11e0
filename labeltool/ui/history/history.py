"""The history of the image at hand in the window: its list, its replay over the canvas, the way back to a revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from labeltool.core.change import Change
from labeltool.ui.annotate import Annotate
from labeltool.ui.canvas.frame import paint_frame
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.dialogs.failure import as_failure, explain
from labeltool.ui.history import words
from labeltool.ui.history.band import Band
from labeltool.ui.history.folding import Row
from labeltool.ui.history.panel import HistoryPanel
from labeltool.ui.history.player import Frame, Player
from labeltool.ui.history.reader import NOTHING, Read, Reader
from labeltool.ui.history.restoring import restore
from labeltool.ui.part import Panel, Part

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench

NAME = "history"
NO_KEYS, KEYPAD = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class History(Part):
    """While a revision of then is shown nothing can be drawn; whatever changes the mask brings now back."""

    def __init__(
        self, annotate: Annotate, options: QWidget, bring: Callable[[], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._annotate, self._canvas, self._bring = annotate, annotate.canvas, bring
        self._bench: Workbench | None = None
        self._disconnect: Callable[[], None] = lambda: None
        self._read = NOTHING
        self._frame: Frame | None = None
        self._hidden_mask = False
        """Whether the mask was hidden before the replay showed it."""
        self._widget = HistoryPanel()
        self._band = Band(options)
        self._player = Player(self)
        self._reader = Reader(annotate, self)
        self._connect()

    def _connect(self) -> None:
        panel, player = self._widget, self._player
        panel.seen.connect(self._seen)
        self._reader.read.connect(self._show)
        self._reader.failed.connect(self._read_failed)
        panel.list.chosen.connect(self._choose)
        panel.revision_asked.connect(self._go)
        panel.play_asked.connect(self._play)
        panel.restore_asked.connect(self._restore)
        panel.now_asked.connect(self.back)
        self._band.left.connect(self.back)
        player.arrived.connect(self._show_frame)
        player.playing_changed.connect(self._playing_changed)
        player.failed.connect(self._replay_failed)
        self._canvas.claims.append(self._claim)
        self._canvas.installEventFilter(self)
        panel.list.installEventFilter(self)

    @property
    def panel(self) -> Panel:
        """A tab beside the images."""
        return Panel(NAME, self.tr("History"), self._widget)

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """What its action does."""
        return {NAME: self._come}

    def has(self) -> Mapping[str, bool]:
        """While then is shown nothing that changes the image applies."""
        return dict.fromkeys(("undo", "redo", "edit_image"), False) if self._frame is not None else {}

    def _come(self) -> None:
        """Bring the panel, with the keys in its list."""
        self._bring()
        self._widget.list.setFocus()

    # ---- the list

    def attach(self, bench: Workbench | None) -> None:
        """The images of this project from now on."""
        self.back()
        self._bench = bench
        self._reader.attach(bench)
        self._follow(None)
        self._widget.set_read_only(bench is not None and not bench.editable)
        if bench is not None:
            bench.image_opening.connect(lambda _: self.back())
            bench.image_opened.connect(self._follow)

    def _follow(self, image: OpenImage | None) -> None:
        self.back()
        self._disconnect()
        self._disconnect = lambda: None
        if image is not None:
            self._disconnect = image.session.changed.connect(self._mask_changed)
        self._show(NOTHING)
        self._reader.renew()

    def _seen(self, in_sight: bool) -> None:
        if not in_sight:
            self.back()
        self._reader.set_in_sight(in_sight)

    def _show(self, read: Read) -> None:
        self._read = read
        self._widget.show_rows(read.rows, read.newest, self._why_empty())

    def _read_failed(self, error: Exception) -> None:
        self._read = NOTHING
        self._widget.show_rows([], 0, explain(as_failure(error)))

    def _why_empty(self) -> str:
        if self._annotate.image is None:
            return self.tr("Open an image to see what was done to it.")
        return self.tr(
            "Nothing was done to this image yet.\n"
            "Strokes, pre-labels, imports, decisions and comments are listed here, newest first."
        )

    # ---- then

    def _choose(self, row: Row) -> None:
        self._player.pause()
        self._ask(row.last.revision, row.first.since)

    def _go(self, revision: int) -> None:
        self._player.pause()
        self._ask(revision, max(0, revision - 1))

    def _step(self, by: int) -> None:
        at = self._player.revision
        if at is not None:
            self._go(max(0, min(self._read.newest, at + by)))

    def _ask(self, revision: int, since: int) -> None:
        bench, image = self._bench, self._annotate.image
        if bench is not None and image is not None and self._may_begin():
            self._player.show(bench, image.record.id, revision, since)

    def _play(self) -> None:
        bench, image = self._bench, self._annotate.image
        if self._player.playing:
            self._player.pause()
        elif bench is not None and image is not None and self._may_begin():
            self._player.play(bench, image.record.id, self._read.newest)

    def _may_begin(self) -> bool:
        """Not while something is drawn that would be lost."""
        if not self._canvas.busy:
            return True
        self._widget.show_revision(self._player.revision)
        self.told.emit(self.tr("Finish what you are drawing first (Enter), or drop it (Esc)"))
        return False

    def _show_frame(self, frame: Frame) -> None:
        """A revision has come."""
        image = self._annotate.image
        if image is None or self._canvas.busy or image.session.painting:
            self.back()  # somebody has begun to draw before it came
            return
        begins = self._frame is None
        self._frame = frame
        if begins:
            self._hidden_mask = not self._annotate.shown.mask
            self._canvas.cancel_gesture()
            self._annotate.show_then(frame.replay.mask)
            if self._hidden_mask:
                self._annotate.switch("mask", True)
            self.changed.emit()
        elif frame.patch:
            patch = frame.patch
            self._annotate.redraw_changed(
                Change(patch.box(frame.replay.mask.size), frame.revision, patch.touched)
            )
        self._canvas.set_float(NAME, self._paint_changed)
        if not self._player.playing:
            self._bring_into_sight(frame)
        self._band.say(self._band_text(frame))
        self._widget.show_revision(frame.revision)

    def _band_text(self, frame: Frame) -> str:
        count, revision, changed = self._read.newest, frame.revision, frame.changed.pixels
        text = self.tr("As it was before anything was done: revision {n} of {count}")
        if 0 < revision <= count:
            text = self.tr("As it was on {when}: revision {n} of {count}")
        when = words.short_time(self._read.times_s[revision - 1]) if 0 < revision <= count else ""
        text = text.format(when=when, n=f"{revision:,}", count=f"{count:,}")
        said = bool(changed) and not self._player.hurries
        return text + (self.tr(" · {n} px changed").format(n=f"{changed:,}") if said else "")

    def _bring_into_sight(self, frame: Frame) -> None:
        """What has changed, where none of it is on the screen."""
        box, seen = frame.changed.box, self._canvas.what_is_seen().visible
        if seen is not None and not box.is_empty and seen.intersect(box).is_empty:
            self._canvas.centre_on((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)

    def _paint_changed(self, painter: QPainter, view: Viewport, dirty: QRect) -> None:
        if self._frame is not None and not self._frame.changed.box.is_empty and not self._player.hurries:
            paint_frame(painter, view, self._frame.changed.box)

    def _playing_changed(self, playing: bool) -> None:
        self._widget.show_playing(playing)
        if self._frame is not None and not playing:
            self._band.say(self._band_text(self._frame))
            self._canvas.update()

    def _replay_failed(self, error: Exception) -> None:
        self.back()
        self.failed.emit(as_failure(error))

    def back(self) -> None:
        """Show the mask of now, on which one can draw."""
        self._player.stop()
        if self._frame is None:
            return
        self._frame = None
        self._canvas.set_float(NAME, None)
        self._band.say("")
        self._annotate.show_then(None)
        if self._hidden_mask:
            self._annotate.switch("mask", False)
        self._widget.show_revision(None)
        self.changed.emit()

    def _mask_changed(self, change: Change) -> None:
        """By a pre-label that has come, for example."""
        if self._frame is not None and not change.box.is_empty:
            self.back()
            self.told.emit(self.tr("The mask has changed: back to now"))

    # ---- the keys and the mouse while then is shown

    def _claim(self, x: float, y: float) -> bool:
        """A press on the canvas would draw."""
        if self._frame is not None:
            self.told.emit(self.tr("This is the mask as it was. Esc goes back to now, to paint"))
        return self._frame is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the canvas and of the list."""
        if isinstance(event, QKeyEvent) and event.modifiers() in (NO_KEYS, KEYPAD):
            run = self._run_of(Qt.Key(event.key()), watched is self._widget.list)
            if run is not None and event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # before it becomes a shortcut
                return True
            if run is not None and event.type() == QEvent.Type.KeyPress:
                run()
                return True
        return super().eventFilter(watched, event)

    def _run_of(self, key: Qt.Key, in_list: bool) -> Callable[[], object] | None:
        """What a key does: the arrows go from revision to revision, Esc goes back to now, or out of the list."""
        if not self._player.active:
            return self._canvas.setFocus if in_list and key == Qt.Key.Key_Escape else None
        if key in STEPS:
            return partial(self._step, STEPS[key])
        return self.back if key == Qt.Key.Key_Escape else None

    # ---- the way back

    def _restore(self) -> None:
        """Make the mask what is shown."""
        bench, image, revision = self._bench, self._annotate.image, self._player.revision
        if bench is None or image is None or revision is None or not bench.editable:
            return
        self._player.pause()

        def done(changed: bool) -> None:
            self.back()
            text = self.tr("Revision {n} is restored; undo takes that back")
            if not changed:
                text = self.tr("The mask is as it was at revision {n} already")
            self.told.emit(text.format(n=revision))

        restore(bench, image, revision, done, self.failed.emit)
