"""Comments from the window: pinned to a place, answered, resolved and reopened; listed and walked through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QAction, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from labeltool.core.errors import CancelledError
from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken, Progress
from labeltool.ui.annotate import Annotate
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.dialogs.failure import as_failure
from labeltool.ui.part import Panel, Part
from labeltool.ui.people import threads
from labeltool.ui.people.card import Place, ThreadCard
from labeltool.ui.people.comment_rows import Row, when_and_who
from labeltool.ui.people.comments_panel import PROJECT, CommentsPanel
from labeltool.ui.people.pins import Pin, Pins, paint_bubble
from labeltool.ui.people.writing import write

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.people.comments import Thread
    from labeltool.app.workbench import Workbench

AROUND_PX = 64
"""Of the image, to each side of a comment: so much is looked at with it."""
FLOAT = "comments"


class Commenting(Part):
    """Follows the image at hand: its threads are pins on the canvas and rows of the panel."""

    def __init__(self, annotate: Annotate, window: QWidget) -> None:
        super().__init__(window)
        self._annotate, self._canvas = annotate, annotate.canvas
        self._bench: Workbench | None = None
        self._threads: list[Thread] = []
        self._project: list[Row] = []
        self._pins = Pins()
        self._unsent: dict[tuple[str, int], str] = {}
        """What was written and not sent, by image and thread."""
        self._sending: set[tuple[Place, str]] = set()
        """What was sent and is not written yet: to send it again is not to say it twice."""
        self._wanted: tuple[str, int] | None = None
        """A thread whose image is on its way."""
        self._last = ("", 0)
        """The image and the thread that were looked at last, from which one walks on."""
        self._panel = CommentsPanel(window)
        self._card = ThreadCard(self._canvas)
        self._panel.scope_asked.connect(self._relist)
        self._panel.row_asked.connect(self._go_to)
        self._card.sent.connect(self._send)
        self._card.resolve_asked.connect(self._resolve)
        self._card.left.connect(self.close_card)
        self._card.moved.connect(self._place_card)
        self._canvas.installEventFilter(self)
        self._canvas.claims.append(self._claim)
        self._canvas.pointed.connect(self._pointed)
        self._canvas.view_changed.connect(self._place_card)
        self._canvas.set_float(FLOAT, self._paint)

    @property
    def panel(self) -> Panel:
        """See the base."""
        return Panel("comments", self.tr("Comments"), self._panel)

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """See the base."""
        return {
            "comment": self.comment,
            "next_comment": partial(self.walk, 1),
            "previous_comment": partial(self.walk, -1),
        }

    def take_actions(self, actions: Mapping[str, QAction]) -> None:
        """See the base."""
        self._panel.take_actions(actions)

    def has(self) -> Mapping[str, bool]:
        """Whether there is anything to walk through."""
        return {"comments": bool(self._panel.list.rows) and self._canvas.isVisible()}

    # ---- following

    def attach(self, bench: Workbench | None) -> None:
        """See the base."""
        self._bench, self._project = bench, []
        self._unsent.clear()
        self._sending.clear()
        self._panel.job.forget()
        self._panel.choose_scope("image")
        self._follow(None)
        if bench is not None:
            bench.image_opening.connect(lambda _: self._keep_unsent())
            bench.image_opened.connect(self._follow)

    def _follow(self, image: OpenImage | None) -> None:
        self.close_card(focus=False)
        self._pins.hovered = None
        self._show([])
        bench = self._bench
        if bench is None or image is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> list[Thread]:
            return threads.read(bench.store, image.record.id)

        def done(found: list[Thread]) -> None:
            if self._annotate.image is image:
                self._show(found)
                if self._wanted is not None and self._wanted[0] == image.record.id:
                    pin = self._pins.of(self._wanted[1])
                    self._wanted = None
                    if pin is not None:
                        self._open(pin)

        bench.lanes.submit("io", "comments", work, done=done, failed=self._fail, title="Comments", quiet=True)

    def _show(self, found: list[Thread]) -> None:
        """These are the threads of the image at hand."""
        self._threads = found
        self._pins.show(found)
        self._canvas.update()
        self._list()

    def _list(self) -> None:
        bench, image = self._bench, self._annotate.image
        editable = bench is not None and bench.editable
        rows = self._project
        if self._panel.scope != PROJECT:
            rows = [] if image is None else threads.rows_of(image.record, self._threads)
        self._panel.show_rows(rows, editable=editable)
        if image is not None:
            self._panel.list.mark(image.record.id, self._pins.chosen or 0)
        self.changed.emit()

    def _relist(self) -> None:
        """The panel is to list others."""
        bench, panel = self._bench, self._panel
        panel.job.cancel()
        if bench is None or panel.scope != PROJECT:
            self._list()
            return

        def work(cancel: CancelToken, progress: Progress) -> list[Row]:
            return threads.read_all(bench.store, cancel, progress)

        def done(found: list[Row]) -> None:
            self._project = found
            self._list()

        def failed(error: BaseException) -> None:
            panel.choose_scope("image")
            self._list()
            self._fail(error)

        self._project = []
        panel.job.run(bench.lanes, "all comments", work, done, failed, title=self.tr("Reading comments…"))
        self._list()

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self.failed.emit(as_failure(error))

    # ---- on the canvas

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc ends the reading, where nothing is being drawn that it would abandon."""
        key = event.key() if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if key == Qt.Key.Key_Escape and self._card.isVisible() and not self._canvas.drawing:
            self.close_card()
            return True
        return False

    def _paint(self, painter: QPainter, view: Viewport, dirty: QRect) -> None:
        self._pins.paint(painter, view, dirty)
        image, hovered = self._annotate.image, self._pins.hovered
        pin = None if hovered is None or hovered == self._pins.chosen else self._pins.of(hovered)
        if pin is not None and image is not None:
            row = Row(image.record, pin.number, pin.thread)
            said = f"{when_and_who(row)}\n{pin.thread.comments[0].text}"
            paint_bubble(painter, said, view.to_widget(pin.thread.x, pin.thread.y), self._canvas.rect())

    def _pointed(self) -> None:
        """The pointer has moved: perhaps over a pin."""
        at, pin = self._canvas.pointer, None
        if at is not None and not self._canvas.drawing and self._pins.pins:
            pin = self._pins.at(*self._canvas.image_to_widget(*at), self._canvas.view)
        hovered = None if pin is None else pin.thread.number
        if hovered != self._pins.hovered:
            self._pins.hovered = hovered
            self._canvas.update()

    def _claim(self, x: float, y: float) -> bool:
        """A press on a pin opens its thread; anywhere else it is the tool's, and ends the reading."""
        pin = self._pins.at(x, y, self._canvas.view)
        if pin is not None:
            self._open(pin)
        elif self._card.isVisible() and not self._card.unsent:
            self.close_card(focus=False)
        return pin is not None

    # ---- the card

    def comment(self) -> None:
        """Begin a comment under the pointer, or in the middle of what is seen; over a pin, an answer."""
        image, canvas = self._annotate.image, self._canvas
        if self._bench is None or not self._bench.editable or image is None or canvas.busy:
            return
        pin = None if self._pins.hovered is None else self._pins.of(self._pins.hovered)
        if pin is not None:
            self._open(pin)
        else:
            at, seen = canvas.pointer, canvas.what_is_seen().visible or image.record.size.box
            if at is None or not _inside(at, seen):
                at = (seen.x0 + seen.x1) / 2, (seen.y0 + seen.y1) / 2
            self._show_card(Place(image.record.id, *at))
        self._card.writer.setFocus()

    def _open(self, pin: Pin) -> None:
        image = self._annotate.image
        if image is not None:
            self._show_card(Place(image.record.id, pin.thread.x, pin.thread.y, pin.thread.number))

    def _show_card(self, place: Place) -> None:
        self._keep_unsent()
        self._last = place.image_id, place.thread
        self._pins.chosen, self._pins.draft = (
            place.thread or None,
            None if place.thread else (place.x, place.y),
        )
        self._renew_card(place)
        self._panel.list.mark(place.image_id, place.thread)
        self._canvas.update()

    def _renew_card(self, place: Place) -> None:
        pin = self._pins.of(place.thread)
        self._card.show_thread(
            place,
            0 if pin is None else pin.number,
            None if pin is None else pin.thread,
            editable=self._bench is not None and self._bench.editable,
            unsent=self._unsent.get((place.image_id, place.thread), ""),
        )
        self._place_card()

    def _place_card(self) -> None:
        place, canvas = self._card.place, self._canvas
        if place is not None and self._card.isVisible():
            self._card.put_beside(canvas.image_to_widget(place.x, place.y), canvas.rect())

    def _keep_unsent(self) -> None:
        """What is written and not sent is there again when the same thread is."""
        place = self._card.place
        if place is not None:
            self._unsent.pop((place.image_id, place.thread), None)
            if self._card.unsent:
                self._unsent[place.image_id, place.thread] = self._card.unsent

    def close_card(self, *, focus: bool = True) -> None:
        """Put it away, and give the keys back to the canvas."""
        self._keep_unsent()
        self._card.place = self._pins.chosen = self._pins.draft = None
        if focus:
            self._canvas.setFocus()
        self._card.hide()
        self._panel.list.mark("", 0)
        self._canvas.update()

    # ---- writing

    def _send(self, text: str) -> None:
        bench, place = self._bench, self._card.place
        if bench is None or place is None or (place, text) in self._sending:
            return
        self._sending.add((place, text))
        said = self.tr("The comment is written once the changes that wait are saved.")
        if bench.saver.error is not None:
            self.noted_of_image.emit(said)

        def done() -> None:
            self.outdated.emit(said)
            self._sending.discard((place, text))
            self._unsent.pop((place.image_id, place.thread), None)
            if self._card.place == place:
                self._card.sent_is_kept()
                self.close_card()

        def failed(error: BaseException) -> None:
            self._sending.discard((place, text))
            self._fail(error)

        self._write(bench, place, partial(threads.say, bench.store, place, text), done, failed)

    def _resolve(self, resolved: bool) -> None:
        bench, place = self._bench, self._card.place
        if bench is None or place is None:
            return

        def done() -> None:
            if self._card.place == place and resolved:
                self.close_card()

        self._write(bench, place, partial(threads.settle, bench.store, place, resolved), done, self._fail)

    def _write(
        self,
        bench: Workbench,
        place: Place,
        work: Callable[[], None],
        done: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        from labeltool.app.saving import Behind  # noqa: PLC0415

        def writing() -> list[Thread]:
            work()
            return threads.read(bench.store, place.image_id)

        def written(found: list[Thread]) -> None:
            self._changed(place.image_id, found)
            done()

        write(bench, Behind("comment", place.image_id), writing, written, failed)

    def _changed(self, image_id: str, found: list[Thread]) -> None:
        """An image has other threads now."""
        image, bench = self._annotate.image, self._bench
        if bench is not None and self._panel.scope == PROJECT:
            before = next((k for k, row in enumerate(self._project) if row.record.id == image_id), 0)
            others = [row for row in self._project if row.record.id != image_id]
            self._project = [
                *others[:before],
                *threads.rows_of(bench.store.image(image_id), found),
                *others[before:],
            ]
        if image is not None and image.record.id == image_id:
            self._show(found)
            if self._card.place is not None and self._card.isVisible():
                self._renew_card(self._card.place)
        else:
            self._list()

    # ---- going there

    def _go_to(self, row: Row) -> None:
        """Show the place of a thread, and what was said there."""
        x, y = round(row.thread.x), round(row.thread.y)
        box = Box(x - AROUND_PX, y - AROUND_PX, x + AROUND_PX, y + AROUND_PX).intersect(row.record.size.box)
        image = self._annotate.image
        self._wanted = None
        if image is not None and image.record.id == row.record.id:
            pin = self._pins.of(row.thread.number)
            if pin is not None:
                self._open(pin)
        else:
            self._wanted = row.record.id, row.thread.number
        self._annotate.go_to(row.record.id, box)

    def walk(self, by: int) -> None:
        """To the next (+1) or previous (-1) comment that the panel lists, round and round."""
        rows = self._panel.list.rows
        places = [(row.record.id, row.thread.number) for row in rows]
        at = places.index(self._last) if self._last in places else -1 if by > 0 else 0
        if rows:
            self._last = places[(at + by) % len(rows)]
            self._go_to(rows[(at + by) % len(rows)])
            self._panel.list.mark(*self._last)


def _inside(at: tuple[float, float], box: Box) -> bool:
    return box.x0 <= at[0] < box.x1 and box.y0 <= at[1] < box.y1
