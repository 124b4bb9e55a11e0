"""Where the user has looked: the time each part of the image at hand is on the screen, and what is left to look at."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from labeltool.core.geometry import Box, Size
from labeltool.core.looked import Looked
from labeltool.core.progress import CancelToken, Progress
from labeltool.ui.annotate import Annotate
from labeltool.ui.canvas.layers import Layer
from labeltool.ui.canvas.veil import veil
from labeltool.ui.part import Part

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.workbench import Workbench

LAYER = "unlooked"
TICK_MS = 500
KEPT_EVERY_S = 60.0
PAUSE_S = 10.0
"""Of a view that nobody changes no more is counted: who is still there moves the mouse."""
WRITTEN_S = 5.0
"""How long somebody waits for what was seen to be written."""
ROOM_PX = 40
"""What is left free around a place that is gone to."""
LOWEST, HIGHEST = 1.0, 2.0
"""Pixels of the screen to one of the image, between which a place is gone to."""


class _Seen(NamedTuple):
    """What is on the screen, how large, and since when."""

    box: Box
    zoom: float
    since_s: float


class Looking(Part):
    """Follows the canvas. What was seen is written down when an image is left, and once a minute."""

    share_changed = Signal()
    """Another share of the image at hand has been looked at."""

    def __init__(self, annotate: Annotate, parent: QObject) -> None:
        super().__init__(parent)
        self._annotate, self._canvas = annotate, annotate.canvas
        self._bench: Workbench | None = None
        self._image = ""  # the id of the image that is followed
        self._looked: Looked | None = None
        """All of it, or None until what was written down before has been read."""
        self._new: Looked | None = None
        """What is not written down yet."""
        self._seen: _Seen | None = None
        self._kept_s = self._moved_s = 0.0
        self._area: Box | None = None
        self._writing: list[Future[None]] = []
        self._ticks = QTimer(self, interval=TICK_MS)
        self._ticks.timeout.connect(self.count)
        self._canvas.view_changed.connect(self._moved)
        self._canvas.pointed.connect(self._moved)

    def runs(self) -> dict[str, Callable[[], object]]:
        """What the actions do."""
        return {"next_unlooked": self.go_on}

    def attach(self, bench: Workbench | None) -> None:
        """The images of this workbench from now on; after whatever shows them is attached."""
        self._bench = None  # nothing more is written into the one before
        self._follow(None)
        self._bench = bench
        if bench is not None:
            bench.image_opening.connect(lambda _: self.keep())
            bench.image_opened.connect(self._follow)

    @property
    def share(self) -> float | None:
        """The share of the image at hand that somebody has looked at; None while that is not known."""
        return None if self._looked is None else self._looked.share

    # ---- counting

    def _follow(self, image: OpenImage | None) -> None:
        self.keep()
        self._image, self._looked, self._new, self._seen, self._area = "", None, None, None, None
        bench = self._bench
        if image is None or bench is None:
            self._ticks.stop()
            self.share_changed.emit()
            return
        record, writing = image.record, list(self._writing)
        self._image, self._new = record.id, Looked(record.size)
        self._kept_s = self._moved_s = time.monotonic()
        self._look()
        self._ticks.start()

        def work(cancel: CancelToken, progress: Progress) -> Looked:
            from labeltool.app.provenance import looked  # noqa: PLC0415

            wait(writing, WRITTEN_S)  # perhaps of this very image, which was left a moment ago
            return looked(bench.store, record)

        def done(found: Looked | None) -> None:
            if self._image == record.id and self._new is not None:
                self._looked = Looked(record.size) if found is None else found
                self._looked += self._new
                never = veil(lambda: (self._looked or Looked(record.size)).never)
                self._canvas.set_layer(LAYER, Layer(record.size, never))
                self._annotate.apply()
                self.share_changed.emit()

        bench.lanes.submit(
            "ahead", "looked", work, done=done, failed=lambda _: done(None), title="Looked at", quiet=True
        )

    def _moved(self) -> None:
        """Somebody is there."""
        self.count()
        self._moved_s = time.monotonic()

    def count(self) -> None:
        """Count what has been on the screen since this was last called."""
        if self._new is None:
            return
        now, seen = time.monotonic(), self._seen
        if seen is not None:
            until_s = min(now, self._moved_s + PAUSE_S)
            self._add(seen.box, seen.zoom, until_s - seen.since_s)
        self._look()
        if now - self._kept_s > KEPT_EVERY_S:
            self._write_down()

    def _add(self, box: Box, zoom: float, seconds: float) -> None:
        assert self._new is not None
        self._new.add(box, zoom, seconds)
        if self._looked is None:
            return
        before = self._looked.never
        self._looked.add(box, zoom, seconds)
        if (before != self._looked.never).any():
            self._annotate.redraw(LAYER)
            self.share_changed.emit()

    def _look(self) -> None:
        """What is on the screen from now on: nothing, while the window is behind another or shows something else."""
        canvas, image = self._canvas, self._annotate.image
        there = image is not None and image.record.id == self._image
        at_front = QApplication.applicationState() == Qt.ApplicationState.ApplicationActive
        if there and canvas.isVisible() and at_front and QApplication.activeModalWidget() is None:
            view = canvas.what_is_seen()
            if view.visible is not None:
                zoom = view.zoom * canvas.devicePixelRatioF()
                self._seen = _Seen(view.visible, zoom, time.monotonic())
                return
        self._seen = None

    # ---- writing down

    def keep(self) -> None:
        """Write down what was seen of the image at hand; it is about to be left."""
        self.count()
        self._write_down()
        self._seen = None

    def close(self) -> None:
        """The project is about to be closed: wait until that is written."""
        self.keep()
        failing = self._bench is not None and self._bench.saver.error is not None
        wait(self._writing, 0 if failing else WRITTEN_S)  # what fails already is not waited for

    def _write_down(self) -> None:
        bench, new, image_id = self._bench, self._new, self._image
        self._kept_s = time.monotonic()
        if bench is None or new is None or not bench.editable or not new.seconds.any():
            return
        self._new = Looked(new.size)

        def work() -> bool:
            from labeltool.app.provenance import keep_looked  # noqa: PLC0415

            return keep_looked(bench.store, image_id, new)

        self._writing = [each for each in self._writing if not each.done()]
        self._writing.append(bench.unasked.write(image_id, work))

    # ---- going there

    def go_on(self) -> None:
        """Bring the next part that nobody has looked at to the screen, as large as it takes to judge it."""
        self.count()
        if self._looked is None:
            return
        canvas, ratio = self._canvas, self._canvas.devicePixelRatioF()
        zoom = min(HIGHEST, max(LOWEST, canvas.view.zoom * ratio)) / ratio
        width, height = canvas.compare.room(canvas.width()), canvas.height()
        room = Size(int((width - ROOM_PX) / zoom), int((height - ROOM_PX) / zoom))
        self._area = box = self._looked.next_area(room, self._area)
        if box is None:
            self.told.emit(self.tr("Somebody has looked at all of this image"))
            return
        if canvas.view.zoom != zoom:
            canvas.zoom_to(zoom)
        canvas.centre_on((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
