"""The queue as a part of the window: it is read, followed while images are worked on, walked through, made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QRect, QTimer, Signal
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import QWidget

from labeltool.core.geometry import Box
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import ImageRecord
from labeltool.ui.annotate import Annotate
from labeltool.ui.canvas.frame import paint_frame
from labeltool.ui.canvas.viewport import Viewport
from labeltool.ui.dialogs.failure import explain
from labeltool.ui.long_work import LongWork
from labeltool.ui.panels.pictures import Pictures
from labeltool.ui.part import Panel, Part
from labeltool.ui.queue.followed import FollowedQueue
from labeltool.ui.queue.panel import QueuePanel
from labeltool.ui.queue.walk import entry_of, following
from labeltool.ui.queue.words import Entry, how_far, how_long_is_known, how_made, model_name, notes

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.choices import Ranking
    from labeltool.app.models import Model
    from labeltool.app.queue import Queue
    from labeltool.app.workbench import Workbench

translate = QCoreApplication.translate

NAME = "queue"
LEAST_SHARE, TAKEN_SHARE = 0.7, 0.9
"""A region is what is worked on: it takes most of the canvas."""


class QueuePart(Part):
    """Shows the queue, leads through it, and makes it anew."""

    model_shown = Signal()
    """Another model would rank now."""
    ranked = Signal()
    """There is a new queue to be seen."""

    def __init__(
        self,
        annotate: Annotate,
        work: LongWork,
        pictures: Pictures,
        model: Callable[[], Model | None],
        on_canvas: Callable[[], bool],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._annotate, self._work, self._window = annotate, work, window
        self._model, self._on_canvas = model, on_canvas
        self._bench: Workbench | None = None
        self._at: int | None = None
        """The entry that was gone to last, from which "next" counts."""
        self._followed = FollowedQueue(self)
        self._followed.failed.connect(self.failed)
        self._followed.taken.connect(self._taken)
        self._followed.entry_changed.connect(self._show_entry)
        self._followed.counted.connect(self._show_far)
        self._followed.decided.connect(self._decided)
        self._panel = QueuePanel(pictures, window)
        self._panel.chosen.connect(self._choose)
        self._panel.rank_asked.connect(self.ask)
        self._panel.seen.connect(self._followed.renew)
        annotate.canvas.set_float(NAME, self._paint_region)

    @property
    def panel(self) -> Panel:
        """The list."""
        return Panel(NAME, self.tr("Queue"), self._panel)

    def take_actions(self, actions: Mapping[str, QAction]) -> None:
        """For the buttons of the panel."""
        self._panel.take_actions(actions)

    def runs(self) -> Mapping[str, Callable[[], object]]:
        """What the actions do."""
        return {
            "next_suggestion": partial(self.walk, 1),
            "previous_suggestion": partial(self.walk, -1),
            "rank": self.ask,
        }

    def has(self) -> Mapping[str, bool]:
        """Whether there is something to go to, and a canvas in sight to show it on."""
        return {"suggestion": self._on_canvas() and self._followed.is_left}

    @property
    def _entries(self) -> list[Entry]:
        return self._followed.entries

    # ---- the project

    def attach(self, bench: Workbench | None) -> None:
        """The queue of this project from now on."""
        self._bench, self._at = bench, None
        self._followed.attach(bench)
        self._show()
        if bench is not None:
            bench.image_opened.connect(self._image_opened)

    def show_model(self) -> None:
        """Another model is chosen in the top bar, or it is known now."""
        self._show_far()
        self.model_shown.emit()

    def _taken(self, another: bool) -> None:
        if another:
            self._at = None
        self._show()
        self._image_opened(self._annotate.image)

    def _decided(self, image_id: str) -> None:
        """Go on where that is wanted, once everybody has heard of the decision."""
        if self._panel.goes_on and self._is_at_hand(image_id):
            QTimer.singleShot(0, self, partial(self._go_on, image_id))

    # ---- what is shown

    def _show(self) -> None:
        reading, queue = self._followed.reading, self._followed.queue
        if reading is None or queue is None or not self._entries:
            self._panel.show_empty(self._why_empty(), can_rank=self._can_rank)
        else:
            self._panel.show_entries(self._entries)
            self._panel.show_made(
                how_made(queue, reading.strategy),
                how_long_is_known(queue.measured),
                notes(queue, self._names),
            )
            self._show_far()
        self._annotate.canvas.update()
        self.changed.emit()

    def _show_entry(self, index: int) -> None:
        self._panel.list.rows.renew(index, self._entries[index])

    def _show_far(self) -> None:
        queue = self._followed.queue
        if queue is not None and self._entries:
            self._panel.show_far(how_far(self._entries))
            self._panel.show_hint(self._why_again(queue), can_rank=self._can_rank)
            self.changed.emit()

    @property
    def _names(self) -> dict[str, str]:
        """Of all images, by id."""
        return (
            {} if self._bench is None else {record.id: record.name for record in self._bench.store.images()}
        )

    @property
    def _can_rank(self) -> bool:
        return self._bench is not None and self._bench.editable and bool(self._bench.store.images())

    def _why_again(self, queue: Queue) -> str:
        if not self._followed.is_left:
            return self.tr("Nothing is left to do here.")
        model, reading = self._model(), self._followed.reading
        if model is None or reading is None or not reading.asks or queue.model == model.key:
            return ""
        text = self.tr("Ranked by {old}; {new} pre-labels now.")
        if not queue.model:
            text = self.tr("Ranked without a model; {new} pre-labels now.")
        elif model_name(queue.model) == model.card.name:
            text = self.tr("Ranked by another version of {new}.")
        return text.format(old=model_name(queue.model), new=model.card.name)

    def _why_empty(self) -> str:
        bench, reading = self._bench, self._followed.reading
        if bench is None or reading is None:
            return ""
        if not bench.store.images():
            return self.tr("No images yet. File, Add images… or drop files here.")
        lines = [self.tr("Which images to label next, and why, is not ranked yet.")]
        if reading.problem is not None:
            lines = [self.tr("The queue of this project cannot be read."), explain(reading.problem)]
        elif reading.queue is not None:
            lines = [self.tr("There was nothing to suggest."), notes(reading.queue, self._names).full]
        if not bench.editable:
            lines.append(self.tr("The project is open for reading only, so nothing can be ranked."))
        return "\n".join(filter(None, lines))

    # ---- walking

    def walk(self, by: int) -> None:
        """Go to the next (+1) or previous (-1) entry that is not done."""
        if self._annotate.canvas.busy:
            text = translate("ImageActions", "Finish what you are drawing first (Enter), or drop it (Esc)")
            self.told.emit(text)
            return
        index = following(self._entries, self._at, by)
        if index is not None:
            self._choose(index)
        elif self._followed.is_left:
            self.told.emit(self.tr("This is the last suggestion that is not done"))
        else:
            self.told.emit(self.tr("All suggestions are done; rank again for others"))

    def _choose(self, index: int) -> None:
        """Open the image of an entry, and go to its region."""
        entry = self._entries[index]
        if self._bench is None or entry.record is None:
            self._panel.list.choose(self._at)
            self.told.emit(self.tr("The image is not in the project any more"))
            return
        self._at = index
        self._panel.list.choose(index)
        suggestion = entry.suggestion
        if suggestion.box is not None:
            self._annotate.go_to(suggestion.image, suggestion.box, LEAST_SHARE, TAKEN_SHARE)
        elif suggestion.image != self._bench.wanted:
            self._bench.step(1, self._route(self._bench, index))
        self._annotate.canvas.update()
        self._annotate.canvas.setFocus()
        text = self.tr("Suggestion {n} of {count}: {why}")
        self.told.emit(text.format(n=index + 1, count=len(self._entries), why=suggestion.why))

    def _route(self, bench: Workbench, index: int) -> list[ImageRecord]:
        """From the image at hand to that of an entry and on: what comes after it is decoded ahead."""
        after = following(self._entries, index, 1)
        entries = [self._entries[each] for each in (index, after) if each is not None]
        ids = [bench.wanted, *(entry.suggestion.image for entry in entries)]
        return [bench.store.image(image_id) for image_id in ids if image_id]

    def _image_opened(self, image: OpenImage | None) -> None:
        """However an image was opened: where it is in the queue, that is where one is."""
        if image is None:
            return
        if not self._entries:
            self._show()  # it may be the first that there is
        elif not self._is_at_hand(image.record.id):
            index = entry_of(self._entries, image.record.id)
            self._at = self._at if index is None else index
            self._panel.list.choose(index)
        else:
            self._panel.list.choose(self._at)
        self._annotate.canvas.update()

    def _is_at_hand(self, image_id: str) -> bool:
        """Whether the suggestion that was gone to last is of this image."""
        return self._at is not None and self._entries[self._at].suggestion.image == image_id

    def _go_on(self, image_id: str) -> None:
        image, bench = self._annotate.image, self._bench
        if bench is None or image is None or image.record.id != image_id or not self._is_at_hand(image_id):
            return
        self.walk(1)
        record = image.record

        def done(pixels: Mapping[int, int]) -> None:
            unlabelled = 1 - sum(pixels.values()) / record.size.pixels
            if unlabelled > 0:  # which is said over the image, and that has been left
                text = self.tr("{percent} % of {name} is unlabelled, and it is settled now")
                self.told.emit(text.format(percent=f"{max(0.1, 100 * unlabelled):.1f}", name=record.name))

        # Whether its drive answers or not, and whatever it says: the decision is written.
        bench.lanes.submit(
            "io",
            "unlabelled",
            lambda *_: bench.store.class_pixels(record.id),
            done=done,
            failed=lambda _: None,
            quiet=True,
        )

    @property
    def _region(self) -> Box | None:
        """What is to be framed in the image at hand."""
        image = self._annotate.image
        if image is None or self._at is None or not self._is_at_hand(image.record.id):
            return None
        return self._entries[self._at].suggestion.box

    def _paint_region(self, painter: QPainter, view: Viewport, dirty: QRect) -> None:
        box = self._region
        if box is not None:
            paint_frame(painter, view, box)

    # ---- ranking

    def ask(self) -> None:
        """Ask how to rank."""
        from labeltool.ui.queue.dialog import RankDialog  # noqa: PLC0415

        if self._bench is not None:
            dialog = RankDialog(self._bench, self._model, self._window)
            dialog.decided.connect(self._rank)
            self.model_shown.connect(dialog.look)
            dialog.open()

    def _rank(self, strategy: str, options: Ranking) -> None:
        bench, model = self._bench, self._model()
        if bench is None:
            return

        def work(cancel: CancelToken, progress: Progress) -> Queue:
            from labeltool.app.queue import rank  # noqa: PLC0415
            from labeltool.ui.dialogs.formats import saved_first  # noqa: PLC0415

            saved_first(bench.saver)
            return rank(bench.store, model, strategy, options, progress=progress, cancel=cancel)

        def done(queue: Queue) -> None:
            bench.renew_layer()  # the image at hand may have a prediction now
            self._followed.renew(again=True)
            self.ranked.emit()
            self.told.emit(self.tr("Suggestions: {n}").format(n=len(queue.suggestions)))

        self._work.run(bench.lanes, "model", self.tr("Ranking"), work, done)
