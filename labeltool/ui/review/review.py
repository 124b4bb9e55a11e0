"""The workspace Review: what the annotation is held against, the walk through what differs, what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from labeltool.app.choices import Order
from labeltool.app.review.answering import Answering
from labeltool.app.review.figures import Figures, figures
from labeltool.app.review.label_errors import Suspicion
from labeltool.app.review.layers import Layer, beginning_with, kept_layers
from labeltool.app.review.listing import Entry, Filter, Listing, Rank, View
from labeltool.app.review.making import review
from labeltool.app.review.verdict import StaleError, Verdict
from labeltool.core.error_map import Kind
from labeltool.core.errors import CancelledError
from labeltool.core.progress import CancelToken, Progress
from labeltool.core.project import SPLITS, Status
from labeltool.store.comparisons import Comparisons
from labeltool.ui.action_set import ActionSet
from labeltool.ui.annotate import Annotate
from labeltool.ui.review.figures_panel import FiguresPanel
from labeltool.ui.review.hidden import hidden_text
from labeltool.ui.review.panel import SUSPICION, VERDICTS, ReviewPanel
from labeltool.ui.review.rows import what_text, why_text
from labeltool.ui.words import plural

if TYPE_CHECKING:
    from labeltool.app.at_hand import OpenImage
    from labeltool.app.saving import SaveState
    from labeltool.app.workbench import Workbench
    from labeltool.core.patch import Patch
    from labeltool.ui.long_work import LongWork
    from labeltool.ui.review.confusion import CellOf

WIDTH_PX = 400
LOW_PX = 900
"""In a window that is lower the panels lie one behind the other."""
SHARES = [500, 380]
"""Of the height where they lie one above the other: a matrix of few classes is seen whole."""
SOON_MS = 300
"""How long after a stroke has been saved its image is compared again."""
VERDICT_OF = dict(zip(VERDICTS, Verdict, strict=True))
Compared = tuple[Listing, Figures]


class Review(QObject):
    """Holds the annotation against a layer, in a job; walks through the list; says verdicts."""

    failed = Signal(Exception)
    told = Signal(str)
    walkable = Signal()
    """There may be something to walk through now, or nothing any more."""

    def __init__(self, annotate: Annotate, work: LongWork, actions: ActionSet, window: QMainWindow) -> None:
        super().__init__(window)
        self._annotate, self._work, self._actions = annotate, work, actions
        self._window, self._placed = window, False
        self._bench: Workbench | None = None
        self._cache: Comparisons | None = None
        self._layers: list[Layer] = []
        self._wanted = ""  # the layer that is to be shown next
        self._suspicion = Suspicion()
        self._listing: Listing | None = None
        self._view: View | None = None
        self._entry: Entry | None = None
        self._answering: Answering | None = None
        self._last: Rank | None = None
        self._left_out = ""  # what is said below the list of what filters hide
        self._in_sight = self._waits = False
        self._errors = False
        """Whether errors were shown before the workspace was."""
        self._disconnect: list[Callable[[], None]] = []
        self.panel = ReviewPanel(actions)
        self.figures = FiguresPanel()
        self.docks = [
            self._dock(window, "review", self.tr("Disagreements"), self.panel),
            self._dock(window, "figures", self.tr("Figures"), self.figures),
        ]
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._renew)
        work.ended.connect(self._work_ended)
        self.panel.layer_asked.connect(self._take_layer)
        self.panel.find_asked.connect(self._find_label_errors)
        self.panel.filtered.connect(self._relist)
        self.panel.cell_left.connect(self._leave_cell)
        self.panel.entry_asked.connect(self._go_to)
        self.figures.cell_asked.connect(self._take_cell)
        annotate.canvas.accepted.connect(
            actions["model_right"].trigger
        )  # which does nothing while it is disabled

    def _dock(self, window: QMainWindow, name: str, title: str, panel: QWidget) -> QDockWidget:
        dock = QDockWidget(title, window)
        dock.setObjectName(f"dock.{name}")
        dock.setWidget(panel)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock

    # ---- the project

    def attach(self, bench: Workbench | None) -> None:
        """The images of this workbench from now on; nothing is looked at before the workspace is seen."""
        for each in self._disconnect:
            each()
        self._bench = bench
        self._cache = None if bench is None else Comparisons(bench.store.root)
        self._layers, self._listing, self._entry, self._last = [], None, None, None
        self._answering, self._wanted, self._suspicion = None, "", Suspicion()
        self.panel.show_cell(None)
        self.figures.confusion.choose(None)
        self._show_listing(None)
        self._disconnect = []
        if bench is not None:
            self._disconnect = [
                bench.saved.connect(self._saved),
                bench.prediction_changed.connect(lambda _: self._soon.start()),
                bench.image_opened.connect(self._image_opened),
                bench.layers_changed.connect(lambda _: self._look_for_layers()),
            ]

    def set_in_sight(self, in_sight: bool) -> None:
        """The workspace is shown, or left."""
        if in_sight != self._in_sight:
            self._errors, shown = self._annotate.shown.error, self._errors
            self._annotate.switch("error", True if in_sight else shown)
        self._in_sight = in_sight
        if in_sight:
            self._place()
            self.compare()
        self._enable()

    def _place(self) -> None:
        """Give the panels their room when they are first seen; from then on it is the user's."""
        window = self._window
        if self._placed:
            return
        self._placed = True
        if window.height() < LOW_PX:
            window.tabifyDockWidget(*self.docks)
            self.docks[0].raise_()
        QTimer.singleShot(0, self, self._share_room)
        compare = self._annotate.canvas.compare
        if compare.right == "image":  # as it is before somebody has chosen
            self._annotate.set_compare(compare.mode, compare.left, "model")

    def _share_room(self) -> None:
        window, (width, height) = self._window, Qt.Orientation
        window.resizeDocks(self.docks, [WIDTH_PX] * len(self.docks), width)
        if window.height() >= LOW_PX:  # one above the other
            window.resizeDocks(self.docks, SHARES, height)

    def _look_for_layers(self) -> None:
        """There may be others than those that are listed."""
        self._layers = []
        if self._in_sight:
            self.compare()

    @property
    def can_walk(self) -> bool:
        """Whether there is anything to walk through."""
        return self._in_sight and self._view is not None and len(self._view) > 0

    def hold_against(self, layer: str) -> None:
        """Show this layer, which may be new, as soon as the workspace is in sight; an empty key means nothing."""
        if layer:
            self._wanted, self._layers = layer, []
            self._entry = self._last = None
            if self._in_sight:
                self.compare()

    def _find_label_errors(self) -> None:
        action = self._actions["label_errors"]
        if action.isEnabled():
            action.trigger()
        else:
            self.told.emit(f"{action.text().rstrip('…')}: {self._actions.reason('label_errors')}")

    def compare(self) -> None:
        """Hold the annotation against the chosen layer; only what has changed since is looked at again."""
        bench, cache = self._bench, self._cache
        if bench is None or cache is None:
            return
        if self._work.busy:
            self.panel.say(self.tr("Waiting until other work is done"))
            self._waits = True  # see _work_ended
            return
        records, wanted = bench.store.images(), self._wanted or self.panel.layer
        self.panel.say(self.tr("Comparing…"))
        if self._listing is None:  # whether there is nothing is not known yet
            self.panel.show_view(None, None, "")

        def work(cancel: CancelToken, progress: Progress) -> tuple[list[Layer], Compared | None]:
            layers = self._layers or kept_layers(bench.store, records, progress, cancel)
            keys = [each.key for each in layers]
            key = wanted if wanted in keys else beginning_with(bench.store, layers)
            if not key:
                return layers, None
            listing = review(bench.store, cache, records, key, progress=progress, cancel=cancel)
            return layers, (listing, figures(listing, cache))

        self._work.run(bench.lanes, "files", self.tr("Comparing"), work, self._compared)

    def _work_ended(self) -> None:
        """What the window was busy with is done."""
        waits, self._waits = self._waits, False
        if waits and self._in_sight:
            QTimer.singleShot(0, self, self.compare)  # once that work has told what came of it

    def _renew(self) -> None:
        """An image has changed: compare it again, without a word."""
        bench, cache, listing = self._bench, self._cache, self._listing
        if bench is None or cache is None or listing is None or not self._in_sight:
            return
        records, layer = bench.store.images(), listing.layer

        def work(cancel: CancelToken, _: Progress) -> Compared:
            found = review(bench.store, cache, records, layer, cancel=cancel)
            return found, figures(found, cache)

        def done(found: Compared) -> None:
            if self._listing is not None and self._listing.layer == layer:
                self._show_compared(found)

        bench.lanes.submit("tools", "review", work, done=done, failed=self._fail, quiet=True)

    def _compared(self, found: tuple[list[Layer], Compared | None]) -> None:
        self._layers, compared = found
        if compared is None:
            self.panel.show_layers([], "")
            self._show_listing(None)
            return
        shown = compared[0].layer
        if self._listing is None or self._listing.layer != shown:
            self._suspicion = Suspicion()
        self._wanted = "" if self._wanted == shown else self._wanted
        self.panel.show_layers(
            [(each.key, self._layer_text(each)) for each in self._layers],
            shown,
            suspicious=any(each.key == shown and each.is_out_of_fold for each in self._layers),
        )
        self._show_compared(compared)
        if self._bench is not None:
            self._answering = Answering(self._bench, compared[0].layer, self._said, self._refused)
            self._bench.show_layer(compared[0].layer, self.panel.earlier)
        for notice in compared[0].notices:
            self.told.emit(notice)

    def _show_compared(self, found: Compared) -> None:
        self._show_listing(found[0])
        self.figures.show_figures(found[1])

    def _layer_text(self, layer: Layer) -> str:
        what = self.tr("{name}'s reference") if layer.is_reference else "{name}"
        if layer.is_out_of_fold:
            what = self.tr("Label errors (out-of-fold)")
        images = plural(layer.images, self.tr("1 image"), self.tr("{n} images"))
        return f"{what.format(name=layer.name)}  ({images})"

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self.failed.emit(error)

    def _saved(self, state: SaveState) -> None:
        if self._in_sight and state.error is None:
            self._soon.start()

    # ---- the list

    def _take_layer(self) -> None:
        if self._listing is None or self.panel.layer != self._listing.layer:
            self._entry = self._last = None
        self.compare()

    def _take_cell(self, cell: CellOf | None) -> None:
        listing = self._listing
        self.panel.show_cell(
            cell, "" if cell is None or listing is None else what_text(listing.catalog, Kind.CONFUSION, *cell)
        )
        self._relist()
        if cell is not None:  # the list may lie behind the figures
            self.docks[0].show()
            self.docks[0].raise_()

    def _leave_cell(self) -> None:
        self.figures.confusion.choose(None)
        self._take_cell(None)

    def _relist(self) -> None:
        self._show_listing(self._listing)

    def _show_listing(self, listing: Listing | None) -> None:
        """List what is wanted; the entry that was shown last stays where it was."""
        self._listing, self._left_out = listing, ""
        if listing is None:
            self._view = None
            self.panel.show_view(None, None, self._why_empty())
            self.figures.show_figures(None)
        else:
            self._view = self._listed(listing, self.panel.wanted()[0])
            splits = {record.split for record, _ in listing.images}
            self.panel.show_splits([each for each in SPLITS if each in splits])
            self._left_out = self._hidden() if len(self._view) else ""  # an empty list says so itself
            self.panel.show_view(self._view, listing.catalog, "" if len(self._view) else self._why_empty())
            if self._last is not None:
                self._last = self._view.renewed(self._last)
                self.panel.list.choose(self._view.find(self._last))
        self._say()
        self._enable()

    def _why_empty(self) -> str:
        if self._listing is None:
            return self.tr(
                "Nothing is kept beside the annotation yet.\n"
                "Pre-label images (Ctrl+Shift+P), import another annotator's masks as a reference, "
                "or have models look for errors of the labels (Find label errors, in the box above)."
            )
        nothing = self.tr("Nothing differs that is to be listed here.")
        return "\n".join(filter(None, (nothing, self._hidden())))

    def _hidden(self) -> str:
        """What the filters keep out of the list."""
        listing, (wanted, order) = self._listing, self.panel.wanted()
        if listing is None:
            return ""
        return hidden_text(wanted, lambda each: len(self._listed(listing, each)), rims=order != SUSPICION)

    def _listed(self, listing: Listing, wanted: Filter) -> View:
        """What a filter lets through, in the order that is chosen."""
        order = self.panel.wanted()[1]
        if order == SUSPICION:
            return self._suspicion.view(listing, wanted)
        return listing.view(wanted, cast("Order", order))

    def _say(self) -> None:
        self.panel.show_why(self._why())
        if self._view is None:
            self.panel.say("")
            return
        at = None if self._last is None else self._view.find(self._last)
        count = len(self._view)
        self.panel.say(
            plural(count, self.tr("1 disagreement"), self.tr("{n} disagreements"))
            if at is None
            else self.tr("{n} of {count}").format(n=f"{at + 1:,}", count=f"{count:,}")
        )

    def _why(self) -> str:
        """Why the place that is shown is suspected, where label errors are listed."""
        listing, entry = self._listing, self._entry
        if listing is None or entry is None or self.panel.wanted()[1] != SUSPICION:
            return self._left_out
        return why_text(listing.catalog, entry.found, self._suspicion.places(entry.record.id))

    def walk(self, by: int) -> None:
        """Go to the next (+1) or previous (-1) disagreement."""
        row = None if self._view is None else self._view.following(self._last, by)
        if row is None:
            self.told.emit(self.tr("Nothing is left to be looked at"))
        else:
            self._go_to(row)

    def _go_to(self, row: int) -> None:
        assert self._view is not None
        self._entry = entry = self._view[row]
        self._last = entry.rank
        self.panel.list.choose(row)
        self._annotate.mark(entry.record.id, entry.found.box)
        self._annotate.go_to(entry.record.id, entry.found.box)
        self._say()
        self._enable()

    # ---- verdicts

    def runs(self) -> dict[str, Callable[[], object]]:
        """What the actions do."""
        return {
            "review_compare": self._look_for_layers,
            **{name: partial(self.say, verdict) for name, verdict in VERDICT_OF.items()},
        }

    def say(self, verdict: Verdict) -> None:
        """Say a verdict on the disagreement that is shown, and go on to the next."""
        if self._answering is not None and self._entry is not None:
            self._answering.say(self._entry, verdict)

    def _said(self, entry: Entry, verdict: Verdict, patch: Patch) -> None:
        self._soon.start()
        if patch and entry.record.status is Status.APPROVED:
            text = self.tr("{name}: the approval is stale, for its pixels are others now")
            self.told.emit(text.format(name=entry.record.name))
        if entry is not self._entry:
            return
        if verdict is Verdict.BOTH_WRONG:
            self.told.emit(self.tr("Paint what is right; N goes on"))
        else:
            self.walk(1)

    def _refused(self, entry: Entry, error: BaseException) -> None:
        if isinstance(error, StaleError):  # no question for a dialog: it was answered, or painted over
            self._renew()
            self.told.emit(
                self.tr("These pixels have changed since the list was made; it is brought up to date")
            )
        else:
            self.failed.emit(error)

    def _image_opened(self, image: OpenImage | None) -> None:
        self._enable()

    def _enable(self) -> None:
        """Verdicts are for a disagreement whose image is at hand, and not about to be another one."""
        image, entry, bench = self._annotate.image, self._entry, self._bench
        here = self._in_sight and bench is not None and bench.editable
        if here:
            here = entry is not None and image is not None and image.record.id == entry.record.id
            here = here and image is not None and not image.session.frozen
        self.walkable.emit()
        for name in VERDICTS:
            self._actions[name].setEnabled(here)
